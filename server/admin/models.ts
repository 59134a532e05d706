import { usdOfNano } from '../pricing/money.ts';
import { outputModalities } from '../pricing/output-modalities.ts';
import { pricingOfPrice } from '../pricing/price.ts';
import type { ModelSummary } from '../protocol.ts';
import type { Endpoint, Providers } from '../providers/registry.ts';

/** The models that can be called now, each once: at the provider that would be asked first. */
export function callableModels(providers: Providers): readonly Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const endpoint of providers.usable()) if (!found.has(endpoint.model.id)) found.set(endpoint.model.id, endpoint);
  return [...found.values()];
}

/** The models that a key may call: each as `callable` says that it would be, null where it would not. */
export function modelsOfKey(providers: Providers, callable: (modelId: string) => Endpoint | null): readonly Endpoint[] {
  return callableModels(providers).flatMap(({ model }) => callable(model.id) ?? []);
}

/**
 * Where one model can be called now, preferred first, and one endpoint of it that may want its key; null when nobody here has
 * heard of it. A call may try any name of a provider's; the catalogue has those that are listed or have a price.
 */
export function endpointsOf(
  providers: Providers,
  modelId: string,
): { readonly known: Endpoint; readonly endpoints: readonly Endpoint[] } | null {
  const heard = providers
    .endpoints(modelId)
    .filter(({ model, provider }) => model.price !== null || provider.models().includes(model));
  const endpoints = heard.filter(({ provider }) => providers.keyOf(provider) !== undefined);
  const known = endpoints[0] ?? heard[0];
  return known ? { known, endpoints } : null;
}

/** What a model takes and gives; where no listing says, text, and what its price has a word for. */
export function modalitiesOf({ model }: Endpoint): {
  readonly input: readonly string[];
  readonly output: readonly string[];
} {
  const { listed, price } = model;
  const said = (list: readonly string[] | undefined) => (list && list.length > 0 ? list : null);
  const hears = typeof price?.audio === 'bigint';
  const sees = typeof price?.imageToken === 'bigint';
  return {
    input: said(listed?.inputModalities) ?? ['text', ...(sees ? ['image'] : []), ...(hears ? ['audio'] : [])],
    output: outputModalities(model),
  };
}

export function architectureOf(endpoint: Endpoint): Record<string, unknown> {
  const { input, output } = modalitiesOf(endpoint);
  const { listed } = endpoint.model;
  return {
    input_modalities: input,
    output_modalities: output,
    modality: `${input.join('+')}->${output.join('+')}`,
    tokenizer: listed?.tokenizer ?? 'Other',
    instruct_type: listed?.instructType ?? null,
  };
}

/** A model without a price says `"-1"`, OpenRouter's word for a price that varies, never 0. */
export function publicPricing({ model }: Endpoint): Record<string, unknown> {
  return model.price ? pricingOfPrice(model.price) : { prompt: '-1', completion: '-1' };
}

/** OpenRouter's model object, of the provider that would be asked first. */
export function modelView(endpoint: Endpoint): Record<string, unknown> {
  const { model } = endpoint;
  const { listed } = model;
  return {
    id: model.id,
    canonical_slug: listed?.canonicalSlug ?? model.id,
    hugging_face_id: listed?.huggingFaceId ?? null,
    name: model.name,
    created: listed?.created ?? 0,
    description: model.description,
    context_length: model.contextLength,
    architecture: architectureOf(endpoint),
    pricing: publicPricing(endpoint),
    top_provider: {
      context_length: model.contextLength,
      max_completion_tokens: model.maxCompletionTokens,
      is_moderated: listed?.isModerated ?? false,
    },
    per_request_limits: null,
    supported_parameters: model.supportedParameters,
    supported_voices: null,
    default_parameters: null,
    knowledge_cutoff: listed?.knowledgeCutoff ?? null,
    expiration_date: listed?.expirationDate ?? null,
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
