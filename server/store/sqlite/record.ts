import type { GenerationEnd, GenerationRow, GenerationStart } from '../store.ts';

/**
 * How a generation is written, in the journal and in its table: its fields' values as a JSON array, without their names, which would
 * make it twice as long. The order is for ever: a new field comes at the end, and what was written before it lacks it.
 */
const START = [
  'keyId',
  'workspaceId',
  'presetId',
  'presetSlug',
  'presetVersion',
  'presetHash',
  'requestedModel',
  'streamed',
  'sessionId',
  'httpReferer',
  'appTitle',
  'userAgent',
  'inputNano',
  'inputTokens',
] as const satisfies readonly (keyof GenerationStart)[];

const END = [
  'model',
  'provider',
  'upstreamId',
  'status',
  'finishReason',
  'nativeFinishReason',
  'cancelled',
  'promptTokens',
  'completionTokens',
  'reasoningTokens',
  'cachedTokens',
  'cacheWriteTokens',
  'nano',
  'costSource',
  'overrun',
  'clamp',
  'latencyMs',
  'generationMs',
  'attempts',
  'copyOf',
  'isByok',
  'content',
] as const satisfies readonly (keyof GenerationEnd)[];

/** Fields that are absent rather than null. */
const OPTIONAL: ReadonlySet<string> = new Set(['copyOf', 'isByok', 'content']);

type Lists = { readonly start: (typeof START)[number]; readonly end: (typeof END)[number] };
/** `never` where a field stands in none of the lists: nothing can be written then. */
type Start = keyof GenerationStart extends Lists['start'] ? GenerationStart : never;
type End = keyof GenerationEnd extends Lists['end'] ? GenerationEnd : never;

/** What is known of a generation when its call is sent. */
export const startText = (start: Start): string => textOf(START, start);

/** What is known once it has ended. */
export const endText = (end: End): string => textOf(END, end);

/** Reads what `startText` wrote, parsed. */
export const startOf = (values: readonly unknown[]): GenerationStart => fieldsOf(START, values) as GenerationStart;

/** Reads what `endText` wrote, parsed. */
export const endOf = (values: readonly unknown[]): GenerationEnd => fieldsOf(END, values) as GenerationEnd;

/** What the table keeps of a generation: both texts. */
export const recordText = (start: string, end: string): string => `[${start},${end}]`;

export function generationOf(record: string): Omit<GenerationRow, 'id' | 'createdAt'> {
  const [start, end] = JSON.parse(record) as [unknown[], unknown[]];
  return { ...startOf(start), ...endOf(end) };
}

function textOf<Field extends string>(fields: readonly Field[], from: { readonly [field in Field]?: unknown }): string {
  const values: unknown[] = [];
  for (const field of fields) values.push(from[field]);
  return JSON.stringify(values);
}

function fieldsOf(fields: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [index, field] of fields.entries()) {
    const value = values[index] ?? null;
    if (value !== null || !OPTIONAL.has(field)) found[field] = value;
  }
  return found;
}
