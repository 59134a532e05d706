import { hash, randomBytes } from 'node:crypto';
import { type Minute, type RunawayMode, type RunawayRules, type Trip, tripOf } from '../policy/runaway.ts';
import type { KeyRow } from '../store/store.ts';
import { RecentTexts } from './recent-texts.ts';
import type { JsonObject } from './resolve-preset.ts';

/** What is watched of a key's calls, and what follows. */
export type RunawayParts = {
  readonly rulesOf: (key: KeyRow) => { readonly mode: RunawayMode; readonly rules: RunawayRules };
  /** Told once when a key is found to run away; in mode `trip` the key is stopped before the promise resolves. */
  readonly onTrip: (key: KeyRow, trip: Trip, mode: 'warn' | 'trip', callId: string | null) => Promise<void>;
};

const MINUTE_MS = 60_000;
/** A key that was warned of is not warned of again for so long. */
const QUIET_MS = 5 * MINUTE_MS;
/** Minutes that weigh in what is usual. */
const MEMORY_MINUTES = 720;
/** Keys that are remembered; far more than call within an hour anywhere. */
const MOST_KEYS = 20_000;

/**
 * Watches every key for running away, in constant memory for each and in next to no time: counts of this minute and the last one, a
 * running mean of the minutes before, and a few hashes of the latest messages. No text is kept, and nothing survives a restart.
 */
export class RunawayWatch {
  readonly #parts: RunawayParts;
  readonly #keys = new Map<string, Pace>();
  readonly #secret = randomBytes(16).toString('hex');

  constructor(parts: RunawayParts) {
    this.#parts = parts;
  }

  /** Counts a call. A trip means that the key is to be stopped, this call included; a mere warning is given on its own. */
  see(
    key: KeyRow,
    preset: string | null,
    request: JsonObject,
    callId: string,
    nowMs: number,
  ): { readonly trip: Trip; readonly stopped: Promise<void> } | null {
    const { mode, rules } = this.#parts.rulesOf(key);
    if (mode === 'off') return null;
    const pace = this.#paceOf(key);
    pace.turn(nowMs);
    pace.requests += 1;
    if (nowMs < pace.quietUntil) return null;
    const trip = tripOf(pace.minute(nowMs), rules) ?? this.#loopOf(pace, preset, request, rules, nowMs);
    return trip ? this.#tell(pace, trip, mode, callId, nowMs) : null;
  }

  /** Counts what a call has cost; nano-dollars. A key that trips by it is stopped from its next call on. */
  charge(keyId: string, nano: number, callId: string, nowMs: number): void {
    const pace = this.#keys.get(keyId);
    if (!pace || nano === 0) return;
    pace.turn(nowMs);
    pace.nano += nano;
    if (nowMs < pace.quietUntil) return;
    const { mode, rules } = this.#parts.rulesOf(pace.key);
    const trip = mode === 'off' ? null : tripOf(pace.minute(nowMs), rules);
    if (trip && mode !== 'off') this.#tell(pace, trip, mode, callId, nowMs)?.stopped.catch(() => {});
  }

  /** Begins anew with a key: a person has released it. */
  forget(keyId: string): void {
    this.#keys.delete(keyId);
  }

  #tell(
    pace: Pace,
    trip: Trip,
    mode: 'warn' | 'trip',
    callId: string,
    nowMs: number,
  ): { readonly trip: Trip; readonly stopped: Promise<void> } | null {
    if (mode === 'warn') {
      pace.quietUntil = nowMs + QUIET_MS;
      this.#parts.onTrip(pace.key, trip, mode, callId).catch(() => {});
      return null;
    }
    // Until the store has it, and also when it cannot be written, the next call trips again; one at a time tells of it.
    pace.stopping ??= this.#parts.onTrip(pace.key, trip, mode, callId).finally(() => {
      pace.stopping = null;
    });
    return { trip, stopped: pace.stopping };
  }

  #loopOf(pace: Pace, preset: string | null, request: JsonObject, rules: RunawayRules, nowMs: number): Trip | null {
    const { loop_calls: calls, loop_minutes: minutes } = rules;
    if (calls === null) return null;
    const text = lastText(request);
    if (text === '') return null;
    pace.texts ??= new RecentTexts((one) => hash('sha256', `${this.#secret}${one}`, 'base64'));
    const seen = pace.texts.seen(preset ?? '', text, calls, nowMs - minutes * MINUTE_MS, nowMs);
    return seen >= calls ? { rule: 'loop', seen, bound: calls } : null;
  }

  #paceOf(key: KeyRow): Pace {
    let pace = this.#keys.get(key.id);
    if (!pace) {
      if (this.#keys.size >= MOST_KEYS) this.#keys.clear();
      pace = new Pace(key);
      this.#keys.set(key.id, pace);
    }
    pace.key = key;
    return pace;
  }
}

/** How one key has been calling. */
class Pace {
  key: KeyRow;
  requests = 0;
  nano = 0;
  quietUntil = 0;
  stopping: Promise<void> | null = null;
  texts: RecentTexts | null = null;
  #at = -1;
  #lastRequests = 0;
  #lastNano = 0;
  #usualRequests = 0;
  #usualNano = 0;
  #history = 0;

  constructor(key: KeyRow) {
    this.key = key;
  }

  /** Closes the minutes that have passed; those without calls say nothing of what is usual when there are some. */
  turn(nowMs: number): void {
    const at = Math.floor(nowMs / MINUTE_MS);
    if (at === this.#at) return;
    if (this.requests > 0) {
      this.#history += 1;
      const weight = 1 / Math.min(this.#history, MEMORY_MINUTES);
      this.#usualRequests += (this.requests - this.#usualRequests) * weight;
      this.#usualNano += (this.nano - this.#usualNano) * weight;
    }
    const follows = at === this.#at + 1;
    this.#lastRequests = follows ? this.requests : 0;
    this.#lastNano = follows ? this.nano : 0;
    this.requests = 0;
    this.nano = 0;
    this.#at = at;
  }

  /** The minute that ends now: this one so far, and as much of the last one as it takes to fill it up. */
  minute(nowMs: number): Minute {
    const rest = 1 - (nowMs - this.#at * MINUTE_MS) / MINUTE_MS;
    return {
      // A key that calls exactly as often as it may must not trip where one minute goes over into the next.
      requests: this.requests + Math.floor(Math.max(0, this.#lastRequests - 1) * rest),
      nano: this.nano + Math.floor(this.#lastNano * rest),
      usualRequests: this.#usualRequests,
      usualNano: this.#usualNano,
      history: this.#history,
    };
  }
}

/** The last message's text; of one in parts, their texts and how long the others are. */
function lastText(request: JsonObject): string {
  const messages = request['messages'];
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : null;
  if (typeof last !== 'object' || last === null || !('content' in last)) return '';
  const { content } = last;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map(partText).join('\n');
}

function partText(part: Readonly<Record<string, unknown>>): string {
  if (typeof part['text'] === 'string') return part['text'];
  const image = part['image_url'];
  const url = typeof image === 'object' && image !== null && 'url' in image ? String(image.url) : '';
  return `${String(part['type'])} ${url.length} ${url.slice(-64)}`;
}
