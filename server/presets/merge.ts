import { promptOrNull } from './front-matter.ts';
import { mergeTools } from './merge-tools.ts';
import type { PresetConfig } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields that say one thing under several names: the request's displaces the preset's under any of them. */
const SAME_MEANING: readonly (readonly string[])[] = [
  ['model', 'models'],
  ['max_tokens', 'max_completion_tokens'],
  ['reasoning', 'reasoning_effort'],
];

/** A null here is no choice of model; other fields may be switched off by a null. */
const MODEL: ReadonlySet<string> = new Set(['model', 'models']);

/**
 * A chat request with its preset under it, as OpenRouter merges: shallow, the request's fields win, the preset's others stay.
 * A null of the request's wins over the field of the same name. Exceptions: `tools` are united (see {@link mergeTools}); the preset's `cache_enabled: false`
 * holds against the request; the preset's system prompt goes first among `messages`, as its own system message.
 *
 * The request's `model` must already be without its reference, and missing when it named nothing but the preset. The headers
 * that steer the cache, if any, are to be put into the request's `cache_*` before. Neither argument is changed; the answer shares
 * their inner objects.
 */
export function mergePreset(
  request: Readonly<Record<string, unknown>>,
  preset: { readonly config: PresetConfig | Fields; readonly systemPrompt: string | null },
): Record<string, unknown> {
  const config: Fields = preset.config;
  const displaced = new Set(
    SAME_MEANING.filter((names) => names.some((name) => (request[name] ?? null) !== null)).flat(),
  );
  const merged = Object.fromEntries(
    [...Object.entries(config).filter(([name]) => !displaced.has(name)), ...Object.entries(request)].filter(
      ([name, value]) => value !== undefined && !(value === null && MODEL.has(name)),
    ),
  );
  const tools = mergeTools(request['tools'], config['tools']);
  if (tools !== undefined) merged['tools'] = tools;
  if (config['cache_enabled'] === false) merged['cache_enabled'] = false;
  const systemPrompt = promptOrNull(preset.systemPrompt);
  if (systemPrompt !== null && Array.isArray(request['messages'])) {
    merged['messages'] = [{ role: 'system', content: systemPrompt }, ...request['messages']];
  }
  return merged;
}
