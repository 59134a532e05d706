import { spawn } from 'node:child_process';
import { closeSync, fchmodSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { prepareStateFolder } from './state-folder.ts';

/** How to run the daemon: `command args…`, with `env` put over this process's own environment. */
export type Launch = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

export type Spawned = {
  readonly pid: number | undefined;
  /** The file that takes what the daemon says on stderr before (or instead of) starting. */
  readonly log: string;
  /** Null while it runs. `error` is set when it could not be run at all. */
  readonly ended: () => { readonly exitCode: number | null; readonly error?: string } | null;
  readonly lastWords: () => { readonly message: string; readonly remedy: string };
  /** Lets go of the log; the daemon runs on. */
  readonly release: () => void;
};

const LOG_LIMIT = 256 * 1024;
const TAIL = 4_096;

/**
 * Starts the daemon so that it outlives us. Its stdout is dropped (on a first start it could hold a key), its stderr kept.
 * @throws StartError when the state folder is not safe to use.
 */
export function spawnDaemon(state: string, launch: Launch): Spawned {
  const log = prepareStateFolder(state).startLog;
  const file = openSync(log, 'a+', 0o600);
  fchmodSync(file, 0o600);
  if (fstatSync(file).size > LOG_LIMIT) ftruncateSync(file);
  const from = fstatSync(file).size;

  const child = spawn(launch.command, [...launch.args], {
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', file],
    env: { ...inherited(process.env), ...launch.env },
  });
  let ended: { readonly exitCode: number | null; readonly error?: string } | null = null;
  child.once('error', (error) => {
    ended = { exitCode: null, error: `${launch.command} could not be run: ${error.message}` };
  });
  child.once('exit', (exitCode) => {
    ended ??= { exitCode };
  });
  child.unref();

  return {
    pid: child.pid,
    log,
    ended: () => ended,
    lastWords: () => lastWords(file, from, log),
    release: () => closeSync(file),
  };
}

/** Without what an editor's debugger rides on: a daemon that outlives the editor must not wait for it. */
function inherited(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options, VSCODE_INSPECTOR_OPTIONS: debugged, ELECTRON_RUN_AS_NODE: _electron, ...rest } = env;
  return options === undefined || debugged !== undefined ? rest : { ...rest, NODE_OPTIONS: options };
}

function lastWords(file: number, from: number, log: string): { readonly message: string; readonly remedy: string } {
  const size = fstatSync(file).size;
  const start = Math.max(from, size - TAIL);
  const bytes = Buffer.alloc(Math.max(0, size - start));
  readSync(file, bytes, 0, bytes.length, start);
  const text = bytes.toString('utf8').trim();
  return {
    message: text || 'The daemon ended without a word',
    remedy: `Correct that and try again; the log is ${log}.`,
  };
}
