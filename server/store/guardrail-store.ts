import type { Nano } from '../pricing/money.ts';
import type { Reset } from './store.ts';

/** What a guardrail, or an organization's ceiling, says; null: nothing. The shape of `LayerRules` in `server/policy`. */
export type GuardrailRules = {
  readonly allowedProviders: readonly string[] | null;
  readonly ignoredProviders: readonly string[] | null;
  /** Canonical slugs where the model was known when it was named. */
  readonly allowedModels: readonly string[] | null;
  readonly ignoredModels: readonly string[] | null;
  readonly zdr: Readonly<Partial<Record<'anthropic' | 'openai' | 'google' | 'xai' | 'other', boolean | null>>>;
  readonly paidTraining: boolean | null;
  readonly freeTraining: boolean | null;
  readonly freePublication: boolean | null;
  readonly regions: readonly ('global' | 'europe' | 'us')[] | null;
  readonly modalities: Readonly<Partial<Record<'image' | 'audio' | 'video', GuardrailModality>>> | null;
  readonly builtins: readonly GuardrailBuiltin[] | null;
  readonly custom: readonly GuardrailFilter[] | null;
  readonly reversible: boolean | null;
  readonly markToolResults: boolean | null;
};

export type GuardrailModality =
  | { readonly rule: 'allow' | 'deny' }
  | { readonly rule: 'pin'; readonly provider: string };

export type GuardrailBuiltin = {
  readonly slug: string;
  readonly action: 'redact' | 'block' | 'flag';
  readonly directions: readonly ('input' | 'output')[];
  readonly scanScope: 'user_only' | 'all_messages' | 'tool_results';
  readonly threshold: number | null;
};

export type GuardrailFilter = {
  readonly pattern: string;
  readonly action: 'redact' | 'block' | 'flag';
  readonly directions: readonly ('input' | 'output')[];
  readonly label: string | null;
};

export type GuardrailRow = {
  readonly id: string;
  readonly workspaceId: string;
  /** The one over all keys of its workspace, made when it is first changed. */
  readonly isDefault: boolean;
  readonly name: string;
  readonly description: string | null;
  readonly limit: Nano | null;
  readonly reset: Reset | null;
  readonly includeByok: boolean;
  /** As last asked for; what it means stands in `rules.zdr`. */
  readonly enforceZdr: boolean | null;
  readonly rules: GuardrailRules;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type GuardrailPatch = Partial<Omit<GuardrailRow, 'id' | 'workspaceId' | 'isDefault' | 'createdAt'>>;

/** A key has one guardrail at most. */
export type KeyAssignmentRow = {
  readonly id: string;
  readonly guardrailId: string;
  /** What stays when the key's secret is rotated. */
  readonly keyId: string;
  readonly assignedBy: string | null;
  readonly createdAt: string;
};

/** A member of an organization has one guardrail at most. */
export type MemberAssignmentRow = {
  readonly id: string;
  readonly guardrailId: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly assignedBy: string | null;
  readonly createdAt: string;
};

/** The ceiling over all of an organization's workspaces, and the phrases that its injection detectors do not see. */
export type OrganizationPolicyRow = {
  readonly organizationId: string;
  readonly rules: GuardrailRules;
  readonly injectionAllowList: readonly string[];
  readonly updatedAt: string;
};

/** In memory besides, as `OrganizationStore`: each list is the very same array until something in it changes. */
export type GuardrailStore = {
  /** Of every workspace, oldest first. */
  all(): readonly GuardrailRow[];
  get(id: string): GuardrailRow | null;
  insert(row: GuardrailRow): Promise<void>;
  update(id: string, patch: GuardrailPatch): Promise<void>;
  /** Forgets it with its assignments; what was spent under it stays in the ledger. */
  delete(id: string): Promise<void>;
  /** Oldest first. */
  keyAssignments(): readonly KeyAssignmentRow[];
  memberAssignments(): readonly MemberAssignmentRow[];
  /** Each takes the place of what its key had. */
  assignKeys(rows: readonly KeyAssignmentRow[]): Promise<void>;
  assignMembers(rows: readonly MemberAssignmentRow[]): Promise<void>;
  /** By their own ids. */
  unassign(ids: readonly string[]): Promise<void>;
  policies(): readonly OrganizationPolicyRow[];
  savePolicy(row: OrganizationPolicyRow): Promise<void>;
};
