/** What a call costs a daemon whose store is empty, and one that has lived: a million generations, ten thousand keys. */
import { join } from 'node:path';
import * as z from 'zod';
import { type Callgate, type Installation, LIMIT } from './callgate.mts';
import type { Children } from './children.mts';
import { residentMb } from './proc.mts';
import { publishPresets, throughPreset } from './requests.mts';
import { type Gateway, MANY, type Measurement, measureThroughput, type ThroughputPlan } from './throughput.mts';
import { callAtLeast, WARM_CALLS } from './warm-up.mts';

const GENERATIONS = 1_000_000;
const KEYS = 10_000;

export const EMPTY_STORE = 'empty store';
export const FULL_STORE = 'a million calls stored';
/** The same daemon again, called with each of its keys in turn. */
export const ALL_KEYS = 'the same, all keys in turn';

const filled = z.object({ generations: z.number().min(GENERATIONS), keys: z.number().min(KEYS), usage: z.number() });

export type Scale = {
  readonly measurements: readonly Measurement[];
  readonly prefillSeconds: number;
  /** Of the daemon on the full store, after a first start that may have had something to catch up with. */
  readonly readyMs: number;
  readonly idleMb: number | null;
};

export type ScalePlan = Pick<ThroughputPlan, 'driver' | 'upstream' | 'seconds' | 'rounds' | 'onMeasured'>;

export async function measureScale(installation: Installation, children: Children, plan: ScalePlan): Promise<Scale> {
  const startedMs = performance.now();
  const full = installation.state('full');
  await makeFirstCall(await installation.start(children, full, 'anywhere'));
  const made = children.start(
    [
      process.execPath,
      join(import.meta.dirname, 'prefill.mts'),
      join(full, 'callgate.db'),
      `${GENERATIONS}`,
      `${KEYS}`,
    ],
    { place: 'anywhere' },
  );
  filled.parse(JSON.parse(await made.output()));
  const prefillSeconds = (performance.now() - startedMs) / 1000;
  await (await installation.start(children, full, 'anywhere')).end();

  const lived = await installation.start(children, full, 'gateway');
  const idleMb = residentMb(lived.pid);
  const young = await installation.start(children, installation.state('empty'), 'gateway');
  await publishPresets(young);
  const [youngKey, livedKey] = [
    await young.createKey('bench-empty', LIMIT),
    await lived.createKey('bench-full', LIMIT),
  ];
  const gateways: readonly Gateway[] = [
    { name: EMPTY_STORE, pid: young.pid, request: (...how) => throughPreset(young, youngKey, ...how) },
    { name: FULL_STORE, pid: lived.pid, request: (...how) => throughPreset(lived, livedKey, ...how) },
    {
      name: ALL_KEYS,
      pid: lived.pid,
      request: (...how) => ({ ...throughPreset(lived, livedKey, ...how), keys: KEYS }),
    },
  ];
  for (const { request } of gateways) await callAtLeast(plan.driver, request(MANY.native, false), WARM_CALLS);
  const measurements = await measureThroughput({
    ...plan,
    gateways,
    cells: [MANY],
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  await Promise.all([young.end(), lived.end()]);
  return { measurements, prefillSeconds, readyMs: lived.readyMs, idleMb };
}

/** Leaves the store with presets, a key with a limit, and a call of it: what prefill.mts multiplies. */
async function makeFirstCall(callgate: Callgate): Promise<void> {
  await publishPresets(callgate);
  const { url, key, body } = throughPreset(callgate, await callgate.createKey('bench-first', LIMIT), 'mock', false);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  await callgate.end();
}
