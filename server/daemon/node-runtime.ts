import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isNodeSupported, nodeTooOld } from './node-version.ts';

export type NodeRuntime =
  | {
      readonly kind: 'found';
      readonly command: string;
      readonly env: Readonly<Record<string, string>>;
      readonly version: string;
    }
  | { readonly kind: 'none'; readonly message: string; readonly remedy: string };

const PROBE_MS = 5_000;

/**
 * The Node that is to run the daemon: the first of `candidates` (paths; by default every `node` on PATH) that is new enough,
 * else the one we run on. In the editor that is Electron, which `ELECTRON_RUN_AS_NODE` makes behave as Node.
 * A Node outside the editor is preferred: on Windows an Electron that outlives its windows blocks VS Code's updater
 * (https://github.com/microsoft/vscode/issues/96169).
 */
export async function nodeRuntime(candidates: readonly string[] = nodesOnPath()): Promise<NodeRuntime> {
  for (const command of candidates) {
    const version = await versionOf(command);
    if (version && isNodeSupported(version))
      return { kind: 'found', command, env: {}, version: version.replace(/^v/, '') };
  }
  const own = process.versions.node;
  if (isNodeSupported(own)) {
    return { kind: 'found', command: process.execPath, env: { ELECTRON_RUN_AS_NODE: '1' }, version: own };
  }
  return { kind: 'none', message: nodeTooOld(own), remedy: 'Install a newer Node, or update the editor.' };
}

/** Every `node` on PATH, in its order; on Windows only the executable, as a script would need a shell. */
export function nodesOnPath(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...new Set(folders)].map((folder) => join(folder, name)).filter(isFile);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function versionOf(command: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, ['--version'], { timeout: PROBE_MS, windowsHide: true }, (error, stdout) => {
      resolve(error ? null : stdout.trim());
    });
  });
}
