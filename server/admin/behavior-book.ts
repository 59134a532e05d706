import { randomUUID } from 'node:crypto';
import type { Refusal } from '../errors.ts';
import { gateFailureOf } from '../policy/gate.ts';
import { failuresCountSince, promotionOf, tierAfterFailure } from '../policy/tier.ts';
import { BEHAVIOR_MOVED, type BehaviorMoved } from '../protocol.ts';
import type { BehaviorEntry, BehaviorPatch, BehaviorRow, GateKind } from '../store/behavior-store.ts';
import { audit } from './audit.ts';
import { type BehaviorRules, DEFAULT_BEHAVIOR_RULES, rulesOver } from './behavior-rules.ts';
import type { AdminContext } from './context.ts';

/** How long counts of clean calls may stand in memory alone; a kill loses them, which only makes trust come later. */
const FLUSH_MS = 5_000;

/** One failure of a behavior, as it is told. */
export type Failure = {
  readonly gate: GateKind;
  readonly window: string | null;
  readonly code: string;
  readonly callId: string | null;
  readonly detail: string;
};

/**
 * Which key belongs to which behavior, and what its calls do to its standing: failures are entered in its ledger and demote it by rule,
 * clean calls earn it trust. Asked at every call, so it answers from memory.
 */
export class BehaviorBook {
  readonly #admin: AdminContext;
  #indexed: readonly BehaviorRow[] = [];
  #byKey = new Map<string, BehaviorRow>();
  #rulesSeen: unknown = null;
  #rules = new Map<string, BehaviorRules>();
  /** Clean calls that are not written yet, by behavior. */
  readonly #clean = new Map<string, number>();
  /** Since when those were clean that have been offered more. */
  readonly #offered = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  /** Failures are judged one after another: each by what those before it have come to. */
  #judging: Promise<unknown> = Promise.resolve();
  readonly #listening: { [Symbol.dispose](): void };

  constructor(admin: AdminContext) {
    this.#admin = admin;
    this.#listening = admin.events.listen((event) => {
      if (event.kind === 'call' && event.call.status < 300) this.#countClean(event.keyId);
      else if (event.kind === 'refused') this.#countRefused(event.keyId, event.id, event.refusal);
    });
  }

  /** The behavior that a key belongs to; null for most. */
  readonly of = (keyId: string): BehaviorRow | null => {
    const rows = this.#admin.store.behaviors.all();
    if (rows !== this.#indexed) {
      this.#byKey = new Map(rows.map((row) => [row.keyId, row]));
      this.#indexed = rows;
    }
    return this.#byKey.size === 0 ? null : (this.#byKey.get(keyId) ?? null);
  };

  rulesOf(workspaceId: string): BehaviorRules {
    const rows = this.#admin.store.behaviors.rules();
    if (rows !== this.#rulesSeen) {
      this.#rules = new Map(rows.map((row) => [row.workspaceId, rulesOver(row.rules)]));
      this.#rulesSeen = rows;
    }
    return this.#rules.get(workspaceId) ?? DEFAULT_BEHAVIOR_RULES;
  }

  /** Clean calls, those that are not written yet included. */
  cleanCalls(row: BehaviorRow): number {
    return row.cleanCalls + (this.#clean.get(row.id) ?? 0);
  }

  /** Enters a failure and demotes by rule; resolves once that is kept. */
  failed(behaviorId: string, failure: Failure): Promise<void> {
    const judged = this.#judging.then(() => this.#judge(behaviorId, failure));
    this.#judging = judged.catch(() => {});
    return judged;
  }

  /** Resolves when every failure that was reported has been judged. */
  settled(): Promise<unknown> {
    return this.#judging;
  }

  /** Writes a change of a behavior with its entry, and tells the editors; false when it had been entered before. */
  async write(
    row: BehaviorRow,
    patch: BehaviorPatch,
    entry: Pick<BehaviorEntry, 'kind' | 'detail'> & Partial<BehaviorEntry>,
  ): Promise<boolean> {
    const { store, now } = this.#admin;
    const at = now().toISOString();
    const tierAfter = patch.tier ?? row.tier;
    const written = await store.behaviors.update(
      row.id,
      { ...patch, updatedAt: at },
      {
        id: randomUUID(),
        behaviorId: row.id,
        at,
        code: null,
        callId: null,
        window: null,
        ...entry,
        tierBefore: row.tier,
        tierAfter,
      },
    );
    if (written) this.tell({ ...row, ...patch }, row.tier, entry.kind, entry.detail);
    return written;
  }

  tell(
    row: BehaviorRow,
    before: BehaviorRow['tier'],
    why: BehaviorEntry['kind'] | 'earned',
    detail: string | null,
  ): void {
    const { events, log } = this.#admin;
    const moved: BehaviorMoved = { id: row.id, name: row.name, why, detail, tier_before: before, tier: row.tier };
    log.info('behavior', { ...moved });
    events.emit({ kind: 'told', method: BEHAVIOR_MOVED, params: moved });
    events.emit({ kind: 'changed', changed: { what: 'behaviors' } });
  }

  /** Stops listening and writes what is counted. */
  async close(): Promise<void> {
    this.#listening[Symbol.dispose]();
    await this.#judging;
    await this.#flush();
  }

  /** Trust begins anew: after a failure, and with every change of tier. */
  forgetClean(behaviorId: string): void {
    this.#clean.delete(behaviorId);
  }

  #countRefused(keyId: string, callId: string, { code, metadata, message }: Refusal): void {
    const row = this.of(keyId);
    const failure = row && gateFailureOf(code, metadata);
    if (!row || !failure) return;
    this.failed(row.id, { ...failure, code, callId, detail: message }).catch((error: unknown) =>
      this.#admin.log.error('a failure of a behavior could not be kept', { behavior: row.name, error: String(error) }),
    );
  }

  async #judge(behaviorId: string, failure: Failure): Promise<void> {
    const { store, now } = this.#admin;
    const row = store.behaviors.all().find(({ id }) => id === behaviorId);
    if (!row) return;
    const at = now();
    const rules = this.rulesOf(row.workspaceId);
    const before = await store.behaviors.failures(row.id, failuresCountSince(rules, row.trustedSince, at));
    const tier = tierAfterFailure(row.tier, before + 1, rules);
    const { gate: kind, window, code, callId, detail } = failure;
    const entry = { kind, window, code, callId, detail };
    const patch = { tier, cleanCalls: 0, cleanSince: at.toISOString() };
    if (tier === row.tier) {
      if (await this.write(row, patch, entry)) this.forgetClean(row.id);
      return;
    }
    const entered = await store.transact(async () => {
      const written = await this.write(row, patch, entry);
      if (written)
        await audit(this.#admin, {
          action: 'behavior.demote',
          target: `behavior:${row.id}`,
          before: { tier: row.tier },
          after: { tier, why: code },
          actor: 'daemon',
        });
      return written;
    });
    if (entered) this.forgetClean(row.id);
  }

  #countClean(keyId: string): void {
    const row = this.of(keyId);
    if (!row) return;
    this.#clean.set(row.id, (this.#clean.get(row.id) ?? 0) + 1);
    this.#timer ??= setTimeout(() => {
      this.#flush().catch((error: unknown) =>
        this.#admin.log.warn('clean calls could not be counted', { error: String(error) }),
      );
    }, FLUSH_MS).unref();
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { store, now } = this.#admin;
    for (const [id, calls] of [...this.#clean]) {
      this.#clean.delete(id);
      const row = store.behaviors.all().find((one) => one.id === id);
      if (!row) continue;
      const after = { ...row, cleanCalls: row.cleanCalls + calls };
      await store.behaviors.update(id, { cleanCalls: after.cleanCalls }, null);
      const rules = this.rulesOf(row.workspaceId);
      if (promotionOf(after, rules, now()).kind !== 'earned' || this.#offered.get(id) === row.cleanSince) continue;
      // It is offered once, and is a person's to give.
      this.#offered.set(id, row.cleanSince);
      this.tell(after, row.tier, 'earned', null);
    }
  }
}
