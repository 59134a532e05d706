import { type Endpoint, type Providers, retainsNothing } from '../providers/registry.ts';
import type { EndpointStanding } from './endpoint-standing.ts';
import { architectureOf, publicPricing } from './models.ts';

/** OpenRouter's numbers: 0 is fine, what is below is asked after the others. */
const STATUS = { fine: 0, resting: -1, outage: -2 } as const satisfies Record<EndpointStanding['state'], number>;

/** OpenRouter's endpoint object. A context that nobody knows is 0, for the field takes no null. */
export function endpointView(endpoint: Endpoint, standing: EndpointStanding): Record<string, unknown> {
  const { model, provider } = endpoint;
  const { price } = model;
  const takesTools = model.supportedParameters.includes('tools');
  const choosesTools = model.supportedParameters.includes('tool_choice');
  return {
    name: `${provider.name} | ${model.id}`,
    model_id: model.id,
    model_name: model.name,
    context_length: model.contextLength ?? 0,
    pricing: publicPricing(endpoint),
    provider_name: provider.name,
    tag: provider.slug,
    quantization: null,
    max_completion_tokens: model.maxCompletionTokens,
    max_prompt_tokens: null,
    supported_parameters: model.supportedParameters,
    supports_implicit_caching: price?.cacheRead !== null && price?.cacheRead !== undefined && price.cacheWrite === null,
    supports_tool_choice: { auto: takesTools, none: choosesTools, required: choosesTools, function: choosesTools },
    supports_voice_cloning: false,
    status: STATUS[standing.state],
    uptime_last_5m: standing.uptimeLast5m,
    uptime_last_30m: standing.uptimeLast30m,
    uptime_last_1d: standing.uptimeLast1d,
    latency_last_30m: standing.latency,
    throughput_last_30m: standing.throughput,
  };
}

/** A model with the endpoints that serve it, preferred ones first. `known`: any endpoint of it, whether or not its key is there. */
export function modelWithEndpoints(
  known: Endpoint,
  endpoints: readonly Endpoint[],
  standing: (endpointId: string) => EndpointStanding,
): Record<string, unknown> {
  const { model } = known;
  return {
    id: model.id,
    name: model.name,
    created: model.listed?.created ?? 0,
    description: model.description,
    architecture: architectureOf(known),
    endpoints: endpoints.map((endpoint) => endpointView(endpoint, standing(endpoint.id))),
  };
}

/** `GET /endpoints/zdr`: what can be called now at a provider that is known to keep nothing. */
export function zdrEndpoints(
  providers: Providers,
  standing: (endpointId: string) => EndpointStanding,
): readonly Record<string, unknown>[] {
  const found = providers.usable().filter(({ provider }) => retainsNothing(provider));
  return found.map((endpoint) => endpointView(endpoint, standing(endpoint.id)));
}
