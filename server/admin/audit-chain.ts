import { hash } from 'node:crypto';
import type { AuditRow } from '../store/audit-store.ts';

/** What the first record names as the one before it. */
export const FIRST_PREVIOUS = '0'.repeat(64);

export type AuditEntry = Pick<AuditRow, 'at' | 'actor' | 'action' | 'target' | 'before' | 'after'>;

/** The record of an entry behind `last`: its number, the hash of the one before it, and its own. */
export function sealAudit(entry: AuditEntry, last: Pick<AuditRow, 'seq' | 'hash'> | null): AuditRow {
  const record = { seq: (last?.seq ?? 0) + 1, ...entry, previous: last?.hash ?? FIRST_PREVIOUS };
  return { ...record, hash: auditHash(record) };
}

/** SHA-256, hex, over the record without its hash as JSON with sorted keys. */
export function auditHash(record: Omit<AuditRow, 'hash'>): string {
  const { seq, at, actor, action, target, before, after, previous } = record;
  return hash('sha256', canonicalJson({ seq, at, actor, action, target, before, after, previous }));
}

export type AuditVerdict =
  | { readonly ok: true; readonly records: number; readonly head: string | null }
  | { readonly ok: false; readonly records: number; readonly seq: number; readonly problem: string };

/** What the log says the chain had come to. */
export type AuditHead = { readonly seq: number; readonly hash: string };

/**
 * Follows the chain from its first record. Finds records that were altered, removed, added or moved; one that was cut off at its end is
 * found by `logged`, heads that were written elsewhere. `records` counts those that were looked at.
 */
export function verifyAudit(
  stored: Iterable<{ readonly seq: number; readonly row: AuditRow | null }>,
  logged: readonly AuditHead[] = [],
): AuditVerdict {
  const heads = new Map(logged.map((head) => [head.seq, head.hash]));
  let records = 0;
  let previous = FIRST_PREVIOUS;
  for (const { seq, row } of stored) {
    const broken = (problem: string): AuditVerdict => ({ ok: false, records, seq, problem });
    records += 1;
    if (seq !== records) return broken(`record ${records} is missing`);
    if (row === null) return broken(`record ${seq} cannot be read`);
    if (row.previous !== previous) return broken(`record ${seq} does not follow the one before it`);
    if (auditHash(row) !== row.hash) return broken(`record ${seq} was altered`);
    const head = heads.get(seq);
    if (head !== undefined && head !== row.hash) return broken(`record ${seq} is not the one that the log knows`);
    previous = row.hash;
  }
  const last = Math.max(0, ...heads.keys());
  if (last > records) {
    return { ok: false, records, seq: records + 1, problem: `record ${records + 1} is missing: the log knows ${last}` };
  }
  return { ok: true, records, head: records === 0 ? null : previous };
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
