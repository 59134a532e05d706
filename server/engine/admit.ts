import type { Refusal } from '../errors.ts';
import { accessGate } from './access-gate.ts';
import type { Asked } from './asked.ts';
import { behaviorGate } from './behavior-gate.ts';
import type { BehaviorParts } from './behavior-parts.ts';
import { contentGate } from './content/content-gate.ts';
import type { ContentJudge } from './content/content-judge.ts';
import type { ForeseeParts } from './foresee.ts';
import { permitGate } from './permit-gate.ts';
import { proposalGate } from './proposal-gate.ts';
import { runawayGate } from './runaway-gate.ts';
import { undecided } from './undecided.ts';

/** What the gates need to know; the engine's parts have all of it. */
export type AdmitParts = ForeseeParts & {
  readonly behaviors: BehaviorParts;
  readonly now: () => Date;
  readonly content: ContentJudge;
};

/**
 * One question that policy asks of a call: gives it back as it is, or as it may go on (redacted, say), or refuses it. What does not
 * apply to a call gives back the very object at once, without a promise.
 */
export type Gate = (parts: AdmitParts, asked: Asked) => Asked | Refusal | Promise<Asked | Refusal>;

/**
 * In this order: runaway, behavior and permit; access of what is asked for; content; and at last what may only be proposed, which all of
 * these must have let through.
 */
const GATES: readonly Gate[] = [runawayGate, behaviorGate, permitGate, accessGate, contentGate, proposalGate];

/**
 * Lets a call in, before anything has been done about it and before an answer of another call's may serve it. Nothing fails open: what
 * throws here refuses the call.
 */
export function admit(parts: AdmitParts, asked: Asked): Asked | Refusal | Promise<Asked | Refusal> {
  return passed(parts, asked, 0);
}

function passed(parts: AdmitParts, asked: Asked, from: number): Asked | Refusal | Promise<Asked | Refusal> {
  let admitted = asked;
  try {
    for (let at = from; at < GATES.length; at += 1) {
      const outcome = GATES[at]?.(parts, admitted) ?? admitted;
      if (outcome instanceof Promise) {
        return outcome.then(
          (one) => (one.kind === 'refused' ? one : passed(parts, one, at + 1)),
          (error: unknown) => undecided(parts.log, asked.input.id, error),
        );
      }
      if (outcome.kind === 'refused') return outcome;
      admitted = outcome;
    }
  } catch (error) {
    return undecided(parts.log, asked.input.id, error);
  }
  return admitted;
}
