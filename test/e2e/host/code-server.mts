import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './paths.mts';

export const CODE_SERVER_VERSION = '4.139.1';
/** Written last, inside the folder: an install that was interrupted has none and is done again. */
const COMPLETE = '.complete';
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

/**
 * The VS Code server inside npm's code-server, installed into the cache folder (600 MB, once) unless it is there already.
 * Its install scripts would compile native parts for minutes; without those the terminal is missing, and the writer of logs,
 * for which we bring a plain one.
 *
 * @returns the folder that holds `out/server-main.js`
 * @throws when npm cannot bring it, with the remedy
 */
export async function vscodeServer(say: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder(), `vscode-server-${CODE_SERVER_VERSION}`);
  if (!existsSync(join(folder, COMPLETE))) await install(folder, say);
  const spdlog = join(vscodeIn(folder), 'node_modules/@vscode/spdlog/index.js');
  await copyFile(join(import.meta.dirname, 'spdlog.cjs'), spdlog);
  return vscodeIn(folder);
}

async function install(folder: string, say: (line: string) => void): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  await sweep();
  // Built beside and moved into place, so that two runs which start together do not write over each other.
  const partial = `${folder}.partial-${process.pid}`;
  await mkdir(partial);
  try {
    say(`bringing code-server ${CODE_SERVER_VERSION} (VS Code for the browser) from npm into ${folder}: once, 600 MB`);
    await npm(['install', `code-server@${CODE_SERVER_VERSION}`, '--no-save', ...QUIET], partial);
    for (const [what, where] of [
      ['the dependencies of VS Code', vscodeIn(partial)],
      ["the dependencies of VS Code's own extensions", join(vscodeIn(partial), 'extensions')],
    ] as const) {
      say(`installing ${what}`);
      await npm(['install', '--omit=dev', ...QUIET], where);
    }
    await writeFile(join(partial, COMPLETE), '');
    if (existsSync(join(folder, COMPLETE))) return;
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } catch (cause) {
    throw new Error(
      `The VS Code server could not be installed into ${folder}. It comes from the npm registry (code-server@${CODE_SERVER_VERSION}): ` +
        'check the network and `npm config get registry`, or copy the folder from a machine that has it, ' +
        'or set CALLGATE_VSCODE to the executable of a desktop VS Code.',
      { cause },
    );
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

const vscodeIn = (folder: string): string => join(folder, 'node_modules', 'code-server', 'lib', 'vscode');

/** Removes what installs that were killed have left. */
async function sweep(): Promise<void> {
  for (const name of await readdir(cacheFolder())) {
    const pid = /\.partial-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(cacheFolder(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function npm(args: readonly string[], cwd: string): Promise<void> {
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    // `--prefix` because an npm that runs us has named its own package in the environment.
    const child = spawn('npm', [...args, '--prefix', windows ? `"${cwd}"` : cwd], {
      cwd,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: windows,
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`npm ${args.slice(0, 2).join(' ')} ended with ${code ?? signal}`)),
    );
  });
}
