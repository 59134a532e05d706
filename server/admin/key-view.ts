import { resetsAt, windowStart } from '../ledger/windows.ts';
import { isExpired } from '../policy/key-expiry.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { KeyState, SpendKey } from '../protocol.ts';
import type { KeyRow, LayerStanding } from '../store/store.ts';
import { byokSpendOf, type SpendWindows, withoutByok } from './byok-spend.ts';
import type { AdminContext } from './context.ts';
import { budgetsOver, keyBudgets } from './key-budgets.ts';
import { spendBudgets } from './spend-budgets.ts';
import { organizationOfWorkspace, workspaceOrDefault } from './workspace-scope.ts';

/** What a key has spent, in nano-dollars, lifetime and in the windows that hold `now`. */
type KeyUsage = {
  readonly total: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly requests: number;
  /** What of it was charged to brought keys. */
  readonly byok: SpendWindows;
  readonly standing: LayerStanding;
};

async function usageOf(admin: AdminContext, key: KeyRow): Promise<KeyUsage> {
  const now = admin.now();
  const since = async (reset: 'daily' | 'weekly' | 'monthly' | null) => {
    const start = windowStart(reset, now);
    return admin.store.usage.sums(start === null ? { keyId: key.id } : { keyId: key.id, since: start });
  };
  const [total, daily, weekly, monthly] = await Promise.all([
    since(null),
    since('daily'),
    since('weekly'),
    since('monthly'),
  ]);
  const { limit, limitReset, includeByokInLimit: includeByok } = key;
  const layer = { id: `key:${key.id}`, limit, since: windowStart(limitReset, now), includeByok };
  const [standing = { ...layer, spent: 0, reserved: 0 }] = await admin.store.ledger.standings([layer]);
  return {
    total: total.nano,
    daily: daily.nano,
    weekly: weekly.nano,
    monthly: monthly.nano,
    requests: total.requests,
    byok: await byokSpendOf(admin, key),
    standing,
  };
}

/** A key as `/keys` shows it: OpenRouter's object, then Callgate's fields. Money in US dollars. */
export async function keyView(admin: AdminContext, key: KeyRow): Promise<Record<string, unknown>> {
  const usage = await usageOf(admin, key);
  return {
    hash: key.hash,
    name: key.name,
    label: key.label,
    disabled: key.disabled,
    ...limitOf(key, usage),
    include_byok_in_limit: key.includeByokInLimit,
    ...windowsOf(usage),
    workspace_id: key.workspaceId,
    creator_user_id: key.creatorUserId,
    external_user: null,
    expires_at: key.expiresAt,
    created_at: key.createdAt,
    updated_at: key.updatedAt,
    allow_unpriced: key.allowUnpriced,
    can_write_presets: key.canWritePresets,
    clamp: key.clamp,
    runaway: key.runaway,
    suspended: key.suspendedAt === null ? null : { at: key.suspendedAt, reason: key.suspendedFor },
    kind: key.kind,
  };
}

/** A key as it sees itself at `GET /key`. */
export async function currentKeyView(admin: AdminContext, key: KeyRow): Promise<Record<string, unknown>> {
  const usage = await usageOf(admin, key);
  return {
    ...SELF,
    label: key.label,
    ...limitOf(key, usage),
    include_byok_in_limit: key.includeByokInLimit,
    ...windowsOf(usage),
    creator_user_id: key.creatorUserId,
    workspace_id: key.workspaceId,
    organization_id: organizationOfWorkspace(admin, key.workspaceId),
    expires_at: key.expiresAt,
    ...(await keyBudgets(admin, key)),
  };
}

/** A management key as it sees itself: it has no limit and spends nothing. */
export async function managementKeyView(
  admin: AdminContext,
  organizationId: string,
  label: string,
): Promise<Record<string, unknown>> {
  const workspace = workspaceOrDefault(admin, organizationId, undefined);
  const none = windowsOf({ ...NOTHING, byok: NOTHING });
  return {
    ...SELF,
    label,
    limit: null,
    limit_remaining: null,
    limit_reset: null,
    include_byok_in_limit: false,
    ...none,
    creator_user_id: null,
    workspace_id: workspace.kind === 'workspace' ? workspace.row.id : null,
    organization_id: organizationId,
    is_management_key: true,
    is_provisioning_key: true,
  };
}

/** A row of the spend tree. */
export async function spendKeyView(admin: AdminContext, key: KeyRow): Promise<SpendKey> {
  const usage = await usageOf(admin, key);
  const budgets = await budgetsOver(admin, key);
  const behavior = admin.store.behaviors.all().find(({ keyId }) => keyId === key.id);
  return {
    hash: key.hash,
    name: key.name,
    label: key.label,
    state: stateOf(
      key,
      budgets.map(({ standing }) => standing),
      admin.now(),
    ),
    ...limitOf(key, usage),
    resets_at: resetsAt(key.limitReset, admin.now()),
    expires_at: key.expiresAt,
    ...usageWindows(usage),
    in_flight: usdOfNano(usage.standing.reserved),
    requests: usage.requests,
    last_used_at: await admin.store.usage.lastUsed(key.id),
    suspended: key.suspendedFor,
    budgets: spendBudgets(budgets, admin.now()),
    behavior: behavior ? { id: behavior.id, name: behavior.name, tier: behavior.tier } : null,
  };
}

/** A limit is near from 80 % of it. */
const NEAR = 0.8;

/** Of all budgets over it, the one that is nearest to its end counts. */
function stateOf(key: KeyRow, standings: readonly LayerStanding[], now: Date): KeyState {
  if (key.disabled || key.suspendedAt !== null) return 'disabled';
  if (isExpired(key, now)) return 'expired';
  const past = (share: number) => standings.some(({ limit, spent }) => limit !== null && spent >= limit * share);
  if (past(1)) return 'stopped';
  return past(NEAR) ? 'near_limit' : 'fine';
}

function limitOf(key: KeyRow, { standing }: KeyUsage) {
  return {
    limit: key.limit === null ? null : usdOfNano(key.limit),
    limit_remaining: key.limit === null ? null : usdOfNano(key.limit - standing.spent),
    limit_reset: key.limitReset,
  };
}

type Windows = Pick<KeyUsage, 'total' | 'daily' | 'weekly' | 'monthly'>;

function usageWindows({ total, daily, weekly, monthly }: Windows) {
  return {
    usage: usdOfNano(total),
    usage_daily: usdOfNano(daily),
    usage_weekly: usdOfNano(weekly),
    usage_monthly: usdOfNano(monthly),
  };
}

const NOTHING: SpendWindows = { total: 0, daily: 0, weekly: 0, monthly: 0 };

/** As OpenRouter tells it: what was charged to brought keys stands beside the rest, not in it. */
function windowsOf(usage: Windows & { readonly byok: SpendWindows }) {
  const { total, daily, weekly, monthly } = usage.byok;
  return {
    ...usageWindows(withoutByok(usage, usage.byok)),
    byok_usage: usdOfNano(total),
    byok_usage_daily: usdOfNano(daily),
    byok_usage_weekly: usdOfNano(weekly),
    byok_usage_monthly: usdOfNano(monthly),
  };
}

/** What is the same for every key here: no tiers, no free pool, no rate limit, one region. */
const SELF = {
  is_free_tier: false,
  is_management_key: false,
  is_provisioning_key: false,
  rate_limit: { requests: -1, interval: '10s', note: 'Callgate limits money, not requests.' },
  free_model_daily_requests: { limit: 0, remaining: 0, used: 0 },
  allowed_data_regions: ['global'],
};
