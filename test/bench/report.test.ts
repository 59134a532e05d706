import { describe, expect, it } from 'vitest';
import { FRESH, GUARDED, KNOWN, UNGUARDED } from './policy.mts';
import { BASELINE, DIRECT, type Findings, figuresOf, PRESET, rowsOf, textOf, UNCAPPED } from './report.mts';
import { EMPTY_STORE, FULL_STORE } from './scale.mts';
import { type Cell, MANY, type Measurement, SINGLE, STREAMS } from './throughput.mts';

const measured = (cell: Cell, gateway: string, some: Partial<Measurement>): Measurement => ({
  cell: cell.name,
  gateway,
  round: 0,
  requests: 100,
  seconds: 1,
  badStatus: 0,
  broken: 0,
  p50: 100,
  p99: 200,
  rate: 100,
  cpuMicros: 100,
  loadedMb: 80,
  foreign: 0,
  ...some,
});

const findings: Findings = {
  measurements: [
    measured(MANY, BASELINE, { rate: 1000, loadedMb: 500 }),
    measured(MANY, UNCAPPED, { rate: 900, loadedMb: 140 }),
    measured(MANY, PRESET, { rate: 600, loadedMb: 120 }),
    measured(SINGLE, DIRECT, { p50: 100, loadedMb: 900 }),
    measured(SINGLE, PRESET, { p50: 700 }),
    measured(STREAMS, BASELINE, { cpuMicros: 400 }),
    measured(STREAMS, PRESET, { cpuMicros: 560 }),
  ],
  startUp: { firstMs: [300], laterMs: [600], idleMb: [95] },
  resident: [
    { calls: 20_100, mb: 100 },
    { calls: 200_300, mb: 120 },
  ],
  firstToken: { direct: [1, 1, 1], via: [2, 2, 9] },
  policy: [
    measured(FRESH, UNGUARDED, { cpuMicros: 150, rate: 1000 }),
    measured(FRESH, GUARDED, { cpuMicros: 650, rate: 300 }),
    // A loud moment: what is added stays the same.
    measured(FRESH, UNGUARDED, { cpuMicros: 1150, round: 1 }),
    measured(FRESH, GUARDED, { cpuMicros: 1650, round: 1 }),
    measured(KNOWN, UNGUARDED, { cpuMicros: 300, rate: 1000 }),
    measured(KNOWN, GUARDED, { cpuMicros: 400, rate: 690 }),
  ],
  scale: {
    measurements: [
      measured(MANY, EMPTY_STORE, { cpuMicros: 100 }),
      measured(MANY, FULL_STORE, { cpuMicros: 105, loadedMb: 400 }),
    ],
    prefillSeconds: 30,
    readyMs: 500,
    idleMb: 90,
  },
  activation: { ms: null, why: 'nobody measured it' },
};

describe('the promised figures', () => {
  const rows = rowsOf(findings.measurements);
  const figures = figuresOf(findings, rows);

  it('are those of the capped key with a preset, each against its own baseline', () => {
    const found = figures.map(({ target, value, verdict }) => [target.name, value, verdict]);
    expect(found).toEqual([
      ['non-streaming at 16, of the baseline', 0.6, 'met'],
      ['latency added, median at 1', 0.6, 'missed'],
      ['CPU of a 50-chunk stream, of the baseline', 1.4, 'met'],
      ['first token, added', 1, 'met'],
      ['idle', 95, 'missed'],
      ['loaded, the most', 140, 'met'],
      ['memory, 200,000 calls to 20,000', 1.2, 'missed'],
      ['ready', 600, 'missed'],
      ['activation', null, 'not measured'],
      ['CPU added by guardrails, fresh 2 KB', 0.5, 'met'],
      ['rate with guardrails, judged before', 0.69, 'missed'],
      ['CPU a call, full store to empty', 1.05, 'met'],
    ]);
  });

  it('keep the easier bar of before beside the new one', () => {
    const before = Object.fromEntries(figures.map((figure) => [figure.target.name, figure.before]));
    expect(before).toMatchObject({ idle: 'met', ready: 'met', activation: 'not measured', 'first token, added': null });
  });

  it('without --scale, and without a platform that tells memory, are not measured', () => {
    const silent = findings.policy.map((each) => ({ ...each, cpuMicros: null }));
    const bare = figuresOf({ ...findings, policy: silent, scale: null, resident: null }, rows);
    const missing = bare.filter(({ verdict }) => verdict === 'not measured').map(({ target }) => target.name);
    expect(missing).toEqual([
      'memory, 200,000 calls to 20,000',
      'activation',
      'CPU added by guardrails, fresh 2 KB',
      'CPU a call, full store to empty',
    ]);
  });

  it('stand in the text with what they were taken from', () => {
    const text = textOf(findings, rows, figures);
    expect(text).toMatch(/upstream, called directly +100 +– +– +– +0\.10/);
    expect(text).toMatch(/fresh 2 KB prompts, 16 connections\n {2}callgate, no guardrail +550 +1\.000 +650/);
    expect(text).toMatch(/after 20100 calls +100\.0 MB/);
    expect(text).toMatch(/ready +600 ms +≤ 500 ms +missed +≤ 800 ms +met/);
  });
});
