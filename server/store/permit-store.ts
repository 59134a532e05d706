import type { Nano } from '../pricing/money.ts';

/** What can require a permit: everything of a key, or whatever uses this preset, provider, model or modality. */
export type RequirementKind = 'key' | 'preset' | 'provider' | 'model' | 'modality';

export type RequirementRow = {
  readonly id: string;
  readonly workspaceId: string;
  readonly kind: RequirementKind;
  /** A key's id, a preset's or provider's slug, a model's id (`vendor/*`: all of a vendor's), `image`, `audio` or `video`. */
  readonly value: string;
  readonly createdAt: string;
};

/** A person's leave for calls of one key. */
export type PermitRow = {
  readonly id: string;
  readonly workspaceId: string;
  readonly keyId: string;
  /** Only for what is required of this; null: for whatever is required. */
  readonly kind: RequirementKind | null;
  readonly value: string | null;
  /** The task it is for; null: the first that needs it, which it is then bound to, unless `anyTask`. */
  readonly task: string | null;
  readonly anyTask: boolean;
  readonly expiresAt: string | null;
  /** The most that its calls may cost together. */
  readonly cap: Nano | null;
  readonly mostUses: number | null;
  readonly uses: number;
  /** Where it was granted: `editor`, `command line`, `api`. */
  readonly grantedBy: string;
  readonly note: string | null;
  readonly createdAt: string;
  readonly revokedAt: string | null;
};

export type PermitUse = {
  readonly permitId: string;
  /** The call's generation id. */
  readonly callId: string;
  readonly task: string | null;
  readonly at: string;
};

export type PermitStore = {
  /** In memory; the same array until one is added or removed. */
  requirements(): readonly RequirementRow[];
  require(row: RequirementRow): Promise<void>;
  unrequire(id: string): Promise<void>;
  /** Neither revoked nor used up, oldest first. */
  live(now: string): Promise<readonly PermitRow[]>;
  /** Of these workspaces, newest first, those that are over included. */
  list(workspaceIds: readonly string[], limit: number): Promise<readonly PermitRow[]>;
  get(id: string): Promise<PermitRow | null>;
  insert(row: PermitRow): Promise<void>;
  revoke(id: string, now: string): Promise<void>;
  /** Records one use, and the task that the permit is bound to from then on. */
  use(use: PermitUse, task: string | null): Promise<void>;
  /** Newest first. */
  uses(permitId: string, limit: number): Promise<readonly PermitUse[]>;
};
