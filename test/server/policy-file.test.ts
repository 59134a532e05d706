import { afterEach, describe, expect, test } from 'vitest';
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
    const applied = await apply(daemon, FILE, { expect: planned.data.digest });
    expect(applied.error?.message).toBeUndefined();
    expect(applied.data.secrets.map(({ name }) => name)).toEqual(['staging: triage', 'default: audit']);
    const secret = applied.data.secrets[0]?.secret ?? '';
    const key = (await (await daemon.request('/api/v1/key', { key: secret })).json()) as { data: { limit: number } };
    expect(key.data.limit).toBe(12.5);
    expect((await plan(daemon, FILE)).data.changes).toEqual([]);
    expect((await apply(daemon, FILE)).data).toEqual({ changes: [], secrets: [] });
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
});
