import { afterAll, beforeAll, expect, it } from 'vitest';
import { answer, FakeProvider, usageOf } from '../support/fake-provider.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;
let limited: string;
let free: string;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:
  one:
    base_url: ${provider.baseUrl}
    models:
      - id: one/tiers
        native: tiers
        pricing:
          prompt: 0.000001
          completion: "0.000001"
          overrides: [{ min_prompt_tokens: 1000, prompt: 0.000002 }]
          service_tiers: { priority: { prompt: 0.000003, completion: 0.000003 } }
      - { id: one/plain, native: plain, pricing: { prompt: "0.000001", completion: "0.000001" } }
  openrouter:
    base_url: ${provider.baseUrl}
    models: [{ id: routed/plain, native: plain, pricing: { prompt: "0.000001", completion: "0.000001" } }]
`);
  limited = (await daemon.key({ limit: 1 })).secret;
  free = (await daemon.key()).secret;
});
afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

type Answer = {
  usage: { cost: number; callgate: { cost_source: string } };
  error: { message: string; metadata: { reason: string } };
};
const call = async (key: string, body: Record<string, unknown>) => {
  const response = await daemon.chat(key, { max_tokens: 20, ...body });
  return { status: response.status, ...((await response.json()) as Answer) };
};

it('is charged at the tier that served it, and at the long price past the threshold', async () => {
  provider.on('tiers', answer({ usage: usageOf(100, 10), more: { service_tier: 'default' } }));
  expect((await call(limited, { model: 'one/tiers' })).usage.cost).toBe(0.00011);
  provider.on('tiers', answer({ usage: usageOf(100, 10), more: { service_tier: 'priority' } }));
  const served = await call(limited, { model: 'one/tiers', service_tier: 'priority' });
  expect(served.usage).toMatchObject({ cost: 0.00033, callgate: { cost_source: 'computed' } });
  provider.on('tiers', answer({ usage: usageOf(1_001, 10), more: { service_tier: 'default' } }));
  expect((await call(limited, { model: 'one/tiers' })).usage.cost).toBe(0.002012);
});

it('a tier without a price is refused under a limit, and served without one, as an estimate', async () => {
  const before = provider.received.length;
  const refused = await call(limited, { model: 'one/plain', service_tier: 'priority' });
  expect([refused.status, refused.error.metadata.reason]).toEqual([402, 'unpriced_model']);
  expect(refused.error.message).toContain('service_tier priority');
  expect(provider.received.length).toBe(before);
  provider.on('plain', answer({ usage: usageOf(100, 10), more: { service_tier: 'priority' } }));
  const served = await call(free, { model: 'one/plain', service_tier: 'priority' });
  expect(served.usage).toMatchObject({ cost: 0.000275, callgate: { cost_source: 'estimated' } });
});

it('what a hosted tool costs has to end somewhere under a limit', async () => {
  const tools = [{ type: 'openrouter:web_search' }];
  const refused = await call(limited, { model: 'routed/plain', tools });
  expect(refused.error.message).toContain('tool openrouter:web_search');
  expect([refused.status, refused.error.metadata.reason]).toEqual([402, 'unpriced_model']);
});
