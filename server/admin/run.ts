import type * as z from 'zod/mini';
import { type Refusal, refuse } from '../errors.ts';
import { type PresetFile, parsePresetFile } from '../presets/file.ts';
import { parsePresetName } from '../presets/reference.ts';
import type { runRequest } from '../protocol.ts';
import type { KeyRow } from '../store/store.ts';
import type { AdminContext } from './context.ts';

/** A run of the person's own: the request it becomes, and the key `editor` that pays for it. */
export type Run = {
  readonly kind: 'run';
  readonly key: KeyRow;
  readonly body: Readonly<Record<string, unknown>>;
  /** What `@preset/slug@draft` means in it. */
  readonly draft: PresetFile | null;
};

/** Makes a run of the editor or the command line into a chat request; refuses what is no preset and a draft that is not valid. */
export async function prepareRun(admin: AdminContext, run: z.infer<typeof runRequest>): Promise<Run | Refusal> {
  const { preset, model, text, messages, stream = false } = run;
  const named = parsePresetName(preset);
  if (named.kind !== 'reference') return refuse('invalid_preset_reference', { detail: preset });
  const parsed = text === undefined ? null : parsePresetFile(text);
  if (parsed && !parsed.file) {
    const [problem] = parsed.problems;
    return refuse('invalid_request', {
      message: `line ${problem?.line ?? 1}: ${problem?.message ?? 'the preset is not valid'}`,
      metadata: { problems: parsed.problems },
    });
  }
  const key = await admin.store.keys.ofKind('editor');
  if (!key) throw new Error('the key "editor" is missing');
  if (key.disabled) return refuse('key_disabled', { detail: '"editor"' });
  const body = { preset, messages, stream, ...(model === undefined ? {} : { model }) };
  return { kind: 'run', key, body, draft: parsed?.file ?? null };
}
