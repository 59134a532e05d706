import * as z from 'zod';
import type { Providers } from '../providers/registry.ts';

const SORTS = [
  'most-popular',
  'newest',
  'top-weekly',
  'pricing-low-to-high',
  'pricing-high-to-low',
  'context-high-to-low',
  'throughput-high-to-low',
  'latency-low-to-high',
  'intelligence-high-to-low',
  'coding-high-to-low',
  'agentic-high-to-low',
  'design-arena-elo-high-to-low',
] as const;

const CATEGORIES = [
  'programming',
  'roleplay',
  'marketing',
  'marketing/seo',
  'technology',
  'science',
  'translation',
  'legal',
  'finance',
  'health',
  'trivia',
  'academia',
] as const;

/** A query string has no numbers, only texts; an empty one is as good as none. */
const number = (schema: z.ZodNumber) =>
  z
    .string()
    .optional()
    .transform((text) => (text === undefined || text === '' || text === 'null' ? undefined : Number(text)))
    .pipe(schema.optional());

const atLeast = (least: number) => number(z.number().min(least));
const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => number(z.number().int().min(least).max(most));
const share = number(z.number().min(0).max(1));

/** `a,b,c`; also a parameter given more than once. */
const list = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) => {
    const words = [value ?? []].flat().flatMap((text) => text.split(','));
    return words.map((word) => word.trim().toLowerCase()).filter((word) => word !== '');
  });

const flag = z.enum(['true', 'false']).optional();

export const pageQuery = z.object({ offset: whole(0), limit: whole(1, 1000) });

/** The query of `/models`, every parameter of OpenRouter's. One that is not known is ignored, a wrong value is refused. */
export const modelQuery = pageQuery.extend({
  q: z.string().optional(),
  category: z.enum(CATEGORIES).optional(),
  supported_parameters: list,
  input_modalities: list,
  output_modalities: list,
  sort: z.enum(SORTS).optional(),
  context: whole(1),
  min_price: atLeast(0),
  max_price: atLeast(0),
  min_output_price: atLeast(0),
  max_output_price: atLeast(0),
  arch: z.string().optional(),
  model_authors: list,
  providers: list,
  distillable: flag,
  zdr: flag,
  region: z.enum(['eu', 'us']).optional(),
  min_age_days: whole(0),
  max_age_days: whole(0),
  min_intelligence_index: atLeast(0),
  max_intelligence_index: atLeast(0),
  min_coding_index: atLeast(0),
  max_coding_index: atLeast(0),
  min_agentic_index: atLeast(0),
  max_agentic_index: atLeast(0),
  min_tool_success_rate: share,
  max_tool_success_rate: share,
  use_rss: z.string().optional(),
  use_rss_chat_links: z.string().optional(),
});
export type ModelQuery = z.output<typeof modelQuery>;

/** Who serves a model now, for what depends on more than the first provider. */
export type Servers = ReadonlyMap<string, readonly string[]>;

/** The slugs and names of every provider that serves a model now, in small letters, by model. */
export function serversOf(providers: Providers): Servers {
  const servers = new Map<string, string[]>();
  for (const { model, provider } of providers.usable()) {
    const names = servers.get(model.id) ?? [];
    names.push(provider.slug.toLowerCase(), provider.name.toLowerCase());
    servers.set(model.id, names);
  }
  return servers;
}
