import type { Refusal } from '../../errors.ts';
import type { ContentFilters, Hit } from '../../policy/content-filters.ts';
import type { ContentDirection, Source } from '../../policy/effective-policy.ts';
import type { ContentFinding } from '../../store/store.ts';
import type { JsonObject } from '../resolve-preset.ts';
import { answerBlocked } from './blocked.ts';
import { encoded, looksLikeJson } from './json-leaves.ts';
import type { Vault } from './vault.ts';
import { rewriteJson } from './walk-request.ts';

/** Values that are looked for one by one in what is logged; where there are more, the texts are not kept. */
const MOST_TAKEN = 1_000;
const SHORT = 64;

/** What the filters did to one call: counted, never quoted. */
export class ContentCourse {
  readonly filters: ContentFilters;
  readonly vault: Vault;
  readonly #found = new Map<string, { finding: ContentFinding; count: number; source: Source | null }>();
  /** What was taken out of the request, and what stands for it; the log keeps no more of it. */
  readonly #taken = new Map<string, string>();
  #refusal: Refusal | null = null;

  constructor(filters: ContentFilters, vault: Vault) {
    this.filters = filters;
    this.vault = vault;
  }

  /** Why the answer may not go on; null while it may. */
  get refusal(): Refusal | null {
    return this.#refusal;
  }

  /** The answer could not be looked at: it may not go on. */
  fail(refusal: Refusal): void {
    this.#refusal ??= refusal;
  }

  /** Whether the answer is to be looked at, or has values to be put back. */
  get screens(): boolean {
    return this.filters.looksAtOutput || !this.vault.isEmpty;
  }

  get isIdle(): boolean {
    return !this.screens && this.#found.size === 0;
  }

  noteInput(hit: Hit, value: string): void {
    this.#note('input', hit);
    if (hit.action !== 'flag' && value !== '') this.#taken.set(value, hit.label);
  }

  noteOutput(hit: Hit): void {
    this.#note('output', hit);
    if (hit.action === 'block') this.#refusal ??= answerBlocked(hit);
  }

  /** What stands in a value's place. Injections are taken out for good: they must not come back. */
  placeholderFor(hit: Hit, value: string): string {
    if (!this.filters.rules.reversible || hit.detector === 'injection') return hit.label;
    const placeholder = this.vault.placeholder(hit.label, value);
    this.#taken.set(value, placeholder);
    return placeholder;
  }

  get findings(): readonly ContentFinding[] {
    return [...this.#found.values()].map(({ finding, count }) => ({ ...finding, count }));
  }

  /** As `openrouter_metadata.pipeline` tells of it: one stage for each kind of filter and direction. */
  get stages(): readonly JsonObject[] {
    const stages = new Map<string, { found: ContentFinding[]; source: Source | null }>();
    for (const { finding, source } of this.#found.values()) {
      const name = `${finding.detector === 'injection' ? 'regex_pi_detection' : 'content-filter'}:${finding.direction}`;
      const stage = stages.get(name) ?? { found: [], source };
      stage.found.push(finding);
      stages.set(name, stage);
    }
    return [...stages].map(([name, { found, source }]) => stageOf(name, found, source));
  }

  /** A text for the log: what was taken out of the request stays out. */
  readonly conceal = (text: string): string =>
    // Within JSON a value can be spelled by escapes.
    this.#replaced(
      text.includes('\\') && looksLikeJson(text) ? rewriteJson(text, 'user', (one) => this.#replaced(one)) : text,
    );

  #replaced(text: string): string {
    if (this.#taken.size > MOST_TAKEN && text.length > SHORT) return '[REDACTED]';
    let out = text;
    for (const [value, label] of [...this.#taken].toSorted(([a], [b]) => b.length - a.length)) {
      out = out.replaceAll(value, () => label);
      const escaped = encoded(value);
      if (escaped !== value) out = out.replaceAll(escaped, () => encoded(label));
    }
    return out;
  }

  #note(direction: ContentDirection, { detector, type, rule, action, sources, score }: Hit): void {
    const key = [direction, type, rule, action].join('\0');
    const known = this.#found.get(key);
    if (known) {
      known.count += 1;
      return;
    }
    const source = sources[0] ?? null;
    const guardrails = [...new Set(sources.flatMap(({ guardrailId }) => guardrailId ?? []))];
    const finding = { direction, detector, type, rule, action, count: 1, score, guardrails };
    this.#found.set(key, { finding, count: 1, source });
  }
}

const DONE = { block: 'blocked', redact: 'redacted', flag: 'flagged' } as const;

function stageOf(name: string, found: readonly ContentFinding[], source: Source | null): JsonObject {
  const [stage = name, direction = 'input'] = name.split(':');
  const action = found.some((one) => one.action === 'block')
    ? 'block'
    : found.some((one) => one.action === 'redact')
      ? 'redact'
      : 'flag';
  const types = [...new Set(found.map((one) => one.type))];
  const patterns = [...new Set(found.flatMap((one) => one.rule ?? one.type))];
  const withModel = types.includes('prompt-injection');
  return {
    type: 'guardrail',
    name: stage,
    ...(source?.guardrailId ? { guardrail_id: source.guardrailId } : {}),
    ...(source ? { guardrail_scope: source.scope } : {}),
    summary: `${DONE[action]} in the ${direction === 'input' ? 'request' : 'answer'}: ${types.join(', ')}`,
    data: {
      action: DONE[action],
      detected: true,
      direction,
      engines: withModel ? ['regex', 'linear'] : ['regex'],
      patterns,
    },
  };
}
