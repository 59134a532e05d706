import { errorBody, type Refusal } from '../errors.ts';
import { formatUsd, usdOfNano } from '../pricing/money.ts';
import type { Endpoint } from '../providers/registry.ts';
import { type AdmitParts, admit } from './admit.ts';
import { budgetsOf } from './budgets.ts';
import type { CallInput } from './call.ts';
import { strategyOf } from './course.ts';
import { type AskedParts, askedOf, type Decided, decide } from './decide.ts';
import { compressionStage } from './fit-context.ts';
import { decideReservation, type Granted } from './reserve.ts';
import type { JsonObject } from './resolve-preset.ts';
import { startOf } from './start.ts';

export type DryRunParts = AdmitParts & AskedParts & { readonly now: () => Date };

/**
 * What a call would come to, by the very decision a call is made by: nothing is sent, reserved or remembered, and where chance
 * chooses, the chances are shown. `decision` is `send`, `wait` (calls in flight hold the money) or `refuse` (with `error`).
 */
export async function dryRun(parts: DryRunParts, input: CallInput): Promise<JsonObject> {
  const startedAt = parts.now();
  const resolved = await askedOf(parts, input, startedAt, performance.now(), true);
  if (resolved.kind === 'refused') return refused(resolved);
  const { preset, key } = resolved;
  const shared = {
    key: { name: key.name, label: key.label, hash: key.hash },
    preset: preset && { slug: preset.slug, version: preset.version, hash: preset.hash },
  };
  const asked = await admit(parts, resolved);
  if (asked.kind === 'refused') return { ...shared, ...refused(asked) };
  const { request } = asked;
  // The draw is not made: the likeliest order is shown, and the chances beside it.
  const decided = await decide({ ...parts, random: () => 0 }, asked);
  if (decided.kind === 'refused') return { ...shared, ...refused(decided) };

  const { eligible, bound, fitted } = decided;
  const generation = startOf(input, request, preset, bound);
  const reservation = { id: input.id, bound, generation, createdAt: startedAt };
  const budgets = budgetsOf(asked.policy, startedAt, asked.ownBudgets);
  const ask = async () => decideReservation(reservation, budgets, await parts.standings(budgets.layers), startedAt);
  let verdict = await ask();
  if (verdict.kind === 'count') {
    await bound.count();
    verdict = await ask();
  }
  const cuts = [...(asked.content?.stages ?? []), ...(fitted ? [...fitted.cuts.values()].map(compressionStage) : [])];
  return {
    ...shared,
    requested: generation.requestedModel,
    ...moneyOf(verdict),
    strategy: strategyOf(eligible, preset),
    selection: eligible.selection,
    endpoints: endpointsOf(parts, decided, startedAt.getTime()),
    left_out: eligible.left,
    ...(cuts.length > 0 ? { pipeline: cuts } : {}),
  };
}

const refused = (refusal: Refusal): JsonObject => ({ decision: 'refuse', ...errorBody(refusal) });

function moneyOf(verdict: ReturnType<typeof decideReservation>): JsonObject {
  switch (verdict.kind) {
    case 'reserve': {
      const { nano, maxTokens } = verdict.granted as Granted;
      return { decision: 'send', bound: usdOfNano(nano), max_tokens: maxTokens };
    }
    case 'refuse':
      return refused(verdict.refused as Refusal);
    default:
      return { decision: 'wait' };
  }
}

/** In the order they would be tried in. Prices are US dollars per token. */
function endpointsOf({ memory }: DryRunParts, { eligible }: Decided, now: number): readonly JsonObject[] {
  const view = (endpoint: Endpoint, model: string, position: number) => {
    const { provider, credentials } = endpoint;
    const { price, native, id } = endpoint.model;
    const { state, latency, throughput } = memory.standing(endpoint.id, now);
    return {
      position,
      provider: provider.name,
      provider_slug: provider.slug,
      model: id,
      ...(model === id ? {} : { requested: model }),
      native_model: native,
      is_router: provider.isRouter,
      // Of being the first one tried for its model.
      probability: eligible.shares ? (eligible.shares.get(endpoint) ?? 0) : 1,
      state,
      pricing: price && { prompt: formatUsd(price.prompt), completion: formatUsd(price.completion) },
      latency_p50_ms: latency?.p50 ?? null,
      throughput_p50: throughput?.p50 ?? null,
      ...(credentials ? { keys: credentials.map(({ name, isFallback }) => ({ name, is_fallback: isFallback })) } : {}),
    };
  };
  let position = 0;
  return eligible.routes.flatMap(({ model, endpoints }) =>
    endpoints.map((endpoint) => {
      position += 1;
      return view(endpoint, model, position);
    }),
  );
}
