import type { ContentCourse } from './content-course.ts';
import { decoded, encoded } from './json-leaves.ts';
import { TextScreen } from './text-screen.ts';

/**
 * One JSON text of an answer as it comes in pieces: a tool's arguments, a structured answer. Strings are looked at by what they mean
 * and written anew, other values once they have ended; a value that is redacted becomes a string, so that what was JSON stays JSON.
 * A text that does not begin as JSON is looked at as it stands, and so is what follows after the document.
 */
export class JsonScreen {
  readonly #course: ContentCourse;
  #plain: TextScreen | null = null;
  #string: TextScreen | null = null;
  #escape = '';
  #loose = '';
  #depth = 0;
  #isOver = false;
  #inside = '';
  #name = '';
  #last = '';

  constructor(course: ContentCourse) {
    this.#course = course;
  }

  push(text: string): string {
    let out = '';
    let at = 0;
    while (at < text.length) {
      if (this.#plain) return out + this.#plain.push(text.slice(at));
      if (this.#string) {
        const end = this.#stringPart(text, at);
        out += encoded(this.#string.push(end.value));
        this.#inside += end.value.slice(0, Math.max(0, 64 - this.#inside.length));
        at = end.at;
        if (end.isOver) out += this.#endString();
        continue;
      }
      const character = text[at] ?? '';
      if (/\s/.test(character) && this.#loose === '') {
        out += character;
        at += 1;
      } else if ((this.#depth === 0 && !/[[{"]/.test(character)) || this.#isOver) {
        this.#plain = new TextScreen(this.#course);
      } else if (character === '"') {
        out += `${this.#endLoose()}"`;
        this.#inside = '';
        this.#string = new TextScreen(this.#course, undefined, this.#name === '' ? '' : `${this.#name}: `);
        at += 1;
      } else if (/[{}[\],:]/.test(character)) {
        out += this.#endLoose() + character;
        this.#delimited(character);
        at += 1;
      } else {
        this.#loose += character;
        at += 1;
      }
    }
    return out;
  }

  flush(): string {
    const rest = this.#plain?.flush() ?? '';
    const string = this.#string ? encoded(this.#string.push(decoded(this.#escape)) + this.#string.flush()) : '';
    this.#string = null;
    return string + this.#endLoose() + rest;
  }

  #delimited(character: string): void {
    if (character === ':') this.#name = this.#last;
    else this.#name = '';
    if (character === '{' || character === '[') this.#depth += 1;
    if (character === '}' || character === ']') this.#depth = Math.max(0, this.#depth - 1);
    if (this.#depth === 0) this.#isOver = true;
  }

  /** Reads on in a string, up to its end; an escape that has not come whole is kept for the next piece. */
  #stringPart(text: string, from: number): { readonly value: string; readonly at: number; readonly isOver: boolean } {
    let raw = this.#escape;
    this.#escape = '';
    let at = from;
    if (raw !== '') {
      const all = raw + text.slice(from, from + 5);
      const length = escapeLength(all);
      if (length === null) {
        this.#escape = raw + text.slice(from);
        return { value: '', at: text.length, isOver: false };
      }
      at = from + length - raw.length;
      raw = all.slice(0, length);
    }
    for (; at < text.length; ) {
      if (text[at] === '"') return { value: decoded(raw), at: at + 1, isOver: true };
      if (text[at] === '\\') {
        const length = escapeLength(text.slice(at, at + 6));
        if (length === null) {
          this.#escape = text.slice(at);
          return { value: decoded(raw), at: text.length, isOver: false };
        }
        raw += text.slice(at, at + length);
        at += length;
      } else {
        raw += text[at];
        at += 1;
      }
    }
    return { value: decoded(raw), at, isOver: false };
  }

  #endString(): string {
    const rest = encoded(this.#string?.flush() ?? '');
    this.#string = null;
    this.#last = this.#inside;
    if (this.#depth === 0) this.#isOver = true;
    return `${rest}"`;
  }

  /** A number, a literal, or what a model wrote without quotes. */
  #endLoose(): string {
    const raw = this.#loose;
    this.#loose = '';
    if (raw === '') return '';
    const value = raw.trim();
    const screen = new TextScreen(this.#course, undefined, this.#name === '' ? '' : `${this.#name}: `);
    const shown = screen.push(value) + screen.flush();
    return shown === value ? raw : raw.replace(value, () => JSON.stringify(shown));
  }
}

/** Characters of the escape that a text begins with; null when it has not come whole. */
function escapeLength(text: string): number | null {
  if (text.length < 2) return null;
  if (text[1] !== 'u') return 2;
  const hex = /^[0-9a-fA-F]{0,4}/.exec(text.slice(2))?.[0].length ?? 0;
  return hex === 4 ? 6 : text.length < 6 && hex === text.length - 2 ? null : 2;
}
