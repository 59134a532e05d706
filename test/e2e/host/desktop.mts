import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { downloadAndUnzipVSCode } from '@vscode/test-electron';

export type Host =
  | { readonly kind: 'desktop'; readonly executable: string; readonly why: string }
  | { readonly kind: 'server'; readonly why: string };

/**
 * Which VS Code runs the suite. `CALLGATE_VSCODE` is `server`, `download`, or the path of a desktop VS Code's executable;
 * without it the desktop one on PATH where there is a screen to show it on, else the server.
 *
 * @throws when what `CALLGATE_VSCODE` asks for cannot be had
 */
export async function chooseHost(env: NodeJS.ProcessEnv = process.env): Promise<Host> {
  const wish = env['CALLGATE_VSCODE'];
  if (wish === 'server') return { kind: 'server', why: 'CALLGATE_VSCODE=server' };
  if (wish === 'download') {
    return { kind: 'desktop', executable: await downloadAndUnzipVSCode(), why: 'CALLGATE_VSCODE=download' };
  }
  if (wish) {
    if (!existsSync(wish)) throw new Error(`CALLGATE_VSCODE names ${wish}, which does not exist.`);
    return { kind: 'desktop', executable: wish, why: 'CALLGATE_VSCODE' };
  }
  const executable = findDesktop(env);
  if (!executable) return { kind: 'server', why: 'no desktop VS Code is on PATH' };
  if (process.platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) {
    return { kind: 'server', why: `${executable} has no display to open its window on` };
  }
  return { kind: 'desktop', executable, why: '`code` is on PATH' };
}

/** The executable behind `code` on PATH; none when that is only a remote window's helper. */
export function findDesktop(env: NodeJS.ProcessEnv = process.env): string | null {
  const name = process.platform === 'win32' ? 'code.cmd' : 'code';
  for (const folder of (env['PATH'] ?? env['Path'] ?? '').split(delimiter)) {
    const cli = join(folder, name);
    if (folder === '' || !existsSync(cli)) continue;
    const executable = executablesBeside(realpathSync(cli)).find((path) => existsSync(path));
    if (executable) return executable;
  }
  return null;
}

/** `code` is a script; `@vscode/test-electron` wants the program that it starts. */
function executablesBeside(cli: string): readonly string[] {
  const above = dirname(dirname(cli));
  if (process.platform === 'win32') return [join(above, 'Code.exe')];
  // …/Visual Studio Code.app/Contents/Resources/app/bin/code
  if (process.platform === 'darwin') return ['Code', 'Electron'].map((name) => join(above, '../../MacOS', name));
  // A snap's `code` is a link to snap itself.
  return [join(above, 'code'), '/snap/code/current/usr/share/code/code'];
}
