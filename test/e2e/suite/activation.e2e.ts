import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { callgate } from './extension.ts';
import { describe, it } from './mocha.ts';

type Manifest = { readonly contributes?: { readonly commands?: readonly { readonly command: string }[] } };

describe('activation', () => {
  it('activates', async () => {
    const wasActive = callgate().isActive;
    const from = performance.now();
    await callgate().activate();
    const ms = performance.now() - from;
    assert.equal(callgate().isActive, true);
    // For the benchmark, which is told rather than asserted; a start-up that came first leaves nothing to measure.
    const file = process.env['CALLGATE_E2E_ACTIVATION'];
    if (file && !wasActive) writeFileSync(file, JSON.stringify({ ms, at: new Date().toISOString() }));
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
