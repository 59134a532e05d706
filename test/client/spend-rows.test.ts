import { describe, expect, it, vi } from 'vitest';
import { keyRow, workspaceRow } from '../../client/spend/rows.ts';
import type { SpendKey } from '../../server/protocol.ts';

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
