import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';
import type { CanonicalRequest } from '../dialect.ts';
import type { ModelFacts } from './model-facts.ts';
import { schemaOf } from './schema.ts';

/** https://ai.google.dev/api/generate-content#generationconfig */
const NUMBERS: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  seed: 'seed',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
};
const MOST_STOPS = 5;
const MOST_CANDIDATES = 8;

/** What of the request stands in `generationConfig`, but for its maximum and its thinking. */
export function generationConfigOf(request: CanonicalRequest, facts: ModelFacts, notes: Notes): Fields {
  const config: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(NUMBERS)) {
    if (typeof request[field] === 'number') config[name] = request[field];
  }
  return {
    ...config,
    ...stopOf(request['stop'], notes),
    ...candidatesOf(request['n'], facts, notes),
    ...logprobsOf(request),
    ...formatOf(request, facts, notes),
    ...modalitiesOf(request['modalities'], facts, notes),
    ...imageConfigOf(request['image_config'], facts, notes),
    ...(textOf(request['media_resolution']) === '' ? {} : { mediaResolution: request['media_resolution'] }),
  };
}

function stopOf(stop: unknown, notes: Notes): Fields {
  const sequences = (typeof stop === 'string' ? [stop] : listOf(stop)).filter((one) => one !== '');
  if (sequences.length > MOST_STOPS) notes.lack(`stop (more than ${MOST_STOPS} of them)`);
  return sequences.length > 0 ? { stopSequences: sequences } : {};
}

function candidatesOf(n: unknown, facts: ModelFacts, notes: Notes): Fields {
  if (typeof n !== 'number' || n <= 1) return {};
  if (!facts.candidates || n > MOST_CANDIDATES) notes.lack('n');
  return { candidateCount: n };
}

function logprobsOf(request: CanonicalRequest): Fields {
  if (request['logprobs'] !== true) return {};
  const top = request['top_logprobs'];
  return { responseLogprobs: true, ...(typeof top === 'number' && top > 0 ? { logprobs: top } : {}) };
}

function formatOf(request: CanonicalRequest, facts: ModelFacts, notes: Notes): Fields {
  const { type, json_schema } = fieldsOf(request['response_format']);
  if (type === undefined || type === 'text') return {};
  if (listOf(request['tools']).length > 0 && !facts.toolsWithSchema)
    notes.lack('response_format (this model takes either it or tools)');
  const { schema } = fieldsOf(json_schema);
  if (type === 'json_object') return { responseMimeType: 'application/json' };
  if (type !== 'json_schema' || fieldsOf(schema) !== schema) {
    notes.lack(type === 'json_schema' ? 'response_format.json_schema.schema' : 'response_format');
    return {};
  }
  const responseJsonSchema = schemaOf(schema, 'response_format.json_schema.schema', notes);
  return { responseMimeType: 'application/json', responseJsonSchema };
}

function modalitiesOf(given: unknown, facts: ModelFacts, notes: Notes): Fields {
  const wanted = listOf(given);
  if (wanted.every((one) => one === 'text')) return {};
  if (!facts.images || wanted.some((one) => one !== 'text' && one !== 'image')) notes.lack('modalities');
  return { responseModalities: wanted.map((one) => textOf(one).toUpperCase()) };
}

/** OpenRouter's `image_config` in Google's spelling: `aspect_ratio`, `image_size` and what else there may be. */
function imageConfigOf(given: unknown, facts: ModelFacts, notes: Notes): Fields {
  const config = fieldsOf(given);
  if (config !== given || Object.keys(config).length === 0) return {};
  if (!facts.images) {
    notes.warn('image_config is not sent: this model makes no images');
    return {};
  }
  const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  return { imageConfig: Object.fromEntries(Object.entries(config).map(([name, value]) => [camel(name), value])) };
}
