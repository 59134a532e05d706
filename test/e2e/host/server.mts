import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { vscodeServer } from './code-server.mts';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

export type ServerOptions = {
  /** Holds everything the server writes; `User/settings.json` under it are the person's settings. */
  readonly userData: string;
  readonly extensions: string;
  /** What the extension host inherits. */
  readonly env: NodeJS.ProcessEnv;
  /** False for tests of Restricted Mode. */
  readonly trusted: boolean;
  readonly say: (line: string) => void;
};

export type VscodeServer = {
  /** `127.0.0.1:PORT`, the one spelling that URLs and `vscode-remote:` URIs must share. */
  readonly authority: string;
  readonly token: string;
  /** Settles when the server has ended, by itself or by `stop`. */
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a VS Code server on a free port of the loopback. A random token keeps other programs of this machine out of it.
 *
 * @throws when it cannot be had or ends before it listens, with its last lines
 */
export async function startServer(options: ServerOptions): Promise<VscodeServer> {
  const folder = await vscodeServer(options.say);
  const token = randomBytes(24).toString('hex');
  const child = spawn(
    process.execPath,
    [
      join(folder, 'out/server-main.js'),
      ...['--host', '127.0.0.1', '--port', '0', '--connection-token', token, '--accept-server-license-terms'],
      ...['--server-data-dir', options.userData, '--user-data-dir', options.userData],
      ...['--extensions-dir', options.extensions],
      '--disable-telemetry',
      // The extension host's environment is the one given here, not what a login shell would make of it.
      '--force-disable-user-env',
      // Without it a built VS Code ignores the extension and the tests named in the window's URL, and does not say so.
      '--enable-smoke-test-driver',
      ...(options.trusted ? ['--disable-workspace-trust'] : []),
    ],
    { env: options.env, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' },
  );
  const stop = () => stopTree(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    return { authority: await listening(child), token, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listening(child: ChildProcess): Promise<string> {
  const last: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`The VS Code server ${why}:\n${last.slice(-20).join('\n')}`));
    const timer = setTimeout(() => fail(`did not listen within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${code ?? signal}`);
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface(stream).on('line', (line) => {
        last.push(line);
        if (last.length > 200) last.shift();
        const url = /Web UI available at (\S+)/.exec(line)?.[1];
        if (!url) return;
        clearTimeout(timer);
        resolve(`127.0.0.1:${new URL(url).port}`);
      });
    }
  });
}

/** The server's extension hosts are children of its own; on POSIX its process group takes them with it. */
async function stopTree(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const signal = (name: NodeJS.Signals) => {
    try {
      if (process.platform === 'win32') child.kill(name);
      else process.kill(-(child.pid as number), name);
    } catch {
      // It ended in the meantime.
    }
  };
  const ended = once(child, 'exit');
  signal('SIGTERM');
  const timer = setTimeout(() => signal('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
  // What has not followed its leader by now would stay for good.
  signal('SIGKILL');
}
