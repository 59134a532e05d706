type Percentiles = { readonly p50: number; readonly p75: number; readonly p90: number; readonly p99: number };

/** How an endpoint has done of late, by this daemon's own record; null: it was not called in that time. */
export type EndpointStanding = {
  /** Milliseconds to the first token, over 30 minutes. */
  readonly latency: Percentiles | null;
  /** Output tokens a second, over 30 minutes. */
  readonly throughput: Percentiles | null;
  /** Per cent. */
  readonly uptimeLast5m: number | null;
  readonly uptimeLast30m: number | null;
  readonly uptimeLast1d: number | null;
  /** It had an outage just now, or asked to be left alone for a while: other endpoints are asked first. */
  readonly state: 'fine' | 'outage' | 'resting';
};

export const NEVER_CALLED: EndpointStanding = {
  latency: null,
  throughput: null,
  uptimeLast5m: null,
  uptimeLast30m: null,
  uptimeLast1d: null,
  state: 'fine',
};
