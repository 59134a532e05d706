/** What a run found, as numbers and as text. */
import type { Activation } from './activation.mts';
import { judge, median, pairedRatio, type Target, type Verdict } from './figures.mts';
import type { StartUp } from './start-up.mts';
import { CELLS, type Measurement } from './throughput.mts';

export type Findings = {
  readonly measurements: readonly Measurement[];
  readonly startUp: StartUp;
  readonly firstToken: { readonly direct: readonly number[]; readonly via: readonly number[] };
  readonly activation: Activation;
};

export const BASELINE = 'node + undici';
export const CAPPED = 'callgate, capped key';
export const UNCAPPED = 'callgate, no limit';

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
  readonly broken: number;
};

export function rowsOf(measurements: readonly Measurement[]): readonly Row[] {
  return CELLS.flatMap((cell) =>
    [BASELINE, UNCAPPED, CAPPED].map((gateway) => {
      const of = (name: string) => measurements.filter((each) => each.cell === cell.name && each.gateway === name);
      const own = of(gateway);
      const rates = (list: readonly Measurement[]) => list.map(({ rate }) => rate);
      const cpu = (list: readonly Measurement[]) => list.map(({ cpuMicros }) => cpuMicros ?? Number.NaN);
      const milliseconds = (micros: number | null) => (micros === null ? null : micros / 1000);
      return {
        cell: cell.name,
        gateway,
        rate: median(rates(own)),
        ratio: pairedRatio(rates(own), rates(of(BASELINE))),
        cpuMicros: median(cpu(own).filter(Number.isFinite)),
        cpuRatio: pairedRatio(cpu(own), cpu(of(BASELINE))),
        p50Ms: milliseconds(median(own.map(({ p50 }) => p50))),
        p99Ms: milliseconds(median(own.map(({ p99 }) => p99))),
        broken: own.reduce((sum, each) => sum + each.broken, 0),
      };
    }),
  );
}

export type Judged = { readonly target: Target; readonly value: number | null; readonly verdict: Verdict };

/** The figures that were promised, each against what was found. The dearer of the two kinds of key stands for the rate. */
export function figuresOf(findings: Findings, rows: readonly Row[]): readonly Judged[] {
  const { startUp, activation } = findings;
  const worst = (values: readonly (number | null)[], pick: (...numbers: number[]) => number) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : pick(...known);
  };
  const ratios = rows
    .filter((row) => row.cell === CELLS[0]?.name && row.gateway !== BASELINE)
    .map(({ ratio }) => ratio);
  const found: readonly (readonly [Target, number | null])[] = [
    [{ name: 'non-streaming at 16, of the baseline', unit: '×', atLeast: 0.35 }, worst(ratios, Math.min)],
    [{ name: 'ready', unit: 'ms', atMost: 800 }, worst([median(startUp.firstMs), median(startUp.laterMs)], Math.max)],
    [{ name: 'idle', unit: 'MB', atMost: 110 }, median(startUp.idleMb)],
    [{ name: 'activation', unit: 'ms', atMost: 150 }, activation.ms],
  ];
  return found.map(([target, value]) => ({ target, value, verdict: judge(target, value) }));
}

export function textOf(findings: Findings, rows: readonly Row[], figures: readonly Judged[]): string {
  const { startUp, firstToken, activation, measurements } = findings;
  const direct = median(firstToken.direct);
  const via = median(firstToken.via);
  const added = direct === null || via === null ? null : via - direct;
  const foreign = median(measurements.map((each) => each.foreign ?? Number.NaN).filter(Number.isFinite));
  const rates = [
    ['', 'req/s', 'of baseline', 'CPU µs/req', 'of baseline', 'p50 ms', 'p99 ms', 'broken'],
    ...rows.map((row, index) => [
      `${index % 3 === 0 ? `${row.cell}\n` : ''}  ${row.gateway}`,
      number(row.rate, 0),
      number(row.ratio, 3),
      number(row.cpuMicros, 0),
      number(row.cpuRatio, 2),
      number(row.p50Ms, 2),
      number(row.p99Ms, 2),
      String(row.broken),
    ]),
  ];
  const others = [
    `first token, added      ${number(added, 2)} ms (median of ${firstToken.via.length}; direct ${number(direct, 2)}, via ${number(via, 2)})`,
    `ready, first start      ${number(median(startUp.firstMs), 0)} ms (${spread(startUp.firstMs)})`,
    `ready, later starts     ${number(median(startUp.laterMs), 0)} ms (${spread(startUp.laterMs)})`,
    `idle, resident          ${number(median(startUp.idleMb), 1)} MB`,
    `activation              ${activation.ms === null ? `not measured: ${activation.why}` : `${number(activation.ms, 0)} ms, at ${activation.at}`}`,
    `others' use of the CPU  ${foreign === null ? 'unknown' : `${number(foreign * 100, 0)} % of the machine (median)`}`,
  ];
  const promised = [
    ['figure', 'found', 'promised', ''],
    ...figures.map(({ target, value, verdict }) => [
      target.name,
      value === null ? '–' : `${number(value, value < 10 ? 3 : 0)} ${target.unit}`,
      `${'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`} ${target.unit}`,
      verdict,
    ]),
  ];
  return [columns(rates), others.join('\n'), columns(promised)].join('\n\n');
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
