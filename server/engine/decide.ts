import { type Refusal, refuse } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import { readPlugins } from '../plugins/read-plugins.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { KeyRow, KeyStore, PresetStore } from '../store/store.ts';
import type { WorkspaceStore } from '../store/workspace-store.ts';
import type { Asked } from './asked.ts';
import type { BehaviorParts } from './behavior-parts.ts';
import { type Bound, boundOf } from './bound.ts';
import type { CallInput } from './call.ts';
import { type Eligible, eligibleRoutes, type RouteParts, routeAsker } from './eligible.ts';
import { type Fitted, fitContext, mayNeedCut } from './fit-context.ts';
import { keyRefusal } from './key-standing.ts';
import { resolvePreset } from './resolve-preset.ts';
import { routersOnly } from './routers-only.ts';
import { undecided } from './undecided.ts';
import { without } from './without.ts';
import { inWorkspace } from './workspace-wishes.ts';

export type DecideParts = RouteParts & {
  readonly presets: PresetStore;
  readonly keys: Pick<KeyStore, 'byId'>;
  readonly policyOf: (key: KeyRow) => EffectivePolicy;
  readonly log: Log;
};

export type AskedParts = DecideParts & {
  readonly behaviors: Pick<BehaviorParts, 'behaviorOf'>;
  readonly workspaces: Pick<WorkspaceStore, 'get'>;
};

/** Where a call may go, in which order, and the most it may cost there. */
export type Decided = {
  readonly kind: 'decided';
  readonly eligible: Eligible;
  readonly fitted: Fitted | null;
  readonly bound: Bound;
};

/** What is asked for: the key as it stands now, and the request with its preset merged in. Nothing is done about it yet. */
export async function askedOf(
  { presets, keys, workspaces, policyOf, behaviors, log }: AskedParts,
  input: CallInput,
  startedAt: Date,
  startedMs: number,
  isDry = false,
): Promise<Asked | Refusal> {
  // It was read when the request's head came; its body may have taken its time.
  const key = await keys.byId(input.key.id);
  const barred = keyRefusal(key, startedAt);
  if (barred || !key) return barred ?? refuse('invalid_key');
  let policy: EffectivePolicy;
  try {
    policy = policyOf(key);
  } catch (error) {
    return undecided(log, input.id, error);
  }

  // A pinned behavior's preset is the version it is pinned to, whoever calls it by its name alone.
  const pinned = behaviors.behaviorOf(key.id);
  const resolved = await resolvePreset(input.body, input.key.workspaceId, presets, input.draft, pinned);
  if (resolved.kind === 'refused') return resolved;
  const wished = inWorkspace(resolved.request, workspaces.get(key.workspaceId));
  if (wished.kind === 'refused') return wished;
  const { clamp, coalesce } = wished.request;
  const request = without(wished.request, ['clamp', 'coalesce']);
  const plugins = readPlugins(request);
  if (plugins.kind === 'refused') return plugins;
  const { preset } = resolved;
  const wishes = { clamp: clamp === true, coalesce: coalesce === true };
  return { kind: 'asked', input, key, policy, isDry, request, preset, plugins, ...wishes, startedAt, startedMs };
}

/** What would be done about it. Changes nothing: a call and its dry run decide by this. */
export async function decide(parts: RouteParts, asked: Asked): Promise<Decided | Refusal> {
  const { key, request, plugins, startedAt } = asked;
  const candidates = eligibleRoutes(request, routeAsker(asked), parts, startedAt.getTime());
  if (candidates.kind === 'refused') return candidates;
  const able = routersOnly(candidates, plugins, request);
  if (able.kind === 'refused') return able;
  const fitted = mayNeedCut(able, plugins) ? await fitContext(request, able, plugins) : null;
  const eligible = fitted?.eligible ?? able;
  const bound = boundOf(fitted?.largest ?? request, eligible.routes, key.clamp || asked.clamp);
  return { kind: 'decided', eligible, fitted, bound };
}
