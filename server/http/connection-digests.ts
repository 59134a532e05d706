import type { Socket } from 'node:net';
import { type Digest, digestOf } from './security.ts';

/**
 * The digest of the secret that a connection sent last: a program sends the same one with each of its calls. Compared with what its
 * own sender has sent, so how long that takes tells nobody anything new.
 */
export class ConnectionDigests {
  readonly #last = new WeakMap<Socket, { readonly secret: string; readonly digest: Digest }>();

  of(socket: Socket, secret: string): Digest {
    const last = this.#last.get(socket);
    if (last?.secret === secret) return last.digest;
    const digest = digestOf(secret);
    this.#last.set(socket, { secret, digest });
    return digest;
  }
}
