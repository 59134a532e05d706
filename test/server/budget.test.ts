import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answer, FakeProvider, stream, usageOf } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;

beforeAll(async () => {
  provider = await FakeProvider.start();
  const models = ['plain', 'slow', 'huge', 'cached', 'reports'];
  daemon = await TestDaemon.start(
    `server: { queue_wait: 2 }\nproviders:\n${providerYaml('one', provider.baseUrl, models)}` +
      `  wide:\n    base_url: ${provider.baseUrl}\n    models:\n      - { id: wide/plain, native: plain, context_length: 1000000, max_completion_tokens: 1000000, pricing: { prompt: "0.000001", completion: "0.00001" } }\n`,
  );
});
afterEach(() => daemon.setNow(null));
afterAll(async () => {
  await daemon.stop();
  await provider.stop();
});

const reason = async (response: Response) =>
  ((await response.json()) as { error?: { metadata: { reason: string } } }).error?.metadata.reason;

/** What calls of a key hold now, in US dollars. */
async function inFlight(hash: string): Promise<number | undefined> {
  const spend = (await (await daemon.request('/api/v1/callgate/spend')).json()) as {
    workspaces: { keys: { hash: string; in_flight: number }[] }[];
  };
  return spend.workspaces[0]?.keys.find((row) => row.hash === hash)?.in_flight;
}

/** 20 prompt and 50 completion tokens at the fixture's prices. */
const PRICE = 0.00052;
const CALL = {
  model: 'one/slow',
  max_tokens: 50,
  messages: [{ role: 'user', content: 'Say something, would you, of about fifty tokens?' }],
};

describe('a cap under concurrency', () => {
  it('300 calls on a key capped at the price of 40 spend no more than the cap, at least 36 succeed, nothing stays reserved', async () => {
    provider.on('slow', answer({ delay: 15, usage: usageOf(20, 50) }));
    const key = await daemon.key({ limit: PRICE * 40 });
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const response = await daemon.chat(key.secret, CALL);
        return { status: response.status, reason: await reason(response) };
      }),
    );
    const succeeded = statuses.filter(({ status }) => status === 200).length;
    const data = await daemon.keyData(key.hash);
    expect(data['usage']).toBeLessThanOrEqual(PRICE * 40);
    expect(data['usage']).toBeCloseTo(succeeded * PRICE, 9);
    expect(succeeded).toBeGreaterThanOrEqual(36);
    // What did not fit was told so at once or after its turn, never with a 429 or a 5xx.
    const others = new Set(
      statuses.filter(({ status }) => status !== 200).map(({ status, reason }) => `${status} ${reason}`),
    );
    for (const other of others)
      expect(['402 weight_exceeds_budget', '402 in_flight_budget_exhausted', '403 key_limit_exceeded']).toContain(
        other,
      );
    expect(await inFlight(key.hash)).toBe(0);
  });

  it('streams obey it too, and their reservations end with them', async () => {
    provider.on('slow', stream({ chunks: 5, every: 2, usage: usageOf(20, 50) }));
    const key = await daemon.key({ limit: PRICE * 10 });
    await Promise.all(
      Array.from({ length: 60 }, async () => eventsOf(await daemon.chat(key.secret, { ...CALL, stream: true }))),
    );
    const data = await daemon.keyData(key.hash);
    expect(data['usage']).toBeLessThanOrEqual(PRICE * 10);
    expect(data['usage']).toBeGreaterThanOrEqual(PRICE * 7);
    // The ledger, not only its sums: a call that fits what is left is admitted at once.
    expect(
      (await daemon.request(`/api/v1/keys/${key.hash}`, { method: 'PATCH', body: { limit: PRICE * 20 } })).status,
    ).toBe(200);
    expect((await daemon.chat(key.secret, { ...CALL, stream: true })).status).toBe(200);
  });

  it('a call waits for what calls in flight hold rather than being refused, and is told 402 with Retry-After when they take too long', async () => {
    provider.on('slow', answer({ delay: 400, usage: usageOf(20, 5) }));
    const key = await daemon.key({ limit: 0.00075 });
    const both = await Promise.all([daemon.chat(key.secret, CALL), daemon.chat(key.secret, CALL)]);
    expect(both.map((response) => response.status)).toEqual([200, 200]);

    provider.on('slow', answer({ delay: 3_000, usage: usageOf(20, 5) }));
    const tight = await daemon.key({ limit: 0.00075 });
    const first = daemon.chat(tight.secret, CALL);
    const late = await daemon.chat(tight.secret, CALL);
    expect([late.status, await reason(late)]).toEqual([402, 'in_flight_budget_exhausted']);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await first).status).toBe(200);
  });
});

describe('a key that changes while its calls wait', () => {
  /** One call holds the budget for a while, another waits for it; then the key is changed. What became of the two. */
  async function change(path: (hash: string) => string, init: { method: string; body?: unknown }) {
    provider.on('slow', answer({ delay: 700, usage: usageOf(20, 5) }));
    const key = await daemon.key({ limit: 0.00075 });
    const count = provider.received.length;
    const first = daemon.chat(key.secret, CALL);
    await expect.poll(() => provider.received.length).toBe(count + 1);
    const waiting = daemon.chat(key.secret, CALL);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await daemon.request(path(key.hash), init)).status).toBe(200);
    const [one, other] = await Promise.all([first.then(() => provider.received.length - count), waiting]);
    return { status: other.status, reason: await reason(other), sentWhenFirstEnded: one };
  }
  const byHash = (hash: string) => `/api/v1/keys/${hash}`;

  it('admits them at once under a raised limit', async () => {
    const outcome = await change(byHash, { method: 'PATCH', body: { limit: 1 } });
    expect(outcome).toMatchObject({ status: 200, sentWhenFirstEnded: 2 });
  });

  it.each([
    ['a lowered limit', { method: 'PATCH', body: { limit: 0.00001 } }, 402, 'weight_exceeds_budget'],
    ['a limit of nothing', { method: 'PATCH', body: { limit: 0 } }, 403, 'key_limit_exceeded'],
    ['being disabled', { method: 'PATCH', body: { disabled: true } }, 401, 'key_disabled'],
    ['being deleted', { method: 'DELETE' }, 401, 'invalid_key'],
  ])('refuses them after %s', async (_, init, status, why) => {
    expect(await change(byHash, init)).toMatchObject({ status, reason: why });
  });

  it('goes on serving them after its secret was rotated', async () => {
    const rotate = (hash: string) => `/api/v1/callgate/keys/${hash}/rotate`;
    expect(await change(rotate, { method: 'POST' })).toMatchObject({ status: 200 });
  });
});

describe('a refusal for money', () => {
  it('says 403 when nothing is left, with limit, spend and reset', async () => {
    provider.on('slow', answer({ usage: usageOf(20, 50) }));
    const key = await daemon.key({ limit: 0.001, limit_reset: 'monthly' });
    provider.on('huge', answer({ usage: usageOf(100, 1000) }));
    // The provider bills more than was asked for: charged in full, and nothing more is admitted.
    await daemon.chat(key.secret, { ...CALL, model: 'one/huge', max_tokens: 40 });
    const response = await daemon.chat(key.secret, CALL);
    const { error } = (await response.json()) as { error: { message: string; metadata: Record<string, unknown> } };
    expect(response.status).toBe(403);
    expect(error.message).toContain('Key limit exceeded (monthly limit)');
    expect(error.metadata).toMatchObject({
      reason: 'key_limit_exceeded',
      limit_source: 'openrouter_key_limit',
      scope: 'key_limit',
      limit_usd: 0.001,
      spend_usd: 0.0101,
    });
    expect(String(error.metadata['resets_at'])).toMatch(/-01T00:00:00.000Z$/);
    expect(response.headers.get('retry-after')).toBeNull();
  });

  it('says 402 and what can be afforded when this call is too dear', async () => {
    const key = await daemon.key({ limit: 0.001 });
    const response = await daemon.chat(key.secret, { ...CALL, max_tokens: 900 });
    const { error } = (await response.json()) as { error: { message: string } };
    expect(response.status).toBe(402);
    expect(error.message).toMatch(/can only afford \d+/);
  });
});

describe('the clamp', () => {
  it('sends nothing when the model’s maximum fits, what is affordable when it does not, and says so', async () => {
    provider.on('plain', answer({}));
    const rich = await daemon.key({ limit: 1 });
    const free = await daemon.chat(rich.secret, { model: 'one/plain' });
    expect(free.headers.get('x-callgate-max-tokens')).toBeNull();
    expect(provider.received.at(-1)?.body).not.toHaveProperty('max_tokens');

    const poor = await daemon.key({ limit: 0.005 });
    const clamped = await daemon.chat(poor.secret, { model: 'wide/plain' });
    const sent = Number(clamped.headers.get('x-callgate-max-tokens'));
    expect(sent).toBeGreaterThanOrEqual(256);
    expect(sent).toBeLessThan(500);
    expect(provider.received.at(-1)?.body['max_tokens']).toBe(sent);
  });

  it('never changes an explicit maximum unless asked to', async () => {
    const key = await daemon.key({ limit: 0.005 });
    expect((await daemon.chat(key.secret, { model: 'wide/plain', max_tokens: 5000 })).status).toBe(402);
    const clamped = await daemon.chat(key.secret, { model: 'wide/plain', max_tokens: 5000, clamp: true });
    expect(clamped.status).toBe(200);
    expect(Number(clamped.headers.get('x-callgate-max-tokens'))).toBeLessThan(5000);
    expect(provider.received.at(-1)?.body).not.toHaveProperty('clamp');
  });

  it('bounds a call by the larger of two maxima, and lowers both', async () => {
    provider.on('plain', answer({}));
    const key = await daemon.key({ limit: 0.005 });
    const two = { model: 'wide/plain', max_tokens: 5000, max_completion_tokens: 1000 };
    expect((await daemon.chat(key.secret, two)).status).toBe(402);
    expect((await daemon.chat(key.secret, { ...two, clamp: true })).status).toBe(200);
    const sent = provider.received.at(-1)?.body;
    expect(sent?.['max_tokens']).toBeLessThan(500);
    expect(sent?.['max_completion_tokens']).toBeLessThan(500);
  });

  it('gives up below 256 tokens', async () => {
    const key = await daemon.key({ limit: 0.002 });
    expect((await daemon.chat(key.secret, { model: 'wide/plain' })).status).toBe(402);
  });
});

describe('cost', () => {
  it('charges cached tokens once, at the prompt’s rate where there is no other', async () => {
    provider.on('cached', answer({ usage: { ...usageOf(1000, 10), prompt_tokens_details: { cached_tokens: 800 } } }));
    const key = await daemon.key();
    const { usage } = (await (await daemon.chat(key.secret, { model: 'one/cached' })).json()) as {
      usage: Record<string, number>;
    };
    expect(usage['cost']).toBe(0.0011);
  });

  it('takes a cost the provider reports over its own sum', async () => {
    provider.on('reports', answer({ usage: { ...usageOf(1000, 10), cost: 0.0000007 } }));
    const key = await daemon.key();
    const { usage } = (await (await daemon.chat(key.secret, { model: 'one/reports' })).json()) as {
      usage: Record<string, number>;
    };
    expect(usage['cost']).toBe(7e-7);
    expect(usage['callgate']).toEqual({ cost_source: 'reported' });
    expect((await daemon.keyData(key.hash))['usage']).toBe(7e-7);
  });

  it('counts what a router says it cost at a key of one’s own behind it', async () => {
    const key = await daemon.key();
    const details = { cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } };
    provider.on('reports', answer({ usage: { ...usageOf(1000, 10), ...details } }));
    await daemon.chat(key.secret, { model: 'one/reports' });
    expect((await daemon.keyData(key.hash))['usage']).toBe(0.021);
    // Free of the router's fee, and nothing said about the rest: the price decides.
    provider.on('reports', answer({ usage: { ...usageOf(1000, 10), cost: 0, is_byok: true } }));
    await daemon.chat(key.secret, { model: 'one/reports' });
    expect((await daemon.keyData(key.hash))['usage']).toBe(0.0221);
  });
});

describe('a ledger that cannot be written for a while', () => {
  it.each([false, true])(
    'withholds the answer (stream: %s) while the disk is full, and charges its true cost afterwards',
    async (streamed) => {
      provider.on('slow', streamed ? stream({ usage: usageOf(20, 50) }) : answer({ usage: usageOf(20, 50) }));
      const key = await daemon.key({ limit: 1 });
      const disk = fillDisk('["end"');
      try {
        const answered = daemon.chat(key.secret, { ...CALL, stream: streamed });
        if (streamed) await expect(answered.then((response) => response.text())).rejects.toThrow();
        else {
          const response = await answered;
          const { error } = (await response.json()) as { error: { message: string } };
          expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
          expect(error.message).toContain('withheld');
        }
        expect(await inFlight(key.hash)).toBeGreaterThan(0);
      } finally {
        disk.empty();
      }
      await expect.poll(() => inFlight(key.hash), { timeout: 15_000 }).toBe(0);
      expect((await daemon.keyData(key.hash))['usage']).toBe(PRICE);
    },
  );

  it('sends nothing whose reservation it cannot keep', async () => {
    const key = await daemon.key({ limit: 1 });
    const count = provider.received.length;
    const disk = fillDisk('["open"');
    const response = await daemon.chat(key.secret, CALL).finally(() => disk.empty());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(provider.received.length).toBe(count);
    expect(await inFlight(key.hash)).toBe(0);
    provider.on('slow', answer({ usage: usageOf(20, 50) }));
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
  });

  it('serves on while another program holds the database, and has every cost in it afterwards', async () => {
    provider.on('slow', answer({ usage: usageOf(20, 50) }));
    const key = await daemon.key({ limit: PRICE * 2.5 });
    const other = new DatabaseSync(join(daemon.state, 'callgate.db'));
    try {
      expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
      other.exec('BEGIN IMMEDIATE');
      expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
      // What only the journal knows counts against the limit.
      expect((await daemon.chat(key.secret, CALL)).status).toBe(402);
    } finally {
      other.close();
    }
    expect((await daemon.keyData(key.hash))['usage']).toBe(PRICE * 2);
  });
});

/** A disk without room for such lines of the journal, each cut off in its middle, until it is emptied. */
function fillDisk(lines: string): { readonly empty: () => void } {
  const real = fs.writeSync;
  const write = (fd: number, text: unknown) => {
    if (typeof text !== 'string' || !text.startsWith(lines)) return real(fd, text as string);
    real(fd, text.slice(0, text.length / 2));
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  };
  const replace = (as: unknown) => {
    fs.writeSync = as as typeof real;
    syncBuiltinESMExports();
  };
  replace(write);
  return { empty: () => replace(real) };
}

describe('numbers beyond all reason', () => {
  const absurd = [
    { prompt_tokens: 1e300, completion_tokens: 1 },
    { prompt_tokens: 5, completion_tokens: 9e15 },
    { ...usageOf(20, 50), cost: 1e300 },
  ];

  it.each(absurd)('in a provider’s usage (%j) are as if they had not been said', async (usage) => {
    const key = await daemon.key({ limit: 1 });
    for (const streamed of [false, true]) {
      provider.on('plain', streamed ? stream({ usage }) : answer({ usage }));
      const response = await daemon.chat(key.secret, { model: 'one/plain', max_tokens: 50, stream: streamed });
      expect(response.status).toBe(200);
      await response.text();
    }
    const data = await daemon.keyData(key.hash);
    expect(data['usage']).toBeGreaterThan(0);
    expect(data['usage']).toBeLessThan(0.01);
    expect(await inFlight(key.hash)).toBe(0);
  });

  it('in a request without a limit over it are no failure of the ledger', async () => {
    provider.on('plain', answer({}));
    const key = await daemon.key();
    const most = { model: 'one/plain', max_tokens: Number.MAX_SAFE_INTEGER, n: 128 };
    expect((await daemon.chat(key.secret, most)).status).toBe(200);
    const capped = await daemon.key({ limit: 1 });
    expect((await daemon.chat(capped.secret, most)).status).toBe(402);
  });
});

describe('a day boundary', () => {
  it('gives a daily key its limit back at midnight UTC, and charges a call to the day that admitted it', async () => {
    provider.on('slow', answer({ delay: 300, usage: usageOf(20, 50) }));
    daemon.setNow(new Date('2026-11-22T23:59:58Z'));
    const key = await daemon.key({ limit: PRICE * 1.5, limit_reset: 'daily' });
    const over = daemon.chat(key.secret, CALL);
    await expect.poll(() => provider.received.at(-1)?.body.model).toBe('slow');
    daemon.setNow(new Date('2026-11-23T00:00:01Z'));
    expect((await over).status).toBe(200);
    expect(await daemon.keyData(key.hash)).toMatchObject({ usage: PRICE, usage_daily: 0 });
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
    expect(await daemon.keyData(key.hash)).toMatchObject({ usage: PRICE * 2, usage_daily: PRICE });
    expect((await daemon.chat(key.secret, CALL)).status).toBe(402);
    daemon.setNow(new Date('2026-11-24T00:00:00Z'));
    expect((await daemon.chat(key.secret, CALL)).status).toBe(200);
  });
});
