import type { MemberRow, MemberStore } from '../member-store.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';
import { Mirror } from './mirror.ts';

const MEMBERS = new Table<MemberRow>('members', {
  organizationId: 'organization_id',
  id: 'id',
  email: 'email',
  firstName: 'first_name',
  lastName: 'last_name',
  role: 'role',
  createdAt: 'created_at',
});

export type SqliteMembers = { readonly store: MemberStore; readonly reload: () => void };

/** `afterDelete`: who is gone is in no workspace either, and under no guardrail. */
export function sqliteMembers(database: Database, afterDelete: () => void): SqliteMembers {
  const mirror = new Mirror(database, () =>
    database.all(`${MEMBERS.select} ORDER BY created_at, id`).map((row) => MEMBERS.of(row)),
  );
  return {
    reload: () => mirror.reload(),
    store: {
      all: () => mirror.rows,
      get: (organizationId, id) =>
        mirror.rows.find((row) => row.id === id && row.organizationId === organizationId) ?? null,
      insert: (row) => mirror.change(() => void database.run(MEMBERS.insert, ...MEMBERS.values(row))),
      update: (organizationId, id, patch) =>
        mirror.change(() => {
          const set = MEMBERS.set(patch);
          if (set) database.run(`${set.sql} WHERE organization_id = ? AND id = ?`, ...set.values, organizationId, id);
        }),
      delete: async (organizationId, id) => {
        await mirror.change(() => {
          database.run(
            'DELETE FROM workspace_members WHERE user_id = ? AND workspace_id IN (SELECT id FROM workspaces WHERE organization_id = ?)',
            id,
            organizationId,
          );
          database.run('DELETE FROM guardrail_members WHERE organization_id = ? AND user_id = ?', organizationId, id);
          database.run('DELETE FROM members WHERE organization_id = ? AND id = ?', organizationId, id);
        });
        afterDelete();
      },
    },
  };
}
