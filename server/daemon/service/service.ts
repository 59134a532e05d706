import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT } from '../../cli/exit-codes.ts';
import { StartError } from '../start-error.ts';
import { type LauncherTarget, launcherPath, writeLauncher } from './launcher.ts';
import type { RunTool } from './run-tool.ts';
import type { ServiceManager } from './service-manager.ts';

export type ServiceStanding = {
  readonly manager: ServiceManager['kind'];
  readonly name: string;
  readonly file: string;
  /** Whether such a manager answers on this machine. */
  readonly available: boolean;
  readonly installed: boolean;
  /** The manager keeps it running now: serving, or standing by while another daemon serves. */
  readonly running: boolean;
};

/**
 * Has the platform keep the daemon running. Done again it changes what has changed.
 * @throws StartError (exit 3) when there is no such manager here, before anything is written, or it refuses.
 */
export async function installService(
  manager: ServiceManager,
  target: LauncherTarget,
  run: RunTool,
): Promise<ServiceStanding> {
  const [command, ...args] = manager.probe;
  const probed = await run(command, args);
  if (probed.code !== 0) throw new StartError(`${manager.absent} (${probed.message})`, PRINT, EXIT.environment);
  writeLauncher(target);
  mkdirSync(dirname(manager.file), { recursive: true });
  const mark = manager.encoding === 'utf16le' ? '\ufeff' : '';
  writeFileSync(manager.file, mark + manager.text, manager.encoding);
  for (const step of manager.install) {
    if ('mayFail' in step) await run(step.mayFail[0], step.mayFail.slice(1));
    else await must(run, step);
  }
  return serviceStanding(manager, run);
}

/** Undoes it; the daemon that it kept is ended, after its calls. Whether there was one. */
export async function uninstallService(manager: ServiceManager, state: string, run: RunTool): Promise<boolean> {
  const installed = existsSync(manager.file);
  if (installed) {
    // It may have been taken away by hand: what counts is that the manager no longer has it.
    for (const [command, ...args] of manager.uninstall) await run(command, args);
    rmSync(manager.file, { force: true });
    for (const [command, ...args] of manager.forget) await run(command, args);
  }
  rmSync(dirname(launcherPath(state)), { recursive: true, force: true });
  return installed;
}

export async function serviceStanding(manager: ServiceManager, run: RunTool): Promise<ServiceStanding> {
  const { kind, name, file } = manager;
  const installed = existsSync(file);
  const [command, ...args] = manager.probe;
  const available = (await run(command, args)).code === 0;
  return { manager: kind, name, file, available, installed, running: installed && (await manager.isRunning(run)) };
}

const PRINT = 'See what would be installed with `callgate service install --print`.';

async function must(run: RunTool, [command, ...args]: readonly [string, ...string[]]): Promise<void> {
  const { code, message } = await run(command, args);
  if (code === 0) return;
  const what = `\`${[command, ...args].join(' ')}\` failed: ${message || `exit ${code}`}`;
  throw new StartError(what, PRINT, EXIT.environment);
}
