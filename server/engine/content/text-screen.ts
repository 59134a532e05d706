import { type Hit, type OpenCustom, redacted } from '../../policy/content-filters.ts';
import type { ContentCourse } from './content-course.ts';
import { closedAt, openFrom } from './hold-back.ts';
import { Rehydrator } from './rehydrate.ts';

/** Characters of what has been passed on that are kept, for words that say what a number is. */
const KEPT = 128;
/** What no finding of the usual filters is without. */
const TRIGGER = /[0-9@]|::|-----BEGIN |[A-Za-z0-9_]{20}/;
/** Of so much that is held back, only what frees a good part of it is worth another look: else the time would grow with its square. */
const MUCH = 4_096;
/** Characters that a custom pattern without end may hold back; then the answer cannot be looked at, and is refused. */
const MOST_HELD = 2_000_000;

/**
 * One text of an answer as it comes in pieces: what the filters find is redacted before it is passed on, however it was cut, and
 * placeholders become their values again. Only what may still grow into a finding is held back. The same pieces or the whole: the
 * same text.
 */
export class TextScreen {
  readonly #course: ContentCourse;
  readonly #rehydrator: Rehydrator;
  readonly #custom: OpenCustom | null;
  #context: string;
  #held = '';
  /** Characters that have been let go. */
  #passed = 0;

  /** `before`: words that stand before the text, such as the name of the member that it is the value of. */
  constructor(course: ContentCourse, encode?: (value: string) => string, before = '') {
    this.#course = course;
    this.#rehydrator = new Rehydrator(course.vault, encode);
    this.#custom = course.filters.openOutput(before);
    this.#context = before;
  }

  /** What may be passed on by now. Once the course is blocked, what comes back must not be used. */
  push(text: string): string {
    return this.#rehydrator.push(this.#screened(text, false));
  }

  /** The rest: no more of this text comes. */
  flush(): string {
    return this.#rehydrator.push(this.#screened('', true)) + this.#rehydrator.flush();
  }

  #screened(text: string, isEnd: boolean): string {
    const { filters } = this.#course;
    if (!filters.looksAtOutput) return text;
    const free = this.#custom === null ? null : this.#custom.push(text) - this.#passed;
    if (free !== null && !isEnd && this.#isPinned(free)) {
      this.#held += text;
      if (this.#held.length > MOST_HELD) throw new Error('a custom pattern holds back too much of an answer');
      return '';
    }
    const all = this.#context + this.#held + text;
    const from = this.#context.length;
    const reach = filters.outputReach;
    let until = isEnd ? all.length : openFrom(all, from, reach);
    if (free !== null && !isEnd) until = closedAt(all, from, reach, Math.min(until, from + free));
    if (until === from) {
      this.#held = all.slice(from);
      return '';
    }
    const isPlain = reach.others === 0 && free === null && !TRIGGER.test(all.slice(Math.max(0, from - KEPT)));
    const found = isPlain ? [] : filters.output(all, from);
    // What is found across the border is seen whole next time.
    for (let across = acrossOf(found, until); across; across = acrossOf(found, until))
      until = closedAt(all, from, reach, across.start);
    const hits: Hit[] = [];
    for (const hit of found) if (hit.end <= until) hits.push({ ...hit, start: hit.start - from, end: hit.end - from });
    for (const hit of hits) this.#course.noteOutput(hit);
    const passed = all.slice(from, until);
    this.#passed += passed.length;
    this.#held = all.slice(until);
    this.#context = all.slice(Math.max(0, until - KEPT), until);
    return redacted(passed, hits, ({ label }) => label);
  }

  /** Whether custom patterns let go of nothing, or of too little to look at all of it again. */
  #isPinned(free: number): boolean {
    const { length } = this.#held;
    return free <= 0 || (length > MUCH && free < length >> 3);
  }
}

const acrossOf = (hits: readonly Hit[], until: number) => hits.find(({ start, end }) => start < until && end > until);
