import { beforeEach, describe, expect, it } from 'vitest';
import { PolicyBook } from '../../server/admin/policy-book.ts';
import { NO_RULES } from '../../server/policy/layer-rules.ts';
import type { GuardrailRow } from '../../server/store/guardrail-store.ts';
import { openSqliteStore } from '../../server/store/sqlite/open.ts';
import type { KeyRow, Store } from '../../server/store/store.ts';

const NOW = '2026-11-22T10:00:00.000Z';

let store: Store;
let book: PolicyBook;
let workspaceId: string;
let organizationId: string;
beforeEach(async () => {
  store = openSqliteStore(':memory:', () => new Date(NOW));
  book = new PolicyBook(store);
  workspaceId = (await store.workspaces.default()).id;
  organizationId = store.organizations.default().id;
});

const key = (more: Partial<KeyRow> = {}): KeyRow => ({
  id: 'k1',
  hash: 'h1',
  kind: 'program',
  workspaceId,
  name: 'nightly',
  label: 'l',
  limit: null,
  limitReset: null,
  includeByokInLimit: false,
  disabled: false,
  allowUnpriced: false,
  canWritePresets: true,
  clamp: false,
  runaway: null,
  suspendedAt: null,
  suspendedFor: null,
  creatorUserId: 'user_local',
  expiresAt: null,
  createdAt: NOW,
  updatedAt: null,
  ...more,
});

async function guardrail(id: string, more: Partial<GuardrailRow> = {}): Promise<string> {
  await store.guardrails.insert({
    id,
    workspaceId,
    isDefault: false,
    name: id,
    description: null,
    limit: null,
    reset: null,
    includeByok: false,
    enforceZdr: null,
    rules: { ...NO_RULES, ignoredProviders: [id] },
    createdAt: NOW,
    updatedAt: null,
    ...more,
  });
  return id;
}
const toKey = (guardrailId: string, keyId = 'k1') =>
  store.guardrails.assignKeys([{ id: `a-${guardrailId}`, guardrailId, keyId, assignedBy: null, createdAt: NOW }]);
const toMember = (guardrailId: string, userId = 'user_local') =>
  store.guardrails.assignMembers([
    { id: `m-${guardrailId}`, guardrailId, organizationId, userId, assignedBy: null, createdAt: NOW },
  ]);

/** Whose word it is that a provider is ignored. */
const ignored = (row: KeyRow) =>
  (book.policyOf(row).access?.ignoredProviders ?? []).flatMap(({ value, sources }) =>
    sources.map(({ scope }) => `${scope}: ${[...value].join()}`),
  );

describe('the policy over a key', () => {
  it('is the same object until something above the key changes', async () => {
    const row = key();
    const first = book.policyOf(row);
    expect(book.policyOf(row)).toBe(first);
    await store.presets.list(workspaceId);
    expect(book.policyOf(row)).toBe(first);
    await guardrail('g1');
    expect(book.policyOf(row)).not.toBe(first);
  });

  it('is another for a key that has changed', () => {
    expect(book.policyOf(key({ limit: 5 })).budgets).toMatchObject([{ scope: 'key_limit', limit: 5 }]);
    expect(book.policyOf(key({ limit: 7 })).budgets).toMatchObject([{ scope: 'key_limit', limit: 7 }]);
  });

  it('has every layer, from the outermost in, from the moment that each is written', async () => {
    const row = key();
    expect(ignored(row)).toEqual([]);
    await guardrail('unassigned');
    expect(ignored(row)).toEqual([]);
    await toKey(await guardrail('of-key'));
    expect(ignored(row)).toEqual(['api-key: of-key']);
    await toMember(await guardrail('of-member'));
    await guardrail('of-workspace', { isDefault: true });
    await store.guardrails.savePolicy({
      organizationId,
      rules: { ...NO_RULES, ignoredProviders: ['of-all'] },
      injectionAllowList: [],
      updatedAt: NOW,
    });
    expect(ignored(row)).toEqual([
      'organization: of-all',
      'workspace-default: of-workspace',
      'member: of-member',
      'api-key: of-key',
    ]);
    await store.guardrails.update('of-key', { rules: { ...NO_RULES, ignoredProviders: ['changed'] } });
    expect(ignored(row)).toContain('api-key: changed');
    expect(ignored(key({ id: 'k2', creatorUserId: null }))).toEqual([
      'organization: of-all',
      'workspace-default: of-workspace',
    ]);
  });

  it('loses a guardrail that is replaced, taken away or deleted', async () => {
    const row = key();
    await toKey(await guardrail('one'));
    await toKey(await guardrail('two'));
    expect(ignored(row)).toEqual(['api-key: two']);
    await store.guardrails.unassign(['a-two']);
    expect(ignored(row)).toEqual([]);
    await toKey('one');
    await toMember('two');
    expect(ignored(row)).toEqual(['member: two', 'api-key: one']);
    await store.guardrails.delete('one');
    await store.guardrails.delete('two');
    expect(ignored(row)).toEqual([]);
    expect([store.guardrails.keyAssignments(), store.guardrails.memberAssignments()]).toEqual([[], []]);
  });

  it('can be known at every moment while its guardrail is deleted', async () => {
    await toKey(await guardrail('one'));
    await toMember('one');
    // Written in the same transaction, so that it goes on at the moment that the other does, step by step beside it.
    const beside = store.guardrails.assignMembers([]).then(async () => {
      for (let step = 0; step < 50; step += 1) {
        expect(() => book.policyOf(key())).not.toThrow();
        await Promise.resolve();
      }
    });
    await Promise.all([beside, store.guardrails.delete('one')]);
    expect(ignored(key())).toEqual([]);
  });

  it('has the budgets of its workspace and the credits of its organization', async () => {
    const row = key();
    const scopes = () => book.policyOf(row).budgets.map(({ scope, limit }) => `${scope} ${limit}`);
    expect(scopes()).toEqual(['key_limit null']);
    const put = (id: string, interval: 'daily' | 'lifetime', limit: number) =>
      store.workspaceBudgets.put({ id, workspaceId, interval, limit, createdAt: NOW, updatedAt: NOW });
    await put('b1', 'daily', 1);
    await put('b2', 'lifetime', 2);
    await store.organizations.update(organizationId, { credits: 3 });
    expect(scopes()).toEqual(['workspace 2', 'workspace 1', 'key_limit null', 'credits 3']);
    await store.workspaces.update(workspaceId, { includeByokInBudgets: true });
    expect(book.policyOf(row).budgets.map(({ includeByok }) => includeByok)).toEqual([true, true, false, false]);
    await store.workspaceBudgets.delete(workspaceId, 'lifetime');
    expect(scopes()).toEqual(['workspace 1', 'key_limit null', 'credits 3']);
  });

  it('is what it was when a change is undone', async () => {
    const row = key();
    await toKey(await guardrail('one'));
    const undone = store.transact(async () => {
      await store.guardrails.update('one', { rules: NO_RULES });
      await store.guardrails.unassign(['a-one']);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(ignored(row)).toEqual(['api-key: one']);
  });

  it('is not guessed for a key of no workspace', () => {
    expect(() => book.policyOf(key({ workspaceId: 'nowhere' }))).toThrow('belongs to no workspace');
  });
});

describe('a workspace that is deleted', () => {
  it('takes its guardrails along, off the keys of other workspaces too', async () => {
    const other = {
      ...(await store.workspaces.default()),
      id: 'w2',
      slug: 'lab',
      isDefault: false,
      defaultGuardrailId: 'd2',
    };
    await store.workspaces.insert(other);
    await guardrail('of-lab', { workspaceId: 'w2' });
    await toKey('of-lab');
    expect(ignored(key())).toEqual(['api-key: of-lab']);
    await store.workspaces.delete('w2');
    expect(ignored(key())).toEqual([]);
    expect(store.guardrails.all()).toEqual([]);
  });
});
