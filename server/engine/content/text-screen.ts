import { type Hit, redacted } from '../../policy/content-filters.ts';
import type { ContentCourse } from './content-course.ts';
import { openFrom } from './hold-back.ts';
import { Rehydrator } from './rehydrate.ts';

/** Characters of what has been passed on that are kept, for words that say what a number is. */
const KEPT = 128;
/** What no finding of the usual filters is without. */
const TRIGGER = /[0-9@]|::|-----BEGIN |[A-Za-z0-9_]{20}/;

/**
 * One text of an answer as it comes in pieces: what the filters find is redacted before it is passed on, however it was cut, and
 * placeholders become their values again. Only what may still grow into a finding is held back. The same pieces or the whole: the
 * same text.
 */
export class TextScreen {
  readonly #course: ContentCourse;
  readonly #rehydrator: Rehydrator;
  #context: string;
  #held = '';

  /** `before`: words that stand before the text, such as the name of the member that it is the value of. */
  constructor(course: ContentCourse, encode?: (value: string) => string, before = '') {
    this.#course = course;
    this.#rehydrator = new Rehydrator(course.vault, encode);
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
    const all = this.#context + this.#held + text;
    const from = this.#context.length;
    const reach = filters.outputReach;
    let until = isEnd ? all.length : openFrom(all, from, reach);
    if (until === from) {
      this.#held = all.slice(from);
      return '';
    }
    const isPlain = reach.others === 0 && !TRIGGER.test(all.slice(Math.max(0, from - KEPT)));
    const hits: Hit[] = [];
    for (const hit of isPlain ? [] : filters.output(all, from)) {
      if (hit.start >= until) break;
      // What is found across the border is seen whole next time.
      if (hit.end > until) until = hit.start;
      else hits.push({ ...hit, start: hit.start - from, end: hit.end - from });
    }
    for (const hit of hits) this.#course.noteOutput(hit);
    const passed = all.slice(from, until);
    this.#held = all.slice(until);
    this.#context = all.slice(Math.max(0, until - KEPT), until);
    return redacted(passed, hits, ({ label }) => label);
  }
}
