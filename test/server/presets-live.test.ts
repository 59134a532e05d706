import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PresetVersion, PublishResult } from '../../server/protocol.ts';
import { FakeProvider } from '../support/fake-provider.ts';
import { eventsOf, providerYaml, TestDaemon } from '../support/test-daemon.ts';

let provider: FakeProvider;
let daemon: TestDaemon;
let key: string;

beforeAll(async () => {
  provider = await FakeProvider.start();
  daemon = await TestDaemon.start(`providers:\n${providerYaml('one', provider.baseUrl, ['plain', 'other'])}`);
  key = (await daemon.key()).secret;
});

afterAll(async () => {
  await daemon?.stop();
  await provider?.stop();
});

const presetText = (prompt: string, model = 'one/plain') => `---\nmodel: ${model}\nmax_tokens: 20\n---\n${prompt}\n`;

type Body = { readonly error: { readonly message: string; readonly metadata: Record<string, unknown> } };

async function json<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

async function publish(slug: string, prompt: string, more: object = {}): Promise<Response> {
  return daemon.request(`/api/v1/callgate/presets/${slug}/publish`, { body: { text: presetText(prompt), ...more } });
}

async function published(slug: string, prompt: string, more: object = {}): Promise<PresetVersion> {
  const response = await publish(slug, prompt, more);
  expect(response.status).toBe(200);
  return (await json<PublishResult>(response)).version;
}

async function rollback(slug: string, version: number): Promise<PresetVersion> {
  const response = await daemon.request(`/api/v1/callgate/presets/${slug}/rollback`, { body: { version } });
  expect(response.status).toBe(200);
  return (await json<PublishResult>(response)).version;
}

async function versionsOf(slug: string): Promise<PresetVersion[]> {
  return (await json<{ data: PresetVersion[] }>(await daemon.request(`/api/v1/presets/${slug}/versions?limit=100`)))
    .data;
}

type Used = { readonly slug: string; readonly version: number | null; readonly hash: string };

async function usedBy(id: string | null): Promise<Used> {
  const response = await daemon.request(`/api/v1/generation?id=${id}`);
  return (await json<{ data: { callgate: { preset: Used } } }>(response)).data.callgate.preset;
}

let asked = 0;

/** Calls a model; returns what the provider was told to be, and what the generation says it was. */
async function ask(model: string): Promise<{ readonly prompt: string; readonly used: Used; readonly status: number }> {
  asked += 1;
  const content = `question ${asked}`;
  const response = await daemon.chat(key, { model, messages: [{ role: 'user', content }] });
  await response.text();
  const sent = provider.received.find(
    ({ body }) => (body['messages'] as { content: string }[]).at(-1)?.content === content,
  );
  const [system] = (sent?.body['messages'] ?? []) as { role: string; content: string }[];
  return {
    status: response.status,
    prompt: system?.role === 'system' ? system.content : '',
    used: await usedBy(response.headers.get('x-generation-id')),
  };
}

describe('a preset that changes while it is called', () => {
  it('answers each call with one version that was designated then, pins with theirs, and records which', async () => {
    const two = [await published('live', 'I am 1.'), await published('live', 'I am 2.')] as const;
    const pin = two[1].hash;
    // What was designated, by the turn of a counter that goes up with everything that happens.
    let tick = 0;
    const reigns: { readonly version: number; readonly from: number; until: number }[] = [
      { version: 2, from: 0, until: Number.POSITIVE_INFINITY },
    ];
    const reign = async (change: () => Promise<PresetVersion>) => {
      const from = ++tick;
      const { version } = await change();
      const last = reigns.at(-1);
      if (last) last.until = ++tick;
      reigns.push({ version, from, until: Number.POSITIVE_INFINITY });
    };

    let changing = true;
    const seen = new Set<number | null>();
    const caller = async () => {
      while (changing) {
        const from = ++tick;
        const { prompt, used, status } = await ask('@preset/live');
        const until = ++tick;
        expect(status).toBe(200);
        expect(used.slug).toBe('live');
        expect(prompt).toBe(`I am ${used.version}.`);
        const reigning = reigns.filter((one) => one.from <= until && one.until >= from).map(({ version }) => version);
        expect(reigning).toContain(used.version);
        seen.add(used.version);
      }
    };
    const pinned = async (model: string) => {
      let calls = 0;
      for (; changing; calls += 1) {
        const { prompt, used } = await ask(model);
        expect([prompt, used.version]).toEqual(['I am 2.', 2]);
      }
      return calls;
    };
    const callers = [caller(), caller(), caller(), caller()];
    const pins = [pinned('@preset/live@2'), pinned(`@preset/live@${pin}`), pinned('one/other@preset/live@2')];
    for (let round = 3; round <= 12; round += 1) {
      await reign(() => published('live', `I am ${round}.`));
      await Promise.all(Array.from({ length: 3 }, () => ask(`@preset/live@${round - 1}`)));
      await reign(() => rollback('live', 1 + (round % 3)));
      await Promise.all(Array.from({ length: 3 }, () => ask('@preset/live')));
    }
    changing = false;
    await Promise.all(callers);
    expect((await Promise.all(pins)).every((calls) => calls > 3)).toBe(true);
    expect(seen.size).toBeGreaterThan(3);

    // Every version stands as it was published, and the hashes recorded are theirs.
    const versions = await versionsOf('live');
    expect(versions.map(({ version, system_prompt }) => [version, system_prompt])).toEqual(
      Array.from({ length: 12 }, (_, index) => [index + 1, `I am ${index + 1}.`]),
    );
    expect(versions.filter(({ designated }) => designated).map(({ version }) => version)).toEqual([1 + (12 % 3)]);
    for (const { version, hash } of versions) {
      const { used } = await ask(`@preset/live@${version}`);
      expect(used).toMatchObject({ slug: 'live', version, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(used.hash.startsWith(hash)).toBe(true);
      expect((await ask(`@preset/live@${hash}`)).used).toEqual(used);
    }
  });

  it('streams to the end what it began, whatever is published meanwhile', async () => {
    await published('streamed', 'I am the first.');
    const response = await daemon.chat(key, { model: '@preset/streamed', stream: true });
    await published('streamed', 'I am the second.');
    expect((await eventsOf(response)).at(-1)).toBe('[DONE]');
    expect(await usedBy(response.headers.get('x-generation-id'))).toMatchObject({ version: 1 });
  });

  it('gives every publisher of a crowd a version of its own', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => published('crowd', `Of ${index}.`)));
    expect(results.map(({ version }) => version).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    for (const { version, system_prompt } of results)
      expect((await ask(`@preset/crowd@${version}`)).prompt).toBe(system_prompt);
  });

  it('makes no version of the same text, unless another is designated', async () => {
    const first = await json<PublishResult>(await publish('same', 'A.'));
    expect([first.created, first.version.version]).toEqual([true, 1]);
    const again = await json<PublishResult>(await publish('same', 'A.'));
    expect([again.created, again.version.version]).toEqual([false, 1]);
    await published('same', 'B.');
    await rollback('same', 1);
    const back = await json<PublishResult>(await publish('same', 'B.'));
    expect([back.created, back.version.version]).toEqual([true, 3]);
    // Two versions, one text: the pin by hash means that text.
    const { prompt, used } = await ask(`@preset/same@${back.version.hash}`);
    expect([prompt, used.hash.startsWith(back.version.hash)]).toEqual(['B.', true]);
    const missing = await daemon.request('/api/v1/callgate/presets/same/rollback', { body: { version: 9 } });
    expect(missing.status).toBe(404);
  });
});

describe('who publishes a preset', () => {
  it('is one folder: another gets 409 that names it, and may take it over', async () => {
    await published('owned', 'Ours.', { folder: '/home/jo/ours' });
    const refused = await publish('owned', 'Theirs.', { folder: '/home/jo/theirs' });
    const { error } = await json<Body>(refused);
    expect([refused.status, error.metadata['reason'], error.metadata['owner']]).toEqual([
      409,
      'preset_owned',
      '/home/jo/ours',
    ]);
    expect(error.message).toContain('/home/jo/ours');
    expect(error.metadata['remedy']).toContain('--take-over');
    expect((await ask('@preset/owned')).prompt).toBe('Ours.');
    expect(await versionsOf('owned')).toHaveLength(1);

    const taken = await published('owned', 'Theirs.', { folder: '/home/jo/theirs', take_over: true });
    expect(taken).toMatchObject({ version: 2, source: 'file', designated: true });
    expect((await ask('@preset/owned')).prompt).toBe('Theirs.');
    expect((await publish('owned', 'Ours.', { folder: '/home/jo/ours' })).status).toBe(409);
    expect((await publish('owned', 'Theirs still.', { folder: '/home/jo/theirs' })).status).toBe(200);
  });

  it('may be the API: its versions say so, and the folder keeps the slug', async () => {
    await published('mixed', 'From the file.', { folder: '/home/jo/mixed' });
    const saved = await daemon.request('/api/v1/presets/mixed/chat/completions', {
      key,
      body: {
        model: 'one/other',
        messages: [
          { role: 'system', content: 'From the API.' },
          { role: 'user', content: 'x' },
        ],
      },
    });
    expect(saved.status).toBe(200);
    expect((await versionsOf('mixed')).map(({ source, designated }) => [source, designated])).toEqual([
      ['file', false],
      ['api', true],
    ]);
    expect((await ask('@preset/mixed')).prompt).toBe('From the API.');
    const diff = await json<{ diff: string }>(await daemon.request('/api/v1/callgate/presets/mixed/diff?from=1&to=2'));
    expect(diff.diff).toContain('-From the file.');
    expect(diff.diff).toContain('+From the API.');
    expect((await publish('mixed', 'Mine.', { folder: '/home/jo/elsewhere' })).status).toBe(409);
    expect(await published('mixed', 'From the file.', { folder: '/home/jo/mixed' })).toMatchObject({
      version: 3,
      source: 'file',
    });
  });

  it('takes nothing that is not a preset', async () => {
    for (const text of ['', 'no front matter', '---\nmodle: one/plain\n---\n', '---\nmodel: [\n---\n']) {
      const response = await daemon.request('/api/v1/callgate/presets/broken/publish', { body: { text } });
      expect(response.status).toBe(400);
      expect((await json<Body>(response)).error.message).toMatch(/^broken\.preset\.md:\d+:\d+: /);
    }
    expect((await daemon.request('/api/v1/presets/broken')).status).toBe(404);
  });
});

describe('a draft', () => {
  const run = (body: object) =>
    daemon.request('/api/v1/callgate/run', { body: { messages: [{ role: 'user', content: 'x' }], ...body } });

  it('runs for the editor alone, on its key, and is no version', async () => {
    await published('drafted', 'Published.');
    const response = await run({ preset: 'drafted@draft', text: presetText('Only a draft.') });
    expect(response.status).toBe(200);
    expect(provider.received.at(-1)?.body['messages']).toEqual([
      { role: 'system', content: 'Only a draft.' },
      { role: 'user', content: 'x' },
    ]);
    const used = await usedBy(response.headers.get('x-generation-id'));
    expect(used).toMatchObject({ slug: 'drafted', version: null, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await versionsOf('drafted')).toHaveLength(1);
    const tree = await json<{ workspaces: { keys: { name: string; usage: number }[] }[] }>(
      await daemon.request('/api/v1/callgate/spend'),
    );
    expect(tree.workspaces[0]?.keys.find(({ name }) => name === 'editor')?.usage).toBeGreaterThan(0);
    // What is published later under that text has the hash that the draft had.
    const version = await published('drafted', 'Only a draft.');
    expect(used.hash.startsWith(version.hash)).toBe(true);
  });

  it('is refused without its text, and to everybody else', async () => {
    const before = provider.received.length;
    const refusals = [
      await run({ preset: 'drafted@draft' }),
      await daemon.chat(key, { model: '@preset/drafted@draft' }),
      await daemon.chat(key, { model: 'one/plain', preset: 'drafted@draft' }),
      await daemon.chat(daemon.managementKey, { model: '@preset/drafted@draft' }),
      await daemon.request('/api/v1/callgate/run', {
        key,
        body: { preset: 'drafted@draft', text: presetText('x'), messages: [{ role: 'user', content: 'x' }] },
      }),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    const broken = await run({ preset: 'drafted@draft', text: '---\nmodle: x\n---\n' });
    expect(broken.status).toBe(400);
    expect((await json<Body>(broken)).error.message).toMatch(/^line 2: /);
    expect(provider.received.length).toBe(before);
  });
});

describe('a preset that is switched off', () => {
  it.each(['disabled', 'archived'])(
    'and %s is 404 that says so, under every name, until it is active again',
    async (status) => {
      const slug = `off-${status}`;
      const { hash } = await published(slug, 'Still here.');
      const set = (to: string) =>
        daemon.request(`/api/v1/callgate/presets/${slug}`, { method: 'PATCH', body: { status: to } });
      expect((await set(status)).status).toBe(200);
      const before = provider.received.length;
      for (const body of [
        { model: `@preset/${slug}` },
        { model: `@preset/${slug}@1` },
        { model: `@preset/${slug}@${hash}` },
        { model: `one/plain@preset/${slug}` },
        { model: 'one/plain', preset: slug },
      ]) {
        const response = await daemon.chat(key, body);
        const { error } = await json<Body>(response);
        expect([response.status, error.metadata['reason']]).toEqual([404, `preset_${status}`]);
        expect(error.message).toContain(status);
      }
      expect(provider.received.length).toBe(before);
      const shown = await json<{ data: { status: string } }>(await daemon.request(`/api/v1/presets/${slug}`, { key }));
      expect(shown.data.status).toBe(status);
      await set('active');
      expect((await ask(`@preset/${slug}`)).prompt).toBe('Still here.');
    },
  );

  it('is told apart from one that never was, with the nearest names', async () => {
    const response = await daemon.chat(key, { model: '@preset/owend' });
    const { error } = await json<Body>(response);
    expect([response.status, error.metadata['reason']]).toEqual([404, 'preset_not_found']);
    expect(error.metadata['nearest']).toContain('owned');
  });
});
