import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Store } from '../store.ts';
import { sqliteAnalytics } from './analytics.ts';
import { sqliteAudit } from './audit.ts';
import { sqliteBehaviors } from './behaviors.ts';
import { sqliteByok } from './byok.ts';
import { Database } from './database.ts';
import { sqliteDestinations } from './destinations.ts';
import { sqliteFeedback } from './feedback.ts';
import { sqliteGuardrails } from './guardrails.ts';
import { sqliteIoLog } from './io-log.ts';
import { sqliteKeys } from './keys.ts';
import { SqliteLedger } from './ledger.ts';
import { sqliteMembers } from './members.ts';
import { migrate } from './migrations.ts';
import { sqliteManagementKeys, sqliteOrganizations } from './organizations.ts';
import { sqlitePermits } from './permits.ts';
import { sqlitePresets } from './presets.ts';
import { sqliteProposals } from './proposals.ts';
import { quickCheck } from './quick-check.ts';
import { sqliteUsage } from './usage.ts';
import { sqliteWorkspaceBudgets, sqliteWorkspaceMembers, sqliteWorkspaces } from './workspaces.ts';

/**
 * Opens the embedded store (`:memory:` for tests), creating it with mode 0600 and its default workspace.
 * Throws NewerStoreError when a newer Callgate wrote the file.
 */
export function openSqliteStore(file: string, now: () => Date): Store {
  if (file !== ':memory:') {
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  const database = new Database(file);
  let ledger: SqliteLedger;
  try {
    migrate(database);
    ledger = new SqliteLedger(database, file === ':memory:' ? null : dirname(file));
    database.run(
      `INSERT INTO workspaces (id, organization_id, slug, name, is_default, default_guardrail_id, created_at)
        SELECT ?, id, 'default', 'Default', 1, ?, ? FROM organizations
        WHERE is_default = 1 AND NOT EXISTS (SELECT 1 FROM workspaces WHERE organization_id = organizations.id)`,
      randomUUID(),
      randomUUID(),
      now().toISOString(),
    );
  } catch (error) {
    database.close();
    throw error;
  }
  const workspaceMembers = sqliteWorkspaceMembers(database);
  const workspaceBudgets = sqliteWorkspaceBudgets(database);
  const guardrails = sqliteGuardrails(database);
  const members = sqliteMembers(database, () => {
    workspaceMembers.reload();
    guardrails.reload();
  });
  const managementKeys = sqliteManagementKeys(database);
  const organizations = sqliteOrganizations(database, () => {
    members.reload();
    managementKeys.reload();
  });
  return {
    organizations,
    managementKeys: managementKeys.store,
    members: members.store,
    workspaces: sqliteWorkspaces(
      database,
      () => organizations.default().id,
      () => {
        workspaceBudgets.reload();
        workspaceMembers.reload();
        guardrails.reload();
      },
    ),
    workspaceBudgets: workspaceBudgets.store,
    guardrails: guardrails.store,
    workspaceMembers: workspaceMembers.store,
    keys: sqliteKeys(database),
    presets: sqlitePresets(database),
    ledger: {
      reserve: (layers, decide) => ledger.reserve(layers, decide),
      checkpoint: (id, checkpoint) => ledger.checkpoint(id, checkpoint),
      settle: (id, end) => ledger.settle(id, end),
      release: (id) => ledger.release(id),
      open: () => ledger.open(),
      standings: (layers) => ledger.standings(layers),
    },
    usage: sqliteUsage(database, () => {
      // It has been brought up to date just before.
      if (!database.isBusy) ledger.catchUp();
    }),
    ioLog: sqliteIoLog(database),
    feedback: sqliteFeedback(database),
    byok: sqliteByok(database, () => {
      if (!database.isBusy) ledger.catchUp();
    }),
    destinations: sqliteDestinations(database),
    analytics: sqliteAnalytics(database, () => {
      if (!database.isBusy) ledger.catchUp();
    }),
    audit: sqliteAudit(database),
    behaviors: sqliteBehaviors(database),
    permits: sqlitePermits(database),
    proposals: sqliteProposals(database),
    transact: (work) => {
      if (!database.isBusy) ledger.catchUp();
      return database.unit(work);
    },
    afterCommit: (told) => database.afterCommit(told),
    check: async () => (file === ':memory:' ? [] : quickCheck(file)),
    damagedEntries: ledger.damaged,
    close: async () => {
      try {
        ledger.close();
      } finally {
        database.close();
      }
    },
  };
}
