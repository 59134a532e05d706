import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT, SAMPLE_WORKSPACE } from './paths.mts';

/** Longer than the daemon gives calls in flight when it is asked to stop. */
const DAEMON_STOP_LIMIT_MS = 35_000;
const DAEMON_START_LIMIT_MS = 3_000;

/** A quiet window: nothing that asks, calls home, or stands in a picture. */
const PERSON_SETTINGS = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  // A browser's default is to save after a second; a desktop's is this.
  'files.autoSave': 'off',
  'git.openRepositoryInParentFolders': 'never',
  // It would tell of every port that any program of this machine opens.
  'remote.autoForwardPorts': false,
  'security.workspace.trust.startupPrompt': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Everything one run may write: nothing of the person's own editor, daemon or repository is touched. */
export type Sandbox = {
  /** The daemon's state folder. */
  readonly home: string;
  /** A copy of the sample workspace. */
  readonly workspace: string;
  readonly userData: string;
  readonly extensions: string;
  readonly root: string;
  /** What the extension host must inherit to find `home`. */
  readonly env: { readonly CALLGATE_HOME: string };
  /** Ends the daemon that was started in `home`, and removes it all. */
  readonly dispose: () => Promise<void>;
};

export async function createSandbox(): Promise<Sandbox> {
  // Short names under a short folder: VS Code's socket stands in `userData`, and a socket's path has at most 103 characters.
  const root = await realpath(await mkdtemp(join(tmpdir(), 'cg-')));
  const [home, workspace, userData, extensions] = ['home', 'sample', 'user', 'ext'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const folder of [home, extensions]) await mkdir(folder, { mode: 0o700 });
  await cp(SAMPLE_WORKSPACE, workspace, { recursive: true });
  // So that the sample's TypeScript compiles and runs as a person's would after `npm install`.
  await mkdir(join(workspace, 'node_modules'));
  await symlink(join(ROOT, 'node_modules/openai'), join(workspace, 'node_modules/openai'), 'junction');
  // The person's own daemon may hold the usual port.
  await writeFile(join(home, 'config.yaml'), 'server:\n  port: 0\n', { mode: 0o600 });
  // A desktop reads the first, a server the second.
  for (const place of ['User', 'Machine']) {
    await mkdir(join(userData, place), { recursive: true });
    await writeFile(join(userData, place, 'settings.json'), JSON.stringify(PERSON_SETTINGS, null, 2));
  }
  const dispose = async () => {
    try {
      await endDaemon(home);
    } finally {
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  return { home, workspace, userData, extensions, root, env: { CALLGATE_HOME: home }, dispose };
}

/**
 * Ends the daemon whose `daemon.json` stands in `home`, if there is one.
 *
 * @throws when it does not stop when asked: it is killed then, and that is a fault worth a red run
 */
export async function endDaemon(home: string): Promise<void> {
  const read = () => readFile(join(home, 'daemon.json'), 'utf8').catch(() => null);
  let text = await read();
  // The editor may have ended while its daemon was starting; one that was never started has no logs.
  for (const end = Date.now() + DAEMON_START_LIMIT_MS; text === null && Date.now() < end; text = await read()) {
    if (!existsSync(join(home, 'logs'))) return;
    await sleep(50);
  }
  if (text === null) return;
  const { pid } = JSON.parse(text) as { readonly pid: number };
  if (!signal(pid, 'SIGTERM')) return;
  for (const end = Date.now() + DAEMON_STOP_LIMIT_MS; Date.now() < end; ) {
    if (!signal(pid, 0)) return;
    await sleep(50);
  }
  signal(pid, 'SIGKILL');
  throw new Error(`The daemon (pid ${pid}) did not stop within ${DAEMON_STOP_LIMIT_MS / 1000} s and was killed.`);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
