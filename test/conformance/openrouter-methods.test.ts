import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import type { ChatResult, ChatStreamChunk } from '@openrouter/sdk/models';
import * as errors from '@openrouter/sdk/models/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { House } from './support/house.ts';
import { openai as openaiDialect } from './support/speak-openai.ts';
import { Watch } from './support/watch.ts';

/** What of the client is for this daemon; each of its methods must stand in `CASES`. */
const NAMESPACES = [
  'chat',
  'models',
  'endpoints',
  'providers',
  'apiKeys',
  'credits',
  'generations',
  'analytics',
  'presets',
] as const;

type Here = {
  readonly house: House;
  /** With an API key, and with the management key. */
  readonly program: OpenRouter;
  readonly manager: OpenRouter;
  readonly secret: string;
};
type Case = (here: Here) => Promise<void>;

const messages = [{ role: 'user' as const, content: 'Hi' }];

async function callOnce({ program }: Here): Promise<string> {
  const answer = await program.chat.send({ chatRequest: { model: 'lab/plain', messages, stream: false } });
  return (answer as ChatResult).id;
}

async function dataOf<T>(pages: AsyncIterable<{ readonly result: { readonly data: readonly T[] } }>): Promise<T[]> {
  const all: T[] = [];
  for await (const { result } of pages) {
    all.push(...result.data);
    if (all.length > 10_000) throw new Error('the pages do not end');
  }
  return all;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => Promise.reject(new Error(`it answered: ${JSON.stringify(value)}`)),
    (error: unknown) => error,
  );
}

const preset = (slug: string, { program }: Here) =>
  program.presets.createPresetsChatCompletions({
    slug,
    chatRequest: { model: 'lab/plain', temperature: 0.5, messages },
  });

const CASES: Readonly<Record<string, Case>> = {
  'chat.send': async ({ program }) => {
    const events = await program.chat.send({
      chatRequest: { model: 'lab/plain', messages, stream: true },
      xOpenRouterMetadata: 'enabled',
    });
    let last: ChatStreamChunk | undefined;
    for await (const chunk of events as AsyncIterable<ChatStreamChunk>) last = chunk;
    expect(last).toMatchObject({ choices: [], usage: { cost: 0.00006 }, openrouterMetadata: { attempt: 1 } });
    const answer = await program.chat.send({
      chatRequest: { model: 'lab/down', models: ['lab/plain'], messages, stream: false },
      xOpenRouterMetadata: 'enabled',
    });
    expect(answer).toMatchObject({ model: 'lab/plain', openrouterMetadata: { strategy: 'fallback', attempt: 2 } });
    const failed = await failureOf(
      program.chat.send({
        chatRequest: { model: 'lab/no-credit', messages, stream: false },
        xOpenRouterMetadata: 'enabled',
      }),
    );
    expect(failed).toMatchObject({ statusCode: 402, openrouterMetadata: { attempt: 1 } });
  },

  'models.list': async ({ program }) => {
    const all = await dataOf(await program.models.list());
    const shared = all.filter(({ id }) => id === 'lab/shared');
    expect(shared).toHaveLength(1);
    expect(shared[0]).toMatchObject({ contextLength: 100_000, pricing: { prompt: '0.000001', completion: '0.00001' } });
    const found = await dataOf(await program.models.list({ q: 'thinking-tools' }));
    expect(found.map(({ id }) => id)).toEqual(['lab/thinking-tools']);
    const pages = await dataOf(await program.models.list({ limit: 4 }));
    expect(pages.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  },
  'models.count': async ({ program }) => {
    const { data } = await program.models.count();
    expect(data.count).toBe((await dataOf(await program.models.list())).length);
  },
  'models.get': async ({ program }) => {
    const { data } = await program.models.get({ author: 'lab', slug: 'shared' });
    expect(data).toMatchObject({ id: 'lab/shared', links: { details: '/api/v1/models/lab/shared/endpoints' } });
    const missing = await failureOf(program.models.get({ author: 'lab', slug: 'nothing' }));
    expect(missing).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'models.listForUser': async ({ program, secret }) => {
    const all = await dataOf(await program.models.listForUser({ bearer: secret }));
    expect(all.map(({ id }) => id)).toContain('lab/plain');
    const stranger = await failureOf(program.models.listForUser({ bearer: 'sk-nobody' }));
    expect(stranger).toBeInstanceOf(errors.UnauthorizedResponseError);
  },

  'endpoints.list': async ({ program }) => {
    const { data } = await program.endpoints.list({ author: 'lab', slug: 'shared' });
    expect(data.id).toBe('lab/shared');
    expect(data.endpoints.map(({ tag, pricing }) => [tag, pricing.prompt])).toEqual([
      ['one', '0.000001'],
      ['two', '0.000002'],
    ]);
    const missing = await failureOf(program.endpoints.list({ author: 'lab', slug: 'nothing' }));
    expect(missing).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'endpoints.listZdrEndpoints': async ({ program }) => {
    // The providers of these tests are on this machine.
    const { data } = await program.endpoints.listZdrEndpoints();
    expect(data.filter(({ modelId }) => modelId === 'lab/shared').map(({ tag }) => tag)).toEqual(['one', 'two']);
  },

  'providers.list': async ({ program }) => {
    const { data } = await program.providers.list();
    expect(data.map(({ slug }) => slug)).toEqual(expect.arrayContaining(['one', 'two']));
  },

  'apiKeys.create': async ({ manager }) => {
    const { data, key } = await manager.apiKeys.create({ requestBody: { name: 'One agent', limit: 3 } });
    expect(data).toMatchObject({ name: 'One agent', limit: 3, limitRemaining: 3 });
    expect(key).toMatch(/^sk-cg-v1-/);
  },
  'apiKeys.list': async ({ manager }) => {
    const { data } = await manager.apiKeys.create({ requestBody: { name: 'Listed' } });
    expect((await manager.apiKeys.list()).data.map(({ hash }) => hash)).toContain(data.hash);
  },
  'apiKeys.get': async ({ manager }) => {
    const { data } = await manager.apiKeys.create({ requestBody: { name: 'Got' } });
    expect((await manager.apiKeys.get({ hash: data.hash })).data).toEqual(data);
  },
  'apiKeys.update': async ({ manager }) => {
    const { data } = await manager.apiKeys.create({ requestBody: { name: 'Before' } });
    const { hash } = data;
    const changed = await manager.apiKeys.update({ hash, requestBody: { name: 'After', limit: 2, disabled: true } });
    expect(changed.data).toMatchObject({ hash, name: 'After', limit: 2, disabled: true });
  },
  'apiKeys.delete': async ({ manager }) => {
    const { hash } = (await manager.apiKeys.create({ requestBody: { name: 'Gone' } })).data;
    expect(await manager.apiKeys.delete({ hash })).toEqual({ deleted: true });
    expect(await failureOf(manager.apiKeys.get({ hash }))).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'apiKeys.getCurrentKeyMetadata': async ({ manager, program }) => {
    expect((await program.apiKeys.getCurrentKeyMetadata()).data.isManagementKey).toBe(false);
    expect((await manager.apiKeys.getCurrentKeyMetadata()).data.isManagementKey).toBe(true);
  },

  'credits.getCredits': async (here) => {
    const before = (await here.manager.credits.getCredits()).data;
    await callOnce(here);
    const after = (await here.manager.credits.getCredits()).data;
    expect(after.totalUsage - before.totalUsage).toBeCloseTo(0.00006, 9);
    expect(await failureOf(here.program.credits.getCredits())).toBeInstanceOf(errors.ForbiddenResponseError);
  },

  'generations.getGeneration': async (here) => {
    const id = await callOnce(here);
    const { data } = await here.program.generations.getGeneration({ id });
    expect(data).toMatchObject({ id, model: 'lab/plain', totalCost: 0.00006, providerName: 'one' });
  },
  'generations.listGenerationContent': async (here) => {
    const { house, program } = here;
    const unkept = await callOnce(here);
    const switched = await house.daemon.request('/api/v1/callgate/io-log', {
      method: 'PATCH',
      body: { is_observability_io_logging_enabled: true },
    });
    expect(switched.status).toBe(200);
    const id = await callOnce(here);
    // It is written once the call has gone.
    const content = async () =>
      program.generations.listGenerationContent({ id }).then(
        ({ data }) => data,
        () => null,
      );
    await expect.poll(content).toMatchObject({
      input: { messages: [{ role: 'user', content: 'Hi' }] },
      output: { completion: 'Hello there, friend.' },
    });
    const missing = await failureOf(program.generations.listGenerationContent({ id: unkept }));
    expect(missing).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'generations.submitFeedback': async (here) => {
    const { house, manager, program } = here;
    const generationId = await callOnce(here);
    const submitGenerationFeedbackRequest = { generationId, category: 'latency', comment: 'It took an age.' } as const;
    expect((await manager.generations.submitFeedback({ submitGenerationFeedbackRequest })).data.success).toBe(true);
    const { data } = (await (await house.daemon.request(`/api/v1/generation?id=${generationId}`)).json()) as {
      data: { callgate: { feedback: unknown } };
    };
    expect(data.callgate.feedback).toMatchObject([{ category: 'latency', comment: 'It took an age.' }]);
    expect(await failureOf(program.generations.submitFeedback({ submitGenerationFeedbackRequest }))).toMatchObject({
      statusCode: 403,
    });
    for (const body of [
      {},
      [],
      { generation_id: generationId },
      { generation_id: generationId, category: 'slow' },
      { generation_id: '', category: 'other' },
      { generation_id: generationId, category: 'other', comment: 'x'.repeat(1001) },
      { generation_id: [generationId], category: 'other' },
    ]) {
      const response = await house.daemon.request('/api/v1/generation/feedback', { body });
      expect([body, response.status]).toEqual([body, 400]);
      await response.body?.cancel();
    }
    const unknown = { submitGenerationFeedbackRequest: { generationId: 'gen-0', category: 'other' } } as const;
    expect(await failureOf(manager.generations.submitFeedback(unknown))).toBeInstanceOf(errors.NotFoundResponseError);
  },

  'analytics.getUserActivity': async (here) => {
    await callOnce(here);
    const date = new Date().toISOString().slice(0, 10);
    const { data } = await here.manager.analytics.getUserActivity({ date });
    const row = data.find(({ model }) => model === 'lab/plain');
    expect(row).toMatchObject({ date: expect.stringContaining(date), providerName: 'one' });
    expect(row?.usage).toBeCloseTo((row?.requests ?? 0) * 0.00006, 9);
    expect(await failureOf(here.program.analytics.getUserActivity())).toBeInstanceOf(errors.ForbiddenResponseError);
  },
  // Not served: the activity is what there is of analytics.
  'analytics.getAnalyticsMeta': async ({ manager }) => {
    expect(await failureOf(manager.analytics.getAnalyticsMeta())).toMatchObject({ statusCode: 404 });
  },
  'analytics.queryAnalytics': async ({ manager }) => {
    const query = { requestBody: { metrics: ['requests'] } };
    expect(await failureOf(manager.analytics.queryAnalytics(query as never))).toMatchObject({ statusCode: 404 });
  },

  'presets.createPresetsChatCompletions': async (here) => {
    const { data } = await preset('by-chat', here);
    expect(data).toMatchObject({ slug: 'by-chat', designatedVersion: { version: 1, config: { temperature: 0.5 } } });
  },
  'presets.createPresetsMessages': async ({ program }) => {
    const { data } = await program.presets.createPresetsMessages({
      slug: 'by-messages',
      messagesRequest: { model: 'lab/plain', system: 'Be brief.', maxTokens: 9, messages },
    });
    expect(data.designatedVersion).toMatchObject({ systemPrompt: 'Be brief.', config: { max_tokens: 9 } });
  },
  'presets.createPresetsResponses': async ({ program }) => {
    const { data } = await program.presets.createPresetsResponses({
      slug: 'by-responses',
      responsesRequest: { model: 'lab/plain', instructions: 'Be brief.', input: 'Hi' },
    });
    expect(data.designatedVersion).toMatchObject({ systemPrompt: 'Be brief.', config: { model: 'lab/plain' } });
  },
  'presets.list': async (here) => {
    await preset('listed', here);
    const all = await dataOf(await here.program.presets.list({ limit: 1 }));
    expect(all[0]?.slug).toBe('listed');
    expect(new Set(all.map(({ slug }) => slug)).size).toBe(all.length);
  },
  'presets.get': async (here) => {
    const { data } = await preset('got', here);
    expect((await here.program.presets.get({ slug: 'got' })).data).toEqual(data);
    expect(await failureOf(here.program.presets.get({ slug: 'nope' }))).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'presets.listVersions': async (here) => {
    await preset('twice', here);
    await here.program.presets.createPresetsChatCompletions({
      slug: 'twice',
      chatRequest: { model: 'lab/tools', messages },
    });
    const versions = await dataOf(await here.program.presets.listVersions({ slug: 'twice' }));
    expect(versions.map((version) => version?.version)).toEqual([1, 2]);
  },
  'presets.getVersion': async (here) => {
    const { data } = await preset('versioned', here);
    const version = await here.program.presets.getVersion({ slug: 'versioned', version: '1' });
    expect(version.data).toEqual(data.designatedVersion);
  },
};

/** `namespace.method` of everything the client can do there. */
function methodsOf(client: OpenRouter): string[] {
  return NAMESPACES.flatMap((namespace) => {
    const own = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(client[namespace]) as object);
    return Object.entries(own)
      .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor' && !name.startsWith('_'))
      .map(([name]) => `${namespace}.${name}`);
  });
}

describe('@openrouter/sdk, method by method', () => {
  const watch = new Watch();
  let here: Here;

  beforeAll(async () => {
    const house = await House.open(openaiDialect);
    const { secret } = await house.daemon.key();
    const client = (apiKey: string) =>
      new OpenRouter({
        apiKey,
        serverURL: `${house.daemon.url}/api/v1`,
        httpClient: new HTTPClient({ fetcher: watch.fetch }),
        retryConfig: { strategy: 'none' },
      });
    here = { house, secret, program: client(secret), manager: client(house.daemon.managementKey) };
  });

  afterAll(async () => {
    await here?.house.close();
  });

  afterEach(() => {
    expect(watch.take().faults).toEqual([]);
  });

  it.each(Object.entries(CASES))('%s', async (_name, run) => {
    await run(here);
  });

  it('leaves no method out', () => {
    const client = new OpenRouter({ apiKey: 'x' });
    expect(methodsOf(client).toSorted()).toEqual(Object.keys(CASES).toSorted());
  });
});
