export type Fields = Readonly<Record<string, unknown>>;

const NONE: Fields = {};

/** The members of an object; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NONE;
}

/** The items of an array; none for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const isSaid = (value: unknown): boolean => value !== undefined && value !== null;

/**
 * The members of one of Google's messages by their names in JSON: it takes `inline_data` for `inlineData`, too. Members that say
 * nothing are left out. https://protobuf.dev/programming-guides/json/#field-names
 */
export function messageOf(value: unknown): Fields {
  const made: Record<string, unknown> = {};
  for (const [name, said] of Object.entries(fieldsOf(value))) if (isSaid(said)) made[camel(name)] = said;
  return made;
}

/** A member's name as JSON has it. */
export const camel = (name: string): string =>
  name.includes('_', 1) ? name.replaceAll(/(?<=.)_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase()) : name;
