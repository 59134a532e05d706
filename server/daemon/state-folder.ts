import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT } from '../cli/exit-codes.ts';
import { StartError } from './start-error.ts';

/**
 * Absolute path of the state folder: `override` (--state), else CALLGATE_HOME, else the platform's convention for state:
 * `$XDG_STATE_HOME/callgate` (~/.local/state), `~/Library/Application Support/Callgate`, `%LOCALAPPDATA%\Callgate`.
 */
export function stateFolder(env: NodeJS.ProcessEnv = process.env, override?: string): string {
  const named = override || env['CALLGATE_HOME'];
  if (named) return resolve(named);
  const home = homedir();
  if (process.platform === 'win32') {
    return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Callgate');
  }
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'Callgate');
  const base = env['XDG_STATE_HOME'];
  // A relative XDG path must be ignored: https://specifications.freedesktop.org/basedir-spec/latest/#variables
  return join(base?.startsWith('/') ? base : join(home, '.local', 'state'), 'callgate');
}

export type StatePaths = {
  readonly state: string;
  readonly lock: string;
  readonly daemonJson: string;
  readonly database: string;
  readonly managementKey: string;
  readonly masterKey: string;
  readonly providerKeys: string;
  readonly config: string;
  readonly logs: string;
  readonly startLog: string;
  readonly bin: string;
};

/** Every file of a state folder, absolute. */
export function paths(state: string): StatePaths {
  const logs = join(state, 'logs');
  return {
    state,
    lock: join(state, 'daemon.lock'),
    daemonJson: join(state, 'daemon.json'),
    database: join(state, 'callgate.db'),
    managementKey: join(state, 'management.key'),
    masterKey: join(state, 'master.key'),
    providerKeys: join(state, 'provider-keys.json'),
    config: join(state, 'config.yaml'),
    logs,
    startLog: join(logs, 'daemon-start.log'),
    bin: join(state, 'bin'),
  };
}

/**
 * Makes the folder (and `logs/` in it) with mode 0700. One of ours that others can enter is tightened.
 * @throws StartError (exit 2) when it is a link, not a folder, another person's, or open to others and plainly not ours.
 */
export function prepareStateFolder(state: string): StatePaths {
  makePrivate(state);
  const all = paths(state);
  makePrivate(all.logs);
  return all;
}

function makePrivate(folder: string): void {
  try {
    if (!lstatSync(folder, { throwIfNoEntry: false })) mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refused(folder, `cannot be made: ${why}`, 'Name another with --state or CALLGATE_HOME.');
  }
  const found = lstatSync(folder);
  // A link could be turned elsewhere after this check by whoever owns the place it stands in.
  if (found.isSymbolicLink()) throw refused(folder, 'is a symbolic link', 'Name the folder it points to.');
  if (!found.isDirectory()) throw refused(folder, 'is not a folder', 'Name a folder with --state or CALLGATE_HOME.');
  if (typeof process.getuid !== 'function') return;
  if (found.uid !== process.getuid()) {
    throw refused(folder, `belongs to another user (uid ${found.uid})`, 'Name a folder of your own with --state.');
  }
  if ((found.mode & 0o077) === 0) return;
  if (!looksOurs(folder)) {
    throw refused(folder, 'is open to other users and holds other files', 'Name a new or empty folder with --state.');
  }
  chmodSync(folder, 0o700);
}

/** Guards against `--state ~` or `--state /tmp`: closing such a folder to others would break more than Callgate. */
function looksOurs(folder: string): boolean {
  const names = readdirSync(folder);
  const marks = /^(daemon\.lock|callgate\.db|management\.key|daemon-start\.log|callgate-\d{4}-\d\d-\d\d(\.\d+)?\.log)$/;
  // What a person may have put there before the first start.
  const before = new Set(['config.yaml', 'logs', 'bin', 'launcher']);
  return names.some((name) => marks.test(name)) || names.every((name) => before.has(name));
}

function refused(folder: string, why: string, remedy: string): StartError {
  return new StartError(`The state folder ${folder} ${why}`, remedy, EXIT.usage);
}

/** Whether what stands in `folder` can be believed: there, a folder, ours. Makes and changes nothing. */
export function isTrustedFolder(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && (typeof process.getuid !== 'function' || found.uid === process.getuid());
}
