import type {
  BudgetInterval,
  WorkspaceBudgetRow,
  WorkspaceBudgetStore,
  WorkspaceMemberRow,
  WorkspaceMemberStore,
  WorkspaceRow,
  WorkspaceStore,
} from '../workspace-store.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';
import { Mirror } from './mirror.ts';

const WORKSPACES = new Table<WorkspaceRow>('workspaces', {
  id: 'id',
  organizationId: 'organization_id',
  slug: 'slug',
  name: 'name',
  description: 'description',
  isDefault: { column: 'is_default', as: 'flag' },
  defaultTextModel: 'default_text_model',
  defaultImageModel: 'default_image_model',
  defaultProviderSort: 'default_provider_sort',
  defaultGuardrailId: 'default_guardrail_id',
  isBroadcastEnabled: { column: 'is_broadcast_enabled', as: 'flag' },
  isDataDiscountLoggingEnabled: { column: 'is_data_discount_logging_enabled', as: 'flag' },
  includeByokInBudgets: { column: 'include_byok_in_budgets', as: 'flag' },
  disabledServerTools: { column: 'disabled_server_tools', as: 'json' },
  createdBy: 'created_by',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

const BUDGETS = new Table<WorkspaceBudgetRow>('workspace_budgets', {
  id: 'id',
  workspaceId: 'workspace_id',
  interval: 'interval',
  limit: 'limit_nano',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

const MEMBERS = new Table<WorkspaceMemberRow>('workspace_members', {
  id: 'id',
  workspaceId: 'workspace_id',
  userId: 'user_id',
  role: 'role',
  createdAt: 'created_at',
});

const BROADEST_FIRST: readonly BudgetInterval[] = ['lifetime', 'monthly', 'weekly', 'daily'];

/** `home`: the default organization's id. `afterDelete`: its budgets, members and guardrails are gone with it. */
export function sqliteWorkspaces(database: Database, home: () => string, afterDelete: () => void): WorkspaceStore {
  const mirror = new Mirror(database, () =>
    database.all(`${WORKSPACES.select} WHERE deleted = 0 ORDER BY created_at, rowid`).map((row) => WORKSPACES.of(row)),
  );
  // Every call asks for its workspace.
  let indexed: readonly WorkspaceRow[] = [];
  let byId = new Map<string, WorkspaceRow>();
  return {
    all: () => mirror.rows,
    list: async () => mirror.rows,
    get: (id) => {
      if (indexed !== mirror.rows) {
        indexed = mirror.rows;
        byId = new Map(indexed.map((row) => [row.id, row]));
      }
      return byId.get(id) ?? null;
    },
    organizationOf: (id) => {
      const [row] = database.all('SELECT organization_id FROM workspaces WHERE id = ?', id);
      return row ? String(row['organization_id']) : null;
    },
    default: async () => {
      const own = mirror.rows.filter((row) => row.organizationId === home());
      const found = own.find((row) => row.isDefault) ?? own[0];
      if (!found) throw new Error('The default organization has no workspace');
      return found;
    },
    insert: (row) => mirror.change(() => void database.run(WORKSPACES.insert, ...WORKSPACES.values(row))),
    update: (id, patch) =>
      mirror.change(() => {
        const set = WORKSPACES.set(patch);
        if (set) database.run(`${set.sql} WHERE id = ?`, ...set.values, id);
      }),
    delete: async (id) => {
      await mirror.change(() => {
        database.run('UPDATE workspaces SET deleted = 1, is_default = 0 WHERE id = ?', id);
        database.run('DELETE FROM workspace_budgets WHERE workspace_id = ?', id);
        database.run('DELETE FROM workspace_members WHERE workspace_id = ?', id);
        const own = 'SELECT id FROM guardrails WHERE workspace_id = ?';
        database.run(`DELETE FROM guardrail_keys WHERE guardrail_id IN (${own})`, id);
        database.run(`DELETE FROM guardrail_members WHERE guardrail_id IN (${own})`, id);
        database.run('DELETE FROM guardrails WHERE workspace_id = ?', id);
      });
      afterDelete();
    },
  };
}

export type SqliteWorkspaceBudgets = { readonly store: WorkspaceBudgetStore; readonly reload: () => void };

export function sqliteWorkspaceBudgets(database: Database): SqliteWorkspaceBudgets {
  const mirror = new Mirror(database, () => database.all(BUDGETS.select).map((row) => BUDGETS.of(row)));
  const place = ({ interval }: WorkspaceBudgetRow) => BROADEST_FIRST.indexOf(interval);
  return {
    reload: () => mirror.reload(),
    store: {
      all: () => mirror.rows,
      of: (workspaceId) =>
        mirror.rows.filter((row) => row.workspaceId === workspaceId).toSorted((a, b) => place(a) - place(b)),
      put: (row) =>
        mirror.change(() => {
          database.run(
            'DELETE FROM workspace_budgets WHERE workspace_id = ? AND interval = ?',
            row.workspaceId,
            row.interval,
          );
          database.run(BUDGETS.insert, ...BUDGETS.values(row));
        }),
      delete: (workspaceId, interval) =>
        mirror.change(
          () =>
            void database.run(
              'DELETE FROM workspace_budgets WHERE workspace_id = ? AND interval = ?',
              workspaceId,
              interval,
            ),
        ),
    },
  };
}

export type SqliteWorkspaceMembers = { readonly store: WorkspaceMemberStore; readonly reload: () => void };

export function sqliteWorkspaceMembers(database: Database): SqliteWorkspaceMembers {
  const mirror = new Mirror(database, () =>
    database.all(`${MEMBERS.select} ORDER BY created_at, rowid`).map((row) => MEMBERS.of(row)),
  );
  return {
    reload: () => mirror.reload(),
    store: {
      all: () => mirror.rows,
      of: (workspaceId) => mirror.rows.filter((row) => row.workspaceId === workspaceId),
      add: (rows) =>
        mirror.change(() => {
          for (const row of rows)
            database.run(`${MEMBERS.insert} ON CONFLICT (workspace_id, user_id) DO NOTHING`, ...MEMBERS.values(row));
        }),
      remove: (workspaceId, userIds) =>
        mirror.change(() => {
          for (const userId of userIds)
            database.run('DELETE FROM workspace_members WHERE workspace_id = ? AND user_id = ?', workspaceId, userId);
        }),
    },
  };
}
