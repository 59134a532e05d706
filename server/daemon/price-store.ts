import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import type { PriceFiles } from '../admin/price-files.ts';
import type { FetchJson } from '../admin/prices.ts';
import { outgoingDispatcher } from '../providers/dispatcher.ts';
import { readIfPresent, writePrivate } from './private-file.ts';

const TIMEOUT_MS = 30_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** Refreshed prices beside the database: `prices.json`, and `prices.previous.json` for the way back. */
export function priceFiles(state: string): PriceFiles {
  const path = { current: join(state, 'prices.json'), previous: join(state, 'prices.previous.json') };
  return {
    read: (which) => readIfPresent(path[which]),
    write: (which, text) => {
      if (text === null) rmSync(path[which], { force: true });
      else writePrivate(path[which], text);
    },
  };
}

/** Gets JSON as every call to the world goes, through the proxies that `env` names. */
export function jsonFetcher(env: NodeJS.ProcessEnv): FetchJson {
  return async (url, headers) => {
    const dispatcher = outgoingDispatcher(env, { connect: { timeout: TIMEOUT_MS }, maxResponseSize: MOST_BYTES });
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { statusCode, body } = await request(url, {
        dispatcher,
        headers: { accept: 'application/json', ...headers },
        signal,
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`it answered ${statusCode}`);
      return JSON.parse(text) as unknown;
    } finally {
      await dispatcher.destroy();
    }
  };
}
