import * as z from 'zod';
import { faultsOf, parsed } from './faults.ts';

const part = z.strictObject({
  text: z.string().optional(),
  thought: z.literal(true).optional(),
  thoughtSignature: z.base64().optional(),
  inlineData: z.strictObject({ mimeType: z.string(), data: z.base64() }).optional(),
  fileData: z.strictObject({ mimeType: z.string(), fileUri: z.string() }).optional(),
  functionCall: z
    .strictObject({ id: z.string().optional(), name: z.string(), args: z.record(z.string(), z.unknown()) })
    .optional(),
});
const candidate = z.strictObject({
  content: z.strictObject({ parts: z.array(part).min(1), role: z.literal('model') }),
  index: z.int(),
  finishReason: z
    .string()
    .regex(/^[A-Z_]+$/)
    .optional(),
  finishMessage: z.string().optional(),
  logprobsResult: z.looseObject({}).optional(),
  groundingMetadata: z.looseObject({}).optional(),
});
const tokens = z.int().min(0);
const usageMetadata = z.strictObject({
  promptTokenCount: tokens,
  candidatesTokenCount: tokens,
  totalTokenCount: tokens,
  cachedContentTokenCount: tokens.optional(),
  thoughtsTokenCount: tokens.optional(),
  cost: z.number().nullable().optional(),
  is_byok: z.boolean().optional(),
  cost_details: z.looseObject({}).optional(),
});

/** A response of `generateContent`, or one of a stream. */
export const content = z.strictObject({
  candidates: z.array(candidate),
  usageMetadata: usageMetadata.optional(),
  modelVersion: z.string().optional(),
  responseId: z.string().optional(),
  provider: z.string().optional(),
  openrouter_metadata: z.looseObject({}).optional(),
});
export const tokenCount = z.strictObject({ totalTokens: tokens });

/** Google's envelope of an error, in the words of its status codes. */
export const geminiError = z.strictObject({
  error: z.strictObject({
    code: z.int(),
    message: z.string().min(1),
    status: z.string().regex(/^[A-Z_]+$/),
    details: z.array(z.looseObject({ '@type': z.string().startsWith('type.googleapis.com/google.rpc.') })),
    metadata: z.looseObject({}),
  }),
  openrouter_metadata: z.looseObject({}).optional(),
});

/** The faults of a stream of events; a whole one ends with a reason, or an error. */
export function contentStreamFaults(text: string, whole: boolean): readonly string[] {
  const events = text.split('\r\n\r\n');
  const rest = events.pop();
  const faults = whole && rest !== '' ? [`it ends in the middle: ${rest}`] : [];
  let isEnded = false;
  for (const event of events) {
    if (!event.startsWith('data: {')) faults.push(`no event: ${event.slice(0, 100)}`);
    const body = parsed(event.slice('data: '.length));
    if (isEnded) faults.push(`behind the end: ${event.slice(0, 100)}`);
    const isError = typeof body === 'object' && body !== null && 'error' in body;
    faults.push(...faultsOf(isError ? geminiError : content, body));
    const [first] = (body as { candidates?: { finishReason?: string }[] }).candidates ?? [];
    isEnded ||= isError || first?.finishReason !== undefined;
  }
  return whole && !isEnded ? [...faults, 'it has no end'] : faults;
}
