import type { Ledger } from '../ledger/ledger.ts';
import type { Events } from '../observe/events.ts';
import type { IoLog } from '../observe/io-log.ts';
import type { Log } from '../observe/log.ts';
import type { Providers } from '../providers/registry.ts';
import type { Store } from '../store/store.ts';
import type { Acting } from './acting.ts';
import type { EndpointStanding } from './endpoint-standing.ts';

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
  readonly now: () => Date;
  /** How an endpoint has done of late. */
  readonly standing: (endpointId: string) => EndpointStanding;
};
