import { type Fields, fieldsOf, isSaid, listOf, textOf } from './fields.ts';

const BY_NAME = ['properties', '$defs', 'definitions', 'defs'];
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
/** Of protobuf's 64-bit numbers, which JSON writes as texts. */
const COUNTS = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'];
const MOST_DEPTH = 64;

/** Google's `Schema`, a kind of OpenAPI's, in JSON Schema. https://ai.google.dev/api/caching#Schema */
export function schemaOf(schema: unknown, depth = 0): unknown {
  const fields = fieldsOf(schema);
  if (fields !== schema || depth > MOST_DEPTH) return schema;
  const made: Record<string, unknown> = {};
  const inner = (value: unknown) => schemaOf(value, depth + 1);
  for (const [name, value] of Object.entries(fields)) {
    const word = name === 'any_of' ? 'anyOf' : name;
    if (!isSaid(value) || ['nullable', 'propertyOrdering', 'property_ordering'].includes(word)) continue;
    if (word === 'type') {
      const type = Array.isArray(value) ? value.map(typeOf) : typeOf(value);
      if (type !== '') made['type'] = type;
    } else if (word === 'example') made['examples'] = [value];
    else if (BY_NAME.includes(word))
      made[word] = Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, one]) => [key, inner(one)]));
    else if (LISTS.includes(word)) made[word] = listOf(value).map(inner);
    else if (word === 'items' || word === 'additionalProperties') made[word] = inner(value);
    else if (COUNTS.includes(word) && typeof value === 'string') made[word] = Number(value);
    else made[word] = value;
  }
  return fields['nullable'] === true ? nullable(made) : made;
}

const typeOf = (value: unknown): string => {
  const type = textOf(value).toLowerCase();
  return type === 'type_unspecified' ? '' : type;
};

function nullable(schema: Fields): Fields {
  const { type, enum: values } = schema;
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return { ...schema, type: [type, 'null'], ...(Array.isArray(values) ? { enum: [...values, null] } : {}) };
}

/** Whether a schema is one that can be held to strictly: every object closed, and all of its members required. */
export function isStrict(schema: unknown, depth = 0): boolean {
  const fields = fieldsOf(schema);
  if (fields !== schema || depth > MOST_DEPTH) return false;
  const properties = fieldsOf(fields['properties']);
  const names = Object.keys(properties);
  const required = listOf(fields['required']);
  const isObject = fields['type'] === 'object' || names.length > 0;
  if (isObject && (fields['additionalProperties'] !== false || !names.every((name) => required.includes(name))))
    return false;
  const inner = [...Object.values(properties), ...Object.values(fieldsOf(fields['$defs'])), ...listOf(fields['anyOf'])];
  if (isSaid(fields['items'])) inner.push(fields['items']);
  return inner.every((one) => isStrict(one, depth + 1));
}
