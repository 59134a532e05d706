import { Outcomes } from './outcomes.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { Samples } from './samples.ts';

/** What this daemon has seen of an endpoint. Null: nothing in that time. */
export type EndpointRecord = {
  /** Milliseconds to the first token (of a whole answer: to its end) over the last 30 minutes. */
  readonly latency: Percentiles | null;
  /** Output tokens per second, from sending to the end, over the last 30 minutes. */
  readonly throughput: Percentiles | null;
  /** Answers per cent of attempts that were no rate limits and not the request's own fault. */
  readonly uptimeLast5m: number | null;
  readonly uptimeLast30m: number | null;
  readonly uptimeLast1d: number | null;
};

/** What routing goes by: the same measurements over the last five minutes. */
export type RecentRecord = Pick<EndpointRecord, 'latency' | 'throughput'>;

const MINUTE_MS = 60_000;
const RECENT_MS = 5 * MINUTE_MS;
const SHOWN_MS = 30 * MINUTE_MS;
/** A record that a second of calls is missing from still ranks rightly, and is not sorted anew for each call. */
const FRESH_MS = 1_000;
/** The names of unlisted models are the callers' own: not all can be kept. */
const MOST_ENDPOINTS = 1_000;

const NOTHING: RecentRecord = { latency: null, throughput: null };

class Track {
  readonly samples = new Samples();
  readonly minutes = new Outcomes(MINUTE_MS, 30);
  readonly halfHours = new Outcomes(30 * MINUTE_MS, 48);
  recent = NOTHING;
  recentAt = Number.NEGATIVE_INFINITY;
}

/** The daemon's own record of every endpoint it has called, by endpoint id: in memory, bounded, `now` in epoch milliseconds. */
export class EndpointRecords {
  readonly #tracks = new Map<string, Track>();

  /** An answer: its time to the first token, its output tokens, and its whole time, in milliseconds. */
  answered(id: string, now: number, latencyMs: number, tokens: number, totalMs: number): void {
    const track = this.#track(id);
    track.samples.add(now, latencyMs, tokens > 0 && totalMs > 0 ? (tokens * 1_000) / totalMs : Number.NaN);
    track.minutes.add(true, now);
    track.halfHours.add(true, now);
  }

  /** A failure that was the endpoint's own. */
  failed(id: string, now: number): void {
    const track = this.#track(id);
    track.minutes.add(false, now);
    track.halfHours.add(false, now);
  }

  recent(id: string, now: number): RecentRecord {
    const track = this.#tracks.get(id);
    if (!track) return NOTHING;
    if (Math.abs(now - track.recentAt) > FRESH_MS) {
      track.recent = percentilesSince(track.samples, now - RECENT_MS);
      track.recentAt = now;
    }
    return track.recent;
  }

  of(id: string, now: number): EndpointRecord {
    const track = this.#tracks.get(id);
    if (!track) return { ...NOTHING, uptimeLast5m: null, uptimeLast30m: null, uptimeLast1d: null };
    return {
      ...percentilesSince(track.samples, now - SHOWN_MS),
      uptimeLast5m: uptime(track.minutes.last(5, now)),
      uptimeLast30m: uptime(track.minutes.last(30, now)),
      uptimeLast1d: uptime(track.halfHours.last(48, now)),
    };
  }

  #track(id: string): Track {
    let track = this.#tracks.get(id);
    if (!track) {
      const [oldest] = this.#tracks.keys();
      if (this.#tracks.size >= MOST_ENDPOINTS && oldest !== undefined) this.#tracks.delete(oldest);
      track = new Track();
      this.#tracks.set(id, track);
    }
    return track;
  }
}

function percentilesSince(samples: Samples, since: number): RecentRecord {
  return {
    latency: percentilesOf(samples.latenciesSince(since)),
    throughput: percentilesOf(samples.throughputsSince(since)),
  };
}

function uptime({ good, bad }: { readonly good: number; readonly bad: number }): number | null {
  return good + bad === 0 ? null : (good * 100) / (good + bad);
}
