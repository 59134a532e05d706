import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_SCORE, FLAG_SCORE } from '../../server/detect/injection/detect-injection.ts';
import { combine } from '../../server/policy/combine.ts';
import type { ContentAction, EffectivePolicy, Source } from '../../server/policy/effective-policy.ts';
import { type BuiltinRule, type CustomRule, type LayerRules, NO_RULES } from '../../server/policy/layer-rules.ts';
import type { PolicyGuardrail, PolicyInputs } from '../../server/policy/policy-inputs.ts';

const PROVIDERS = ['openai', 'anthropic', 'google-vertex', 'sandbox'];
const MODELS = ['openai/gpt', 'anthropic/claude', 'google/gemini'];
const REGIONS = ['global', 'europe', 'us'] as const;
const GROUPS = ['anthropic', 'openai', 'google', 'xai', 'other'] as const;
const MODALITIES = ['image', 'audio', 'video'] as const;
const SLUGS = ['email', 'secrets', 'regex-prompt-injection', 'prompt-injection'];
const PATTERNS = ['a+', 'b+'];
const DIRECTIONS = ['input', 'output'] as const;
const ROLES = ['user', 'assistant', 'tool'] as const;
const SCORES = [0.2, 0.5, 0.8, 1];
const RANK: Record<ContentAction, number> = { flag: 1, redact: 2, block: 3 };

const list = <T>(all: readonly T[]) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...all), { minLength: 1 }), { nil: null });
const maybe = fc.option(fc.boolean(), { nil: null });
const action = fc.constantFrom<ContentAction>('block', 'redact', 'flag');
const directions = fc.subarray([...DIRECTIONS], { minLength: 1 });
const builtin: fc.Arbitrary<BuiltinRule> = fc
  .record({
    slug: fc.constantFrom(...SLUGS),
    action,
    directions,
    scanScope: fc.constantFrom('user_only' as const, 'all_messages' as const, 'tool_results' as const),
    threshold: fc.constantFrom(0.1, 0.4, 0.7, 0.95, null),
  })
  // As the API has it: the others look at everything, and weigh nothing.
  .map((rule) => ({
    ...rule,
    ...(rule.slug.endsWith('injection') ? {} : { scanScope: 'all_messages' as const }),
    ...(rule.slug === 'prompt-injection' ? {} : { threshold: null }),
  }));
const custom: fc.Arbitrary<CustomRule> = fc.record({
  pattern: fc.constantFrom(...PATTERNS),
  action,
  directions,
  label: fc.option(fc.constantFrom('ONE', 'TWO'), { nil: null }),
});
const modality = fc.oneof(
  fc.constant({ rule: 'allow' as const }),
  fc.constant({ rule: 'deny' as const }),
  fc.constantFrom(...PROVIDERS).map((provider) => ({ rule: 'pin' as const, provider })),
);
const modalities = fc.option(fc.record({ image: modality, audio: modality, video: modality }, { requiredKeys: [] }), {
  nil: null,
});
const rulesWith = (
  said: LayerRules['modalities'] extends infer T ? fc.Arbitrary<T> : never,
): fc.Arbitrary<LayerRules> =>
  fc.record({
    allowedProviders: list(PROVIDERS),
    ignoredProviders: list(PROVIDERS),
    allowedModels: list(MODELS),
    ignoredModels: list(MODELS),
    zdr: fc.record({ anthropic: maybe, openai: maybe, google: maybe, xai: maybe, other: maybe }),
    paidTraining: maybe,
    freeTraining: maybe,
    freePublication: maybe,
    regions: list(REGIONS),
    modalities: said,
    builtins: fc.option(fc.array(builtin, { maxLength: 4 }), { nil: null }),
    custom: fc.option(fc.array(custom, { maxLength: 3 }), { nil: null }),
    reversible: maybe,
    markToolResults: maybe,
  });
const rules = rulesWith(modalities);
let made = 0;
const guardrailOf = (of: fc.Arbitrary<LayerRules>): fc.Arbitrary<PolicyGuardrail> =>
  fc
    .record({
      limit: fc.option(fc.nat(1_000_000), { nil: null }),
      reset: fc.constantFrom('daily' as const, 'weekly' as const, 'monthly' as const),
      includeByok: fc.boolean(),
      rules: of,
    })
    .map((one) => {
      made += 1;
      return { ...one, id: `g${made}`, name: `G${made}` };
    });
const guardrail = guardrailOf(rules);

const BARE: PolicyInputs = {
  key: {
    id: 'k1',
    name: 'nightly',
    limit: 1_000,
    limitReset: 'daily',
    includeByokInLimit: false,
    creatorUserId: 'user_1',
  },
  organization: { id: 'o1', name: 'Acme', credits: null, rules: null, injectionAllowList: [] },
  workspace: { id: 'w1', slug: 'default', includeByok: false, budgets: [] },
  defaultGuardrail: null,
  memberGuardrail: null,
  keyGuardrail: null,
  behavior: null,
};
const slots = ['defaultGuardrail', 'memberGuardrail', 'keyGuardrail'] as const;
const slot = fc.constantFrom(...slots);
const inputs: fc.Arbitrary<PolicyInputs> = fc
  .record({
    ceiling: fc.option(rules, { nil: null }),
    defaultGuardrail: fc.option(guardrail, { nil: null }),
    memberGuardrail: fc.option(guardrail, { nil: null }),
    keyGuardrail: fc.option(guardrail, { nil: null }),
  })
  .map(({ ceiling, ...guardrails }) => ({
    ...BARE,
    ...guardrails,
    organization: { id: 'o1', name: 'Acme', credits: null, rules: ceiling, injectionAllowList: [] },
  }));

/** How strictly a filter meets one text: 0 not at all, 1 flag, 2 redact, 3 block. */
type Filter = {
  slug?: string;
  action: ContentAction;
  directions: readonly string[];
  scanScope?: string;
  threshold?: number | null;
};
function meets(filter: Filter, direction: string, role: string, score: number): number {
  if (!filter.directions.includes(direction)) return 0;
  const { scanScope: scope } = filter;
  if (scope === 'user_only' && role !== 'user') return 0;
  if (scope === 'tool_results' && role !== 'tool') return 0;
  const own = filter.slug === 'prompt-injection' && filter.action === 'block' ? BLOCK_SCORE : FLAG_SCORE;
  return score >= (filter.threshold ?? own) ? RANK[filter.action] : 0;
}

/** Everything that a policy does to any call of this small world, as numbers: the higher the stricter. */
function strictness(policy: EffectivePolicy): readonly number[] {
  const { access, modalities: rule, content } = policy;
  const passes = (value: string, allowed = access?.allowedProviders, ignored = access?.ignoredProviders) =>
    !!allowed?.every((one) => one.value.has(value)) && !ignored?.some((one) => one.value.has(value));
  const yes = (value: boolean) => Number(value);
  return [
    ...PROVIDERS.map((one) => yes(access !== null && !passes(one))),
    ...MODELS.map((one) => yes(access !== null && !passes(one, access.allowedModels, access.ignoredModels))),
    ...REGIONS.map((one) => yes(access?.regions.some(({ value }) => !value.has(one)) ?? false)),
    ...GROUPS.map((one) => yes(access?.zdr.some(({ value }) => value === one) ?? false)),
    yes(access?.noPaidTraining?.value ?? false),
    yes(access?.noFreeTraining?.value ?? false),
    yes(access?.noFreePublication?.value ?? false),
    ...MODALITIES.flatMap((one) =>
      PROVIDERS.map((provider) => {
        const value = rule?.[one].value ?? { rule: 'allow' };
        return yes(value.rule === 'deny' || (value.rule === 'pin' && value.provider !== provider));
      }),
    ),
    ...DIRECTIONS.flatMap((direction) =>
      ROLES.flatMap((role) =>
        SCORES.flatMap((score) => [
          ...SLUGS.map((slug) =>
            Math.max(
              0,
              ...(content?.builtins ?? [])
                .filter(({ value }) => value.slug === slug)
                .map(({ value }) => meets(value, direction, role, score)),
            ),
          ),
          ...PATTERNS.map((pattern) =>
            Math.max(
              0,
              ...(content?.custom ?? [])
                .filter(({ value }) => value.pattern === pattern)
                .map(({ value }) => meets(value, direction, role, score)),
            ),
          ),
        ]),
      ),
    ),
    yes(content?.markToolResults ?? false),
  ];
}

const isAtLeast = (a: readonly number[], b: readonly number[]) => a.every((one, at) => one >= (b[at] ?? 0));

describe('what all layers say', () => {
  it('is never laxer than any one of them', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const together = strictness(combine(all));
        const alone = [
          combine({ ...BARE, organization: all.organization }),
          ...slots.map((name) => combine({ ...BARE, [name]: all[name] })),
        ];
        for (const one of alone) expect(isAtLeast(together, strictness(one))).toBe(true);
      }),
    );
  });

  it('admits no more with one layer more, wherever it stands', () => {
    fc.assert(
      fc.property(inputs, slot, guardrail, (all, name, more) => {
        const before = combine({ ...all, [name]: null });
        const after = combine({ ...all, [name]: more });
        expect(isAtLeast(strictness(after), strictness(before))).toBe(true);
        const budget = ({ id, limit, reset }: { id: string; limit: number | null; reset: string | null }) =>
          JSON.stringify([id, limit, reset]);
        const has = new Set(after.budgets.map(budget));
        for (const layer of before.budgets) expect(has).toContain(budget(layer));
      }),
    );
  });

  it('does not depend on which layer says it', () => {
    fc.assert(
      fc.property(inputs, fc.shuffledSubarray([...slots], { minLength: 3 }), (all, order) => {
        const [first, second, third] = order.map((name) => all[name]);
        const moved = {
          ...all,
          defaultGuardrail: first ?? null,
          memberGuardrail: second ?? null,
          keyGuardrail: third ?? null,
        };
        expect(strictness(combine(moved))).toEqual(strictness(combine(all)));
        const { reversible } = combine(all).content ?? {};
        expect(combine(moved).content?.reversible).toBe(reversible);
      }),
    );
  });

  it('is for the key of a behavior, too, no laxer for a layer that does not speak of what is made', () => {
    const silent = guardrailOf(rulesWith(fc.constant(null)));
    fc.assert(
      fc.property(silent, slot, (more, name) => {
        const of = { ...BARE, behavior: { id: 'b1', name: 'Audits' } };
        const before = strictness(combine(of));
        expect(isAtLeast(strictness(combine({ ...of, [name]: more })), before)).toBe(true);
        expect(isAtLeast(before, strictness(combine(BARE)))).toBe(true);
      }),
    );
  });

  it('names whose word it is', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const { access, content, modalities: made } = combine(all);
        const known = new Set(
          [all.defaultGuardrail?.id, all.memberGuardrail?.id, all.keyGuardrail?.id, null].filter(
            (id) => id !== undefined,
          ),
        );
        const sourced: { sources: readonly Source[] }[] = [
          ...Object.values(access ?? {}).flatMap((one) => [one ?? []].flat() as { sources: readonly Source[] }[]),
          ...(content?.builtins ?? []),
          ...(content?.custom ?? []),
          ...Object.values(made ?? {}).filter(({ value }) => value.rule !== 'allow'),
        ];
        for (const { sources } of sourced) {
          expect(sources.length).toBeGreaterThan(0);
          expect(new Set(sources.map(({ guardrailId }) => guardrailId)).size).toBe(sources.length);
          for (const { guardrailId } of sources) expect(known).toContain(guardrailId);
        }
      }),
    );
  });
});

describe('a filter that several layers name', () => {
  const withFilters = (...filters: readonly Partial<BuiltinRule>[]) =>
    combine(
      Object.fromEntries([
        ...Object.entries(BARE),
        ...filters.map((filter, at) => [
          slots[at],
          {
            id: `g${at}`,
            name: `G${at}`,
            limit: null,
            reset: null,
            includeByok: false,
            rules: {
              ...NO_RULES,
              builtins: [
                {
                  slug: 'email',
                  action: 'flag',
                  directions: ['input'],
                  scanScope: 'all_messages',
                  threshold: null,
                  ...filter,
                } as BuiltinRule,
              ],
            },
          },
        ]),
      ]) as PolicyInputs,
    ).content?.builtins;

  it('is one with the strictest action, in the name of those who ask for it', () => {
    expect(withFilters({ action: 'redact' }, { action: 'block' }, { action: 'flag' })).toEqual([
      {
        value: { slug: 'email', action: 'block', directions: ['input'], scanScope: 'all_messages', threshold: null },
        sources: [{ scope: 'member', guardrailId: 'g1', name: 'guardrail "G1"' }],
      },
    ]);
  });

  it('is not stricter in a direction than anybody asked for there', () => {
    const found = withFilters({ action: 'block' }, { action: 'flag', directions: ['input', 'output'] });
    expect(found?.map(({ value }) => [value.action, value.directions])).toEqual([
      ['block', ['input']],
      ['flag', ['output']],
    ]);
  });

  it('of injection looks for each action as far and from as low a score as anybody asks for it', () => {
    const slug = 'prompt-injection';
    const said = (...filters: readonly Partial<BuiltinRule>[]) =>
      withFilters(...filters.map((filter) => ({ slug, ...filter })))?.map(({ value }) => [
        value.action,
        value.scanScope,
        value.threshold,
      ]);
    expect(
      said(
        { action: 'block', scanScope: 'user_only' },
        { action: 'flag', scanScope: 'tool_results', threshold: 0.6 },
        { action: 'flag', scanScope: 'user_only', threshold: 0.4 },
      ),
    ).toEqual([
      ['block', 'user_only', null],
      ['flag', 'all_messages', 0.4],
    ]);
    // Null is the detector's own, and that of a block is 0.9.
    expect(said({ action: 'block', threshold: 0.95 }, { action: 'block' })).toEqual([
      ['block', 'all_messages', BLOCK_SCORE],
    ]);
    expect(said({ action: 'block', threshold: 0.3 }, { action: 'flag' })).toEqual([['block', 'all_messages', 0.3]]);
  });
});

describe('budgets', () => {
  const guard = (id: string, limit: number | null): PolicyGuardrail => ({
    id,
    name: id,
    limit,
    reset: 'daily',
    includeByok: true,
    rules: NO_RULES,
  });
  const full: PolicyInputs = {
    ...BARE,
    organization: { id: 'o1', name: 'Acme', credits: 9_000, rules: null, injectionAllowList: [] },
    workspace: {
      id: 'w1',
      slug: 'default',
      includeByok: true,
      budgets: [
        { id: 'b-day', limit: 10, reset: 'daily' },
        { id: 'b-ever', limit: 1_000, reset: null },
        { id: 'b-month', limit: 100, reset: 'monthly' },
      ],
    },
    defaultGuardrail: guard('gd', 1),
    memberGuardrail: guard('gm', 2),
    keyGuardrail: guard('gk', 3),
  };
  const named = (policy: EffectivePolicy) =>
    policy.budgets.map(({ scope, guardrailId, budgetId, limit }) => [scope, guardrailId ?? budgetId, limit]);

  it('stand in OpenRouter’s order, the workspace’s broadest first, credits last', () => {
    expect(named(combine(full))).toEqual([
      ['workspace_default_member', 'gd', 1],
      ['workspace_default_key', 'gd', 1],
      ['member', 'gm', 2],
      ['api_key', 'gk', 3],
      ['workspace', 'b-ever', 1_000],
      ['workspace', 'b-month', 100],
      ['workspace', 'b-day', 10],
      ['key_limit', null, 1_000],
      ['credits', null, 9_000],
    ]);
  });

  it('are each subject’s own', () => {
    const ids = (key: Partial<PolicyInputs['key']>) =>
      combine({ ...full, key: { ...full.key, ...key } }).budgets.map(({ scope, id }) => `${scope} ${id}`);
    const one = ids({ id: 'k1' });
    const other = ids({ id: 'k2' });
    expect(one.filter((id) => other.includes(id)).map((id) => id.split(' ')[0])).toEqual([
      'workspace_default_member',
      'member',
      'workspace',
      'workspace',
      'workspace',
      'credits',
    ]);
    const ofNobody = ids({ creatorUserId: null }).map((id) => id.split(' ')[0]);
    expect(ofNobody).not.toContain('member');
    expect(ofNobody).not.toContain('workspace_default_member');
    expect(ofNobody).toContain('workspace_default_key');
  });

  it('count a guardrail that stands at two places over one subject once', () => {
    const same = guard('gd', 1);
    expect(named(combine({ ...full, defaultGuardrail: same, keyGuardrail: same })).slice(0, 3)).toEqual([
      ['workspace_default_member', 'gd', 1],
      ['workspace_default_key', 'gd', 1],
      ['member', 'gm', 2],
    ]);
  });

  it('are the key’s alone when nothing else is set, and nothing else is asked', () => {
    const { budgets, access, modalities: made, content } = combine(BARE);
    expect(budgets.map(({ scope }) => scope)).toEqual(['key_limit']);
    expect([access, made, content]).toEqual([null, null, null]);
  });
});

describe('what is made', () => {
  const rule = (image: unknown) => ({ ...NO_RULES, modalities: { image } }) as LayerRules;
  const of = (...images: readonly unknown[]) =>
    combine(
      Object.fromEntries([
        ...Object.entries(BARE),
        ...images.map((image, at) => [
          slots[at],
          { id: `g${at}`, name: `G${at}`, limit: null, reset: null, includeByok: false, rules: rule(image) },
        ]),
      ]) as PolicyInputs,
    ).modalities?.image;
  const pin = (provider: string) => ({ rule: 'pin', provider });

  it('is made at the pinned provider alone; two pins leave nobody', () => {
    expect(of(pin('google-vertex'), { rule: 'allow' })?.value).toEqual(pin('google-vertex'));
    expect(of(pin('google-vertex'), pin('google-vertex'))?.value).toEqual(pin('google-vertex'));
    expect(of(pin('google-vertex'), pin('openai'))?.value).toEqual({ rule: 'deny' });
    expect(of({ rule: 'allow' }, { rule: 'deny' }, pin('openai'))).toMatchObject({
      value: { rule: 'deny' },
      sources: [{ guardrailId: 'g1' }],
    });
  });

  it('is not made by a behavior until a layer says so', () => {
    const behavior = { id: 'b1', name: 'Audits' };
    const bare = combine({ ...BARE, behavior }).modalities;
    expect(bare?.video).toEqual({
      value: { rule: 'deny' },
      sources: [{ scope: 'behavior', guardrailId: null, name: 'behavior "Audits"' }],
    });
    const pinned = combine({
      ...BARE,
      behavior,
      defaultGuardrail: {
        id: 'g',
        name: 'G',
        limit: null,
        reset: null,
        includeByok: false,
        rules: rule(pin('google-vertex')),
      },
    }).modalities;
    expect(pinned?.image.value).toEqual(pin('google-vertex'));
    expect(pinned?.audio.value).toEqual({ rule: 'deny' });
  });
});
