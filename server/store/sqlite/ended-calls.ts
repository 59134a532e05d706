import type { GenerationEnd, Reservation } from '../store.ts';
import type { Database } from './database.ts';
import type { Position } from './journal.ts';

/** The row of `layer_spent` that holds a layer's whole life. It sorts before every digit, so it is never among the days. */
export const LIFETIME = '*';

/** Under which name an account's spend is kept: what a brought key served apart, since not every limit counts it. */
export const spendOf = (account: string, { isByok }: Pick<GenerationEnd, 'isByok'>) =>
  isByok ? byokOf(account) : account;
export const byokOf = (account: string) => `${account}#byok`;

export type EndedCall = {
  readonly reservation: Reservation;
  readonly end: GenerationEnd;
  /** What the table keeps of it; see `record.ts`. */
  readonly record: string;
};

/** Brings the tables up to a place in the journal in one transaction: a row for each call, one for each sum that it changed. */
export function writeEnded(database: Database, calls: readonly EndedCall[], upTo: Position): void {
  const sums = new Map<string, EndedCall[]>();
  const spent = new Map<string, Map<string, number>>();
  const charge = (layer: string, day: string, nano: number) => {
    const days = spent.get(layer) ?? new Map<string, number>();
    if (days.size === 0) spent.set(layer, days);
    days.set(day, (days.get(day) ?? 0) + nano);
  };
  for (const call of calls) {
    const { reservation, end } = call;
    const at = usageKey(call).join('\n');
    const sum = sums.get(at);
    if (sum) sum.push(call);
    else sums.set(at, [call]);
    for (const layer of reservation.layers) {
      const account = spendOf(layer, end);
      charge(account, reservation.day, end.nano);
      charge(account, LIFETIME, end.nano);
    }
  }
  database.transact(() => {
    for (const call of calls) insertGeneration(database, call);
    for (const group of sums.values()) addUsage(database, group);
    for (const [layer, days] of spent) {
      for (const [day, nano] of days) {
        database.run(
          'INSERT INTO layer_spent (layer, day, nano) VALUES (?, ?, ?) ON CONFLICT (layer, day) DO UPDATE SET nano = nano + excluded.nano',
          layer,
          day,
          nano,
        );
      }
    }
    markApplied(database, upTo);
  });
}

export function markApplied(database: Database, { epoch, bytes }: Position): void {
  database.run('UPDATE journal_applied SET epoch = ?, bytes = ?', epoch, bytes);
}

export function applied(database: Database): Position {
  const row = database.get('SELECT epoch, bytes FROM journal_applied');
  return { epoch: Number(row?.['epoch'] ?? 1), bytes: Number(row?.['bytes'] ?? 0) };
}

function insertGeneration(database: Database, { reservation, end, record }: EndedCall): void {
  const { generation: start } = reservation;
  database.run(
    `INSERT INTO generations (id, created_at, key_id, workspace_id, model, provider, preset_slug, nano, record)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    reservation.id,
    reservation.createdAt,
    start.keyId,
    start.workspaceId,
    end.model,
    end.provider,
    start.presetSlug,
    end.nano,
    record,
  );
}

/** Which row of `usage` a call counts in: key, day, preset, model, provider. */
function usageKey({ reservation, end }: EndedCall): readonly [string, string, string, string, string] {
  const { generation: start, day } = reservation;
  return [start.keyId, day, start.presetSlug ?? '', end.model ?? start.requestedModel, end.provider ?? ''];
}

function addUsage(database: Database, calls: readonly EndedCall[]): void {
  const [first] = calls;
  if (!first) return;
  const [keyId, day, preset, model, provider] = usageKey(first);
  let nano = 0;
  let prompt = 0;
  let completion = 0;
  let reasoning = 0;
  let lastUsedAt = '';
  for (const { reservation, end } of calls) {
    nano += end.nano;
    prompt += end.promptTokens;
    completion += end.completionTokens;
    reasoning += end.reasoningTokens;
    if (reservation.createdAt > lastUsedAt) lastUsedAt = reservation.createdAt;
  }
  database.run(
    `INSERT INTO usage (day, key_id, workspace_id, preset, model, provider, requests, nano, prompt_tokens, completion_tokens, reasoning_tokens, last_used_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key_id, day, preset, model, provider) DO UPDATE SET requests = requests + excluded.requests,
       nano = nano + excluded.nano, prompt_tokens = prompt_tokens + excluded.prompt_tokens,
       completion_tokens = completion_tokens + excluded.completion_tokens,
       reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
       last_used_at = max(last_used_at, excluded.last_used_at)`,
    day,
    keyId,
    first.reservation.generation.workspaceId,
    preset,
    model,
    provider,
    calls.length,
    nano,
    prompt,
    completion,
    reasoning,
    lastUsedAt,
  );
}
