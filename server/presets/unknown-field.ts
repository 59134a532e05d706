import { didYouMean } from './nearest.ts';
import { presetJsonSchema } from './schema.ts';

/** Names that people bring from elsewhere, and where the thing belongs. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'messages',
      'input',
      'prompt',
      'stream',
      'stream_options',
      'user',
      'session_id',
      'trace',
      'prediction',
      'debug',
      'usage',
    ].map((name) => [name, 'It belongs to the single request.']),
  ),
  ...Object.fromEntries(
    ['endpoint', 'url', 'base_url', 'baseUrl', 'api_key', 'apiKey', 'key', 'headers', 'header', 'authorization'].map(
      (name) => [name, 'A preset holds no endpoint, key or header: those are the daemon’s settings.'],
    ),
  ),
  system: 'The system prompt is the text below the front matter.',
  system_prompt: 'The system prompt is the text below the front matter.',
  instructions: 'The system prompt is the text below the front matter.',
  preset: 'A preset cannot build on another preset.',
  slug: 'The slug is the file’s name.',
  version: 'Publishing numbers the versions.',
  route: 'Use provider.sort.partition.',
  transforms: 'Use the plugin context-compression.',
};

/** What to say of keys that no preset has at this place. */
export function unknownFields(
  path: readonly (string | number)[],
  keys: readonly string[],
): readonly { readonly key: string; readonly message: string }[] {
  const known = knownFields(path);
  return keys.map((key) => {
    const shown = JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
    const elsewhere = path.length === 0 && Object.hasOwn(ELSEWHERE, key) ? ` ${ELSEWHERE[key]}` : '';
    return { key, message: `Unknown field ${shown}.${elsewhere || didYouMean(key, known)}` };
  });
}

type Schema = { properties?: Record<string, Schema>; items?: Schema; anyOf?: Schema[]; oneOf?: Schema[] };

function knownFields(path: readonly (string | number)[]): readonly string[] {
  let schemas: readonly Schema[] = branches(presetJsonSchema());
  for (const part of path) {
    schemas = schemas
      .flatMap(({ properties, items }) => (typeof part === 'number' ? (items ?? []) : (properties?.[part] ?? [])))
      .flatMap(branches);
  }
  return [...new Set(schemas.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function branches(schema: Schema): readonly Schema[] {
  return [schema, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(branches)];
}
