import { type Cut, middleOut } from '../plugins/middle-out.ts';
import type { Plugins } from '../plugins/read-plugins.ts';
import type { Message } from '../plugins/turns.ts';
import { countTokens } from '../pricing/tokenizer.ts';
import { boundByBytes, likelyTokensOf, weigh } from '../pricing/weigh.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { Eligible } from './eligible.ts';
import type { JsonObject } from './resolve-preset.ts';

/** Context lengths up to which a prompt is cut without being asked, as OpenRouter does. */
const CUT_BY_DEFAULT = 8_192;
/** Anthropic refuses more messages than this. */
const MOST_MESSAGES_ANTHROPIC = 1_000;
/** Our tokenizer is not the model's: it may count this much less. */
const MARGIN = 1.1;
/** Kept for an answer that names no maximum: this share of the context, and no more than so many tokens. */
const ANSWER_SHARE = 8;
const MOST_FOR_ANSWER = 4_096;

/** A request cut to fit one endpoint, and what it took. */
export type CutRequest = { readonly request: JsonObject; readonly cut: Cut };

export type Fitted = {
  /** Without the endpoints whose context is less than half of what is needed, while others have more. */
  readonly eligible: Eligible;
  /** What to send to endpoints that cannot take the request as it is, by endpoint. */
  readonly cuts: ReadonlyMap<string, CutRequest>;
  /** The largest request that may be sent: what bounds the call's cost. */
  readonly largest: JsonObject;
};

/** Whether the request may have to be cut for one of its endpoints: asked of every call, so it looks at no text. */
export function mayNeedCut(eligible: Eligible, plugins: Plugins): boolean {
  if (plugins.compression !== null) return plugins.compression;
  return eligible.routes.some(({ endpoints }) =>
    endpoints.some(({ model }) => model.contextLength !== null && model.contextLength <= CUT_BY_DEFAULT),
  );
}

/** Cuts the request for each endpoint it does not fit (see {@link middleOut}); what cannot be made to fit is sent as it is. */
export async function fitContext(request: JsonObject, eligible: Eligible, plugins: Plugins): Promise<Fitted> {
  const messages = request['messages'] as readonly Message[];
  const endpoints = eligible.routes.flatMap((route) => route.endpoints);
  const mostByBytes = boundByBytes(weigh(request));
  const fitsSurely = (endpoint: Endpoint) =>
    mostByBytes <= roomOf(endpoint, request) && messages.length <= messagesOf(endpoint, plugins);
  if (endpoints.every(fitsSurely)) return { eligible, cuts: new Map(), largest: request };

  const scales = await weighMessages(request, messages);
  const large = largeEnough(eligible, scales.total, request);
  const cuts = new Map<string, CutRequest>();
  for (const endpoint of large.routes.flatMap((route) => route.endpoints)) {
    const { contextLength } = endpoint.model;
    if (plugins.compression === null && (contextLength === null || contextLength > CUT_BY_DEFAULT)) continue;
    const room = { tokens: roomOf(endpoint, request) - scales.beside, messages: messagesOf(endpoint, plugins) };
    if (scales.total - scales.beside <= room.tokens && messages.length <= room.messages) continue;
    const cut = middleOut(messages, room, scales.measure);
    if (cut) cuts.set(endpoint.id, { request: { ...request, messages: cut.messages }, cut });
  }
  return { eligible: large, cuts, largest: largestOf(request, large, cuts) };
}

/** How `openrouter_metadata.pipeline` tells of a cut. */
export function compressionStage({ cut, request }: CutRequest): JsonObject {
  const { removed, shortened } = cut;
  const kept = (request['messages'] as readonly unknown[]).length;
  return {
    type: 'context_compression',
    name: 'context-compression',
    summary: `middle-out: ${removed} of ${removed + kept} messages left out, ${shortened} shortened`,
    data: { engine: 'middle-out', messages_removed: removed, messages_shortened: shortened },
  };
}

/** Tokens of input that an endpoint takes beside the answer asked for. */
function roomOf({ model }: Endpoint, request: JsonObject): number {
  const { contextLength } = model;
  if (contextLength === null) return Number.POSITIVE_INFINITY;
  return contextLength - answerOf(contextLength, request);
}

function answerOf(contextLength: number, request: JsonObject): number {
  const named = [request['max_completion_tokens'], request['max_tokens']].filter((one) => typeof one === 'number');
  return named.length > 0 ? Math.max(...named) : Math.min(MOST_FOR_ANSWER, Math.floor(contextLength / ANSWER_SHARE));
}

function messagesOf({ model, provider }: Endpoint, { compression }: Plugins): number {
  const isAnthropic = provider.dialect === 'anthropic' || model.id.startsWith('anthropic/');
  return compression && isAnthropic ? MOST_MESSAGES_ANTHROPIC : Number.POSITIVE_INFINITY;
}

type Scales = {
  /** Tokens of the whole request, and of all of it but its messages. */
  readonly total: number;
  readonly beside: number;
  readonly measure: (message: Message, original: Message) => number;
};

/** Counts every message once; a shortened one is taken to be as dense as it was. */
async function weighMessages(request: JsonObject, messages: readonly Message[]): Promise<Scales> {
  const nothing = weigh({ messages: [] }).extra;
  const sizes = await Promise.all(
    messages.map(async (message) => {
      const { texts, bytes, extra } = weigh({ messages: [message] });
      const tokens = Math.ceil((await likelyTokensOf(texts, countTokens)) * MARGIN);
      return { density: tokens / Math.max(1, bytes), total: tokens + extra - nothing };
    }),
  );
  const known = new Map(messages.map((message, index) => [message, sizes[index]]));
  const measure = (message: Message, original: Message) => {
    const size = known.get(original);
    if (size && message === original) return size.total;
    const { bytes, extra } = weigh({ messages: [message] });
    return Math.ceil(bytes * Math.min(1, (size?.density ?? 1) * MARGIN)) + extra - nothing;
  };
  const rest = weigh({ ...request, messages: [] });
  const beside = Math.ceil((await likelyTokensOf(rest.texts, countTokens)) * MARGIN) + rest.extra;
  return { total: sizes.reduce((sum, size) => sum + size.total, beside), beside, measure };
}

/** The endpoints with at least half of the context that is needed; where none has, those with the most. */
function largeEnough(eligible: Eligible, input: number, request: JsonObject): Eligible {
  const lengths = eligible.routes.flatMap(({ endpoints }) => endpoints.map(({ model }) => model.contextLength));
  const needed = (length: number) => (input + answerOf(length, request)) / 2;
  const isLarge = (length: number | null) => length === null || length >= needed(length);
  const most = Math.max(...lengths.map((length) => length ?? 0));
  const takes = (length: number | null) => (lengths.some(isLarge) ? isLarge(length) : length === most);
  if (lengths.every(takes)) return eligible;
  const left = [...eligible.left];
  const routes = eligible.routes.flatMap((route) => {
    const endpoints = route.endpoints.filter((endpoint) => {
      if (takes(endpoint.model.contextLength)) return true;
      left.push({ model: route.model, provider: endpoint.provider.slug, why: 'context_length' });
      return false;
    });
    return endpoints.length > 0 ? [{ ...route, endpoints }] : [];
  });
  return { ...eligible, routes, left };
}

function largestOf(request: JsonObject, eligible: Eligible, cuts: ReadonlyMap<string, CutRequest>): JsonObject {
  let largest: JsonObject | null = null;
  let bytes = -1;
  for (const { endpoints } of eligible.routes) {
    for (const { id } of endpoints) {
      const cut = cuts.get(id);
      if (!cut) return request;
      const size = weigh(cut.request).bytes;
      if (size > bytes) largest = cut.request;
      bytes = Math.max(bytes, size);
    }
  }
  return largest ?? request;
}
