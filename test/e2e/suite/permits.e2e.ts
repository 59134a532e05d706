import assert from 'node:assert/strict';
import { commands } from 'vscode';
import type { CallgateExports } from '../../../client/extension.ts';
import type { SpendRow } from '../../../client/spend/rows.ts';
import { SpendTreeProvider } from '../../../client/spend/tree.ts';
import { manage } from './daemon.ts';
import { eventually } from './eventually.ts';
import { attached } from './extension.ts';
import { Messages } from './messages.ts';
import { after, afterEach, before, beforeEach, describe, it } from './mocha.ts';

type Refused = { readonly error: { readonly metadata: { readonly reason: string } } };
const ASKS =
  /“importer” asks to call callgate\/sandbox, for at most \$0\.\d+\. .* · task \S+ · permit required for the key$/;

describe('a call that needs a permit', () => {
  let callgate: CallgateExports;
  let tree: SpendTreeProvider;
  let messages: Messages;
  let secret = '';
  let requirement = '';
  before(async () => {
    callgate = await attached();
    tree = new SpendTreeProvider(callgate.spend, callgate.approvals);
    const made = await callgate.api.createKey({ name: 'importer', limit: 1, limit_reset: 'monthly' });
    assert.ok(made.kind === 'ok');
    secret = made.value.key;
    const { data } = (await manage(callgate, 'POST', '/callgate/permits/requirements', {
      kind: 'key',
      value: made.value.data.hash,
    })) as { readonly data: { readonly id: string } };
    requirement = data.id;
  });
  after(async () => {
    await manage(callgate, 'DELETE', `/callgate/permits/requirements/${requirement}`);
    tree.dispose();
  });
  beforeEach(() => {
    messages = new Messages();
  });
  afterEach(() => messages.dispose());

  const call = async (task: string) => {
    const answer = await fetch(`${await callgate.api.baseUrl()}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-session-id': task },
      body: JSON.stringify({ model: '@preset/hello', messages: [{ role: 'user', content: `For ${task}` }] }),
    });
    return { status: answer.status, body: (await answer.json()) as Refused };
  };
  /** Its row, once it waits. */
  const waiting = (): Promise<SpendRow> =>
    eventually('a call waits', callgate.approvals.onDidChange, () => {
      const [first] = tree.getChildren();
      return first?.kind === 'permits' ? tree.getChildren(first)[0] : undefined;
    });
  const nobodyWaits = () =>
    eventually('nobody waits', callgate.approvals.onDidChange, () => callgate.approvals.pending.length === 0);

  it('waits until the message is answered, and goes on when it is allowed once', async () => {
    messages.answer = ({ text }) => (ASKS.test(text) ? 'Allow Once' : null);
    assert.equal((await call('once')).status, 200);
    const [asked] = messages.said.filter(({ text }) => ASKS.test(text));
    assert.equal(asked?.severity, 'warning');
    assert.deepEqual(asked.items, ['Allow Once', 'Allow This Task…', 'Deny']);
    await nobodyWaits();
  });

  it('is refused when it is denied, and says so', async () => {
    messages.answer = ({ text }) => (ASKS.test(text) ? 'Deny' : null);
    const { status, body } = await call('denied');
    assert.equal(status, 403);
    assert.equal(body.error.metadata.reason, 'permit_denied');
    await nobodyWaits();
  });

  it('stands over the keys in the tree while it waits, and is answered there', async () => {
    const under = call('in the tree');
    const row = await waiting();
    assert.equal(row.label, 'importer');
    assert.match(row.description, /^at most \$0\.\d+ · callgate\/sandbox$/);
    assert.equal(row.context, 'permit.task');
    assert.equal(tree.badge?.value, 1);
    await commands.executeCommand('callgate.allowPermitOnce', row);
    assert.equal((await under).status, 200);
    await nobodyWaits();
    assert.notEqual(tree.getChildren()[0]?.kind, 'permits');
    assert.equal(tree.badge, undefined);
  });

  it('is denied there too', async () => {
    const under = call('denied in the tree');
    await commands.executeCommand('callgate.denyPermit', await waiting());
    const { status, body } = await under;
    assert.equal(status, 403);
    assert.equal(body.error.metadata.reason, 'permit_denied');
  });

  it('is told of, when it was answered elsewhere before', async () => {
    // Nobody presses a button here.
    messages.answer = () => '';
    const under = call('elsewhere');
    const row = await waiting();
    assert.ok(row.kind === 'permit');
    await callgate.api.answerPermit(row.request.id, { decision: 'once', by: 'another window' });
    assert.equal((await under).status, 200);
    await nobodyWaits();
    await callgate.approvals.answer(row.request, { decision: 'deny' });
    assert.equal(messages.said.at(-1)?.text, 'This was answered elsewhere: once.');
    await commands.executeCommand('callgate.denyPermit', row);
    assert.equal(messages.said.at(-1)?.text, 'Nobody waits for this answer any more.');
  });

  it('finds nobody waiting when nobody does', async () => {
    messages.answer = () => '';
    await commands.executeCommand('callgate.pendingPermits');
    assert.deepEqual(
      messages.said.map(({ text }) => text),
      ['No call waits for your permit.'],
    );
  });
});
