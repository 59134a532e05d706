/** What a run found, as numbers and as text. */
import type { Activation } from './activation.mts';
import { judge, median, pairedDifference, pairedRatio, type Target, type Verdict } from './figures.mts';
import { FRESH, GUARDED, KNOWN, UNGUARDED } from './policy.mts';
import { ALL_KEYS, EMPTY_STORE, FULL_STORE, type Scale } from './scale.mts';
import type { StartUp } from './start-up.mts';
import { CELLS, type Cell, MANY, type Measurement, SINGLE, STREAMS } from './throughput.mts';
import type { Resident } from './warm-up.mts';

export type Findings = {
  readonly measurements: readonly Measurement[];
  readonly startUp: StartUp;
  /** By the number of calls; null where nothing says how much memory a process has. */
  readonly resident: readonly Resident[] | null;
  readonly firstToken: { readonly direct: readonly number[]; readonly via: readonly number[] };
  /** With and without a guardrail, pairs of the same round. */
  readonly policy: readonly Measurement[];
  /** Null: not asked for. */
  readonly scale: Scale | null;
  readonly activation: Activation;
};

export const BASELINE = 'node + undici';
export const CAPPED = 'callgate, capped key';
export const UNCAPPED = 'callgate, no limit';
/** A capped key and a published preset: what the promises are about. */
export const PRESET = 'callgate, cap and preset';
/** The upstream itself, for what a gateway adds to it. */
export const DIRECT = 'upstream, called directly';
const IN_ORDER = [DIRECT, BASELINE, UNCAPPED, CAPPED, PRESET];

export type Row = {
  readonly cell: string;
  readonly gateway: string;
  readonly rate: number | null;
  /** Of the baseline's rate. */
  readonly ratio: number | null;
  readonly cpuMicros: number | null;
  /** Times the baseline's CPU a request. */
  readonly cpuRatio: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly loadedMb: number | null;
  readonly broken: number;
};

export function rowsOf(measurements: readonly Measurement[]): readonly Row[] {
  return rowsOfSome(measurements, CELLS, IN_ORDER, BASELINE);
}

const rowsOfScale = (scale: Scale | null) =>
  scale ? rowsOfSome(scale.measurements, [MANY], [EMPTY_STORE, FULL_STORE, ALL_KEYS], EMPTY_STORE) : [];

const rowsOfPolicy = (policy: readonly Measurement[]) =>
  rowsOfSome(policy, [FRESH, KNOWN], [UNGUARDED, GUARDED], UNGUARDED);

function rowsOfSome(
  measurements: readonly Measurement[],
  cells: readonly Cell[],
  gateways: readonly string[],
  baseline: string,
): readonly Row[] {
  const rates = (list: readonly Measurement[]) => list.map(({ rate }) => rate);
  const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);
  const cpu = (list: readonly Measurement[]) => list.map(({ cpuMicros }) => cpuMicros ?? Number.NaN);
  return cells.flatMap((cell) =>
    gateways.flatMap((gateway) => {
      const of = (name: string) => measurements.filter((each) => each.cell === cell.name && each.gateway === name);
      const own = of(gateway);
      if (own.length === 0) return [];
      const loaded = known(own.map(({ loadedMb }) => loadedMb));
      const row: Row = {
        cell: cell.name,
        gateway,
        rate: median(rates(own)),
        ratio: pairedRatio(rates(own), rates(of(baseline))),
        cpuMicros: median(cpu(own).filter(Number.isFinite)),
        cpuRatio: pairedRatio(cpu(own), cpu(of(baseline))),
        p50Ms: milliseconds(median(own.map(({ p50 }) => p50))),
        p99Ms: milliseconds(median(own.map(({ p99 }) => p99))),
        loadedMb: loaded.length > 0 ? Math.max(...loaded) : null,
        broken: own.reduce((sum, each) => sum + each.broken, 0),
      };
      // The upstream is no gateway: what it costs is not what a gateway costs.
      return gateway === DIRECT ? [{ ...row, ratio: null, cpuMicros: null, cpuRatio: null, loadedMb: null }] : [row];
    }),
  );
}

const milliseconds = (micros: number | null) => (micros === null ? null : micros / 1000);

export type Judged = {
  readonly target: Target;
  readonly value: number | null;
  readonly verdict: Verdict;
  /** Against what an earlier release promised; null when it promised nothing. */
  readonly before: Verdict | null;
};

/** The figures that were promised, each against what was found: with key, cap, preset and ledger on. */
export function figuresOf(findings: Findings, rows: readonly Row[]): readonly Judged[] {
  const { startUp, activation, measurements, firstToken, resident } = findings;
  const worst = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const row = (cell: Cell) => rows.find((each) => each.cell === cell.name && each.gateway === PRESET);
  const p50 = (name: string) =>
    measurements.filter((each) => each.cell === SINGLE.name && each.gateway === name).map((each) => each.p50);
  const [few, many] = resident ?? [];
  const cpu = (name: string) =>
    findings.policy.flatMap((each) =>
      each.cell === FRESH.name && each.gateway === name ? (each.cpuMicros ?? []) : [],
    );
  const known = rowsOfPolicy(findings.policy).find(({ cell, gateway }) => cell === KNOWN.name && gateway === GUARDED);
  const scaled = rowsOfScale(findings.scale).find(({ gateway }) => gateway === FULL_STORE);
  const found: readonly (readonly [Target, number | null])[] = [
    [
      { name: 'non-streaming at 16, of the baseline', unit: '×', atLeast: 0.5, before: { atLeast: 0.35 } },
      row(MANY)?.ratio ?? null,
    ],
    [
      { name: 'latency added, median at 1', unit: 'ms', atMost: 0.5 },
      milliseconds(pairedDifference(p50(PRESET), p50(DIRECT))),
    ],
    [{ name: 'CPU of a 50-chunk stream, of the baseline', unit: '×', atMost: 1.5 }, row(STREAMS)?.cpuRatio ?? null],
    [{ name: 'first token, added', unit: 'ms', atMost: 1.2 }, added(firstToken)],
    [{ name: 'idle', unit: 'MB', atMost: 90, before: { atMost: 110 } }, median(startUp.idleMb)],
    [
      { name: 'loaded, the most', unit: 'MB', atMost: 150 },
      worst(rows.filter(({ gateway }) => gateway !== BASELINE).map(({ loadedMb }) => loadedMb)),
    ],
    [{ name: 'memory, 200,000 calls to 20,000', unit: '×', atMost: 1.1 }, few && many ? many.mb / few.mb : null],
    [
      { name: 'ready', unit: 'ms', atMost: 500, before: { atMost: 800 } },
      worst([median(startUp.firstMs), median(startUp.laterMs)]),
    ],
    [{ name: 'activation', unit: 'ms', atMost: 100, before: { atMost: 150 } }, activation.ms],
    [
      { name: 'CPU added by guardrails, fresh 2 KB', unit: 'ms', atMost: 1 },
      milliseconds(pairedDifference(cpu(GUARDED), cpu(UNGUARDED))),
    ],
    [{ name: 'rate with guardrails, judged before', unit: '×', atLeast: 0.7 }, known?.ratio ?? null],
    // Flat, within what two runs of the same differ by.
    [{ name: 'CPU a call, full store to empty', unit: '×', atMost: 1.1 }, scaled?.cpuRatio ?? null],
  ];
  return found.map(([target, value]) => ({
    target,
    value,
    verdict: judge(target, value),
    before: target.before ? judge(target.before, value) : null,
  }));
}

const added = ({ direct, via }: Findings['firstToken']) => {
  const [straight, longer] = [median(direct), median(via)];
  return straight === null || longer === null ? null : longer - straight;
};

export function textOf(findings: Findings, rows: readonly Row[], figures: readonly Judged[]): string {
  const { startUp, firstToken, activation, measurements, resident, policy, scale } = findings;
  const foreign = median(measurements.map((each) => each.foreign ?? Number.NaN).filter(Number.isFinite));
  const table = (some: readonly Row[], baseline: string) =>
    columns([
      ['', 'req/s', `of ${baseline}`, 'CPU µs/req', `of ${baseline}`, 'p50 ms', 'p99 ms', 'MB', 'broken'],
      ...some.map((row, index) => [
        `${row.cell === some[index - 1]?.cell ? '' : `${row.cell}\n`}  ${row.gateway}`,
        number(row.rate, 0),
        number(row.ratio, 3),
        number(row.cpuMicros, 0),
        number(row.cpuRatio, 2),
        number(row.p50Ms, 2),
        number(row.p99Ms, 2),
        number(row.loadedMb, 0),
        String(row.broken),
      ]),
    ]);
  const others = [
    `first token, added      ${number(added(firstToken), 2)} ms (median of ${firstToken.via.length}; direct ${number(median(firstToken.direct), 2)}, via ${number(median(firstToken.via), 2)})`,
    `ready, first start      ${number(median(startUp.firstMs), 0)} ms (${spread(startUp.firstMs)})`,
    `ready, later starts     ${number(median(startUp.laterMs), 0)} ms (${spread(startUp.laterMs)})`,
    `idle, resident          ${number(median(startUp.idleMb), 1)} MB`,
    ...(resident ?? []).map(({ calls, mb }) => `${`after ${calls} calls`.padEnd(22)}  ${number(mb, 1)} MB`),
    ...(scale
      ? [
          `on the full store       ready in ${number(scale.readyMs, 0)} ms, ${number(scale.idleMb, 1)} MB (filled in ${number(scale.prefillSeconds, 0)} s)`,
        ]
      : []),
    `activation              ${activation.ms === null ? `not measured: ${activation.why}` : `${number(activation.ms, 0)} ms, at ${activation.at}`}`,
    `others' use of the CPU  ${foreign === null ? 'unknown' : `${number(foreign * 100, 0)} % of the machine (median)`}`,
  ];
  const bound = (target: Parameters<typeof judge>[0]) =>
    'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
  const promised = [
    ['figure', 'found', 'promised', '', 'before', ''],
    ...figures.map(({ target, value, verdict, before }) => [
      target.name,
      value === null ? '–' : `${number(value, value < 10 ? 3 : 0)} ${target.unit}`,
      `${bound(target)} ${target.unit}`,
      verdict,
      target.before ? `${bound(target.before)} ${target.unit}` : '',
      before ?? '',
    ]),
  ];
  const tables = [
    table(rows, 'baseline'),
    table(rowsOfPolicy(policy), 'none'),
    ...(scale ? [table(rowsOfScale(scale), 'empty')] : []),
  ];
  return [...tables, others.join('\n'), columns(promised)].join('\n\n');
}

const number = (value: number | null, places: number) => (value === null ? '–' : value.toFixed(places));

const spread = (values: readonly number[]) =>
  values.length === 0 ? 'no runs' : `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`;

/** The first column to the left, the others to the right; a cell's width is that of its last line. */
function columns(rows: readonly (readonly string[])[]): string {
  const last = (cell: string) => cell.split('\n').at(-1) ?? '';
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => last(row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const blanks = ' '.repeat((widths[column] ?? 0) - last(cell).length);
          return column === 0 ? cell + blanks : blanks + cell;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
