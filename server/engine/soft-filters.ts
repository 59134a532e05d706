import type { Endpoint } from '../providers/registry.ts';
import type { JsonObject } from './resolve-preset.ts';

/** What makes an answer another one when an endpoint does not know it, so that those which do are preferred to all others. */
const PREFERRED = ['tools', 'response_format', 'verbosity'] as const;

/**
 * Why an endpoint is left out while another can do more: it does not support what the answer hangs on, or answers shorter than was
 * asked for. Where none can, all stay and judge for themselves. A router finds its own way.
 */
export function outdone(endpoints: readonly Endpoint[], request: JsonObject): ReadonlyMap<Endpoint, string> {
  const reasons = new Map<Endpoint, string>();
  if (endpoints.length < 2) return reasons;
  const prefer = (test: (endpoint: Endpoint) => boolean, why: string) => {
    const rest = endpoints.filter((endpoint) => !reasons.has(endpoint));
    const worse = rest.filter((endpoint) => !endpoint.provider.isRouter && !test(endpoint));
    if (worse.length < rest.length) for (const endpoint of worse) reasons.set(endpoint, why);
  };
  for (const field of PREFERRED) {
    if (asksFor(request[field]))
      prefer(({ model }) => model.supportedParameters.includes(field), `unsupported.${field}`);
  }
  const { max_tokens, max_completion_tokens } = request;
  const asked = Math.max(Number(max_tokens ?? 0), Number(max_completion_tokens ?? 0));
  if (asked > 0) prefer(({ model }) => (model.maxCompletionTokens ?? asked) >= asked, 'max_tokens');
  return reasons;
}

function asksFor(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return !('type' in value) || value.type !== 'text';
  return value !== undefined && value !== null;
}
