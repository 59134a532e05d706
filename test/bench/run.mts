/**
 * `npm run bench [-- --rounds N --seconds N --quick --scale --out FILE --check]`: what Callgate costs, against the least that a
 * gateway on Node can cost, measured side by side. README.md beside this file says how. Ends with 1 when it could not measure,
 * and with `--check` when a figure was missed.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { lastActivation } from './activation.mts';
import { type ApiKey, type Callgate, COMPLETION_PRICE, Installation, LIMIT, PROMPT_PRICE } from './callgate.mts';
import { Children } from './children.mts';
import { loadDriver } from './load.mts';
import { measurePolicy } from './policy.mts';
import { BASELINE, CAPPED, DIRECT, type Findings, figuresOf, PRESET, rowsOf, textOf, UNCAPPED } from './report.mts';
import { bare, publishPresets, through, throughPreset } from './requests.mts';
import { measureScale } from './scale.mts';
import { measureStartUp } from './start-up.mts';
import { CELLS, type Gateway, type Measurement, measureThroughput, SINGLE } from './throughput.mts';
import { residentAfter, warmUp } from './warm-up.mts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    out: { type: 'string' },
    check: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    scale: { type: 'boolean', default: false },
  },
});

/** No round begins later than this after the first. */
const LAST_ROUND_MS = 140_000;
const FIRST_TOKEN_PAIRS = 200;
const START_RUNS = 4;
/** Calls after which memory is read, on a daemon that nobody has called before. */
const FEW_CALLS = 20_000;
const MANY_CALLS = 200_000;

const printedPort = z.object({ port: z.number() });
const upstreamStats = z.object({ requests: z.number() });
const firstTokens = z.object({ direct: z.array(z.number()), via: z.array(z.number()) });

const say = (line: string) => console.error(`[bench] ${line}`);
const file = (name: string) => join(import.meta.dirname, name);

async function startServer(children: Children, name: string, place: 'gateway' | 'load', env: NodeJS.ProcessEnv = {}) {
  const child = children.start([process.execPath, file(name)], { place, env });
  const { port } = printedPort.parse(JSON.parse((await child.firstLine()).line));
  return { pid: child.pid, url: `http://127.0.0.1:${port}` };
}

/** Every measured call must have been charged: a gateway that loses count would look fast. */
async function checkCharged(callgate: Callgate, key: ApiKey, measurements: readonly Measurement[]): Promise<void> {
  const priceOf = (cell: string) =>
    12 * PROMPT_PRICE + (CELLS.find(({ name }) => name === cell)?.streamed ? 50 : 11) * COMPLETION_PRICE;
  const least = measurements.reduce((sum, { cell, requests }) => sum + requests * priceOf(cell), 0);
  const spent = await callgate.spent(key);
  if (spent < least * 0.999_999) throw new Error(`Callgate charged $${spent} for calls that cost at least $${least}`);
}

async function measureAll(children: Children, installation: Installation, upstream: { pid: number; url: string }) {
  const driver = loadDriver(children);
  say(
    `load: ${driver.name}; ${children.pinned ? 'gateway on one core, load and upstream on another' : 'nothing pinned'}`,
  );

  say(`starting the daemon ${START_RUNS * 3} times`);
  const startUp = await measureStartUp(installation, children, START_RUNS);

  const proxy = await startServer(children, 'undici-proxy.mts', 'gateway', { UPSTREAM: upstream.url });
  const callgate = await installation.start(children, installation.state('load'), 'gateway');
  await publishPresets(callgate);
  const uncapped = await callgate.createKey('bench', null);
  const capped = await callgate.createKey('bench-capped', LIMIT);
  const bound = await callgate.createKey('bench-preset', LIMIT);
  const baseline: Gateway = { name: BASELINE, pid: proxy.pid, request: (...how) => bare(proxy.url, ...how) };
  const preset: Gateway = {
    name: PRESET,
    pid: callgate.pid,
    request: (...how) => throughPreset(callgate, bound, ...how),
  };
  const others: readonly Gateway[] = [
    { name: UNCAPPED, pid: callgate.pid, request: (...how) => through(callgate, uncapped, ...how) },
    { name: CAPPED, pid: callgate.pid, request: (...how) => through(callgate, capped, ...how) },
  ];
  const direct: Gateway = {
    name: DIRECT,
    pid: upstream.pid,
    request: (...how) => bare(upstream.url, ...how),
    cells: [SINGLE],
  };

  say('warming up, and watching memory');
  await warmUp(driver, baseline);
  const marks = options.quick ? [FEW_CALLS] : [FEW_CALLS, MANY_CALLS];
  const resident = await residentAfter(driver, preset, marks);
  await warmUp(driver, preset);
  // Their process is warm by now.
  for (const other of others) await warmUp(driver, other, 0.25);

  say('first token, paced streams');
  const paced = 'mock-c12-d4';
  const pairs = children.start([process.execPath, file('first-token.mts'), String(FIRST_TOKEN_PAIRS)], {
    place: 'load',
    env: {
      DIRECT: JSON.stringify(bare(upstream.url, paced, true)),
      VIA: JSON.stringify(throughPreset(callgate, bound, paced, true)),
    },
  });
  const firstToken = firstTokens.parse(JSON.parse(await pairs.output()));

  const stats = async () => upstreamStats.parse(await (await fetch(`${upstream.url}/__stats`)).json()).requests;
  const plan = {
    driver,
    upstream: { pid: upstream.pid, requests: stats },
    seconds: Number(options.seconds),
    rounds: Number(options.rounds),
    onMeasured: ({ round, cell, gateway, rate, cpuMicros, foreign }: Measurement) =>
      say(
        `round ${round + 1}: ${cell}, ${gateway}: ${rate.toFixed(0)} req/s, CPU ${cpuMicros?.toFixed(0) ?? '–'} µs/req, others ${foreign === null ? '–' : (foreign * 100).toFixed(0)} %`,
      ),
  };
  const measurements = await measureThroughput({
    ...plan,
    gateways: [direct, baseline, ...others, preset],
    cells: CELLS,
    deadlineMs: performance.now() + LAST_ROUND_MS,
  });
  for (const [key, name] of [[uncapped, UNCAPPED] as const, [capped, CAPPED] as const, [bound, PRESET] as const])
    await checkCharged(
      callgate,
      key,
      measurements.filter(({ gateway }) => gateway === name),
    );
  await callgate.end();

  say('guardrails, on texts that are new and on those that were judged before');
  const policy = await measurePolicy(installation, children, plan);

  if (options.scale) say('an empty store beside a full one');
  const scale = options.scale ? await measureScale(installation, children, plan) : null;
  return { startUp, resident, firstToken, measurements, policy, scale, load: driver.name, pinned: children.pinned };
}

async function main(): Promise<void> {
  if (!existsSync(file('../../dist/daemon.js')))
    throw new Error('dist/daemon.js is missing: run `npm run build` first');
  const children = new Children();
  // What runs then fails for want of its children, and the way out below clears up.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void children.end());
  let installation: Installation | null = null;
  try {
    const upstream = await startServer(children, 'mock-upstream.mts', 'load');
    installation = new Installation(upstream.url);
    const { load, pinned, ...measured } = await measureAll(children, installation, upstream);
    const findings: Findings = { ...measured, activation: lastActivation() };
    const rows = rowsOf(findings.measurements);
    const figures = figuresOf(findings, rows);
    console.log(`\n${textOf(findings, rows, figures)}`);
    if (options.out !== undefined) {
      const machine = {
        node: process.version,
        platform: process.platform,
        cpu: cpus()[0]?.model,
        cores: cpus().length,
      };
      const document = { at: new Date().toISOString(), machine, load, pinned, figures, rows, ...findings };
      writeFileSync(options.out, `${JSON.stringify(document, null, 2)}\n`);
      say(`written to ${options.out}`);
    }
    if (options.check && figures.some(({ verdict }) => verdict === 'missed')) process.exitCode = 1;
  } finally {
    await children.end();
    installation?.remove();
  }
}

await main();
