/** Keys that somebody brought for a workspace or a whole organization (OpenRouter's BYOK), as the registry asks for them. */
export type ByokKey = {
  readonly id: string;
  readonly organizationId: string;
  readonly workspaceId: string | null;
  readonly provider: string;
  readonly name: string | null;
  readonly label: string;
  readonly sealed: string;
  readonly disabled: boolean;
  readonly isFallback: boolean;
  readonly isRequired: boolean;
  readonly isByokOnly: boolean;
  readonly declaredZdr: boolean | null;
  readonly allowedModels: readonly string[] | null;
  readonly allowedKeyIds: readonly string[] | null;
  readonly allowedUserIds: readonly string[] | null;
  readonly sortOrder: number;
};

/** Who calls, as far as keys go by it. */
export type KeyCaller = {
  readonly keyId: string;
  readonly keyHash: string;
  readonly workspaceId: string;
  /** The member whose key it is, if anyone's. */
  readonly userId: string | null;
};

export type ByokSource = {
  /** The very same array until one of them changes. */
  readonly rows: () => readonly ByokKey[];
  /** Null: no such workspace. */
  readonly organizationOf: (workspaceId: string) => string | null;
  /** Throws when it cannot be decrypted. */
  readonly secretOf: (key: ByokKey) => string;
};

const NONE: readonly ByokKey[] = [];

/** What may serve whom: a workspace's keys never serve another workspace, nor an organization's another organization. */
export class ByokKeys {
  readonly #source: ByokSource;
  #rows: readonly ByokKey[] = NONE;
  /** Decrypting costs as much as finding a route. */
  readonly #secrets = new WeakMap<ByokKey, string>();
  #byProvider: ReadonlyMap<string, readonly ByokKey[]> = new Map();

  constructor(source: ByokSource) {
    this.#source = source;
  }

  /** Whether nobody has brought any that is not disabled. */
  get isEmpty(): boolean {
    return this.#index().size === 0;
  }

  /** Whether anybody at all has brought a key of this provider that is not disabled. */
  has(provider: string): boolean {
    return this.#index().has(provider);
  }

  /** Those that this caller may use, in the order they are tried: the workspace's own, then the organization's. */
  of(provider: string, caller: KeyCaller): readonly ByokKey[] {
    const keys = this.#index().get(provider);
    if (!keys) return NONE;
    const organizationId = this.#source.organizationOf(caller.workspaceId);
    return keys.filter(
      (key) =>
        key.organizationId === organizationId &&
        (key.workspaceId === null || key.workspaceId === caller.workspaceId) &&
        (key.allowedKeyIds === null || key.allowedKeyIds.includes(caller.keyId)) &&
        (key.allowedUserIds === null || (caller.userId !== null && key.allowedUserIds.includes(caller.userId))),
    );
  }

  /** What is sent; undefined when it cannot be read: the next key is tried then, and no other provider suffers. */
  secretOf(key: ByokKey): string | undefined {
    let secret = this.#secrets.get(key);
    if (secret !== undefined) return secret;
    try {
      secret = this.#source.secretOf(key);
    } catch {
      return undefined;
    }
    this.#secrets.set(key, secret);
    return secret;
  }

  #index(): ReadonlyMap<string, readonly ByokKey[]> {
    const rows = this.#source.rows();
    if (rows === this.#rows) return this.#byProvider;
    this.#rows = rows;
    const order = (key: ByokKey) => (key.workspaceId === null ? 1 : 0);
    // What came first in the list stays first among equals.
    const enabled = rows
      .filter((key) => !key.disabled)
      .toSorted((a, b) => order(a) - order(b) || a.sortOrder - b.sortOrder);
    this.#byProvider = Map.groupBy(enabled, ({ provider }) => provider);
    return this.#byProvider;
  }
}

/** When there is nowhere to bring keys to. */
export const NO_BYOK = new ByokKeys({ rows: () => NONE, organizationOf: () => null, secretOf: () => '' });

/** Whether a key is for a model; `names` are all by which its provider would serve the very same one, in small letters. */
export const serves = ({ allowedModels }: ByokKey, names: () => ReadonlySet<string>) =>
  allowedModels === null || allowedModels.some((name) => names().has(name.toLowerCase()));

/** Why a model is served with brought keys alone, and not with the daemon's own or by a router; null: it need not be. */
export function insistence(
  keys: readonly ByokKey[],
  names: () => ReadonlySet<string>,
): 'byok.is_byok_only' | 'byok.is_required' | null {
  if (keys.some((key) => key.isByokOnly)) return 'byok.is_byok_only';
  return keys.some((key) => key.isRequired && serves(key, names)) ? 'byok.is_required' : null;
}
