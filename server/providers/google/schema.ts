import { type Fields, fieldsOf, listOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';

/**
 * What of JSON Schema narrows a value and is not heeded here; what only describes does no harm.
 * https://ai.google.dev/gemini-api/docs/structured-output
 */
const UNHEEDED: ReadonlySet<string> = new Set([
  ...['pattern', 'minLength', 'maxLength', 'multipleOf', 'exclusiveMinimum', 'exclusiveMaximum', 'uniqueItems'],
  ...['minProperties', 'maxProperties', 'patternProperties', 'propertyNames', 'contains', 'minContains', 'maxContains'],
  ...['allOf', 'not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'unevaluatedProperties'],
  ...['unevaluatedItems', 'contentEncoding', 'contentMediaType'],
]);

/** Where schemas stand by names that are not words of JSON Schema. */
const BY_NAME = ['properties', '$defs', 'definitions'];
const LISTS = ['anyOf', 'oneOf', 'prefixItems'];
const MOST_DEPTH = 64;

/** The schema in words that Google heeds (`const` is an `enum` of one); what it does not heed goes along, and is named. */
export function schemaOf(schema: unknown, at: string, notes: Notes): unknown {
  const unheeded = new Set<string>();
  const made = said(schema, unheeded, 0);
  if (unheeded.size > 0) notes.warn(`${at}: ${[...unheeded].join(', ')} is not heeded here`);
  return made;
}

function said(schema: unknown, unheeded: Set<string>, depth: number): unknown {
  const fields = fieldsOf(schema);
  if (fields !== schema || depth > MOST_DEPTH) return schema;
  const made: Record<string, unknown> = {};
  const inner = (value: unknown) => said(value, unheeded, depth + 1);
  for (const [word, value] of Object.entries(fields)) {
    if (UNHEEDED.has(word)) unheeded.add(word);
    if (word === 'const') {
      if (fields['enum'] === undefined) made['enum'] = [value];
    } else if (BY_NAME.includes(word)) made[word] = mapped(fieldsOf(value), inner);
    else if (LISTS.includes(word)) made[word] = Array.isArray(value) ? listOf(value).map(inner) : value;
    else if (word === 'items' || word === 'additionalProperties') made[word] = inner(value);
    else made[word] = value;
  }
  return made;
}

function mapped(fields: Fields, inner: (value: unknown) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, inner(value)]));
}
