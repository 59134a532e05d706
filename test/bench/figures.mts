/** The arithmetic of a comparison: medians, and ratios of what was measured side by side. */

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  return high === undefined || low === undefined ? null : (low + high) / 2;
}

/**
 * The median of `measured[i] / baseline[i]`. Each pair was taken within seconds, so that what the machine did meanwhile hit both;
 * a ratio of two medians would compare a quiet moment with a loud one.
 */
export function pairedRatio(measured: readonly number[], baseline: readonly number[]): number | null {
  const pairs = Math.min(measured.length, baseline.length);
  const ratios = Array.from({ length: pairs }, (_, at) => (measured[at] ?? 0) / (baseline[at] ?? Number.NaN));
  return median(ratios.filter(Number.isFinite));
}

/** The median of `measured[i] - baseline[i]`, each pair taken within seconds. */
export function pairedDifference(measured: readonly number[], baseline: readonly number[]): number | null {
  const pairs = Math.min(measured.length, baseline.length);
  return median(Array.from({ length: pairs }, (_, at) => (measured[at] ?? 0) - (baseline[at] ?? 0)));
}

type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** A promise about one number. `before`: the easier one that an earlier release made. */
export type Target = { readonly name: string; readonly unit: string; readonly before?: Bound } & Bound;

export type Verdict = 'met' | 'missed' | 'not measured';

export function judge(target: Bound, value: number | null): Verdict {
  if (value === null) return 'not measured';
  return ('atLeast' in target ? value >= target.atLeast : value <= target.atMost) ? 'met' : 'missed';
}
