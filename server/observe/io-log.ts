import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { IoLogFilter, IoLogSettings, IoLogStore } from '../store/store.ts';
import { contentOf, type IoAnswer, type IoContent, type JsonRecord } from './io-content.ts';
import type { Log } from './log.ts';

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** A call that has ended. */
export type IoRecord = {
  readonly id: string;
  readonly workspaceId: string;
  readonly keyId: string;
  readonly request: JsonRecord;
  readonly answer: IoAnswer;
  /** Hides what guardrails took out of the request. */
  readonly conceal?: (text: string) => string;
};

/** Whose call it is, as far as the choice of what to keep goes by it. */
export type IoCandidate = {
  readonly id: string;
  readonly workspaceId: string;
  readonly keyId: string;
  readonly sessionId: string | null;
  /** Asked only where presets are chosen. */
  readonly preset: () => string | null;
};

type Waiting = IoRecord & { readonly createdAt: string; readonly characters: number };

/** Records that wait to be written, and characters in them; more are dropped, for a log must not eat the daemon's memory. */
const MOST_WAITING = 512;
const MOST_WAITING_CHARACTERS = 64 * 1_048_576;
const BATCH = 16;
const PURGE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Compressed bytes that are kept over all; beyond, the oldest go. */
export const MOST_STORED_BYTES = 1_073_741_824;

/**
 * Prompts and answers, kept for the workspaces that ask for it and for no other. What is put in is written after the answer is out, in
 * batches; whatever goes wrong then is counted and said, and costs no call anything.
 */
export class IoLog {
  readonly #store: IoLogStore;
  readonly #log: Log;
  readonly #now: () => Date;
  readonly #mostStored: number;
  readonly #settings = new Map<string, IoLogSettings>();
  readonly #purging: NodeJS.Timeout;
  #enabled = false;
  readonly #waiting: Waiting[] = [];
  #characters = 0;
  #writing: Promise<void> | null = null;
  #stored = 0;
  #dropped = 0;

  private constructor(store: IoLogStore, log: Log, now: () => Date, mostStored: number) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
    this.#mostStored = mostStored;
    this.#purging = setInterval(() => void this.purgeOld(), PURGE_EVERY_MS).unref();
  }

  /** Reads what is wanted, and purges what is too old by now. */
  static async open(
    store: IoLogStore,
    log: Log,
    now: () => Date,
    mostStored: number = MOST_STORED_BYTES,
  ): Promise<IoLog> {
    const ioLog = new IoLog(store, log, now, mostStored);
    for (const settings of await store.settings()) ioLog.#settings.set(settings.workspaceId, settings);
    ioLog.#enabled = [...ioLog.#settings.values()].some(({ enabled }) => enabled);
    await ioLog.purgeOld();
    return ioLog;
  }

  /** False while no workspace keeps anything: then nothing else need be asked. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Records that wait, and how many could not be kept since the daemon started. */
  get standing(): { readonly waiting: number; readonly dropped: number } {
    return { waiting: this.#waiting.length, dropped: this.#dropped };
  }

  settings(workspaceId: string): IoLogSettings | null {
    return this.#settings.get(workspaceId) ?? null;
  }

  /** From the next call on; a shorter retention is enforced at once. */
  async configure(settings: IoLogSettings): Promise<void> {
    await this.#store.saveSettings(settings);
    this.#settings.set(settings.workspaceId, settings);
    this.#enabled = [...this.#settings.values()].some(({ enabled }) => enabled);
    await this.purgeOld();
  }

  /** Whether this call is to be kept: the same answer for every call of a session, and for a call each time it is asked. */
  wants({ id, workspaceId, keyId, sessionId, preset }: IoCandidate): boolean {
    const settings = this.#settings.get(workspaceId);
    if (!settings?.enabled) return false;
    const { keyIds, presets, samplingRate } = settings;
    if (keyIds && !keyIds.includes(keyId)) return false;
    if (presets && !presets.includes(preset() ?? '')) return false;
    return samplingRate >= 1 || shareOf(sessionId ?? id) < samplingRate;
  }

  /** Takes a call in to be written soon; drops it when too much waits already. */
  put(record: IoRecord): void {
    const characters = charactersIn(record.request) + charactersIn(record.answer);
    if (this.#waiting.length >= MOST_WAITING || this.#characters + characters > MOST_WAITING_CHARACTERS) {
      this.#drop(1, 'too many calls wait to be written');
      return;
    }
    this.#waiting.push({ ...record, createdAt: this.#now().toISOString(), characters });
    this.#characters += characters;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves once what has been put in is written, or dropped. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async content(id: string): Promise<{
    readonly workspaceId: string;
    readonly keyId: string;
    readonly createdAt: string;
    readonly content: IoContent;
  } | null> {
    await this.flush();
    const row = await this.#store.get(id);
    if (!row) return null;
    const content = JSON.parse((await expand(row.body)).toString('utf8')) as IoContent;
    return { workspaceId: row.workspaceId, keyId: row.keyId, createdAt: row.createdAt, content };
  }

  async sums(workspaceId: string) {
    return this.#store.sums(workspaceId);
  }

  /** Deletes for good; how many there were. */
  async purge(filter: IoLogFilter): Promise<number> {
    await this.flush();
    const purged = await this.#store.purge(filter);
    if (purged > 0) this.#log.info('prompts and answers purged', { entries: purged });
    return purged;
  }

  /** What has outlived its workspace's retention goes, switched on or off. */
  async purgeOld(): Promise<void> {
    try {
      let purged = 0;
      for (const { workspaceId, retentionDays } of this.#settings.values()) {
        const before = new Date(this.#now().getTime() - retentionDays * DAY_MS).toISOString();
        purged += await this.#store.purge({ workspaceId, before });
      }
      purged += await this.#store.shrink(this.#mostStored);
      if (purged > 0) this.#log.info('old prompts and answers purged', { entries: purged });
    } catch (error) {
      this.#log.error('old prompts and answers could not be purged', { error: String(error) });
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#purging);
    await this.flush();
  }

  async #writeAll(): Promise<void> {
    // Not in the turn that ends a call.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      for (const { characters } of batch) this.#characters -= characters;
      try {
        await this.#write(batch);
      } catch (error) {
        this.#drop(batch.length, String(error));
      }
    }
    this.#writing = null;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const rows = [];
    for (const { id, createdAt, workspaceId, keyId, request, answer, conceal } of batch) {
      const hidden = conceal
        ? (_: string, value: unknown) => (typeof value === 'string' ? conceal(value) : value)
        : undefined;
      const body = await compress(JSON.stringify(contentOf(request, answer), hidden));
      // Switched off meanwhile: then it is not kept any more.
      if (this.#settings.get(workspaceId)?.enabled) rows.push({ id, createdAt, workspaceId, keyId, body });
    }
    if (rows.length === 0) return;
    await this.#store.add(rows);
    this.#stored += rows.reduce((sum, { body }) => sum + body.length, 0);
    // Between the hours, for a busy daemon writes much.
    if (this.#stored > this.#mostStored / 16) {
      this.#stored = 0;
      await this.#store.shrink(this.#mostStored);
    }
  }

  #drop(count: number, why: string): void {
    this.#dropped += count;
    this.#log.warn('prompts and answers were not kept', { calls: count, dropped_since_start: this.#dropped, why });
  }
}

/** Where a name falls between 0 and 1, always at the same place. */
function shareOf(name: string): number {
  return createHash('sha256').update(name).digest().readUIntBE(0, 6) / 2 ** 48;
}

/** The characters of all texts in a value, roughly what it takes in memory. */
function charactersIn(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let sum = 16;
  for (const item of Array.isArray(value) ? value : Object.values(value)) sum += charactersIn(item);
  return sum;
}
