import * as z from 'zod';
import { errorType, routeMetadata } from './chat.ts';

/** OpenRouter's error envelope, with what Callgate promises of every refusal: its kind, its own code, its remedy. */
export const errorAnswer = z.strictObject({
  error: z.strictObject({
    code: z.int().min(400).max(599),
    message: z.string().min(1),
    metadata: z.looseObject({
      error_type: errorType,
      reason: z.string().regex(/^[a-z_]+$/),
      remedy: z.string().min(1),
    }),
    availability: z.looseObject({ code: z.string(), retryable: z.boolean() }).optional(),
  }),
  user_id: z.string().nullish(),
  openrouter_metadata: routeMetadata.nullish(),
});
