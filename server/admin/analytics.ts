import type { DayFact } from '../store/analytics-store.ts';
import type { ByokUsageRow } from '../store/byok-store.ts';
import type { GenerationRow, KeyRow } from '../store/store.ts';
import { passes } from './analytics-filter.ts';
import type { DimensionName } from './analytics-meta.ts';
import { type AnalyticsQuery, type Span, spanOf } from './analytics-query.ts';
import { type Fact, Rows, ZERO } from './analytics-rows.ts';
import type { AdminContext } from './context.ts';

const HASH = /^[0-9a-f]{64}$/;

/**
 * `POST /analytics/query`: what an organization's calls came to, by up to two dimensions and time. Days are told by daily sums,
 * whatever they were; what these do not know, by the calls themselves.
 */
export async function queryAnalytics(
  admin: AdminContext,
  organizationId: string,
  asked: AnalyticsQuery,
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const keys = new Map((await admin.store.keys.list()).map((key) => [key.id, key]));
  const { query, warnings } = withKeyIds(asked, keys);
  const span = spanOf(query, admin.now());
  const rows = new Rows(query);
  const isWithin = (workspaceId: string) => admin.store.workspaces.organizationOf(workspaceId) === organizationId;
  const add = (fact: Fact) => {
    if (passes(query.filters, fact.of)) rows.add(fact);
  };
  const userOf = (keyId: string) => keys.get(keyId)?.creatorUserId ?? null;
  if (span.grain === 'calls') {
    await admin.store.analytics.calls(span.start, span.end, (call) => {
      if (isWithin(call.workspaceId)) add(factOfCall(call, userOf));
    });
  } else await addDays(admin, span, isWithin, userOf, add);
  const { rows: data, truncated } = rows.answer(labels(admin, organizationId, keys));
  const all = [...warnings, ...span.warnings];
  return {
    data,
    metadata: { query_time_ms: Math.round(performance.now() - begun), row_count: data.length, truncated },
    ...(all.length > 0 ? { warnings: all } : {}),
  };
}

async function addDays(
  { store }: AdminContext,
  { start, end }: Span,
  isWithin: (workspaceId: string) => boolean,
  userOf: (keyId: string) => string | null,
  add: (fact: Fact) => void,
): Promise<void> {
  const [since, until] = [start.slice(0, 10), new Date(Date.parse(end) - 1).toISOString().slice(0, 10)];
  for (const day of await store.analytics.days(since, until))
    if (isWithin(day.workspaceId)) add(factOfDay(day, userOf));
  for (const row of await store.byok.usage({ since, until }))
    if (isWithin(row.workspaceId)) add(factOfByok(row, userOf));
}

const NOTHING = { ...ZERO, latencyMs: null, throughput: null } as const;

type Named = Pick<DayFact, 'keyId' | 'workspaceId' | 'model' | 'provider'> & { readonly preset?: string };

function dayValue(row: Named, userOf: (keyId: string) => string | null, dimension: DimensionName): string | null {
  switch (dimension) {
    case 'model':
      return row.model;
    case 'provider':
      return row.provider || null;
    case 'api_key_id':
      return row.keyId;
    case 'workspace':
      return row.workspaceId;
    case 'user':
      return userOf(row.keyId);
    case 'preset':
      return row.preset || null;
    default:
      throw new Error(`days do not know ${dimension}`);
  }
}

const factOfDay = (day: DayFact, userOf: (keyId: string) => string | null): Fact => ({
  ...NOTHING,
  at: day.day,
  of: (dimension) => dayValue(day, userOf, dimension),
  requests: day.requests,
  nano: day.nano,
  promptTokens: day.promptTokens,
  completionTokens: day.completionTokens,
  reasoningTokens: day.reasoningTokens,
});

/** What of a day's usage was charged to brought keys: it is in the day already. */
const factOfByok = (row: ByokUsageRow, userOf: (keyId: string) => string | null): Fact => ({
  ...NOTHING,
  at: row.day,
  of: (dimension) => dayValue(row, userOf, dimension),
  byokRequests: row.requests,
  byokNano: row.nano,
});

function factOfCall(call: GenerationRow, userOf: (keyId: string) => string | null): Fact {
  const { latencyMs, generationMs, completionTokens, isByok, copyOf } = call;
  const seconds = latencyMs === null || generationMs === null ? 0 : (generationMs - latencyMs) / 1_000;
  // What was kept or shared says nothing of how fast a provider is.
  const isMeasured = copyOf === undefined;
  return {
    at: call.createdAt,
    of: (dimension) => callValue(call, userOf, dimension),
    requests: 1,
    nano: call.nano,
    byokRequests: isByok ? 1 : 0,
    byokNano: isByok ? call.nano : 0,
    promptTokens: call.promptTokens,
    completionTokens,
    reasoningTokens: call.reasoningTokens,
    cachedTokens: call.cachedTokens,
    cachedResponses: copyOf?.how === 'cache' ? 1 : 0,
    latencyMs: isMeasured ? latencyMs : null,
    throughput: isMeasured && seconds > 0 && completionTokens > 0 ? completionTokens / seconds : null,
  };
}

function callValue(
  call: GenerationRow,
  userOf: (keyId: string) => string | null,
  dimension: DimensionName,
): string | null {
  switch (dimension) {
    case 'app':
      return call.appTitle;
    case 'origin':
      return call.httpReferer;
    case 'finish_reason':
      return call.finishReason;
    case 'session_id':
      return call.sessionId;
    case 'generation_id':
      return call.id;
    default: {
      const { keyId, workspaceId, provider, presetSlug } = call;
      const model = call.model ?? call.requestedModel;
      const named = { keyId, workspaceId, model, provider: provider ?? '', preset: presetSlug ?? '' };
      return dayValue(named, userOf, dimension);
    }
  }
}

/** Keys may be named by hash. One that nobody has finds nothing, and is told. */
function withKeyIds(
  query: AnalyticsQuery,
  keys: ReadonlyMap<string, KeyRow>,
): { readonly query: AnalyticsQuery; readonly warnings: readonly string[] } {
  if (!query.filters.some(({ field }) => field === 'api_key_id')) return { query, warnings: [] };
  const byHash = new Map([...keys.values()].map(({ hash, id }) => [hash, id]));
  const warnings: string[] = [];
  const resolve = (value: string | number) => {
    const text = String(value);
    const id = byHash.get(text);
    if (id === undefined && HASH.test(text)) warnings.push(`api_key_id: no key has the hash ${text.slice(0, 12)}…`);
    return id ?? text;
  };
  const filters = query.filters.map((filter) => {
    if (filter.field !== 'api_key_id') return filter;
    return { ...filter, value: Array.isArray(filter.value) ? filter.value.map(resolve) : resolve(filter.value) };
  });
  return { query: { ...query, filters }, warnings };
}

/** What people call it: a key that was deleted goes by its id. A person is two fields, as OpenRouter has it. */
function labels(admin: AdminContext, organizationId: string, keys: ReadonlyMap<string, KeyRow>) {
  return (dimension: DimensionName, id: string | null): Record<string, unknown> => {
    switch (dimension) {
      case 'api_key_id':
        return { api_key_id: keys.get(id ?? '')?.name ?? id };
      case 'workspace':
        return { workspace: admin.store.workspaces.get(id ?? '')?.name ?? id };
      case 'user': {
        const member = id === null ? null : admin.store.members.get(organizationId, id);
        const name = [member?.firstName, member?.lastName].filter(Boolean).join(' ');
        return { user: name || null, user_email: member?.email || null };
      }
      default:
        return { [dimension]: id };
    }
  };
}
