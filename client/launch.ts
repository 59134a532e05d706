import { execFile } from 'node:child_process';
import { join } from 'node:path';
import {
  type DaemonHandle,
  ensureDaemon,
  findDaemon,
  installDaemon,
  nodeRuntime,
  prepareStateFolder,
  removeOthers,
  stateFolder,
} from '../server/ensure-daemon.ts';
import type { Failure } from './failure.ts';
import type { Settings } from './settings.ts';

export type CommandAnswer = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export type Launcher = {
  /** Runs a command of our own version's command line to its end. */
  readonly callgate: (args: readonly string[]) => Promise<CommandAnswer>;
  readonly ensure: (signal: AbortSignal) => Promise<DaemonHandle | Failure>;
  readonly find: (signal: AbortSignal) => Promise<DaemonHandle | null>;
};

/** A service manager may wait for a daemon's drain. */
const COMMAND_MS = 90_000;

/**
 * Finds this person's daemon, or starts it on the Node of their settings, one found on PATH, or VS Code's own runtime.
 * @param dist the extension's folder of bundles
 */
export function createLauncher(
  dist: string,
  version: string,
  settings: Settings,
  log: (line: string) => void,
): Launcher {
  const state = stateFolder(process.env, settings.state);
  return {
    find: (signal) => findDaemon(state, signal),
    callgate: async (args) => {
      const prepared = await prepare(dist, version, state, settings);
      if ('message' in prepared) return { code: null, stdout: '', stderr: prepared.message };
      const [bundle = ''] = prepared.args;
      return runToEnd(prepared.command, [bundle, ...args, '--state', state], prepared.env);
    },
    ensure: async (signal) => {
      const running = await findDaemon(state, signal);
      // A running daemon of ours needs no runtime and no copy of the bundle; its version is judged below either way.
      const launch = running ? { command: process.execPath, args: [] } : await prepare(dist, version, state, settings);
      if ('message' in launch) return launch;
      const result = await ensureDaemon({
        state: state,
        launch,
        signal,
        newcomer: { version, bundle: () => installDaemon(dist, prepareStateFolder(state).bin, version) },
        onSpawn: (pid) => log(`Started ${launch.command} ${launch.args.join(' ')} (pid ${pid ?? 'none'})`),
      });
      switch (result.kind) {
        case 'connected': {
          const [bundle] = launch.args;
          if (result.started && bundle)
            await removeOthers(join(state, 'bin'), bundle).catch((error) => log(String(error)));
          return result.daemon;
        }
        case 'aborted':
          return { message: 'Stopped while starting', remedy: null, detail: null };
        case 'mismatch':
          return { message: result.message, remedy: result.remedy, detail: null };
        case 'failed':
        case 'timeout':
          return { message: result.message, remedy: result.remedy, detail: result.log };
      }
    },
  };
}

function runToEnd(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandAnswer> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: COMMAND_MS, windowsHide: true };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr: stderr || (code === null ? String(error?.message) : '') });
    });
  });
}

type Prepared = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

async function prepare(dist: string, version: string, state: string, settings: Settings): Promise<Prepared | Failure> {
  const runtime = await nodeRuntime(settings.node ? [settings.node] : undefined);
  if (runtime.kind === 'none') return { message: runtime.message, remedy: runtime.remedy, detail: null };
  const { bin } = prepareStateFolder(state);
  const bundle = await installDaemon(dist, bin, version);
  const port = settings.port === undefined ? [] : ['--port', String(settings.port)];
  return {
    command: runtime.command,
    args: [bundle, 'serve', '--state', state, '--on-demand', ...port],
    env: runtime.env,
  };
}
