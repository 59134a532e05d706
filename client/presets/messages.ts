/**
 * What the preset editor's form and its host say to each other. `version` is the document's; the form answers with the last
 * one it has seen, so that the host can tell an edit of what is shown from one of what is no longer there.
 */
import * as z from 'zod/mini';
import type { ModelChoice } from '../catalogue.ts';

export type FormProblem = {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
};

/** Every value as the text of its field; empty where the file has none. */
export type FormFields = {
  readonly name: string;
  readonly description: string;
  readonly model: string;
  readonly temperature: string;
  readonly max_tokens: string;
  /** The fallback list, which has no field yet. */
  readonly models: readonly string[];
  readonly systemPrompt: string;
  /** Settings of the file that the form does not show. */
  readonly others: readonly string[];
};

export type PresetForm = { readonly fields: FormFields | null; readonly problems: readonly FormProblem[] };

export type ToForm =
  /** `acknowledged`: the number of the last edit of this form that is in the text, or was turned down. */
  | ({ readonly type: 'document'; readonly version: number; readonly acknowledged: number } & PresetForm)
  | { readonly type: 'models'; readonly models: readonly ModelChoice[] };

export type EditableField = 'name' | 'description' | 'model' | 'temperature' | 'max_tokens' | 'systemPrompt';

export const fromForm = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({
    type: z.literal('edit'),
    /** Counts this form's edits from 1. */
    number: z.number(),
    version: z.number(),
    field: z.enum(['name', 'description', 'model', 'temperature', 'max_tokens', 'systemPrompt']),
    value: z.string(),
  }),
  z.object({ type: z.literal('undo') }),
  z.object({ type: z.literal('redo') }),
  z.object({ type: z.literal('openText'), line: z.optional(z.number()) }),
  z.object({ type: z.literal('run') }),
  z.object({ type: z.literal('publish') }),
]);
export type FromForm = z.infer<typeof fromForm>;
export type FormEdit = Extract<FromForm, { type: 'edit' }>;
