import { OpenRouter } from '@openrouter/sdk';
import { HTTPClient } from '@openrouter/sdk/lib/http';
import type { BYOKKey, ChatResult, ChatStreamChunk, ObservabilityDestination } from '@openrouter/sdk/models';
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
  'byok',
  'observability',
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

const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Disabled, so that no call of the other cases is made with it. */
async function bring(manager: OpenRouter, fields: object = {}): Promise<BYOKKey> {
  const key = 'sk-or-something-of-some-length';
  const request = { createBYOKKeyRequest: { provider: 'openai' as const, key, disabled: true, ...fields } };
  return (await manager.byok.create(request)).data;
}

async function destination(manager: OpenRouter, fields: object = {}) {
  const config = { url: 'https://example.com/hook', headers: { Authorization: 'Bearer a-long-key' } };
  const { data } = await manager.observability.create({
    createObservabilityDestinationRequest: { name: 'Memory', type: 'webhook', config, ...fields },
  });
  if (data.type !== 'webhook') throw new Error(`it is a ${data.type}`);
  return data;
}

/** The client knows none of a type that it does not know. */
const idsOf = (all: readonly ObservabilityDestination[]) => all.map((one) => ('id' in one ? one.id : ''));

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
  'analytics.getAnalyticsMeta': async ({ manager, program }) => {
    const { data } = await manager.analytics.getAnalyticsMeta();
    expect(data.metrics).toContainEqual({
      name: 'total_usage',
      displayLabel: 'Total Usage',
      displayFormat: 'currency',
      isRate: false,
    });
    expect(data.dimensions.map(({ name }) => name)).toEqual(expect.arrayContaining(['model', 'api_key_id', 'user']));
    expect(data.operators).toContainEqual({ name: 'not_in', valueType: 'array' });
    expect(data.granularities.map(({ name }) => name)).toEqual(['minute', 'hour', 'day', 'week', 'month']);
    expect(await failureOf(program.analytics.getAnalyticsMeta())).toBeInstanceOf(errors.ForbiddenResponseError);
  },
  'analytics.queryAnalytics': async (here) => {
    await callOnce(here);
    const { data } = await here.manager.analytics.queryAnalytics({
      requestBody: {
        metrics: ['request_count', 'total_usage', 'cache_hit_rate'],
        dimensions: ['model', 'user'],
        granularity: 'hour',
        filters: [{ field: 'model', operator: 'in', value: ['lab/plain'] }],
        orderBy: { field: 'date', direction: 'desc' },
        timeRange: { start: new Date(Date.now() - 3_600_000), end: new Date(Date.now() + 60_000) },
      },
    });
    // The client itself drops what the rows hold.
    expect(data.metadata).toMatchObject({ rowCount: data.data.length, truncated: false });
    expect(data.data.length).toBeGreaterThan(0);
    const wrong = { requestBody: { metrics: ['joy'] } };
    expect(await failureOf(here.manager.analytics.queryAnalytics(wrong))).toBeInstanceOf(
      errors.BadRequestResponseError,
    );
    expect(await failureOf(here.program.analytics.queryAnalytics(wrong))).toBeInstanceOf(errors.ForbiddenResponseError);
  },

  'byok.create': async ({ manager, program }) => {
    const made = await bring(manager, { name: 'Team', isRequired: false, declaredZdr: true, allowedModels: ['x/y'] });
    expect(made).toMatchObject({
      provider: 'openai',
      name: 'Team',
      declaredZdr: true,
      isFallback: false,
      disabled: true,
    });
    expect(made.label).not.toContain('sk-or-something');
    const refused = {
      createBYOKKeyRequest: { provider: 'openai' as const, key: 'k', isFallback: true, isByokOnly: true },
    };
    expect(await failureOf(manager.byok.create(refused))).toBeInstanceOf(errors.BadRequestResponseError);
    expect(await failureOf(program.byok.create(refused))).toBeInstanceOf(errors.ForbiddenResponseError);
  },
  'byok.list': async ({ manager }) => {
    const made = [];
    for (let at = 0; at < 3; at += 1) made.push((await bring(manager)).id);
    const pages = await dataOf(await manager.byok.list({ limit: 2, provider: 'openai' }));
    expect(pages.map(({ id }) => id)).toEqual(expect.arrayContaining(made));
    expect(new Set(pages.map(({ id }) => id)).size).toBe(pages.length);
    expect(await dataOf(await manager.byok.list({ provider: 'anthropic' }))).toEqual([]);
    const { result } = await manager.byok.list({ limit: 1 });
    expect(result.totalCount).toBe(pages.length);
  },
  'byok.get': async ({ manager }) => {
    const made = await bring(manager);
    expect((await manager.byok.get({ id: made.id })).data).toEqual(made);
    expect(await failureOf(manager.byok.get({ id: NOBODY }))).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'byok.update': async ({ manager }) => {
    const { id, label } = await bring(manager, { name: 'before' });
    const update = async (updateBYOKKeyRequest: object) =>
      (await manager.byok.update({ id, updateBYOKKeyRequest })).data;
    expect(await update({ name: null, isFallback: true })).toMatchObject({ name: null, isFallback: true, label });
    const rotated = await update({ key: 'sk-or-another-key-of-the-kind' });
    expect(rotated).toMatchObject({ id, isFallback: true });
    expect(rotated.label).not.toBe(label);
    expect(await failureOf(update({ isByokOnly: true }))).toBeInstanceOf(errors.BadRequestResponseError);
    const unknown = manager.byok.update({ id: NOBODY, updateBYOKKeyRequest: { disabled: true } });
    expect(await failureOf(unknown)).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'byok.delete': async ({ manager }) => {
    const { id } = await bring(manager);
    expect(await manager.byok.delete({ id })).toEqual({ deleted: true });
    expect(await failureOf(manager.byok.delete({ id }))).toBeInstanceOf(errors.NotFoundResponseError);
  },

  'observability.create': async ({ manager, program }) => {
    const made = await destination(manager, { privacyMode: true, regions: ['eu'], samplingRate: 0.5 });
    expect(made).toMatchObject({
      type: 'webhook',
      config: { url: 'https://example.com/hook', method: 'POST', headers: { Authorization: '********-key' } },
      privacyMode: true,
      regions: ['europe'],
      samplingRate: 0.5,
    });
    const wrong = { createObservabilityDestinationRequest: { name: 'x', type: 'datadog' as const, config: {} } };
    expect(await failureOf(manager.observability.create(wrong))).toBeInstanceOf(errors.BadRequestResponseError);
    expect(await failureOf(program.observability.create(wrong))).toBeInstanceOf(errors.ForbiddenResponseError);
    for (let at = 1; at < 5; at += 1) await destination(manager);
    expect(await failureOf(destination(manager))).toBeInstanceOf(errors.ConflictResponseError);
    for (const id of idsOf(await dataOf(await manager.observability.list())))
      await manager.observability.delete({ id });
  },
  'observability.list': async ({ manager }) => {
    const made = [(await destination(manager)).id, (await destination(manager)).id, (await destination(manager)).id];
    const pages = await dataOf(await manager.observability.list({ limit: 2 }));
    expect(idsOf(pages)).toEqual(made);
    expect((await manager.observability.list({ limit: 1 })).result.totalCount).toBe(3);
    for (const id of made) await manager.observability.delete({ id });
  },
  'observability.get': async ({ manager }) => {
    const made = await destination(manager);
    expect((await manager.observability.get({ id: made.id })).data).toEqual(made);
    await manager.observability.delete({ id: made.id });
    expect(await failureOf(manager.observability.get({ id: made.id }))).toBeInstanceOf(errors.NotFoundResponseError);
  },
  'observability.update': async ({ manager }) => {
    const made = await destination(manager);
    const update = async (updateObservabilityDestinationRequest: object) =>
      (await manager.observability.update({ id: made.id, updateObservabilityDestinationRequest })).data;
    expect(await update({ config: made.config })).toMatchObject({ config: made.config });
    const groups = [{ logic: 'or', rules: [{ field: 'total_cost', operator: 'gt', value: 0.1 }] }];
    expect(await update({ enabled: false, filterRules: { groups } })).toMatchObject({
      enabled: false,
      filterRules: { enabled: true, groups },
    });
    expect(await failureOf(update({ samplingRate: 2 }))).toBeInstanceOf(errors.BadRequestResponseError);
    await manager.observability.delete({ id: made.id });
  },
  'observability.delete': async ({ manager }) => {
    const { id } = await destination(manager);
    expect(await manager.observability.delete({ id })).toEqual({ deleted: true });
    expect(await failureOf(manager.observability.delete({ id }))).toBeInstanceOf(errors.NotFoundResponseError);
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
