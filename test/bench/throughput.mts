/** Rates and CPU of the targets, measured in turn, over and over, so that what else the machine does falls on all alike. */
import type { LoadDriver, LoadResult, Request } from './load.mts';
import { cpuSeconds, foreignShare, machineTime, residentMb } from './proc.mts';

export type Gateway = {
  readonly name: string;
  readonly pid: number;
  readonly request: (native: string, streamed: boolean) => Request;
  /** Cells it is measured in; absent: all. */
  readonly cells?: readonly Cell[];
};

export type Cell = {
  readonly name: string;
  /** The upstream's model. */
  readonly native: string;
  readonly streamed: boolean;
  readonly connections: number;
};

const whole = { native: 'mock', streamed: false };
export const MANY: Cell = { name: 'non-streaming, 16 connections', ...whole, connections: 16 };
export const SINGLE: Cell = { name: 'non-streaming, 1 connection', ...whole, connections: 1 };
export const STREAMS: Cell = {
  name: 'streaming 50 chunks, 16 connections',
  native: 'mock-c50',
  streamed: true,
  connections: 16,
};
export const CELLS: readonly Cell[] = [MANY, SINGLE, STREAMS];

export type Measurement = LoadResult & {
  readonly gateway: string;
  readonly cell: string;
  readonly round: number;
  /** Requests a second. */
  readonly rate: number;
  /** Microseconds of the gateway's CPU a request. */
  readonly cpuMicros: number | null;
  /** Megabytes of the gateway's memory, the most that was seen while it was loaded. */
  readonly loadedMb: number | null;
  /** How much of the machine others used meanwhile, 0 to 1. */
  readonly foreign: number | null;
};

export type ThroughputPlan = {
  readonly driver: LoadDriver;
  readonly gateways: readonly Gateway[];
  readonly cells: readonly Cell[];
  readonly upstream: { readonly pid: number; readonly requests: () => Promise<number> };
  readonly seconds: number;
  readonly rounds: number;
  /** `performance.now()` after which no further round begins; the first always runs. */
  readonly deadlineMs: number;
  readonly onMeasured: (measurement: Measurement) => void;
};

const LOOK_EVERY_MS = 200;

/** Measures warm gateways round after round. @throws when one answers what it did not ask the upstream. */
export async function measureThroughput(plan: ThroughputPlan): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    if (round > 0 && performance.now() > plan.deadlineMs) break;
    for (const cell of plan.cells) {
      const gateways = plan.gateways.filter(({ cells }) => cells?.includes(cell) ?? true);
      // Another one goes first each time: whoever follows a pause has the cooler core.
      const turn = gateways.map((_, index) => gateways[(index + round) % gateways.length]);
      for (const gateway of turn) {
        if (!gateway) continue;
        const measurement = await measure(plan, gateway, cell, round);
        measurements.push(measurement);
        plan.onMeasured(measurement);
      }
    }
  }
  return measurements;
}

async function measure(plan: ThroughputPlan, gateway: Gateway, cell: Cell, round: number): Promise<Measurement> {
  const pids = [...new Set([...plan.gateways.map(({ pid }) => pid), plan.upstream.pid])];
  const asked = await plan.upstream.requests();
  const machine = machineTime(pids);
  const cpu = cpuSeconds(gateway.pid);
  let loadedMb: number | null = null;
  const look = () => {
    const mb = residentMb(gateway.pid);
    if (mb !== null) loadedMb = Math.max(loadedMb ?? 0, mb);
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  const load = await plan.driver
    .run(gateway.request(cell.native, cell.streamed), cell.connections, plan.seconds)
    .finally(() => clearInterval(looking));
  const used = (cpuSeconds(gateway.pid) ?? 0) - (cpu ?? 0);
  const foreign = foreignShare(machine, machineTime(pids));
  const passedOn = (await plan.upstream.requests()) - asked;
  if (passedOn < load.requests)
    throw new Error(`${gateway.name} answered ${load.requests} requests and sent ${passedOn} of them to the upstream`);
  return {
    ...load,
    gateway: gateway.name,
    cell: cell.name,
    round,
    rate: load.requests / load.seconds,
    cpuMicros: cpu === null ? null : (used * 1e6) / load.requests,
    loadedMb,
    foreign,
  };
}
