import { promotionOf } from '../policy/tier.ts';
import type { BehaviorEntry, BehaviorRow } from '../store/behavior-store.ts';
import type { BehaviorHouse } from './behaviors.ts';

/** A behavior as it is shown. */
export async function behaviorView(house: BehaviorHouse, row: BehaviorRow): Promise<Record<string, unknown>> {
  const { admin, book } = house;
  const key = await admin.store.keys.byId(row.keyId);
  const standing = { ...row, cleanCalls: book.cleanCalls(row) };
  const promotion = promotionOf(standing, book.rulesOf(row.workspaceId), admin.now());
  return {
    id: row.id,
    name: row.name,
    workspace_id: row.workspaceId,
    tier: row.tier,
    preset: presetName(row),
    pinned: row.presetVersion !== null,
    key: key && { hash: key.hash, name: key.name, label: key.label, suspended: key.suspendedAt !== null },
    clean_calls: standing.cleanCalls,
    clean_since: row.cleanSince,
    promotion: {
      kind: promotion.kind,
      to: promotion.kind === 'none' ? null : promotion.to,
      calls_left: promotion.kind === 'unearned' ? promotion.callsLeft : 0,
      earliest: promotion.kind === 'unearned' ? promotion.earliest : null,
    },
    proposals: await admin.store.proposals.pending(row.id),
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

/** A line of a behavior's ledger as it is shown. */
export const entryView = (entry: BehaviorEntry): Record<string, unknown> => ({
  id: entry.id,
  at: entry.at,
  kind: entry.kind,
  code: entry.code,
  generation_id: entry.callId,
  detail: entry.detail,
  tier_before: entry.tierBefore,
  tier_after: entry.tierAfter,
});

/** What it calls, as people write it. */
export const presetName = ({ presetSlug, presetVersion }: BehaviorRow) =>
  presetVersion === null ? presetSlug : `${presetSlug}@${presetVersion}`;
