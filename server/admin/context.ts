import type { Ledger } from '../ledger/ledger.ts';
import type { Events } from '../observe/events.ts';
import type { IoLog } from '../observe/io-log.ts';
import type { Log } from '../observe/log.ts';
import type { EffectivePolicy } from '../policy/effective-policy.ts';
import type { Providers } from '../providers/registry.ts';
import type { KeyRow, Store } from '../store/store.ts';
import type { Acting } from './acting.ts';
import type { EndpointStanding } from './endpoint-standing.ts';

/** Encrypts what is not to lie about in the store. Both throw when there is no usable master key. */
export type Secrets = {
  /** Bound to a name, so that it cannot be passed off as another's. */
  readonly seal: (name: string, text: string) => string;
  readonly unseal: (name: string, sealed: string) => string;
};

/** What the management operations work on. */
export type AdminContext = {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly providers: Providers;
  readonly events: Events;
  readonly ioLog: IoLog;
  readonly log: Log;
  /** In whose name the operation that runs now is done. */
  readonly acting: Acting;
  readonly secrets: Secrets;
  /** What every layer above a key says; throws when it cannot be known. */
  readonly policyOf: (key: KeyRow) => EffectivePolicy;
  readonly now: () => Date;
  /** How an endpoint has done of late. */
  readonly standing: (endpointId: string) => EndpointStanding;
};
