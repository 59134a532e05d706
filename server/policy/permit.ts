/** Which calls need a person's leave, and whether a permit gives it. Pure. Money in nano-dollars, times ISO 8601 UTC. */

export type RequirementKind = 'key' | 'preset' | 'provider' | 'model' | 'modality';

export type Requirement = { readonly kind: RequirementKind; readonly value: string };

/** Why a call needs a permit: something is required, or its behavior is of tier B. */
export type Reason = Requirement | { readonly kind: 'behavior'; readonly value: string };

/** What of a call a requirement can be about. */
export type PermitSubject = {
  readonly keyId: string;
  readonly preset: string | null;
  /** Every name of every model that may be asked. */
  readonly models: readonly string[];
  /** One of them is chosen by a router, and nobody knows before which. */
  readonly isChosenElsewhere: boolean;
  /** Names of all who may be asked. */
  readonly providers: readonly string[];
  /** What it would make besides text. */
  readonly modalities: readonly string[];
  /** Null: the call is its own task. */
  readonly task: string | null;
};

export type Permit = {
  readonly keyId: string;
  readonly kind: RequirementKind | null;
  readonly value: string | null;
  readonly task: string | null;
  readonly anyTask: boolean;
  readonly expiresAt: string | null;
  readonly mostUses: number | null;
  readonly uses: number;
  readonly revokedAt: string | null;
};

/** Those of the requirements that this call falls under. */
export function requiredOf<T extends Requirement>(requirements: readonly T[], subject: PermitSubject): readonly T[] {
  return requirements.filter((requirement) => fallsUnder(requirement, subject));
}

function fallsUnder({ kind, value }: Requirement, subject: PermitSubject): boolean {
  switch (kind) {
    case 'key':
      return value === subject.keyId;
    case 'preset':
      return value === subject.preset;
    case 'provider':
      return subject.providers.some((provider) => provider.toLowerCase() === value.toLowerCase());
    case 'model':
      return subject.isChosenElsewhere || subject.models.some((model) => isModel(value, model));
    case 'modality':
      return subject.modalities.includes(value);
  }
}

/** Names are compared without regard to case: a spelling must not be a way around. */
function isModel(pattern: string, model: string): boolean {
  const wanted = pattern.toLowerCase();
  const named = model.toLowerCase();
  return wanted.endsWith('*') ? named.startsWith(wanted.slice(0, -1)) : named === wanted;
}

const SLUG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CHOOSES_ENDPOINTS = /:(?:nitro|floor|exacto)\b/;
const MODALITIES: readonly string[] = ['image', 'audio', 'video'];

/** Why no call could ever fall under a requirement, so that it would protect nothing; null: one could. */
export function requirementProblem({ kind, value }: Requirement): string | null {
  switch (kind) {
    case 'key':
      return null;
    case 'preset':
      return SLUG.test(value) ? null : 'must be the slug of a preset, without a version: all of them need the permit';
    case 'provider':
      return /^[^\s@:]+( [^\s@:]+)*$/.test(value) ? null : 'must be the slug of a provider';
    case 'model':
      if (/[\s@]/.test(value) || /\*./.test(value)) return 'must be the id of a model, or a start of ids and *';
      return CHOOSES_ENDPOINTS.test(value) ? 'must be without :nitro and its like, which only choose endpoints' : null;
    case 'modality':
      return MODALITIES.includes(value) ? null : 'must be image, audio or video';
  }
}

/** Whether a permit can be used at all by this call, for whatever reason it needs one. */
export function isForCall(permit: Permit, { keyId, task }: Pick<PermitSubject, 'keyId' | 'task'>, now: Date): boolean {
  if (permit.keyId !== keyId || permit.revokedAt !== null) return false;
  if (permit.expiresAt !== null && Date.parse(permit.expiresAt) <= now.getTime()) return false;
  if (permit.mostUses !== null && permit.uses >= permit.mostUses) return false;
  if (permit.anyTask) return true;
  // One that names no task yet is bound by the first that comes. A call that is its own task uses one up.
  return permit.task === null ? permit.uses === 0 : permit.task === task;
}

/** Whether a permit answers a reason. A behavior of tier B needs one for this task: one for any task is none for it. */
export function covers(permit: Permit, reason: Reason): boolean {
  if (reason.kind === 'behavior') return permit.kind === null && !permit.anyTask;
  return (
    permit.kind === null || (permit.kind === reason.kind && permit.value?.toLowerCase() === reason.value.toLowerCase())
  );
}

/**
 * The fewest of the usable permits that answer every reason, those for everything first; null when some reason is left.
 */
export function permitsFor<T extends Permit>(
  permits: readonly T[],
  reasons: readonly Reason[],
  subject: Pick<PermitSubject, 'keyId' | 'task'>,
  now: Date,
): readonly T[] | null {
  const usable = permits.filter((permit) => isForCall(permit, subject, now));
  const whole = usable.find((permit) => reasons.every((reason) => covers(permit, reason)));
  if (whole) return [whole];
  const chosen = new Set<T>();
  for (const reason of reasons) {
    const answer = usable.find((permit) => chosen.has(permit) && covers(permit, reason));
    const found = answer ?? usable.find((permit) => covers(permit, reason));
    if (!found) return null;
    chosen.add(found);
  }
  return [...chosen];
}
