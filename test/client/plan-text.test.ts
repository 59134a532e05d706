import { describe, expect, it, vi } from 'vitest';
import { planSummary, planText } from '../../client/policy/plan-text.ts';
import type { PlannedChange } from '../../server/protocol.ts';

vi.mock('vscode', () => import('./vscode.ts'));

const CHANGES: readonly PlannedChange[] = [
  { action: 'create', section: 'workspaces', name: 'lab', fields: [{ field: 'name', after: 'Lab' }] },
  { action: 'update', section: 'keys', name: 'importer', fields: [{ field: 'limit', before: 3, after: null }] },
  { action: 'delete', section: 'guardrails', name: 'Old', fields: [{ field: 'limit_usd', before: 1 }] },
];

describe('a plan', () => {
  it('is a diff, with how many of each', () => {
    expect(planText(CHANGES, ['key "x": its guardrail is kept'])).toBe(
      [
        'callgate.yaml would change what follows: 1 to make, 1 to change, 1 to delete. Nothing has been done yet.',
        'key "x": its guardrail is kept',
        '',
        '+ workspace lab',
        '+     name: Lab',
        '',
        '! key importer',
        '-     limit: 3',
        '+     limit: none',
        '',
        '- guardrail Old',
        '',
      ].join('\n'),
    );
    expect(planSummary(CHANGES.slice(0, 1))).toBe('1 to make');
  });

  it('says when nothing would change', () => {
    expect(planText([], [])).toBe('callgate.yaml says what already is: nothing would change.\n');
  });

  it('keeps a hostile name or value on its line', () => {
    const [change] = CHANGES;
    if (!change) throw new Error('no change');
    const text = planText(
      [{ ...change, name: 'a\n- key b', fields: [{ field: 'x', after: `1\n- 2${'y'.repeat(999)}` }] }],
      [],
    );
    expect(text.split('\n').filter((line) => line.startsWith('-'))).toEqual([]);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(230);
  });
});
