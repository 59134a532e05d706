import type { Dispatcher } from 'undici';
import type { Budgets } from '../engine/budgets.ts';
import { generationId } from '../engine/call.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Cost, costOf } from '../pricing/cost.ts';
import { usdOfNano } from '../pricing/money.ts';
import { NO_USAGE, type Usage, usageOfOpenAi } from '../pricing/usage.ts';
import { dialectOf } from '../providers/dialect.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { KeyRow } from '../store/store.ts';
import type { Answered } from './answer-verdict.ts';
import { hold } from './charge.ts';
import { MOST_TOKENS, PROMPT_TOKENS } from './cheapest.ts';
import { type HttpResult, httpCall } from './http-call.ts';
import { type JsonRecord, parseRecord } from './parse.ts';

export const MESSAGES = [{ role: 'user', content: 'Say ok.' }];

export type CallParts = {
  readonly ledger: Ledger;
  /** The key that the doctor's calls are charged to. */
  readonly editorKey: () => Promise<KeyRow | null>;
  /** What a call of this key must fit under now. */
  readonly budgetsOf: (key: KeyRow) => Budgets;
  readonly dispatcher: Dispatcher;
  readonly now: () => Date;
  readonly answerMs: number;
};

export type CallResult =
  | { readonly kind: 'no_budget' }
  | (Exclude<HttpResult, { kind: 'answered' }> & Charged)
  | ({ readonly kind: 'answered'; readonly answer: Answered } & Charged);

/** What the call came to in the ledger; null: nothing, and it is not there. */
type Charged = { readonly charged: { readonly generationId: string; readonly usd: number | null } | null };

/** One minimal completion of this model, held and charged on the key `editor`. */
export async function callModel(
  parts: CallParts,
  endpoint: Endpoint,
  key: string | null,
  signal: AbortSignal,
): Promise<CallResult> {
  const { ledger, now, dispatcher, answerMs } = parts;
  const { price, id: model } = endpoint.model;
  const dialect = dialectOf(endpoint.provider.dialect);
  const request = { model, messages: MESSAGES };
  const encoded = dialect.encode(request, endpoint, key, MOST_TOKENS);
  const signed = (await endpoint.provider.sign?.(encoded, key, signal)) ?? {
    kind: 'signed',
    request: encoded,
    secret: key,
  };
  if (signed.kind === 'aborted') return { kind: 'aborted', charged: null };
  if (signed.kind === 'unsigned') return { kind: 'silent', detail: signed.message, wasSent: false, charged: null };
  const { url, headers, body } = signed.request;

  const payer = await parts.editorKey();
  const most = costOf(price, { ...NO_USAGE, prompt: PROMPT_TOKENS, completion: MOST_TOKENS }, 0, true);
  const input = costOf(price, { ...NO_USAGE, prompt: PROMPT_TOKENS }, 0, true);
  const id = generationId(now());
  const bound = { id, endpoint, nano: most.nano, inputNano: input.nano };
  const held = payer && (await hold(ledger, payer, parts.budgetsOf(payer), bound, now(), signal));
  if (!held) return { kind: 'no_budget' };

  const startedMs = performance.now();
  const result = await httpCall(
    dispatcher,
    { method: 'POST', url, headers, body, secret: signed.secret },
    signal,
    answerMs,
  );
  const ms = performance.now() - startedMs;
  const settle = async (usage: Usage, cost: Cost, status: number, upstreamId: string | null) => {
    await held.settle({ usage, cost, status, ms, upstreamId });
    return { generationId: id, usd: cost.source === 'unknown' ? null : usdOfNano(cost.nano) };
  };
  if (result.kind !== 'answered') {
    // What was sent may have been worked on: its input is charged, as for any call that nobody answered.
    const wasSent = result.kind === 'aborted' || result.wasSent;
    const usage = { ...NO_USAGE, prompt: PROMPT_TOKENS };
    const status = result.kind === 'aborted' ? 499 : 504;
    const charged = wasSent ? await settle(usage, input, status, null) : await held.release().then(() => null);
    return { ...result, charged };
  }
  const parsed = parseRecord(dialect.readAnswer(result.answer.body, request));
  const answer = judged(result.answer, parsed);
  if (answer.status >= 300 || !answer.isRight) {
    await held.release();
    return { kind: 'answered', answer, charged: null };
  }
  const told = parsed && usageOfOpenAi(parsed);
  const usage = told ?? { ...NO_USAGE, prompt: PROMPT_TOKENS, completion: MOST_TOKENS };
  const upstreamId = typeof parsed?.['id'] === 'string' ? parsed['id'] : null;
  return {
    kind: 'answered',
    answer,
    charged: await settle(usage, costOf(price, usage, 0, told === null), answer.status, upstreamId),
  };
}

/** Routers answer 200 with an error inside. */
function judged(answer: Omit<Answered, 'isRight'>, parsed: JsonRecord | null): Answered {
  const error = parsed?.['error'] as { readonly code?: unknown } | null | undefined;
  if (answer.status < 300 && error) {
    const code = Number(error.code);
    return { ...answer, status: code >= 400 && code < 600 ? code : 502, isRight: false };
  }
  const choices = parsed?.['choices'];
  return { ...answer, isRight: Array.isArray(choices) && choices.length > 0 };
}
