import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CallgateExports } from '../../../client/extension.ts';
import { manage } from './daemon.ts';
import { open, write } from './editing.ts';
import { eventually } from './eventually.ts';
import { attached, closeEditors, inWorkspace } from './extension.ts';
import { Messages } from './messages.ts';
import { after, afterEach, before, beforeEach, describe, it } from './mocha.ts';

/** In a folder of its own: VS Code remembers for a while what another suite's file of the same path said. */
const FOLDER = 'policy';
const FILE = `${FOLDER}/callgate.yaml`;
const TEXT = 'workspaces:\n  - slug: lab\nkeys:\n  - name: prober\n    workspace: lab\n    limit: 2\n';

describe('policy as code, in the editor', () => {
  let callgate: CallgateExports;
  let messages: Messages;
  before(async () => {
    callgate = await attached();
    await write(FILE, TEXT);
  });
  after(async () => {
    await vscode.workspace.fs.delete(inWorkspace(FOLDER), { recursive: true });
    for (const { hash, name } of callgate.spend.keys) if (name === 'prober') await callgate.api.deleteKey(hash);
    await manage(callgate, 'DELETE', '/workspaces/lab');
  });
  beforeEach(() => {
    messages = new Messages();
  });
  afterEach(async () => {
    await messages.dispose();
    await closeEditors();
  });

  const run = (command: string) => vscode.commands.executeCommand(`callgate.${command}`, inWorkspace(FILE));
  /** The plan in front, once it says so. */
  const shown = (what: RegExp) => {
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.uri.scheme, 'callgate-plan');
    assert.equal(document?.languageId, 'diff');
    return eventually(String(what), vscode.workspace.onDidChangeTextDocument, () =>
      what.test(document.getText()) ? document.getText() : null,
    );
  };
  const workspaces = () => callgate.spend.tree?.workspaces.map(({ slug }) => slug);

  it('shows what would change, and changes nothing', async () => {
    messages.answer = () => '';
    await run('planPolicy');
    assert.deepEqual(messages.said, []);
    const text = await shown(/prober/);
    assert.match(text, /^callgate\.yaml would change what follows: 2 to make\. Nothing has been done yet\./);
    assert.match(text, /^\+ workspace lab$/m);
    assert.match(text, /^\+ key .*prober.*\n(\+ {5}.*\n)*\+ {5}limit: 2$/m);
    await callgate.spend.refresh();
    assert.ok(!workspaces()?.includes('lab'));
  });

  it('says what is wrong with the file', async () => {
    const document = await open(FILE);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(5, 4), 'most_');
    await vscode.workspace.applyEdit(edit);
    messages.answer = () => '';
    await run('planPolicy');
    await vscode.commands.executeCommand('workbench.action.files.revert');
    assert.equal(messages.said[0]?.severity, 'error');
    assert.match(messages.said[0].text, /callgate\.yaml:6:5: .*most_limit/);
  });

  it('does it once a person has said yes, and shows the secret of a new key', async () => {
    messages.answer = () => '';
    await run('applyPolicy');
    assert.deepEqual(
      messages.said.map(({ text }) => text),
      ['Apply callgate.yaml?'],
    );
    assert.ok(!workspaces()?.includes('lab'), 'it was applied without a yes');

    messages.said.length = 0;
    messages.answer = ({ text }) => (text === 'Apply callgate.yaml?' ? 'Apply' : '');
    await run('applyPolicy');
    assert.deepEqual(
      messages.said.map(({ text }) => text),
      ['Apply callgate.yaml?', 'The secret of the new key', 'Applied callgate.yaml.'],
    );
    const lab = callgate.spend.tree?.workspaces.find(({ slug }) => slug === 'lab');
    assert.deepEqual(
      lab?.keys.map(({ name, limit }) => [name, limit]),
      [['prober', 2]],
    );

    await run('planPolicy');
    await shown(/nothing would change/);
  });

  it('does nothing when it has nothing to do', async () => {
    messages.answer = () => '';
    await run('applyPolicy');
    assert.match(
      messages.said.map(({ text }) => text).join('; '),
      /^Nothing to change: callgate\.yaml says what already is\.$/,
    );
  });
});
