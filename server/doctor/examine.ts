import type { DoctorFinding } from '../protocol.ts';
import { dialectOf } from '../providers/dialect.ts';
import type { Provider } from '../providers/provider.ts';
import { isLoopback, type ProxyChoice, proxyFor } from '../providers/proxy-settings.ts';
import type { Providers } from '../providers/registry.ts';
import { type Answered, answerVerdict } from './answer-verdict.ts';
import { type CallParts, callModel, MESSAGES } from './call-model.ts';
import { cheapestModels, MOST_TOKENS } from './cheapest.ts';
import { httpCall } from './http-call.ts';
import { reach } from './network.ts';
import { networkVerdict, proxyAuthentication } from './network-verdict.ts';
import { parseRecord } from './parse.ts';
import { problem, skipped, type Verdict, warning } from './verdict.ts';

export type ExamineParts = CallParts & {
  readonly providers: Providers;
  readonly env: NodeJS.ProcessEnv;
  readonly slowMs: number;
  /** What each step on the way to the server may take. */
  readonly stepMs: number;
};

export type Tried = NonNullable<DoctorFinding['tried']>;
export type Examined = {
  readonly verdict: Verdict;
  readonly tried: Tried;
  /** How far this clock is ahead of the provider's, milliseconds. */
  readonly aheadMs: number | null;
};

/** Models that are asked for before it is taken for granted that the provider has none of those known here. */
const MOST_MODELS = 4;

/** Goes the whole way to a provider: its name, the connection, TLS, then one minimal real call with the daemon's own key. */
export async function examine(parts: ExamineParts, provider: Provider, signal: AbortSignal): Promise<Examined> {
  const target = new URL(provider.baseUrl());
  const tried = untried(provider);
  const without = (verdict: Verdict): Examined => ({ verdict, tried, aheadMs: null });
  const key = parts.providers.keyOf(provider);
  if (key === undefined) return without(keyMissing(provider, parts.providers.keyStanding(provider)));
  if (provider.key.kind === 'none' && isLoopback(target.hostname) && provider.models().length === 0) {
    const remedy = `Start ${provider.name} if you want to use it.`;
    return without(skipped('not_running', `nothing answers at ${target.host}`, remedy));
  }
  const choice = proxyFor(target, parts.env);
  if (choice.kind === 'wrong') {
    const remedy = `Correct or unset ${choice.variable} where the daemon is started.`;
    return without(problem('proxy_setting', `${choice.variable} ${choice.problem}`, remedy));
  }
  const way = await reach(target, choice, signal, parts.stepMs);
  const { dns: dns_ms, connect: connect_ms, proxy: proxy_ms, tls: tls_ms } = way.timings;
  const proxy = choice.kind === 'proxy' ? choice.url.host : null;
  const reached: Examined = {
    ...without(skipped('cancelled', 'cancelled')),
    tried: { ...tried, proxy, dns_ms, connect_ms, proxy_ms, tls_ms },
  };
  if (signal.aborted) return reached;
  if (way.kind === 'failed') return { ...reached, verdict: networkVerdict(way, target.host, byProxy(choice)) };
  return call(parts, provider, key, reached, signal);
}

/** Without a price nothing can be held for a call: the listing costs nothing, and wants the key as well. */
async function call(
  parts: ExamineParts,
  provider: Provider,
  key: string | null,
  reached: Examined,
  signal: AbortSignal,
): Promise<Examined> {
  let examined: Examined | null = null;
  for (const model of cheapestModels(provider.models()).slice(0, MOST_MODELS)) {
    const endpoint = { id: `${provider.slug}:${model.id}`, provider, model };
    const result = await callModel(parts, endpoint, key, signal);
    const tried = { ...reached.tried, model: model.id };
    if (result.kind === 'no_budget') return { ...reached, verdict: noBudget(provider), tried };
    const { charged } = result;
    const paid = { ...tried, generation_id: charged?.generationId ?? null, cost: charged ? charged.usd : 0 };
    if (result.kind !== 'answered')
      return { ...reached, verdict: silence(provider, result, reached.tried.proxy), tried: paid };
    examined = judge(parts, provider, result.answer, { ...reached, tried: paid });
    if (examined.verdict.code !== 'model_unknown') return examined;
  }
  return examined ?? listModels(parts, provider, key, reached, signal);
}

async function listModels(
  parts: ExamineParts,
  provider: Provider,
  key: string | null,
  reached: Examined,
  signal: AbortSignal,
): Promise<Examined> {
  const none = {
    id: 'any',
    native: 'any',
    name: 'any',
    description: '',
    contextLength: null,
    maxCompletionTokens: null,
  };
  const model = { ...none, price: null, supportedParameters: [] };
  // The dialect knows where the key stands in the headers.
  const { headers } = dialectOf(provider.dialect).encode(
    { messages: MESSAGES },
    { id: 'any', provider, model },
    key,
    MOST_TOKENS,
  );
  const { 'content-type': _type, ...kept } = headers;
  const asked = { method: 'GET' as const, url: `${provider.baseUrl()}/models`, headers: kept, body: null, secret: key };
  const result = await httpCall(parts.dispatcher, asked, signal, parts.answerMs);
  if (result.kind !== 'answered') return { ...reached, verdict: silence(provider, result, reached.tried.proxy) };
  const listed = parseRecord(result.answer.body);
  const isRight = Array.isArray(listed?.['data'] ?? listed?.['models']);
  const examined = judge(parts, provider, { ...result.answer, isRight }, reached);
  if (examined.verdict.status !== 'ok') return examined;
  const verdict = warning(
    'not_called',
    `${provider.name} takes the key and lists its models; none was called, for none has a known price`,
    'Give a model a pricing under models in config.yaml, so that a call of it can be bounded.',
  );
  return { ...examined, verdict };
}

function judge(parts: ExamineParts, provider: Provider, answer: Answered, reached: Examined): Examined {
  const { name, slug, key } = provider;
  const verdict = answerVerdict(answer, {
    name,
    slug,
    variable: key.kind === 'env' ? key.name : null,
    baseUrl: provider.baseUrl(),
    slowMs: parts.slowMs,
  });
  const date = answer.headers['date'];
  const theirs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  const tried = { ...reached.tried, http_status: answer.status, first_byte_ms: Math.round(answer.firstByteMs) };
  return { verdict, tried, aheadMs: Number.isNaN(theirs) ? null : parts.now().getTime() - theirs };
}

const untried = (provider: Provider): Tried => ({
  base_url: provider.baseUrl(),
  proxy: null,
  model: null,
  http_status: null,
  dns_ms: null,
  connect_ms: null,
  proxy_ms: null,
  tls_ms: null,
  first_byte_ms: null,
  cost: 0,
  generation_id: null,
});

const byProxy = (choice: ProxyChoice) =>
  choice.kind === 'proxy' ? { address: choice.url.host, variable: choice.variable } : null;

function silence(
  { name }: Provider,
  result: { readonly kind: 'aborted' } | { readonly kind: 'silent'; readonly detail: string },
  proxy: string | null,
): Verdict {
  if (result.kind === 'aborted') return skipped('cancelled', 'cancelled');
  // Plain http has no tunnel: what the proxy asks for comes with the call itself.
  if (proxy !== null && result.detail.includes('(407)'))
    return proxyAuthentication(`the proxy ${proxy}`, 'HTTP_PROXY', proxy);
  return problem(
    'no_answer',
    `${name} takes the connection, but does not answer: ${result.detail}`,
    'Try again; if it stays so, look at the provider’s status page, or at what stands between.',
  );
}

const noBudget = ({ name }: Provider) =>
  skipped(
    'no_budget',
    `${name} can be reached; it was not called, for the key “editor” has not enough left`,
    'Raise its limit: callgate keys update editor --limit 5.',
  );

function keyMissing({ slug, key, name }: Provider, standing: string): Verdict {
  if (standing === 'damaged') {
    const remedy = `Set it again: callgate providers set-key ${slug}.`;
    return problem('key_damaged', `The stored key of ${name} cannot be read`, remedy);
  }
  if (key.kind === 'env')
    return problem('key_missing', `There is no key for ${name}`, `Set ${key.name} where the daemon is started.`);
  const variable = key.kind === 'stored_or_env' ? `, or set ${key.name} where the daemon is started` : '';
  if (key.kind === 'stored_or_ambient') {
    const remedy = `Store the key of a service account with \`callgate providers set-key ${slug}\`, or set ${key.name}=true where the daemon is started.`;
    return problem('key_missing', `There is no key for ${name}`, remedy);
  }
  const remedy = `Store one with \`callgate providers set-key ${slug}\`${variable}.`;
  return problem('key_missing', `There is no key for ${name}`, remedy);
}
