import { Worker } from 'node:worker_threads';

/** A text, for the daemon is one file and this thread is rarely needed. */
const CHECK = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(workerData, { readOnly: true });
try {
  parentPort.postMessage(database.prepare('PRAGMA quick_check(20)').all().map((row) => String(row.quick_check)));
} finally {
  database.close();
}`;

/** Reads the whole file through beside the calls, in a thread of its own; what is damaged, or nothing. */
export function quickCheck(file: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(CHECK, { eval: true, workerData: file });
    worker.once('message', (lines: string[]) => resolve(lines.filter((line) => line !== 'ok')));
    // A file too damaged to be opened or read says so by an error.
    worker.once('error', (error) =>
      'code' in error && error.code === 'ERR_SQLITE_ERROR' ? resolve([error.message]) : reject(error),
    );
    worker.once('exit', () => reject(new Error('the check ended without a result')));
  });
}
