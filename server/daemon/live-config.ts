import { unwatchFile, watchFile } from 'node:fs';
import { basename } from 'node:path';
import type { Log } from '../observe/log.ts';
import type { ConfigStanding } from '../protocol.ts';
import { type LoadedConfig, parseConfig } from './config.ts';
import type { Config } from './config-schema.ts';
import { readIfPresent } from './private-file.ts';

export type LiveConfigOptions = {
  /** Absolute. */
  readonly path: string;
  /** What the daemon runs with now. */
  readonly running: Config;
  /** Puts it in place for calls that come from now on; throws when it cannot, and has then changed nothing. */
  readonly apply: (config: Config) => void;
  /** Told after each reading that changed how things stand. */
  readonly tell: (standing: ConfigStanding) => void;
  readonly log: Log;
};

const POLL_MS = 1_000;
/** An editor may empty the file before it fills it; what is read in between would be a valid file that says nothing. */
const SETTLE_MS = 150;

/** What of `server` is asked for anew each time; all else, such as the port, is what the daemon was started with. */
const LIVE: ReadonlySet<string> = new Set([
  'allowed_hosts',
  'allowed_origins',
  'queue_wait',
  'permit_wait',
  'idle_exit',
  'response_cache',
]);

/**
 * config.yaml while the daemon runs: read again when it changes or when asked, put in place whole or not at all. It is looked at
 * once a second, through any links, rather than watched: its folder is also the database's, whose every write would wake a watcher.
 */
export class LiveConfig {
  readonly #options: LiveConfigOptions;
  readonly #atStart: Config;
  /** What was read last of a file that was there, valid or not. */
  #text: string | null;
  #standing: ConfigStanding;
  #settling: NodeJS.Timeout | undefined;
  #watching = false;

  constructor(options: LiveConfigOptions) {
    this.#options = options;
    this.#atStart = options.running;
    this.#text = readIfPresent(options.path);
    this.#standing = { path: options.path, problems: [], restart: [] };
  }

  get standing(): ConfigStanding {
    return this.#standing;
  }

  /** Looks for changes until `close`. */
  watch(): void {
    this.#watching = true;
    watchFile(this.#options.path, { interval: POLL_MS, persistent: false }, this.#onChange);
  }

  close(): void {
    this.#watching = false;
    clearTimeout(this.#settling);
    unwatchFile(this.#options.path, this.#onChange);
  }

  /** Reads the file again, whether or not it changed. An invalid one changes nothing but the standing. */
  reload(why: string): ConfigStanding {
    const { path, log, tell } = this.#options;
    const before = this.#standing;
    this.#standing = this.#read();
    const { problems, restart } = this.#standing;
    if (problems.length > 0) log.error('config_invalid', { why, path, problems });
    else log.info('config_loaded', { why, path, ...(restart.length > 0 ? { needs_restart: restart } : {}) });
    if (JSON.stringify(before) !== JSON.stringify(this.#standing)) tell(this.#standing);
    return this.#standing;
  }

  readonly #onChange = (): void => {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      if (!this.#watching) return;
      // A file that is back where it was says the same as before, and is no longer a problem.
      if (this.#standing.problems.length > 0 || textOf(this.#options.path) !== this.#text) this.reload('changed');
    }, SETTLE_MS).unref();
  };

  #read(): ConfigStanding {
    const { path, apply } = this.#options;
    const wrong = (...problems: string[]): ConfigStanding => ({ ...this.#standing, path, problems });
    const text = textOf(path);
    if (text instanceof Error) return wrong(`${path}: ${text.message}`);
    // It may be on its way from one place to another; without it no provider of its would be known.
    if (text === null && this.#text !== null)
      return wrong(`${path}: the file is gone; put it back, or an empty one in its place`);
    this.#text = text;
    const loaded: LoadedConfig = parseConfig(text ?? '', basename(path));
    if (loaded.kind === 'invalid') return wrong(...loaded.problems);
    try {
      apply(loaded.config);
    } catch (error) {
      return wrong(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    return { path, problems: [], restart: this.#needRestart(loaded.config) };
  }

  #needRestart({ server }: Config): string[] {
    const before: Readonly<Record<string, unknown>> = this.#atStart.server;
    const now: Readonly<Record<string, unknown>> = server;
    const names = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...names]
      .filter((name) => !LIVE.has(name) && before[name] !== now[name])
      .map((name) => `server.${name}`)
      .toSorted();
  }
}

function textOf(path: string): string | null | Error {
  try {
    return readIfPresent(path);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
