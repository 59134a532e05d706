import * as z from 'zod/mini';
import { optional } from './schema-field.ts';

const slugs = z.array(z.string().check(z.minLength(1)));
const cutoff = z.number().check(z.minimum(0));
const percentiles = z.union([
  cutoff,
  z.strictObject({
    p50: optional('At the median.', cutoff),
    p75: optional('At the 75th percentile.', cutoff),
    p90: optional('At the 90th percentile.', cutoff),
    p99: optional('At the 99th percentile.', cutoff),
  }),
]);
const price = z.union([
  z.number().check(z.minimum(0)),
  z.string().check(z.regex(/^\d+(\.\d+)?$/, { error: 'must be a decimal number, such as "0.25"' })),
]);
const sortBy = z.enum(['price', 'throughput', 'latency', 'exacto']);

/** Provider preferences, with every key of OpenRouter's and no other. */
export const providerPreferences = z.strictObject({
  order: optional('Providers to try first, in this order. Turns load balancing and sticky routing off.', slugs),
  only: optional('The providers that may serve the call, and no others.', slugs),
  ignore: optional('Providers that must not serve the call.', slugs),
  allow_fallbacks: optional(
    'Whether another provider may serve the call when the first ones fail. Default: true.',
    z.boolean(),
  ),
  require_parameters: optional(
    'Use only endpoints that support every parameter sent, instead of dropping what one does not know. Default: false.',
    z.boolean(),
  ),
  data_collection: optional('deny: no endpoint that stores or trains on the data.', z.enum(['allow', 'deny'])),
  zdr: optional('true: only endpoints with zero data retention.', z.boolean()),
  enforce_distillable_text: optional('true: only models whose text may be used for distillation.', z.boolean()),
  quantizations: optional(
    'The quantizations an endpoint may have.',
    z.array(
      z.enum(['int4', 'int8', 'fp4', 'mxfp4', 'nvfp4', 'fp6', 'fp8', 'mxfp8', 'fp16', 'bf16', 'fp32', 'unknown']),
    ),
  ),
  sort: optional(
    'What to rank endpoints by. Turns load balancing off.',
    z.union([
      sortBy,
      z.strictObject({
        by: optional('What to rank endpoints by.', sortBy),
        partition: optional(
          'model (default): the endpoints of one model after those of the other. none: those of all models together.',
          z.enum(['model', 'none']),
        ),
      }),
    ]),
  ),
  preferred_min_throughput: optional(
    'Endpoints under so many tokens per second come last. A number counts at the median.',
    percentiles,
  ),
  preferred_max_latency: optional(
    'Endpoints with a first token later than so many seconds come last. A number counts at the median.',
    percentiles,
  ),
  max_price: optional(
    'Endpoints dearer than this are not used.',
    z.strictObject({
      prompt: optional('US dollars per million input tokens.', price),
      completion: optional('US dollars per million output tokens.', price),
      request: optional('US dollars per request.', price),
      image: optional('US dollars per image.', price),
      audio: optional('US dollars per unit of audio.', price),
    }),
  ),
});
