import type { AdminContext } from '../admin/context.ts';
import type { Engine } from '../engine/engine.ts';
import type { ManagementKeyRow } from '../store/organization-store.ts';
import type { KeyRow } from '../store/store.ts';
import type { Surface } from '../surfaces/surface.ts';

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

/**
 * Who asks: whoever manages an organization, or a program with its key. `managementKey` null is the state folder's own one: the person's
 * own tools, which may choose the organization by the header `x-callgate-organization`.
 */
export type Identity =
  | { readonly kind: 'management'; readonly organizationId: string; readonly managementKey: ManagementKeyRow | null }
  | { readonly kind: 'key'; readonly key: KeyRow };

/**
 * Who may ask. `daemon`: the state folder's own management key alone, for what is beyond any organization. `none` is for what tells
 * nothing; `internal` is for the daemon's own sandbox, which checks for itself.
 */
export type Access = 'none' | 'any' | 'inference' | 'management' | 'daemon' | 'internal';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: a route that nobody described is open to nobody. */
    access?: Access;
    /**
     * What the route shows and changes is of the asker's organization alone. Where several organizations are, a management key of one
     * of them reaches no route that does not say so.
     */
    scoped?: true;
    /** The vendor's wire that the route speaks: every refusal of it goes out in that envelope. Absent: OpenRouter's own. */
    surface?: Surface;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}
