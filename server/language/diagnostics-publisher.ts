import type { Diagnostic, PublishDiagnosticsParams } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { collect } from './collect.ts';
import type { LanguageLog } from './language-log.ts';
import type { Room } from './room.ts';

/** Long enough to swallow a burst of changes, too short to be seen. */
const DEBOUNCE_MS = 20;

export type DiagnosticsTarget = {
  readonly rooms: readonly Room[];
  readonly current: (uri: string) => TextDocument | undefined;
  readonly publish: (params: PublishDiagnosticsParams) => void;
  readonly log: LanguageLog;
};

/** Pushes each document's diagnostics after it changed. What was found in a text that has changed since is thrown away. */
export class DiagnosticsPublisher {
  readonly #target: DiagnosticsTarget;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(target: DiagnosticsTarget) {
    this.#target = target;
  }

  schedule(uri: string): void {
    clearTimeout(this.#timers.get(uri));
    const timer = setTimeout(() => {
      this.#timers.delete(uri);
      void this.#publish(uri);
    }, DEBOUNCE_MS);
    this.#timers.set(uri, timer);
  }

  close(uri: string): void {
    clearTimeout(this.#timers.get(uri));
    this.#timers.delete(uri);
    this.#target.publish({ uri, diagnostics: [] });
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #publish(uri: string): Promise<void> {
    const { rooms, current, publish, log } = this.#target;
    const document = current(uri);
    if (document === undefined) return;
    const { version } = document;
    const diagnostics: Diagnostic[] = await collect(rooms, (room) => room.diagnose?.(document), log);
    // Documents change in place: only the version tells whether this one still has the text that was read.
    if (current(uri)?.version !== version || this.#timers.has(uri)) return;
    publish({ uri, version, diagnostics });
  }
}
