import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { parsePolicyFile } from '../../server/policy-file/parse.ts';
import { plannedChange } from '../../server/protocol.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const daemons: TestDaemon[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.stop();
});
async function start(): Promise<TestDaemon> {
  const daemon = await TestDaemon.start();
  daemons.push(daemon);
  return daemon;
}

type Answer = {
  readonly status: number;
  readonly data: {
    readonly changes: readonly {
      readonly action: string;
      readonly section: string;
      readonly name: string;
      readonly fields: readonly { readonly field: string; readonly before?: unknown; readonly after?: unknown }[];
    }[];
    readonly digest: string;
    readonly notes: readonly string[];
    readonly text: string;
    readonly secrets: readonly { readonly section: string; readonly name: string; readonly secret: string }[];
  };
  readonly error: { readonly message: string; readonly metadata: Record<string, unknown> };
};
const ask = async (daemon: TestDaemon, what: string, body?: unknown): Promise<Answer> => {
  const response = await daemon.request(`/api/v1/callgate/policy/${what}`, body === undefined ? {} : { body });
  return { status: response.status, ...((await response.json()) as object) } as Answer;
};
const plan = (daemon: TestDaemon, text: string) => ask(daemon, 'plan', { text });
const apply = (daemon: TestDaemon, text: string, more: object = {}) => ask(daemon, 'apply', { text, ...more });
const exported = async (daemon: TestDaemon) => (await ask(daemon, 'export')).data.text;
const told = ({ data }: Answer) => data.changes.map(({ action, section, name }) => `${action} ${section} ${name}`);

const FILE = `
organizations:
  - slug: default
    credits: 250
    policy: { ignored_providers: [deepseek], injection_allow_list: [ignore the typo] }
  - slug: acme
    name: Acme
members:
  - { id: user_anna, email: anna@example.com, role: "org:admin" }
  - { id: user_bert, email: bert@example.com, organization: acme }
workspaces:
  - slug: default
    budgets: { daily: 5, monthly: 100 }
  - slug: staging
    name: Staging
    budgets: { lifetime: 500, monthly: 50, weekly: 20, daily: 5 }
    members: [user_anna]
  - slug: default
    organization: acme
    name: Acme’s
guardrails:
  - name: Careful
    workspace: staging
    limit_usd: 10
    reset_interval: daily
    allowed_models: [openai/gpt-5-mini, anthropic/claude-sonnet-4.5]
    enforce_zdr_openai: true
    modalities: { image: { rule: pin, provider: google-vertex }, video: { rule: deny } }
    content_filter_builtins:
      - { slug: email, action: redact }
      - { slug: regex-prompt-injection, action: flag, scan_scope: user_only }
    content_filters:
      - { pattern: "ACME-[0-9]+", action: block }
    members: [user_anna]
keys:
  - name: triage
    workspace: staging
    limit: 12.5
    limit_reset: monthly
    guardrail: Careful
    creator_user_id: user_anna
  - name: audit
    disabled: true
    expires_at: 2030-01-01T00:00:00+02:00
`;

describe('callgate.yaml', () => {
  test('makes what it declares, tells each key’s secret once, and then there is nothing to do', async () => {
    const daemon = await start();
    const planned = await plan(daemon, FILE);
    expect(planned.error?.message).toBeUndefined();
    expect(told(planned)).toEqual([
      'update organizations default',
      'create organizations acme',
      'create members default/user_anna',
      'create members acme/user_bert',
      'update workspaces default',
      'create workspaces staging',
      'create workspaces acme/default',
      'create guardrails staging: Careful',
      'create keys staging: triage',
      'create keys default: audit',
    ]);
    // As the command line reads it.
    expect(planned.data.changes.map((change) => plannedChange.parse(change))).toEqual(planned.data.changes);
    const applied = await apply(daemon, FILE, { expect: planned.data.digest });
    expect(applied.error?.message).toBeUndefined();
    expect(applied.data.secrets.map(({ name }) => name)).toEqual(['staging: triage', 'default: audit']);
    const secret = applied.data.secrets[0]?.secret ?? '';
    const key = (await (await daemon.request('/api/v1/key', { key: secret })).json()) as { data: { limit: number } };
    expect(key.data.limit).toBe(12.5);
    expect((await plan(daemon, FILE)).data.changes).toEqual([]);
    expect((await apply(daemon, FILE)).data).toEqual({ changes: [], notes: [], secrets: [] });
  });

  test('its export says the same, on this daemon and on another', async () => {
    const daemon = await start();
    await apply(daemon, FILE);
    const text = await exported(daemon);
    const again = await plan(daemon, text);
    expect(again.error?.message, text).toBeUndefined();
    expect(again.data.changes).toEqual([]);
    expect(text).not.toContain('sk-cg-');
    const other = await start();
    const applied = await apply(other, text);
    expect(applied.error?.message).toBeUndefined();
    expect(await exported(other)).toBe(text);
  });

  test('a field that is not named stays; null takes it away', async () => {
    const daemon = await start();
    await apply(daemon, FILE);
    const changed = await apply(daemon, 'keys: [{ name: triage, workspace: staging, limit: null, limit_reset: null }]');
    expect(changed.data.changes).toEqual([
      {
        action: 'update',
        section: 'keys',
        name: 'staging: triage',
        fields: [
          { field: 'limit', before: 12.5, after: null },
          { field: 'limit_reset', before: 'monthly', after: null },
        ],
      },
    ]);
    expect(await exported(daemon)).toContain('guardrail: Careful');
    expect(told(await plan(daemon, FILE))).toEqual(['update keys staging: triage']);
  });

  test('budgets are moved in an order in which each fits; those that cannot fit are refused with nothing done', async () => {
    const daemon = await start();
    const budgets = (text: string) => `workspaces: [{ slug: default, budgets: { ${text} } }]`;
    for (const text of [
      'daily: 1, weekly: 2, monthly: 3, lifetime: 4',
      'daily: 10, weekly: 20, monthly: 30, lifetime: 40',
      'daily: 1, weekly: 2, monthly: 3, lifetime: 4',
      'weekly: null, daily: 2.5',
    ]) {
      const applied = await apply(daemon, budgets(text));
      expect(applied.error?.message).toBeUndefined();
    }
    const before = await exported(daemon);
    const refused = await apply(daemon, `keys: [{ name: new }]\n${budgets('daily: 5')}`);
    expect(refused.status).toBe(400);
    expect(refused.error.message).toContain('callgate.yaml:2:14: workspaces default: ');
    expect(refused.error.metadata['reason']).toBe('budget_order');
    expect(await exported(daemon)).toBe(before);
  });

  test('what fails late undoes what was made early, and its record with it', async () => {
    const daemon = await start();
    const before = await exported(daemon);
    const records = async () =>
      ((await (await daemon.request('/api/v1/callgate/audit')).json()) as { data: { action: string }[] }).data;
    const count = (await records()).length;
    const refused = await apply(
      daemon,
      'workspaces: [{ slug: one }]\nkeys: [{ name: a, workspace: one }]\nguardrails: [{ name: g, workspace: one, limit_usd: 5 }]',
    );
    expect(refused.status).toBe(400);
    expect(refused.error.metadata['reason']).toBe('guardrail_budget_incomplete');
    expect(await exported(daemon)).toBe(before);
    expect((await records()).length).toBe(count);
    expect((await apply(daemon, 'workspaces: [{ slug: one }]\nkeys: [{ name: a, workspace: one }]')).status).toBe(200);
    expect((await records()).map(({ action }) => action).slice(0, 3)).toEqual([
      'policy.apply',
      'key.create',
      'workspace.create',
    ]);
  });

  test('prune deletes what its sections do not list, never what is always there, and no section it does not have', async () => {
    const daemon = await start();
    await apply(daemon, FILE);
    const pruned = await apply(daemon, 'prune: true\nkeys: []\nguardrails: []\nworkspaces: [{ slug: default }]');
    expect(pruned.error?.message).toBeUndefined();
    expect(told(pruned).toSorted()).toEqual([
      'delete guardrails staging: Careful',
      'delete keys default: audit',
      'delete keys default: first key',
      'delete keys staging: triage',
      'delete workspaces staging',
    ]);
    const text = await exported(daemon);
    expect(text).toContain('user_anna');
    expect(text).toContain('name: editor');
    expect(text).not.toContain('triage');
  });

  test('keys of one name are told apart by their ids', async () => {
    const daemon = await start();
    for (let n = 0; n < 2; n++) await daemon.key({ name: 'twin', limit: n + 1 });
    const refused = await plan(daemon, 'keys: [{ name: twin, limit: 9 }]');
    expect(refused.status).toBe(400);
    expect(refused.error.message).toMatch(/^callgate.yaml:1:16: 2 of the keys are called default: twin/);
    const text = await exported(daemon);
    const again = await plan(daemon, text);
    expect(again.error?.message).toBeUndefined();
    expect(again.data.changes).toEqual([]);
    const renamed = await apply(daemon, text.replace(/name: twin\n/, 'name: other\n'));
    expect(told(renamed)).toEqual(['update keys default: other']);
    expect((await plan(daemon, 'keys: [{ name: twin, limit: 9 }]')).status).toBe(200);
  });

  test('a plan that is another by now is not applied', async () => {
    const daemon = await start();
    const text = 'keys: [{ name: one, limit: 5 }]';
    const { digest } = (await plan(daemon, text)).data;
    await daemon.key({ name: 'one', limit: 4 });
    const refused = await apply(daemon, text, { expect: digest });
    expect(refused.status).toBe(409);
    expect(refused.error.metadata['reason']).toBe('policy_plan_outdated');
    expect((await apply(daemon, text)).status).toBe(200);
  });

  test('behaviors are bound to keys of the same file; what lost trust does not get it back from a file', async () => {
    const daemon = await start();
    const text = `
keys: [{ name: bot }]
behaviors: [{ name: greeter, preset: hello@1, key: bot, tier: C }]
permits: [{ kind: key, value: bot }, { kind: model, value: openai/* }, { kind: modality, value: image }]
workspaces: [{ slug: default, behavior_rules: { loop_calls: 7, requests_per_minute: null } }]`;
    const applied = await apply(daemon, text);
    expect(applied.error?.message).toBeUndefined();
    expect((await plan(daemon, text)).data.changes).toEqual([]);
    expect((await plan(daemon, await exported(daemon))).data.changes).toEqual([]);
    expect((await apply(daemon, text.replace('tier: C', 'tier: A'))).status).toBe(200);
    const again = await apply(daemon, text);
    expect(again.data.changes).toEqual([]);
    expect(again.data.notes).toEqual([expect.stringContaining('its tier is A and stays')]);
  });

  test('destinations take their secrets from the daemon’s environment, and never show them', async () => {
    const daemon = await TestDaemon.start('', { env: { HOOK: 'https://example.com/hook', HEADER: 'Bearer abc123' } });
    daemons.push(daemon);
    const text = `
destinations:
  - name: hook
    type: webhook
    config: { url: "env:HOOK" }
    sampling_rate: 0.5`;
    const applied = await apply(daemon, text);
    expect(applied.error?.message).toBeUndefined();
    expect((await plan(daemon, text)).data.changes).toEqual([]);
    expect((await plan(daemon, await exported(daemon))).data.changes).toEqual([]);
    const missing = await apply(daemon, text.replace('name: hook', 'name: other').replace('env:HOOK', 'env:NOWHERE'));
    expect(missing.error.message).toContain('the daemon’s environment has no NOWHERE');
  });

  test('whatever was applied: its export plans nothing', { timeout: 60_000 }, async () => {
    const daemon = await start();
    const name = fc.constantFrom('a', 'b', 'ü – "x"', '0123', 'yes', '- c', 'null', '#d');
    const slug = fc.constantFrom('default', 'one', 'two');
    const usd = fc.constantFrom(null, 0, 0.000000001, 0.1, 12.34, 999_999.999999999);
    const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const key = fc.record({
      name,
      workspace: slug,
      limit: some(usd),
      limit_reset: some(fc.constantFrom(null, 'daily', 'monthly')),
      disabled: some(fc.boolean()),
      clamp: some(fc.boolean()),
      runaway: some(fc.constantFrom(null, 'off', 'trip')),
    });
    const guardrail = fc
      .record({
        name,
        workspace: slug,
        budget: some(fc.constantFrom(1, 0.5)),
        description: some(fc.constantFrom(null, 'x: y', ' ')),
        allowed_models: some(fc.constantFrom(null, ['openai/gpt-5-mini'], ['b/c', 'a/b', 'a/b'])),
        enforce_zdr_openai: some(fc.constantFrom(null, true, false)),
        reversible: some(fc.constantFrom(null, true)),
        content_filter_builtins: some(
          fc.constantFrom(
            null,
            [],
            [{ slug: 'prompt-injection', action: 'block', threshold: 0.7 }],
            [{ slug: 'secrets', action: 'redact', directions: ['output', 'input'] }],
          ),
        ),
        modalities: some(
          fc.constantFrom(null, { image: { rule: 'deny' } }, { audio: { rule: 'pin', provider: 'openai' } }),
        ),
      })
      .map(({ budget, ...rest }) =>
        budget === undefined ? rest : { ...rest, limit_usd: budget, reset_interval: 'weekly' },
      );
    const file = fc.record({
      workspaces: fc.constant([
        { slug: 'one', budgets: { monthly: 5, daily: null } },
        { slug: 'two', description: '@' },
      ]),
      guardrails: fc.uniqueArray(guardrail, { maxLength: 4, selector: (one) => `${one.workspace} ${one.name}` }),
      keys: fc.uniqueArray(key, { maxLength: 4, selector: (one) => `${one.workspace} ${one.name}` }),
    });
    await fc.assert(
      fc.asyncProperty(file, async (content) => {
        const text = JSON.stringify(content);
        const applied = await apply(daemon, text);
        expect(applied.error?.message).toBeUndefined();
        expect((await plan(daemon, text)).data.changes).toEqual([]);
        const again = await plan(daemon, await exported(daemon));
        expect(again.error?.message).toBeUndefined();
        expect(again.data.changes).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('another organization', () => {
  test('its keys, their makers and guardrails are made in one go with it, and behaviors of its own', async () => {
    const daemon = await start();
    const text = `
organizations: [{ slug: acme, credits: 5 }]
members: [{ id: user_zoe, organization: acme, email: zoe@acme.example }]
workspaces: [{ slug: lab, organization: acme, budgets: { daily: 1 } }]
guardrails: [{ name: strict, workspace: acme/lab, limit_usd: 1, reset_interval: daily }]
keys:
  - { name: bot, workspace: acme/lab, guardrail: strict, creator_user_id: user_zoe }
  - { name: spare, workspace: acme/default }
permits: [{ kind: key, value: bot, workspace: acme/lab }]
`;
    const applied = await apply(daemon, text);
    expect(applied.error?.message).toBeUndefined();
    expect(applied.data.secrets.map(({ name }) => name)).toEqual(['acme/lab: bot', 'acme/default: spare']);
    expect((await plan(daemon, text)).data.changes).toEqual([]);
    expect((await plan(daemon, await exported(daemon))).data.changes).toEqual([]);
  });
});

describe('what is wrong with a file', () => {
  const problems = (text: string) =>
    parsePolicyFile(text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);

  test('is said with its place', () => {
    expect(problems('keys:\n  - name: a\n    limt: 5')).toEqual(['3:5 Unknown field "limt". Did you mean "limit"?']);
    expect(problems('budget: 5')).toEqual([
      '1:1 Unknown field "budget". A workspace’s are under budgets; a guardrail’s is limit_usd.',
    ]);
    expect(problems('keys:\n  - name: a\n    limit: lots')[0]).toMatch(/^3:12 keys\[0\]\.limit must be a number/);
    expect(problems('keys:\n  - name: a\n    limit:\n')).toEqual([
      '3:5 limit has no value; write null for none, or leave it out.',
    ]);
    expect(problems('keys:\n  - name: a\n  - name: a')).toEqual(['3:11 default: a is listed twice under keys.']);
    expect(problems('keys:\n  - { name: a, secret: sk-cg-v1-x }')[0]).toContain('Secrets are never in this file');
    expect(problems('keys: &x []\nmembers: *x')[0]).toContain('Aliases');
    expect(problems('keys: [')).not.toEqual([]);
    expect(problems('')).toEqual([]);
    expect(problems('keys:\n')).toEqual([]);
  });

  test('the daemon says what only it can know', async () => {
    const daemon = await start();
    const unknown = await plan(daemon, 'keys:\n  - name: a\n    guardrail: nowhere\n    workspace: none');
    expect(unknown.status).toBe(400);
    const lines = unknown.error.message.split('\n');
    expect(lines[0]).toMatch(/^callgate\.yaml:3:16: guardrail: nothing of the name none: nowhere/);
    expect(lines[1]).toMatch(/^callgate\.yaml:4:16: workspace: nothing of the name none/);
    const pattern = await plan(daemon, 'guardrails: [{ name: a, limit_usd: -1 }]');
    expect(pattern.error.message).toContain('callgate.yaml:1:36: ');
    const fixed = await apply(daemon, 'keys: [{ name: a }]').then(() =>
      plan(daemon, 'keys: [{ name: a, expires_at: 2031-01-01T00:00:00Z }]'),
    );
    expect(fixed.error.message).toContain('expires_at cannot be changed');
  });

  test('no text makes the reader throw, or slow', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void parsePolicyFile(text)));
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => void parsePolicyFile(`keys: [${text}]\nguardrails: ${text}`)),
    );
    parsePolicyFile(`keys:${' ['.repeat(20_000)}`);
    parsePolicyFile(`keys:\n${'  - name: a\n'.repeat(20_000)}`);
    parsePolicyFile('a: b\n'.repeat(200_000));
  });
});
