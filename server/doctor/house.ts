import { lstat, readFile, statfs } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Providers } from '../providers/registry.ts';
import type { Store } from '../store/store.ts';
import { fine, problem, type Verdict, warning } from './verdict.ts';

export type HouseParts = {
  readonly state: string;
  /** Files that nobody else may read. */
  readonly secretFiles: readonly string[];
  readonly configPath: string;
  /** What is wrong with config.yaml as it stands now, a line each. */
  readonly configProblems: () => readonly string[];
  readonly url: () => string;
  readonly store: Store;
  readonly providers: Providers;
};

export type HouseFinding = { readonly name: string; readonly verdict: Verdict };
export type HouseCheck = { readonly name: string; readonly look: () => Promise<readonly Verdict[]> };

const MEGABYTE = 1_048_576;
const LITTLE = 1024 * MEGABYTE;
const TOO_LITTLE = 100 * MEGABYTE;

/** What can be wrong with the daemon's own place; `deep` reads the whole database through. */
export function houseChecks(parts: HouseParts, deep: boolean): readonly HouseCheck[] {
  return [
    { name: 'state folder', look: () => stateFolder(parts) },
    { name: 'disk', look: () => disk(parts) },
    { name: 'config.yaml', look: () => config(parts) },
    { name: 'address', look: async () => [fine(`listens at ${parts.url()}`)] },
    { name: 'keys', look: () => missingKeys(parts) },
    ...(deep ? [{ name: 'database', look: () => database(parts) }] : []),
  ];
}

async function stateFolder({ state, secretFiles }: HouseParts): Promise<readonly Verdict[]> {
  // Windows keeps a person's own folders from others by itself.
  if (typeof process.getuid !== 'function') return [fine(state)];
  const found: Verdict[] = [];
  for (const path of [state, ...secretFiles]) {
    const stat = await lstat(path).catch(() => null);
    if (!stat) continue;
    if (stat.uid !== process.getuid()) {
      found.push(
        problem(
          'foreign_owner',
          `${path} belongs to another user`,
          `Make it yours again: chown it to ${process.getuid()}.`,
        ),
      );
    } else if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8);
      const right = stat.isDirectory() ? '700' : '600';
      found.push(
        problem('open_to_others', `Other users can get at ${path} (mode ${mode})`, `Close it: chmod ${right} ${path}.`),
      );
    }
  }
  return found.length > 0 ? found : [fine(`${state} is yours alone`)];
}

async function disk({ state }: HouseParts): Promise<readonly Verdict[]> {
  const { bavail, bsize } = await statfs(state);
  const free = bavail * bsize;
  const told = free > LITTLE ? `${Math.floor(free / (1024 * MEGABYTE))} GB` : `${Math.floor(free / MEGABYTE)} MB`;
  const remedy = 'Free disk space: without any, no call can be recorded, and so none is made.';
  if (free < TOO_LITTLE) return [problem('disk_full', `only ${told} are left where the ledger is kept`, remedy)];
  return [free < LITTLE ? warning('disk_low', `only ${told} are left`, remedy) : fine(`${told} free`)];
}

async function config({ configPath, configProblems }: HouseParts): Promise<readonly Verdict[]> {
  const remedy = 'Correct the line; until then the daemon runs on with what it had.';
  const problems = configProblems().map((text) => problem('config_invalid', text, remedy));
  const text = await readFile(configPath, 'utf8').catch(() => null);
  if (text === null) return problems.length > 0 ? problems : [fine(`none, which is fine (${configPath})`)];
  const { mode } = await lstat(configPath);
  // A header is the one place where a secret can stand in it.
  const isOpen = process.platform !== 'win32' && (mode & 0o077) !== 0 && /^\s*headers\s*:/m.test(text);
  const name = basename(configPath);
  const open = isOpen
    ? [
        warning(
          'config_open_to_others',
          `${name} names headers, which may hold a secret, and others can read it`,
          `Close it: chmod 600 ${configPath}.`,
        ),
      ]
    : [];
  return problems.length + open.length > 0 ? [...problems, ...open] : [fine('is valid')];
}

/** A preset whose models have no key anywhere fails at its first call; better to hear of it here. */
async function missingKeys({ store, providers }: HouseParts): Promise<readonly Verdict[]> {
  const found: Verdict[] = [];
  for (const { id } of await store.workspaces.list()) {
    for (const preset of await store.presets.list(id)) {
      if (preset.status !== 'active' || preset.designatedVersionId === null) continue;
      const version = await store.presets.versionById(preset.designatedVersionId);
      const { model, models } = version?.config ?? {};
      const names = [model, ...(Array.isArray(models) ? models : [])].filter((name) => typeof name === 'string');
      const endpoints = names.flatMap((name) => providers.endpoints(name));
      if (endpoints.length === 0 || endpoints.some(({ provider }) => providers.keyOf(provider) !== undefined)) continue;
      const slugs = [...new Set(endpoints.map(({ provider }) => provider.slug))];
      found.push(
        warning(
          'key_missing',
          `@preset/${preset.slug} needs ${slugs.join(' or ')}, and there is no key for it`,
          `Store one with \`callgate providers set-key ${slugs[0]}\`.`,
        ),
      );
    }
  }
  return found.length > 0 ? found : [fine('every published preset has a provider with a key')];
}

async function database({ store }: HouseParts): Promise<readonly Verdict[]> {
  const damage = await store.check();
  return damage.length === 0
    ? [fine('is whole')]
    : damage
        .slice(0, 10)
        .map((text) =>
          problem('store_damaged', text, 'Stop the daemon, keep a copy of callgate.db, and restore it from a backup.'),
        );
}
