import { CustomPattern } from '../detect/custom-regex.ts';
import type { Finding } from '../detect/finding.ts';
import { BLOCK_SCORE, detectInjection, FLAG_SCORE } from '../detect/injection/detect-injection.ts';
import type { OpenMatches } from '../detect/open-matches.ts';
import { detectPii } from '../detect/pii/detect-pii.ts';
import { CORE_TYPES, PII_TYPES } from '../detect/pii/types.ts';
import { detectSecrets } from '../detect/secrets/detect-secrets.ts';
import { isInjectionFilter, labelOfFilter } from './builtin-filters.ts';
import type {
  BuiltinFilter,
  ContentAction,
  ContentDirection,
  ContentRules,
  CustomFilter,
  Source,
  Sourced,
} from './effective-policy.ts';

/** Who speaks in a text, as far as the injection detectors go by it. */
export type Speaker = 'system' | 'user' | 'assistant' | 'tool';

/** Something that a filter found, and what is to be done about it. */
export type Hit = {
  readonly start: number;
  readonly end: number;
  readonly action: ContentAction;
  readonly detector: Finding['detector'];
  /** The filter's slug, or a custom filter's label. */
  readonly type: string;
  readonly rule: string | null;
  readonly score: number | null;
  /** What stands in its place when it is redacted. */
  readonly label: string;
  /** What people call it. */
  readonly name: string;
  /** The layers that ask for the action. */
  readonly sources: readonly Source[];
};

const STRICTNESS: Readonly<Record<ContentAction, number>> = { flag: 0, redact: 1, block: 2 };
const NONE: readonly Hit[] = [];
const WITH_MODEL = 'prompt-injection';
const CORE: ReadonlySet<string> = new Set(CORE_TYPES);

/** The filters over a key, ready to look at texts of calls and of answers. */
export class ContentFilters {
  readonly rules: ContentRules;
  readonly #input: Looking;
  readonly #output: Looking;

  /** Throws when a custom pattern cannot be used: then no call is let through. */
  constructor(rules: ContentRules) {
    this.rules = rules;
    this.#input = new Looking(rules, 'input');
    this.#output = new Looking(rules, 'output');
  }

  get looksAtOutput(): boolean {
    return this.#output.isAny;
  }

  /** Whether an answer can be refused. */
  get blocksOutput(): boolean {
    return this.#output.blocks;
  }

  /** What of an answer can still grow into a finding must be held back; this says which detectors count. */
  get outputReach(): OutputReach {
    return this.#output.reach;
  }

  input(text: string, speaker: Speaker): readonly Hit[] {
    return this.#input.hits(text, speaker, 0);
  }

  /** What custom patterns may still find in an answer that comes in pieces; null: there are none. `before`: what stands before it. */
  openOutput(before: string): OpenCustom | null {
    return this.#output.open(before);
  }

  /** What begins at or after `from`; what stands before it has been passed on and is context alone. */
  output(text: string, from = 0): readonly Hit[] {
    return this.#output.hits(text, 'system', from);
  }
}

export type OutputReach = {
  readonly core: boolean;
  readonly secrets: boolean;
  /** Characters at the end of a text that a match of names, addresses and national ids may need. */
  readonly others: number;
};

/** The matches of several patterns that are under way. */
export class OpenCustom {
  readonly #open: readonly OpenMatches[];

  constructor(open: readonly OpenMatches[]) {
    this.#open = open;
  }

  /** Takes in what comes next; from where on what has come so far cannot be passed on yet. */
  push(text: string): number {
    return Math.min(...this.#open.map((one) => one.push(text)));
  }
}

/** Characters that the rules for names, addresses and national ids may reach back over in a stream. */
const RULES_REACH = 160;
const IDS_REACH = 32;

/** One direction's filters. */
class Looking {
  readonly #pii = new Set<string>();
  readonly #builtins = new Map<string, Sourced<BuiltinFilter>>();
  readonly #injection: readonly Sourced<BuiltinFilter>[];
  readonly #custom: readonly { readonly pattern: CustomPattern; readonly rule: Sourced<CustomFilter> }[];
  readonly #allowList: readonly string[];
  readonly #secrets: boolean;

  constructor(rules: ContentRules, direction: ContentDirection) {
    const here = <T extends { readonly directions: readonly ContentDirection[] }>({ value }: Sourced<T>) =>
      value.directions.includes(direction);
    const builtins = rules.builtins.filter(here);
    for (const rule of builtins) {
      this.#builtins.set(rule.value.slug, rule);
      if (PII_TYPES.includes(rule.value.slug)) this.#pii.add(rule.value.slug);
    }
    this.#secrets = this.#builtins.has('secrets');
    // A model's own words are nobody's attempt to speak to it.
    const injection = direction === 'input' ? builtins.filter(({ value }) => isInjectionFilter(value.slug)) : [];
    // The one with the model first: it spares the other.
    this.#injection = [...injection].sort(
      (a, b) => Number(b.value.slug === WITH_MODEL) - Number(a.value.slug === WITH_MODEL),
    );
    this.#custom = rules.custom.filter(here).map((rule) => ({ pattern: new CustomPattern(rule.value.pattern), rule }));
    this.#allowList = rules.injectionAllowList;
  }

  get isAny(): boolean {
    return this.#pii.size > 0 || this.#secrets || this.#custom.length > 0;
  }

  get blocks(): boolean {
    const isBlock = ({ value }: Sourced<{ readonly action: ContentAction }>) => value.action === 'block';
    return [...this.#builtins.values()].some(isBlock) || this.#custom.some(({ rule }) => isBlock(rule));
  }

  get reach(): OutputReach {
    const types = [...this.#pii];
    const guesses = types.includes('person-name') || types.includes('address');
    const ids = types.some((type) => !CORE.has(type));
    const others = [guesses ? RULES_REACH : 0, ids ? IDS_REACH : 0];
    return { core: types.some((type) => CORE.has(type)), secrets: this.#secrets, others: Math.max(...others) };
  }

  open(before: string): OpenCustom | null {
    return this.#custom.length > 0 ? new OpenCustom(this.#custom.map(({ pattern }) => pattern.open(before))) : null;
  }

  hits(text: string, speaker: Speaker, from: number): readonly Hit[] {
    const hits: Hit[] = [];
    if (this.#secrets) for (const finding of detectSecrets(text, from)) this.#take(hits, finding);
    if (this.#pii.size > 0) for (const finding of detectPii(text, this.#pii, from)) this.#take(hits, finding);
    for (const { pattern, rule } of this.#custom)
      for (const { start, end } of pattern.find(text, from)) hits.push(customHit(rule, start, end));
    if (this.#injection.length > 0) this.#injections(hits, text, speaker);
    return hits.length === 0 ? NONE : hits.length === 1 ? hits : apart(hits);
  }

  #injections(hits: Hit[], text: string, speaker: Speaker): void {
    let nothing = false;
    for (const rule of this.#injection) {
      if (!isInScope(rule.value.scanScope, speaker)) continue;
      const { slug, action } = rule.value;
      const model = slug === WITH_MODEL;
      // A model that refuses must be surer than one that only marks.
      const threshold = rule.value.threshold ?? (model && action === 'block' ? BLOCK_SCORE : null);
      // Where rules and model together found nothing, the rules alone find nothing.
      if (nothing && !model) continue;
      const findings = detectInjection(text, { threshold, allowList: this.#allowList, model });
      for (const finding of findings) hits.push(builtinHit(rule, finding));
      nothing ||= model && findings.length === 0 && (threshold ?? 0) <= FLAG_SCORE;
    }
  }

  #take(hits: Hit[], finding: Finding): void {
    const rule = this.#builtins.get(finding.type);
    if (rule) hits.push(builtinHit(rule, finding));
  }
}

function isInScope(scope: BuiltinFilter['scanScope'], speaker: Speaker): boolean {
  if (speaker === 'system') return false;
  if (scope === 'all_messages') return true;
  return scope === 'user_only' ? speaker === 'user' : speaker === 'tool';
}

function builtinHit({ value, sources }: Sourced<BuiltinFilter>, finding: Finding): Hit {
  const { start, end, detector, type, rule = null, score = null } = finding;
  return {
    start,
    end,
    action: value.action,
    detector,
    type,
    rule,
    score,
    label: labelFor(finding),
    name: labelOfFilter(type),
    sources,
  };
}

function customHit({ value, sources }: Sourced<CustomFilter>, start: number, end: number): Hit {
  const { action, label } = value;
  const named = label ?? '[REDACTED]';
  const name = label ?? '[BLOCKED]';
  return {
    start,
    end,
    action,
    detector: 'custom',
    type: label ?? 'custom',
    rule: null,
    score: null,
    label: named,
    name,
    sources,
  };
}

/** OpenRouter's placeholders. */
function labelFor({ detector, type, rule }: Finding): string {
  if (detector === 'injection') return '[PROMPT_INJECTION]';
  if (detector === 'secrets') return `[SECRET:${rule ?? 'unknown'}]`;
  return `[${type.toUpperCase().replaceAll('-', '_')}]`;
}

/** In the order they stand. Of those to be redacted none overlaps: the strictest stays, of equals the longest, grown over the others. */
export function apart(hits: readonly Hit[]): readonly Hit[] {
  const sorted = hits.toSorted(
    (a, b) => a.start - b.start || STRICTNESS[b.action] - STRICTNESS[a.action] || b.end - a.end,
  );
  const kept: Hit[] = [];
  let last = -1;
  for (const hit of sorted) {
    const before = kept[last];
    if (hit.action === 'redact' && before && hit.start < before.end) {
      const outer = hit.end - hit.start > before.end - before.start ? hit : before;
      kept[last] = { ...outer, start: before.start, end: Math.max(hit.end, before.end) };
      continue;
    }
    kept.push(hit);
    if (hit.action === 'redact') last = kept.length - 1;
  }
  return kept;
}

/** The text with what is to be redacted replaced. Block and flag leave it as it stands. */
export function redacted(text: string, hits: readonly Hit[], placeholder: (hit: Hit, value: string) => string): string {
  let out = '';
  let at = 0;
  for (const hit of hits) {
    if (hit.action !== 'redact') continue;
    out += text.slice(at, hit.start) + placeholder(hit, text.slice(hit.start, hit.end));
    at = hit.end;
  }
  return at === 0 ? text : out + text.slice(at);
}
