import type { Nano } from '../pricing/money.ts';
import type { AnalyticsStore } from './analytics-store.ts';
import type { AuditStore } from './audit-store.ts';
import type { BehaviorStore } from './behavior-store.ts';
import type { ByokStore } from './byok-store.ts';
import type { DestinationStore } from './destination-store.ts';
import type { GuardrailStore } from './guardrail-store.ts';
import type { MemberStore } from './member-store.ts';
import type { ManagementKeyStore, OrganizationStore } from './organization-store.ts';
import type { PermitStore } from './permit-store.ts';
import type { ProposalStore } from './proposal-store.ts';
import type { WorkspaceBudgetStore, WorkspaceMemberStore, WorkspaceStore } from './workspace-store.ts';

/**
 * The seam under everything that lasts. Async throughout, so that the embedded SQLite store and a PostgreSQL one can pass the same
 * contract suite. Times are ISO 8601 UTC, days `YYYY-MM-DD` UTC, money nano-dollars.
 */
export type Store = {
  readonly organizations: OrganizationStore;
  readonly managementKeys: ManagementKeyStore;
  readonly members: MemberStore;
  readonly workspaces: WorkspaceStore;
  readonly workspaceBudgets: WorkspaceBudgetStore;
  readonly guardrails: GuardrailStore;
  readonly workspaceMembers: WorkspaceMemberStore;
  readonly keys: KeyStore;
  readonly presets: PresetStore;
  readonly ledger: LedgerStore;
  readonly usage: UsageStore;
  readonly ioLog: IoLogStore;
  readonly feedback: FeedbackStore;
  readonly byok: ByokStore;
  readonly destinations: DestinationStore;
  readonly analytics: AnalyticsStore;
  readonly audit: AuditStore;
  readonly behaviors: BehaviorStore;
  readonly permits: PermitStore;
  readonly proposals: ProposalStore;
  /**
   * Runs `work`, and all that it writes, as one transaction: nothing of it when it throws. One at a time, one within another is part of
   * it; others' writes wait, so it is not for what waits for a network.
   */
  transact<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `told` once the transaction it is called in has been committed, and never when that is undone; outside of one at once. */
  afterCommit(told: () => void): void;
  /** Reads all of it through; what is damaged, a line each. */
  check(): Promise<readonly string[]>;
  /** Entries of the ledger that could not be read at the start, as a failing disk leaves them. */
  readonly damagedEntries: number;
  close(): Promise<void>;
};

export type Reset = 'daily' | 'weekly' | 'monthly';

/** `editor`: the one key the editor's own runs are charged to. */
export type KeyKind = 'program' | 'editor';

export type KeyRow = {
  /** Stays when the secret is rotated; the ledger knows the key by it. */
  readonly id: string;
  /** SHA-256 of the secret, lowercase hex: the public name of the key in OpenRouter's API. */
  readonly hash: string;
  readonly kind: KeyKind;
  readonly workspaceId: string;
  readonly name: string;
  /** The secret, masked. */
  readonly label: string;
  readonly limit: Nano | null;
  readonly limitReset: Reset | null;
  readonly includeByokInLimit: boolean;
  readonly disabled: boolean;
  readonly allowUnpriced: boolean;
  readonly canWritePresets: boolean;
  readonly clamp: boolean;
  /** What happens when it runs away; null: as its workspace says, `trip` for a behavior's and `warn` for others. */
  readonly runaway: 'off' | 'warn' | 'trip' | null;
  /** Set by the runaway protection until a person releases it; `suspendedFor` says why. */
  readonly suspendedAt: string | null;
  readonly suspendedFor: string | null;
  readonly creatorUserId: string | null;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type KeyPatch = Partial<Omit<KeyRow, 'id' | 'kind' | 'createdAt'>>;

export type KeyStore = {
  insert(key: KeyRow): Promise<void>;
  byHash(hash: string): Promise<KeyRow | null>;
  /** By what stays when the secret is rotated. */
  byId(id: string): Promise<KeyRow | null>;
  ofKind(kind: KeyKind): Promise<KeyRow | null>;
  /** Oldest first; deleted keys are not among them. */
  list(): Promise<readonly KeyRow[]>;
  update(id: string, patch: KeyPatch): Promise<void>;
  /** Forgets the key but not its spend. */
  delete(id: string): Promise<void>;
};

export type PresetStatus = 'active' | 'disabled' | 'archived';

export type PresetRow = {
  readonly id: string;
  readonly workspaceId: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  readonly status: PresetStatus;
  readonly statusUpdatedAt: string | null;
  readonly designatedVersionId: string | null;
  /** The folder that publishes this slug; null for a preset made by the API. */
  readonly folder: string | null;
  readonly creatorUserId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type PresetVersionRow = {
  readonly id: string;
  readonly presetId: string;
  readonly version: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly systemPrompt: string | null;
  /** SHA-256 of the canonical form, hex. */
  readonly hash: string;
  readonly message: string | null;
  readonly source: 'file' | 'api';
  readonly creatorId: string;
  readonly createdAt: string;
};

export type PresetWrite = {
  readonly workspaceId: string;
  readonly slug: string;
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  /** Undefined: made by the API, the owner stays as it is. */
  readonly folder?: string | undefined;
  readonly takeOver?: boolean | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly systemPrompt: string | null;
  readonly hash: string;
  readonly message: string | null;
  readonly source: 'file' | 'api';
  readonly creatorId: string;
  readonly now: string;
};

export type PresetWriteResult =
  | {
      readonly kind: 'written';
      readonly preset: PresetRow;
      readonly version: PresetVersionRow;
      readonly created: boolean;
    }
  | { readonly kind: 'owned'; readonly folder: string };

export type PresetStore = {
  /** Most recently updated first. */
  list(workspaceId: string): Promise<readonly PresetRow[]>;
  get(workspaceId: string, slug: string): Promise<PresetRow | null>;
  /** Oldest first. */
  versions(presetId: string): Promise<readonly PresetVersionRow[]>;
  version(presetId: string, version: number): Promise<PresetVersionRow | null>;
  versionById(id: string): Promise<PresetVersionRow | null>;
  versionsByHash(presetId: string, prefix: string): Promise<readonly PresetVersionRow[]>;
  /** Adds a version and designates it, unless the designated one has the same hash. */
  write(write: PresetWrite): Promise<PresetWriteResult>;
  designate(presetId: string, versionId: string, now: string): Promise<void>;
  patch(
    presetId: string,
    patch: { status?: PresetStatus | undefined; name?: string | undefined; description?: string | null | undefined },
    now: string,
  ): Promise<void>;
};

/** A limit that a call must fit under. */
export type Layer = {
  /** Whose spend it is: `key:<id>`, `member:<id>`, `workspace:<id>`, `credits:<organization>`. */
  readonly id: string;
  readonly limit: Nano | null;
  /** First day of the current window; null: for ever. */
  readonly since: string | null;
  /** Whether what was served by a key that somebody brought (`GenerationEnd.isByok`) counts. */
  readonly includeByok?: boolean;
};

/** How a layer stands at one moment, inside the store's transaction. */
export type LayerStanding = Layer & { readonly spent: Nano; readonly reserved: Nano };

/** What the ledger keeps of a call that is under way: enough to settle it after a crash, and no text of it. */
export type Reservation = {
  readonly id: string;
  /** Whose spend it will be, each once. */
  readonly layers: readonly string[];
  readonly nano: Nano;
  readonly day: string;
  readonly createdAt: string;
  readonly generation: GenerationStart;
};

export type OpenReservation = Reservation & { readonly checkpoint: Checkpoint | null };

/** The counts of a stream under way, and its cost if it ended now. */
export type Checkpoint = {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly nano: Nano;
  readonly model: string;
  readonly provider: string;
};

/** What is known of a generation before it is sent. */
export type GenerationStart = {
  readonly keyId: string;
  readonly workspaceId: string;
  readonly presetId: string | null;
  readonly presetSlug: string | null;
  readonly presetVersion: number | null;
  readonly presetHash: string | null;
  readonly requestedModel: string;
  readonly streamed: boolean;
  readonly sessionId: string | null;
  readonly httpReferer: string | null;
  readonly appTitle: string | null;
  readonly userAgent: string | null;
  /** What a call that was sent and never answered is charged, from a rough count of its input. */
  readonly inputNano: Nano;
  readonly inputTokens: number;
};

export type GenerationEnd = {
  readonly model: string | null;
  readonly provider: string | null;
  readonly upstreamId: string | null;
  readonly status: number;
  readonly finishReason: string | null;
  readonly nativeFinishReason: string | null;
  readonly cancelled: boolean;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly cachedTokens: number;
  readonly cacheWriteTokens: number;
  readonly nano: Nano;
  readonly costSource: 'reported' | 'computed' | 'estimated' | 'unknown';
  readonly overrun: boolean;
  readonly clamp: number | null;
  readonly latencyMs: number | null;
  readonly generationMs: number | null;
  readonly attempts: readonly Attempt[];
  /** Set when a key that somebody brought (`/byok`) served it: limits that do not include those are not charged. */
  readonly isByok?: true;
  /** What content filters found in its request and answer; absent: nothing. */
  readonly content?: readonly ContentFinding[];
  /** Set when the answer was another generation's: kept in the response cache, or shared while it was under way. */
  readonly copyOf?: { readonly id: string; readonly how: 'cache' | 'coalesced' };
};

/** What content filters found in a call: how often, and what was done about it; never what it was. */
export type ContentFinding = {
  readonly direction: 'input' | 'output';
  readonly detector: 'pii' | 'secrets' | 'injection' | 'custom';
  readonly type: string;
  readonly rule: string | null;
  readonly action: 'block' | 'redact' | 'flag';
  readonly count: number;
  readonly score: number | null;
  /** Ids of the guardrails that ask for the action. */
  readonly guardrails: readonly string[];
};

/** One try at one endpoint. `status` is its HTTP status, or 0 when none came. */
export type Attempt = {
  readonly provider: string;
  readonly model: string;
  readonly status: number;
  readonly reason: string | null;
  readonly ms: number;
  /** It was made with one of several keys of the provider (BYOK), of this name. */
  readonly isByok?: boolean;
  readonly key?: string | null;
  /** The id of that key where it is a row of `/byok`. */
  readonly byokId?: string;
};

export type GenerationRow = GenerationStart & GenerationEnd & { readonly id: string; readonly createdAt: string };

export type LedgerStore = {
  /**
   * Reads how the layers stand, asks `decide`, and reserves what it answers, all in one transaction.
   * `decide` is pure and may be called more than once. Null reserves nothing.
   */
  reserve<T>(
    layers: readonly Layer[],
    decide: (standings: readonly LayerStanding[]) => { readonly reservation: Reservation | null; readonly verdict: T },
  ): Promise<T>;
  checkpoint(id: string, checkpoint: Checkpoint): Promise<void>;
  /** Ends a reservation: records the generation and charges the layers. Settling twice changes nothing; false then. */
  settle(id: string, end: GenerationEnd): Promise<boolean>;
  /** Ends a reservation that cost nothing and was never sent. */
  release(id: string): Promise<void>;
  open(): Promise<readonly OpenReservation[]>;
  standings(layers: readonly Layer[]): Promise<readonly LayerStanding[]>;
};

/** Sums over days; `null` bounds are open. */
export type UsageSums = {
  readonly requests: number;
  readonly nano: Nano;
  readonly promptTokens: number;
  readonly completionTokens: number;
};

export type UsageStore = {
  generation(id: string): Promise<GenerationRow | null>;
  /** Sums of one key (or, with null, of all) since a day. */
  sums(filter: { readonly keyId?: string; readonly workspaceId?: string; readonly since?: string }): Promise<UsageSums>;
  /** Sums by one dimension, dearest first. */
  by(
    dimension: 'key_id' | 'workspace_id' | 'preset' | 'model' | 'day',
    filter: { readonly keyId?: string; readonly since?: string },
  ): Promise<readonly (UsageSums & { readonly name: string })[]>;
  /** Sums by day, model and provider (and by workspace, if asked for), newest day first, dearest first within it. */
  activity(filter: ActivityFilter, byWorkspace: boolean): Promise<readonly ActivityRow[]>;
  lastUsed(keyId: string): Promise<string | null>;
};

/** Both days included; `keyIds`: of these keys alone. */
export type ActivityFilter = {
  readonly from: string;
  readonly to: string;
  readonly keyIds?: readonly string[];
  readonly workspaceId?: string;
  /** Of its workspaces, deleted ones too. */
  readonly organizationId?: string;
};

export type ActivityRow = UsageSums & {
  readonly day: string;
  readonly model: string;
  readonly provider: string;
  readonly reasoningTokens: number;
  /** Null: of all workspaces together. */
  readonly workspaceId: string | null;
};

/** What a workspace wants kept of its calls' prompts and answers; null filters mean all. */
export type IoLogSettings = {
  readonly workspaceId: string;
  readonly enabled: boolean;
  /** The share of sessions that is kept, more than 0 and at most 1. */
  readonly samplingRate: number;
  readonly retentionDays: number;
  readonly keyIds: readonly string[] | null;
  readonly presets: readonly string[] | null;
  readonly updatedAt: string;
};

/** One call's prompt and answer; `body` is compressed, and nobody's business here. */
export type IoLogRow = {
  readonly id: string;
  readonly createdAt: string;
  readonly workspaceId: string;
  readonly keyId: string;
  readonly body: Uint8Array;
};

export type IoLogSums = { readonly entries: number; readonly bytes: number; readonly oldestAt: string | null };

/** Which entries: all that meet every condition given. */
export type IoLogFilter = { readonly workspaceId?: string; readonly id?: string; readonly before?: string };

export type IoLogStore = {
  settings(): Promise<readonly IoLogSettings[]>;
  saveSettings(settings: IoLogSettings): Promise<void>;
  add(rows: readonly IoLogRow[]): Promise<void>;
  get(id: string): Promise<IoLogRow | null>;
  sums(workspaceId?: string): Promise<IoLogSums>;
  /** Deletes so that nothing of them is left in the file; how many there were. */
  purge(filter: IoLogFilter): Promise<number>;
  /** Deletes the oldest until at most so many bytes are left; how many there were. */
  shrink(bytes: number): Promise<number>;
};

/** What a person said of a call. */
export type FeedbackRow = {
  readonly generationId: string;
  readonly category: string;
  readonly comment: string | null;
  readonly createdAt: string;
};

export type FeedbackStore = {
  add(row: FeedbackRow): Promise<void>;
  /** In the order it was given. */
  of(generationId: string): Promise<readonly FeedbackRow[]>;
};
