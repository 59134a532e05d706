import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CallgateExports } from '../../../client/extension.ts';
import { manage } from './daemon.ts';
import { open, write } from './editing.ts';
import { eventually } from './eventually.ts';
import { attached, closeEditors, inWorkspace } from './extension.ts';
import { Messages } from './messages.ts';
import { after, afterEach, before, beforeEach, describe, it } from './mocha.ts';

const FILE = 'notes.txt';
const TEXT = 'Nothing here.\nWrite to ada@example.com, soon.\nOr to grace@example.com.\n';

describe('detecting sensitive text', () => {
  let callgate: CallgateExports;
  let messages: Messages;
  before(async () => {
    callgate = await attached();
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
  const next = () => vscode.commands.executeCommand('workbench.action.quickOpenSelectNext');

  it('lists what was found in the file, and goes to it', async () => {
    await open(FILE);
    const done = detect();
    await goesTo('ada@example.com');
    await next();
    await goesTo('grace@example.com');
    await accept();
    await done;
    await goesTo('grace@example.com');
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

  it('goes by the guardrail that is chosen', async () => {
    const { data } = (await manage(callgate, 'POST', '/guardrails', {
      name: 'No phones',
      content_filter_builtins: [{ slug: 'phone', action: 'block' }],
    })) as { readonly data: { readonly id: string } };
    try {
      await open(FILE);
      const lists = listsShown();
      try {
        const done = detect();
        await eventually('the guardrails are offered', lists.onShown, () => lists.labels.length > 0);
        await next();
        await accept();
        await done;
      } finally {
        lists.dispose();
      }
      assert.deepEqual(lists.labels, [['Detectors as they are', 'No phones']]);
      assert.match(said().join('\n'), /^Looked at the file\. Nothing was found/);
    } finally {
      await manage(callgate, 'DELETE', `/guardrails/${data.id}`);
    }
  });
});

/** Hears which lists are shown; what VS Code draws is known only to whoever made it. */
function listsShown() {
  const original = vscode.window.createQuickPick;
  const shown = new vscode.EventEmitter<void>();
  const labels: string[][] = [];
  vscode.window.createQuickPick = <T extends vscode.QuickPickItem>() => {
    const list = original<T>();
    const show = list.show.bind(list);
    list.show = () => {
      show();
      labels.push(list.items.map(({ label }) => label));
      shown.fire();
    };
    return list;
  };
  return {
    labels,
    onShown: shown.event,
    dispose: () => {
      vscode.window.createQuickPick = original;
      shown.dispose();
    },
  };
}
