import { l10n } from 'vscode';
import type { ModelSummary } from '../server/protocol.ts';
import { formatUsd } from './money.ts';

/** A model as the preset form offers it. `price` is empty when unknown, which is never shown as zero. */
export type ModelChoice = {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly price: string;
  readonly context: string;
};

/** @param model prices in US dollars per million tokens */
export function modelChoice(model: ModelSummary): ModelChoice {
  const { id, name, provider, context_length, prompt_per_million: input, completion_per_million: output } = model;
  return {
    id,
    name,
    provider,
    price: input === null || output === null ? '' : priceText(input, output),
    context: context_length === null ? '' : formatTokens(context_length),
  };
}

function priceText(input: number, output: number): string {
  return input === 0 && output === 0 ? l10n.t('free') : l10n.t('{0} in, {1} out', formatUsd(input), formatUsd(output));
}

function formatTokens(count: number): string {
  if (count >= 1e6) return `${Number((count / 1e6).toFixed(1))}M`;
  return count >= 1000 ? `${Math.round(count / 1000)}k` : String(count);
}
