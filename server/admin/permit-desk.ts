import { randomUUID } from 'node:crypto';
import { type Refusal, refuse } from '../errors.ts';
import { nanoOfUsd } from '../pricing/money.ts';
import { PERMIT_ASKED, PERMIT_ENDED, type PermitDecision, type PermitEnded, type PermitRequest } from '../protocol.ts';
import type { PermitRow, RequirementRow } from '../store/permit-store.ts';
import { audit } from './audit.ts';
import type { AdminContext } from './context.ts';
import {
  type Answer,
  denial,
  type Matter,
  type Request,
  requestView,
  unanswered,
  type Waiter,
} from './permit-request.ts';
import { PermitShelf, type Question } from './permit-shelf.ts';

type Patience = {
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly onWaiting: ((deadline: Date) => void) | undefined;
};

/** How long a denial holds for the rest of its task. */
const DENIED_MS = 10 * 60_000;
/** A leave for a task that names neither an end nor a sum. */
const TASK_MINUTES = 24 * 60;
/** Answered requests that are remembered, to tell the second editor who was first. */
const MOST_ANSWERED = 200;
/** Denials that are remembered. */
const MOST_DENIED = 10_000;

type NewPermit = Parameters<PermitShelf['add']>[0];

export type Answered = { readonly decision: PermitDecision['decision']; readonly by: string; readonly at: string };

/**
 * The calls that wait for a permit, and the answers to them. Who waits is in memory alone, for with the daemon the callers' connections
 * are gone too.
 */
export class PermitDesk {
  readonly #admin: AdminContext;
  readonly #shelf: PermitShelf;
  readonly #requests = new Map<string, Request>();
  readonly #answered = new Map<string, Answered>();
  readonly #denied = new Map<string, { readonly untilMs: number; readonly by: string }>();
  #requirementsOf = new Map<string, readonly RequirementRow[]>();
  #requirementsSeen: unknown = null;
  /** Whoever waits is let through one after another: no two answers serve the same call. */
  #serving: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(admin: AdminContext, shelf: PermitShelf) {
    this.#admin = admin;
    this.#shelf = shelf;
  }

  static async open(admin: AdminContext): Promise<PermitDesk> {
    return new PermitDesk(admin, await PermitShelf.open(admin));
  }

  requirements(workspaceId: string): readonly RequirementRow[] {
    const rows = this.#admin.store.permits.requirements();
    if (rows !== this.#requirementsSeen) {
      this.#requirementsOf = Map.groupBy(rows, (row) => row.workspaceId);
      this.#requirementsSeen = rows;
    }
    return this.#requirementsOf.get(workspaceId) ?? NONE;
  }

  wouldTake(question: Question): Promise<boolean> {
    return this.#shelf.wouldTake(question);
  }

  take(question: Question): Promise<readonly PermitRow[] | null> {
    return this.#shelf.take(question);
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
    return [...this.#requests.values()].map((request) => requestView(request));
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
    const asked = requestView(request);
    this.#remember(id, { decision, by, at: this.#admin.now().toISOString() });
    this.#requests.delete(id);
    const { key, task } = first.question;
    try {
      // From now on, whatever else of the task comes while this is written.
      if (decision === 'deny' && task !== null) this.#deny(key.id, task, by);
      if (decision === 'deny')
        await audit(this.#admin, {
          action: 'permit.answer',
          target: `permit-request:${id}`,
          before: asked,
          after: { decision, by },
        });
      else
        await this.#keep(leaveOf(first.question, { decision, minutes, usd, by }, this.#admin.now()), {
          action: 'permit.answer',
          before: asked,
        });
    } catch (error) {
      // It was not answered after all: they wait on, and can be answered again.
      this.#answered.delete(id);
      if (task !== null) this.#denied.delete(taskName(key.id, task));
      this.#requests.set(id, request);
      throw error;
    }
    this.#ended(id, decision);
    if (decision === 'deny') for (const { question, end } of request.waiters.splice(0)) end(denial(question, by));
    else await this.#serve(request);
    return { id, outcome: decision };
  }

  /** Keeps a permit that is given ahead; calls that wait for one like it go on. */
  grant(row: NewPermit): Promise<PermitRow> {
    return this.#keep(row, { action: 'permit.grant' });
  }

  revoke(permit: PermitRow): Promise<void> {
    return this.#shelf.revoke(permit);
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

  async #keep(row: NewPermit, change: { readonly action: string; readonly before?: unknown }): Promise<PermitRow> {
    const permit = await this.#shelf.add(row, change);
    if (permit.task !== null) this.#denied.delete(taskName(permit.keyId, permit.task));
    for (const request of [...this.#requests.values()])
      if (request.waiters[0]?.question.key.id === permit.keyId) await this.#serve(request);
    return permit;
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
    this.#admin.events.emit({ kind: 'told', method: PERMIT_ASKED, params: requestView(request) });
  }

  #ended(id: string, outcome: PermitEnded['outcome']): void {
    this.#admin.events.emit({ kind: 'told', method: PERMIT_ENDED, params: { id, outcome } satisfies PermitEnded });
  }
}

const NONE: readonly RequirementRow[] = [];

/** The permit that an answer gives: to the task, or once. A call without a session is its own task. */
function leaveOf(
  { key, task, callId }: Question,
  { decision, minutes, usd, by }: PermitDecision & { readonly by: string },
  now: Date,
): NewPermit {
  const isTask = decision === 'task' && task !== null;
  const ends = isTask && usd !== undefined ? minutes : (minutes ?? TASK_MINUTES);
  return {
    keyId: key.id,
    workspaceId: key.workspaceId,
    kind: null,
    value: null,
    task: task ?? callId,
    anyTask: false,
    expiresAt: ends === undefined ? null : new Date(now.getTime() + ends * 60_000).toISOString(),
    cap: usd === undefined ? null : nanoOfUsd(usd),
    mostUses: isTask ? null : 1,
    grantedBy: by,
    note: null,
  };
}

const taskName = (keyId: string, task: string) => `${keyId} ${task}`;
