import { BehaviorBook } from '../admin/behavior-book.ts';
import type { BehaviorHouse } from '../admin/behaviors.ts';
import type { AdminContext } from '../admin/context.ts';
import { PermitDesk } from '../admin/permit-desk.ts';
import { expireProposals, keepProposal } from '../admin/proposals.ts';
import { ranAway, runawayRulesOf } from '../admin/runaway.ts';
import type { BehaviorParts } from '../engine/behavior-parts.ts';
import { RunawayWatch } from '../engine/runaway-watch.ts';
import { nanoOfUsd } from '../pricing/money.ts';

export type ComposedBehaviors = {
  readonly house: BehaviorHouse;
  /** For the engine. */
  readonly parts: BehaviorParts;
  /** Lets go whoever waits for a person: the daemon ends. */
  readonly dismiss: () => void;
  /** Writes what is counted; before the store is closed. */
  readonly close: () => Promise<void>;
};

/** Puts together what knows of behaviors, permits, proposals and keys that run away. */
export async function composeBehaviors(admin: AdminContext, permitWaitMs: () => number): Promise<ComposedBehaviors> {
  const interrupted = await admin.store.proposals.interrupted(admin.now().toISOString());
  if (interrupted > 0) admin.log.warn('proposals were being run when the daemon ended', { proposals: interrupted });
  await expireProposals(admin);
  const book = new BehaviorBook(admin);
  const desk = await PermitDesk.open(admin);
  const watch = new RunawayWatch({
    rulesOf: (key) => runawayRulesOf(book, key),
    onTrip: async (key, trip, mode, callId) => {
      try {
        await ranAway({ admin, book }, key, trip, mode, callId);
      } catch (error) {
        admin.log.error('a key that ran away could not be suspended', { name: key.name, error: String(error) });
        throw error;
      }
    },
  });
  const listening = admin.events.listen((event) => {
    if (event.kind !== 'call' || !event.call.cost) return;
    watch.charge(event.keyId, nanoOfUsd(event.call.cost), event.call.id, admin.now().getTime());
  });
  return {
    house: { admin, book, desk, forgetPace: (keyId) => watch.forget(keyId) },
    parts: {
      behaviorOf: book.of,
      permits: desk,
      proposals: { keep: (proposed) => keepProposal(admin, proposed) },
      watch,
      permitWaitMs,
    },
    dismiss: () => desk.close(),
    close: async () => {
      listening[Symbol.dispose]();
      desk.close();
      await book.close();
    },
  };
}
