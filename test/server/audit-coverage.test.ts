import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyAudit } from '../../server/admin/audit-chain.ts';
import { HELLO } from '../../server/admin/first-start.ts';
import { readAudit } from '../../server/store/sqlite/audit.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { providerYaml, TestDaemon } from '../support/test-daemon.ts';

type Json = Record<string, unknown>;
type Record_ = { readonly seq: number; readonly actor: string; readonly action: string; readonly target: string };
type Case = {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As the route is written. */
  readonly route: string;
  /** What stands for its parameters; the names are those of `made`. */
  readonly path?: (made: ReadonlyMap<string, string>) => string;
  readonly body?: (made: ReadonlyMap<string, string>) => unknown;
  readonly action: string;
  /** Keeps what later cases ask for. */
  readonly keep?: (answer: Json, made: Map<string, string>) => void;
};

/** Routes that change nothing that is managed: calls, questions, and what is recorded where it happens. */
const EXEMPT: ReadonlySet<string> = new Set([
  'POST /api/v1/chat/completions',
  'POST /v1/chat/completions',
  'POST /api/v1/messages',
  'POST /v1/messages',
  'POST /api/v1/messages/count_tokens',
  'POST /v1/messages/count_tokens',
  'POST /v1/v1/messages',
  'POST /v1/v1/messages/count_tokens',
  'POST /api/v1/v1/messages',
  'POST /api/v1/v1/messages/count_tokens',
  'POST /api/v1/responses',
  'POST /v1/responses',
  // Google's paths, /v1beta/* and /v1/models/*, as the router prints what ends in anything.
  'POST *',
  'POST /v1/models*',
  'POST /sandbox/v1/chat/completions',
  'POST /api/v1/callgate/run',
  'POST /api/v1/callgate/route',
  'POST /api/v1/callgate/detect',
  'POST /api/v1/callgate/doctor',
  'POST /api/v1/analytics/query',
  // What a person thinks of a call is no setting.
  'POST /api/v1/generation/feedback',
  'POST /api/v1/callgate/policy/plan',
  // The life of the daemon, which its log tells; what a reading of config.yaml changed is recorded by the daemon (test below).
  'POST /api/v1/callgate/stop',
  'POST /api/v1/callgate/handoff',
  'POST /api/v1/callgate/reload',
]);

/** A model as OpenRouter’s list has it. */
const LISTED = {
  id: 'x/y',
  canonical_slug: 'x/y',
  name: 'Y',
  context_length: 1000,
  pricing: { prompt: '0.000001', completion: '0.000002' },
};

const dataOf = (answer: Json) => (answer['data'] ?? answer) as Json;
const keepId =
  (name: string, field = 'id') =>
  (answer: Json, made: Map<string, string>) =>
    void made.set(name, String(dataOf(answer)[field]));
const of = (made: ReadonlyMap<string, string>, name: string) => made.get(name) ?? `no-${name}`;
const API = '/api/v1';
const OWN = '/api/v1/callgate';

/** In an order in which each can be done. */
const CASES: readonly Case[] = [
  {
    method: 'POST',
    route: `${API}/keys`,
    body: () => ({ name: 'k' }),
    action: 'key.create',
    keep: keepId('hash', 'hash'),
  },
  { method: 'PATCH', route: `${API}/keys/:hash`, body: () => ({ limit: 5 }), action: 'key.update' },
  { method: 'POST', route: `${OWN}/keys/:hash/rotate`, action: 'key.rotate', keep: keepId('hash', 'hash') },
  {
    method: 'POST',
    route: `${API}/workspaces`,
    body: () => ({ name: 'W', slug: 'w' }),
    action: 'workspace.create',
    keep: keepId('reference'),
  },
  { method: 'PATCH', route: `${API}/workspaces/:reference`, body: () => ({ name: 'V' }), action: 'workspace.update' },
  {
    method: 'PUT',
    route: `${API}/workspaces/:reference/budgets/:interval`,
    body: () => ({ limit_usd: 5 }),
    action: 'workspace-budget.set',
  },
  { method: 'DELETE', route: `${API}/workspaces/:reference/budgets/:interval`, action: 'workspace-budget.delete' },
  {
    method: 'POST',
    route: `${OWN}/organization/members`,
    body: () => ({ id: 'user_x', email: 'x@example.com' }),
    action: 'member.create',
  },
  {
    method: 'PATCH',
    route: `${OWN}/organization/members/:id`,
    path: () => `${OWN}/organization/members/user_x`,
    body: () => ({ first_name: 'X' }),
    action: 'member.update',
  },
  {
    method: 'POST',
    route: `${API}/workspaces/:reference/members/add`,
    body: () => ({ user_ids: ['user_x'] }),
    action: 'workspace-member.add',
  },
  {
    method: 'POST',
    route: `${API}/workspaces/:reference/members/remove`,
    body: () => ({ user_ids: ['user_x'] }),
    action: 'workspace-member.remove',
  },
  {
    method: 'POST',
    route: `${API}/guardrails`,
    body: () => ({ name: 'G' }),
    action: 'guardrail.create',
    keep: keepId('guardrail'),
  },
  {
    method: 'PATCH',
    route: `${API}/guardrails/:id`,
    path: (made) => `${API}/guardrails/${of(made, 'guardrail')}`,
    body: () => ({ description: 'x' }),
    action: 'guardrail.update',
  },
  ...(['keys', 'keys/remove', 'members', 'members/remove'] as const).map(
    (path): Case => ({
      method: 'POST',
      route: `${API}/guardrails/:id/assignments/${path}`,
      path: (made) => `${API}/guardrails/${of(made, 'guardrail')}/assignments/${path}`,
      body: (made) => (path.startsWith('keys') ? { key_hashes: [of(made, 'hash')] } : { member_user_ids: ['user_x'] }),
      action: `guardrail.${path.endsWith('remove') ? 'unassign' : 'assign'}_${path.split('/')[0]}`,
    }),
  ),
  {
    method: 'DELETE',
    route: `${API}/guardrails/:id`,
    path: (made) => `${API}/guardrails/${of(made, 'guardrail')}`,
    action: 'guardrail.delete',
  },
  {
    method: 'PATCH',
    route: `${OWN}/organization/policy`,
    body: () => ({ ignored_providers: ['x'] }),
    action: 'organization_policy.update',
  },
  {
    method: 'PUT',
    route: `${OWN}/organization/credits`,
    body: () => ({ total_credits: 5 }),
    action: 'organization.update',
  },
  { method: 'POST', route: `${OWN}/organization/credits`, body: () => ({ amount: 5 }), action: 'organization.update' },
  {
    method: 'POST',
    route: `${OWN}/management-keys`,
    body: () => ({ name: 'CI' }),
    action: 'management-key.create',
    keep: keepId('managementKey'),
  },
  {
    method: 'DELETE',
    route: `${OWN}/management-keys/:id`,
    path: (made) => `${OWN}/management-keys/${of(made, 'managementKey')}`,
    action: 'management-key.delete',
  },
  {
    method: 'POST',
    route: `${API}/byok`,
    body: () => ({ provider: 'one', key: 'sk-canary-1' }),
    action: 'byok.create',
    keep: keepId('byok'),
  },
  {
    method: 'PATCH',
    route: `${API}/byok/:id`,
    path: (made) => `${API}/byok/${of(made, 'byok')}`,
    body: () => ({ key: 'sk-canary-2' }),
    action: 'byok.',
  },
  {
    method: 'DELETE',
    route: `${API}/byok/:id`,
    path: (made) => `${API}/byok/${of(made, 'byok')}`,
    action: 'byok.delete',
  },
  {
    method: 'POST',
    route: `${API}/observability/destinations`,
    body: () => ({
      type: 'webhook',
      name: 'D',
      config: { url: 'https://example.com/', headers: { authorization: 'sk-canary-3' } },
    }),
    action: 'destination.create',
    keep: keepId('destination'),
  },
  {
    method: 'PATCH',
    route: `${API}/observability/destinations/:id`,
    path: (made) => `${API}/observability/destinations/${of(made, 'destination')}`,
    body: () => ({ name: 'E' }),
    action: 'destination.update',
  },
  {
    method: 'DELETE',
    route: `${API}/observability/destinations/:id`,
    path: (made) => `${API}/observability/destinations/${of(made, 'destination')}`,
    action: 'destination.delete',
  },
  {
    method: 'PUT',
    route: `${OWN}/providers/:slug/key`,
    path: () => `${OWN}/providers/openai/key`,
    body: () => ({ key: 'sk-canary-4' }),
    action: 'provider-key.set',
  },
  {
    method: 'DELETE',
    route: `${OWN}/providers/:slug/key`,
    path: () => `${OWN}/providers/openai/key`,
    action: 'provider-key.delete',
  },
  {
    method: 'PATCH',
    route: `${OWN}/io-log`,
    body: () => ({ is_observability_io_logging_enabled: true }),
    action: 'io-log.update',
  },
  { method: 'POST', route: `${OWN}/io-log/purge`, body: () => ({}), action: 'io-log.purge' },
  {
    method: 'POST',
    route: `${OWN}/prices/refresh`,
    body: () => ({ file: { data: [LISTED] } }),
    action: 'prices.replace',
  },
  { method: 'POST', route: `${OWN}/prices/rollback`, action: 'prices.replace' },
  {
    method: 'POST',
    route: `${OWN}/presets/:slug/publish`,
    path: () => `${OWN}/presets/hello/publish`,
    body: () => ({ text: HELLO.replace('kindly', 'warmly'), message: 'x' }),
    action: 'preset.publish',
  },
  {
    method: 'POST',
    route: `${OWN}/presets/:slug/rollback`,
    path: () => `${OWN}/presets/hello/rollback`,
    body: () => ({ version: 1 }),
    action: 'preset.rollback',
  },
  {
    method: 'PATCH',
    route: `${OWN}/presets/:slug`,
    path: () => `${OWN}/presets/hello`,
    body: () => ({ description: 'x' }),
    action: 'preset.update',
  },
  ...(['chat/completions', 'messages', 'responses'] as const).map(
    (surface): Case => ({
      method: 'POST',
      route: `${API}/presets/:slug/${surface}`,
      path: () => `${API}/presets/from-api/${surface}`,
      body: () => ({ model: 'one/m', messages: [{ role: 'user', content: 'x' }], input: 'x' }),
      action: 'preset.publish',
    }),
  ),
  {
    method: 'POST',
    route: `${OWN}/behaviors`,
    body: (made) => ({ name: 'B', preset: 'hello', key: of(made, 'hash'), tier: 'C' }),
    action: 'behavior.create',
    keep: keepId('behavior'),
  },
  {
    method: 'PATCH',
    route: `${OWN}/behaviors/rules`,
    body: () => ({ clean_calls: 0, clean_days: 0 }),
    action: 'behavior.rules',
  },
  {
    method: 'PATCH',
    route: `${OWN}/behaviors/:id`,
    path: (made) => `${OWN}/behaviors/${of(made, 'behavior')}`,
    body: () => ({ name: 'C' }),
    action: 'behavior.update',
  },
  {
    method: 'POST',
    route: `${OWN}/behaviors/:id/demote`,
    path: (made) => `${OWN}/behaviors/${of(made, 'behavior')}/demote`,
    body: () => ({ tier: 'A' }),
    action: 'behavior.demote',
  },
  {
    method: 'POST',
    route: `${OWN}/permits`,
    body: (made) => ({ key: of(made, 'hash') }),
    action: 'permit.grant',
    keep: keepId('permit'),
  },
  {
    method: 'DELETE',
    route: `${OWN}/permits/:id`,
    path: (made) => `${OWN}/permits/${of(made, 'permit')}`,
    action: 'permit.revoke',
  },
  {
    method: 'POST',
    route: `${OWN}/permits/requirements`,
    body: () => ({ kind: 'modality', value: 'image' }),
    action: 'permit.require',
    keep: keepId('requirement'),
  },
  {
    method: 'DELETE',
    route: `${OWN}/permits/requirements/:id`,
    path: (made) => `${OWN}/permits/requirements/${of(made, 'requirement')}`,
    action: 'permit.unrequire',
  },
];

/** Those that need a call of a behavior of tier A, and what comes after them. */
const PROPOSALS: readonly Case[] = [
  {
    method: 'POST',
    route: `${OWN}/behaviors/proposals/:id/reject`,
    path: (made) => `${OWN}/behaviors/proposals/${of(made, 'proposal')}/reject`,
    body: () => ({}),
    action: 'proposal.reject',
  },
  {
    method: 'POST',
    route: `${OWN}/behaviors/proposals/:id/run`,
    path: (made) => `${OWN}/behaviors/proposals/${of(made, 'proposal2')}/run`,
    body: () => ({}),
    action: 'proposal.run',
  },
  {
    method: 'POST',
    route: `${OWN}/behaviors/:id/promote`,
    path: (made) => `${OWN}/behaviors/${of(made, 'behavior')}/promote`,
    body: () => ({}),
    action: 'behavior.promote',
  },
];
const LAST: readonly Case[] = [
  {
    method: 'POST',
    route: `${OWN}/policy/apply`,
    body: () => ({ text: 'keys: [{ name: from-file }]' }),
    action: 'policy.apply',
  },
  {
    method: 'DELETE',
    route: `${OWN}/behaviors/:id`,
    path: (made) => `${OWN}/behaviors/${of(made, 'behavior')}`,
    action: 'behavior.delete',
  },
  { method: 'DELETE', route: `${API}/keys/:hash`, action: 'key.delete' },
  {
    method: 'DELETE',
    route: `${OWN}/organization/members/:id`,
    path: () => `${OWN}/organization/members/user_x`,
    action: 'member.delete',
  },
  { method: 'DELETE', route: `${API}/workspaces/:reference`, action: 'workspace.delete' },
  {
    method: 'POST',
    route: `${OWN}/organizations`,
    body: () => ({ slug: 'acme' }),
    action: 'organization.create',
    keep: keepId('organization'),
  },
  {
    method: 'PATCH',
    route: `${OWN}/organizations/:id`,
    path: (made) => `${OWN}/organizations/${of(made, 'organization')}`,
    body: () => ({ name: 'Acme' }),
    action: 'organization.update',
  },
  {
    method: 'DELETE',
    route: `${OWN}/organizations/:id`,
    path: (made) => `${OWN}/organizations/${of(made, 'organization')}`,
    action: 'organization.delete',
  },
];

/** Has its own test: it needs a call that waits, or a key that ran away. */
const ELSEWHERE: ReadonlySet<string> = new Set([`POST ${OWN}/permits/requests/:id`, `POST ${OWN}/keys/:hash/release`]);

let provider: FakeProvider;
let daemon: TestDaemon;
const made = new Map<string, string>([['interval', 'monthly']]);

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['m'])}`);
});
afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

async function records(limit = 5): Promise<readonly Record_[]> {
  const answer = await daemon.request(`${OWN}/audit?limit=${limit}`);
  return ((await answer.json()) as { data: Record_[] }).data;
}

async function run(one: Case): Promise<void> {
  const before = (await records(1))[0]?.seq ?? 0;
  const path = one.path?.(made) ?? one.route.replace(/:(\w+)/g, (_, name: string) => of(made, name));
  const response = await daemon.request(path, {
    method: one.method,
    headers: { 'x-callgate-client': 'command-line' },
    ...(one.body ? { body: one.body(made) } : {}),
  });
  const answer = (await response.json()) as Json;
  expect(response.status, `${one.method} ${path}: ${JSON.stringify(answer)}`).toBeLessThan(300);
  one.keep?.(answer, made);
  const fresh = (await records()).filter(({ seq }) => seq > before);
  expect(fresh.map(({ action }) => action).join(' '), `${one.method} ${path}`).toContain(one.action);
  expect(new Set(fresh.map(({ actor }) => actor)), path).toEqual(new Set(['command line']));
}

async function propose(text: string): Promise<string> {
  const rotated = await daemon.request(`${OWN}/keys/${of(made, 'hash')}/rotate`, { method: 'POST', body: {} });
  const { key, data } = (await rotated.json()) as { key: string; data: { hash: string } };
  made.set('hash', data.hash);
  const answer = await daemon.chat(key, { model: '@preset/hello', messages: [{ role: 'user', content: text }] });
  const { error } = (await answer.json()) as { error: { metadata: Json } };
  return String(error.metadata['proposal_id']);
}

test('every management operation leaves a record in the name of who asked for it', { timeout: 60_000 }, async () => {
  for (const one of CASES) await run(one);
  made.set('proposal', await propose('one'));
  made.set('proposal2', await propose('two'));
  for (const one of PROPOSALS) await run(one);
  for (const one of LAST) await run(one);
});

test('so does the answer to a call that waits for a permit', async () => {
  const { secret, hash } = await daemon.key({ name: 'asks' });
  await daemon.request(`${OWN}/permits/requirements`, { body: { kind: 'key', value: hash } });
  const call = daemon.chat(secret, { model: 'one/m' });
  let waiting: { readonly id: string } | undefined;
  for (let turn = 0; waiting === undefined && turn < 200; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    [waiting] = ((await (await daemon.request(`${OWN}/permits/requests`)).json()) as { data: { id: string }[] }).data;
  }
  await daemon.request(`${OWN}/permits/requests/${waiting?.id}`, { body: { decision: 'deny' } });
  expect((await call).status).toBe(403);
  expect((await records(1))[0]).toMatchObject({ action: 'permit.answer', target: `permit-request:${waiting?.id}` });
});

test('no route that changes something was left out', () => {
  const routes = routesOf(daemon.app.printRoutes({ commonPrefix: false }));
  const covered = new Set([...CASES, ...PROPOSALS, ...LAST].map(({ method, route }) => `${method} ${route}`));
  const missing = routes.filter(
    (route) =>
      !/^(?:GET|HEAD|OPTIONS) /.test(route) && !covered.has(route) && !EXEMPT.has(route) && !ELSEWHERE.has(route),
  );
  expect(missing).toEqual([]);
  expect(routes.length).toBeGreaterThan(60);
});

test('no secret is in a record, and the chain stands', async () => {
  const all = JSON.stringify(await records(10_000));
  const found = /.{60}(?:sk-canary-\d|sk-cg-v1-[0-9a-f]{8}|sk-cg-mgmt-v1-[0-9a-f]{8}).{40}/.exec(all);
  expect(found?.[0]).toBeUndefined();
  const file = `${daemon.state}/callgate.db`;
  const heads = daemon.lines.flatMap(({ event, fields }) =>
    event === 'audit' ? [{ seq: Number(fields['seq']), hash: String(fields['head']) }] : [],
  );
  const verdict = verifyAudit(readAudit(file), heads);
  expect(verdict).toMatchObject({ ok: true, records: heads.length });
});

test('keys and the editor are told apart; the name of a client is believed of the daemon’s own management key alone', async () => {
  const { secret } = await daemon.key({ name: 'writer' });
  const body = { model: 'one/m', messages: [{ role: 'user', content: 'x' }] };
  const headers = { 'x-callgate-client': 'editor' };
  await daemon.request(`${API}/presets/by-key/chat/completions`, { key: secret, body, headers });
  expect((await records(1))[0]?.actor).toMatch(/^key "writer" \(sk-cg-v1-...\.\.\..{3}\)$/);
  await daemon.request(`${API}/keys`, { body: { name: 'e' }, headers });
  expect((await records(1))[0]?.actor).toBe('editor');
  await daemon.request(`${API}/keys`, { body: { name: 'e' }, headers: { 'x-callgate-client': 'the pope' } });
  expect((await records(1))[0]?.actor).toBe('management key');
  const first = (await records(10_000)).at(-1);
  expect(first).toMatchObject({ seq: 1, actor: 'daemon', action: 'key.create' });
});

/** `METHOD /path` of every line of Fastify's tree of routes. */
function routesOf(tree: string): string[] {
  const stack: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const match = /^([│ ]*)(?:├── |└── )(\S+)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (!match) return [];
    const [, indent = '', part = '', methods] = match;
    stack.length = indent.length / 4;
    const path = stack.join('') + part;
    stack.push(part);
    return methods ? methods.split(', ').map((method) => `${method} ${path}`) : [];
  });
}
