/** A provider's key that somebody brought for a workspace, or for all workspaces of their organization (OpenRouter's BYOK). */
export type ByokRow = {
  readonly id: string;
  readonly organizationId: string;
  /** Null: for every workspace of the organization. */
  readonly workspaceId: string | null;
  /** The provider's slug. */
  readonly provider: string;
  readonly name: string | null;
  /** The key, masked. */
  readonly label: string;
  /** The key, encrypted by the vault for this id and provider; empty once the row was deleted. */
  readonly sealed: string;
  readonly disabled: boolean;
  /** Asked only when all else has failed. */
  readonly isFallback: boolean;
  /** The models it may serve are served with keys like this one, and not with the daemon's own or by a router. */
  readonly isRequired: boolean;
  /** Nor is any other model of the provider. */
  readonly isByokOnly: boolean;
  /** What its owner says of the account behind it; null: nothing, the provider's own policy counts. */
  readonly declaredZdr: boolean | null;
  /** Ids of the models it may serve; null: all. */
  readonly allowedModels: readonly string[] | null;
  /** Ids, not hashes, of the API keys that may use it: a hash changes when a key is rotated. Null: all. */
  readonly allowedKeyIds: readonly string[] | null;
  /** Members whose keys may use it; null: all. */
  readonly allowedUserIds: readonly string[] | null;
  /** Lower ones are asked first among those of the same provider and workspace. */
  readonly sortOrder: number;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type ByokPatch = Partial<Omit<ByokRow, 'id' | 'organizationId' | 'workspaceId' | 'provider' | 'createdAt'>>;

/** What was charged to brought keys, in nano-dollars; all of it is in the usage besides. */
export type ByokSums = { readonly requests: number; readonly nano: number };

export type ByokUsageFilter = {
  readonly keyId?: string;
  readonly workspaceId?: string;
  /** Both days included. */
  readonly since?: string;
  readonly until?: string;
};

/** Of one day, key, model and provider. */
export type ByokUsageRow = ByokSums & {
  readonly day: string;
  readonly keyId: string;
  readonly workspaceId: string;
  readonly model: string;
  readonly provider: string;
};

export type ByokStore = {
  /** Of every organization; in memory, and the very same array until something in it changes. */
  all(): readonly ByokRow[];
  insert(row: ByokRow): Promise<void>;
  update(id: string, patch: ByokPatch): Promise<void>;
  /** Wipes the key and forgets the row, which stays: calls refer to it. */
  delete(id: string, now: string): Promise<void>;
  /** What was charged to brought keys by day, key, model and provider. */
  usage(filter: ByokUsageFilter): Promise<readonly ByokUsageRow[]>;
};
