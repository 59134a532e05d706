/**
 * What every layer above a call says about it, combined once for a key and remembered until one of the layers changes: access lists
 * intersected, ignore lists united, filters united with the strictest action, budgets side by side.
 * Source: `docs/decisions/0013-policy.md`, OpenRouter's guardrails and budgets documentation (October 2026).
 */
export type EffectivePolicy = {
  /** In the order in which they are asked. */
  readonly budgets: readonly BudgetLayer[];
  /**
   * What every call is charged to, limited today or not: a budget that is set, swapped or raised in the middle of a month counts what
   * was spent in it before.
   */
  readonly accounts: readonly string[];
  /** Null: nothing is restricted. */
  readonly access: AccessRules | null;
  /** Null: every modality is allowed. */
  readonly modalities: ModalityRules | null;
  /** Null: no text is looked at. */
  readonly content: ContentRules | null;
};

/** Whose limit it is; OpenRouter's `KeyBudgetScope`, and the organization's prepaid credits. */
export type BudgetScope =
  | 'workspace_default_member'
  | 'workspace_default_key'
  | 'member'
  | 'api_key'
  | 'workspace'
  | 'key_limit'
  | 'permit'
  | 'credits';

export type BudgetLayer = {
  /**
   * The ledger's name of whose spend it limits: `key:<id>`, `member:<id>`, `member:<id>@<workspace>`, `workspace:<id>`,
   * `credits:<organization>`, `permit:<id>`. Several layers may limit the same spend, each over its own window.
   */
  readonly id: string;
  readonly scope: BudgetScope;
  /** Nano-dollars; null: no limit. */
  readonly limit: number | null;
  readonly reset: 'daily' | 'weekly' | 'monthly' | null;
  readonly includeByok: boolean;
  readonly guardrailId: string | null;
  readonly budgetId: string | null;
  /** For people: `guardrail "Staging"`, `workspace "default"`. */
  readonly name: string;
};

/** Which layer said so, for the refusal that names it. */
export type Source = { readonly scope: RuleScope; readonly guardrailId: string | null; readonly name: string };

export type RuleScope = 'organization' | 'workspace-default' | 'member' | 'api-key' | 'workspace' | 'behavior';

/** A rule with the layers that hold it. */
export type Sourced<T> = { readonly value: T; readonly sources: readonly Source[] };

export type AccessRules = {
  /** Provider slugs; each list is one layer's, all must admit. */
  readonly allowedProviders: readonly Sourced<ReadonlySet<string>>[];
  readonly ignoredProviders: readonly Sourced<ReadonlySet<string>>[];
  /** Model ids, canonical. */
  readonly allowedModels: readonly Sourced<ReadonlySet<string>>[];
  readonly ignoredModels: readonly Sourced<ReadonlySet<string>>[];
  /** Groups whose first-party endpoints that retain data are left out. */
  readonly zdr: readonly Sourced<ZdrGroup>[];
  readonly noPaidTraining: Sourced<true> | null;
  readonly noFreeTraining: Sourced<true> | null;
  readonly noFreePublication: Sourced<true> | null;
  /** Null: everywhere. */
  readonly regions: readonly Sourced<ReadonlySet<DataRegion>>[];
};

export type ZdrGroup = 'anthropic' | 'openai' | 'google' | 'xai' | 'other';
export type DataRegion = 'global' | 'europe' | 'us';

export type Modality = 'image' | 'audio' | 'video';
export type ModalityRule =
  | { readonly rule: 'allow' }
  | { readonly rule: 'deny' }
  /** Only this provider may make it. */
  | { readonly rule: 'pin'; readonly provider: string };
export type ModalityRules = Readonly<Record<Modality, Sourced<ModalityRule>>>;

export type ContentAction = 'block' | 'redact' | 'flag';
export type ContentDirection = 'input' | 'output';

export type ContentRules = {
  /**
   * A built-in detector by its slug: `email`, `secrets`, `iban`, `regex-prompt-injection`, ... At most one rule of a slug and direction; of
   * an injection filter one for each action.
   */
  readonly builtins: readonly Sourced<BuiltinFilter>[];
  /** At most one rule of a pattern and direction. */
  readonly custom: readonly Sourced<CustomFilter>[];
  /** Placeholders by keyed hash instead of labels; what the provider answers with them is put back before the caller sees it. */
  readonly reversible: boolean;
  /** Tool results are marked as data, so that a model can tell them from instructions. */
  readonly markToolResults: boolean;
  /** Phrases that the injection detectors do not see. */
  readonly injectionAllowList: readonly string[];
};

export type BuiltinFilter = {
  readonly slug: string;
  readonly action: ContentAction;
  readonly directions: readonly ContentDirection[];
  /** Prompt injection alone. */
  readonly scanScope: 'user_only' | 'all_messages' | 'tool_results';
  /** `prompt-injection` alone: at and above this score, 0 to 1; null: the detector's own. */
  readonly threshold: number | null;
};

export type CustomFilter = {
  readonly pattern: string;
  readonly action: ContentAction;
  readonly directions: readonly ContentDirection[];
  /** What stands in its place when redacted; null: `[REDACTED]`. */
  readonly label: string | null;
};
