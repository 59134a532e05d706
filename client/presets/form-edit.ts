import { setPresetField, setSystemPrompt } from '../../server/presets/edit.ts';
import type { TextChange } from '../../server/presets/text-change.ts';
import type { FormEdit } from './messages.ts';

/** The least changes of `text` that put the form's edit into it. A field emptied in the form leaves the file. */
export function changesOf(text: string, { field, value }: Pick<FormEdit, 'field' | 'value'>): readonly TextChange[] {
  return field === 'systemPrompt'
    ? setSystemPrompt(text, value)
    : setPresetField(text, [field], fileValue(field, value));
}

function fileValue(field: FormEdit['field'], value: string): string | number | undefined {
  const trimmed = value.trim();
  if (trimmed === '') return undefined;
  if (field !== 'temperature' && field !== 'max_tokens') return trimmed;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : trimmed;
}
