import type { CanonicalRequest } from '../dialect.ts';
import { NATIVE } from '../native.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import type { ModelFacts } from './model-facts.ts';

/**
 * Fields that are said in canonical words, where filters and bounds see them, or that have a price of their own: what stands in
 * `anthropic` under these names is not sent.
 */
const NOT_HERE: ReadonlySet<string> = new Set([
  ...[
    'model',
    'max_tokens',
    'system',
    'messages',
    'tools',
    'tool_choice',
    'thinking',
    'output_config',
    'output_format',
  ],
  ...[
    'temperature',
    'top_p',
    'top_k',
    'stop_sequences',
    'stream',
    'metadata',
    'cache_control',
    'service_tier',
    'betas',
  ],
  ...['speed', 'container', 'mcp_servers', 'inference_geo', 'fallbacks', 'billing_policy', 'prompt'],
]);

/** What the request says to this API alone and is sent as it stands. */
export function nativeBody(request: CanonicalRequest): Fields {
  const native = request[NATIVE];
  if (native === undefined) return {};
  return Object.fromEntries(Object.entries(fieldsOf(native)).filter(([name]) => !NOT_HERE.has(name)));
}

/** The header that goes with it; `own`: what the provider's configuration says in it. */
export function betaHeader(request: CanonicalRequest, own: string | undefined): Readonly<Record<string, string>> {
  const betas = listOf(fieldsOf(request[NATIVE])['betas']).filter((beta) => /^[\w.-]+$/.test(textOf(beta)));
  if (betas.length === 0) return {};
  return { 'anthropic-beta': [...(own ? [own] : []), ...betas].join(',') };
}

/** `thinking` as the caller wrote it, where this model takes just that; null: it is translated from canonical words. */
export function nativeThinking(
  request: CanonicalRequest,
  facts: ModelFacts,
  maxTokens: number,
  bar: string | null,
): Fields | null {
  const native = request[NATIVE];
  if (native === undefined) return null;
  const thinking = fieldsOf(fieldsOf(native)['thinking']);
  switch (thinking['type']) {
    case 'enabled':
      return takesBudget(facts) && bar === null && Number(thinking['budget_tokens']) < maxTokens ? thinking : null;
    case 'adaptive':
      return facts.thinking === 'adaptive' || facts.thinking === 'both' ? thinking : null;
    case 'disabled':
      return facts.off === 'disabled' || takesBudget(facts) ? thinking : null;
    case 'between_tools':
      return facts.off === 'between_tools' ? thinking : null;
    default:
      return null;
  }
}

const takesBudget = ({ thinking }: ModelFacts) => thinking === 'budget' || thinking === 'both';
