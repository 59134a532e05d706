import { createHash, randomUUID } from 'node:crypto';
import { type Refusal, refuse } from '../errors.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { ProposalRow, ProposalStatus } from '../store/proposal-store.ts';
import type { KeyRow } from '../store/store.ts';
import { audit } from './audit.ts';
import type { BehaviorHouse } from './behaviors.ts';
import type { AdminContext } from './context.ts';

/** Proposals that may wait for one behavior: an agent that goes on proposing must not fill the disk. */
const MOST_PENDING = 100;
/** What nobody has decided about for so long is forgotten, its text first of all. */
const EXPIRES_MS = 14 * 86_400_000;
/** Bytes of a request that may be kept. */
const MOST_BYTES = 4 * 1024 * 1024;

/** As the engine proposes: see `engine/behavior-parts.ts`. */
type Proposed = {
  readonly behavior: { readonly id: string; readonly name: string };
  readonly key: KeyRow;
  readonly callId: string;
  readonly model: string;
  readonly provider: string;
  readonly bound: number;
  readonly maxTokens: number | null;
  readonly preset: { readonly slug: string; readonly version: number | null; readonly hash: string } | null;
  readonly task: string | null;
  readonly request: Readonly<Record<string, unknown>>;
};

/** Forgets what nobody has decided about in time. */
export async function expireProposals({ store, now }: AdminContext): Promise<void> {
  const at = now();
  await store.proposals.expire(new Date(at.getTime() - EXPIRES_MS).toISOString(), at.toISOString());
}

/** Keeps a call that a behavior proposes: once, however often it is proposed while nobody has decided about it. */
export async function keepProposal(
  admin: AdminContext,
  proposed: Proposed,
): Promise<{ readonly kind: 'kept'; readonly id: string } | { readonly kind: 'full' }> {
  const { store, events, log, secrets, now } = admin;
  const { behavior, key, request, preset } = proposed;
  const text = JSON.stringify(request);
  const fingerprint = createHash('sha256')
    .update(`${key.id}\n${preset?.hash ?? ''}\n${text}`)
    .digest('hex');
  const at = now();
  await expireProposals(admin);
  const [same] = await store.proposals.list({ behaviorId: behavior.id, status: 'pending', fingerprint }, 1);
  if (same) return { kind: 'kept', id: same.id };
  if (text.length > MOST_BYTES || (await store.proposals.pending(behavior.id)) >= MOST_PENDING) return { kind: 'full' };
  const id = randomUUID();
  await store.proposals.insert({
    id,
    behaviorId: behavior.id,
    keyId: key.id,
    workspaceId: key.workspaceId,
    status: 'pending',
    createdAt: at.toISOString(),
    model: proposed.model,
    provider: proposed.provider,
    bound: proposed.bound,
    maxTokens: proposed.maxTokens,
    presetSlug: preset?.slug ?? null,
    presetVersion: preset?.version ?? null,
    presetHash: preset?.hash ?? null,
    task: proposed.task,
    fingerprint,
    // As the caller sent it: what a guardrail takes out of a call is not to lie about in the store.
    request: secrets.seal(sealName(id), text),
    decidedAt: null,
    generationId: null,
    note: null,
  });
  log.info('proposal kept', { id, behavior: behavior.name, model: proposed.model });
  events.emit({ kind: 'changed', changed: { what: 'behaviors' } });
  return { kind: 'kept', id };
}

export async function findProposal({ store }: AdminContext, id: string): Promise<FoundProposal | Refusal> {
  const row = await store.proposals.get(id);
  return row
    ? { kind: 'proposal', row }
    : refuse('not_found', { message: 'There is no such proposal', metadata: { id } });
}
export type FoundProposal = { readonly kind: 'proposal'; readonly row: ProposalRow };

/** A proposal that a person runs now: whose key, and what. Nobody else can begin it meanwhile. */
export type BegunProposal = {
  readonly kind: 'begun';
  readonly row: ProposalRow;
  readonly key: KeyRow;
  readonly body: Readonly<Record<string, unknown>>;
};

export async function beginProposal({ admin }: BehaviorHouse, id: string): Promise<BegunProposal | Refusal> {
  const found = await findProposal(admin, id);
  if (found.kind === 'refused') return found;
  const { row } = found;
  const key = await admin.store.keys.byId(row.keyId);
  if (!key) return refuse('not_found', { message: 'The key of this proposal is gone: reject it' });
  const body = row.status === 'pending' ? requestOf(admin, row) : null;
  if (row.status === 'pending' && body === null)
    return refuse('proposal_stale', { detail: 'it was kept under another master key', metadata: { id } });
  const began =
    body !== null &&
    (await admin.store.transact(async () => {
      const moved = await admin.store.proposals.move(id, 'pending', {
        status: 'running',
        decidedAt: admin.now().toISOString(),
      });
      if (moved) await audit(admin, { action: 'proposal.run', target: `proposal:${id}`, after: factsOf(row) });
      return moved;
    }));
  if (!began) return decided(found.row, (await admin.store.proposals.get(id))?.status);
  return { kind: 'begun', row, key, body };
}

/** What came of it. A run that was refused on its way (by a budget, say) cost nothing and waits on, so that it can be run again. */
export async function endProposal(
  { admin, book }: BehaviorHouse,
  row: ProposalRow,
  end: {
    readonly outcome: 'run' | 'refused' | 'failed';
    readonly generationId: string;
    readonly note: string | null;
  },
): Promise<void> {
  const { outcome, generationId, note } = end;
  await admin.store.proposals.move(row.id, 'running', {
    status: outcome === 'refused' ? 'pending' : outcome,
    ...(outcome === 'refused' ? { decidedAt: null } : { request: null }),
    generationId,
    note,
  });
  const behavior = admin.store.behaviors.all().find(({ id }) => id === row.behaviorId);
  if (outcome === 'run' && behavior)
    await book.write(behavior, {}, { kind: 'run', detail: `proposal ${row.id}`, callId: generationId });
  admin.events.emit({ kind: 'changed', changed: { what: 'behaviors' } });
}

export async function rejectProposal(
  { admin, book }: BehaviorHouse,
  id: string,
  note: string | null,
): Promise<FoundProposal | Refusal> {
  const found = await findProposal(admin, id);
  if (found.kind === 'refused') return found;
  const moved = await admin.store.transact(async () => {
    const patch = { status: 'rejected', request: null, decidedAt: admin.now().toISOString(), note } as const;
    const done = await admin.store.proposals.move(id, 'pending', patch);
    if (done) await audit(admin, { action: 'proposal.reject', target: `proposal:${id}`, before: factsOf(found.row) });
    return done;
  });
  if (!moved) return decided(found.row, (await admin.store.proposals.get(id))?.status);
  const behavior = admin.store.behaviors.all().find((one) => one.id === found.row.behaviorId);
  if (behavior) await book.write(behavior, {}, { kind: 'rejected', detail: note ?? `proposal ${id}` });
  admin.events.emit({ kind: 'changed', changed: { what: 'behaviors' } });
  return findProposal(admin, id);
}

function decided(row: ProposalRow, status: ProposalStatus | undefined): Refusal {
  return refuse('proposal_decided', {
    detail: status ?? row.status,
    metadata: { id: row.id, status: status ?? row.status },
  });
}

const factsOf = ({ behaviorId, keyId, model, provider, presetSlug, presetVersion, task }: ProposalRow) => ({
  behavior: behaviorId,
  key_id: keyId,
  model,
  provider,
  preset: presetSlug,
  version: presetVersion,
  task,
});

const sealName = (id: string) => `proposal ${id}`;

/** What is proposed; null when it has been forgotten, or was sealed under a master key that is gone. */
function requestOf({ secrets, log }: AdminContext, { id, request }: ProposalRow): BegunProposal['body'] | null {
  if (request === null) return null;
  try {
    return JSON.parse(secrets.unseal(sealName(id), request));
  } catch (error) {
    log.warn('a proposal cannot be read', { id, error: error instanceof Error ? error.name : 'unknown' });
    return null;
  }
}

/** A proposal as it is shown; its request only to those who ask for this one. Money in US dollars. */
export function proposalView(admin: AdminContext, row: ProposalRow, whole = false): Record<string, unknown> {
  const behavior = admin.store.behaviors.all().find(({ id }) => id === row.behaviorId);
  return {
    id: row.id,
    behavior_id: row.behaviorId,
    behavior: behavior?.name ?? null,
    workspace_id: row.workspaceId,
    status: row.status,
    model: row.model,
    provider: row.provider,
    bound: usdOfNano(row.bound),
    max_tokens: row.maxTokens,
    preset: row.presetSlug === null ? null : { slug: row.presetSlug, version: row.presetVersion, hash: row.presetHash },
    task: row.task,
    created_at: row.createdAt,
    decided_at: row.decidedAt,
    generation_id: row.generationId,
    note: row.note,
    ...(whole ? { request: requestOf(admin, row) } : {}),
  };
}
