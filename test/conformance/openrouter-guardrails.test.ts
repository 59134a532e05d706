import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import * as errors from '@openrouter/sdk/models/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestDaemon } from '../support/test-daemon.ts';
import { Watch } from './support/watch.ts';

let daemon: TestDaemon;
let guardrails: OpenRouter['guardrails'];
let managing: OpenRouter;
const watch = new Watch();
const client = (apiKey: string) =>
  new OpenRouter({
    apiKey,
    serverURL: `${daemon.url}/api/v1`,
    httpClient: new HTTPClient({ fetcher: watch.fetch }),
  });

beforeAll(async () => {
  daemon = await TestDaemon.start();
  managing = client(daemon.managementKey);
  guardrails = managing.guardrails;
});

afterAll(async () => {
  await daemon?.stop();
});

afterEach(() => {
  expect(watch.take().faults).toEqual([]);
});

async function failureOf(call: Promise<unknown>): Promise<errors.OpenRouterError> {
  return call.then(
    (value) => Promise.reject(new Error(`it answered: ${JSON.stringify(value)}`)),
    (error: errors.OpenRouterError) => error,
  );
}

async function pagesOf<T>(pages: AsyncIterable<{ readonly result: { readonly data: readonly T[] } }>): Promise<T[][]> {
  const all: T[][] = [];
  for await (const { result } of pages) {
    all.push([...result.data]);
    // A server that ignores `offset` would go on for ever.
    if (all.length > 20) throw new Error('the pages do not end');
  }
  return all;
}

const create = async (createGuardrailRequest: Parameters<typeof guardrails.create>[0]['createGuardrailRequest']) =>
  (await guardrails.create({ createGuardrailRequest })).data;

describe('guardrails.create, get, update, delete', () => {
  it('keep every field of OpenRouter’s', async () => {
    const said = {
      name: 'Everything',
      description: 'all of it',
      limitUsd: 12.5,
      resetInterval: 'monthly' as const,
      includeByokInBudgets: true,
      allowedProviders: ['openai', 'anthropic'],
      ignoredProviders: ['deepinfra'],
      allowedModels: ['openai/gpt-5'],
      ignoredModels: ['x-ai/grok-4'],
      enforceZdr: true,
      enforceZdrAnthropic: true,
      enforceZdrGoogle: false,
      enforceZdrOpenai: true,
      enforceZdrOther: true,
      enforceZdrXai: true,
      enableFreeModelPublication: false,
      enableFreeModelTraining: false,
      enablePaidModelTraining: true,
      allowedDataRegions: ['europe' as const, 'global' as const],
      contentFilters: [
        { pattern: 'AKIA[0-9A-Z]{16}', action: 'block' as const, label: 'AWS' },
        { pattern: 'x+', action: 'flag' as const, label: null },
      ],
    };
    const builtins = [
      'email',
      'phone',
      'ssn',
      'credit-card',
      'ip-address',
      'secrets',
      'person-name',
      'address',
    ] as const;
    const contentFilterBuiltins = [
      ...builtins.map((slug, at) => ({ slug, action: (['redact', 'block', 'flag'] as const)[at % 3] ?? 'flag' })),
      { slug: 'regex-prompt-injection' as const, action: 'block' as const, scanScope: 'user_only' as const },
    ];
    const made = await create({ ...said, contentFilterBuiltins });
    expect(made).toMatchObject(said);
    expect(made.contentFilterBuiltins).toMatchObject(contentFilterBuiltins);
    expect(made.updatedAt).toBeNull();
    expect((await guardrails.get({ id: made.id })).data).toEqual(made);

    const { data: changed } = await guardrails.update({
      id: made.id,
      updateGuardrailRequest: { name: 'Less', allowedProviders: null, contentFilters: null, enforceZdrXai: null },
    });
    expect(changed).toMatchObject({
      name: 'Less',
      allowedProviders: null,
      contentFilters: null,
      enforceZdrXai: null,
      ignoredProviders: ['deepinfra'],
      limitUsd: 12.5,
    });
    expect(changed.updatedAt).toMatch(/^\d{4}-/);
    expect(await guardrails.delete({ id: made.id })).toEqual({ deleted: true });
    for (const gone of [
      () => guardrails.get({ id: made.id }),
      () => guardrails.update({ id: made.id, updateGuardrailRequest: { name: 'x' } }),
      () => guardrails.delete({ id: made.id }),
      () => guardrails.bulkAssignKeys({ id: made.id, bulkAssignKeysRequest: { keyHashes: ['x'] } }),
      () => guardrails.listGuardrailKeyAssignments({ id: made.id }),
      () => guardrails.listGuardrailMemberAssignments({ id: made.id }),
    ])
      expect(await failureOf(gone())).toBeInstanceOf(errors.NotFoundResponseError);
  });

  it('refuse what is not valid as a bad request', async () => {
    for (const wrong of [
      { name: '' },
      { name: 'x', limitUsd: 1 },
      { name: 'x', resetInterval: 'daily' as const },
      { name: 'x', allowedModels: [] },
      { name: 'x', allowedDataRegions: [] },
      { name: 'x', contentFilters: [{ pattern: '(?=a)', action: 'block' as const }] },
    ])
      expect(await failureOf(create(wrong))).toBeInstanceOf(errors.BadRequestResponseError);
  });

  it('are for a management key alone', async () => {
    const { secret } = await daemon.key();
    const own = client(secret).guardrails;
    for (const denied of [() => own.list(), () => own.create({ createGuardrailRequest: { name: 'x' } })])
      expect((await failureOf(denied())).statusCode).toBe(403);
    expect(await failureOf(client('sk-cg-v1-nobody').guardrails.list())).toBeInstanceOf(
      errors.UnauthorizedResponseError,
    );
  });

  it('set up a workspace’s default guardrail by its id', async () => {
    const workspace = (await managing.workspaces.get({ id: 'default' })).data;
    const id = workspace.defaultGuardrailId;
    expect(await failureOf(guardrails.get({ id }))).toBeInstanceOf(errors.NotFoundResponseError);
    const { data } = await guardrails.update({ id, updateGuardrailRequest: { ignoredProviders: ['nobody'] } });
    expect(data).toMatchObject({ id, workspaceId: workspace.id, ignoredProviders: ['nobody'] });
    expect(await failureOf(guardrails.update({ id, updateGuardrailRequest: { name: 'Mine' } }))).toBeInstanceOf(
      errors.BadRequestResponseError,
    );
    await guardrails.delete({ id });
  });
});

describe('guardrails.list', () => {
  it('goes through the pages of a workspace, each guardrail once, and ends', async () => {
    const { data: workspace } = await managing.workspaces.create({
      createWorkspaceRequest: { name: 'Many', slug: 'many' },
    });
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1)
      made.push((await create({ name: `many ${index}`, workspaceId: workspace.id })).id);
    const pages = await pagesOf(await guardrails.list({ workspaceId: workspace.id, limit: 3 }));
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat().map(({ id }) => id)).toEqual(made);
    const { result } = await guardrails.list({ workspaceId: workspace.id, offset: 5, limit: 100 });
    expect([result.data.map(({ id }) => id), result.totalCount]).toEqual([made.slice(5), 7]);
    const elsewhere = (await pagesOf(await guardrails.list())).flat().map(({ id }) => id);
    expect(elsewhere.filter((id) => made.includes(id))).toEqual([]);
  });
});

describe('assignments', () => {
  it('of keys: assigning replaces, and both lists say so', async () => {
    const [first, second] = [await create({ name: 'first' }), await create({ name: 'second' })];
    const keys = [await daemon.key({ name: 'a' }), await daemon.key({ name: 'b' }), await daemon.key({ name: 'c' })];
    const keyHashes = keys.map(({ hash }) => hash);
    const assign = (id: string, hashes: string[]) =>
      guardrails.bulkAssignKeys({ id, bulkAssignKeysRequest: { keyHashes: hashes } });
    expect(await assign(first.id, keyHashes)).toEqual({ assignedCount: 3 });
    expect(await assign(second.id, keyHashes.slice(2))).toEqual({ assignedCount: 1 });
    const of = async (id: string) =>
      (await pagesOf(await guardrails.listGuardrailKeyAssignments({ id, limit: 1 }))).flat();
    expect((await of(first.id)).map(({ keyName, guardrailId }) => [keyName, guardrailId])).toEqual([
      ['a', first.id],
      ['b', first.id],
    ]);
    expect((await of(second.id)).map(({ keyHash }) => keyHash)).toEqual(keyHashes.slice(2));
    const all = (await pagesOf(await guardrails.listKeyAssignments({ limit: 2 }))).flat();
    expect(all.map(({ keyHash }) => keyHash).toSorted()).toEqual(keyHashes.toSorted());
    expect(await guardrails.bulkUnassignKeys({ id: first.id, bulkUnassignKeysRequest: { keyHashes } })).toEqual({
      unassignedCount: 2,
    });
    expect(await of(first.id)).toEqual([]);
    expect(await of(second.id)).toHaveLength(1);
    expect(await failureOf(assign(first.id, ['f'.repeat(64)]))).toBeInstanceOf(errors.BadRequestResponseError);
  });

  it('of members: assigning replaces, and both lists say so', async () => {
    const [first, second] = [await create({ name: 'first' }), await create({ name: 'second' })];
    const members = (await pagesOf(await managing.organization.listMembers())).flat();
    const [member] = members;
    if (!member) throw new Error('the organization has no members');
    const assign = (id: string, memberUserIds: string[]) =>
      guardrails.bulkAssignMembers({ id, bulkAssignMembersRequest: { memberUserIds } });
    expect(await assign(first.id, [member.id])).toEqual({ assignedCount: 1 });
    expect(await assign(second.id, [member.id])).toEqual({ assignedCount: 1 });
    const of = async (id: string) =>
      (await pagesOf(await guardrails.listGuardrailMemberAssignments({ id }))).flat().map(({ userId }) => userId);
    expect([await of(first.id), await of(second.id)]).toEqual([[], [member.id]]);
    const all = (await pagesOf(await guardrails.listMemberAssignments())).flat();
    expect(all).toMatchObject([{ guardrailId: second.id, userId: member.id, organizationId: expect.any(String) }]);
    const unassign = (id: string) =>
      guardrails.bulkUnassignMembers({ id, bulkUnassignMembersRequest: { memberUserIds: [member.id] } });
    expect([await unassign(first.id), await unassign(second.id)]).toEqual([
      { unassignedCount: 0 },
      { unassignedCount: 1 },
    ]);
    expect(await failureOf(assign(first.id, ['user_nobody']))).toBeInstanceOf(errors.BadRequestResponseError);
  });
});
