import { createHash } from 'node:crypto';
import { homedir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { paths, stateFolder } from '../state-folder.ts';
import { launchdPlist } from './launchd.ts';
import { launcherPath } from './launcher.ts';
import type { RunTool } from './run-tool.ts';
import { systemdUnit } from './systemd.ts';
import { taskXml } from './task-scheduler.ts';

type Step = readonly [command: string, ...args: string[]];

/** How one platform keeps a person's daemon running: a file, and the commands that make its manager heed it. */
export type ServiceManager = {
  readonly kind: 'systemd' | 'launchd' | 'task-scheduler';
  /** What the manager calls it. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly encoding: 'utf8' | 'utf16le';
  /** Succeeds where the manager can be used at all. */
  readonly probe: Step;
  /** After the file was written. Steps that may fail, as there may be nothing to undo, are marked. */
  readonly install: readonly (Step | { readonly mayFail: Step })[];
  /** Before the file is removed, and after. */
  readonly uninstall: readonly Step[];
  readonly forget: readonly Step[];
  /** Whether it is running now. */
  readonly isRunning: (run: RunTool) => Promise<boolean>;
  /** What to tell somebody whose machine has no such manager. */
  readonly absent: string;
};

export type Machine = {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly user: string;
  readonly uid: number;
};

export function thisMachine(env: NodeJS.ProcessEnv = process.env): Machine {
  const { username, uid } = userInfo();
  const user = env['USERDOMAIN'] ? `${env['USERDOMAIN']}\\${username}` : username;
  return { platform: process.platform, env, home: homedir(), user, uid };
}

/** The service manager of a machine, set to keep the daemon of `state`; each state folder has a service of its own. */
export function serviceManager(state: string, machine: Machine): ServiceManager {
  // Without CALLGATE_HOME, which may be set today and not tomorrow.
  const isUsual = state === stateFolder({ ...machine.env, CALLGATE_HOME: undefined });
  const suffix = isUsual ? '' : `-${createHash('sha256').update(state).digest('hex').slice(0, 8)}`;
  const launcher = launcherPath(state, machine.platform);
  switch (machine.platform) {
    case 'darwin':
      return launchd(`dev.callgate.daemon${suffix}`, launcher, join(paths(state).logs, 'service.log'), machine);
    case 'win32':
      return taskScheduler(`Callgate${suffix}`, launcher, machine);
    default:
      return systemd(`callgate${suffix}.service`, launcher, machine);
  }
}

function systemd(name: string, launcher: string, { env, home }: Machine): ServiceManager {
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config');
  return {
    kind: 'systemd',
    name,
    file: join(config, 'systemd', 'user', name),
    text: systemdUnit({ launcher }),
    encoding: 'utf8',
    probe: ['systemctl', '--user', 'show-environment'],
    install: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', '--now', name],
    ],
    uninstall: [['systemctl', '--user', 'disable', '--now', name]],
    forget: [['systemctl', '--user', 'daemon-reload']],
    isRunning: async (run) => (await run('systemctl', ['--user', 'is-active', '--quiet', name])).code === 0,
    absent:
      'No systemd of yours answers here; containers and some WSL have none. Let whatever starts things there run `callgate serve`.',
  };
}

function launchd(label: string, launcher: string, log: string, { home, uid }: Machine): ServiceManager {
  const file = join(home, 'Library', 'LaunchAgents', `${label}.plist`);
  const domain = `gui/${uid}`;
  return {
    kind: 'launchd',
    name: label,
    file,
    text: launchdPlist({ label, launcher, log }),
    encoding: 'utf8',
    probe: ['launchctl', 'print', domain],
    // Bootstrapping what is there already fails; taken out first, it is read anew.
    install: [{ mayFail: ['launchctl', 'bootout', `${domain}/${label}`] }, ['launchctl', 'bootstrap', domain, file]],
    uninstall: [['launchctl', 'bootout', `${domain}/${label}`]],
    forget: [],
    isRunning: async (run) => {
      const { code, stdout } = await run('launchctl', ['print', `${domain}/${label}`]);
      return code === 0 && /state = running/.test(stdout);
    },
    absent: 'launchd has no session of yours here. Log in at the machine, or run `callgate serve` yourself.',
  };
}

function taskScheduler(name: string, launcher: string, { user }: Machine): ServiceManager {
  const folder = dirname(launcher);
  const file = join(folder, 'task.xml');
  return {
    kind: 'task-scheduler',
    name,
    file,
    text: taskXml({ user, folder, file: basename(launcher) }),
    encoding: 'utf16le',
    probe: ['schtasks', '/Query', '/FO', 'LIST'],
    install: [
      ['schtasks', '/Create', '/TN', name, '/XML', file, '/F'],
      ['schtasks', '/Run', '/TN', name],
    ],
    uninstall: [
      ['schtasks', '/End', '/TN', name],
      ['schtasks', '/Delete', '/TN', name, '/F'],
    ],
    forget: [],
    isRunning: async (run) => {
      const { code, stdout } = await run('schtasks', ['/Query', '/TN', name, '/FO', 'LIST']);
      return code === 0 && /running/i.test(stdout);
    },
    absent: 'The Task Scheduler does not answer. Run `callgate serve` yourself, or have it started at logon.',
  };
}
