import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { open, write } from './editing.ts';
import { eventually } from './eventually.ts';
import { attached, closeEditors, inWorkspace } from './extension.ts';
import { Messages } from './messages.ts';
import { after, afterEach, before, beforeEach, describe, it } from './mocha.ts';

const FILE = 'notes.txt';
const TEXT = 'Nothing here.\nWrite to ada@example.com, soon.\nOr to grace@example.com.\n';

describe('detecting sensitive text', () => {
  let messages: Messages;
  before(async () => {
    await attached();
    await write(FILE, TEXT);
  });
  after(() => vscode.workspace.fs.delete(inWorkspace(FILE)));
  beforeEach(() => {
    messages = new Messages();
    messages.answer = () => '';
  });
  afterEach(async () => {
    await messages.dispose();
    await closeEditors();
  });

  const detect = () => vscode.commands.executeCommand('callgate.detect');
  const said = () => messages.said.map(({ text }) => text);
  /** What the list of findings has gone to. */
  const goesTo = (text: string) =>
    eventually(`"${text}" is selected`, vscode.window.onDidChangeTextEditorSelection, () => {
      const editor = vscode.window.activeTextEditor;
      return editor?.document.getText(editor.selection) === text ? editor : undefined;
    });
  const accept = () => vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');

  it('lists what was found in the file, and goes to it', async () => {
    await open(FILE);
    const done = detect();
    await goesTo('ada@example.com');
    await accept();
    await done;
    await goesTo('ada@example.com');
    assert.deepEqual(said(), []);
  });

  it('looks at no more than the selection, and goes back to it when the list is left', async () => {
    const document = await open(FILE);
    const editor = vscode.window.activeTextEditor;
    assert.ok(editor);
    const selected = 'Or to grace@example.com.';
    const start = document.positionAt(TEXT.indexOf(selected));
    editor.selection = new vscode.Selection(start, start.translate(0, selected.length));
    const done = detect();
    await goesTo('grace@example.com');
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await done;
    await goesTo(selected);
  });

  it('says when nothing was found, and when there is nothing to look at', async () => {
    await open(FILE);
    const editor = vscode.window.activeTextEditor;
    assert.ok(editor);
    editor.selection = new vscode.Selection(0, 0, 0, 13);
    await detect();
    await closeEditors();
    await detect();
    const [nothing, noFile, ...more] = said();
    assert.match(String(nothing), /^Looked at the selection\. Nothing was found \([\d.]+ ms\)\.$/);
    assert.match(String(noFile), /^Open a file as text/);
    assert.deepEqual(more, []);
  });
});
