import { EventEmitter, type LogOutputChannel } from 'vscode';
import type { SpendKey, SpendTree } from '../../server/protocol.ts';
import type { Answer } from '../api.ts';
import { coalesce } from '../coalesce.ts';

/** Well under the second within which a call must show. */
const REFRESH_DELAY = 200;

/** What has been spent, as the daemon last told it; null until it has, and after it was lost. */
export class Spend {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #refresh: ReturnType<typeof coalesce>;
  readonly #ask: () => Promise<Answer<SpendTree>>;
  readonly #log: LogOutputChannel;
  #tree: SpendTree | null = null;

  constructor(ask: () => Promise<Answer<SpendTree>>, log: LogOutputChannel) {
    this.#ask = ask;
    this.#log = log;
    this.#refresh = coalesce(() => this.refresh(), REFRESH_DELAY);
  }

  get tree(): SpendTree | null {
    return this.#tree;
  }

  get keys(): readonly SpendKey[] {
    return this.#tree?.workspaces.flatMap((workspace) => workspace.keys) ?? [];
  }

  /** US dollars since midnight UTC, over every key. */
  get today(): number {
    return this.keys.reduce((sum, key) => sum + key.usage_daily, 0);
  }

  /** Asks soon, once, however many calls just finished. */
  refreshSoon(): void {
    this.#refresh.request();
  }

  async refresh(): Promise<void> {
    try {
      const answer = await this.#ask();
      if (answer.kind === 'ok') this.#set(answer.value);
      else this.#log.warn(`The daemon would not tell the spend: ${answer.message}`);
    } catch (error) {
      this.#log.warn(`The spend could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  clear(): void {
    this.#set(null);
  }

  dispose(): void {
    this.#refresh.dispose();
    this.#changed.dispose();
  }

  #set(tree: SpendTree | null): void {
    this.#tree = tree;
    this.#changed.fire();
  }
}
