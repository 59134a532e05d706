import { usdOfNano } from '../pricing/money.ts';
import { pricingOfPrice } from '../pricing/price.ts';
import type { ModelSummary } from '../protocol.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';

/** The models that can be called now, each once: at the provider that would be asked first. */
export function callableModels(providers: Providers): readonly Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const endpoint of providers.usable()) if (!found.has(endpoint.model.id)) found.set(endpoint.model.id, endpoint);
  return [...found.values()];
}

/** OpenRouter's model object. A model without a price says `"-1"`, OpenRouter's word for a price that varies, never 0. */
export function modelView({ model }: Endpoint): Record<string, unknown> {
  return {
    id: model.id,
    canonical_slug: model.id,
    name: model.name,
    created: 0,
    description: model.description,
    context_length: model.contextLength,
    architecture: {
      input_modalities: ['text'],
      output_modalities: ['text'],
      modality: 'text->text',
      tokenizer: 'Other',
      instruct_type: null,
    },
    pricing: model.price ? pricingOfPrice(model.price) : { prompt: '-1', completion: '-1' },
    top_provider: {
      context_length: model.contextLength,
      max_completion_tokens: model.maxCompletionTokens,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: model.supportedParameters,
    supported_voices: null,
    default_parameters: null,
    links: { details: `/api/v1/models/${model.id}/endpoints` },
  };
}

/** A model as pickers show it. */
export function modelSummary({ model, provider }: Endpoint): ModelSummary {
  // 10⁻¹⁵ dollars a token are 10⁻⁹ dollars a million tokens.
  const perMillion = (femto: bigint) => usdOfNano(Number(femto));
  return {
    id: model.id,
    name: model.name,
    provider: provider.name,
    context_length: model.contextLength,
    prompt_per_million: model.price ? perMillion(model.price.prompt) : null,
    completion_per_million: model.price ? perMillion(model.price.completion) : null,
  };
}
