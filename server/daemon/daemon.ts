import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../cli/exit-codes.ts';
import { findDaemon } from '../ensure-daemon.ts';
import { type LoadedConfig, loadConfig } from './config.ts';
import { deleteDaemonJson, readDaemonJson } from './discovery.ts';
import { DRAIN_MS, Lifetime, withoutNames } from './lifetime.ts';
import { acquireLock, type Lock } from './lock.ts';
import { openLog } from './logs.ts';
import type { StartOptions, StartResult } from './start-options.ts';
import { prepareStateFolder, type StatePaths } from './state-folder.ts';
import type { Succession } from './succession.ts';

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
