/** C runs alone, B needs one permit for each task, A only proposes: the operator's own convention, C being the most trusted. */
export type Tier = 'A' | 'B' | 'C';

/** An autonomous behavior: a preset bound to a key of its own. */
export type BehaviorRow = {
  readonly id: string;
  readonly workspaceId: string;
  /** Unique within the workspace. */
  readonly name: string;
  readonly presetSlug: string;
  /** Pinned to this version; null: it follows the designated one. */
  readonly presetVersion: number | null;
  /** A key belongs to one behavior at most. */
  readonly keyId: string;
  readonly tier: Tier;
  /** Calls that tripped no gate since `cleanSince`; written now and then, so a kill may lose some, never add any. */
  readonly cleanCalls: number;
  /** The last failure, the last change of tier, or its making. */
  readonly cleanSince: string;
  /** Failures before this moment count no more: a person has promoted it since. */
  readonly trustedSince: string;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type BehaviorPatch = Partial<Omit<BehaviorRow, 'id' | 'workspaceId' | 'createdAt'>>;

/** What a behavior fails at. */
export type GateKind = 'block' | 'injection' | 'runaway' | 'cap';

/** One line of a behavior's ledger, never changed. */
export type BehaviorEntry = {
  readonly id: string;
  readonly behaviorId: string;
  readonly at: string;
  readonly kind:
    | GateKind
    | 'created'
    | 'changed'
    | 'promoted'
    | 'demoted'
    | 'proposed'
    | 'run'
    | 'rejected'
    | 'deleted';
  /** The error code of a failure. */
  readonly code: string | null;
  /** The call's generation id. */
  readonly callId: string | null;
  /** For people; no text of the call. */
  readonly detail: string | null;
  readonly tierBefore: Tier;
  readonly tierAfter: Tier;
  /** A failure that counts once in a window: which window. */
  readonly window: string | null;
};

/** What a workspace has set otherwise than the defaults, as JSON. */
export type BehaviorRulesRow = {
  readonly workspaceId: string;
  readonly rules: Readonly<Record<string, unknown>>;
  readonly updatedAt: string;
};

export type BehaviorStore = {
  /** Oldest first. Kept in memory; the same array until something in it changes. */
  all(): readonly BehaviorRow[];
  rules(): readonly BehaviorRulesRow[];
  insert(row: BehaviorRow, entry: BehaviorEntry): Promise<void>;
  /** Writes both or neither; false when the entry's window has one of its kind already, and then neither. */
  update(id: string, patch: BehaviorPatch, entry: BehaviorEntry | null): Promise<boolean>;
  /** The behavior is gone, its ledger stays. */
  delete(id: string, entry: BehaviorEntry): Promise<void>;
  /** Newest first. */
  ledger(behaviorId: string, limit: number): Promise<readonly BehaviorEntry[]>;
  /** Failures since a moment, for the rule that demotes. */
  failures(behaviorId: string, since: string): Promise<number>;
  saveRules(row: BehaviorRulesRow): Promise<void>;
};
