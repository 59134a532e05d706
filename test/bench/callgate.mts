/** The daemon under test: a copy of the built one on a state folder of its own, with the mock upstream as its provider. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { Child, Children, Place } from './children.mts';

const DIST = resolve(import.meta.dirname, '../../dist');

/** US dollars per token, so that a whole answer of the upstream costs 34 millionths and one of 50 chunks 112. */
export const PROMPT_PRICE = 0.000001;
export const COMPLETION_PRICE = 0.000002;

/** A key's limit in US dollars: far more than a run can spend. */
export const LIMIT = 100_000;

/** What callers ask Callgate for, by what the upstream knows it as. */
export const MODELS: Readonly<Record<string, string>> = {
  mock: 'mock/plain',
  'mock-c50': 'mock/fifty',
  'mock-c12-d4': 'mock/paced',
};

const config = (upstream: string) => `
providers:
  mock:
    dialect: openai
    base_url: ${upstream}/v1
    models:
${Object.entries(MODELS)
  .map(
    ([native, id]) => `      - id: ${id}
        native: ${native}
        context_length: 32000
        max_completion_tokens: 4000
        pricing: { prompt: "${PROMPT_PRICE.toFixed(6)}", completion: "${COMPLETION_PRICE.toFixed(6)}" }`,
  )
  .join('\n')}
`;

const ready = z.object({ url: z.string(), pid: z.int().positive() });
const created = z.object({ key: z.string(), data: z.object({ hash: z.string() }) });
const usage = z.object({ data: z.object({ usage: z.number() }) });
const made = z.object({ data: z.object({ id: z.string() }) });
const generation = z.object({
  data: z.object({ callgate: z.object({ content_findings: z.array(z.object({ type: z.string() })) }) }),
});

export type ApiKey = { readonly secret: string; readonly hash: string };

export class Installation {
  readonly #folder: string;
  readonly #config: string;

  /** Copies the build, so that another build meanwhile disturbs nothing. */
  constructor(upstream: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'callgate-bench-'));
    cpSync(DIST, join(this.#folder, 'dist'), { recursive: true });
    this.#config = join(this.#folder, 'bench.yaml');
    writeFileSync(this.#config, config(upstream));
  }

  /** A state folder's path; nothing is there yet. */
  state(name: string): string {
    mkdirSync(join(this.#folder, 'states'), { recursive: true });
    return join(this.#folder, 'states', name);
  }

  /** Starts a daemon and waits for the line that says it is ready; `ms` is how long that took from before the spawn. */
  async start(children: Children, state: string, place: Place): Promise<Callgate> {
    const daemon = join(this.#folder, 'dist/daemon.js');
    const child = children.start(
      [process.execPath, daemon, 'serve', '--json', '--port', '0', '--state', state, '--config', this.#config],
      { place },
    );
    const { line, ms } = await child.firstLine();
    const { url, pid } = ready.parse(JSON.parse(line));
    return new Callgate(child, { url, pid, state, readyMs: ms });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

type Running = { readonly url: string; readonly pid: number; readonly state: string; readonly readyMs: number };

export class Callgate {
  readonly url: string;
  readonly pid: number;
  readonly readyMs: number;
  readonly #child: Child;
  readonly #managementKey: string;

  constructor(child: Child, { url, pid, state, readyMs }: Running) {
    this.#child = child;
    this.url = url;
    this.pid = pid;
    this.readyMs = readyMs;
    this.#managementKey = readFileSync(join(state, 'management.key'), 'utf8').trim();
  }

  /** @param limit US dollars; null: none. */
  async createKey(name: string, limit: number | null): Promise<ApiKey> {
    const body = JSON.stringify({ name, limit });
    const { key, data } = created.parse(await this.#manage('/api/v1/keys', { method: 'POST', body }));
    return { secret: key, hash: data.hash };
  }

  /** Publishes a preset file's text as the version that calls use. */
  async publish(slug: string, content: string): Promise<void> {
    const body = JSON.stringify({ text: content });
    await this.#manage(`/api/v1/callgate/presets/${slug}/publish`, { method: 'POST', body });
  }

  /** Gives a key a guardrail of its own, as the body of `POST /guardrails` says it. */
  async guard({ hash }: ApiKey, guardrail: object): Promise<void> {
    const body = JSON.stringify(guardrail);
    const { data } = made.parse(await this.#manage('/api/v1/guardrails', { method: 'POST', body }));
    await this.#manage(`/api/v1/guardrails/${data.id}/assignments/keys`, {
      method: 'POST',
      body: JSON.stringify({ key_hashes: [hash] }),
    });
  }

  /** What the filters of a guardrail found in a call, by their slugs. */
  async foundIn(id: string): Promise<readonly string[]> {
    const { data } = generation.parse(await this.#manage(`/api/v1/generation?id=${id}`, {}));
    return data.callgate.content_findings.map(({ type }) => type);
  }

  /** US dollars the key has spent. */
  async spent({ hash }: ApiKey): Promise<number> {
    return usage.parse(await this.#manage(`/api/v1/keys/${hash}`, {})).data.usage;
  }

  async end(): Promise<void> {
    await this.#child.end();
  }

  async #manage(path: string, init: RequestInit): Promise<unknown> {
    const headers = { authorization: `Bearer ${this.#managementKey}`, 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}${path}`, { ...init, headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
