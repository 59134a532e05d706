import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type MasterKey, masterKey } from './master-key.ts';
import { readIfPresent, writePrivate } from './private-file.ts';
import { paths } from './state-folder.ts';

/** A stored key that cannot be read; `slug` says whose. Calls to that provider are refused, the rest goes on. */
export class VaultError extends Error {
  readonly slug: string;

  constructor(slug: string, message: string) {
    super(message);
    this.name = 'VaultError';
    this.slug = slug;
  }
}

export type Vault = {
  /** Encrypts what is kept elsewhere, bound to a name, so that it cannot be passed off as another's. @throws VaultError */
  readonly seal: (name: string, text: string) => string;
  /** What was sealed under this name. @throws VaultError when it was not, or cannot be read. */
  readonly unseal: (name: string, sealed: string) => string;
  /** The provider's key, or null when none is stored. @throws VaultError when one is and it cannot be decrypted. */
  readonly get: (slug: string) => string | null;
  /** @throws VaultError when there is no usable master key, or the file is damaged as a whole. */
  readonly set: (slug: string, key: string) => void;
  /** Whether there was one. A damaged entry goes too. */
  readonly delete: (slug: string) => boolean;
  /** Slugs with an entry, readable or not, in order. */
  readonly list: () => readonly string[];
};

const entry = z.object({ iv: z.string(), tag: z.string(), data: z.string() });
type Entry = z.infer<typeof entry>;

/**
 * Provider keys at rest: AES-256-GCM in provider-keys.json (0600), each bound to its slug, so that one provider's key cannot
 * be moved under another's name and sent to it. Only the daemon, under its lock, opens this.
 */
export function openVault(state: string, env: NodeJS.ProcessEnv = process.env): Vault {
  const path = paths(state).providerKeys;
  const master = masterKey(state, env);
  const entries = readEntries(path);
  const known = new Map<string, string>();

  const writable = (slug: string): { key: Buffer; entries: Map<string, unknown> } => {
    if (master.kind === 'unusable')
      throw new VaultError(slug, `The key of ${slug} cannot be stored: ${master.message}`);
    if (entries === null) throw new VaultError(slug, damagedFile(slug, path));
    return { key: master.key, entries };
  };
  const save = (all: ReadonlyMap<string, unknown>) =>
    writePrivate(path, `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);

  return {
    seal: (name, text) => {
      if (master.kind === 'unusable')
        throw new VaultError(name, `The secret of ${name} cannot be stored: ${master.message}`);
      return JSON.stringify(encrypt(name, text, master.key));
    },
    unseal: (name, sealed) => {
      let raw: unknown = null;
      try {
        raw = JSON.parse(sealed);
      } catch {
        // Judged below, as an entry that is none.
      }
      return decrypt(name, raw, master);
    },
    get: (slug) => {
      const cached = known.get(slug);
      if (cached !== undefined) return cached;
      if (entries === null) throw new VaultError(slug, damagedFile(slug, path));
      if (!entries.has(slug)) return null;
      const key = decrypt(slug, entries.get(slug), master);
      known.set(slug, key);
      return key;
    },
    set: (slug, key) => {
      const into = writable(slug);
      const next = new Map(into.entries).set(slug, encrypt(slug, key, into.key));
      save(next);
      into.entries.set(slug, next.get(slug));
      known.set(slug, key);
    },
    delete: (slug) => {
      if (!entries?.has(slug)) return false;
      const next = new Map(entries);
      next.delete(slug);
      save(next);
      known.delete(slug);
      return entries.delete(slug);
    },
    list: () => [...(entries?.keys() ?? [])].sort(),
  };
}

function damagedFile(slug: string, path: string): string {
  return `The key of ${slug} cannot be read: ${path} is damaged. Repair or delete it, then set the keys again (callgate providers set-key).`;
}

function readEntries(path: string): Map<string, unknown> | null {
  const text = readIfPresent(path);
  if (text === null) return new Map();
  try {
    const parsed: unknown = JSON.parse(text);
    // Entries are judged one by one when they are asked for, so that a damaged one costs only itself.
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? new Map(Object.entries(parsed))
      : null;
  } catch {
    return null;
  }
}

function encrypt(slug: string, key: string, master: Buffer): Entry {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(Buffer.from(slug));
  const data = Buffer.concat([cipher.update(key, 'utf8'), cipher.final()]);
  return { iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64') };
}

function decrypt(slug: string, raw: unknown, master: MasterKey): string {
  // What is sealed elsewhere has a name of several words; a slug has one.
  const remedy = slug.includes(' ') ? 'Set it again.' : `Set it again (callgate providers set-key ${slug}).`;
  const unreadable = (why: string) =>
    new VaultError(slug, `The stored key of ${slug} cannot be decrypted: ${why}. ${remedy}`);
  if (master.kind === 'unusable') throw unreadable(master.message);
  const parsed = entry.safeParse(raw);
  if (!parsed.success) throw unreadable('its entry in provider-keys.json is damaged');
  const { iv, tag, data } = parsed.data;
  try {
    const options = { authTagLength: 16 };
    const decipher = createDecipheriv('aes-256-gcm', master.key, Buffer.from(iv, 'base64'), options);
    decipher.setAAD(Buffer.from(slug)).setAuthTag(Buffer.from(tag, 'base64'));
    const key = Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8');
    if (key !== '') return key;
  } catch {
    // A wrong tag, a wrong length, another master key: all the same to whoever needs the provider key.
  }
  throw unreadable('it was changed, or encrypted with another master key');
}
