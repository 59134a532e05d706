import type { Refusal } from '../../errors.ts';
import { apart, ContentFilters, type Hit, redacted } from '../../policy/content-filters.ts';
import type { ContentRules } from '../../policy/effective-policy.ts';
import type { Asked } from '../asked.ts';
import { type BlockedHit, requestBlocked } from './blocked.ts';
import { ContentCourse } from './content-course.ts';
import { markToolResults } from './mark-tool-results.ts';
import { Vault } from './vault.ts';
import { VerdictMemory } from './verdict-memory.ts';
import { rewriteTexts, type Visit } from './walk-request.ts';

/** Keys may have the same rules in lists of their own: those that are alike are compiled, and remembered, once. */
const MOST_FILTERS = 256;

/** What guardrails say of a call's texts before it is sent. One for a daemon: it remembers what it has judged. */
export class ContentJudge {
  readonly #placeholderKey: () => Buffer;
  readonly #memory = new VerdictMemory();
  readonly #known = new WeakMap<ContentRules, ContentFilters>();
  readonly #alike = new Map<string, ContentFilters>();

  /** `placeholderKey`: this installation's, asked for when the first value is replaced. */
  constructor(placeholderKey: () => Buffer) {
    this.#placeholderKey = placeholderKey;
  }

  /** The call as it may go on, its texts redacted; the very same where no filter applies; or why it may not. */
  judge(asked: Asked): Asked | Refusal {
    const rules = asked.policy.content;
    return rules === null ? asked : this.#judge(asked, rules);
  }

  /** A refusal of a call by another gate, which logs keep no more of than if it had been let through. */
  hidden(refusal: Refusal, { policy: { content: rules } }: Asked): Refusal {
    if (rules === null || refusal.screened) return refusal;
    const conceal = (text: string) => {
      let hits: readonly Hit[];
      try {
        hits = this.#filtersOf(rules).input(text, 'user');
      } catch {
        // What cannot be looked at is not kept: the call was refused for that very reason.
        return '[REDACTED]';
      }
      const taken = hits.flatMap((hit): Hit[] => (hit.action === 'flag' ? [] : [{ ...hit, action: 'redact' }]));
      return redacted(text, apart(taken), ({ label }) => label);
    };
    return { ...refusal, screened: { pipeline: [], conceal } };
  }

  #judge(asked: Asked, rules: ContentRules): Asked | Refusal {
    const filters = this.#filtersOf(rules);
    const course = new ContentCourse(filters, new Vault(this.#placeholderKey));
    const blocked: BlockedHit[] = [];
    const visit: Visit = (text, speaker, name = null) => {
      if (text === '') return text;
      // A member's name says what its value is.
      const before = name === null || name === '' ? '' : `${name.slice(0, 64)}: `;
      const all = before + text;
      const found = this.#memory.hits(filters, all, speaker, () => filters.input(all, speaker));
      if (found.length === 0) return text;
      const hits = before === '' ? found : found.flatMap((hit) => within(hit, before.length));
      for (const hit of hits) {
        const value = text.slice(hit.start, hit.end);
        course.noteInput(hit, hit.action === 'flag' ? '' : value);
        if (hit.action === 'block') blocked.push({ hit, text: value });
      }
      return redacted(text, hits, (hit, value) => course.placeholderFor(hit, value));
    };
    const rewritten = rewriteTexts(asked.request, visit);
    if (blocked.length > 0) {
      return { ...requestBlocked(blocked), screened: { pipeline: course.stages, conceal: course.conceal } };
    }
    const request = rules.markToolResults ? markToolResults(rewritten, this.#placeholderKey()) : rewritten;
    return course.isIdle && request === asked.request
      ? asked
      : { ...asked, request, content: course.isIdle ? null : course };
  }

  #filtersOf(rules: ContentRules): ContentFilters {
    const known = this.#known.get(rules);
    if (known) return known;
    const name = JSON.stringify(rules);
    const filters = this.#alike.get(name) ?? new ContentFilters(rules);
    this.#alike.delete(name);
    this.#alike.set(name, filters);
    for (const oldest of this.#alike.keys()) {
      if (this.#alike.size <= MOST_FILTERS) break;
      this.#alike.delete(oldest);
    }
    this.#known.set(rules, filters);
    return filters;
  }
}

/** The hit in a text that was looked at with `before` characters in front of it; none when it stands in those. */
function within(hit: Hit, before: number): readonly Hit[] {
  return hit.end <= before ? [] : [{ ...hit, start: Math.max(0, hit.start - before), end: hit.end - before }];
}
