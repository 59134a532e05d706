import { type Refusal, refuse } from '../errors.ts';
import type { Reason } from '../policy/permit.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { PermitRequest } from '../protocol.ts';
import type { PermitRow } from '../store/permit-store.ts';
import type { Question } from './permit-shelf.ts';

/** What a person is told of a call that waits, as the engine says it. Nano-dollars. */
export type Matter = {
  readonly behavior: { readonly name: string } | null;
  readonly preset: { readonly slug: string; readonly version: number | null } | null;
  readonly model: string;
  readonly provider: string;
  readonly bound: number | null;
};

export type Answer = { readonly kind: 'permitted'; readonly permits: readonly PermitRow[] } | Refusal;

export type Waiter = { readonly question: Question; readonly deadline: Date; readonly end: (answer: Answer) => void };
export type Request = {
  readonly id: string;
  readonly matter: Matter;
  readonly askedAt: string;
  /** In the order in which they came. */
  readonly waiters: Waiter[];
};

/** As people are asked. */
export function requestView({ id, matter, askedAt, waiters }: Request): PermitRequest {
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

const reasonText = ({ kind, value }: Reason) => (kind === 'key' ? 'key' : `${kind} ${value}`);

/** Nobody has answered it, for this reason. */
export function unanswered(question: Question, why: string): Refusal {
  return refuse('permit_required', {
    detail: `${why} (${question.reasons.map(reasonText).join(', ')})`,
    metadata: factsOf(question),
  });
}

/** A person has said no. */
export function denial(question: Question, by: string): Refusal {
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
