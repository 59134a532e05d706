import { promptOrNull } from './front-matter.ts';
import { mergeTools } from './merge-tools.ts';
import type { PresetConfig } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields that say one thing under several names: the request's displaces the preset's under any of them. */
const SAME_MEANING: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ['model', 'models'],
    ['max_tokens', 'max_completion_tokens'],
    ['reasoning', 'reasoning_effort'],
  ].flatMap((names) => names.map((name) => [name, names] as const)),
);

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
  const merged: Record<string, unknown> = {
    ...keep(config, (name, value) => isSaid(name, value) && !isDisplaced(name, request)),
    ...keep(request, isSaid),
  };
  const tools = mergeTools(request['tools'], config['tools']);
  if (tools !== undefined) merged['tools'] = tools;
  if (config['cache_enabled'] === false) merged['cache_enabled'] = false;
  const systemPrompt = promptOrNull(preset.systemPrompt);
  if (systemPrompt !== null && Array.isArray(request['messages'])) {
    merged['messages'] = [{ role: 'system', content: systemPrompt }, ...request['messages']];
  }
  return merged;
}

const isSaid = (name: string, value: unknown): boolean => value !== undefined && !(value === null && MODEL.has(name));

/** Whether the request says, under this name or another, what the preset says under this one. */
function isDisplaced(name: string, request: Fields): boolean {
  const names = SAME_MEANING.get(name);
  return names?.some((other) => (request[other] ?? null) !== null) ?? false;
}

/** The fields that pass; mostly all of them do, and then it is the same object. */
function keep(fields: Fields, passes: (name: string, value: unknown) => boolean): Fields {
  for (const name in fields) {
    if (!passes(name, fields[name]))
      return Object.fromEntries(Object.entries(fields).filter(([one, value]) => passes(one, value)));
  }
  return fields;
}
