import type { ByteStream } from '../providers/byte-stream.ts';
import { type Dialect, dialectOf } from '../providers/dialect.ts';
import type { UpstreamAnswer } from '../providers/opening.ts';
import type { SignedRequest } from '../providers/provider.ts';
import type { Endpoint } from '../providers/registry.ts';
import { type NoAnswer, readErrorBody, type Transport } from '../providers/transport.ts';
import { type Failure, retryAfterSeconds } from '../routing/failure.ts';
import { accountStatus } from './account-status.ts';
import { nestsTooDeep } from './json-depth.ts';
import type { JsonObject } from './resolve-preset.ts';
import { Tally } from './tally.ts';

export type Batches = AsyncGenerator<readonly string[], void, undefined>;

type Clean = (text: string) => string;

/** What one try at one endpoint came to, before anything of it was passed on. */
export type AttemptResult =
  | { readonly kind: 'json'; readonly text: string; readonly answer: JsonObject }
  /** All events up to the first token have come and none is an error; `body` is destroyed to stop the rest. */
  | {
      readonly kind: 'stream';
      readonly first: readonly string[];
      readonly rest: Batches;
      readonly body: ByteStream;
      /** Takes the key that was sent out of what the provider says of it. */
      readonly clean: Clean;
    }
  | AttemptFailed
  | { readonly kind: 'aborted' };

export type AttemptFailed = {
  readonly kind: 'failed';
  readonly failure: Failure;
  /** As the provider sent it, whatever it stands for; 0 when it sent none. */
  readonly sentStatus: number;
  /** In the provider's own words where there are any. */
  readonly message: string;
  readonly raw: string;
  readonly retryAfter: number | null;
};

export type AttemptInput = {
  readonly request: JsonObject;
  readonly endpoint: Endpoint;
  readonly key: string | null;
  readonly maxTokens: number | null;
  /** Aborting it breaks the connection to the provider. */
  readonly signal: AbortSignal;
  /** Milliseconds left of the call's time budget. */
  readonly budgetMs: number;
};

const BYTE_ORDER_MARK = 0xfeff;
/** Characters of a provider's own words that are kept. */
const MOST_RAW = 4_000;

/** Sends the request to one endpoint and reads as far as needed to know whether it is going to answer. */
export async function attempt(transport: Transport, input: AttemptInput, now: () => Date): Promise<AttemptResult> {
  // Some servers repeat what they refuse, the key they were sent included.
  const secrets: string[] = input.key ? [input.key] : [];
  const clean: Clean = (text) => secrets.reduce((kept, secret) => kept.replaceAll(secret, '[redacted]'), text);
  const result = await send(transport, input, secrets, clean, now);
  // Only then cut: half a key is no longer found.
  return result.kind === 'failed'
    ? { ...result, message: clean(result.message), raw: clean(result.raw).slice(0, MOST_RAW) }
    : result;
}

async function send(
  transport: Transport,
  input: AttemptInput,
  secrets: string[],
  clean: Clean,
  now: () => Date,
): Promise<AttemptResult> {
  const { endpoint, signal } = input;
  const startedMs = performance.now();
  const dialect = dialectOf(endpoint.provider.dialect);
  let upstream = dialect.encode(input.request, endpoint, input.key, input.maxTokens);
  if (endpoint.provider.sign) {
    const signed = await endpoint.provider.sign(upstream, input.key, signal);
    if (signed.kind !== 'signed') return unsigned(signed);
    if (signed.secret !== '') secrets.push(signed.secret);
    upstream = signed.request;
  }
  const headersTimeoutMs = Math.min(endpoint.provider.timeoutMs, input.budgetMs);
  if (input.request['stream'] !== true) {
    const whole = await transport.exchange(upstream, { signal, headersTimeoutMs, timeoutMs: input.budgetMs });
    if (whole.kind === 'no_answer') return unanswered(whole);
    const text = whole.body.toString('utf8');
    if (!isSuccess(whole.status)) return failedStatus(whole.status, clean(text), whole.retryAfter, now());
    return readJson(text, dialect, input.request);
  }
  const answer = await transport.send(upstream, { signal, headersTimeoutMs });
  if (answer.kind === 'no_answer') return unanswered(answer);
  if (!isSuccess(answer.status)) {
    const raw = await readErrorBody(answer.body);
    return failedStatus(answer.status, clean(raw), answer.retryAfter, now());
  }
  // Headers and comments are no answer yet: a provider that sends nothing else must not hold the call for ever.
  const limitMs = headersTimeoutMs - (performance.now() - startedMs);
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      answer.body.destroy();
    },
    Math.max(1, limitMs),
  );
  try {
    return await openStream(answer, dialect, input.request, clean);
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted' };
    if (late) return failed({ status: 0, reason: 'timeout' }, 'no answer came after its headers', '');
    return failed({ status: 0, reason: 'stream' }, error instanceof Error ? error.message : String(error), '');
  } finally {
    clearTimeout(timer);
  }
}

const isSuccess = (status: number) => status >= 200 && status <= 299;

function unsigned(result: Exclude<SignedRequest, { kind: 'signed' }>): AttemptResult {
  if (result.kind === 'aborted') return { kind: 'aborted' };
  const { status, message } = result;
  return failed({ status, reason: status === 0 ? 'connect' : 'status' }, message, '');
}

function unanswered({ reason, detail }: NoAnswer): AttemptResult {
  return reason === 'aborted' ? { kind: 'aborted' } : failed({ status: 0, reason }, detail, '');
}

function failed(failure: Failure, message: string, raw: string, retryAfter: number | null = null): AttemptFailed {
  const { status, reason } = failure;
  const meant = { status: accountStatus(status, raw), reason };
  return { kind: 'failed', failure: meant, sentStatus: status, message, raw, retryAfter };
}

function failedStatus(status: number, raw: string, retryAfter: string | undefined, now: Date): AttemptFailed {
  const seconds = retryAfterSeconds(retryAfter ?? retryDelayIn(status, raw), now.getTime());
  return failed({ status, reason: 'status' }, messageIn(raw) ?? `HTTP ${status}`, raw, seconds);
}

function readJson(body: string, dialect: Dialect, request: JsonObject): AttemptResult {
  const sent = body.charCodeAt(0) === BYTE_ORDER_MARK ? body.slice(1) : body;
  if (nestsTooDeep(sent)) return failed({ status: 0, reason: 'stream' }, 'the answer nests too deep', '');
  const text = dialect.readAnswer(sent, request);
  const parsed = parseObject(text);
  if (!parsed) return failed({ status: 0, reason: 'stream' }, 'the answer is not a JSON object', text);
  // Routers answer 200 with an error inside; that is a failure before the first token like any other.
  const error = errorIn(parsed);
  if (error) return failed({ status: error.code, reason: 'status' }, error.message, text);
  const { choices } = parsed;
  if (!Array.isArray(choices) || choices.some((choice) => typeof choice !== 'object' || choice === null))
    return failed({ status: 0, reason: 'stream' }, 'the answer has no choices', text);
  return { kind: 'json', text, answer: parsed };
}

async function openStream(
  answer: UpstreamAnswer,
  dialect: Dialect,
  request: JsonObject,
  clean: Clean,
): Promise<AttemptResult> {
  if (answer.contentType.includes('application/json')) {
    const raw = await readErrorBody(answer.body);
    const error = errorIn(parseObject(dialect.readAnswer(raw, request)) ?? {});
    if (error) return failed({ status: error.code, reason: 'status' }, error.message, raw);
    return failed({ status: 0, reason: 'stream' }, 'the provider answered a stream with a JSON document', raw);
  }
  const rest = dialect.readEvents(answer.body);
  const held: string[] = [];
  const tally = new Tally();
  for (let batch = await rest.next(); !batch.done; batch = await rest.next()) {
    held.push(...batch.value);
    for (const data of batch.value) {
      const broken = brokenEvent(data, tally);
      if (!broken) continue;
      answer.body.destroy();
      return broken;
    }
    if (tally.hasBegun) return { kind: 'stream', first: held, rest, body: answer.body, clean };
  }
  return failed({ status: 0, reason: 'stream' }, 'the stream ended before its first token', held.join('\n'));
}

/** What an event before the first token says against this endpoint; once it has begun to answer, nothing does. */
function brokenEvent(data: string, tally: Tally): AttemptFailed | null {
  if (tally.hasBegun) return null;
  if (data.trim() === '[DONE]')
    return failed({ status: 0, reason: 'stream' }, 'the stream ended before its first token', '');
  const chunk = parseObject(data);
  if (!chunk) return failed({ status: 0, reason: 'stream' }, 'the provider sent an event that is not JSON', data);
  const error = errorIn(chunk);
  if (error) return failed({ status: error.code, reason: 'status' }, error.message, data);
  tally.add(chunk);
  return null;
}

/** Parses a JSON object; null for anything else, never an exception. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The `error` of an OpenAI-shaped body or chunk; its code is an HTTP status, 502 when it names none. */
export function errorIn(body: JsonObject): { readonly code: number; readonly message: string } | null {
  const { error } = body;
  // Some servers always send the member, empty when there is no error.
  if (error === undefined || error === null || error === '' || error === false) return null;
  if (typeof error !== 'object') return { code: 502, message: String(error) };
  const { code, status, message } = error as Record<string, unknown>;
  const found = [code, status].map(Number).find((value) => Number.isInteger(value) && value >= 400 && value < 600);
  return { code: found ?? 502, message: typeof message === 'string' ? message : 'the provider reported an error' };
}

function messageIn(raw: string): string | null {
  // Google puts the error of a stream in a list.
  const body = parseObject(raw.trim().replace(/^\[(.*)\]$/s, '$1'));
  if (!body) return raw.trim().slice(0, 200) || null;
  const { message, detail } = body;
  const nested = errorIn(body)?.message ?? message ?? detail;
  return typeof nested === 'string' ? nested : null;
}

/** Google says in its error, and in no header, how long to wait. https://cloud.google.com/apis/design/errors#error_details */
function retryDelayIn(status: number, raw: string): string | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const seconds = /"retryDelay"\s*:\s*"(\d{1,6})(?:\.\d+)?s"/.exec(raw)?.[1];
  return seconds === undefined ? undefined : String(Number(seconds) + 1);
}
