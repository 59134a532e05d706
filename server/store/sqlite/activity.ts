import type { SQLInputValue } from 'node:sqlite';
import type { ActivityFilter, ActivityRow } from '../store.ts';
import type { Database } from './database.ts';

const SUMS = ['requests', 'nano', 'prompt_tokens', 'completion_tokens', 'reasoning_tokens']
  .map((name) => `sum(${name}) AS ${name}`)
  .join(', ');

/** What was used between two days, from the daily sums: the number of calls does not matter. */
export function activityOf(database: Database, filter: ActivityFilter, byWorkspace: boolean): readonly ActivityRow[] {
  const clauses = ['day >= ?', 'day <= ?'];
  const values: SQLInputValue[] = [filter.from, filter.to];
  if (filter.workspaceId !== undefined) {
    clauses.push('workspace_id = ?');
    values.push(filter.workspaceId);
  }
  if (filter.organizationId !== undefined) {
    clauses.push('workspace_id IN (SELECT id FROM workspaces WHERE organization_id = ?)');
    values.push(filter.organizationId);
  }
  if (filter.keyIds) {
    clauses.push('key_id IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(filter.keyIds));
  }
  const by = `day, model, provider${byWorkspace ? ', workspace_id' : ''}`;
  return database
    .all(
      `SELECT ${by}, ${SUMS} FROM usage WHERE ${clauses.join(' AND ')} GROUP BY ${by}
       ORDER BY day DESC, sum(nano) DESC, model, provider`,
      ...values,
    )
    .map((row) => ({
      day: String(row['day']),
      model: String(row['model']),
      provider: String(row['provider']),
      workspaceId: byWorkspace ? String(row['workspace_id']) : null,
      requests: Number(row['requests']),
      nano: Number(row['nano']),
      promptTokens: Number(row['prompt_tokens']),
      completionTokens: Number(row['completion_tokens']),
      reasoningTokens: Number(row['reasoning_tokens']),
    }));
}
