import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ask, Client, ClientKind } from '../clients/client.ts';
import { BERGEN, House, VERDICT, WEATHER } from './house.ts';
import { isStreamed, modelAsked, type Speaker, TOKENS } from './script.ts';
import { Watch } from './watch.ts';

const IMAGE = 'data:image/png;base64,iVBORw0KGgo=';
const BOTH = [false, true];
const how = (stream: boolean) => (stream ? 'streamed' : 'whole');

/** What every program does with a model, through one client, with providers of one dialect: the same for all of them. */
export function conformanceCases(kind: ClientKind, speaker: Speaker): void {
  describe(`${kind.name}, before providers that speak ${speaker.name}'s dialect`, () => {
    let house: House;
    let key: { readonly secret: string; readonly hash: string };
    let client: Client;
    const watch = new Watch();
    const open = (secret: string, retries = false) =>
      kind.open({ url: `${house.daemon.url}/api/v1`, key: secret, fetch: watch.fetch, retries });

    beforeAll(async () => {
      house = await House.open(speaker);
      key = await house.daemon.key();
      client = open(key.secret);
    });

    afterEach(() => {
      const { judged, faults } = watch.take();
      expect(faults).toEqual([]);
      expect(judged).toBeGreaterThan(0);
    });

    afterAll(async () => {
      await house?.close();
    });

    const failureOf = async (call: Promise<unknown>, from = client) =>
      call.then(
        (value) => Promise.reject(new Error(`it answered: ${JSON.stringify(value)}`)),
        (error: unknown) => from.failure(error),
      );

    describe.each(BOTH)('streamed: %s', (stream) => {
      it('is answered, and told what was used and what it cost', async () => {
        const told = await client.ask({ model: 'lab/plain', maxTokens: 50, stream });
        expect(told).toMatchObject({
          text: 'Hello there, friend.',
          finish: 'stop',
          prompt: TOKENS.prompt,
          completion: TOKENS.completion,
          cost: kind.tellsCost ? 0.00006 : undefined,
        });
        const { received } = house.last;
        expect(isStreamed(received)).toBe(stream);
        const { authorization, 'x-api-key': anthropicKey, 'x-goog-api-key': googleKey } = received.headers;
        const header = { openai: authorization, anthropic: anthropicKey, google: googleKey }[speaker.name];
        expect(header).toContain('sk-upstream');
        expect(JSON.stringify([received.headers, received.body])).not.toContain(key.secret);
      });

      it('says what it wants to the provider: system, text, maximum, temperature', async () => {
        await client.ask({
          model: 'lab/plain',
          system: 'Be brief.',
          text: 'Søk „dette“',
          maxTokens: 77,
          temperature: 0.25,
          stream,
        });
        expect(house.last.seen).toMatchObject({
          system: ['Be brief.'],
          turns: ['user: Søk „dette“'],
          maxTokens: 77,
          temperature: 0.25,
        });
      });

      it('shows an image', async () => {
        const { text } = await client.ask({ model: 'lab/sees', text: 'What is this?', image: IMAGE, stream });
        expect(text).toBe('I see 1.');
        expect(house.last.seen.images).toEqual([IMAGE]);
      });

      it('lets the model use a tool and hear of its result', async () => {
        const run = await client.useTool({ model: 'lab/tools', text: 'How warm is Oslo?', stream }, (city) =>
          city === 'Oslo' ? '4 °C' : 'unknown',
        );
        expect(run).toEqual({ calls: [{ name: 'weather', arguments: { city: 'Oslo' } }], text: 'It is 4 °C.' });
        expect(house.last.seen).toMatchObject({
          tools: ['weather'],
          turns: [
            'user: How warm is Oslo?',
            `call ${WEATHER.id}: weather(${WEATHER.arguments})`,
            `result ${WEATHER.id}: 4 °C`,
          ],
        });
      });

      it('lets the model use a tool twice at once', async () => {
        const { calls, text } = await client.useTool({ model: 'lab/both-tools', stream }, (city) => `${city} is cold`);
        expect(calls).toEqual([
          { name: 'weather', arguments: { city: 'Oslo' } },
          { name: 'weather', arguments: { city: 'Bergen' } },
        ]);
        expect(text).toBe(`result ${WEATHER.id}: Oslo is cold and result ${BERGEN.id}: Bergen is cold`);
      });

      it('is told that an answer was cut off', async () => {
        const told = await client.ask({ model: 'lab/short', maxTokens: 5, stream });
        expect(told).toMatchObject({ text: 'Once upon a', finish: 'length' });
      });

      it.runIf(kind.tellsReasoning)('hears the model think', async () => {
        const told = await client.ask({ model: 'lab/thinks', effort: 'high', maxTokens: 3_000, stream });
        expect(told).toMatchObject({ text: '42', reasoning: 'Let me think.' });
        expect(house.last.seen.reasons).toBe(true);
      });

      it.runIf(kind.keepsReasoning)('gives signed thoughts back with the result of a tool', async () => {
        const ask: Ask = { model: 'lab/thinking-tools', effort: 'high', maxTokens: 3_000, stream };
        const { text } = await client.useTool(ask, () => '4 °C');
        expect(text).toBe('Signed c2lnbmVk.');
      });

      it('calls a preset by its name', async () => {
        const slug = `conformance-${how(stream)}`;
        const saved = await house.daemon.request(`/api/v1/presets/${slug}/chat/completions`, {
          body: {
            model: 'lab/plain',
            temperature: 0.75,
            messages: [{ role: 'system', content: 'Be a preset.' }],
          },
        });
        expect(saved.status).toBe(200);
        const { text } = await client.ask({ model: `@preset/${slug}`, stream });
        expect(text).toBe('Hello there, friend.');
        expect(house.last.seen).toMatchObject({ system: ['Be a preset.'], temperature: 0.75 });
      });

      it('falls back to the next of its models', async () => {
        const before = house.one.received.length;
        const { text } = await client.ask({ model: 'lab/down', models: ['lab/no-credit', 'lab/plain'], stream });
        expect(text).toBe('Hello there, friend.');
        const tried = house.one.received.slice(before).map(modelAsked);
        expect(tried).toEqual(['down', 'no-credit', 'plain'].map(speaker.native));
      });

      it.each([
        [{ order: ['two', 'one'] }, 'two'],
        [{ order: ['one'] }, 'one'],
        [{ only: ['two'] }, 'two'],
        [{ ignore: ['two'] }, 'one'],
        [{ sort: 'price' as const }, 'one'],
      ])('prefers providers: %j', async (provider, text) => {
        expect(await client.ask({ model: 'lab/shared', provider, stream })).toMatchObject({ text });
      });

      it.each([
        ['lab/nothing', 400, 'not a valid model ID'],
        ['@preset/nope', 404, 'Preset not found: nope'],
        ['lab/refused-key', 403, 'no such key'],
        ['lab/no-credit', 402, 'pay first'],
        ['lab/busy', 429, 'slow down'],
        ['lab/down', 502, 'out of order'],
      ])('is told why %s fails: %i', async (model, status, words) => {
        const failure = await failureOf(client.ask({ model, stream }));
        expect(failure).toMatchObject({ status, kind: kind.kinds[status] });
        expect(failure.message).toContain(words);
      });

      it('is unauthorized with a key nobody knows', async () => {
        const stranger = open('sk-cg-v1-nobody');
        const failure = await failureOf(stranger.ask({ model: 'lab/plain', stream }), stranger);
        expect(failure).toMatchObject({ status: 401, kind: kind.kinds[401] });
      });

      it('is told to pay when some is left, and forbidden to call when nothing is', async () => {
        const before = house.one.received.length;
        const poor = open((await house.daemon.key({ limit: 0.00005 })).secret);
        const dear = await failureOf(poor.ask({ model: 'lab/plain', maxTokens: 900, stream }), poor);
        expect(dear).toMatchObject({ status: 402, kind: kind.kinds[402] });
        expect(dear.message).toMatch(/fewer max_tokens.*up to 900 tokens, but can only afford \d+/);
        const spent = open((await house.daemon.key({ limit: 0 })).secret);
        const none = await failureOf(spent.ask({ model: 'lab/plain', stream }), spent);
        expect(none).toMatchObject({ status: 403, kind: kind.kinds[403] });
        expect(none.message).toContain('Key limit exceeded');
        expect(house.one.received.length).toBe(before);
      });

      // Google bills on, so it is heard to its end: google-call.test.ts.
      it.runIf(speaker.name !== 'google')(
        'hangs up, and the provider is hung up on; what came is charged and nothing stays reserved',
        async () => {
          const { secret, hash } = await house.daemon.key({ limit: 1 });
          const from = open(secret);
          const gone = new AbortController();
          let pieces = 0;
          const before = house.one.received.length;
          const asked = from.ask({
            model: stream ? 'lab/slow' : 'lab/slow-whole',
            maxTokens: 1_000,
            stream,
            signal: gone.signal,
            onPiece: () => {
              pieces += 1;
              if (pieces === 3) gone.abort();
            },
          });
          // Some clients end an aborted stream instead of throwing.
          const ended = asked.catch((error: unknown) => error);
          if (!stream) {
            await expect.poll(() => house.one.received.length).toBeGreaterThan(before);
            gone.abort();
          }
          await ended;
          await expect.poll(() => house.last.received.aborted).toBe(true);
          await expect.poll(async () => (await house.daemon.keyData(hash))['usage']).toBeGreaterThan(0);
          await expect.poll(() => inFlight(house, hash)).toBe(0);
          expect((await house.daemon.keyData(hash))['usage']).toBeLessThan(0.005);
          // What is judged after each case: a client that reads nothing has nothing to be judged by.
          await client.ask({ model: 'lab/plain', stream });
        },
      );

      it('tries again when the provider was down, as the client does by itself', async () => {
        house.reset();
        const before = house.one.received.length;
        const patient = open(key.secret, true);
        const { text } = await patient.ask({ model: 'lab/flaky', stream });
        expect(text).toBe('Hello there, friend.');
        expect(house.one.received.length - before).toBe(2);
      });
    });

    it('gets an answer that fits a schema', async () => {
      expect(await client.structured({ model: 'lab/schema', stream: false })).toEqual(VERDICT);
      expect(house.last.seen.schema).toMatchObject({
        type: 'object',
        properties: { city: { type: 'string' }, degrees: { type: 'integer' } },
        required: ['city', 'degrees'],
      });
    });

    it.runIf(kind.asksWhenBusy !== undefined)(
      'asks a busy provider as often as it does by itself, and no more',
      async () => {
        const patient = open(key.secret, true);
        const failure = await failureOf(patient.ask({ model: 'lab/busy-now', stream: false }), patient);
        expect(failure).toMatchObject({ status: 429, kind: kind.kinds[429] });
        const { judged, faults } = watch.take();
        expect([judged, faults]).toEqual([kind.asksWhenBusy, []]);
        await client.ask({ model: 'lab/plain', stream: false });
      },
    );

    it.each(['lab/dies', 'lab/breaks'])('is told in the stream when it breaks midway: %s', async (model) => {
      let pieces = 0;
      const asked = client.ask({
        model,
        stream: true,
        onPiece: () => {
          pieces += 1;
        },
      });
      const { message } = await failureOf(asked);
      expect(message).toMatch(/one: /);
      expect(pieces).toBe(2);
      // A client that leaves a broken stream unread leaves nothing to be judged.
      await client.ask({ model: 'lab/plain', stream: false });
    });
  });
}

/** Dollars that calls in flight hold of a key. */
async function inFlight({ daemon }: House, hash: string): Promise<number | undefined> {
  const tree = (await (await daemon.request('/api/v1/callgate/spend')).json()) as {
    workspaces: { keys: { hash: string; in_flight: number }[] }[];
  };
  return tree.workspaces.flatMap(({ keys }) => keys).find((one) => one.hash === hash)?.in_flight;
}
