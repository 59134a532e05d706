/** A daemon's life from its insides on: config → insides → listen → daemon.json → … → drain → close → lock released. */
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT } from '../cli/exit-codes.ts';
import {
  type DaemonInfo,
  DEFAULT_PORT,
  type HandoffAnswer,
  type HandoffRequest,
  OLDEST_PROTOCOL,
  PROTOCOL_VERSION,
} from '../protocol.ts';
import type { Composition } from './composition.ts';
import type { Config } from './config-schema.ts';
import { deleteDaemonJson, readOrCreateManagementKey, writeDaemonJson } from './discovery.ts';
import { handOver, lingerOut } from './hand-over.ts';
import { IdleExit, idleMinutes } from './idle-exit.ts';
import { isBeyondLoopback, type Listening, listen } from './listen.ts';
import { LiveConfig } from './live-config.ts';
import type { Lock } from './lock.ts';
import type { LogFile } from './logs.ts';
import { followLauncher } from './service/launcher.ts';
import { spawnSuccessor, whyNotBundle } from './spawn-successor.ts';
import type { StartOptions, StartResult } from './start-options.ts';
import { paths as pathsOf } from './state-folder.ts';
import { openVault } from './vault.ts';
import { isNewer } from './version-order.ts';

/** What calls under way are given when the daemon ends. */
export const DRAIN_MS = 30_000;

/** Why a daemon on this host may not run with this configuration; null when it may. */
export function withoutNames(host: string | undefined, config: Config): string | null {
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
export class Lifetime {
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
