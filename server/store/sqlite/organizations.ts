import type {
  ManagementKeyRow,
  ManagementKeyStore,
  OrganizationRow,
  OrganizationStore,
} from '../organization-store.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';
import { Mirror } from './mirror.ts';

const ORGANIZATIONS = new Table<OrganizationRow>('organizations', {
  id: 'id',
  slug: 'slug',
  name: 'name',
  credits: 'credits_nano',
  isDefault: { column: 'is_default', as: 'flag' },
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

const MANAGEMENT_KEYS = new Table<ManagementKeyRow>('management_keys', {
  id: 'id',
  hash: 'hash',
  organizationId: 'organization_id',
  name: 'name',
  label: 'label',
  createdAt: 'created_at',
});

/** `afterDelete`: what lives in an organization is gone with it, and is to be read again. */
export function sqliteOrganizations(database: Database, afterDelete: () => void): OrganizationStore {
  const mirror = new Mirror(database, () =>
    database
      .all(`${ORGANIZATIONS.select} WHERE deleted = 0 ORDER BY is_default DESC, created_at, rowid`)
      .map((row) => ORGANIZATIONS.of(row)),
  );
  return {
    all: () => mirror.rows,
    get: (id) => mirror.rows.find((row) => row.id === id) ?? null,
    default: () => {
      const found = mirror.rows.find((row) => row.isDefault);
      if (!found) throw new Error('The store has no default organization');
      return found;
    },
    insert: (row) => mirror.change(() => void database.run(ORGANIZATIONS.insert, ...ORGANIZATIONS.values(row))),
    update: (id, patch) =>
      mirror.change(() => {
        const set = ORGANIZATIONS.set(patch);
        if (set) database.run(`${set.sql} WHERE id = ?`, ...set.values, id);
      }),
    delete: async (id, now) => {
      await mirror.change(() => {
        database.run('UPDATE organizations SET deleted = 1, updated_at = ? WHERE id = ?', now, id);
        database.run('DELETE FROM members WHERE organization_id = ?', id);
        database.run('DELETE FROM management_keys WHERE organization_id = ?', id);
      });
      afterDelete();
    },
  };
}

export type SqliteManagementKeys = { readonly store: ManagementKeyStore; readonly reload: () => void };

export function sqliteManagementKeys(database: Database): SqliteManagementKeys {
  const mirror = new Mirror(database, () =>
    database.all(`${MANAGEMENT_KEYS.select} ORDER BY created_at, rowid`).map((row) => MANAGEMENT_KEYS.of(row)),
  );
  return {
    reload: () => mirror.reload(),
    store: {
      all: () => mirror.rows,
      byHash: (hash) => mirror.rows.find((row) => row.hash === hash) ?? null,
      insert: (row) => mirror.change(() => void database.run(MANAGEMENT_KEYS.insert, ...MANAGEMENT_KEYS.values(row))),
      delete: (id) => mirror.change(() => void database.run('DELETE FROM management_keys WHERE id = ?', id)),
    },
  };
}
