import type { WebSocket } from 'ws';
import type { AdminContext } from '../admin/context.ts';
import type { Events } from '../observe/events.ts';
import type { Log } from '../observe/log.ts';

export type EditorsOptions = {
  readonly admin: AdminContext;
  readonly baseUrl: () => string;
  readonly events: Events;
  readonly log: Log;
};

/** The editor windows that are connected: each has its own language session, and all hear what happens in the daemon. */
export class Editors {
  readonly #options: EditorsOptions;
  constructor(options: EditorsOptions) {
    this.#options = options;
  }
  get count(): number {
    return 0;
  }
  attach(socket: WebSocket): void {
    socket.close(1013);
    void this.#options;
  }
  close(): void {}
}
