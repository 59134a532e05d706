/** The 50th, 75th, 90th and 99th percentile of a set of measurements. */
export type Percentiles = { readonly p50: number; readonly p75: number; readonly p90: number; readonly p99: number };

/** Percentiles by nearest rank, so that each is a value that was measured; null of none. Sorts `values` in place. */
export function percentilesOf(values: Float64Array): Percentiles | null {
  const count = values.length;
  if (count === 0) return null;
  values.sort();
  const at = (percent: number) => values[Math.max(0, Math.ceil((percent * count) / 100) - 1)] ?? 0;
  return { p50: at(50), p75: at(75), p90: at(90), p99: at(99) };
}
