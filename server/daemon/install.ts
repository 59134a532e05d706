import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies the daemon's bundle and its assets from the extension (`dist`) to `<bin>/<version>-<hash>/` and returns the bundle's
 * path there. An update deletes the old extension's folder; a daemon that outlives it must not lose the files it still loads.
 * The name holds the content's hash, so an installed copy never changes.
 */
export async function installDaemon(dist: string, bin: string, version: string): Promise<string> {
  const bundle = await readFile(join(dist, 'daemon.js'));
  const home = join(bin, `${version}-${createHash('sha256').update(bundle).digest('hex').slice(0, 8)}`);
  const installed = join(home, 'daemon.js');
  if (await exists(installed)) return installed;
  const temporary = join(bin, `.${randomBytes(6).toString('hex')}`);
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    await cp(join(dist, 'assets'), join(temporary, 'assets'), { recursive: true });
    await cp(join(dist, 'daemon.js'), join(temporary, 'daemon.js'));
    await rename(temporary, home);
  } catch (error) {
    // Another window may have been faster; its copy is the same.
    if (!(await exists(installed))) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return installed;
}

/** Removes the copies of older versions. Only right after starting a daemon from `keep`: then no other one can be running. */
export async function removeOthers(bin: string, keep: string): Promise<void> {
  for (const name of await readdir(bin)) {
    const folder = join(bin, name);
    if (!keep.startsWith(folder)) await rm(folder, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
