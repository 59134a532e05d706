import type { Vault } from './vault.ts';

/** The longest placeholder with what models put into it. */
const LONGEST = 96;

/**
 * Puts back what the provider never saw: every placeholder of the call becomes its value again, in a stream as in a whole text.
 * Placeholders that mean nothing in this call stay as they are.
 */
export class Rehydrator {
  readonly #vault: Vault;
  readonly #encode: (value: string) => string;
  readonly #pattern: RegExp | null;
  #held = '';

  /** `encode`: how a value is written where it is put, such as within a JSON string. The vault must be full by now. */
  constructor(vault: Vault, encode: (value: string) => string = (value) => value) {
    this.#vault = vault;
    this.#encode = encode;
    this.#pattern = vault.isEmpty ? null : vault.pattern;
  }

  push(text: string): string {
    if (!this.#pattern) return text;
    const all = this.#held + text;
    const open = openFrom(all, this.#vault);
    this.#held = all.slice(open);
    return this.#replaced(all.slice(0, open));
  }

  flush(): string {
    const rest = this.#replaced(this.#held);
    this.#held = '';
    return rest;
  }

  #replaced(text: string): string {
    if (!this.#pattern || text === '') return text;
    return text.replace(
      this.#pattern,
      (written, opening: string | undefined, name: string, closing: string | undefined) => {
        const value = this.#vault.valueOf(name);
        if (value === null) return written;
        // A bracket without its partner is the text's own.
        return opening && closing ? this.#encode(value) : `${opening ?? ''}${this.#encode(value)}${closing ?? ''}`;
      },
    );
  }
}

/** Where the part begins that may still grow into a placeholder, or is one whose end has not been seen. */
function openFrom(text: string, vault: Vault): number {
  for (let at = Math.max(0, text.length - LONGEST); at < text.length; at += 1) {
    if (!mayStart(text, at)) continue;
    const rest = text.slice(at);
    if (/^\\?\[?\s?[0-9A-Za-z\\_ -]*$/.test(rest) && vault.mayBegin(rest)) return at;
    if (/^\\?\[\s?[0-9A-Za-z\\_ -]*\s?\\$/.test(rest) && vault.mayBegin(rest)) return at;
  }
  return text.length;
}

/** At a bracket, or at a word's first letter. */
function mayStart(text: string, at: number): boolean {
  const character = text[at] ?? '';
  if (character === '[' || character === '\\') return true;
  return /[A-Za-z]/.test(character) && !/[0-9A-Za-z]/.test(text[at - 1] ?? ' ');
}
