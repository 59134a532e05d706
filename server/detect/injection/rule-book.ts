import { CONCEPTS, type Concept } from './lexicon.ts';
import type { RuleText } from './rules.ts';
import type { Tokens } from './tokens.ts';

/** A rule that was met, by the indices of its first and last word. */
export type RuleHit = { readonly name: string; readonly score: number; readonly first: number; readonly last: number };

/** One place of one sequence that a word or a concept may stand at. */
type Place = {
  readonly rule: RuleText;
  /** In the tables of how far each sequence has come; the place before it is one less, unless this is the first. */
  readonly slot: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Words that may stand between the one before and this one. */
  readonly gap: number;
  /** The next word must be none of these. */
  readonly unless: ReadonlySet<string> | null;
};

const MOST_HITS = 64;
/** Where a character counts as a word, a gap is so many times as wide. */
const CHARACTERS_A_WORD = 2.5;

/**
 * Finds word sequences in one pass: for each sequence and each of its places it remembers only where the place was last reached, which
 * is the best to go on from. So a text of n words costs n times the places that one word may stand at, whatever the text.
 */
export class RuleBook {
  readonly #byWord = new Map<string, Place[]>();
  readonly #byConcept: readonly Place[][] = CONCEPTS.map(() => []);
  #slots = 0;

  constructor(rules: readonly RuleText[]) {
    for (const rule of rules) for (const steps of rule.steps) this.#add(rule, steps);
    // Later places first: a word must not be taken for two places of a sequence at once.
    const later = (a: Place, b: Place) => b.slot - a.slot;
    for (const places of this.#byWord.values()) places.sort(later);
    for (const places of this.#byConcept) places.sort(later);
  }

  #add(rule: RuleText, steps: string): void {
    const parts = steps.split(' ');
    const terms: { alternatives: readonly string[]; gap: number; unless: ReadonlySet<string> | null }[] = [];
    let gap = 0;
    for (const part of parts) {
      if (/^\d+$/.test(part)) {
        gap = Number(part);
        continue;
      }
      const alternatives = part.split('|');
      const last = terms.at(-1);
      if (part.startsWith('^') && last) last.unless = new Set(alternatives.map((word) => word.replace('^', '')));
      else terms.push({ alternatives, gap, unless: null });
      gap = 0;
    }
    terms.forEach((term, index) => {
      const place: Place = {
        rule,
        slot: this.#slots + index,
        isFirst: index === 0,
        isLast: index === terms.length - 1,
        gap: term.gap,
        unless: term.unless,
      };
      for (const alternative of term.alternatives) this.#placesOf(alternative).push(place);
    });
    this.#slots += terms.length;
  }

  #placesOf(alternative: string): Place[] {
    if (alternative.startsWith('@')) {
      const places = this.#byConcept[CONCEPTS.indexOf(alternative.slice(1) as Concept)];
      if (!places) throw new Error(`A rule names the concept ${alternative}, which the lexicon does not have`);
      return places;
    }
    const places = this.#byWord.get(alternative) ?? [];
    this.#byWord.set(alternative, places);
    return places;
  }

  find(tokens: Tokens): readonly RuleHit[] {
    const hits: RuleHit[] = [];
    // Which word a place was last reached by, and with which word that way began; -1: never.
    const reached = new Int32Array(this.#slots).fill(-1);
    const began = new Int32Array(this.#slots);
    const { words, sentences, concepts, count, unspaced } = tokens;
    const spread = unspaced ? CHARACTERS_A_WORD : 1;
    const visit = (places: readonly Place[], at: number): void => {
      for (const place of places) {
        let from = at;
        if (!place.isFirst) {
          const before = reached[place.slot - 1] ?? -1;
          if (
            before < 0 ||
            before >= at ||
            at - before - 1 > (place.gap + 1) * spread - 1 ||
            sentences[before] !== sentences[at]
          )
            continue;
          from = began[place.slot - 1] ?? 0;
        }
        if (place.isLast) {
          if (hits.length < MOST_HITS && !(place.unless?.has(words[at + 1]?.text ?? '') ?? false)) {
            hits.push({ name: place.rule.name, score: place.rule.score, first: from, last: at });
          }
        } else if (reached[place.slot] !== at) {
          reached[place.slot] = at;
          began[place.slot] = from;
        }
      }
    };
    for (let at = 0; at < count; at++) {
      const places = this.#byWord.get(words[at]?.text ?? '');
      if (places !== undefined) visit(places, at);
      for (let left = concepts[at] ?? 0; left !== 0; left &= left - 1) {
        visit(this.#byConcept[31 - Math.clz32(left & -left)] ?? [], at);
      }
    }
    return hits;
  }
}
