import type { Provider } from '@pydantic/genai-prices';
import * as z from 'zod';

/** The highest price that is believed, in US dollars per million tokens: beyond it, a unit was mistaken. */
const MOST_PER_MILLION = 100_000;

const amount = z.number().min(0).max(MOST_PER_MILLION);
const prices = z.record(
  z.string(),
  z.union([
    amount,
    z.looseObject({ base: amount, tiers: z.array(z.looseObject({ start: z.number().min(0), price: amount })) }),
  ]),
);
const constraint = z.union([
  z.looseObject({ start_date: z.iso.date() }),
  z.looseObject({ start_time: z.string(), end_time: z.string() }),
]);
/** The library compiles a pattern only when a model is looked up, in the midst of a call. */
const pattern = z.string().max(1_000).refine(isPattern, { error: 'is not a regular expression' });
const matching: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({ equals: z.string() }),
    z.strictObject({ starts_with: z.string() }),
    z.strictObject({ ends_with: z.string() }),
    z.strictObject({ contains: z.string() }),
    z.strictObject({ regex: pattern }),
    z.strictObject({ or: z.array(matching) }),
    z.strictObject({ and: z.array(matching) }),
  ]),
);
const model = z.looseObject({
  id: z.string().min(1).max(300),
  match: matching,
  prices: z.union([z.array(z.looseObject({ constraint: constraint.optional(), prices })), prices]),
});
const provider = z.looseObject({
  id: z.string().min(1).max(100),
  name: z.string(),
  api_pattern: pattern,
  model_match: matching.nullish(),
  provider_match: matching.nullish(),
  models: z.array(model),
});

/** Providers without which a file is not the library's. */
const EXPECTED = ['openai', 'anthropic'];

/**
 * Reads the price library's published data file; in words what is wrong with it otherwise. Bytes from outside: a price that is
 * negative, no number or absurd spoils the file, for a half-read one would be worse than none.
 */
export function readLibrary(file: unknown): readonly Provider[] | string {
  const read = z.array(provider).min(EXPECTED.length).safeParse(file);
  if (!read.success) {
    const [issue] = read.error.issues;
    return `${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message}`;
  }
  const missing = EXPECTED.filter((id) => !read.data.some((one) => one.id === id && one.models.length > 0));
  if (missing.length > 0) return `it has no models of ${missing.join(', ')}`;
  return read.data.map(withTypes) as unknown as readonly Provider[];
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** In the published file a constraint's kind is told by its members alone; the library's own data names it. */
function withTypes(one: z.output<typeof provider>) {
  return {
    ...one,
    models: one.models.map((entry) => ({
      ...entry,
      prices: Array.isArray(entry.prices)
        ? entry.prices.map(({ constraint: when, prices: then }) => ({
            ...(when ? { constraint: { ...when, type: 'start_date' in when ? 'start_date' : 'time_of_date' } } : {}),
            prices: then,
          }))
        : entry.prices,
    })),
  };
}
