import { chmodSync, closeSync, openSync } from 'node:fs';
import type * as Sqlite from 'node:sqlite';
import { EXIT } from '../cli/exit-codes.ts';
import { isNodeSupported, nodeTooOld } from './node-version.ts';
import { StartError } from './start-error.ts';
import { paths } from './state-folder.ts';

export type Lock = { readonly release: () => void };

/**
 * Takes the one daemon's place in a state folder, or answers null when a living process has it. The lock is the exclusive
 * transaction of a small SQLite file, so the system frees it with the process, `kill -9` included.
 * No code of this process may open and close that file otherwise: POSIX drops all its locks at any close.
 */
export function acquireLock(state: string): Lock | null {
  const file = paths(state).lock;
  const { DatabaseSync } = sqlite();
  // Made by hand first, because SQLite makes files with the umask's mode; 'ax' fails on the usual path: it is there.
  try {
    closeSync(openSync(file, 'ax', 0o600));
    chmodSync(file, 0o600);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      database.close();
    },
  };
}

/** Loaded at need: on a Node without it an import would end the process with a stack trace instead of a sentence. */
function sqlite(): typeof Sqlite {
  if (!isNodeSupported(process.versions.node)) {
    throw new StartError(nodeTooOld(process.versions.node), 'Install a newer Node.', EXIT.environment);
  }
  return process.getBuiltinModule('node:sqlite');
}

/** SQLITE_BUSY (5) and its extended codes: https://www.sqlite.org/rescode.html#busy */
function isBusy(error: unknown): boolean {
  return (
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5
  );
}
