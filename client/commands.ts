import { commands, Disposable, type LogOutputChannel, l10n, ProgressLocation, window, workspace } from 'vscode';
import type { Refused } from './api.ts';
import type { Callgate } from './callgate.ts';
import type { Connection } from './connection.ts';
import { describeFailure, Unreachable } from './failure.ts';

export type Command = {
  /** What must be there before `run`; what is missing is explained, with the way to get it. */
  readonly needs?: readonly ('daemon' | 'trust')[];
  readonly run: (...args: readonly unknown[]) => unknown;
};

/** Registers `callgate.<name>` for each. No command ever ends in "not found" or in silence. */
export function registerCommands(callgate: Callgate, all: Readonly<Record<string, Command>>): Disposable {
  const registered = Object.entries(all).map(([name, { needs = [], run }]) =>
    commands.registerCommand(`callgate.${name}`, async (...args: unknown[]) => {
      if (needs.includes('trust') && !(await demandTrust())) return undefined;
      if (needs.includes('daemon') && !(await demandDaemon(callgate.connection))) return undefined;
      try {
        return await run(...args);
      } catch (error) {
        await showError(error, callgate.log);
        return undefined;
      }
    }),
  );
  return Disposable.from(...registered);
}

/** Tells a refusal in the daemon's words, with its remedy. */
export async function showRefusal(refused: Refused): Promise<void> {
  await window.showErrorMessage(describeFailure({ message: refused.message, remedy: refused.remedy, detail: null }));
}

/** What went wrong on the way to the daemon, and what can be done from here. */
export async function showProblem(connection: Connection): Promise<void> {
  const { state } = connection;
  if (state.kind === 'running') {
    await window.showInformationMessage(l10n.t('The Callgate daemon runs at {0}.', state.handle.url));
    return;
  }
  const restart = state.kind === 'failed' ? l10n.t('Restart Daemon') : l10n.t('Start Daemon');
  const showLog = l10n.t('Show Log');
  const text = state.kind === 'failed' ? describeFailure(state.failure) : l10n.t('The Callgate daemon is not running.');
  const choice = await window.showErrorMessage(text, restart, showLog);
  if (choice === restart)
    await commands.executeCommand(state.kind === 'failed' ? 'callgate.restartDaemon' : 'callgate.startDaemon');
  if (choice === showLog) await commands.executeCommand('callgate.showLog');
}

async function showError(error: unknown, log: LogOutputChannel): Promise<void> {
  const showLog = l10n.t('Show Log');
  if (error instanceof Unreachable) {
    log.error(error.failure.message, error.failure.detail ?? '');
    if ((await window.showErrorMessage(describeFailure(error.failure), showLog)) === showLog) log.show(true);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  log.error(error instanceof Error ? error : String(error));
  if ((await window.showErrorMessage(message, showLog)) === showLog) log.show(true);
}

async function demandTrust(): Promise<boolean> {
  if (workspace.isTrusted) return true;
  const manage = l10n.t('Manage Workspace Trust');
  const choice = await window.showWarningMessage(
    l10n.t('This workspace is not trusted, so nothing of it can be published, run or applied.'),
    manage,
  );
  if (choice === manage) await commands.executeCommand('workbench.trust.manage');
  return workspace.isTrusted;
}

/** Waits for a daemon that is starting; offers to start one that is not. True when it runs. */
async function demandDaemon(connection: Connection): Promise<boolean> {
  const { kind } = connection.state;
  if (kind === 'running') return true;
  if (kind !== 'starting') {
    await showProblem(connection);
    if (connection.state.kind === kind) return false;
  }
  const options = {
    location: ProgressLocation.Notification,
    title: l10n.t('Waiting for the Callgate daemon…'),
    cancellable: true,
  };
  return window.withProgress(options, async (_progress, token) => {
    const abort = new AbortController();
    const cancelled = token.onCancellationRequested(() => abort.abort());
    try {
      await connection.ready(abort.signal);
      return true;
    } catch (error) {
      if (!abort.signal.aborted && error instanceof Unreachable) void showProblem(connection);
      return false;
    } finally {
      cancelled.dispose();
    }
  });
}
