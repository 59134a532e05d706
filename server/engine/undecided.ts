import { type Refusal, refuse } from '../errors.ts';
import type { Log } from '../observe/log.ts';

/** What a call is told whose policy could not be worked out; the reason is the log's alone. */
export function undecided(log: Log, id: string, error: unknown): Refusal {
  log.error('policy could not be decided', {
    id,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return refuse('policy_unavailable');
}
