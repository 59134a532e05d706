import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import * as z from 'zod';
import { type AuditHead, type AuditVerdict, verifyAudit } from '../admin/audit-chain.ts';
import { logFiles } from '../daemon/logs.ts';
import { paths } from '../daemon/state-folder.ts';
import { CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table, when } from './output.ts';
import { parseCount } from './values.ts';

const record = z.looseObject({
  seq: z.number(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  before: z.unknown(),
  after: z.unknown(),
});
const records = z.object({ data: z.array(record) });

type ListOptions = { readonly limit: number; readonly since?: string; readonly about?: string };

export function addAudit(program: Command): void {
  const audit = addCommand(program, 'audit', 'who changed what: a record that cannot be altered unseen');

  addCommand(audit, 'list', 'the newest changes, with --json what was before and after')
    .option('-n, --limit <count>', 'how many', parseCount, 50)
    .option('--since <time>', 'such as 2026-12-31 or 2026-12-31T12:00:00Z')
    .option('--about <start>', 'of this kind of action or target, such as key. or key:<id>')
    .action(async ({ limit, since, about }: ListOptions, command: Command) => {
      const globals = globalsOf(command);
      const query = new URLSearchParams({ limit: String(limit) });
      if (since !== undefined) query.set('since', momentOf(since));
      if (about !== undefined) query.set('about', about);
      const { data } = await (await connect(globals)).call(records, 'GET', `${CALLGATE_API}/audit?${query}`);
      if (globals.json) return printJson(data);
      if (data.length === 0) return note('Nothing was changed yet.');
      const rows = data.map((row) => [String(row.seq), when(row.at), row.actor, row.action, nameOf(row), row.target]);
      print(table(['>#', 'WHEN', 'WHO', 'WHAT', 'NAME', 'TARGET'], rows));
    });

  addCommand(audit, 'verify', 'whether records were altered, removed or moved; needs no daemon').action(
    async (_: unknown, command: Command) => {
      const { state, json } = globalsOf(command);
      const verdict = await verify(state);
      // As for people only where one looks.
      if (json || !process.stdout.isTTY) printJson(verdict);
      else if (verdict.ok) print(`ok: ${verdict.records} records${verdict.head ? `, head ${verdict.head}` : ''}`);
      if (!verdict.ok)
        throw new CommandFailure(
          `The audit is broken: ${verdict.problem}`,
          'What was written before that record still holds; a backup of callgate.db tells what it was.',
          EXIT.failed,
        );
    },
  );
}

async function verify(state: string): Promise<AuditVerdict> {
  const { database, logs } = paths(state);
  if (!existsSync(database)) throw new CommandFailure(`There is no ${database}`, 'Name the state folder (--state).');
  // Loads SQLite, which no other command does.
  const { readAudit } = await import('../store/sqlite/audit.ts');
  // The log first: the chain may go on while it is read.
  const heads = loggedHeads(logs);
  try {
    return verifyAudit(readAudit(database), heads);
  } catch (error) {
    throw new CommandFailure(`${database} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const logged = z.object({ event: z.literal('audit'), seq: z.number(), head: z.string() });

/** What the daemon's log knows of the chain. */
function loggedHeads(folder: string): readonly AuditHead[] {
  const heads: AuditHead[] = [];
  for (const file of existsSync(folder) ? logFiles(folder) : []) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      if (!line.includes('"event":"audit"')) continue;
      const parsed = logged.safeParse(jsonOf(line));
      if (parsed.success) heads.push({ seq: parsed.data.seq, hash: parsed.data.head });
    }
  }
  return heads;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** What people call the thing. */
function nameOf({ before, after }: z.infer<typeof record>): string {
  for (const side of [after, before]) {
    if (typeof side !== 'object' || side === null) continue;
    const { name, slug, provider } = side as Record<string, unknown>;
    const found = [name, slug, provider].find((one) => typeof one === 'string' && one !== '');
    if (typeof found === 'string') return found;
  }
  return '';
}

function momentOf(text: string): string {
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new CommandFailure('Write --since as 2026-12-31 or 2026-12-31T12:00:00Z', null, EXIT.usage);
}
