import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { formatPresetFile, type PresetFile } from './file.ts';

type Side = { readonly label: string; readonly file: PresetFile };

/** A unified diff of two presets in canonical text, with the labels as file names; empty when they say the same. */
export function diffPresets(a: Side, b: Side): string {
  const [before, after] = [formatPresetFile(a.file), formatPresetFile(b.file)];
  if (before === after) return '';
  return createTwoFilesPatch(a.label, b.label, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
}
