import type { Finding } from '../finding.ts';
import { undisguised } from './disguises.ts';
import { Features } from './features.ts';
import { loadModel } from './load-model.ts';
import { MARKUP_RULES } from './markup-rules.ts';
import { maskPhrases } from './mask-phrases.ts';
import type { InjectionModel } from './model.ts';
import { normalise } from './normalise.ts';
import { RuleBook } from './rule-book.ts';
import { RULES } from './rules.ts';
import { type Tokens, tokenise } from './tokens.ts';
import { spanOf, type View } from './view.ts';
import { windowsOf } from './windows.ts';
import { WordBook } from './word-book.ts';

export type InjectionOptions = {
  /** 0 to 1; findings of a lower score are left out. Null or absent: 0.5, some 5 false alarms in a thousand texts; 0.9: one. */
  readonly threshold?: number | null;
  /** Phrases that are not looked at, whatever their case. */
  readonly allowList?: readonly string[];
  /** With the trained model (`prompt-injection`), or by rules alone (`regex-prompt-injection`). */
  readonly model: boolean;
};

/** The score from which a text is flagged, unless the guardrail says otherwise. */
export const FLAG_SCORE = 0.5;
/** The score from which a text may be blocked without a person looking at it. */
export const BLOCK_SCORE = 0.9;

const MOST_FINDINGS = 32;
const BY_MODEL = 'model';

/**
 * What in a text speaks to a model as if it were its operator: by named rules, in some twenty languages and behind the usual disguises,
 * and by a linear model. Findings in the order they stand; of those that overlap, the one with the highest score. Pure but for the
 * model file, which is read on first use; throws when that cannot be read. Linear in the length of the text.
 */
export function detectInjection(text: string, options: InjectionOptions): readonly Finding[] {
  shared ??= new Detector();
  return shared.detect(text, options);
}

let shared: Detector | undefined;

type Raw = { readonly start: number; readonly end: number; readonly rule: string; readonly score: number };

/** Rules, words and model, put together once. */
export class Detector {
  readonly #rules = new RuleBook(RULES);
  readonly #features = new Features();
  #plainBook: WordBook | undefined;
  #fullBook: WordBook | undefined;
  #model: InjectionModel | undefined;

  constructor(model?: InjectionModel) {
    this.#model = model;
  }

  detect(text: string, options: InjectionOptions): readonly Finding[] {
    const threshold = options.threshold ?? FLAG_SCORE;
    if (options.model) this.#model ??= loadModel();
    const model = options.model ? (this.#model ?? null) : null;
    const book = this.#book(model);
    const view = normalise(maskPhrases(text, options.allowList ?? []));
    const tokens = tokenise(view.text, book);
    const raw: Raw[] = [];
    this.#scan(view, tokens, model, threshold, raw);
    for (const other of undisguised(text, view, tokens, book)) {
      this.#scan(other, tokenise(other.text, book), model, threshold, raw);
    }
    const type = options.model ? 'prompt-injection' : 'regex-prompt-injection';
    return strongest(raw).map(({ start, end, rule, score }) => ({
      detector: 'injection',
      type,
      start,
      end,
      rule,
      score: Math.round(score * 1000) / 1000,
    }));
  }

  #book(model: InjectionModel | null): WordBook {
    if (model === null) {
      this.#plainBook ??= new WordBook(COMMON_WORDS);
      return this.#plainBook;
    }
    this.#fullBook ??= new WordBook(model.vocabulary);
    return this.#fullBook;
  }

  #scan(view: View, tokens: Tokens, model: InjectionModel | null, threshold: number, raw: Raw[]): void {
    for (const hit of this.#rules.find(tokens)) {
      if (hit.score < threshold) continue;
      const span = spanOf(view, tokens.starts[hit.first] ?? 0, tokens.ends[hit.last] ?? 0);
      raw.push({
        ...span,
        rule: view.disguise ?? (isRepaired(tokens, hit.first, hit.last) ? 'typoglycemia' : hit.name),
        score: hit.score,
      });
    }
    for (const rule of MARKUP_RULES) {
      if (rule.score < threshold || !rule.literals.some((literal) => view.text.includes(literal))) continue;
      let found = 0;
      for (const match of view.text.matchAll(rule.pattern)) {
        if (match[0] === '' || ++found > MOST_FINDINGS) break;
        const span = spanOf(view, match.index, match.index + match[0].length);
        raw.push({ ...span, rule: view.disguise ?? rule.name, score: rule.score });
      }
    }
    if (model === null || tokens.count === 0) return;
    for (const { from, to } of windowsOf(tokens.count)) {
      this.#features.read(tokens, from, to);
      const score = model.score(model.logit(this.#features));
      if (score < threshold) continue;
      raw.push({
        ...spanOf(view, tokens.starts[from] ?? 0, tokens.ends[to - 1] ?? 0),
        rule: view.disguise ?? BY_MODEL,
        score,
      });
    }
  }
}

function isRepaired(tokens: Tokens, first: number, last: number): boolean {
  for (let at = first; at <= last; at++) if (tokens.words[at]?.repaired === true) return true;
  return false;
}

/**
 * The strongest first; what overlaps a stronger one is dropped, but gives its name to what the model found: a rule's name says more. Then
 * in the order they stand.
 */
function strongest(raw: readonly Raw[]): readonly Raw[] {
  const kept: Raw[] = [];
  for (const one of raw.toSorted((a, b) => b.score - a.score || a.start - b.start || b.end - a.end)) {
    const over = kept.findIndex(({ start, end }) => one.end > start && one.start < end);
    const stronger = kept[over];
    if (stronger === undefined) {
      if (kept.length < MOST_FINDINGS) kept.push(one);
    } else if (stronger.rule === BY_MODEL) kept[over] = { ...stronger, rule: one.rule };
  }
  return kept.sort((a, b) => a.start - b.start);
}

/** Enough of a language to tell whether a text reads well; the model brings a larger one. */
const COMMON_WORDS = (
  'the be to of and a in that have i it for not on with he as you do at this but his by from they we say her she or an will my one all would there ' +
  'their what so up out if about who get which go me when make can like time no just him know take people into year your good some could them see ' +
  'other than then now look only come its over think also back after use two how our work first well way even new want because any these give day ' +
  'most us is are was were been has had did said system prompt instructions please following output print text message rules previous above delete'
).split(' ');
