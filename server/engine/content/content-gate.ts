import type { Gate } from '../admit.ts';

/** What guardrails say of the texts of a call. */
export const contentGate: Gate = ({ content }, asked) => content.judge(asked);
