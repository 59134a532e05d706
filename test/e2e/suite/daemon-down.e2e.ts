import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CallgateExports } from '../../../client/extension.ts';
import { eventually } from './eventually.ts';
import { attached, closeEditors, callgate as extension, inWorkspace } from './extension.ts';
import { Messages } from './messages.ts';
import { after, afterEach, before, beforeEach, describe, it } from './mocha.ts';

const HELLO = '.callgate/presets/hello.preset.md';
const NOT_RUNNING = /The Callgate daemon is not running/;

type Manifest = { readonly contributes: { readonly commands: readonly { readonly command: string }[] } };

describe('while the daemon is down', () => {
  let callgate: CallgateExports;
  let messages: Messages;
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => {
    // VS Code cancels what is under way all the time.
    if (!(reason instanceof Error && reason.name === 'Canceled')) rejections.push(reason);
  };
  before(async () => {
    callgate = await attached();
    process.on('unhandledRejection', onRejection);
    await vscode.commands.executeCommand('callgate.stopDaemon');
  });
  after(async () => {
    process.off('unhandledRejection', onRejection);
    await vscode.commands.executeCommand('callgate.startDaemon');
    await callgate.ready();
  });
  beforeEach(() => {
    messages = new Messages();
  });
  afterEach(async () => {
    await messages.dispose();
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await closeEditors();
  });

  /** Runs a command until it has ended, closing what it shows. */
  const run = async (command: string, ...args: readonly unknown[]): Promise<void> => {
    const shown = messages.onSaid(() => void messages.dismiss());
    try {
      await vscode.commands.executeCommand(command, ...args);
    } finally {
      shown.dispose();
    }
  };

  it('stays stopped, and its figures are gone', () => {
    assert.equal(callgate.state().kind, 'stopped');
    assert.equal(callgate.spend.tree, null);
  });

  it('has each command that needs it say so, and offer to start it', async () => {
    const { contributes } = extension().packageJSON as Manifest;
    const all = contributes.commands.map(({ command }) => command);
    const others = [
      ...['callgate.startDaemon', 'callgate.restartDaemon', 'callgate.stopDaemon'],
      ...['callgate.showLog', 'callgate.stopCompletion'],
      // Sets up a service of the machine that runs this; ui/service.ui.mts gives it a machine of its own.
      'callgate.installService',
      ...['callgate.newPreset', 'callgate.openPresetAsText', 'callgate.openPresetEditor'],
    ];
    const telling = all.filter((command) => !others.includes(command));
    assert.equal(telling.length + others.length, all.length, 'a command of the list is not in the manifest');
    for (const command of telling) {
      messages.said.length = 0;
      await run(command, inWorkspace(HELLO), 'Hello');
      const [said, ...more] = messages.said;
      assert.ok(said, `${command} said nothing`);
      assert.deepEqual(more, [], command);
      assert.match(said.text, NOT_RUNNING, command);
      assert.deepEqual(said.items, ['Start Daemon', 'Show Log'], command);
      assert.equal(callgate.state().kind, 'stopped', `${command} started the daemon`);
    }
  });

  it('has each command that does not need it do its work', async () => {
    for (const command of ['callgate.showLog', 'callgate.stopCompletion', 'callgate.stopDaemon']) await run(command);
    const uri = inWorkspace(HELLO);
    const active = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    await run('callgate.openPresetEditor', uri);
    assert.ok(active() instanceof vscode.TabInputCustom);
    await run('callgate.openPresetAsText', uri);
    assert.ok(active() instanceof vscode.TabInputText);
    assert.deepEqual(messages.said, []);
    assert.equal(callgate.state().kind, 'stopped');
  });

  it('is started by the button of the message, and the command goes on', async () => {
    messages.answer = ({ text }) => (NOT_RUNNING.test(text) ? 'Start Daemon' : null);
    await vscode.commands.executeCommand('callgate.refresh');
    assert.equal(callgate.state().kind, 'running');
    await eventually('the spend is back', callgate.spend.onDidChange, () => callgate.spend.tree);
    assert.equal(messages.said.length, 1);
  });

  it('is replaced by a restart, and comes back after a stop', async () => {
    const pid = async () => {
      const status = await callgate.api.status();
      assert.ok(status.kind === 'ok');
      assert.equal(status.value.editors, 1, 'this window is connected more than once');
      return status.value.pid;
    };
    const first = await pid();
    await vscode.commands.executeCommand('callgate.restartDaemon');
    await callgate.ready();
    const second = await pid();
    assert.notEqual(second, first);
    await vscode.commands.executeCommand('callgate.stopDaemon');
    assert.equal(callgate.state().kind, 'stopped');
    await vscode.commands.executeCommand('callgate.startDaemon');
    await callgate.ready();
    assert.notEqual(await pid(), second);
  });

  it('leaves no promise rejected without anybody to see it', () => {
    assert.deepEqual(rejections, []);
  });
});
