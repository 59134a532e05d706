import * as z from 'zod/mini';

/** A field that may be missing or null, as in OpenRouter's request body; the description serves hovers, completion and the form. */
export function optional<T extends z.ZodMiniType>(description: string, schema: T) {
  return z.optional(z.nullable(schema).check(z.describe(description)));
}

export function numberBetween(minimum: number, maximum: number) {
  return z.number().check(z.minimum(minimum), z.maximum(maximum));
}

export function integerFrom(minimum: number) {
  return z.int().check(z.minimum(minimum));
}
