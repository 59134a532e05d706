import * as z from 'zod/mini';

/** What stands for the fields of one thing in callgate.yaml; the description serves hovers and completion. */
export function described<T extends z.ZodMiniType>(description: string, schema: T) {
  return schema.check(z.describe(description));
}

/** A field that may be left out, and is then left as it is. */
export function optional<T extends z.ZodMiniType>(description: string, schema: T) {
  return z.optional(described(description, schema));
}

/** One that may be null besides: nothing of the kind, such as no limit. */
export function nullable<T extends z.ZodMiniType>(description: string, schema: T) {
  return z.optional(described(description, z.nullable(schema)));
}

export const slug = z
  .string()
  .check(z.maxLength(64), z.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be small letters, digits and single hyphens'));
/** `slug`, or `organization/slug` for one that is not of the default organization. */
export const workspaceName = z
  .string()
  .check(
    z.maxLength(130),
    z.regex(/^([a-z0-9]+(-[a-z0-9]+)*\/)?[a-z0-9]+(-[a-z0-9]+)*$/, 'must be slug or organization/slug'),
  );
export const name = z.string().check(z.minLength(1), z.maxLength(200));
export const text = z.string().check(z.minLength(1), z.maxLength(1_000));
/** US dollars, more than a million is a mistyped limit. */
export const usd = z.number().check(z.minimum(0), z.maximum(1_000_000));
export const reset = z.enum(['daily', 'weekly', 'monthly']);
export const names = z.array(text);
export const uuid = z.uuid();
export const workspace = optional(
  'The workspace it belongs to: its slug, or organization/slug. Left out: the default one.',
  workspaceName,
);
export const id = optional(
  'Which one is meant, where several have the same name: the id that `callgate export` writes.',
  uuid,
);
