import type {
  GuardrailRow,
  GuardrailStore,
  KeyAssignmentRow,
  MemberAssignmentRow,
  OrganizationPolicyRow,
} from '../guardrail-store.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';
import { Mirror } from './mirror.ts';

const GUARDRAILS = new Table<GuardrailRow>('guardrails', {
  id: 'id',
  workspaceId: 'workspace_id',
  isDefault: { column: 'is_default', as: 'flag' },
  name: 'name',
  description: 'description',
  limit: 'limit_nano',
  reset: 'reset',
  includeByok: { column: 'include_byok', as: 'flag' },
  enforceZdr: { column: 'enforce_zdr', as: 'json' },
  rules: { column: 'rules', as: 'json' },
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

const KEYS = new Table<KeyAssignmentRow>('guardrail_keys', {
  id: 'id',
  guardrailId: 'guardrail_id',
  keyId: 'key_id',
  assignedBy: 'assigned_by',
  createdAt: 'created_at',
});

const MEMBERS = new Table<MemberAssignmentRow>('guardrail_members', {
  id: 'id',
  guardrailId: 'guardrail_id',
  organizationId: 'organization_id',
  userId: 'user_id',
  assignedBy: 'assigned_by',
  createdAt: 'created_at',
});

const POLICIES = new Table<OrganizationPolicyRow>('organization_policies', {
  organizationId: 'organization_id',
  rules: { column: 'rules', as: 'json' },
  injectionAllowList: { column: 'injection_allow_list', as: 'json' },
  updatedAt: 'updated_at',
});

export type SqliteGuardrails = { readonly store: GuardrailStore; readonly reload: () => void };

/** Guardrails, whom they are assigned to, and the organizations' ceilings. */
export function sqliteGuardrails(database: Database): SqliteGuardrails {
  const mirror = <T extends object>(table: Table<T>, order: string) =>
    new Mirror<T>(database, () => database.all(`${table.select} ORDER BY ${order}`).map((row) => table.of(row)));
  const guardrails = mirror(GUARDRAILS, 'created_at, rowid');
  const keys = mirror(KEYS, 'created_at, rowid');
  const members = mirror(MEMBERS, 'created_at, rowid');
  const policies = mirror(POLICIES, 'organization_id');
  const reload = () => {
    for (const each of [guardrails, keys, members]) each.reload();
  };
  const store: GuardrailStore = {
    all: () => guardrails.rows,
    get: (id) => guardrails.rows.find((row) => row.id === id) ?? null,
    insert: (row) => guardrails.change(() => void database.run(GUARDRAILS.insert, ...GUARDRAILS.values(row))),
    update: (id, patch) =>
      guardrails.change(() => {
        const set = GUARDRAILS.set(patch);
        if (set) database.run(`${set.sql} WHERE id = ?`, ...set.values, id);
      }),
    delete: async (id) => {
      // The assignments are forgotten first: a key under a guardrail that is not there could not call.
      await keys.change(() => {
        database.run('DELETE FROM guardrail_keys WHERE guardrail_id = ?', id);
        database.run('DELETE FROM guardrail_members WHERE guardrail_id = ?', id);
        database.run('DELETE FROM guardrails WHERE id = ?', id);
      });
      members.reload();
      guardrails.reload();
    },
    keyAssignments: () => keys.rows,
    memberAssignments: () => members.rows,
    assignKeys: (rows) =>
      keys.change(() => {
        for (const row of rows) {
          database.run('DELETE FROM guardrail_keys WHERE key_id = ?', row.keyId);
          database.run(KEYS.insert, ...KEYS.values(row));
        }
      }),
    assignMembers: (rows) =>
      members.change(() => {
        for (const row of rows) {
          database.run(
            'DELETE FROM guardrail_members WHERE organization_id = ? AND user_id = ?',
            row.organizationId,
            row.userId,
          );
          database.run(MEMBERS.insert, ...MEMBERS.values(row));
        }
      }),
    unassign: async (ids) => {
      await keys.change(() => {
        for (const id of ids) {
          database.run('DELETE FROM guardrail_keys WHERE id = ?', id);
          database.run('DELETE FROM guardrail_members WHERE id = ?', id);
        }
      });
      members.reload();
    },
    policies: () => policies.rows,
    savePolicy: (row) =>
      policies.change(() => {
        database.run('DELETE FROM organization_policies WHERE organization_id = ?', row.organizationId);
        database.run(POLICIES.insert, ...POLICIES.values(row));
      }),
  };
  return { store, reload };
}
