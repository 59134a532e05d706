/** Texts that are told apart at a time; an agent that repeats itself does so with few. */
const SLOTS = 8;
/** Characters that tell most texts apart: so many at the beginning, at the end, and all over. */
const SAMPLES = 24;

type Slot = {
  /** Of a few of its characters. */
  sample: number;
  /** Of all of it, from its second time on. */
  digest: string | null;
  /** The latest times, a ring. */
  readonly times: Float64Array;
  next: number;
  count: number;
};

/**
 * How often the latest texts have come: in constant memory, and of most texts no more is read than a few characters. Only one that
 * looks like one of the last few is hashed whole.
 */
export class RecentTexts {
  readonly #digest: (text: string) => string;
  readonly #slots: Slot[] = [];

  /** `digest`: a keyed hash. */
  constructor(digest: (text: string) => string) {
    this.#digest = digest;
  }

  /** Counts a text under a name, and says how often it has come since a moment, up to `most` times. Milliseconds. */
  seen(name: string, text: string, most: number, sinceMs: number, nowMs: number): number {
    const sample = sampleOf(text, name);
    const at = this.#slots.findIndex((slot) => slot.sample === sample && slot.times.length === most);
    const found = this.#slots[at];
    if (!found) {
      this.#add(sample, most, nowMs);
      return 1;
    }
    const digest = this.#digest(`${name}\n${text}`);
    if (found.digest !== null && found.digest !== digest) {
      // It only looks like that one.
      this.#slots.splice(at, 1);
      this.#add(sample, most, nowMs, digest);
      return 1;
    }
    found.digest = digest;
    record(found, nowMs);
    // The latest stands last, so that the one that has been silent longest goes first.
    if (at < this.#slots.length - 1) this.#slots.push(...this.#slots.splice(at, 1));
    let seen = 0;
    for (let index = 0; index < found.count; index += 1) {
      const time = found.times[index] ?? 0;
      // A clock that is put back must not keep what it counted before for ever.
      if (time >= sinceMs && time <= nowMs) seen += 1;
    }
    return seen;
  }

  #add(sample: number, most: number, nowMs: number, digest: string | null = null): void {
    const oldest = this.#slots.length >= SLOTS ? this.#slots.shift() : undefined;
    // Most texts come once: the place of the one that goes is taken as it is.
    const slot =
      oldest?.times.length === most ? oldest : { sample, digest, times: new Float64Array(most), next: 0, count: 0 };
    slot.sample = sample;
    slot.digest = digest;
    slot.next = 0;
    slot.count = 0;
    record(slot, nowMs);
    this.#slots.push(slot);
  }
}

function record(slot: Slot, nowMs: number): void {
  slot.times[slot.next] = nowMs;
  slot.next = (slot.next + 1) % slot.times.length;
  slot.count = Math.min(slot.count + 1, slot.times.length);
}

/** FNV-1a of the lengths and of a few characters. */
function sampleOf(text: string, name: string): number {
  const { length } = text;
  let value = 0x811c9dc5 ^ length;
  const mix = (from: string, start: number, end: number, step: number) => {
    for (let at = start; at < end; at += step) value = Math.imul(value ^ from.charCodeAt(at), 0x01000193);
  };
  mix(name, 0, name.length, 1);
  mix(text, 0, Math.min(SAMPLES, length), 1);
  mix(text, SAMPLES, length, Math.max(1, Math.floor(length / SAMPLES)));
  mix(text, Math.max(0, length - SAMPLES), length, 1);
  return value >>> 0;
}
