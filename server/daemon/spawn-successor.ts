import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { isErrno } from './private-file.ts';
import type { StatePaths } from './state-folder.ts';

/**
 * Why a daemon may not be followed by this bundle; null when it may. Only what stands in the state folder's own `bin/` is run, where
 * nobody but its owner can put anything: whoever merely holds the management key cannot choose what this machine runs.
 */
export function whyNotBundle(bundle: string, { bin }: StatePaths): string | null {
  try {
    const real = realpathSync(bundle);
    const inside = relative(realpathSync(bin), real).split(sep);
    if (inside[0] === '..' || inside.length !== 2 || basename(real) !== 'daemon.js')
      return `${bundle} is not in ${bin}`;
    for (const path of [real, dirname(real)]) {
      const { uid, mode } = statSync(path);
      const isOurs = typeof process.getuid !== 'function' || (uid === process.getuid() && (mode & 0o022) === 0);
      if (!isOurs) return `${path} can be written by others`;
    }
    return null;
  } catch (error) {
    return isErrno(error, 'ENOENT') ? `${bundle} is not there` : String(error);
  }
}

/**
 * Starts the daemon that is to follow us, on our own runtime, with a channel to it.
 * @param stays whether we stay in its place with a terminal or a service manager, which then ends both
 */
export function spawnSuccessor(
  bundle: string,
  args: readonly string[],
  { startLog }: StatePaths,
  stays: boolean,
): ChildProcess {
  const log = stays ? null : openSync(startLog, 'a', 0o600);
  try {
    return spawn(process.execPath, [bundle, ...args], {
      detached: !stays,
      windowsHide: true,
      stdio: ['ignore', 'ignore', log ?? 'inherit', 'ipc'],
      env: process.env,
    });
  } finally {
    if (log !== null) closeSync(log);
  }
}
