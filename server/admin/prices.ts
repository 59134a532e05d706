import { REMOTE_DATA_JSON_URL } from '@pydantic/genai-prices';
import { type Refusal, refuse } from '../errors.ts';
import { bundledData, priceData, priceEpoch, usePriceData } from '../pricing/price-book.ts';
import { type PriceChange, priceChanges } from '../pricing/price-changes.ts';
import type { PricesChanged, PricesStanding } from '../protocol.ts';
import { audit } from './audit.ts';
import type { AdminContext } from './context.ts';
import { dataOf, type KeptPrices, type PriceFiles, readKept } from './price-files.ts';

/** Fetches JSON; throws with words for people. */
export type FetchJson = (url: string, headers: Readonly<Record<string, string>>) => Promise<unknown>;

export type PricesParts = {
  readonly admin: AdminContext;
  readonly files: PriceFiles;
  readonly fetchJson: FetchJson;
};

export type RefreshRequest = {
  /** Only tell what would change. */
  readonly dryRun: boolean;
  /** A file instead of the network: the price library's, or OpenRouter's list of models. */
  readonly file: unknown;
};

/** The prices in use, and their refresh: on request alone, told in full, and taken back as easily. One change at a time. */
export class Prices {
  readonly #parts: PricesParts;
  #kept: KeptPrices | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: PricesParts) {
    this.#parts = parts;
  }

  /** Puts what was kept into use at the start; what cannot be read is logged and left alone. */
  async restore(): Promise<void> {
    const { files, admin } = this.#parts;
    const text = files.read('current');
    const found = text === null ? null : readKept(text);
    const data = found ? dataOf(found, await bundledData()) : null;
    if (text !== null && (data === null || typeof data === 'string')) {
      admin.log.error('kept prices cannot be read: those that came along are used', { problem: data ?? 'not JSON' });
    }
    if (!found || data === null || typeof data === 'string') {
      // Nothing was put in their place yet, unless another daemon ran in this process.
      if (priceEpoch() > 0) await usePriceData({ library: await bundledData(), listing: [] });
      return;
    }
    await usePriceData(data);
    this.#kept = found;
  }

  async standing(): Promise<PricesStanding> {
    const { library, listing } = await priceData();
    return {
      source: this.#kept?.source ?? 'bundled',
      fetched_at: this.#kept?.fetched_at ?? null,
      providers: library.length,
      models: library.reduce((sum, { models }) => sum + models.length, 0),
      listed_models: listing.length,
      can_roll_back: this.#kept !== null,
    };
  }

  refresh(request: RefreshRequest): Promise<PricesChanged | Refusal> {
    return this.#inTurn(() => this.#refresh(request));
  }

  /** Back to the prices before the last refresh; the first one's before are those that came along. */
  rollback(): Promise<PricesChanged | Refusal> {
    return this.#inTurn(async () => {
      if (!this.#kept)
        return refuse('invalid_request', {
          message: 'The prices that came along are in use already',
          metadata: { remedy: 'There is nothing to take back.' },
        });
      const text = this.#parts.files.read('previous');
      // None: the refresh that is taken back was the first, or the one before it was taken back already.
      const previous = text === null ? null : readKept(text);
      const done = await this.#use(previous, false, []);
      if (!('kind' in done)) this.#parts.files.write('previous', null);
      return done;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #refresh({ dryRun, file }: RefreshRequest): Promise<PricesChanged | Refusal> {
    const problems: string[] = [];
    if (file === null) return noPrices('the file is empty');
    const came = file === undefined ? await this.#fetch(problems) : readGiven(file);
    if (came.library === null && came.listing === null) {
      return refuse('prices_unavailable', { detail: problems.join('; ') });
    }
    const kept: KeptPrices = {
      fetched_at: this.#parts.admin.now().toISOString(),
      source: file === undefined ? 'network' : 'file',
      // What did not come is kept as it was.
      library: came.library ?? this.#kept?.library ?? null,
      listing: came.listing ?? this.#kept?.listing ?? null,
    };
    return this.#use(kept, dryRun, problems);
  }

  async #use(next: KeptPrices | null, dryRun: boolean, problems: readonly string[]): Promise<PricesChanged | Refusal> {
    const { files, admin } = this.#parts;
    const data = next ? dataOf(next, await bundledData()) : { library: await bundledData(), listing: [] };
    if (typeof data === 'string') return noPrices(data);
    const before = await priceData();
    const used = admin.providers.list().flatMap(({ priceProvider }) => priceProvider ?? []);
    const changes = priceChanges(before, data, [...new Set(used)], admin.now());
    if (dryRun) return this.#told(changes, problems, false);
    try {
      await usePriceData(data);
    } catch (error) {
      return noPrices(error instanceof Error ? error.message : String(error));
    }
    // Every listing of models is made anew from now on; calls under way keep the prices they were bounded with.
    admin.providers.replace(admin.providers.list());
    files.write('previous', this.#kept ? JSON.stringify(this.#kept) : null);
    files.write('current', next ? JSON.stringify(next) : null);
    const standing = (kept: KeptPrices | null) => ({
      source: kept?.source ?? 'bundled',
      fetched_at: kept?.fetched_at ?? null,
    });
    await audit(admin, {
      action: 'prices.replace',
      target: 'prices',
      before: standing(this.#kept),
      after: { ...standing(next), changed: changes.length },
    });
    this.#kept = next;
    admin.log.info('prices replaced', { source: next?.source ?? 'bundled', changed: changes.length });
    admin.events.emit({ kind: 'changed', changed: { what: 'providers' } });
    return this.#told(changes, problems, true);
  }

  async #told(changes: readonly PriceChange[], problems: readonly string[], applied: boolean): Promise<PricesChanged> {
    return { applied, changes: [...changes], problems: [...problems], standing: await this.standing() };
  }

  /** Both files; of one that cannot be had, `problems` says why. */
  async #fetch(problems: string[]): Promise<Pick<KeptPrices, 'library' | 'listing'>> {
    const { fetchJson, admin } = this.#parts;
    const get = (url: string, headers: Readonly<Record<string, string>>) =>
      fetchJson(url, headers).catch((error: unknown) => {
        problems.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      });
    const router = admin.providers.find('openrouter');
    const key = router ? admin.providers.keyOf(router) : null;
    const [library, listing] = await Promise.all([
      get(REMOTE_DATA_JSON_URL, {}),
      router ? get(`${router.baseUrl()}/models`, key ? { authorization: `Bearer ${key}` } : {}) : null,
    ]);
    return { library, listing };
  }
}

const noPrices = (why: string) =>
  refuse('invalid_request', {
    message: `These are no prices: ${why}`,
    metadata: { remedy: 'Give the data.json of genai-prices, or an answer of OpenRouter’s /api/v1/models.' },
  });

/** A list is the library's file, an object with `data` OpenRouter's list. */
function readGiven(file: unknown): Pick<KeptPrices, 'library' | 'listing'> {
  const isListing = typeof file === 'object' && file !== null && !Array.isArray(file);
  return isListing ? { library: null, listing: file } : { library: file, listing: null };
}
