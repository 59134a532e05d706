/** The kinds of places that OpenRouter's API can be told to broadcast to. */
export const DESTINATION_TYPES = [
  'arize',
  'braintrust',
  'clickhouse',
  'datadog',
  'grafana',
  'langfuse',
  'langsmith',
  'newrelic',
  'opik',
  'otel-collector',
  'posthog',
  'ramp',
  's3',
  'sentry',
  'snowflake',
  'weave',
  'webhook',
] as const;
export type DestinationType = (typeof DESTINATION_TYPES)[number];

export type DestinationRegion = 'global' | 'europe' | 'us';

/** Which calls are told of: one group suffices, in each all rules or any. */
export type FilterRules = {
  readonly enabled: boolean;
  readonly groups: readonly {
    readonly logic: 'and' | 'or';
    readonly rules: readonly {
      readonly field: string;
      readonly operator: string;
      readonly value?: string | number | undefined;
    }[];
  }[];
};

export type DestinationRow = {
  readonly id: string;
  readonly workspaceId: string;
  readonly type: DestinationType;
  readonly name: string;
  /** What of its configuration is no secret. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The rest of it as JSON, encrypted by the vault for this id; empty once the row was deleted. */
  readonly sealed: string;
  readonly enabled: boolean;
  /** The share of sessions that it is told of, more than 0 and at most 1. */
  readonly samplingRate: number;
  /** Prompts and answers are left out. */
  readonly privacyMode: boolean;
  /** Ids of the API keys whose calls it is told of; null: all. */
  readonly keyIds: readonly string[] | null;
  readonly filterRules: FilterRules | null;
  readonly tellsCost: boolean;
  readonly tellsIdentity: boolean;
  readonly tellsRequestContext: boolean;
  readonly regions: readonly DestinationRegion[];
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type DestinationPatch = Partial<Omit<DestinationRow, 'id' | 'workspaceId' | 'type' | 'createdAt'>>;

export type DestinationStore = {
  /** Of every workspace, oldest first; in memory, and the very same array until something in it changes. */
  all(): readonly DestinationRow[];
  insert(row: DestinationRow): Promise<void>;
  update(id: string, patch: DestinationPatch): Promise<void>;
  /** Wipes its secrets and forgets it; the row stays. */
  delete(id: string, now: string): Promise<void>;
};
