import type { JsonObject } from './resolve-preset.ts';

/** The object without these fields; itself when it has none of them, as mostly: a copy for nothing costs every call. */
export function without(fields: JsonObject, names: readonly string[]): JsonObject {
  return names.some((name) => name in fields)
    ? Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)))
    : fields;
}
