/** Texts that are told apart at a time; an agent that repeats itself does so with few. */
const SLOTS = 8;
/** Characters that tell most texts apart. */
const SAMPLES = 48;

type Slot = {
  /** Of a few of its characters. */
  readonly sample: number;
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
    for (let index = 0; index < found.count; index += 1) if ((found.times[index] ?? 0) >= sinceMs) seen += 1;
    return seen;
  }

  #add(sample: number, most: number, nowMs: number, digest: string | null = null): void {
    if (this.#slots.length >= SLOTS) this.#slots.shift();
    const slot: Slot = { sample, digest, times: new Float64Array(most), next: 0, count: 0 };
    record(slot, nowMs);
    this.#slots.push(slot);
  }
}

function record(slot: Slot, nowMs: number): void {
  slot.times[slot.next] = nowMs;
  slot.next = (slot.next + 1) % slot.times.length;
  slot.count = Math.min(slot.count + 1, slot.times.length);
}

/** FNV-1a of the lengths and of characters all over the text. */
function sampleOf(text: string, name: string): number {
  let value = 0x811c9dc5 ^ text.length;
  const mix = (code: number) => {
    value = Math.imul(value ^ code, 0x01000193);
  };
  for (let index = 0; index < name.length; index += 1) mix(name.charCodeAt(index));
  const step = Math.max(1, text.length / SAMPLES);
  for (let at = 0; at < text.length; at += step) mix(text.charCodeAt(Math.floor(at)));
  mix(text.charCodeAt(text.length - 1));
  return value >>> 0;
}
