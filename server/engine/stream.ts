import { errorBody, type Refusal, refuse } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { costOf } from '../pricing/cost.ts';
import { excludesReasoning } from '../providers/reasoning.ts';
import type { Endpoint } from '../providers/registry.ts';
import { type AttemptResult, errorIn, parseObject } from './attempt.ts';
import { ChunkRewriter } from './chunk-rewriter.ts';
import { StreamScreen } from './content/stream-screen.ts';
import { type Course, isByok, routeMetadata } from './course.ts';
import { withoutThoughts } from './hide-thoughts.ts';
import type { JsonObject } from './resolve-preset.ts';
import { type Settled, type SettleParts, settleAnswer, usageSoFar } from './settle.ts';
import { spliceTopLevel } from './splice.ts';
import { Tally } from './tally.ts';
import { undecided } from './undecided.ts';
import { codeFor } from './upstream-refusal.ts';
import { usageReport } from './usage-report.ts';

const CHECKPOINT_MS = 1_000;
const DONE = 'data: [DONE]\n\n';
/** How long a provider may take to end its answer after it has said that it is done. */
const HANG_UP_MS = 200;
/** How long an answer that nobody may see is read on for its usage, where hanging up stops its billing. */
const HEAR_OUT_MS = 500;

type OpenStream = Extract<AttemptResult, { kind: 'stream' }>;

/**
 * Passes an answer through as it comes: `id`, `model`, `provider` are ours, the usage is held back for the end, all else stands.
 * The final chunk leaves after the settlement has committed; so it is when the caller breaks off or the provider does.
 */
export async function* streamThrough(
  parts: SettleParts,
  course: Course,
  endpoint: Endpoint,
  source: OpenStream,
): AsyncGenerator<string, void, undefined> {
  const tally = new Tally();
  const firstByteMs = performance.now() - course.startedMs;
  const frame = frameOf(parts.log, course, endpoint);
  const stopCheckpoints = checkpoints(parts, course, endpoint, tally);
  let broken: Refusal | null = null;
  let hangUp: NodeJS.Timeout | undefined;
  let settled: Promise<Settled> | null = null;
  const settle = () => {
    stopCheckpoints();
    const cancelled = course.signal.aborted;
    const status = cancelled ? 499 : (broken?.status ?? 200);
    if (broken) tally.finishReason = course.content?.refusal ? 'content_filter' : 'error';
    const generationMs = performance.now() - course.startedMs;
    settled ??= settleAnswer(parts, course, endpoint, tally, {
      status,
      cancelled,
      latencyMs: firstByteMs,
      generationMs,
    });
    return settled;
  };
  try {
    try {
      const { rest } = source;
      for (
        let batch: readonly string[] | undefined = source.first;
        batch;
        batch = (await rest.next()).value ?? undefined
      ) {
        if (hangUp) continue;
        const { text, error, done } = passAllOn(batch, tally, frame);
        if (text !== '' && !course.signal.aborted) yield text;
        if (error) throw error;
        // The connection can be used again if its end comes now, and is not worth waiting for.
        if (done) hangUp = setTimeout(() => source.body.destroy(), HANG_UP_MS);
      }
      if (tally.finishReason === null && !hangUp && !course.signal.aborted)
        throw new CutShort('the stream ended before it was finished');
    } catch (error) {
      if (!hangUp && !course.signal.aborted) broken = frame.screen?.refusal ?? brokenBy(error, endpoint, source);
    }
    if (broken && frame.screen?.refusal) {
      parts.events.emit({ kind: 'refused', keyId: course.key.id, id: course.id, refusal: broken });
      yield `data: ${JSON.stringify({ ...frame.members, ...blockedChunk(broken) })}\n\n`;
      await hearOut(source, tally, endpoint);
    }
    const { usage, cost } = await settle();
    const metadata = course.caller.wantsMetadata
      ? { openrouter_metadata: routeMetadata(course, endpoint, performance.now() - course.startedMs) }
      : {};
    const usageMember = { usage: usageReport(tally.rawUsage, usage, cost, isByok(course)), ...metadata };
    yield `data: ${JSON.stringify({ ...frame.members, ...(broken && !frame.screen?.refusal ? errorChunk(broken) : { choices: [] }), ...usageMember })}\n\n${DONE}`;
  } finally {
    clearTimeout(hangUp);
    // The caller may have gone while a batch was being handed over: the rest is read for its usage, or was cut off already.
    if (!settled && !endpoint.provider.cancelStopsBilling) await drain(source, tally);
    source.body.destroy();
    await settle();
  }
}

type Frame = {
  readonly members: JsonObject;
  readonly rewriter: ChunkRewriter;
  /** The caller does not want to see the reasoning. */
  readonly hidesThoughts: boolean;
  /** What looks at the answer before the caller sees it; null: nothing does. */
  readonly screen: StreamScreen | null;
};

function frameOf(log: Log, course: Course, endpoint: Endpoint): Frame {
  const model = endpoint.model.id;
  const provider = endpoint.provider.name;
  const created = Math.floor(course.startedAt.getTime() / 1000);
  return {
    members: { id: course.id, object: 'chat.completion.chunk', created, model, provider },
    rewriter: new ChunkRewriter({ id: course.id, model, provider }, created),
    hidesThoughts: excludesReasoning(course.request),
    screen: course.content?.screens
      ? new StreamScreen(course.content, course.request, (error) => undecided(log, course.id, error))
      : null,
  };
}

type Passed = { readonly text: string; readonly error: CutShort | null; readonly done: boolean };

/** A batch up to the event that ends the stream or breaks it off: what came before it has been counted, and is the caller's. */
function passAllOn(batch: readonly string[], tally: Tally, frame: Frame): Passed {
  let text = '';
  for (const data of batch) {
    if (data.trim() === '[DONE]') return { text, error: null, done: true };
    const passed = passOn(data, tally, frame);
    if (passed instanceof CutShort) {
      if (frame.screen?.refusal) countOn(batch, data, tally);
      return { text, error: passed, done: false };
    }
    text += passed;
  }
  return { text, error: null, done: false };
}

/** What came with the event that a content filter stopped the answer at: its usage may be among it. */
function countOn(batch: readonly string[], from: string, tally: Tally): void {
  for (const data of batch.slice(batch.indexOf(from) + 1)) {
    const chunk = parseObject(data);
    if (chunk) tally.add(chunk);
  }
}

/** Takes in one event and gives what is to be written for it: nothing for usage that stands alone. */
function passOn(data: string, tally: Tally, frame: Frame): string | CutShort {
  const chunk = parseObject(data);
  if (!chunk) return new CutShort('the provider sent an event that is not JSON');
  const error = errorIn(chunk);
  if (error) return new CutShort(error.message, error.code);
  tally.add(chunk);
  const { choices } = chunk;
  if (!Array.isArray(choices) || choices.length === 0) return '';
  const wanted = frame.hidesThoughts ? withoutThoughts(choices) : choices;
  const shown = frame.screen ? frame.screen.pass(wanted) : wanted;
  if (frame.screen?.refusal) return new CutShort('a content filter stopped the answer');
  if (shown.length === 0) return '';
  const text =
    shown === choices
      ? frame.rewriter.rewrite(data, chunk, choices)
      : frame.rewriter.rewrite(spliceTopLevel(data, { choices: JSON.stringify(shown) }), chunk, shown);
  return text.includes('\n') ? `data: ${text.replaceAll(/\r?\n|\r/g, ' ')}\n\n` : `data: ${text}\n\n`;
}

class CutShort extends Error {
  readonly status: number;
  constructor(message: string, status = 0) {
    super(message);
    this.status = status;
  }
}

function brokenBy(error: unknown, endpoint: Endpoint, { clean }: OpenStream): Refusal {
  const message = clean(error instanceof Error ? error.message : String(error));
  const status = error instanceof CutShort ? error.status : 0;
  // A router may find out midway that its key has no credit left.
  const code = [401, 402].includes(status) ? codeFor('status', status) : 'upstream_failed';
  return refuse(code, {
    message: `${endpoint.provider.name}: ${message}`,
    metadata: { provider_name: endpoint.provider.name, ...(status > 0 ? { provider_code: String(status) } : {}) },
  });
}

/** The last chunk of a stream that failed midway, as OpenRouter sends it. */
export function errorChunk(refusal: Refusal): JsonObject {
  return { ...errorBody(refusal), choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] };
}

/** The last words of a stream that a content filter stopped; its usage comes behind them. */
const blockedChunk = (refusal: Refusal): JsonObject => ({
  ...errorBody(refusal),
  choices: [{ index: 0, delta: { content: '' }, finish_reason: 'content_filter' }],
});

/** Reads on for the usage: for a moment only where hanging up ends the billing. */
async function hearOut(source: OpenStream, tally: Tally, endpoint: Endpoint): Promise<void> {
  const timer = endpoint.provider.cancelStopsBilling ? setTimeout(() => source.body.destroy(), HEAR_OUT_MS) : undefined;
  await drain(source, tally);
  clearTimeout(timer);
}

async function drain(source: OpenStream, tally: Tally): Promise<void> {
  try {
    for await (const batch of source.rest) {
      for (const data of batch) {
        const chunk = parseObject(data);
        if (chunk) tally.add(chunk);
      }
    }
  } catch {
    // It broke after all: what was counted so far is charged.
  }
}

/** Writes the counts of a stream under way once a second, so that a crash charges what had come. Returns how to stop. */
function checkpoints(parts: SettleParts, course: Course, endpoint: Endpoint, tally: Tally): () => void {
  let writing = false;
  const write = async () => {
    const { usage } = await usageSoFar(course, tally);
    const cost = costOf(endpoint.model.price, usage, course.bound.weight.images, true);
    const { id: model } = endpoint.model;
    await parts.ledger.checkpoint(course.id, {
      promptTokens: usage.prompt,
      completionTokens: usage.completion,
      nano: cost.nano,
      model,
      provider: endpoint.provider.name,
    });
  };
  const timer = setInterval(() => {
    if (writing) return;
    writing = true;
    write()
      .catch((error: unknown) => parts.log.warn('checkpoint failed', { id: course.id, error: String(error) }))
      .finally(() => {
        writing = false;
      });
  }, CHECKPOINT_MS);
  return () => clearInterval(timer);
}
