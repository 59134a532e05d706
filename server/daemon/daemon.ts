/** The daemon's life: folder → lock → config → insides → listen → daemon.json → … → drain → close → lock released. */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, type ExitCode } from '../cli/exit-codes.ts';
import { type DaemonHandle, findDaemon } from '../ensure-daemon.ts';
import { type DaemonInfo, DEFAULT_PORT, PROTOCOL_VERSION } from '../protocol.ts';
import type { Compose, Composition } from './composition.ts';
import { type LoadedConfig, loadConfig } from './config.ts';
import type { Config } from './config-schema.ts';
import { deleteDaemonJson, readDaemonJson, readOrCreateManagementKey, writeDaemonJson } from './discovery.ts';
import { isBeyondLoopback, type Listening, listen } from './listen.ts';
import { LiveConfig } from './live-config.ts';
import { acquireLock, type Lock } from './lock.ts';
import { type LogFile, openLog } from './logs.ts';
import { prepareStateFolder, type StatePaths } from './state-folder.ts';
import { openVault } from './vault.ts';

export type StartOptions = {
  readonly state: string;
  readonly host?: string | undefined;
  /** 0 takes a free one; absent: config.yaml's, else 4141. */
  readonly port?: number | undefined;
  /** Another file than the state folder's config.yaml; it must exist. */
  readonly config?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly compose: Compose;
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
  /** Resolves when everything is closed and the lock is free. */
  readonly closed: Promise<void>;
};

const DRAIN_MS = 30_000;
/** Longer than a drain, so that a daemon started while another one stops takes its place. */
const WAIT_FOR_LOCK_MS = DRAIN_MS + 5_000;
const POLL_MS = 50;

/** @throws StartError when the state folder is unsafe or a file in it damaged, and I/O errors. */
export async function startDaemon(options: StartOptions): Promise<StartResult> {
  const paths = prepareStateFolder(options.state);
  const place = await lockOrRunning(options);
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
  | Extract<StartResult, { kind: 'already_running' | 'refused' }>;

/** One of many starters gets the lock; the others wait for its daemon to answer, or for its place to become free. */
async function lockOrRunning({ state, onWait }: StartOptions): Promise<Place> {
  const from = Date.now();
  for (let told = false; ; ) {
    const lock = acquireLock(state);
    if (lock) return { kind: 'locked', lock };
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
  // Left by a daemon that was killed; whoever reads it now would ask a port that may be anybody's.
  deleteDaemonJson(options.state);
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

/** What a daemon that is being started, runs, or is being stopped holds on to. */
class Lifetime {
  readonly #state: string;
  readonly #lock: Lock;
  readonly #log: LogFile;
  #composition: Composition | undefined;
  #listening: Listening | undefined;
  #config: LiveConfig | undefined;
  #info: DaemonInfo | null = null;
  #stopping = false;
  readonly #closed = Promise.withResolvers<void>();

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
    const managementKey = readOrCreateManagementKey(state);
    const live = new LiveConfig({
      path: configPath,
      running: config,
      apply: (next) => {
        const unnamed = withoutNames(host, next);
        if (unnamed !== null) throw new Error(unnamed);
        this.#composition?.reconfigure(next);
      },
      tell: (standing) => this.#composition?.tellConfig(standing),
      log: this.#log,
    });
    this.#config = live;
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
    });
    const listening = await listen(
      this.#composition.app,
      host,
      options.port ?? config.server.port ?? DEFAULT_PORT,
      (port) => this.#composition?.setBaseUrl(`http://127.0.0.1:${port}`),
    );
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
      started_at: new Date().toISOString(),
    };
    live.watch();
    writeDaemonJson(this.#info);
    this.#log.info('started', {
      url: this.#info.url,
      pid: process.pid,
      version: CALLGATE_VERSION,
      node: process.versions.node,
    });
    const { mintFirstKey } = this.#composition;
    const stop = (why: string) => this.stop(why);
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

  stop(why: string): void {
    if (this.#stopping) {
      this.#log.warn('stop_at_once', { why });
      this.#listening?.cut();
      return;
    }
    this.#stopping = true;
    this.#log.info('stopping', { why });
    this.#end().then(this.#closed.resolve, this.#closed.reject);
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
