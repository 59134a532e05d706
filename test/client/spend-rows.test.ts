import { describe, expect, it, vi } from 'vitest';
import { permitRow, permitsRow } from '../../client/spend/permit-rows.ts';
import { keyRow, organizationRow, workspaceRow } from '../../client/spend/rows.ts';
import type { PermitRequest, SpendBudget, SpendKey } from '../../server/protocol.ts';

vi.mock('vscode', () => import('./vscode.ts'));

const NOW = Date.parse('2026-11-22T18:30:00Z');

const key: SpendKey = {
  hash: 'h1',
  name: 'invoice-triage',
  label: 'sk-cg-v1-abc...9f2',
  state: 'fine',
  limit: 2,
  limit_remaining: 1.5,
  limit_reset: 'daily',
  resets_at: '2026-11-23T00:00:00Z',
  expires_at: null,
  usage: 9,
  usage_daily: 0.5,
  usage_weekly: 3,
  usage_monthly: 7,
  in_flight: 0,
  requests: 12,
  last_used_at: '2026-11-22T18:20:00Z',
};
const workspace = { id: 'w', slug: 'default', name: 'Default', usage: 9, usage_monthly: 7, keys: [key] };
const row = (changes: Partial<SpendKey>) => keyRow({ ...key, ...changes }, workspace, NOW);

const OWN: SpendBudget = {
  scope: 'key_limit',
  name: 'key "invoice-triage"',
  limit: 2,
  spent: 0.5,
  in_flight: 0,
  reset: 'daily',
  resets_at: '2026-11-23T00:00:00Z',
};
const SHARED: SpendBudget = {
  ...OWN,
  scope: 'workspace',
  name: 'workspace "default"',
  limit: 20,
  spent: 18,
  reset: 'monthly',
  resets_at: '2026-12-01T00:00:00Z',
};

describe('the row of a key', () => {
  it('shows what is spent of the limit in the window that resets', () => {
    expect(row({}).description).toBe('$0.50 / $2.00 ▰▱▱▱▱ · resets in 5 h');
    expect(row({ limit_reset: 'weekly' }).description).toMatch(/^\$3\.00 \/ \$2\.00 ▰▰▰▰▰/);
    expect(row({ limit_reset: null, resets_at: null }).description).toBe('$9.00 / $2.00 ▰▰▰▰▰');
  });

  it('never shows a spend as zero that is not', () => {
    expect(row({ usage_daily: 0.000000001 }).description).toMatch(/^\$0\.000000001 \/ \$2\.00 ▰▱▱▱▱/);
  });

  it('says when there is no limit', () => {
    expect(row({ limit: null, limit_remaining: null, limit_reset: null, resets_at: null }).description).toBe(
      '$9.00, no limit',
    );
  });

  it('has an icon, a menu and words of its own for each state', () => {
    const states = (['fine', 'near_limit', 'stopped', 'expired', 'disabled'] as const).map((state) => row({ state }));
    expect(new Set(states.map(({ icon }) => icon.name)).size).toBe(5);
    expect(states.map(({ context }) => context)).toEqual([
      'key.enabled',
      'key.enabled',
      'key.enabled',
      'key.enabled',
      'key.disabled',
    ]);
    expect(states.map(({ accessible }) => accessible).every((text) => !/[▰▱]/.test(text))).toBe(true);
    expect(states[4]?.description).toMatch(/disabled$/);
  });

  it('says why a key is suspended, and has a menu that releases it', () => {
    const suspended = row({ state: 'disabled', suspended: '120 calls a minute' });
    expect(suspended.description).toMatch(/ · suspended: 120 calls a minute$/);
    expect(suspended.context).toBe('key.suspended');
    expect(suspended.icon.name).not.toBe(row({ state: 'disabled' }).icon.name);
    expect(suspended.accessible).toContain(', suspended,');
    expect(suspended.tooltip).toContain('| State | suspended |\n| Suspended for | 120 calls a minute |');
  });

  it('names the first layer that stops it, and when that one resets', () => {
    const stopped = row({ state: 'stopped', budgets: [OWN, { ...SHARED, spent: 20 }, { ...SHARED, reset: null }] });
    expect(stopped.description).toBe('$0.50 / $2.00 ▰▱▱▱▱ · stopped by workspace "default" · resets in 8 d');
    expect(stopped.accessible).toContain('stopped by workspace "default"');
    expect(stopped.tooltip).toMatch(
      /\| Workspace .*default.* \| \$20\.00 of \$20\.00 a month, \*\*spent\*\*, resets 2026-12-01/,
    );
    expect(row({ state: 'near_limit', budgets: [OWN, SHARED] }).description).toContain('near the limit of workspace');
  });

  it('says no more than before when its own limit stops it, or an older daemon does not tell which', () => {
    const own = { state: 'stopped', usage_daily: 2 } as const;
    expect(row({ ...own, budgets: [{ ...OWN, spent: 2 }, SHARED] }).description).toBe(
      '$2.00 / $2.00 ▰▰▰▰▰ · resets in 5 h',
    );
    expect(row(own).description).toBe('$2.00 / $2.00 ▰▰▰▰▰ · resets in 5 h');
    expect(row(own).accessible).toContain('stopped: its limit is reached');
  });

  it('tells the tier of its behavior', () => {
    const behavior = { id: 'b', name: 'nightly', tier: 'B' } as const;
    expect(row({ behavior }).description).toBe('$0.50 / $2.00 ▰▱▱▱▱ · tier B · resets in 5 h');
    expect(row({ behavior }).tooltip).toContain('| Behavior | nightly, tier B: needs a permit for each task |');
  });

  it('keeps its id whatever changes', () => {
    expect(row({ name: 'other', state: 'stopped', usage_daily: 2 }).id).toBe(row({}).id);
    expect(workspaceRow({ ...workspace, name: 'x' }).id).toBe(workspaceRow(workspace).id);
  });

  it('says in its tooltip at which layer it stands', () => {
    expect(row({}).tooltip).toContain('Organization → Workspace Default → **API key**');
    expect(workspaceRow(workspace).tooltip).toContain('Organization → **Workspace**');
  });

  it('shows a hostile name as text', () => {
    const { tooltip } = row({ name: '[x](command:evil) | <img src=x>\n# h' });
    expect(tooltip).not.toMatch(/\[x\]|<img|\n# h|command:evil/);
    const cells = tooltip.split('\n').filter((line) => line.startsWith('| '));
    expect(cells.every((line) => line.split('|').length === 4)).toBe(true);
  });
});

describe('the rows over the keys', () => {
  it('say what is left of the credits, where there are any', () => {
    const organization = { name: 'Acme', usage: 9, usage_monthly: 7 };
    expect(organizationRow(organization).description).toBe('$7.00 this month');
    expect(organizationRow(organization).tooltip).toContain('| Credits | no limit |');
    const credits = { ...OWN, scope: 'credits', limit: 10, spent: 9, reset: null, resets_at: null };
    expect(organizationRow({ ...organization, budgets: [credits] }).description).toBe('$7.00 this month · $1.00 left');
    // An overrun is no debt that the row should show.
    expect(organizationRow({ ...organization, budgets: [{ ...credits, spent: 11 }] }).description).toMatch(
      /\$0\.00 left$/,
    );
  });

  it('say that the budget of a workspace is spent', () => {
    expect(workspaceRow({ ...workspace, budgets: [SHARED] }).description).toBe('$7.00 this month');
    const spent = workspaceRow({ ...workspace, budgets: [{ ...SHARED, spent: 20 }] });
    expect(spent.description).toBe('$7.00 this month · its budget is spent');
    expect(spent.tooltip).toContain('$20.00 of $20.00 a month, **spent**, resets 2026-12-01');
  });
});

describe('the row of a call that waits', () => {
  const request: PermitRequest = {
    id: 'r1',
    key_hash: 'h',
    key: 'nightly',
    behavior: null,
    preset: null,
    model: 'acme/\nswift',
    provider: 'Acme',
    bound: 0.25,
    task: 'tonight',
    reasons: ['model acme/swift'],
    calls: 1,
    asked_at: '2026-01-01T00:00:00Z',
    deadline: '2026-01-01T00:01:00Z',
  };

  it('says who, what, and at most how much', () => {
    const { label, description, context, id } = permitRow(request);
    expect([label, description, context, id]).toEqual([
      'nightly',
      'at most $0.25 · acme/ swift',
      'permit.task',
      'permit:r1',
    ]);
    expect(permitRow({ ...request, bound: null, task: null })).toMatchObject({
      description: 'no bound · acme/ swift',
      context: 'permit.call',
    });
    expect(permitsRow([request]).description).toBe('1 permit');
    expect(permitsRow([request, request]).description).toBe('2 permits');
  });

  it('shows a hostile name as text', () => {
    expect(permitRow({ ...request, behavior: '[x](command:evil)\n# h' }).tooltip).not.toMatch(
      /\[x\]|\n# h|command:evil/,
    );
  });
});
