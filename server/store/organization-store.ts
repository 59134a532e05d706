import type { Nano } from '../pricing/money.ts';

/** The outermost layer: members, workspaces, credits, and the management keys that see these and nothing else. */
export type OrganizationRow = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  /** Prepaid, for its lifetime; null: nothing was prepaid and nothing is limited by it. */
  readonly credits: Nano | null;
  /** The one that the person's own tools work in unless told otherwise. */
  readonly isDefault: boolean;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type OrganizationPatch = Partial<Pick<OrganizationRow, 'slug' | 'name' | 'credits' | 'updatedAt'>>;

/**
 * Kept in memory besides: what reads asks no disk, and answers the very same array until something in it changes, so that what was
 * made of it can be remembered by that array.
 */
export type OrganizationStore = {
  /** Oldest first. */
  all(): readonly OrganizationRow[];
  get(id: string): OrganizationRow | null;
  default(): OrganizationRow;
  insert(row: OrganizationRow): Promise<void>;
  update(id: string, patch: OrganizationPatch): Promise<void>;
  /** Forgets it with its members and management keys; the row stays, since spend refers to it. */
  delete(id: string, now: string): Promise<void>;
};

/** A key that manages one organization and cannot call models. The state folder's own one is not among them. */
export type ManagementKeyRow = {
  readonly id: string;
  /** SHA-256 of the secret, lowercase hex. */
  readonly hash: string;
  readonly organizationId: string;
  readonly name: string;
  /** The secret, masked. */
  readonly label: string;
  readonly createdAt: string;
};

export type ManagementKeyStore = {
  /** Oldest first, of every organization; in memory, as {@link OrganizationStore}. */
  all(): readonly ManagementKeyRow[];
  byHash(hash: string): ManagementKeyRow | null;
  insert(row: ManagementKeyRow): Promise<void>;
  delete(id: string): Promise<void>;
};
