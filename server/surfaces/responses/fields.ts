export type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = {};

/** The value as an object; an empty one for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NOTHING;
}

/** The value as a list; an empty one for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as a text; an empty one for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Whether a field says anything: null is absent on this wire. */
export const isSaid = (value: unknown): boolean => value !== undefined && value !== null;

/** The first object's fields of these names, as far as they say anything. */
export function pick(from: Fields, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (isSaid(from[name])) picked[name] = from[name];
  return picked;
}
