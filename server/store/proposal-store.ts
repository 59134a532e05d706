import type { Nano } from '../pricing/money.ts';

export type ProposalStatus = 'pending' | 'running' | 'run' | 'failed' | 'rejected' | 'expired';

/** A call that a behavior of tier A has proposed. */
export type ProposalRow = {
  readonly id: string;
  readonly behaviorId: string;
  readonly keyId: string;
  readonly workspaceId: string;
  readonly status: ProposalStatus;
  readonly createdAt: string;
  /** Where it would go first, and the most it could cost. */
  readonly model: string;
  readonly provider: string;
  readonly bound: Nano;
  readonly maxTokens: number | null;
  readonly presetSlug: string | null;
  readonly presetVersion: number | null;
  readonly presetHash: string | null;
  readonly task: string | null;
  /** SHA-256 of key and request: the same call is proposed once. */
  readonly fingerprint: string;
  /** The request as the caller sent it, as JSON, sealed under `proposal <id>`; null once it has been decided about. */
  readonly request: string | null;
  readonly decidedAt: string | null;
  /** Of its run. */
  readonly generationId: string | null;
  readonly note: string | null;
};

export type ProposalPatch = Partial<Pick<ProposalRow, 'status' | 'request' | 'decidedAt' | 'generationId' | 'note'>>;

export type ProposalFilter = {
  /** Absent: of any. */
  readonly workspaceIds?: readonly string[];
  readonly behaviorId?: string;
  readonly status?: ProposalStatus;
  readonly fingerprint?: string;
};

export type ProposalStore = {
  insert(row: ProposalRow): Promise<void>;
  get(id: string): Promise<ProposalRow | null>;
  /** Newest first. */
  list(filter: ProposalFilter, limit: number): Promise<readonly ProposalRow[]>;
  pending(behaviorId: string): Promise<number>;
  /** Changes it if it is still `from`; false when somebody was first. */
  move(id: string, from: ProposalStatus, patch: ProposalPatch): Promise<boolean>;
  /** Forgets the requests of what nobody decided about in time; how many there were. */
  expire(before: string, now: string): Promise<number>;
  /** What a daemon left in the middle of its run when it was killed. */
  interrupted(now: string): Promise<number>;
};
