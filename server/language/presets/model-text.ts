import type { ModelSummary } from '../../protocol.ts';

/** A model's price in few words. Unknown is said, never shown as zero. */
export function priceOf({ prompt_per_million, completion_per_million }: ModelSummary): string {
  if (prompt_per_million === null || completion_per_million === null) return 'price unknown';
  return `$${prompt_per_million} in, $${completion_per_million} out per million tokens`;
}

/** Markdown. */
export function describeModel(model: ModelSummary): string {
  const context =
    model.context_length === null ? '' : ` · ${model.context_length.toLocaleString('en-US')} tokens of context`;
  return `**${model.id}** · ${model.name}\n\n${priceOf(model)}${context}\n\nServed by ${model.provider}`;
}
