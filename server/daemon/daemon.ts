/** The daemon's life: folder → lock → config → insides → listen → daemon.json → … → drain → close → lock released. */
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, type ExitCode } from '../cli/exit-codes.ts';
import { type DaemonHandle, findDaemon } from '../ensure-daemon.ts';
import {
  type DaemonInfo,
  DEFAULT_PORT,
  type HandoffAnswer,
  type HandoffRequest,
  OLDEST_PROTOCOL,
  PROTOCOL_VERSION,
} from '../protocol.ts';
import type { Compose, Composition } from './composition.ts';
import { type LoadedConfig, loadConfig } from './config.ts';
import type { Config } from './config-schema.ts';
import { deleteDaemonJson, readDaemonJson, readOrCreateManagementKey, writeDaemonJson } from './discovery.ts';
import { handOver, lingerOut } from './hand-over.ts';
import { IdleExit, idleMinutes } from './idle-exit.ts';
import { isBeyondLoopback, type Listening, listen } from './listen.ts';
import { LiveConfig } from './live-config.ts';
import { acquireLock, type Lock } from './lock.ts';
import { type LogFile, openLog } from './logs.ts';
import { followLauncher } from './service/launcher.ts';
import { spawnSuccessor, whyNotBundle } from './spawn-successor.ts';
import { paths as pathsOf, prepareStateFolder, type StatePaths } from './state-folder.ts';
import type { Succession } from './succession.ts';
import { openVault } from './vault.ts';
import { isNewer } from './version-order.ts';

export type StartOptions = {
  readonly state: string;
  readonly host?: string | undefined;
  /** 0 takes a free one; absent: config.yaml's, else 4141. */
  readonly port?: number | undefined;
  /** Another file than the state folder's config.yaml; it must exist. */
  readonly config?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly compose: Compose;
  /** Started by a program that needed it, not by a person or a service manager: nobody waits for this very process. */
  readonly onDemand?: boolean | undefined;
  /** Wait for the daemon that runs to end, and take its place then. */
  readonly standby?: boolean | undefined;
  /** Present when it is to follow a daemon that runs, on the same sockets. */
  readonly succession?: Succession | undefined;
  /** Told once when another daemon holds the folder and does not answer, which is most often one that is stopping. */
  readonly onWait?: (pid: number | null) => void;
};

export type StartResult =
  | { readonly kind: 'started'; readonly daemon: RunningDaemon }
  | { readonly kind: 'already_running'; readonly daemon: DaemonHandle }
  | { readonly kind: 'invalid_config'; readonly problems: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string; readonly exitCode: ExitCode };

export type RunningDaemon = {
  readonly info: DaemonInfo;
  /** Makes a first API key to be shown, unless there is one. */
  readonly mintFirstKey: () => Promise<string | null>;
  readonly log: LogFile;
  /** Drains (at most 30 s), then closes all. Asked again, it cuts what is still in flight. */
  readonly stop: (why: string) => void;
  /** Reads config.yaml again. */
  readonly reload: (why: string) => void;
  /** Resolves when everything is closed and the lock is free, or another daemon has it and has ended: with the exit code. */
  readonly closed: Promise<number>;
};

const DRAIN_MS = 30_000;
/** Longer than a drain, so that a daemon started while another one stops takes its place. */
const WAIT_FOR_LOCK_MS = DRAIN_MS + 5_000;
const POLL_MS = 50;
const STANDBY_MS = 500;

/** @throws StartError when the state folder is unsafe or a file in it damaged, and I/O errors. */
export async function startDaemon(options: StartOptions): Promise<StartResult> {
  const paths = prepareStateFolder(options.state);
  const place = options.succession ? await inherit(options, options.succession, paths) : await lockOrRunning(options);
  if (place.kind !== 'locked') return place;
  const { lock } = place;
  try {
    const result = await startLocked(options, paths, lock);
    if (result.kind !== 'started') lock.release();
    return result;
  } catch (error) {
    lock.release();
    throw error;
  }
}

type Place =
  | { readonly kind: 'locked'; readonly lock: Lock }
  | Extract<StartResult, { kind: 'already_running' | 'refused' | 'invalid_config' }>;

/** Waits for the place of the daemon that it follows, which goes on serving until this one could start. */
async function inherit({ state, config }: StartOptions, succession: Succession, paths: StatePaths): Promise<Place> {
  const loaded = loadConfig(resolve(config ?? paths.config), config !== undefined);
  if (loaded.kind === 'invalid') return { kind: 'invalid_config', problems: loaded.problems };
  const remedy = 'It is asked again the next time.';
  if (!(await succession.ready()))
    return { kind: 'refused', message: 'The running daemon keeps its place', remedy, exitCode: EXIT.unreachable };
  for (const from = Date.now(); Date.now() - from < WAIT_FOR_LOCK_MS; await sleep(POLL_MS)) {
    const lock = acquireLock(state);
    if (lock) return { kind: 'locked', lock };
  }
  return { kind: 'refused', message: `${state} is still held`, remedy, exitCode: EXIT.unreachable };
}

/** One of many starters gets the lock; the others wait for its daemon to answer, or for its place to become free. */
async function lockOrRunning({ state, standby, onWait }: StartOptions): Promise<Place> {
  const from = Date.now();
  for (let told = false; ; ) {
    const lock = acquireLock(state);
    if (lock) return { kind: 'locked', lock };
    if (standby) {
      await sleep(STANDBY_MS);
      continue;
    }
    const daemon = await findDaemon(state);
    if (daemon) return { kind: 'already_running', daemon };
    const waited = Date.now() - from;
    const pid = readDaemonJson(state)?.pid ?? null;
    if (waited > WAIT_FOR_LOCK_MS) {
      const who = pid === null ? 'Another process' : `The daemon with pid ${pid}`;
      const message = `${who} holds ${state} and does not answer`;
      return { kind: 'refused', message, remedy: 'End that process, then start again.', exitCode: EXIT.unreachable };
    }
    if (!told && waited > 1_000) {
      told = true;
      onWait?.(pid);
    }
    await sleep(POLL_MS);
  }
}

async function startLocked(options: StartOptions, paths: StatePaths, lock: Lock): Promise<StartResult> {
  // Left by a daemon that was killed; whoever reads it now would ask a port that may be anybody's. After a succession it is ours.
  if (!options.succession) deleteDaemonJson(options.state);
  const configPath = resolve(options.config ?? paths.config);
  const loaded: LoadedConfig = loadConfig(configPath, options.config !== undefined);
  if (loaded.kind === 'invalid') return { kind: 'invalid_config', problems: loaded.problems };
  const { config } = loaded;
  const host = options.host ?? config.server.host;
  const unnamed = withoutNames(host, config);
  if (unnamed !== null) {
    const remedy = 'List the names they will call this machine by under server.allowed_hosts in config.yaml.';
    return { kind: 'refused', message: unnamed, remedy, exitCode: EXIT.usage };
  }
  const log = openLog(paths.logs);
  const running = new Lifetime(options.state, lock, log);
  try {
    return await running.start(options, config, configPath, host);
  } catch (error) {
    log.error('start_failed', { error });
    await running.closeInsides();
    log.close();
    throw error;
  }
}

/** Why a daemon on this host may not run with this configuration; null when it may. */
function withoutNames(host: string | undefined, config: Config): string | null {
  if (!isBeyondLoopback(host) || config.server.allowed_hosts.length > 0) return null;
  return `--host ${host} lets other machines in, and server.allowed_hosts is empty`;
}

/** The command line of a daemon like this one. Its port is what the sockets have, or what it is told anew. */
function argumentsOf({ state, host, port, config, onDemand }: StartOptions): readonly string[] {
  return [
    ...['serve', '--state', state],
    ...(host === undefined ? [] : ['--host', host]),
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(config === undefined ? [] : ['--config', resolve(config)]),
    ...(onDemand ? ['--on-demand'] : []),
  ];
}

/** What a daemon that is being started, runs, or is being stopped holds on to. */
class Lifetime {
  readonly #state: string;
  readonly #lock: Lock;
  readonly #log: LogFile;
  #composition: Composition | undefined;
  #listening: Listening | undefined;
  #config: LiveConfig | undefined;
  #idle: IdleExit | undefined;
  #info: DaemonInfo | null = null;
  #stopping = false;
  #options: StartOptions | undefined;
  /** Set while this daemon gives its place away; `stop` is where a wish to end goes once it has. */
  #handing: { readonly version: string; readonly abort: AbortController; stop: (() => void) | null } | null = null;
  readonly #closed = Promise.withResolvers<number>();

  constructor(state: string, lock: Lock, log: LogFile) {
    this.#state = state;
    this.#lock = lock;
    this.#log = log;
  }

  async start(
    options: StartOptions,
    config: Config,
    configPath: string,
    host: string | undefined,
  ): Promise<StartResult> {
    const state = this.#state;
    this.#options = options;
    const managementKey = readOrCreateManagementKey(state);
    const live = new LiveConfig({
      path: configPath,
      running: config,
      apply: (next) => {
        const unnamed = withoutNames(host, next);
        if (unnamed !== null) throw new Error(unnamed);
        this.#composition?.reconfigure(next);
        current = next;
      },
      tell: (standing) => this.#composition?.tellConfig(standing),
      log: this.#log,
    });
    this.#config = live;
    let current = config;
    this.#composition = await options.compose({
      state,
      config,
      managementKey,
      vault: openVault(state, options.env),
      log: this.#log,
      now: () => new Date(),
      env: options.env,
      info: () => this.#info,
      requestStop: () => void setImmediate(() => this.stop('requested')),
      configStanding: () => live.standing,
      reloadConfig: () => live.reload('requested'),
      handOff: (request) => this.#handOff(request),
      handingOverTo: () => this.#handing?.version ?? null,
      onDemand: options.onDemand === true,
    });
    const { app, setBaseUrl } = this.#composition;
    const onPort = (port: number) => setBaseUrl(`http://127.0.0.1:${port}`);
    const port = options.port ?? config.server.port ?? DEFAULT_PORT;
    const listening = await (options.succession?.listen(app, onPort) ?? listen(app, host, port, onPort));
    if (listening.kind === 'refused') {
      this.#log.error('listen_failed', { message: listening.message });
      await this.closeInsides();
      this.#log.close();
      return { ...listening, exitCode: EXIT.environment };
    }
    this.#listening = listening;
    this.#info = {
      url: `http://127.0.0.1:${listening.port}`,
      pid: process.pid,
      state,
      version: CALLGATE_VERSION,
      protocol: PROTOCOL_VERSION,
      protocol_min: OLDEST_PROTOCOL,
      started_at: new Date().toISOString(),
    };
    live.watch();
    if (options.onDemand) {
      const { inFlight, lastProgramUse } = this.#composition;
      this.#idle = new IdleExit({
        minutes: () => idleMinutes(current.server.idle_exit),
        sockets: listening.sockets,
        inFlight,
        lastProgramUse,
        exit: () => this.stop('idle'),
        log: this.#log,
        now: Date.now,
      });
      this.#idle.start();
    }
    writeDaemonJson(this.#info);
    this.#followLauncher();
    this.#log.info('started', {
      url: this.#info.url,
      pid: process.pid,
      version: CALLGATE_VERSION,
      node: process.versions.node,
    });
    const { mintFirstKey } = this.#composition;
    const stop = (why: string) => this.stop(why);
    options.succession?.onStop(() => stop('requested'));
    options.succession?.started();
    return {
      kind: 'started',
      daemon: {
        info: this.#info,
        mintFirstKey,
        log: this.#log,
        stop,
        reload: (why) => void live.reload(why),
        closed: this.#closed.promise,
      },
    };
  }

  /** What a service manager starts the next time is this version. */
  #followLauncher(): void {
    try {
      followLauncher(this.#state, process.argv[1]);
    } catch (error) {
      this.#log.warn('launcher_not_written', { error: String(error) });
    }
  }

  stop(why: string): void {
    this.#handing?.abort.abort();
    if (this.#handing?.stop) {
      this.#handing.stop();
      return;
    }
    if (this.#stopping) {
      this.#log.warn('stop_at_once', { why });
      this.#listening?.cut();
      return;
    }
    this.#stopping = true;
    this.#idle?.close();
    this.#log.info('stopping', { why });
    this.#end().then(() => this.#closed.resolve(EXIT.ok), this.#closed.reject);
  }

  #handOff({ version, bundle }: HandoffRequest): HandoffAnswer {
    if (this.#handing) return { accepted: true, reason: null };
    const reason = this.#stopping
      ? 'it is stopping'
      : isNewer(version, CALLGATE_VERSION)
        ? whyNotBundle(bundle, pathsOf(this.#state))
        : `version ${version} is not newer than ${CALLGATE_VERSION}`;
    if (reason !== null) return { accepted: false, reason };
    this.#giveAway(version, bundle).catch((error: unknown) => {
      this.#log.error('handing_over_failed', { error });
      this.#closed.reject(error);
    });
    return { accepted: true, reason: null };
  }

  async #giveAway(version: string, bundle: string): Promise<void> {
    const [options, composition, listening] = [this.#options, this.#composition, this.#listening];
    if (!options || !composition || !listening) return;
    const handing = { version, abort: new AbortController(), stop: null as (() => void) | null };
    this.#handing = handing;
    this.#idle?.close();
    const { app, inFlight } = composition;
    const stays = options.onDemand !== true;
    const spawn = (path: string, ...more: readonly string[]) =>
      spawnSuccessor(path, [...argumentsOf(options), ...more], pathsOf(this.#state), stays);
    let wanted = true;
    const commit = () => {
      handing.stop = () => {
        wanted = false;
      };
    };
    const letGo = async () => {
      this.#config?.close();
      composition.dismissEditors();
      await composition.close();
      this.#lock.release();
    };
    const parts = {
      app,
      listening,
      inFlight,
      commit,
      letGo,
      log: this.#log,
      spawn: () => spawn(bundle, '--successor'),
    };
    const outcome = await handOver(parts, handing.abort.signal);
    if (outcome.kind === 'kept') {
      this.#handing = null;
      if (!this.#stopping) this.#idle?.start();
      this.#log.warn('handing_over_failed', { to: version, why: outcome.why });
      return;
    }
    // What cannot be followed by the new one is followed by itself, anew.
    if (outcome.kind === 'lost') this.#log.error('handing_over_failed', { to: version, why: outcome.why });
    else this.#log.info('handed_over', { to: version, pid: outcome.successor.pid });
    const next = outcome.kind === 'done' ? outcome.successor : spawn(realpathSync(process.argv[1] ?? ''));
    handing.stop = () => {
      if (!stays) this.#closed.resolve(EXIT.ok);
      else if (next.connected) next.send({ kind: 'stop' });
    };
    if (!wanted) handing.stop();
    await lingerOut(parts);
    if (!stays) {
      this.#closed.resolve(EXIT.ok);
      return;
    }
    if (next.exitCode === null && next.signalCode === null) await once(next, 'exit');
    this.#closed.resolve(next.exitCode ?? EXIT.failed);
  }

  async #end(): Promise<void> {
    const cut = setTimeout(() => {
      this.#log.warn('drain_cut', { after_ms: DRAIN_MS });
      this.#listening?.cut();
    }, DRAIN_MS);
    try {
      await this.#listening?.drain();
      deleteDaemonJson(this.#state);
      await this.closeInsides();
      this.#log.info('stopped');
    } catch (error) {
      this.#log.error('stop_failed', { error });
      throw error;
    } finally {
      clearTimeout(cut);
      this.#log.close();
      this.#lock.release();
    }
  }

  async closeInsides(): Promise<void> {
    this.#config?.close();
    const composition = this.#composition;
    this.#composition = undefined;
    // Closed already after a drain, which does no harm; not yet when the start failed.
    await composition?.app.close();
    await composition?.close();
  }
}
