import { expect, it } from 'vitest';
import { unmetPreference } from '../../server/engine/hard-filters.ts';
import { priceOfPricing } from '../../server/pricing/price.ts';
import { builtInProviders, sandboxProvider } from '../../server/providers/built-in.ts';
import type { Endpoint } from '../../server/providers/registry.ts';

const builtIn = (slug: string) => builtInProviders().find((provider) => provider.slug === slug);
const [openai, openrouter] = [builtIn('openai'), builtIn('openrouter')];
const sandbox = sandboxProvider(() => 'http://127.0.0.1:1', 'x');

function at(provider: Endpoint['provider'] | undefined): Endpoint {
  if (!provider) throw new Error('no such provider');
  const price = priceOfPricing({ prompt: '0.000001', completion: '0.00001' });
  const [model] = sandbox.models();
  if (!model) throw new Error('no model');
  return { id: 'x', provider, model: { ...model, price } };
}

it.each([
  [{ zdr: true }, 'provider.zdr', null],
  [{ data_collection: 'deny' }, 'provider.data_collection', null],
  [{ data_collection: 'allow', zdr: false }, null, null],
  [{ enforce_distillable_text: true }, 'provider.enforce_distillable_text', 'provider.enforce_distillable_text'],
  [{ quantizations: ['fp8'] }, 'provider.quantizations', 'provider.quantizations'],
  [{ quantizations: ['fp8', 'unknown'] }, null, null],
  [{ max_price: { prompt: 1, completion: '10' } }, null, null],
  [{ max_price: { prompt: 0.99 } }, 'provider.max_price', 'provider.max_price'],
  [{ max_price: { completion: 'cheap' } }, 'provider.max_price', 'provider.max_price'],
])('%j: an endpoint elsewhere %s, one on this machine %s, a router answers for itself', (provider, elsewhere, here) => {
  expect(unmetPreference(at(openai), { provider })).toBe(elsewhere);
  expect(unmetPreference(at(sandbox), { provider })).toBe(here);
  expect(unmetPreference(at(openrouter), { provider })).toBeNull();
});

it('require_parameters leaves out what does not support what is sent', () => {
  const provider = { require_parameters: true };
  expect(unmetPreference(at(openai), { provider, max_completion_tokens: 5, messages: [] })).toBeNull();
  expect(unmetPreference(at(openai), { provider, top_k: 5 })).toBe('provider.require_parameters');
});
