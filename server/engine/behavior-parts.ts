import type { Refusal } from '../errors.ts';
import type { Permit, Reason, Requirement } from '../policy/permit.ts';
import type { Tier } from '../policy/tier.ts';
import type { KeyRow } from '../store/store.ts';
import type { RunawayWatch } from './runaway-watch.ts';

/** A behavior as far as a call of its key goes by it. */
export type BehaviorOfKey = {
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  readonly presetSlug: string;
  /** Null: it follows the designated version. */
  readonly presetVersion: number | null;
};

/** A permit that lets a call through; `cap` in nano-dollars. */
export type PermitHeld = Permit & { readonly id: string; readonly cap: number | null };

/** A call that needs a person's leave. */
export type PermitQuestion = {
  readonly callId: string;
  readonly key: KeyRow;
  /** Null: the call is its own task. */
  readonly task: string | null;
  readonly reasons: readonly Reason[];
};

/** What a person is told who is asked. Money in nano-dollars; null: no limit bounds it, or its price is unknown. */
export type PermitMatter = {
  readonly behavior: BehaviorOfKey | null;
  readonly preset: { readonly slug: string; readonly version: number | null } | null;
  readonly model: string;
  readonly provider: string;
  readonly bound: number | null;
};

export type PermitPatience = {
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  /** Told at once when the call begins to wait. */
  readonly onWaiting: ((deadline: Date) => void) | undefined;
};

export type PermitAnswer = { readonly kind: 'permitted'; readonly permits: readonly PermitHeld[] } | Refusal;

/** Where permits are kept, and people are asked. */
export type PermitDesk = {
  /** What needs one in this workspace; the same array until it changes. */
  requirements(workspaceId: string): readonly Requirement[];
  /** Uses what permits there are; null: they do not answer every reason, and nothing was used. */
  take(question: PermitQuestion): Promise<readonly PermitHeld[] | null>;
  /** As `take`, but uses nothing. */
  wouldTake(question: PermitQuestion): Promise<boolean>;
  /** Waits until somebody has answered; never rejects for lack of an answer. */
  wait(question: PermitQuestion, matter: PermitMatter, patience: PermitPatience): Promise<PermitAnswer>;
};

/** A call that policy has let through, and that a person is to run. */
export type Proposed = {
  readonly behavior: BehaviorOfKey;
  readonly key: KeyRow;
  readonly callId: string;
  readonly model: string;
  readonly provider: string;
  /** Nano-dollars. */
  readonly bound: number;
  readonly maxTokens: number | null;
  readonly preset: { readonly slug: string; readonly version: number | null; readonly hash: string } | null;
  readonly task: string | null;
  /** As the caller sent it. */
  readonly request: Readonly<Record<string, unknown>>;
};

export type ProposalDesk = {
  /** Keeps it, once however often it is proposed; `full`: too many wait already. */
  keep(proposed: Proposed): Promise<{ readonly kind: 'kept'; readonly id: string } | { readonly kind: 'full' }>;
};

/** What the engine knows of behaviors and of people's leave. */
export type BehaviorParts = {
  /** The behavior that a key belongs to; null for most. */
  readonly behaviorOf: (keyId: string) => BehaviorOfKey | null;
  readonly permits: PermitDesk;
  readonly proposals: ProposalDesk;
  readonly watch: RunawayWatch;
  /** How long a call waits for a permit. */
  readonly permitWaitMs: () => number;
};
