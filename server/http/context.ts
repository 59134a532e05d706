import type { AdminContext } from '../admin/context.ts';
import type { Engine } from '../engine/engine.ts';
import type { KeyRow } from '../store/store.ts';

/** What the routers stand on. */
export type HttpContext = {
  readonly admin: AdminContext;
  readonly engine: Engine;
  /** SHA-256 of the management key. */
  readonly managementDigest: Buffer;
  /** Milliseconds without a byte after which a stream sends a comment, so that nobody between takes it for dead. */
  readonly keepAliveMs: number;
  /** HMAC of a nonce under the management key. */
  readonly proof: (nonce: string) => string;
};

/** Who asks: the person's own tools, or a program with its key. */
export type Identity = { readonly kind: 'management' } | { readonly kind: 'key'; readonly key: KeyRow };

/** Who may ask. `none` is for what tells nothing; `internal` is for the daemon's own sandbox, which checks for itself. */
export type Access = 'none' | 'any' | 'inference' | 'management' | 'internal';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: a route that nobody described is open to nobody. */
    access?: Access;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}
