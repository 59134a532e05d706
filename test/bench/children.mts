/** The processes of a run: each on its core where the platform can pin, each ended with the run whatever becomes of it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Where a process runs: the gateway under test has a core to itself, everything that loads it shares the other. */
export type Place = 'gateway' | 'load' | 'anywhere';

type StartOptions = { readonly place: Place; readonly env?: NodeJS.ProcessEnv };

/** How long a process may take to say that it is ready, and then to end. */
const READY_MS = 30_000;
const END_MS = 5_000;

export class Children {
  readonly #running = new Set<ChildProcess>();
  readonly #cores: readonly [string, string] | null = twoCores();
  #over = false;

  /** Whether processes are pinned; when not, they compete for the same cores. */
  get pinned(): boolean {
    return this.#cores !== null;
  }

  /** Starts a process whose standard output is read and whose errors are shown only when it fails. @throws once `end` was called. */
  start(command: readonly string[], { place, env = {} }: StartOptions): Child {
    if (this.#over) throw new Error('The run was ended before it was done');
    const core = place === 'anywhere' ? undefined : this.#cores?.[place === 'gateway' ? 0 : 1];
    const [file = '', ...rest] = core === undefined ? command : ['taskset', '-c', core, ...command];
    const startedMs = performance.now();
    const process_ = spawn(file, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(process_);
    process_.once('exit', () => this.#running.delete(process_));
    return new Child(process_, command.join(' '), startedMs);
  }

  /** Ends everything that still runs, and lets nothing begin. */
  async end(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#running].map(endProcess));
  }
}

export class Child {
  readonly #process: ChildProcess;
  readonly #command: string;
  readonly #startedMs: number;
  #stdout = '';
  #stderr = '';

  constructor(process_: ChildProcess, command: string, startedMs: number) {
    this.#process = process_;
    this.#command = command;
    this.#startedMs = startedMs;
    process_.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    process_.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** The first line it prints, and the milliseconds it took from the start to there. @throws when it ends or dawdles before. */
  firstLine(): Promise<{ readonly line: string; readonly ms: number }> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${this.#command} ${why}:\n${this.#stderr}`));
      const timer = setTimeout(fail, READY_MS, 'says nothing');
      this.#process.once('error', (error) => fail(error.message));
      this.#process.once('close', () => fail('ended before it was ready'));
      this.#process.stdout?.on('data', () => {
        const end = this.#stdout.indexOf('\n');
        if (end < 0) return;
        clearTimeout(timer);
        resolve({ line: this.#stdout.slice(0, end), ms: performance.now() - this.#startedMs });
      });
    });
  }

  /** Waits for its end and gives all it printed. @throws when it fails. */
  async output(): Promise<string> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'close');
    if (this.#process.exitCode !== 0) throw new Error(`${this.#command} failed:\n${this.#stderr}${this.#stdout}`);
    return this.#stdout;
  }

  async end(): Promise<void> {
    await endProcess(this.#process);
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}

/** Whether a program can be started here. */
export function exists(program: string, argument: string): boolean {
  return !spawnSync(program, [argument], { stdio: 'ignore' }).error;
}

/** The first two cores this process may use; null where processes cannot be pinned to two different ones. */
function twoCores(): readonly [string, string] | null {
  if (process.platform !== 'linux' || !exists('taskset', '--version')) return null;
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const [first, second] = allowed.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
  });
  return first === undefined || second === undefined ? null : [first, second];
}
