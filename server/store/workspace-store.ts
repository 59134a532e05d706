import type { Nano } from '../pricing/money.ts';

export type ProviderSort = 'price' | 'throughput' | 'latency' | 'exacto';

export type WorkspaceRow = {
  readonly id: string;
  readonly organizationId: string;
  /** Unique within its organization. */
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  /** The one of its organization that what names none belongs to; every member of the organization is a member of it. */
  readonly isDefault: boolean;
  readonly defaultTextModel: string | null;
  readonly defaultImageModel: string | null;
  readonly defaultProviderSort: ProviderSort | null;
  /** The id that its default guardrail has, before that is first changed too. */
  readonly defaultGuardrailId: string;
  readonly isBroadcastEnabled: boolean;
  readonly isDataDiscountLoggingEnabled: boolean;
  /** Whether what is charged to provider keys of one's own counts against the workspace's budgets. */
  readonly includeByokInBudgets: boolean;
  readonly disabledServerTools: readonly string[] | null;
  /** A member, or null: nobody said. */
  readonly createdBy: string | null;
  readonly createdAt: string;
  readonly updatedAt: string | null;
};

export type WorkspacePatch = Partial<
  Omit<WorkspaceRow, 'id' | 'organizationId' | 'isDefault' | 'defaultGuardrailId' | 'createdBy' | 'createdAt'>
>;

/** In memory besides, as `OrganizationStore`. */
export type WorkspaceStore = {
  /** Of every organization, oldest first. */
  all(): readonly WorkspaceRow[];
  list(): Promise<readonly WorkspaceRow[]>;
  get(id: string): WorkspaceRow | null;
  /** Whose a workspace is, or was before it was deleted; null: it never was. */
  organizationOf(id: string): string | null;
  /** The default organization's default workspace, or its oldest once that one was deleted: it holds the editor's key. */
  default(): Promise<WorkspaceRow>;
  insert(row: WorkspaceRow): Promise<void>;
  update(id: string, patch: WorkspacePatch): Promise<void>;
  /** Forgets it with its budgets and members, and its slug becomes free; the row stays, since spend refers to it. */
  delete(id: string): Promise<void>;
};

export type BudgetInterval = 'daily' | 'weekly' | 'monthly' | 'lifetime';

export type WorkspaceBudgetRow = {
  readonly id: string;
  readonly workspaceId: string;
  readonly interval: BudgetInterval;
  readonly limit: Nano;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** At most one of an interval; in memory besides, as `OrganizationStore`. The ledger knows what is spent as `workspace:<id>`. */
export type WorkspaceBudgetStore = {
  all(): readonly WorkspaceBudgetRow[];
  /** Broadest first: lifetime, monthly, weekly, daily. */
  of(workspaceId: string): readonly WorkspaceBudgetRow[];
  /** Puts it in the place of the one of its interval. */
  put(row: WorkspaceBudgetRow): Promise<void>;
  delete(workspaceId: string, interval: BudgetInterval): Promise<void>;
};

export type WorkspaceRole = 'admin' | 'member';

/** A member who was added to a workspace. Nobody is added to a default workspace: there all of the organization are. */
export type WorkspaceMemberRow = {
  readonly id: string;
  readonly workspaceId: string;
  readonly userId: string;
  readonly role: WorkspaceRole;
  readonly createdAt: string;
};

/** In memory besides, as `OrganizationStore`. */
export type WorkspaceMemberStore = {
  all(): readonly WorkspaceMemberRow[];
  /** Oldest first. */
  of(workspaceId: string): readonly WorkspaceMemberRow[];
  /** Who is a member already stays as they are. */
  add(rows: readonly WorkspaceMemberRow[]): Promise<void>;
  remove(workspaceId: string, userIds: readonly string[]): Promise<void>;
};
