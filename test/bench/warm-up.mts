/** Brings the gateways to the steady state, and watches the memory of one of them for far longer than that takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadDriver, Request } from './load.mts';
import { residentMb } from './proc.mts';
import type { Gateway } from './throughput.mts';

/** V8 goes on compiling for about as many calls. */
export const WARM_CALLS = 40_000;
export const WARM_STREAMS = 4_000;
const CONNECTIONS = 16;
/** Garbage of the last calls is nobody's steady state. */
const SETTLE_MS = 1_000;

/** Asks at least so many times, at most about two seconds' worth more; gives how many it was. */
export async function callAtLeast(driver: LoadDriver, request: Request, calls: number): Promise<number> {
  let done = 0;
  for (let seconds = 1; done < calls; ) {
    const { requests, seconds: took } = await driver.run(request, CONNECTIONS, seconds);
    done += requests;
    // Short slices: a cold gateway, or a loud machine, says little of how fast the next one will be.
    seconds = (calls - done) / (requests / took) > 4 ? 2 : 1;
  }
  return done;
}

/** `share`: of the calls, for a gateway whose process another one has warmed. */
export async function warmUp(driver: LoadDriver, { request }: Gateway, share = 1): Promise<void> {
  await callAtLeast(driver, request('mock', false), WARM_CALLS * share);
  await callAtLeast(driver, request('mock-c50', true), WARM_STREAMS * share);
}

export type Resident = { readonly calls: number; readonly mb: number };

/** Resident memory of a process that nobody has called yet, after so many whole answers; null where nothing says how much. */
export async function residentAfter(
  driver: LoadDriver,
  { pid, request }: Gateway,
  marks: readonly number[],
): Promise<readonly Resident[] | null> {
  const found: Resident[] = [];
  let done = 0;
  for (const mark of marks) {
    done += await callAtLeast(driver, request('mock', false), mark - done);
    await sleep(SETTLE_MS);
    const mb = residentMb(pid);
    if (mb === null) return null;
    found.push({ calls: done, mb });
  }
  return found;
}
