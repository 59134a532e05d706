import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A folder that goes away at `dispose`, and every process that was started through it. */
export class Harness {
  readonly folder = mkdtempSync(join(tmpdir(), 'callgate-daemon-'));
  readonly state = join(this.folder, 'state');
  readonly #children = new Set<ChildProcess>();
  readonly #script: string;

  constructor(script: string) {
    this.#script = script;
  }

  /** Starts the command line; stdout and stderr gather in the answer. */
  start(args: readonly string[], more: { env?: Record<string, string>; input?: string } = {}): Running {
    const child = spawn(process.execPath, [this.#script, ...args], {
      env: { PATH: process.env['PATH'], HOME: this.folder, CALLGATE_HOME: this.state, ...more.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.stdin.end(more.input ?? '');
    return new Running(child);
  }

  /** Runs a command to its end. */
  run(args: readonly string[], more: { env?: Record<string, string>; input?: string } = {}): Promise<Ended> {
    return this.start(args, more).ended;
  }

  /** Runs `serve --json --port 0 …` until it is ready. */
  async serve(args: readonly string[] = [], env: Record<string, string> = {}) {
    const running = this.start(['serve', '--json', '--port', '0', ...args], { env });
    const line = await running.line();
    return { running, info: JSON.parse(line) as { url: string; pid: number; state: string; version: string } };
  }

  async dispose(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  #heard = () => {};

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk) => {
      this.#stdout += chunk;
      this.#heard();
    });
    child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
      this.#heard();
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The first whole line on stdout, or failure when the process ends before one. */
  line(): Promise<string> {
    return this.until(() => {
      const end = this.#stdout.indexOf('\n');
      return end < 0 ? null : this.#stdout.slice(0, end);
    });
  }

  /** What `find` answers, asked again whenever the process has said something. */
  until<T>(find: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found !== null) resolve(found);
      };
      this.#heard = look;
      look();
      void this.ended.then(({ code, stdout, stderr }) =>
        reject(new Error(`ended with ${code}:\n${stdout}\n${stderr}`)),
      );
    });
  }
}

/** Bundles an entry as `npm run build` bundles the daemon. */
export async function bundle(
  entry: string,
  version = '9.9.9',
): Promise<{ readonly script: string; readonly remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'callgate-bundle-'));
  const script = join(folder, 'daemon.cjs');
  await build({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22.13',
    logLevel: 'error',
    define: { CALLGATE_VERSION: JSON.stringify(version) },
  });
  return { script, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A process that holds a port and is none of ours. */
export function squat(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"status":"ok"}'));
    server.once('error', reject);
    server.listen({ host, port }, () => resolve(server));
  });
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
