import type { DestinationRow, DestinationStore } from '../destination-store.ts';
import { Table } from './columns.ts';
import type { Database } from './database.ts';
import { Mirror } from './mirror.ts';

const DESTINATIONS = new Table<DestinationRow>('destinations', {
  id: 'id',
  workspaceId: 'workspace_id',
  type: 'type',
  name: 'name',
  config: { column: 'config', as: 'json' },
  sealed: 'sealed',
  enabled: { column: 'enabled', as: 'flag' },
  samplingRate: 'sampling_rate',
  privacyMode: { column: 'privacy_mode', as: 'flag' },
  keyIds: { column: 'key_ids', as: 'json' },
  filterRules: { column: 'filter_rules', as: 'json' },
  tellsCost: { column: 'tells_cost', as: 'flag' },
  tellsIdentity: { column: 'tells_identity', as: 'flag' },
  tellsRequestContext: { column: 'tells_request_context', as: 'flag' },
  regions: { column: 'regions', as: 'json' },
  createdAt: 'created_at',
  updatedAt: 'updated_at',
});

export function sqliteDestinations(database: Database): DestinationStore {
  const mirror = new Mirror(database, () =>
    database
      .all(`${DESTINATIONS.select} WHERE deleted = 0 ORDER BY created_at, rowid`)
      .map((row) => DESTINATIONS.of(row)),
  );
  return {
    all: () => mirror.rows,
    insert: (row) => mirror.change(() => void database.run(DESTINATIONS.insert, ...DESTINATIONS.values(row))),
    update: (id, patch) =>
      mirror.change(() => {
        const set = DESTINATIONS.set(patch);
        if (set) database.run(`${set.sql} WHERE id = ?`, ...set.values, id);
      }),
    delete: (id, now) =>
      mirror.change(
        () =>
          void database.run("UPDATE destinations SET deleted = 1, sealed = '', updated_at = ? WHERE id = ?", now, id),
      ),
  };
}
