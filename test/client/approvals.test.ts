import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { PermitRequest } from '../../server/protocol.ts';

const shown: { text: string; actions: readonly string[] }[] = [];
let choose: (actions: readonly string[]) => string | undefined = () => undefined;
let pick: string | undefined;
const say = async (text: string, ...actions: string[]) => {
  shown.push({ text, actions });
  return choose(actions);
};
vi.mock('vscode', async () => ({
  ...(await import('./vscode.ts')),
  EventEmitter: class {
    readonly #listeners = new Set<() => void>();
    readonly event = (listener: () => void) => {
      this.#listeners.add(listener);
      return { dispose: () => this.#listeners.delete(listener) };
    };
    fire() {
      for (const listener of this.#listeners) listener();
    }
    dispose() {}
  },
  StatusBarAlignment: { Right: 2 },
  ThemeColor: class {},
  window: {
    showInformationMessage: (text: string, ...actions: string[]) => say(text, ...actions),
    showWarningMessage: (text: string, ...actions: string[]) => say(text, ...actions),
    showErrorMessage: (text: string, ...actions: string[]) => say(text, ...actions),
    createStatusBarItem: () => status,
  },
}));
vi.mock('../../client/ask.ts', () => ({
  askPick: async ({ items }: { items: readonly { label: string }[] }) => {
    const found = items.find(({ label }) => label === pick);
    return found ? { kind: 'value', value: found } : { kind: 'cancelled' };
  },
  askText: async () => ({ kind: 'value', value: '$0.25' }),
}));
vi.mock('../../client/commands.ts', () => ({
  showRefusal: async ({ message }: { message: string }) => void shown.push({ text: message, actions: [] }),
}));
const status = {
  text: '',
  tooltip: '',
  visible: false,
  show: () => {
    status.visible = true;
  },
  hide: () => {
    status.visible = false;
  },
  dispose: () => {},
};

const { Approvals } = await import('../../client/approvals/approvals.ts');
const { ApprovalStatus } = await import('../../client/approvals/approval-status.ts');
const { showBehaviorMoved } = await import('../../client/approvals/behavior-notice.ts');
const { parseTaskBound, permitDetail, permitQuestion } = await import('../../client/approvals/permit-text.ts');

const request = (more: Partial<PermitRequest> = {}): PermitRequest => ({
  id: 'r1',
  key_hash: 'h',
  key: 'nightly',
  behavior: null,
  preset: '@preset/audit@3',
  model: 'openai/gpt-5',
  provider: 'OpenAI',
  bound: 0.25,
  task: 'tonight',
  reasons: ['model openai/gpt-5'],
  calls: 1,
  asked_at: '2026-01-01T00:00:00Z',
  deadline: '2026-01-01T00:01:00Z',
  ...more,
});

function approving(answers: Record<string, unknown> = {}) {
  const sent: unknown[] = [];
  const api = {
    permitRequests: async () => ({ kind: 'ok' as const, value: [] as PermitRequest[] }),
    answerPermit: async (id: string, body: unknown) => {
      sent.push([id, body]);
      return { kind: 'ok' as const, value: {} };
    },
    releaseKey: async (hash: string) => {
      sent.push(['release', hash]);
      return { kind: 'ok' as const, value: {} };
    },
    ...answers,
  };
  const log = { warn: (text: string) => void shown.push({ text, actions: [] }) };
  return { sent, approvals: new Approvals(api as never, log as never) };
}
const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  shown.length = 0;
  choose = () => undefined;
  pick = undefined;
});

describe('a permit that is asked for', () => {
  it('is asked once in a window, with who, what, at most how much, and the three answers', async () => {
    const { approvals } = approving();
    approvals.asked(request());
    approvals.asked(request({ calls: 2 }));
    await settled();
    expect(shown).toHaveLength(1);
    expect(shown[0]?.actions).toEqual(['Allow Once', 'Allow This Task…', 'Deny']);
    for (const said of ['nightly', 'openai/gpt-5', '0.25', '@preset/audit@3', 'tonight', 'OpenAI'])
      expect(shown[0]?.text).toContain(said);
    expect(approvals.pending.map(({ calls }) => calls)).toEqual([2]);
  });

  it.each([
    ['Allow Once', undefined, [['r1', { decision: 'once', by: 'editor' }]]],
    ['Deny', undefined, [['r1', { decision: 'deny', by: 'editor' }]]],
    ['Allow This Task…', 'For an hour', [['r1', { decision: 'task', minutes: 60, by: 'editor' }]]],
    ['Allow This Task…', 'For at most $5', [['r1', { decision: 'task', usd: 5, by: 'editor' }]]],
    ['Allow This Task…', 'Something else…', [['r1', { decision: 'task', usd: 0.25, by: 'editor' }]]],
    ['Allow This Task…', undefined, []],
    [undefined, undefined, []],
  ])('%s, %s', async (choice, bound, expected) => {
    const { approvals, sent } = approving();
    choose = () => choice;
    pick = bound;
    approvals.asked(request());
    await settled();
    await settled();
    expect(sent).toEqual(expected);
    expect(approvals.pending).toHaveLength(expected.length === 0 ? 1 : 0);
  });

  it('for a call without a task has no task to allow', async () => {
    const { approvals } = approving();
    approvals.asked(request({ task: null }));
    await settled();
    expect(shown[0]?.actions).toEqual(['Allow Once', 'Deny']);
  });

  it('that another window has answered is said to be', async () => {
    const refused = {
      kind: 'refused',
      status: 409,
      reason: 'permit_answered',
      metadata: { decision: 'deny' },
      message: '',
      remedy: null,
    };
    const { approvals } = approving({ answerPermit: async () => refused });
    choose = (actions) => actions.find((action) => action === 'Allow Once');
    approvals.asked(request());
    await settled();
    await settled();
    expect(shown.at(-1)?.text).toContain('deny');
    expect(approvals.pending).toEqual([]);
  });

  it('is counted in the status bar while it waits, and found by a window that comes later', async () => {
    const { approvals } = approving({
      permitRequests: async () => ({ kind: 'ok', value: [request(), request({ id: 'r2' })] }),
    });
    const item = new ApprovalStatus(approvals);
    await approvals.refresh();
    expect([status.visible, status.text]).toEqual([true, '$(bell-dot) 2 permits']);
    approvals.ended({ id: 'r1', outcome: 'once' });
    expect(status.text).toBe('$(bell-dot) 1 permit');
    approvals.clear();
    expect(status.visible).toBe(false);
    item.dispose();
  });
});

describe('what is said', () => {
  it('shows names from elsewhere on one line, without what turns it around', () => {
    const text = permitQuestion(request({ key: 'a\nb\u202Ec', model: 'x'.repeat(500) }));
    expect(text).not.toMatch(/[\n\u202e]/);
    expect(text.length).toBeLessThan(300);
    expect(permitDetail(request({ task: null }))).toContain('one call');
    expect(permitQuestion(request({ bound: null }))).toContain('without a bound');
  });

  it.each([
    ['30m', { minutes: 30 }],
    ['2 h', { minutes: 120 }],
    ['1d', { minutes: 1440 }],
    ['$0.50', { usd: 0.5 }],
    ['3$', { usd: 3 }],
    ['3', null],
    ['0m', null],
    ['$0', null],
    ['-1h', null],
    ['9999d', null],
    ['', null],
    ['lots', null],
  ])('a task is bound by %j: %j', (text, bound) => expect(parseTaskBound(text)).toEqual(bound));
});

describe('a key that ran away', () => {
  const key = { key_hash: 'h', key: 'agent', reason: 'the same 20 times', suspended: true };

  it('is released by one click', async () => {
    const { approvals, sent } = approving();
    choose = (actions) => actions[0];
    await approvals.ranAway(key);
    expect(shown[0]).toEqual({ text: 'The API key “agent” was suspended: the same 20 times.', actions: ['Release'] });
    expect(sent).toEqual([['release', 'h']]);
  });

  it('stays suspended when nobody clicks, and of a warning there is nothing to release', async () => {
    const { approvals, sent } = approving();
    await approvals.ranAway(key);
    await approvals.ranAway({ ...key, suspended: false });
    expect(shown.at(-1)?.actions).toEqual([]);
    expect(sent).toEqual([]);
  });
});

describe('a behavior', () => {
  it('that was demoted by itself, or has earned more, is told of; a person’s own act is not', async () => {
    const moved = { id: 'b', name: 'audit', detail: 'cap', tier_before: 'C', tier: 'B' } as const;
    await showBehaviorMoved({ ...moved, why: 'cap' });
    await showBehaviorMoved({ ...moved, why: 'earned', tier_before: 'B' });
    await showBehaviorMoved({ ...moved, why: 'demoted' });
    await showBehaviorMoved({ ...moved, why: 'block', tier: 'C' });
    expect(shown.map(({ text }) => text)).toEqual([
      expect.stringContaining('demoted from C to B'),
      expect.stringContaining('earned tier C'),
    ]);
  });
});
