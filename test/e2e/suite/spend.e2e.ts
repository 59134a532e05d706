import assert from 'node:assert/strict';
import { commands, MarkdownString, ThemeIcon, type TreeItem } from 'vscode';
import type { CallgateExports } from '../../../client/extension.ts';
import type { SpendRow } from '../../../client/spend/rows.ts';
import { SpendTreeProvider } from '../../../client/spend/tree.ts';
import type { KeyState, SpendKey } from '../../../server/protocol.ts';
import { complete, manage } from './daemon.ts';
import { eventually } from './eventually.ts';
import { attached } from './extension.ts';
import { after, before, describe, it, note } from './mocha.ts';

describe('the spend tree', () => {
  let callgate: CallgateExports;
  /** The view's own provider over what the extension knows: the rows are those that VS Code is given. */
  let tree: SpendTreeProvider;
  before(async () => {
    callgate = await attached();
    tree = new SpendTreeProvider(callgate.spend, callgate.approvals);
  });
  after(() => tree?.dispose());

  const rows = (): ReadonlyMap<string, TreeItem> => {
    const under = (row?: SpendRow): SpendRow[] => tree.getChildren(row).flatMap((child) => [child, ...under(child)]);
    return new Map(under().map((row) => [row.id, tree.getTreeItem(row)]));
  };
  const rowOf = (hash: string): TreeItem => {
    const row = rows().get(`key:${hash}`);
    assert.ok(row, `the key ${hash} has no row`);
    return row;
  };
  const tooltipOf = (row: TreeItem | undefined) => {
    assert.ok(row?.tooltip instanceof MarkdownString);
    return row.tooltip.value;
  };
  const keyRowOf = (hash: string) =>
    tree
      .getChildren()
      .flatMap((row) => tree.getChildren(row))
      .flatMap((row) => tree.getChildren(row))
      .find((row) => row.kind === 'key' && row.key.hash === hash);
  const shown = (what: string, hash: string, is: (key: SpendKey) => boolean): Promise<SpendKey> =>
    eventually(what, callgate.spend.onDidChange, () => callgate.spend.keys.find((key) => key.hash === hash && is(key)));
  const newKey = async (name: string, limit: number | null) => {
    const answer = await callgate.api.createKey({ name, limit, limit_reset: limit === null ? null : 'monthly' });
    if (answer.kind !== 'ok') throw new Error(answer.message);
    return { hash: answer.value.data.hash, secret: answer.value.key };
  };

  it('shows what a call cost as soon as it is settled, under its limit and the time of its reset', async () => {
    const { hash, secret } = await newKey('invoice-triage', 0.5);
    await shown('the new key is shown', hash, () => true);
    assert.match(String(rowOf(hash).description), /^\$0\.00 \/ \$0\.50 ▱▱▱▱▱ · resets in \S/);

    const { usage } = await complete(callgate, secret, 'What does this cost?');
    const answered = Date.now();
    const key = await shown('the spend is shown', hash, ({ usage }) => usage > 0);
    note(`the tree followed ${Date.now() - answered} ms after the answer`);

    assert.ok(usage.cost > 0);
    assert.equal(key.usage, usage.cost);
    assert.equal(key.limit_remaining?.toFixed(9), (0.5 - usage.cost).toFixed(9));
    const [, amount] = /^\$(\d+\.\d+) \/ \$0\.50 ▰▱▱▱▱ · resets in \S/.exec(String(rowOf(hash).description)) ?? [];
    assert.equal(Number(amount), Number(usage.cost.toPrecision(4)));
  });

  it('says "no limit" where there is none, and draws no bar', async () => {
    const { hash } = await newKey('unbounded', null);
    await shown('the key is shown', hash, () => true);
    assert.equal(rowOf(hash).description, '$0.00, no limit');
  });

  it('tells the states of keys apart by their icons', async () => {
    const { hash, secret } = await newKey('states', 1);
    const { usage } = await complete(callgate, secret, 'Spend a little.');
    const icon = async (state: KeyState) => {
      await shown(state, hash, (key) => key.state === state);
      const { iconPath } = rowOf(hash);
      assert.ok(iconPath instanceof ThemeIcon);
      return `${iconPath.id} ${iconPath.color?.id}`;
    };
    assert.equal(await icon('fine'), 'key charts.green');
    await callgate.api.updateKey(hash, { limit: usage.cost / 0.9 });
    assert.equal(await icon('near_limit'), 'warning charts.yellow');
    await callgate.api.updateKey(hash, { limit: usage.cost });
    assert.equal(await icon('stopped'), 'error charts.red');
    await callgate.api.updateKey(hash, { disabled: true });
    assert.equal(await icon('disabled'), 'circle-slash disabledForeground');
    assert.equal(rowOf(hash).contextValue, 'key.disabled');
    await callgate.api.updateKey(hash, { disabled: false, limit: 1 });
    assert.equal(await icon('fine'), 'key charts.green');
    assert.equal(rowOf(hash).contextValue, 'key.enabled');
  });

  it('shows an expired key as one', async () => {
    const expires_at = new Date(Date.now() - 60_000).toISOString();
    const { data } = (await manage(callgate, 'POST', '/keys', { name: 'seasonal', limit: 1, expires_at })) as {
      readonly data: { readonly hash: string };
    };
    await shown('expired', data.hash, ({ state }) => state === 'expired');
    const { iconPath, description } = rowOf(data.hash);
    assert.ok(iconPath instanceof ThemeIcon);
    assert.equal(iconPath.id, 'history');
    assert.match(String(description), / · expired$/);
  });

  it('shows the organization over its workspaces, and what is left of its credits', async () => {
    const [organization, ...others] = tree.getChildren();
    assert.equal(organization?.kind, 'organization');
    assert.equal(others.length, 0);
    assert.deepEqual(
      tree.getChildren(organization).map(({ kind }) => kind),
      ['workspace'],
    );
    await manage(callgate, 'PUT', '/callgate/organization/credits', { total_credits: 50 });
    await eventually('what is left', callgate.spend.onDidChange, () =>
      / · \$(49\.\d\d|50\.00) left$/.test(String(rows().get('organization')?.description)),
    );
    await manage(callgate, 'PUT', '/callgate/organization/credits', { total_credits: null });
    await eventually(
      'no limit',
      callgate.spend.onDidChange,
      () => callgate.spend.tree?.organization.budgets?.length === 0,
    );
    assert.match(tooltipOf(rows().get('organization')), /Credits \| no limit/);
  });

  it('names the layer that stops a key, and when it lets it call again', async () => {
    const { hash, secret } = await newKey('stopped-above', 1);
    const { usage } = await complete(callgate, secret, 'Spend a little.');
    const { data } = (await manage(callgate, 'POST', '/guardrails', {
      name: 'Staging',
      limit_usd: usage.cost,
      reset_interval: 'daily',
    })) as { readonly data: { readonly id: string } };
    await manage(callgate, 'POST', `/guardrails/${data.id}/assignments/keys`, { key_hashes: [hash] });
    await shown('stopped', hash, ({ state }) => state === 'stopped');
    assert.match(
      String(rowOf(hash).description),
      /^\$0\.\d+ \/ \$1\.00 ▰▱▱▱▱ · stopped by guardrail "Staging" · resets in \S/,
    );
    assert.match(
      tooltipOf(rowOf(hash)),
      /Guardrail .*Staging.* \| \$0\.\d+ of \$0\.\d+ a day, \*\*spent\*\*, resets 20/,
    );
    await manage(callgate, 'DELETE', `/guardrails/${data.id}`);
    await shown('fine', hash, ({ state }) => state === 'fine');
  });

  it('tells the tier of a behavior', async () => {
    const { hash } = await newKey('nightly', 1);
    const { data } = (await manage(callgate, 'POST', '/callgate/behaviors', {
      name: 'nightly-audit',
      preset: 'hello',
      key: hash,
      tier: 'C',
    })) as { readonly data: { readonly id: string } };
    await shown('tier C', hash, ({ behavior }) => behavior?.tier === 'C');
    assert.match(String(rowOf(hash).description), / · tier C · /);
    await manage(callgate, 'POST', `/callgate/behaviors/${data.id}/demote`, { tier: 'B' });
    await shown('tier B', hash, ({ behavior }) => behavior?.tier === 'B');
    assert.match(tooltipOf(rowOf(hash)), /Behavior \| nightly.*tier B: needs a permit for each task/);
    await manage(callgate, 'DELETE', `/callgate/behaviors/${data.id}`);
    await shown('no behavior', hash, ({ behavior }) => behavior === null);
  });

  it('shows why a key is suspended, and releases it by one click', async () => {
    const { hash, secret } = await newKey('runaway', 1);
    await manage(callgate, 'PATCH', `/keys/${hash}`, { runaway: 'trip' });
    // The same words again and again are a loop.
    for (let time = 0; time < 20; time += 1) await complete(callgate, secret, 'Again.').catch(() => null);
    await shown('suspended', hash, ({ suspended }) => Boolean(suspended));
    const row = rowOf(hash);
    assert.equal(row.contextValue, 'key.suspended');
    assert.match(String(row.description), / · suspended: \S/);
    await assert.rejects(complete(callgate, secret, 'Once more.'), /403 .*key_suspended/);
    await commands.executeCommand('callgate.releaseKey', keyRowOf(hash));
    await shown('released', hash, ({ suspended, state }) => !suspended && state === 'fine');
    await complete(callgate, secret, 'Something else.');
  });

  it('keeps the ids of its rows, so that selection and expansion outlive a refresh', async () => {
    const before = [...rows().keys()];
    assert.equal(new Set(before).size, before.length);
    assert.ok(before.length >= 5);
    await callgate.spend.refresh();
    assert.deepEqual([...rows().keys()], before);
  });

  it('forgets a deleted key', async () => {
    const { hash } = await newKey('short-lived', 1);
    await shown('the key is shown', hash, () => true);
    await callgate.api.deleteKey(hash);
    await eventually('the row is gone', callgate.spend.onDidChange, () => !rows().has(`key:${hash}`));
  });
});
