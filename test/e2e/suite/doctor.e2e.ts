import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { attached, closeEditors } from './extension.ts';
import { after, before, describe, it } from './mocha.ts';

describe('the doctor', () => {
  before(async () => {
    await attached();
  });
  after(closeEditors);

  it('shows what it found in a document, anew each time', async () => {
    for (let time = 0; time < 2; time += 1) {
      await vscode.commands.executeCommand('callgate.doctor');
      const document = vscode.window.activeTextEditor?.document;
      assert.equal(document?.uri.scheme, 'callgate-doctor');
      assert.equal(document?.languageId, 'markdown');
      assert.match(document?.getText() ?? '', /^# Callgate: Doctor\n/);
      assert.match(document?.getText() ?? '', /^- \*\*state folder\*\*: /m);
    }
    const open = vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .filter(({ label }) => label.includes('Doctor'));
    assert.equal(open.length, 1);
  });
});
