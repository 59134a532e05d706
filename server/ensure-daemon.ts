/**
 * Finds this person's daemon, proves that it is theirs, and starts it when there is none. Used by the editor (which bundles
 * it: nothing heavy may be imported here) and by the command line.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProof, readDaemonJson, readManagementKey } from './daemon/discovery.ts';
import { installDaemon, removeOthers } from './daemon/install.ts';
import { loopbackRequest, readText } from './daemon/loopback-request.ts';
import { type NodeRuntime, nodeRuntime } from './daemon/node-runtime.ts';
import { isAlive } from './daemon/process-alive.ts';
import { type Launch, type Spawned, spawnDaemon } from './daemon/spawn-daemon.ts';
import { StartError } from './daemon/start-error.ts';
import { isTrustedFolder, prepareStateFolder, stateFolder } from './daemon/state-folder.ts';
import { isNewer } from './daemon/version-order.ts';
import {
  CALLGATE_API,
  type HandoffRequest,
  HEALTH_PATH,
  handoffAnswer,
  health,
  OLDEST_PROTOCOL,
  PROTOCOL_VERSION,
} from './protocol.ts';

// The rest of what the editor needs to start a daemon; it may reach the server's code through this file alone.
export { installDaemon, type Launch, type NodeRuntime, nodeRuntime, prepareStateFolder, removeOthers, stateFolder };

/** A daemon that has proved itself. `token` is the management key; `url` has no path. */
export type DaemonHandle = {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  readonly version: string;
  readonly protocol: number;
  /** The oldest protocol that it speaks besides. */
  readonly protocolMin: number;
  readonly state: string;
};

/** Us, if we are to take the place of an older daemon: our version, and how our bundle gets into the state folder's `bin/`. */
export type Newcomer = { readonly version: string; readonly bundle: () => Promise<string> };

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
  /** Milliseconds until the daemon must answer; unless told 10 000, and 45 000 while another one still drains. */
  readonly timeoutMs?: number;
  /** Absent: whichever daemon runs is left in its place. */
  readonly newcomer?: Newcomer;
  /** Told once, when a process was started. */
  readonly onSpawn?: (pid: number | undefined) => void;
};

const POLL_MS = 50;
const START_MS = 10_000;
/** A drain takes up to 30 s, and a daemon that finds its place held waits somewhat longer for it. */
const AFTER_DRAIN_MS = 45_000;
/** For an older daemon that we cannot speak with to find a moment without calls. */
const HANDOFF_MS = 20_000;
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
    const { url, pid, version, protocol, protocol_min: protocolMin = protocol } = info;
    return { url, token, pid, version, protocol, protocolMin, state };
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
  if (running) return settled(await upToDate(running, options), false);

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
  const { state, signal } = options;
  const from = Date.now();
  let timeoutMs = options.timeoutMs ?? START_MS;
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
    if (options.timeoutMs === undefined && isHeldByAnother(state, spawned.pid)) timeoutMs = AFTER_DRAIN_MS;
    if (Date.now() >= from + timeoutMs) {
      const message = `The daemon did not answer within ${Math.round(timeoutMs / 1000)} s`;
      return { kind: 'timeout', message, remedy: `Look into ${spawned.log}, then try again.`, log: spawned.log };
    }
    await sleep(POLL_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

/** Whether a daemon that lives and does not answer has the place: it drains, and its daemon.json goes when it has. */
function isHeldByAnother(state: string, ours: number | undefined): boolean {
  const pid = readDaemonJson(state)?.pid;
  return pid !== undefined && pid !== ours && isAlive(pid);
}

/**
 * Asks an older daemon to give its place to our version, as soon as no call is under way. Where the two sides understand each other
 * that is not waited for: the old one serves until then.
 */
async function upToDate(running: DaemonHandle, { newcomer, signal }: EnsureOptions): Promise<DaemonHandle> {
  if (!newcomer || !isNewer(newcomer.version, running.version)) return running;
  try {
    const { version } = newcomer;
    if (!(await askToHandOff(running, { version, bundle: await newcomer.bundle() }, signal))) return running;
  } catch {
    // It is too old to know how, it cannot be reached, or our bundle cannot be put in place: all the same to who needs a daemon now.
    return running;
  }
  let daemon = running;
  for (const from = Date.now(); !overlaps(daemon) && !signal?.aborted && Date.now() - from < HANDOFF_MS; ) {
    await sleep(POLL_MS * 4, undefined, signal ? { signal } : {}).catch(() => undefined);
    daemon = (await findDaemon(running.state, signal)) ?? daemon;
  }
  return daemon;
}

async function askToHandOff(daemon: DaemonHandle, request: HandoffRequest, signal?: AbortSignal): Promise<boolean> {
  const timeout = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
  const answer = await loopbackRequest(`${daemon.url}${CALLGATE_API}/handoff`, {
    method: 'POST',
    headers: { authorization: `Bearer ${daemon.token}` },
    body: JSON.stringify(request),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  const body = handoffAnswer.safeParse(JSON.parse(await readText(answer, 4_096)));
  return body.success && body.data.accepted;
}

function overlaps({ protocol, protocolMin }: Pick<DaemonHandle, 'protocol' | 'protocolMin'>): boolean {
  return protocol >= OLDEST_PROTOCOL && protocolMin <= PROTOCOL_VERSION;
}

function settled(daemon: DaemonHandle, started: boolean): EnsureResult {
  if (overlaps(daemon)) return { kind: 'connected', daemon, started };
  const older = daemon.protocol < PROTOCOL_VERSION;
  return {
    kind: 'mismatch',
    daemon,
    message: `The running daemon (version ${daemon.version}, pid ${daemon.pid}) speaks protocol ${daemon.protocol}, and this side ${PROTOCOL_VERSION}`,
    remedy: older
      ? 'It is replaced when its calls have ended; or stop it now (`callgate stop`), and the newer one starts by itself.'
      : 'Update this side: reload the window, or install the newer callgate.',
  };
}

function notStarted(error: unknown): EnsureResult {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof StartError ? error.remedy : 'Check the state folder and its rights.';
  return { kind: 'failed', exitCode: error instanceof StartError ? error.exitCode : null, message, remedy, log: '' };
}
