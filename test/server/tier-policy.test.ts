import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateFailureOf } from '../../server/policy/gate.ts';
import { covers, type Permit, permitsFor, type Reason } from '../../server/policy/permit.ts';
import {
  DEFAULT_TIER_RULES,
  failuresCountSince,
  isHigher,
  promotionOf,
  type Tier,
  tierAfterFailure,
} from '../../server/policy/tier.ts';

const tiers = fc.constantFrom<Tier>('A', 'B', 'C');
const rules = fc.record({
  c_to_b: fc.nat(5),
  b_to_a: fc.nat(5),
  demote_days: fc.integer({ min: 1, max: 30 }),
  clean_calls: fc.nat(100),
  clean_days: fc.nat(30),
});

describe('a failure', () => {
  it('never raises a tier, and lowers it by one step at most', () => {
    fc.assert(
      fc.property(tiers, fc.nat(20), rules, (tier, failures, given) => {
        const after = tierAfterFailure(tier, failures, given);
        expect(isHigher(after, tier)).toBe(false);
        expect('ABC'.indexOf(tier) - 'ABC'.indexOf(after)).toBeLessThanOrEqual(1);
        // More failures never leave more trust.
        expect(isHigher(tierAfterFailure(tier, failures + 1, given), after)).toBe(false);
      }),
    );
  });

  it('counts within the days of the rule and since a person last gave trust, whichever is later', () => {
    const now = new Date('2026-03-10T00:00:00.000Z');
    const week = '2026-03-03T00:00:00.000Z';
    expect(failuresCountSince(DEFAULT_TIER_RULES, '2026-01-01T00:00:00.000Z', now)).toBe(week);
    expect(failuresCountSince(DEFAULT_TIER_RULES, '2026-03-09T00:00:00.000Z', now)).toBe('2026-03-09T00:00:00.000Z');
  });
});

describe('trust', () => {
  it('is earned from B alone, by calls and by days, both', () => {
    const now = new Date('2026-03-10T00:00:00.000Z');
    const of = (tier: Tier, cleanCalls: number, cleanSince: string) =>
      promotionOf({ tier, cleanCalls, cleanSince }, DEFAULT_TIER_RULES, now).kind;
    expect(of('B', 50, '2026-03-03T00:00:00.000Z')).toBe('earned');
    expect(of('B', 49, '2026-01-01T00:00:00.000Z')).toBe('unearned');
    expect(of('B', 5000, '2026-03-03T00:00:00.001Z')).toBe('unearned');
    expect(of('A', 5000, '2026-01-01T00:00:00.000Z')).toBe('by_a_person');
    expect(of('C', 5000, '2026-01-01T00:00:00.000Z')).toBe('none');
  });
});

describe('a refusal', () => {
  it.each([
    ['prompt_injection_blocked', {}, 'injection'],
    ['content_blocked', {}, 'block'],
    ['content_output_blocked', {}, 'block'],
    ['no_allowed_endpoints', {}, 'block'],
    ['key_limit_exceeded', { scope: 'key_limit' }, 'cap'],
    ['guardrail_budget_exceeded', { scope: 'api_key' }, 'cap'],
    ['weight_exceeds_budget', { scope: 'key_limit', affordable_tokens: 10 }, 'cap'],
    ['weight_exceeds_budget', { scope: 'key_limit', affordable_tokens: 5_000 }, undefined],
    // Others may have spent what they share.
    ['workspace_budget_exceeded', { scope: 'workspace' }, undefined],
    ['guardrail_budget_exceeded', { scope: 'member' }, undefined],
    ['insufficient_credits', { scope: 'credits' }, undefined],
    ['permit_cap_reached', { scope: 'permit' }, undefined],
    ['upstream_failed', {}, undefined],
    ['permit_required', {}, undefined],
    ['proposal_only', {}, undefined],
  ])('%s %j is %s', (code, metadata, gate) => expect(gateFailureOf(code, metadata)?.gate).toBe(gate));

  it('of a cap names its window: the next one, and a raised limit, count anew', () => {
    const window = (more: object) =>
      gateFailureOf('key_limit_exceeded', { scope: 'key_limit', limit_usd: 5, resets_at: 'x', ...more })?.window;
    expect(window({})).toBe(window({ spend_usd: 7 }));
    expect(window({ resets_at: 'y' })).not.toBe(window({}));
    expect(window({ limit_usd: 6 })).not.toBe(window({}));
  });
});

describe('permits', () => {
  const now = new Date('2026-01-02T00:00:00.000Z');
  const permit = fc.record<Permit>({
    keyId: fc.constantFrom('k', 'other'),
    kind: fc.constantFrom(null, 'model', 'provider', 'key'),
    value: fc.constantFrom('x', 'y'),
    task: fc.constantFrom(null, 't', 'u'),
    anyTask: fc.boolean(),
    expiresAt: fc.constantFrom(null, '2026-01-01T00:00:00.000Z', '2026-01-03T00:00:00.000Z'),
    mostUses: fc.constantFrom(null, 1, 2),
    uses: fc.nat(2),
    revokedAt: fc.constantFrom(null, '2026-01-01T00:00:00.000Z'),
  });
  const reason = fc.oneof(
    fc.record({
      kind: fc.constantFrom('model' as const, 'provider' as const, 'key' as const),
      value: fc.constantFrom('x', 'y'),
    }),
    fc.constant<Reason>({ kind: 'behavior', value: 'b' }),
  );

  it('answer every reason or none, with live ones of this key and task, none of them in vain', () => {
    fc.assert(
      fc.property(
        fc.array(permit, { maxLength: 6 }),
        fc.array(reason, { minLength: 1, maxLength: 4 }),
        (all, reasons) => {
          const chosen = permitsFor(all, reasons, { keyId: 'k', task: 't' }, now);
          const live = all.filter(
            (one) =>
              one.keyId === 'k' &&
              one.revokedAt === null &&
              (one.expiresAt === null || one.expiresAt > now.toISOString()) &&
              (one.mostUses === null || one.uses < one.mostUses) &&
              (one.anyTask || one.task === 't' || (one.task === null && one.uses === 0)),
          );
          const possible = reasons.every((one) => live.some((each) => covers(each, one)));
          expect(chosen !== null).toBe(possible);
          for (const one of chosen ?? []) {
            expect(live).toContain(one);
            expect(reasons.some((each) => covers(one, each))).toBe(true);
          }
          for (const one of reasons) if (chosen) expect(chosen.some((each) => covers(each, one))).toBe(true);
        },
      ),
    );
  });

  it('for any task are none for a behavior of tier B', () => {
    const any = {
      keyId: 'k',
      kind: null,
      value: null,
      task: null,
      anyTask: true,
      expiresAt: null,
      mostUses: null,
      uses: 0,
      revokedAt: null,
    };
    expect(permitsFor([any], [{ kind: 'behavior', value: 'b' }], { keyId: 'k', task: 't' }, now)).toBeNull();
    expect(permitsFor([any], [{ kind: 'model', value: 'm' }], { keyId: 'k', task: 't' }, now)).toEqual([any]);
  });
});
