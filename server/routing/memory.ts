import { Breakers } from './breakers.ts';
import { EndpointHealth } from './health.ts';
import { type EndpointRecord, EndpointRecords } from './record.ts';
import { StickySessions } from './sticky.ts';

/** What routing remembers between calls, in this process only: a restart begins anew. */
export class RoutingMemory {
  readonly records = new EndpointRecords();
  readonly health = new EndpointHealth();
  readonly breakers = new Breakers();
  readonly sticky = new StickySessions();

  /** How an endpoint stands, for people. `now` in epoch milliseconds. */
  standing(id: string, now: number): EndpointRecord & { readonly state: 'fine' | 'outage' | 'resting' } {
    const isResting = this.health.restsUntil(id, now) > 0;
    const state = isResting ? 'resting' : this.breakers.hasOutage(id, now) ? 'outage' : 'fine';
    return { ...this.records.of(id, now), state };
  }
}
