import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose } from '../../server/daemon/compose.ts';
import type { ComposeOptions, Composition } from '../../server/daemon/composition.ts';
import { parseConfig } from '../../server/daemon/config.ts';
import { listen } from '../../server/daemon/listen.ts';
import { openVault } from '../../server/daemon/vault.ts';

export type LogLine = {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

/** A composed daemon in this process, on a free port, with a clock one can turn. */
export class TestDaemon {
  readonly state: string;
  readonly url: string;
  readonly managementKey: string;
  readonly lines: LogLine[];
  readonly firstKey: string | null;
  readonly #composition: Composition;
  readonly #clock: { now: Date | null };
  readonly #close: () => Promise<void>;

  constructor(parts: {
    state: string;
    url: string;
    managementKey: string;
    lines: LogLine[];
    composition: Composition;
    firstKey: string | null;
    clock: { now: Date | null };
    close: () => Promise<void>;
  }) {
    this.state = parts.state;
    this.url = parts.url;
    this.managementKey = parts.managementKey;
    this.lines = parts.lines;
    this.#composition = parts.composition;
    this.firstKey = parts.firstKey;
    this.#clock = parts.clock;
    this.#close = parts.close;
  }

  static async start(
    configYaml = '',
    options: { state?: string; env?: NodeJS.ProcessEnv; keepAliveMs?: number; random?: () => number } = {},
  ): Promise<TestDaemon> {
    const state = options.state ?? mkdtempSync(join(tmpdir(), 'callgate-test-'));
    const config = parseConfig(configYaml);
    if (config.kind === 'invalid') throw new Error(config.problems.join('\n'));
    const env = options.env ?? {};
    const lines: LogLine[] = [];
    const at =
      (level: string) =>
      (event: string, fields: Readonly<Record<string, unknown>> = {}) =>
        void lines.push({ level, event, fields });
    const clock: { now: Date | null } = { now: null };
    let url = '';
    const startedAt = new Date().toISOString();
    const managementKey = 'sk-cg-mgmt-v1-test';
    const composeOptions: ComposeOptions = {
      state,
      config: config.config,
      managementKey,
      vault: openVault(state, { ...env, CALLGATE_MASTER_KEY: '00'.repeat(32) }),
      log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
      now: () => clock.now ?? new Date(),
      env,
      info: () => ({ url, pid: process.pid, state, version: '0', protocol: 1, started_at: startedAt }),
      requestStop: () => {},
      handOff: () => ({ accepted: false, reason: 'a test' }),
      handingOverTo: () => null,
      onDemand: false,
      configStanding: () => ({ path: join(state, 'config.yaml'), problems: [], restart: [] }),
      reloadConfig: () => ({ path: join(state, 'config.yaml'), problems: [], restart: [] }),
      ...(options.keepAliveMs === undefined ? {} : { keepAliveMs: options.keepAliveMs }),
      // The cheapest endpoint, and of equal ones the first, unless a test draws otherwise.
      random: options.random ?? (() => 0),
    };
    const composition = await compose(composeOptions);
    const listening = await listen(composition.app, undefined, 0, (port) => {
      url = `http://127.0.0.1:${port}`;
      composition.setBaseUrl(url);
    });
    if (listening.kind !== 'listening') throw new Error(listening.message);
    const close = async () => {
      listening.cut();
      await listening.drain();
      await composition.close();
    };
    const firstKey = await composition.mintFirstKey();
    return new TestDaemon({ firstKey, state, url, managementKey, lines, composition, clock, close });
  }

  get app() {
    return this.#composition.app;
  }

  lastProgramUse(): Promise<Date | null> {
    return this.#composition.lastProgramUse();
  }

  /** Stops the clock at this moment; null lets it run again. */
  setNow(now: Date | null): void {
    this.#clock.now = now;
  }

  async request(
    path: string,
    init: {
      method?: string;
      body?: unknown;
      key?: string;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ) {
    const { method = init.body === undefined ? 'GET' : 'POST', body, key = this.managementKey } = init;
    return fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(init.signal ? { signal: init.signal } : {}),
    });
  }

  /** Makes a key; returns its secret and hash. */
  async key(body: Record<string, unknown> = {}): Promise<{ readonly secret: string; readonly hash: string }> {
    const created = await this.request('/api/v1/keys', { body: { name: 'test', ...body } });
    const { key, data } = (await created.json()) as { key: string; data: { hash: string } };
    return { secret: key, hash: data.hash };
  }

  async keyData(hash: string): Promise<Record<string, number>> {
    return ((await (await this.request(`/api/v1/keys/${hash}`)).json()) as { data: Record<string, number> }).data;
  }

  async chat(
    key: string,
    body: Record<string, unknown>,
    more: { headers?: Record<string, string>; signal?: AbortSignal } = {},
  ) {
    return this.request('/api/v1/chat/completions', {
      key,
      body: { messages: [{ role: 'user', content: 'Hi' }], ...body },
      ...more,
    });
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.#close();
    if (!keep) rmSync(this.state, { recursive: true, force: true });
  }
}

/** The data of every event of a server-sent stream, `[DONE]` included. */
export async function eventsOf(response: Response): Promise<string[]> {
  return (await response.text())
    .split('\n\n')
    .filter((block) => block.startsWith('data: '))
    .map((block) => block.slice('data: '.length));
}

/** A provider entry for config.yaml whose models all cost a dollar per million prompt tokens and ten per million completion tokens. */
export function providerYaml(slug: string, baseUrl: string, models: readonly string[], more = ''): string {
  const list = models
    .map(
      (id) =>
        `      - { id: ${slug}/${id}, native: ${id}, context_length: 100000, max_completion_tokens: 1000, pricing: { prompt: "0.000001", completion: "0.00001" } }`,
    )
    .join('\n');
  return `  ${slug}:\n    base_url: ${baseUrl}\n${more}    models:\n${list}\n`;
}
