import { type Fields, fieldsOf, isSaid, listOf, messageOf, textOf } from './fields.ts';
import type { Notes } from './notes.ts';
import { isStrict, schemaOf } from './schema.ts';

/** https://ai.google.dev/api/generate-content#generationconfig */
const SAME: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  maxOutputTokens: 'max_tokens',
  candidateCount: 'n',
  mediaResolution: 'media_resolution',
};
const SAID: ReadonlySet<string> = new Set([
  ...Object.keys(SAME),
  ...['stopSequences', 'responseLogprobs', 'logprobs', 'responseMimeType', 'responseSchema', 'responseJsonSchema'],
  ...['responseModalities', 'imageConfig', 'thinkingConfig', 'speechConfig', '_responseJsonSchema'],
]);
const THINKING: ReadonlySet<string> = new Set(['includeThoughts', 'thinkingBudget', 'thinkingLevel']);
const LEVELS = ['minimal', 'low', 'medium', 'high'];

export type Config = {
  readonly request: Fields;
  /** Whether the caller wants to read the model's thoughts. */
  readonly showsThoughts: boolean;
};

/** `generationConfig` in canonical words. */
export function configOf(given: unknown, notes: Notes): Config {
  const config = messageOf(given);
  notes.unsent(config, SAID, 'generationConfig');
  const request: Record<string, unknown> = {};
  for (const [name, canonical] of Object.entries(SAME)) if (name in config) request[canonical] = config[name];
  if (isSaid(config['speechConfig'])) notes.refuse('generationConfig.speechConfig', 'speech cannot be asked for here');
  const stops = listOf(config['stopSequences']);
  if (stops.length > 0) request['stop'] = stops;
  if (config['responseLogprobs'] === true) {
    request['logprobs'] = true;
    if (isSaid(config['logprobs'])) request['top_logprobs'] = config['logprobs'];
  }
  const thinking = messageOf(config['thinkingConfig']);
  notes.unsent(thinking, THINKING, 'generationConfig.thinkingConfig');
  Object.assign(request, formatOf(config, notes), modalitiesOf(config, notes), reasoningOf(thinking, notes));
  return { request, showsThoughts: thinking['includeThoughts'] === true };
}

function formatOf(config: Fields, notes: Notes): Fields {
  const kind = textOf(config['responseMimeType']);
  const json = config['responseJsonSchema'] ?? config['_responseJsonSchema'];
  const schema = json ?? (isSaid(config['responseSchema']) ? schemaOf(config['responseSchema']) : undefined);
  if (kind === '' || kind === 'text/plain') {
    if (schema !== undefined)
      notes.refuse('generationConfig.responseMimeType', 'must be "application/json" for a schema');
    return {};
  }
  if (kind !== 'application/json') {
    notes.refuse('generationConfig.responseMimeType', `"${kind.slice(0, 60)}" cannot be asked for here`);
    return {};
  }
  if (schema === undefined) return { response_format: { type: 'json_object' } };
  const strict = isStrict(schema);
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict, schema } } };
}

function modalitiesOf(config: Fields, notes: Notes): Fields {
  const wanted = listOf(config['responseModalities']).map((one) => textOf(one).toLowerCase());
  if (wanted.includes('audio')) notes.refuse('generationConfig.responseModalities', 'speech cannot be asked for here');
  const image = fieldsOf(config['imageConfig']);
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    ...(wanted.length === 0 ? {} : { modalities: wanted }),
    ...(Object.keys(image).length === 0
      ? {}
      : { image_config: Object.fromEntries(Object.entries(image).map(([name, value]) => [snake(name), value])) }),
  };
}

function reasoningOf({ thinkingBudget, thinkingLevel, includeThoughts }: Fields, notes: Notes): Fields {
  const level = textOf(thinkingLevel).toLowerCase();
  if (typeof thinkingBudget === 'number') {
    if (thinkingBudget === 0) return { reasoning: { enabled: false } };
    return { reasoning: thinkingBudget < 0 ? { enabled: true } : { max_tokens: thinkingBudget } };
  }
  if (LEVELS.includes(level)) return { reasoning: { effort: level } };
  if (level !== '' && level !== 'thinking_level_unspecified')
    notes.refuse('generationConfig.thinkingConfig.thinkingLevel', `"${level.slice(0, 60)}" is not known here`);
  return includeThoughts === true ? { reasoning: { enabled: true } } : {};
}
