/** How long the daemon takes until it is ready, and what it holds when nobody asks anything of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Installation } from './callgate.mts';
import type { Children } from './children.mts';
import { residentMb } from './proc.mts';

const IDLE_AFTER_MS = 2_000;

export type StartUp = {
  /** Milliseconds from the spawn to the line on standard output, on a folder without state. */
  readonly firstMs: readonly number[];
  /** The same on the state that the first start left. */
  readonly laterMs: readonly number[];
  /** Megabytes resident, two seconds after being ready. */
  readonly idleMb: readonly number[];
};

/** Starts and ends daemons, unpinned as on anybody's machine: per run one on a fresh state folder and two on what it left. */
export async function measureStartUp(installation: Installation, children: Children, runs: number): Promise<StartUp> {
  const firstMs: number[] = [];
  const laterMs: number[] = [];
  const idleMb: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const state = installation.state(`start-${run}`);
    const first = await installation.start(children, state, 'anywhere');
    firstMs.push(first.readyMs);
    await first.end();
    const second = await installation.start(children, state, 'anywhere');
    laterMs.push(second.readyMs);
    await sleep(IDLE_AFTER_MS);
    const resident = residentMb(second.pid);
    if (resident !== null) idleMb.push(resident);
    await second.end();
    const third = await installation.start(children, state, 'anywhere');
    laterMs.push(third.readyMs);
    await third.end();
  }
  return { firstMs, laterMs, idleMb };
}
