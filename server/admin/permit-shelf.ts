import { randomUUID } from 'node:crypto';
import { permitsFor, type Reason } from '../policy/permit.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { PermitRow } from '../store/permit-store.ts';
import type { KeyRow } from '../store/store.ts';
import { type AuditedChange, audited } from './audit.ts';
import type { AdminContext } from './context.ts';

/** As the engine asks: see `engine/behavior-parts.ts`. */
export type Question = {
  readonly callId: string;
  readonly key: KeyRow;
  readonly task: string | null;
  readonly reasons: readonly Reason[];
};

const FORGOTTEN_MS = 86_400_000;

/** The permits there are, as calls use them: what can still be used is in memory besides. */
export class PermitShelf {
  readonly #admin: AdminContext;
  /** Live ones, by key. */
  readonly #live: Map<string, readonly PermitRow[]>;

  private constructor(admin: AdminContext, live: readonly PermitRow[]) {
    this.#admin = admin;
    this.#live = Map.groupBy(live, ({ keyId }) => keyId);
  }

  static async open(admin: AdminContext): Promise<PermitShelf> {
    return new PermitShelf(admin, await admin.store.permits.live(admin.now().toISOString()));
  }

  async wouldTake(question: Question): Promise<boolean> {
    return this.#choose(question, await this.#spent(question.key.id)) !== null;
  }

  /** Uses what permits there are: every use is in the store before the call goes on. Null: they do not answer every reason. */
  async take(question: Question): Promise<readonly PermitRow[] | null> {
    const { key, task, callId } = question;
    if (!this.#live.has(key.id)) return null;
    const spent = await this.#spent(key.id);
    // From here to the marks in memory nothing is awaited: no two calls use one leave.
    const chosen = this.#choose(question, spent);
    if (!chosen) return null;
    const at = this.#admin.now().toISOString();
    const bound = (permit: PermitRow) => (permit.anyTask ? null : (task ?? callId));
    const used = chosen.map((permit) => ({ ...permit, uses: permit.uses + 1, task: permit.task ?? bound(permit) }));
    for (const permit of used) this.#replace(permit);
    try {
      for (const permit of used)
        await this.#admin.store.permits.use({ permitId: permit.id, callId, task, at }, bound(permit));
    } catch (error) {
      for (const permit of chosen) this.#replace(permit);
      throw error;
    }
    return used;
  }

  /** Keeps a permit and the record of who gave it. */
  async add(
    row: Omit<PermitRow, 'id' | 'uses' | 'createdAt' | 'revokedAt'>,
    change: Pick<AuditedChange, 'action' | 'before'>,
  ): Promise<PermitRow> {
    const { store, now, events } = this.#admin;
    const permit = { ...row, id: randomUUID(), uses: 0, createdAt: now().toISOString(), revokedAt: null };
    const record = { ...change, target: `permit:${permit.id}`, after: permitFacts(permit) };
    await audited(this.#admin, record, () => store.permits.insert(permit));
    this.#live.set(permit.keyId, [...this.#liveOf(permit.keyId), permit]);
    events.emit({ kind: 'changed', changed: { what: 'permits' } });
    return permit;
  }

  async revoke(permit: PermitRow): Promise<void> {
    const { store, now, events } = this.#admin;
    const record = { action: 'permit.revoke', target: `permit:${permit.id}`, before: permitFacts(permit) };
    await audited(this.#admin, record, () => store.permits.revoke(permit.id, now().toISOString()));
    this.#keep(
      permit.keyId,
      this.#liveOf(permit.keyId).filter(({ id }) => id !== permit.id),
    );
    events.emit({ kind: 'changed', changed: { what: 'permits' } });
  }

  #choose({ key, task, reasons, callId }: Question, spent: ReadonlySet<string>): readonly PermitRow[] | null {
    const live = this.#liveOf(key.id).filter(({ id }) => !spent.has(id));
    return permitsFor(live, reasons, { keyId: key.id, task: task ?? callId }, this.#admin.now());
  }

  /** Those whose cap is used up. */
  async #spent(keyId: string): Promise<ReadonlySet<string>> {
    const capped = this.#liveOf(keyId).filter(({ cap }) => cap !== null);
    if (capped.length === 0) return NOTHING;
    const standings = await this.#admin.store.ledger.standings(
      capped.map(({ id, cap }) => ({ id: `permit:${id}`, limit: cap, since: null, includeByok: true })),
    );
    return new Set(
      standings.filter(({ spent, limit }) => limit !== null && spent >= limit).map(({ id }) => id.slice(7)),
    );
  }

  #replace(permit: PermitRow): void {
    const isOver = permit.mostUses !== null && permit.uses >= permit.mostUses;
    const others = this.#liveOf(permit.keyId).filter(({ id }) => id !== permit.id);
    this.#keep(permit.keyId, isOver ? others : [...others, permit]);
  }

  /** Those that ended a day ago are forgotten: a key may be given thousands over the years, and a clock be put right again. */
  #liveOf(keyId: string): readonly PermitRow[] {
    const rows = this.#live.get(keyId) ?? [];
    const since = this.#admin.now().getTime() - FORGOTTEN_MS;
    const live = rows.filter(({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) > since);
    if (live.length < rows.length) this.#keep(keyId, live);
    return live;
  }

  #keep(keyId: string, rows: readonly PermitRow[]): void {
    if (rows.length > 0) this.#live.set(keyId, rows);
    else this.#live.delete(keyId);
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** A permit as it is recorded. */
const permitFacts = ({ keyId, kind, value, task, anyTask, expiresAt, cap, mostUses, grantedBy }: PermitRow) => ({
  key_id: keyId,
  only: kind && { kind, value },
  task,
  any_task: anyTask,
  expires_at: expiresAt,
  cap: cap === null ? null : usdOfNano(cap),
  uses: mostUses,
  by: grantedBy,
});
