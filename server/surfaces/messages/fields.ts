export type Fields = Readonly<Record<string, unknown>>;

const NONE: Fields = {};

/** The members of an object; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NONE;
}

/** The items of an array; none for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The members that are not named, without those that say nothing; null when there are none. */
export function others(fields: Fields, known: ReadonlySet<string>): Fields | null {
  let rest: Record<string, unknown> | null = null;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (known.has(name) || value === undefined || value === null) continue;
    rest ??= {};
    rest[name] = value;
  }
  return rest;
}
