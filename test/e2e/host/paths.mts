import { join, resolve } from 'node:path';

/** The repository's root: the extension under development. */
export const ROOT = resolve(import.meta.dirname, '../../..');
export const SAMPLE_WORKSPACE = join(ROOT, 'test/e2e/workspace');
/** Bundled from `test/e2e/suite/index.ts` by esbuild.mjs. */
export const SUITE = join(ROOT, 'out/e2e/index.js');
/** What a run leaves to look at: the preset editor in every theme, and whatever failed. */
export const EVIDENCE = join(ROOT, 'out/e2e/evidence');

/** Where downloads are kept between runs: `CALLGATE_CACHE`, the platform's cache folder where one is named, else the repository's `.cache`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['CALLGATE_CACHE']) return resolve(env['CALLGATE_CACHE']);
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'callgate');
  return join(ROOT, '.cache');
}
