import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { callgate } from './extension.ts';
import { describe, it } from './mocha.ts';

type Manifest = { readonly contributes?: { readonly commands?: readonly { readonly command: string }[] } };

describe('activation', () => {
  it('activates', async () => {
    await callgate().activate();
    assert.equal(callgate().isActive, true);
  });

  it('has registered every command that its manifest contributes', async () => {
    const manifest = callgate().packageJSON as Manifest;
    const contributed = (manifest.contributes?.commands ?? []).map(({ command }) => command);
    assert.notEqual(contributed.length, 0);
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = contributed.filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});
