import { type ErrorCode, type Refusal, refuse } from '../errors.ts';
import { resetsAt } from '../ledger/windows.ts';
import type { BudgetLayer, BudgetScope } from '../policy/effective-policy.ts';
import { usdOfNano } from '../pricing/money.ts';
import type { LayerStanding } from '../store/store.ts';

/** A budget and how it stands. */
export type Stood = { readonly budget: BudgetLayer; readonly standing: LayerStanding };

/** OpenRouter's `limit_source`, and what a call is told when nothing is left. */
const SCOPES: Readonly<Record<BudgetScope, { readonly source: string; readonly code: ErrorCode }>> = {
  workspace_default_member: { source: 'openrouter_guardrail_budget', code: 'guardrail_budget_exceeded' },
  workspace_default_key: { source: 'openrouter_guardrail_budget', code: 'guardrail_budget_exceeded' },
  member: { source: 'openrouter_guardrail_budget', code: 'guardrail_budget_exceeded' },
  api_key: { source: 'openrouter_guardrail_budget', code: 'guardrail_budget_exceeded' },
  workspace: { source: 'openrouter_workspace_budget', code: 'workspace_budget_exceeded' },
  key_limit: { source: 'openrouter_key_limit', code: 'key_limit_exceeded' },
  permit: { source: 'callgate_permit', code: 'permit_cap_reached' },
  credits: { source: 'openrouter_credits', code: 'insufficient_credits' },
};

/** Nothing is left at these budgets; the first of them, in the order in which they are asked, is the one that refuses. */
export function exhausted(empty: readonly Stood[], now: Date): Refusal {
  const [first, ...also] = empty;
  if (!first) throw new Error('a call was refused by no budget');
  const { budget } = first;
  return refuse(SCOPES[budget.scope].code, {
    message: exhaustedMessage(first),
    metadata: { ...factsOf(first, now), ...also_(also, now), remedy: remedyOf(budget, now, null) },
  });
}

/** The call is dearer than what is left at these budgets. `nano`: the least it takes. */
export function tooDear(
  short: readonly Stood[],
  call: { readonly nano: number; readonly requested: number; readonly affordable: number },
  now: Date,
): Refusal {
  const [first, ...also] = short;
  if (!first) throw new Error('a call was too dear for no budget');
  const { budget, standing } = first;
  const left = leftOf(first);
  return refuse('weight_exceeds_budget', {
    message: `This request requires more credits, or fewer max_tokens. You requested up to ${call.requested} tokens, but can only afford ${call.affordable}. ${capital(budget.name)} has ${money(left)} left of ${money(standing.limit)}.`,
    metadata: {
      ...factsOf(first, now),
      ...also_(also, now),
      requested_tokens: call.requested,
      affordable_tokens: call.affordable,
      required_usd: usdOfNano(call.nano),
      remedy: `Lower max_tokens${call.affordable > 0 ? ` to ${call.affordable}` : ''}, send "clamp": true, or: ${remedyOf(budget, now, call.nano - left)}`,
    },
  });
}

/** Calls in flight held what was missing for longer than this one could wait. */
export function stillHeld(
  held: Stood | null,
  waited: { readonly ms: number; readonly calls: number },
  now: Date,
): Refusal {
  const seconds = Math.round(waited.ms / 1000);
  const where = held ? `the limit of ${held.budget.name}` : 'a limit';
  return refuse('in_flight_budget_exhausted', {
    detail: `waited ${seconds} s at ${where}, ${waited.calls} calls are waiting`,
    metadata: {
      ...(held ? factsOf(held, now) : {}),
      limit_source: 'openrouter_in_flight_budget',
      ...(held ? { remedy: `Try again after Retry-After, or: ${remedyOf(held.budget, now, null)}` } : {}),
    },
    retryAfter: Math.max(1, seconds),
  });
}

function exhaustedMessage({ budget, standing }: Stood): string {
  const spent = money(standing.spent);
  const limit = money(standing.limit);
  switch (budget.scope) {
    case 'key_limit':
      return `Key limit exceeded (${budget.reset ?? 'total'} limit). ${capital(budget.name)} has spent ${spent} of ${limit}.`;
    case 'workspace':
      return `Workspace ${budget.reset ?? 'lifetime'} budget of ${limit} exceeded. Contact your org admin. ${capital(budget.name)} has spent ${spent}.`;
    case 'credits':
      return `Insufficient credits. ${capital(budget.name)} has used ${spent} of ${limit}.`;
    case 'permit':
      return `${capital(budget.name)} has spent ${spent} of ${limit}.`;
    default:
      return `Guardrail budget exceeded (${budget.reset ?? 'total'} limit). ${capital(budget.name)} gives ${subjectOf(budget.scope)} ${limit}; ${spent} is spent.`;
  }
}

const subjectOf = (scope: BudgetScope) =>
  scope === 'member' || scope === 'workspace_default_member' ? 'each member' : 'each key';

/** What it would take: the command, by how much at the least where that is known, and when time alone mends it. */
function remedyOf(budget: BudgetLayer, now: Date, missing: number | null): string {
  const by = missing !== null && missing > 0 ? ` by ${money(missing)} or more` : '';
  const reset = resetsAt(budget.reset, now);
  return `${raise(budget, by)}${reset === null ? '' : `, or wait until ${reset}`}.`;
}

function raise({ scope, name, guardrailId }: BudgetLayer, by: string): string {
  switch (scope) {
    case 'key_limit':
      return `Raise the limit of ${name}${by} with \`callgate keys update --limit\``;
    case 'workspace':
      return `Raise the budget of ${name}${by} with \`callgate workspaces budget\``;
    case 'credits':
      return `Add credits to ${name}${by && `,${by.replace(' by', '')}`}, with \`callgate credits add\``;
    case 'permit':
      return 'Grant another permit with `callgate permits grant`';
    default:
      return `Raise limit_usd of ${name}${by} with \`callgate guardrails update ${guardrailId ?? ''}\``;
  }
}

const leftOf = ({ standing }: Stood) => (standing.limit ?? 0) - standing.spent;

function factsOf(stood: Stood, now: Date): Record<string, unknown> {
  const { budget, standing } = stood;
  return {
    limit_source: SCOPES[budget.scope].source,
    scope: budget.scope,
    layer: budget.name,
    guardrail_id: budget.guardrailId,
    guardrail_name: budget.guardrailId === null ? null : nameIn(budget.name),
    budget_id: budget.budgetId,
    limit_usd: standing.limit === null ? null : usdOfNano(standing.limit),
    spend_usd: usdOfNano(standing.spent),
    remaining_usd: usdOfNano(leftOf(stood)),
    reserved_usd: usdOfNano(standing.reserved),
    reset_interval: budget.reset,
    resets_at: resetsAt(budget.reset, now),
  };
}

/** The other budgets that refuse as well: to lift the first alone would not do. */
const also_ = (also: readonly Stood[], now: Date) =>
  also.length > 0 ? { also_refused_by: also.map((one) => factsOf(one, now)) } : {};

/** `guardrail "Staging"` → `Staging`. */
const nameIn = (name: string) => /"(.*)"/s.exec(name)?.[1] ?? name;

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** Dollars with as many decimals as the amount has: $0.0001 never reads as nothing. */
const money = (nano: number | null) => `$${((nano ?? 0) / 1e9).toFixed(9).replace(/(\.\d{2}\d*?)0+$/, '$1')}`;
