import type { Gate } from './tier.ts';

/** A failure of a behavior: at what, and, of one that counts once in a window, in which. */
export type GateFailure = { readonly gate: Gate; readonly window: string | null };

/** What policy forbids, whichever layer said so. */
const BLOCKS: ReadonlySet<string> = new Set([
  'behavior_preset',
  'content_blocked',
  'content_output_blocked',
  'modality_denied',
  'no_allowed_endpoints',
  'server_tool_disabled',
]);
const CAPS: ReadonlySet<string> = new Set(['key_limit_exceeded', 'guardrail_budget_exceeded']);
/** Budgets of the behavior's key alone. What others share with it, they may have spent. */
const OWN: ReadonlySet<unknown> = new Set(['key_limit', 'api_key', 'workspace_default_key']);
/** An answer shorter than this is of no use: what affords less has reached its cap. */
const LEAST_TOKENS = 256;

/** What a refusal says of the behavior whose call it was; null: nothing, as when a provider failed. */
export function gateFailureOf(code: string, metadata: Readonly<Record<string, unknown>>): GateFailure | null {
  if (code === 'prompt_injection_blocked') return { gate: 'injection', window: null };
  if (BLOCKS.has(code)) return { gate: 'block', window: null };
  const affordable = metadata['affordable_tokens'];
  const isSpent =
    CAPS.has(code) || (code === 'weight_exceeds_budget' && typeof affordable === 'number' && affordable < LEAST_TOKENS);
  if (!isSpent || !OWN.has(metadata['scope'])) return null;
  const facts = ['scope', 'guardrail_id', 'limit_usd', 'resets_at'].map((name) => metadata[name] ?? '');
  return { gate: 'cap', window: facts.join(' ') };
}
