import type {
  ContentAction,
  ContentDirection,
  DataRegion,
  Modality,
  ModalityRule,
  Source,
  ZdrGroup,
} from './effective-policy.ts';

/** What one layer (a guardrail, or the organization's ceiling) says about a call; null: nothing. */
export type LayerRules = {
  readonly allowedProviders: readonly string[] | null;
  readonly ignoredProviders: readonly string[] | null;
  readonly allowedModels: readonly string[] | null;
  readonly ignoredModels: readonly string[] | null;
  /** Only true restricts. */
  readonly zdr: Readonly<Partial<Record<ZdrGroup, boolean | null>>>;
  /** Permissions: only false restricts. */
  readonly paidTraining: boolean | null;
  readonly freeTraining: boolean | null;
  readonly freePublication: boolean | null;
  readonly regions: readonly DataRegion[] | null;
  readonly modalities: Readonly<Partial<Record<Modality, ModalityRule>>> | null;
  readonly builtins: readonly BuiltinRule[] | null;
  readonly custom: readonly CustomRule[] | null;
  readonly reversible: boolean | null;
  readonly markToolResults: boolean | null;
};

export type BuiltinRule = {
  readonly slug: string;
  readonly action: ContentAction;
  readonly directions: readonly ContentDirection[];
  readonly scanScope: 'user_only' | 'all_messages' | 'tool_results';
  readonly threshold: number | null;
};

export type CustomRule = {
  readonly pattern: string;
  readonly action: ContentAction;
  readonly directions: readonly ContentDirection[];
  readonly label: string | null;
};

/** A layer's rules, and whose they are. */
export type RuleLayer = { readonly source: Source; readonly rules: LayerRules };

/** A layer that says nothing. */
export const NO_RULES: LayerRules = {
  allowedProviders: null,
  ignoredProviders: null,
  allowedModels: null,
  ignoredModels: null,
  zdr: {},
  paidTraining: null,
  freeTraining: null,
  freePublication: null,
  regions: null,
  modalities: null,
  builtins: null,
  custom: null,
  reversible: null,
  markToolResults: null,
};
