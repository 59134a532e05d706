import { setTimeout as sleep } from 'node:timers/promises';
import { type Disposable, type ExtensionContext, type LogOutputChannel, Uri, workspace } from 'vscode';
import { requestStop } from './api.ts';
import type { Connection, ConnectionParts } from './connection.ts';
import type { LanguageEvents } from './language.ts';
import type { CommandAnswer } from './launch.ts';
import { asksForAnotherDaemon, readSettings, type Settings } from './settings.ts';

const STOP_POLL = 100;
/** A stopping daemon lets calls in flight finish for 30 s; after that something is wrong with it. */
const STOP_TIMEOUT = 35_000;

/** What the connection's supervisor needs of the real world. Everything heavy is loaded when first used, after activation. */
export function connectionParts(
  context: ExtensionContext,
  log: LogOutputChannel,
  events: LanguageEvents,
): ConnectionParts {
  const dist = Uri.joinPath(context.extensionUri, 'dist').fsPath;
  const version = String(context.extension.packageJSON.version);
  const launcher = async () =>
    (await import('./launch.ts')).createLauncher(dist, version, readSettings(), (line) => log.info(line));
  const find = async (signal: AbortSignal) => (await launcher()).find(signal);
  return {
    find,
    ensure: async (signal) => (await launcher()).ensure(signal),
    attach: async (daemon, signal) => (await import('./language.ts')).attachLanguage(daemon, log, events, signal),
    end: async (daemon) => {
      const signal = AbortSignal.timeout(STOP_TIMEOUT);
      await requestStop(daemon);
      while ((await find(signal))?.pid === daemon.pid) await sleep(STOP_POLL, undefined, { signal });
    },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    now: Date.now,
  };
}

/** Runs a command of our own version's command line, on the state folder that the settings name. */
export async function runCallgate(context: ExtensionContext, args: readonly string[]): Promise<CommandAnswer> {
  const dist = Uri.joinPath(context.extensionUri, 'dist').fsPath;
  const version = String(context.extension.packageJSON.version);
  const { createLauncher } = await import('./launch.ts');
  return createLauncher(dist, version, readSettings(), () => {}).callgate(args);
}

/** Another state folder, port or runtime means another daemon. */
export function followSettings(connection: Connection): Disposable {
  let settings: Settings = readSettings();
  return workspace.onDidChangeConfiguration((event) => {
    if (!event.affectsConfiguration('callgate')) return;
    const next = readSettings();
    if (asksForAnotherDaemon(settings, next)) void connection.reconnect();
    settings = next;
  });
}
