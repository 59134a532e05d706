export type Fields = Readonly<Record<string, unknown>>;

const NONE: Fields = {};

/** The members of an object; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NONE;
}

/** The items of an array; none for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
