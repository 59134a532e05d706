import type { Gate } from './tier.ts';

/** A failure of a behavior: at what, and, of one that counts once in a window, in which. */
export type GateFailure = { readonly gate: Gate; readonly window: string | null };

const BLOCKS: ReadonlySet<string> = new Set(['modality_denied', 'access_denied', 'behavior_preset']);
const CAPS: ReadonlySet<string> = new Set(['key_limit_exceeded', 'insufficient_credits']);
/** An answer shorter than this is of no use: what affords less has reached its cap. */
const LEAST_TOKENS = 256;

/** What a refusal says of the behavior whose call it was; null: nothing, as when a provider failed. */
export function gateFailureOf(code: string, metadata: Readonly<Record<string, unknown>>): GateFailure | null {
  if (code.includes('injection')) return { gate: 'injection', window: null };
  if (BLOCKS.has(code) || code.startsWith('content_') || code.startsWith('guardrail_block'))
    return { gate: 'block', window: null };
  const affordable = metadata['affordable_tokens'];
  const isSpent =
    CAPS.has(code) ||
    code.endsWith('_budget_exceeded') ||
    (code === 'weight_exceeds_budget' && typeof affordable === 'number' && affordable < LEAST_TOKENS);
  // What a person has allowed one task is no cap of the behavior's own.
  if (!isSpent || metadata['scope'] === 'permit') return null;
  const facts = ['scope', 'guardrail_id', 'budget_id', 'limit_usd', 'resets_at'].map((name) => metadata[name] ?? '');
  return { gate: 'cap', window: facts.join(' ') };
}
