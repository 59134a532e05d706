/**
 * Finds this person's daemon, proves that it is theirs, and starts it when there is none. Used by the editor (which bundles
 * it: nothing heavy may be imported here) and by the command line.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProof, readDaemonJson, readManagementKey } from './daemon/discovery.ts';
import { loopbackRequest, readText } from './daemon/loopback-request.ts';
import { type NodeRuntime, nodeRuntime } from './daemon/node-runtime.ts';
import { type Launch, type Spawned, spawnDaemon } from './daemon/spawn-daemon.ts';
import { StartError } from './daemon/start-error.ts';
import { isTrustedFolder, prepareStateFolder, stateFolder } from './daemon/state-folder.ts';
import { HEALTH_PATH, health, PROTOCOL_VERSION } from './protocol.ts';

// The rest of what the editor needs to start a daemon; it may reach the server's code through this file alone.
export { type Launch, type NodeRuntime, nodeRuntime, prepareStateFolder, stateFolder };

/** A daemon that has proved itself. `token` is the management key; `url` has no path. */
export type DaemonHandle = {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly version: string;
  readonly protocol: number;
  readonly state: string;
};

export type EnsureResult =
  | { readonly kind: 'connected'; readonly daemon: DaemonHandle; readonly started: boolean }
  | { readonly kind: 'mismatch'; readonly daemon: DaemonHandle; readonly message: string; readonly remedy: string }
  /** The daemon ended instead of starting; `message` is its own last words, `log` the file that holds all of them. */
  | {
      readonly kind: 'failed';
      readonly exitCode: number | null;
      readonly message: string;
      readonly remedy: string;
      readonly log: string;
    }
  | { readonly kind: 'timeout'; readonly message: string; readonly remedy: string; readonly log: string }
  | { readonly kind: 'aborted' };

export type EnsureOptions = {
  readonly state: string;
  readonly launch: Launch;
  readonly signal?: AbortSignal;
  /** Milliseconds until the daemon must answer; 10 000 unless told. */
  readonly timeoutMs?: number;
  /** Told once, when a process was started. */
  readonly onSpawn?: (pid: number | undefined) => void;
};

const POLL_MS = 50;
const HEALTH_TIMEOUT_MS = 1_500;

/**
 * The daemon of this state folder, or null when none answers with proof. A process that merely sits on its port, or a stale
 * daemon.json, is null; the token is never sent before the proof.
 */
export async function findDaemon(state: string, signal?: AbortSignal): Promise<DaemonHandle | null> {
  try {
    if (!isTrustedFolder(state)) return null;
    const info = readDaemonJson(state);
    const token = readManagementKey(state);
    if (!info || !token) return null;
    const nonce = randomBytes(16).toString('hex');
    const timeout = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const answer = await loopbackRequest(`${info.url}${HEALTH_PATH}?nonce=${nonce}`, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const body = health.safeParse(JSON.parse(await readText(answer, 4_096)));
    if (answer.statusCode !== 200 || !body.success || !body.data.proof) return null;
    if (!isProof(token, nonce, body.data.proof)) return null;
    const { url, pid, version, protocol } = info;
    return { url, token, pid, version, protocol, state };
  } catch {
    // Refused, reset, timed out, aborted, unreadable or not JSON: whatever is there, it is no daemon of ours.
    return null;
  }
}

/**
 * Finds the daemon or starts one and waits until it answers. Any number of callers may do this at once: the daemons they
 * start settle among themselves which one stays, and every caller connects to that one.
 */
export async function ensureDaemon(options: EnsureOptions): Promise<EnsureResult> {
  const { state, signal } = options;
  const running = await findDaemon(state, signal);
  if (signal?.aborted) return { kind: 'aborted' };
  if (running) return settled(running, false);

  let spawned: Spawned;
  try {
    spawned = spawnDaemon(state, options.launch);
  } catch (error) {
    return notStarted(error);
  }
  options.onSpawn?.(spawned.pid);
  try {
    return await untilItAnswers(options, spawned);
  } finally {
    spawned.release();
  }
}

async function untilItAnswers(options: EnsureOptions, spawned: Spawned): Promise<EnsureResult> {
  const { state, signal, timeoutMs = 10_000 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (signal?.aborted) return { kind: 'aborted' };
    // Read before asking: a daemon that ended after our question may still have been the one that answered it.
    const ended = spawned.ended();
    const daemon = await findDaemon(state, signal);
    if (daemon) return settled(daemon, daemon.pid === spawned.pid);
    // Exit 0 is the loser of a race: the winner is about to answer.
    if (ended && ended.exitCode !== 0) {
      const { message, remedy } = spawned.lastWords();
      return { kind: 'failed', exitCode: ended.exitCode, message: ended.error ?? message, remedy, log: spawned.log };
    }
    if (Date.now() >= deadline) {
      const message = `The daemon did not answer within ${Math.round(timeoutMs / 1000)} s`;
      return { kind: 'timeout', message, remedy: `Look into ${spawned.log}, then try again.`, log: spawned.log };
    }
    await sleep(POLL_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

function settled(daemon: DaemonHandle, started: boolean): EnsureResult {
  if (daemon.protocol === PROTOCOL_VERSION) return { kind: 'connected', daemon, started };
  const older = daemon.protocol < PROTOCOL_VERSION;
  return {
    kind: 'mismatch',
    daemon,
    message: `The running daemon (version ${daemon.version}, pid ${daemon.pid}) speaks protocol ${daemon.protocol}, and this side ${PROTOCOL_VERSION}`,
    remedy: older
      ? 'Stop the daemon (`callgate stop`); the newer one then starts by itself.'
      : 'Update this side: reload the window, or install the newer callgate.',
  };
}

function notStarted(error: unknown): EnsureResult {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof StartError ? error.remedy : 'Check the state folder and its rights.';
  return { kind: 'failed', exitCode: error instanceof StartError ? error.exitCode : null, message, remedy, log: '' };
}
