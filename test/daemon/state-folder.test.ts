import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOrCreateManagementKey } from '../../server/daemon/discovery.ts';
import { acquireLock } from '../../server/daemon/lock.ts';
import { listeningInodes } from '../../server/daemon/port-holder.ts';
import { writePrivate } from '../../server/daemon/private-file.ts';
import { StartError } from '../../server/daemon/start-error.ts';
import { paths, prepareStateFolder, stateFolder } from '../../server/daemon/state-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callgate-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const mode = (path: string) => statSync(path).mode & 0o777;

function refusal(prepare: () => unknown): StartError {
  try {
    prepare();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error('expected a StartError');
}

describe('stateFolder', () => {
  it('is named by --state, then CALLGATE_HOME, then the platform', () => {
    const env = { CALLGATE_HOME: '/home', XDG_STATE_HOME: '/xdg' };
    expect(stateFolder(env, '/given')).toBe('/given');
    expect(stateFolder(env, '')).toBe('/home');
    expect(stateFolder(env)).toBe('/home');
    expect(stateFolder({ CALLGATE_HOME: 'rel' })).toBe(join(process.cwd(), 'rel'));
    if (process.platform === 'linux') {
      expect(stateFolder({ XDG_STATE_HOME: '/xdg' })).toBe('/xdg/callgate');
      expect(stateFolder({ XDG_STATE_HOME: 'rel' })).toBe(join(homedir(), '.local/state/callgate'));
      expect(stateFolder({ CALLGATE_HOME: '' })).toBe(join(homedir(), '.local/state/callgate'));
    }
  });
});

describe('prepareStateFolder', () => {
  it('makes the folder and its logs, private', () => {
    const state = join(folder, 'a/b/c');
    const { logs } = prepareStateFolder(state);
    expect([mode(state), mode(logs)]).toEqual([0o700, 0o700]);
    expect(prepareStateFolder(state)).toEqual(paths(state));
  });

  it.each([
    ['an empty one', []],
    ['one with a config alone', ['config.yaml']],
    ['one that has been used', ['callgate.db', 'notes.txt']],
  ])('tightens %s', (_, files) => {
    const state = join(folder, 's');
    mkdirSync(state);
    chmodSync(state, 0o755);
    for (const file of files) writeFileSync(join(state, file), '');
    prepareStateFolder(state);
    expect(mode(state)).toBe(0o700);
  });

  it('leaves a folder of other things as it is', () => {
    const state = join(folder, 's');
    mkdirSync(state);
    chmodSync(state, 0o755);
    for (const file of ['config.yaml', 'package.json']) writeFileSync(join(state, file), '');
    expect(refusal(() => prepareStateFolder(state)).exitCode).toBe(2);
    expect(mode(state)).toBe(0o755);
  });

  it('refuses links and files', () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    expect(refusal(() => prepareStateFolder(join(folder, 'link')))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('symbolic link'),
    });
    writeFileSync(join(folder, 'file'), '');
    expect(refusal(() => prepareStateFolder(join(folder, 'file')))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('not a folder'),
    });
    expect(refusal(() => prepareStateFolder(join(folder, 'file', 'below')))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('cannot be made'),
    });
    const logsElsewhere = join(folder, 'state');
    mkdirSync(logsElsewhere, { mode: 0o700 });
    symlinkSync(join(folder, 'real'), join(logsElsewhere, 'logs'));
    expect(refusal(() => prepareStateFolder(logsElsewhere)).message).toContain('symbolic link');
  });

  it.runIf(process.getuid?.() === 0)('refuses another person’s folder', async () => {
    const { chownSync } = await import('node:fs');
    const state = join(folder, 's');
    mkdirSync(state, { mode: 0o700 });
    chownSync(state, 12_345, 12_345);
    expect(refusal(() => prepareStateFolder(state))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('12345'),
    });
  });
});

describe('the files in it', () => {
  it('are replaced whole, and private whatever the umask', () => {
    const before = process.umask(0o277);
    try {
      writePrivate(join(folder, 'f'), 'one');
      writePrivate(join(folder, 'f'), 'two');
    } finally {
      process.umask(before);
    }
    expect(mode(join(folder, 'f'))).toBe(0o600);
    expect(readFileSync(join(folder, 'f'), 'utf8')).toBe('two');
  });

  it('hold one management key for good; a damaged one is not replaced', () => {
    const key = readOrCreateManagementKey(folder);
    expect(key).toMatch(/^sk-cg-mgmt-v1-[0-9a-f]{64}$/);
    chmodSync(paths(folder).managementKey, 0o644);
    expect(readOrCreateManagementKey(folder)).toBe(key);
    expect(mode(paths(folder).managementKey)).toBe(0o600);
    writeFileSync(paths(folder).managementKey, 'rubbish');
    expect(refusal(() => readOrCreateManagementKey(folder)).exitCode).toBe(2);
    expect(readFileSync(paths(folder).managementKey, 'utf8')).toBe('rubbish');
  });

  it('are locked by one at a time', () => {
    const lock = acquireLock(folder);
    expect(lock).not.toBeNull();
    expect(acquireLock(folder)).toBeNull();
    lock?.release();
    lock?.release();
    const again = acquireLock(folder);
    expect(again).not.toBeNull();
    again?.release();
  });
});

describe('listeningInodes', () => {
  it('reads the kernel’s table', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:102D 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 777 1 0000 100 0 0 10 0',
      '   1: 0100007F:102D 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 778 1 0000 100 0 0 10 0',
      '   2: 0100007F:102E 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 779 1 0000 100 0 0 10 0',
    ].join('\n');
    expect(listeningInodes(table, 4141)).toEqual(['777']);
    expect(listeningInodes('', 4141)).toEqual([]);
  });
});
