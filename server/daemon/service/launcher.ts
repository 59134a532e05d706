/**
 * What a service manager starts: a small script in the state folder that knows where this version's bundle and Node are. Its own
 * path never changes, so updates of the extension, which put each version in a folder of its own, leave the service as it is.
 */
import { chmodSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { readIfPresent, writePrivate } from '../private-file.ts';
import { paths } from '../state-folder.ts';

export type LauncherTarget = {
  readonly state: string;
  /** The Node that runs it, and what makes it behave as one. */
  readonly command: string;
  readonly isElectron: boolean;
  /** `daemon.js` under the state folder's `bin/`. */
  readonly bundle: string;
};

/** Absolute path of the launcher of a state folder, which need not be there. */
export function launcherPath(state: string, platform: NodeJS.Platform = process.platform): string {
  return join(state, 'launcher', platform === 'win32' ? 'callgate.cmd' : 'callgate');
}

export function launcherText(target: LauncherTarget, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? batch(target) : shell(target);
}

/** Writes the launcher, executable by its owner alone. */
export function writeLauncher(target: LauncherTarget): string {
  const path = launcherPath(target.state);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writePrivate(path, launcherText(target));
  chmodSync(path, 0o700);
  return path;
}

/** Turns an existing launcher to the daemon that runs now, if that is an installed copy: called by each that starts. */
export function followLauncher(state: string, script: string | undefined): void {
  const path = launcherPath(state);
  if (script === undefined || !existsSync(path)) return;
  const bundle = realpathSync(script);
  const { bin } = paths(state);
  if (!existsSync(bin) || relative(realpathSync(bin), bundle).split(sep)[0] === '..') return;
  const isElectron = process.versions['electron'] !== undefined;
  const target = { state, command: process.execPath, isElectron, bundle };
  if (readIfPresent(path) !== launcherText(target)) writeLauncher(target);
}

function shell({ state, command, isElectron, bundle }: LauncherTarget): string {
  return `#!/bin/sh
# Written by callgate; \`callgate service uninstall\` removes it.
state=${quoted(state)}
bundle=${quoted(bundle)}
${isElectron ? 'export ELECTRON_RUN_AS_NODE=1\n' : ''}# An update may have put another version in its place, or another Node.
[ -f "$bundle" ] || bundle=$(ls -t "$state"/bin/*/daemon.js 2>/dev/null | head -n 1)
for node in ${quoted(command)} "$(command -v node)"; do
  [ -x "$node" ] && exec "$node" "$bundle" serve --state "$state" --standby
done
echo 'callgate: no Node was found; run "callgate service install" again' >&2
exit 3
`;
}

/** POSIX: inside single quotes nothing has a meaning but the quote that ends them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function batch({ state, command, isElectron, bundle }: LauncherTarget): string {
  // A batch file expands %…% everywhere, quotes or not; a path on Windows cannot hold a double quote.
  const literal = (text: string) => `"${text.replaceAll('%', '%%')}"`;
  const lines = [
    '@echo off',
    'rem Written by callgate; "callgate service uninstall" removes it.',
    // The file is UTF-8, and so may be the names in it.
    'chcp 65001 >nul',
    'setlocal DisableDelayedExpansion',
    ...(isElectron ? ['set ELECTRON_RUN_AS_NODE=1'] : []),
    `set node=${literal(command)}`,
    'if not exist %node% set node=node',
    `set bundle=${literal(bundle)}`,
    `if not exist %bundle% for /f "delims=" %%f in ('dir /b /ad /od ${literal(join(state, 'bin'))}') do set bundle="${join(state, 'bin').replaceAll('%', '%%')}\\%%f\\daemon.js"`,
    `%node% %bundle% serve --state ${literal(state)} --standby`,
    'exit /b %errorlevel%',
  ];
  return `${lines.join('\r\n')}\r\n`;
}
