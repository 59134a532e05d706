/** Rates and CPU of the targets, measured in turn, over and over, so that what else the machine does falls on all alike. */
import type { LoadDriver, LoadResult, Request } from './load.mts';
import { cpuSeconds, foreignShare, machineTime } from './proc.mts';

export type Gateway = {
  readonly name: string;
  readonly pid: number;
  readonly request: (native: string, streamed: boolean) => Request;
};

export type Cell = {
  readonly name: string;
  /** The upstream's model. */
  readonly native: string;
  readonly streamed: boolean;
  readonly connections: number;
};

export const CELLS: readonly Cell[] = [
  { name: 'non-streaming, 16 connections', native: 'mock', streamed: false, connections: 16 },
  { name: 'non-streaming, 1 connection', native: 'mock', streamed: false, connections: 1 },
  { name: 'streaming 50 chunks, 16 connections', native: 'mock-c50', streamed: true, connections: 16 },
];

export type Measurement = LoadResult & {
  readonly gateway: string;
  readonly cell: string;
  readonly round: number;
  /** Requests a second. */
  readonly rate: number;
  /** Microseconds of the gateway's CPU a request. */
  readonly cpuMicros: number | null;
  /** How much of the machine others used meanwhile, 0 to 1. */
  readonly foreign: number | null;
};

export type ThroughputPlan = {
  readonly driver: LoadDriver;
  readonly gateways: readonly Gateway[];
  readonly upstream: { readonly pid: number; readonly requests: () => Promise<number> };
  readonly seconds: number;
  readonly rounds: number;
  /** `performance.now()` after which no further round begins; the first always runs. */
  readonly deadlineMs: number;
  readonly onMeasured: (measurement: Measurement) => void;
};

/** Warms every gateway, then measures round after round. @throws when a gateway answers what it did not ask the upstream. */
export async function measureThroughput(plan: ThroughputPlan): Promise<readonly Measurement[]> {
  const { driver, gateways } = plan;
  for (const gateway of gateways) {
    for (const streamed of [false, true])
      await driver.run(gateway.request(streamed ? 'mock-c50' : 'mock', streamed), 16, 2);
  }
  const measurements: Measurement[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    if (round > 0 && performance.now() > plan.deadlineMs) break;
    for (const cell of CELLS) {
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
  const pids = [...plan.gateways.map(({ pid }) => pid), plan.upstream.pid];
  const asked = await plan.upstream.requests();
  const machine = machineTime(pids);
  const cpu = cpuSeconds(gateway.pid);
  const load = await plan.driver.run(gateway.request(cell.native, cell.streamed), cell.connections, plan.seconds);
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
    foreign,
  };
}
