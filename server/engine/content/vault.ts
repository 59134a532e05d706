import { createHmac, hash } from 'node:crypto';

const FEWEST_DIGITS = 6;
const MOST_DIGITS = 64;

/**
 * What one call's placeholders stand for. The same value always has the same placeholder on this machine, so that a conversation's
 * prompt cache stays good; what a placeholder means is known only within the call that has the value in it, and forgotten with it.
 */
export class Vault {
  readonly #key: () => Buffer;
  readonly #placeholders = new Map<string, string>();
  readonly #values = new Map<string, string>();
  readonly #kinds = new Set<string>();

  constructor(key: () => Buffer) {
    this.#key = key;
  }

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  /** `[EMAIL_9f3a2c]` for a label `[EMAIL]`. */
  placeholder(label: string, value: string): string {
    const kind = kindOf(label);
    const name = `${kind}\0${value}`;
    const known = this.#placeholders.get(name);
    if (known) return known;
    const digest = createHmac('sha256', this.#key()).update(name).digest('hex');
    for (let length = FEWEST_DIGITS; length <= MOST_DIGITS; length += 2) {
      const short = squeezed(`${kind}_${digest.slice(0, length)}`);
      // Two values of one call never share a placeholder.
      if (this.#values.has(short)) continue;
      const placeholder = `[${kind}_${digest.slice(0, length)}]`;
      this.#values.set(short, value);
      this.#placeholders.set(name, placeholder);
      this.#kinds.add(kind);
      return placeholder;
    }
    throw new Error('two values have the same keyed hash');
  }

  /** What a placeholder means, however it is spaced or written; null: it is none of this call's. */
  valueOf(written: string): string | null {
    return this.#values.get(squeezed(written)) ?? null;
  }

  /** Finds what is written like this call's placeholders, however many there are: the bracket before, the name, the bracket behind. */
  get pattern(): RegExp {
    const gap = '(?:\\\\?_|[ -])';
    const kinds = [...this.#kinds].map((kind) => kind.replaceAll('_', gap)).join('|') || '(?!)';
    const name = `(?:${kinds})${gap}[0-9a-f]{${FEWEST_DIGITS},${MOST_DIGITS}}`;
    return new RegExp(`(\\\\?\\[\\s?)?(?<![0-9A-Za-z])(${name})(?![0-9A-Za-z])(\\s?\\\\?\\])?`, 'gi');
  }

  /** Every value and what stands for it. */
  get pairs(): readonly (readonly [value: string, placeholder: string])[] {
    return [...this.#placeholders].map(([name, placeholder]) => [name.slice(name.indexOf('\0') + 1), placeholder]);
  }

  /** Whether a text may be the beginning of what is written like one of this call's placeholders. */
  mayBegin(written: string): boolean {
    const short = squeezed(written);
    for (const kind of this.#kinds) {
      const name = squeezed(kind);
      if (name.startsWith(short)) return true;
      if (short.startsWith(name) && /^[0-9a-f]{0,64}$/.test(short.slice(name.length))) return true;
    }
    return false;
  }

  /** Tells calls apart whose texts are alike once redacted. */
  get fingerprint(): string {
    return hash('sha256', JSON.stringify([...this.#placeholders.keys()]), 'base64url');
  }
}

const kindOf = (label: string): string =>
  label
    .replace(/:.*$/, '')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '') || 'VALUE';

/** Models change the case of placeholders, escape them for Markdown and put spaces into them. */
const squeezed = (written: string): string => written.replace(/[^0-9A-Za-z]+/g, '').toLowerCase();
