import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { paths } from '../../server/daemon/state-folder.ts';
import { openVault, VaultError } from '../../server/daemon/vault.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'callgate-vault-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const open = (env: NodeJS.ProcessEnv = {}) => openVault(state, env);
const file = () => paths(state).providerKeys;
const stored = () => JSON.parse(readFileSync(file(), 'utf8')) as Record<string, Record<string, string>>;
const store = (content: unknown) => writeFileSync(file(), JSON.stringify(content));

function failure(read: () => unknown): VaultError {
  try {
    read();
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('expected a VaultError');
}

describe('the vault', () => {
  it('seals what is kept elsewhere, so that nobody reads it under another name or key, or after a change', () => {
    const vault = open();
    const sealed = vault.seal('byok openai 1', 'sk-plain-1');
    expect(sealed).not.toContain('sk-plain');
    expect(vault.seal('byok openai 1', 'sk-plain-1')).not.toBe(sealed);
    expect(open().unseal('byok openai 1', sealed)).toBe('sk-plain-1');
    const { data, ...rest } = JSON.parse(sealed) as { iv: string; tag: string; data: string };
    const bent = JSON.stringify({
      ...rest,
      data: Buffer.from(`${data}AA`, 'base64')
        .toString('base64')
        .replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
    });
    for (const [name, text] of [
      ['byok openai 2', sealed],
      ['byok openai 1', bent],
      ['byok openai 1', 'no JSON'],
      ['byok openai 1', ''],
      ['byok openai 1', '{}'],
    ] as const)
      expect(failure(() => vault.unseal(name, text)).message).toContain('cannot be decrypted');
    const stranger = openVault(state, { CALLGATE_MASTER_KEY: 'ab'.repeat(32) });
    expect(failure(() => stranger.unseal('byok openai 1', sealed)).slug).toBe('byok openai 1');
  });

  it('keeps keys over restarts, encrypted, for the owner alone', () => {
    const vault = open();
    expect(vault.get('openai')).toBeNull();
    vault.set('openai', 'sk-plain-1');
    vault.set('acme', 'sk-plain-2');
    expect(readFileSync(file(), 'utf8')).not.toContain('sk-plain');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(paths(state).masterKey).mode & 0o777).toBe(0o600);
    const again = open();
    expect(again.list()).toEqual(['acme', 'openai']);
    expect([again.get('openai'), again.get('acme')]).toEqual(['sk-plain-1', 'sk-plain-2']);
    expect(again.delete('openai')).toBe(true);
    expect(again.delete('openai')).toBe(false);
    expect([again.get('openai'), open().get('openai'), open().get('acme')]).toEqual([null, null, 'sk-plain-2']);
  });

  it('gives back any key under any slug, and never encrypts twice alike', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'grapheme' }), (slug, key) => {
        open().set(slug, key);
        const first = JSON.stringify(stored()[slug]);
        expect(open().get(slug)).toBe(key);
        open().set(slug, key);
        expect(JSON.stringify(stored()[slug])).not.toBe(first);
      }),
      { numRuns: 30, examples: [['__proto__', ' ']] },
    );
  });

  it('notices any change, names the provider, and leaves the others alone', () => {
    open().set('openai', 'sk-one');
    open().set('acme', 'sk-two');
    const good = stored();
    const flip = (text: string) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`);
    const damages: unknown[] = [null, 'x', [], {}, { ...good['openai'], tag: '' }, { ...good['openai'], tag: 'AAAA' }];
    for (const part of ['iv', 'tag', 'data'])
      damages.push({ ...good['openai'], [part]: flip(good['openai']?.[part] ?? '') });
    for (const damaged of damages) {
      store({ ...good, openai: damaged });
      const vault = open();
      const { slug, message } = failure(() => vault.get('openai'));
      expect(slug).toBe('openai');
      expect(message).toContain('openai');
      expect(message).not.toContain('sk-one');
      expect(vault.get('acme')).toBe('sk-two');
      expect(vault.list()).toEqual(['acme', 'openai']);
      vault.set('openai', 'sk-new');
      expect(open().get('openai')).toBe('sk-new');
    }
  });

  it('does not let one provider’s key be moved under another’s name', () => {
    open().set('openai', 'sk-one');
    store({ evil: stored()['openai'] });
    expect(failure(() => open().get('evil')).slug).toBe('evil');
  });

  it.each(['', '{', '[]', 'null', '3'])(
    'refuses to guess when the whole file is %j, and does not overwrite it',
    (text) => {
      writeFileSync(file(), text);
      const vault = open();
      expect(failure(() => vault.get('openai')).message).toContain('damaged');
      expect(failure(() => vault.set('openai', 'k')).slug).toBe('openai');
      expect(readFileSync(file(), 'utf8')).toBe(text);
      expect(vault.list()).toEqual([]);
    },
  );

  it('takes the master key from the environment, and writes none then', () => {
    const env = { CALLGATE_MASTER_KEY: 'ab'.repeat(32) };
    open(env).set('openai', 'sk-one');
    expect(open(env).get('openai')).toBe('sk-one');
    expect(() => readFileSync(paths(state).masterKey)).toThrow('ENOENT');
    expect(failure(() => open({ CALLGATE_MASTER_KEY: 'cd'.repeat(32) }).get('openai')).message).toContain(
      'another master key',
    );
    expect(failure(() => open({ CALLGATE_MASTER_KEY: 'short' }).get('openai')).message).toContain(
      'CALLGATE_MASTER_KEY',
    );
    expect(failure(() => open({ CALLGATE_MASTER_KEY: 'short' }).set('acme', 'k')).message).toContain(
      'CALLGATE_MASTER_KEY',
    );
  });

  it('does not replace a damaged master key', () => {
    open().set('openai', 'sk-one');
    writeFileSync(paths(state).masterKey, 'rubbish');
    expect(failure(() => open().get('openai')).message).toContain('master.key');
    expect(readFileSync(paths(state).masterKey, 'utf8')).toBe('rubbish');
    expect(open().get('acme')).toBeNull();
  });
});
