import { type Refusal, refuse } from '../errors.ts';
import type { AdmitParts } from './admit.ts';
import type { Asked } from './asked.ts';

/** Counts the call; one by which its key is found to run away, and is stopped for it, is the first to be refused. */
export function runawayGate({ behaviors }: AdmitParts, asked: Asked): Asked | Promise<Refusal> {
  const { key, request, preset, input, startedAt, isDry } = asked;
  if (isDry) return asked;
  const found = behaviors.watch.see(key, preset?.slug ?? null, request, input.id, startedAt.getTime());
  if (!found) return asked;
  // It is refused also when the store could not be told: the next call trips again.
  const refused = refuse('key_suspended', {
    detail: `"${key.name}" was stopped by this call`,
    metadata: { scope: 'api_key', rule: found.trip.rule, seen: found.trip.seen, bound: found.trip.bound },
  });
  return found.stopped.then(
    () => refused,
    () => refused,
  );
}
