import { randomUUID } from 'node:crypto';
import { type Refusal, refuse } from '../errors.ts';
import { permitsFor, type Reason } from '../policy/permit.ts';
import { usdOfNano } from '../pricing/money.ts';
import { PERMIT_ASKED, PERMIT_ENDED, type PermitDecision, type PermitEnded, type PermitRequest } from '../protocol.ts';
import type { PermitRow, RequirementRow } from '../store/permit-store.ts';
import type { KeyRow } from '../store/store.ts';
import type { AdminContext } from './context.ts';

/** As the engine asks: see `engine/behavior-parts.ts`. */
type Question = {
  readonly callId: string;
  readonly key: KeyRow;
  readonly task: string | null;
  readonly reasons: readonly Reason[];
};
type Matter = {
  readonly behavior: { readonly name: string } | null;
  readonly preset: { readonly slug: string; readonly version: number | null } | null;
  readonly model: string;
  readonly provider: string;
  readonly bound: number | null;
};
type Patience = {
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly onWaiting: ((deadline: Date) => void) | undefined;
};
type Answer = { readonly kind: 'permitted'; readonly permits: readonly PermitRow[] } | Refusal;

type Waiter = { readonly question: Question; readonly deadline: Date; readonly end: (answer: Answer) => void };
type Request = {
  readonly id: string;
  readonly matter: Matter;
  readonly askedAt: string;
  /** In the order in which they came. */
  readonly waiters: Waiter[];
};

/** How long a denial holds for the rest of its task. */
const DENIED_MS = 10 * 60_000;
/** A leave for a task that names neither an end nor a sum. */
const TASK_MINUTES = 24 * 60;
/** Answered requests that are remembered, to tell the second editor who was first. */
const MOST_ANSWERED = 200;
/** Denials that are remembered. */
const MOST_DENIED = 10_000;

export type Answered = { readonly decision: PermitDecision['decision']; readonly by: string; readonly at: string };

/**
 * Permits as calls use them, and the calls that wait for one. What lasts is in the store; who waits is in memory alone, for with the
 * daemon the callers' connections are gone too.
 */
export class PermitDesk {
  readonly #admin: AdminContext;
  /** Live ones, by key. */
  readonly #live: Map<string, PermitRow[]>;
  readonly #requests = new Map<string, Request>();
  readonly #answered = new Map<string, Answered>();
  readonly #denied = new Map<string, { readonly untilMs: number; readonly by: string }>();
  #requirementsOf = new Map<string, readonly RequirementRow[]>();
  #requirementsSeen: unknown = null;
  /** Whoever waits is let through one after another: no two answers serve the same call. */
  #serving: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(admin: AdminContext, live: readonly PermitRow[]) {
    this.#admin = admin;
    this.#live = Map.groupBy(live, ({ keyId }) => keyId);
  }

  static async open(admin: AdminContext): Promise<PermitDesk> {
    return new PermitDesk(admin, await admin.store.permits.live(admin.now().toISOString()));
  }

  requirements(workspaceId: string): readonly RequirementRow[] {
    const rows = this.#admin.store.permits.requirements();
    if (rows !== this.#requirementsSeen) {
      this.#requirementsOf = Map.groupBy(rows, (row) => row.workspaceId);
      this.#requirementsSeen = rows;
    }
    return this.#requirementsOf.get(workspaceId) ?? NONE;
  }

  async wouldTake(question: Question): Promise<boolean> {
    return this.#choose(question, await this.#spent(question.key.id)) !== null;
  }

  /** Uses what permits there are: every use is in the store before the call goes on. */
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

  /** Waits for an answer at most as long as the call can; the editors are asked meanwhile. */
  wait(question: Question, matter: Matter, { patienceMs, signal, onWaiting }: Patience): Promise<Answer> {
    const denied = this.#deniedBy(question);
    if (denied) return Promise.resolve(denied);
    if (this.#closed) return Promise.resolve(refuse('shutting_down', { retryAfter: 1 }));
    if (signal.aborted) return Promise.resolve(unanswered(question, 'its caller left'));
    const deadline = new Date(this.#admin.now().getTime() + patienceMs);
    onWaiting?.(deadline);
    return new Promise((resolve) => {
      const request = this.#requestFor(question, matter);
      const end = (answer: Answer) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        resolve(answer);
      };
      const waiter: Waiter = { question, deadline, end };
      const giveUp = (outcome: 'timeout' | 'gone', why: string) => {
        end(unanswered(question, why));
        this.#remove(request, waiter, outcome);
      };
      const leave = () => giveUp('gone', 'its caller left');
      const timer = setTimeout(
        () => giveUp('timeout', `nobody answered within ${Math.round(patienceMs / 1000)} s`),
        patienceMs,
      );
      signal.addEventListener('abort', leave, { once: true });
      request.waiters.push(waiter);
      this.#tell(request);
    });
  }

  /** Calls that wait. */
  get waiting(): number {
    let calls = 0;
    for (const { waiters } of this.#requests.values()) calls += waiters.length;
    return calls;
  }

  /** What people are asked now, the longest waiting first. */
  requests(): readonly PermitRequest[] {
    return [...this.#requests.values()].map((request) => this.#view(request));
  }

  /** The first answer wins; the second is told who gave it, and a stranger that there is nothing to answer. */
  async answer(id: string, { decision, minutes, usd, by = 'api' }: PermitDecision): Promise<PermitEnded | Refusal> {
    const request = this.#requests.get(id);
    const [first] = request?.waiters ?? [];
    if (!request || !first) {
      const answered = this.#answered.get(id);
      return answered
        ? refuse('permit_answered', { detail: `${answered.decision}, by ${answered.by}`, metadata: { ...answered } })
        : refuse('not_found', { message: 'Nobody waits for this answer any more', metadata: { id } });
    }
    const { key, task } = first.question;
    this.#remember(id, { decision, by, at: this.#admin.now().toISOString() });
    this.#requests.delete(id);
    if (decision === 'deny') {
      if (task !== null) this.#deny(key.id, task, by);
      this.#ended(id, 'deny');
      for (const { question, end } of request.waiters) end(denial(question, by));
      return { id, outcome: 'deny' };
    }
    const isTask = decision === 'task' && task !== null;
    const ends = isTask && (minutes !== undefined || usd === undefined) ? (minutes ?? TASK_MINUTES) : null;
    try {
      await this.grant({
        keyId: key.id,
        workspaceId: key.workspaceId,
        kind: null,
        value: null,
        // A call without a session is its own task.
        task: task ?? first.question.callId,
        anyTask: false,
        expiresAt: ends === null ? null : new Date(this.#admin.now().getTime() + ends * 60_000).toISOString(),
        cap: usd === undefined ? null : Math.round(usd * 1e9),
        mostUses: isTask ? null : 1,
        grantedBy: by,
        note: null,
      });
    } catch (error) {
      // It was not granted after all: they wait on, and can be answered again.
      this.#answered.delete(id);
      this.#requests.set(id, request);
      throw error;
    }
    this.#ended(id, decision);
    await this.#serve(request);
    return { id, outcome: decision };
  }

  /** Keeps a permit; calls that wait for one like it go on. */
  async grant(row: Omit<PermitRow, 'id' | 'uses' | 'createdAt' | 'revokedAt'>): Promise<PermitRow> {
    const permit = {
      ...row,
      id: randomUUID(),
      uses: 0,
      createdAt: this.#admin.now().toISOString(),
      revokedAt: null,
    };
    await this.#admin.store.permits.insert(permit);
    this.#live.set(permit.keyId, [...(this.#live.get(permit.keyId) ?? []), permit]);
    if (permit.task !== null) this.#denied.delete(taskName(permit.keyId, permit.task));
    this.#admin.events.emit({ kind: 'changed', changed: { what: 'permits' } });
    for (const request of [...this.#requests.values()])
      if (request.waiters[0]?.question.key.id === permit.keyId) await this.#serve(request);
    return permit;
  }

  async revoke(permit: PermitRow): Promise<void> {
    await this.#admin.store.permits.revoke(permit.id, this.#admin.now().toISOString());
    const rest = (this.#live.get(permit.keyId) ?? []).filter(({ id }) => id !== permit.id);
    if (rest.length > 0) this.#live.set(permit.keyId, rest);
    else this.#live.delete(permit.keyId);
    this.#admin.events.emit({ kind: 'changed', changed: { what: 'permits' } });
  }

  /** The daemon ends: whoever waits may call again, and is asked for anew. */
  close(): void {
    this.#closed = true;
    for (const { id, waiters } of this.#requests.values()) {
      for (const { end } of waiters) end(refuse('shutting_down', { retryAfter: 1 }));
      this.#ended(id, 'gone');
    }
    this.#requests.clear();
  }

  #choose({ key, task, reasons, callId }: Question, spent: ReadonlySet<string>): readonly PermitRow[] | null {
    const now = this.#admin.now();
    const live = (this.#live.get(key.id) ?? []).filter(({ id }) => !spent.has(id));
    return permitsFor(live, reasons, { keyId: key.id, task: task ?? callId }, now);
  }

  /** Those whose cap is used up. */
  async #spent(keyId: string): Promise<ReadonlySet<string>> {
    const capped = (this.#live.get(keyId) ?? []).filter(({ cap }) => cap !== null);
    if (capped.length === 0) return NOTHING;
    const standings = await this.#admin.store.ledger.standings(
      capped.map(({ id, cap }) => ({ id: `permit:${id}`, limit: cap, since: null })),
    );
    return new Set(
      standings.filter(({ spent, limit }) => limit !== null && spent >= limit).map(({ id }) => id.slice(7)),
    );
  }

  #replace(permit: PermitRow): void {
    const isOver = permit.mostUses !== null && permit.uses >= permit.mostUses;
    const others = (this.#live.get(permit.keyId) ?? []).filter(({ id }) => id !== permit.id);
    if (isOver && others.length === 0) this.#live.delete(permit.keyId);
    else this.#live.set(permit.keyId, isOver ? others : [...others, permit]);
  }

  /** Calls of one task are asked for together. */
  #requestFor({ key, task }: Question, matter: Matter): Request {
    const known =
      task === null
        ? undefined
        : [...this.#requests.values()].find(({ waiters }) =>
            waiters.some(({ question }) => question.key.id === key.id && question.task === task),
          );
    if (known) return known;
    const request = { id: randomUUID(), matter, askedAt: this.#admin.now().toISOString(), waiters: [] };
    this.#requests.set(request.id, request);
    return request;
  }

  /** Lets go on who can; whoever is left is asked for under a name of its own, for this one may have been answered. */
  #serve(request: Request): Promise<void> {
    const served = this.#serving.then(() => this.#letGo(request));
    this.#serving = served.catch(() => {});
    return served;
  }

  async #letGo(request: Request): Promise<void> {
    for (const waiter of [...request.waiters]) {
      const permits = await this.take(waiter.question).catch((error: unknown) => {
        this.#admin.log.error('a permit could not be used', { error: String(error) });
        return refuse('policy_unavailable');
      });
      if (permits === null || !request.waiters.includes(waiter)) continue;
      request.waiters.splice(request.waiters.indexOf(waiter), 1);
      waiter.end('kind' in permits ? permits : { kind: 'permitted', permits });
    }
    if (request.waiters.length === 0) {
      if (this.#requests.delete(request.id)) this.#ended(request.id, 'granted');
    } else if (!this.#requests.has(request.id)) {
      const rest = { ...request, id: randomUUID() };
      for (const [id, one] of this.#requests) if (one === request) this.#requests.delete(id);
      this.#requests.set(rest.id, rest);
      this.#tell(rest);
    }
  }

  #remove(request: Request, waiter: Waiter, outcome: 'timeout' | 'gone'): void {
    const at = request.waiters.indexOf(waiter);
    if (at === -1) return;
    request.waiters.splice(at, 1);
    // It may go by another name since another call of its task was let through.
    const current = [...this.#requests.values()].find(({ waiters }) => waiters === request.waiters);
    if (!current) return;
    if (request.waiters.length > 0) this.#tell(current);
    else {
      this.#requests.delete(current.id);
      this.#ended(current.id, outcome);
    }
  }

  #deniedBy(question: Question): Refusal | null {
    const { key, task } = question;
    if (task === null) return null;
    const denied = this.#denied.get(taskName(key.id, task));
    if (!denied) return null;
    if (this.#admin.now().getTime() < denied.untilMs) return denial(question, denied.by);
    this.#denied.delete(taskName(key.id, task));
    return null;
  }

  #deny(keyId: string, task: string, by: string): void {
    if (this.#denied.size >= MOST_DENIED) this.#denied.clear();
    this.#denied.set(taskName(keyId, task), { untilMs: this.#admin.now().getTime() + DENIED_MS, by });
  }

  #remember(id: string, answered: Answered): void {
    this.#answered.set(id, answered);
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > MOST_ANSWERED && oldest !== undefined) this.#answered.delete(oldest);
  }

  #tell(request: Request): void {
    this.#admin.events.emit({ kind: 'told', method: PERMIT_ASKED, params: this.#view(request) });
  }

  #ended(id: string, outcome: PermitEnded['outcome']): void {
    this.#admin.events.emit({ kind: 'told', method: PERMIT_ENDED, params: { id, outcome } satisfies PermitEnded });
  }

  #view({ id, matter, askedAt, waiters }: Request): PermitRequest {
    const [first] = waiters;
    const { key, task, reasons } = first?.question ?? { key: null, task: null, reasons: [] };
    const { preset, bound } = matter;
    return {
      id,
      key_hash: key?.hash ?? '',
      key: key?.name ?? '',
      behavior: matter.behavior?.name ?? null,
      preset: preset && `@preset/${preset.slug}${preset.version === null ? '' : `@${preset.version}`}`,
      model: matter.model,
      provider: matter.provider,
      bound: bound === null ? null : usdOfNano(bound),
      task,
      reasons: reasons.map(reasonText),
      calls: waiters.length,
      asked_at: askedAt,
      deadline: waiters
        .reduce((latest, { deadline }) => (deadline > latest ? deadline : latest), new Date(0))
        .toISOString(),
    };
  }
}

const NONE: readonly RequirementRow[] = [];
const NOTHING: ReadonlySet<string> = new Set();

const taskName = (keyId: string, task: string) => `${keyId} ${task}`;

const reasonText = ({ kind, value }: Reason) => (kind === 'key' ? 'key' : `${kind} ${value}`);

function unanswered(question: Question, why: string): Refusal {
  return refuse('permit_required', {
    detail: `${why} (${question.reasons.map(reasonText).join(', ')})`,
    metadata: factsOf(question),
  });
}

function denial(question: Question, by: string): Refusal {
  return refuse('permit_denied', {
    detail: question.reasons.map(reasonText).join(', '),
    metadata: { ...factsOf(question), by },
  });
}

const factsOf = ({ key, task, reasons }: Question) => ({
  scope: 'permit',
  key: key.name,
  key_hash: key.hash,
  task,
  reasons: reasons.map(reasonText),
});
