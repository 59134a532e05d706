import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installDaemon, removeOthers } from '../../server/daemon/install.ts';

let root: string;
let dist: string;
let bin: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cg-install-'));
  dist = join(root, 'dist');
  bin = join(root, 'state', 'bin');
  await mkdir(join(dist, 'assets'), { recursive: true });
  await writeFile(join(dist, 'daemon.js'), 'first');
  await writeFile(join(dist, 'assets', 'grammar.wasm'), 'wasm');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('installing the daemon', () => {
  it('copies the bundle with its assets, for nobody else to read', async () => {
    const bundle = await installDaemon(dist, bin, '1.2.3');
    expect(dirname(bundle)).toMatch(/1\.2\.3-[0-9a-f]{8}$/);
    expect(await readFile(bundle, 'utf8')).toBe('first');
    expect(await readFile(join(dirname(bundle), 'assets', 'grammar.wasm'), 'utf8')).toBe('wasm');
    if (process.platform !== 'win32') expect((await stat(dirname(bundle))).mode & 0o077).toBe(0);
  });

  it('gives the same copy to many at once and leaves nothing else behind', async () => {
    const bundles = await Promise.all(Array.from({ length: 10 }, () => installDaemon(dist, bin, '1.2.3')));
    expect(new Set(bundles).size).toBe(1);
    expect(await readdir(bin)).toHaveLength(1);
  });

  it('keeps a copy that runs apart from a newer build of the same version', async () => {
    const before = await installDaemon(dist, bin, '1.2.3');
    await writeFile(join(dist, 'daemon.js'), 'second');
    const after = await installDaemon(dist, bin, '1.2.3');
    expect(await readFile(before, 'utf8')).toBe('first');
    expect(await readFile(after, 'utf8')).toBe('second');
    await removeOthers(bin, after);
    expect(await readdir(bin)).toHaveLength(1);
    expect(await readFile(after, 'utf8')).toBe('second');
  });
});
