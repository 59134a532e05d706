import * as z from 'zod';
import { type Price, type PublicPricing, priceOfPricing, UTC_DAYS } from './price.ts';

/** A model as OpenRouter's `/models` lists it, read leniently: what is missing or odd is as if it had not been said. */
export type ListedModel = {
  readonly id: string;
  readonly canonicalSlug: string;
  readonly name: string;
  readonly description: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly contextLength: number | null;
  readonly maxCompletionTokens: number | null;
  readonly inputModalities: readonly string[];
  readonly outputModalities: readonly string[];
  readonly tokenizer: string;
  readonly instructType: string | null;
  readonly isModerated: boolean;
  readonly supportedParameters: readonly string[];
  readonly knowledgeCutoff: string | null;
  readonly expirationDate: string | null;
  readonly huggingFaceId: string | null;
  /** Null: it varies, or is not understood. */
  readonly price: Price | null;
};

const tokens = z.number().int().nonnegative().nullable().catch(null);
const word = z.string().nullable().catch(null);
const words = z.array(z.string()).catch([]);
/** The highest prices that are believed, in US dollars: beyond them a unit was mistaken, and the price is not known. */
const MOST_PER_TOKEN = 0.1;
const MOST_PER_USE = 100;
const upTo = (most: number) => z.string().refine((text) => !(Number(text) > most));
const decimal = upTo(MOST_PER_TOKEN).optional();
const fee = upTo(MOST_PER_USE).optional();

const rates = {
  prompt: decimal,
  completion: decimal,
  request: fee,
  image: fee,
  image_token: decimal,
  image_output: decimal,
  audio: decimal,
  audio_output: decimal,
  input_audio_cache: decimal,
  web_search: fee,
  input_cache_read: decimal,
  input_cache_write: decimal,
  input_cache_write_1h: decimal,
  internal_reasoning: decimal,
};

const pricing = z.object({
  ...rates,
  prompt: upTo(MOST_PER_TOKEN),
  completion: upTo(MOST_PER_TOKEN),
  discount: z.number().optional(),
  overrides: z
    .array(
      z.object({
        ...rates,
        min_prompt_tokens: z.number().optional(),
        utc_start: z.number().optional(),
        utc_end: z.number().optional(),
        utc_days: z.array(z.enum(UTC_DAYS)).optional(),
      }),
    )
    .optional(),
});

const model = z.object({
  id: z.string().regex(/^[^\s@]{1,200}$/),
  canonical_slug: word,
  name: z.string().max(500).catch(''),
  description: z.string().max(20_000).catch(''),
  created: z.number().int().nonnegative().catch(0),
  context_length: tokens,
  architecture: z
    .object({ input_modalities: words, output_modalities: words, tokenizer: word, instruct_type: word })
    .catch({ input_modalities: [], output_modalities: [], tokenizer: null, instruct_type: null }),
  top_provider: z
    .object({ context_length: tokens, max_completion_tokens: tokens, is_moderated: z.boolean().catch(false) })
    .catch({ context_length: null, max_completion_tokens: null, is_moderated: false }),
  supported_parameters: words,
  knowledge_cutoff: word,
  expiration_date: word,
  hugging_face_id: word,
  pricing: pricing.nullable().catch(null),
});

const listing = z.object({ data: z.array(z.unknown()).min(1).max(20_000) });

/** Reads the answer of OpenRouter's `/models`; null when it is not one. A model that cannot be understood is left out. */
export function readListing(answer: unknown): readonly ListedModel[] | null {
  const read = listing.safeParse(answer);
  if (!read.success) return null;
  const models = new Map<string, ListedModel>();
  for (const entry of read.data.data) {
    const one = model.safeParse(entry);
    if (one.success) models.set(one.data.id, listedModelOf(one.data));
  }
  // An error page or some other list that happens to have the same shape.
  return models.size * 2 < read.data.data.length ? null : [...models.values()];
}

function listedModelOf(one: z.output<typeof model>): ListedModel {
  const { architecture, top_provider: top } = one;
  return {
    id: one.id,
    canonicalSlug: one.canonical_slug ?? one.id,
    name: one.name || one.id,
    description: one.description,
    created: one.created,
    contextLength: top.context_length ?? one.context_length,
    maxCompletionTokens: top.max_completion_tokens,
    inputModalities: architecture.input_modalities,
    outputModalities: architecture.output_modalities,
    tokenizer: architecture.tokenizer ?? 'Other',
    instructType: architecture.instruct_type,
    isModerated: top.is_moderated,
    supportedParameters: one.supported_parameters,
    knowledgeCutoff: one.knowledge_cutoff,
    expirationDate: one.expiration_date,
    huggingFaceId: one.hugging_face_id,
    price: one.pricing ? priceOfPricing(one.pricing as PublicPricing) : null,
  };
}
