import { join } from 'node:path';
import type { WebSocket } from 'ws';
import type { AdminContext } from '../admin/context.ts';
import { callableModels, modelSummary } from '../admin/models.ts';
import { presetSummaries } from '../admin/presets.ts';
import type { attachLanguageServer } from '../language/attach.ts';
import { bundledAssets } from '../language/calls/syntax-assets.ts';
import { createSyntaxService, type SyntaxService } from '../language/calls/syntax-service.ts';
import type { DaemonEvent } from '../observe/events.ts';
import { CALL_FINISHED, CHANGED, CONFIG_READ, type LanguageHost } from '../protocol.ts';

export type EditorsOptions = { readonly admin: AdminContext; readonly baseUrl: () => string };

/** The editor windows that are connected: each has its own language session, and all hear what happens in the daemon. */
export class Editors {
  readonly #host: LanguageHost;
  readonly #syntax: SyntaxService;
  readonly #log: EditorsOptions['admin']['log'];
  readonly #sessions = new Set<ReturnType<typeof attachLanguageServer>>();
  #closed = false;
  readonly #listening: { [Symbol.dispose](): void };

  constructor({ admin, baseUrl }: EditorsOptions) {
    this.#log = admin.log;
    this.#host = {
      baseUrl,
      models: async () => callableModels(admin.providers).map(modelSummary),
      presets: () => presetSummaries(admin),
    };
    // The grammars lie beside the bundle that runs.
    this.#syntax = createSyntaxService(bundledAssets(join(__dirname, 'assets')), admin.log);
    this.#listening = admin.events.listen((event) => this.#tell(event));
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Serves a window's socket. The language server is loaded with the first one: a daemon without an editor never needs it. */
  async attach(socket: WebSocket): Promise<void> {
    socket.pause();
    const { attachLanguageServer } = await import('../language/attach.ts');
    if (this.#closed) {
      socket.terminate();
      return;
    }
    const session = attachLanguageServer(socket, { host: this.#host, syntax: this.#syntax, log: this.#log });
    this.#sessions.add(session);
    socket.once('close', () => this.#sessions.delete(session));
    socket.resume();
  }

  close(): void {
    this.#closed = true;
    this.#listening[Symbol.dispose]();
    for (const session of this.#sessions) session.dispose();
    this.#syntax.dispose();
  }

  #tell(event: DaemonEvent): void {
    if (event.kind === 'refused') return;
    for (const session of this.#sessions) {
      if (event.kind === 'call') session.notify(CALL_FINISHED, event.call);
      else if (event.kind === 'config') session.notify(CONFIG_READ, event.standing);
      else if (event.kind === 'told') session.notify(event.method, event.params);
      else session.notify(CHANGED, event.changed);
    }
  }
}
