import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chatRequest } from '../../server/http/chat.ts';
import { translate } from '../../server/providers/google/encode.ts';
import type { Endpoint } from '../../server/providers/registry.ts';
import { decodeGemini } from '../../server/surfaces/gemini/decode.ts';
import { geminiWriter } from '../../server/surfaces/gemini/writer.ts';
import { content, contentStreamFaults } from '../support/validators/gemini.ts';

type Fields = Record<string, unknown>;
const path = { model: 'm', stream: null } as const;
const gemini = { model: { native: 'gemini-3.5-flash', maxCompletionTokens: null } } as unknown as Endpoint;

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => /\S/.test(text));
const signed = fc.option(fc.base64String({ minLength: 4, maxLength: 20 }), { nil: undefined });
const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(words, fc.boolean(), fc.integer()), {
  minKeys: 1,
});
const callId = fc.uuid();
const exchange = fc.tuple(words, fc.array(fc.tuple(callId, object, object, signed), { maxLength: 3 }), words);

it('goes to Google’s own dialect as it came: words, calls with their signatures, results, settings', () => {
  fc.assert(
    fc.property(exchange, fc.integer({ min: 1, max: 9_000 }), ([asked, calls, said], maxOutputTokens) => {
      const call = calls.map(([id, args, , signature], at) => ({
        functionCall: { id, name: 'f', args },
        // Of calls made at once the first is always signed.
        ...(signature || at === 0 ? { thoughtSignature: signature || 'c2ln' } : {}),
      }));
      const results = calls.map(([id, , response]) => ({
        functionResponse: { id, name: 'f', response: { ...response } },
      }));
      const contents = [
        { role: 'user', parts: [{ text: asked }] },
        { role: 'model', parts: [{ text: said }, ...call] },
        { role: 'user', parts: [...results, { text: 'Go on' }] },
      ];
      const generationConfig = { temperature: 0.5, maxOutputTokens, stopSequences: ['x'] };
      const decoded = decodeGemini({ contents, generationConfig }, path);
      if (decoded.kind === 'refused') throw new Error(decoded.message);
      expect(chatRequest.safeParse(decoded.request).error).toBeUndefined();
      expect(decoded.warnings).toEqual([]);
      const { body } = translate(decoded.request, gemini);
      expect(JSON.parse(JSON.stringify(body))).toEqual(JSON.parse(JSON.stringify({ contents, generationConfig })));
    }),
  );
});

it('takes names as protobuf has them, and says what it does not send', () => {
  const body = {
    system_instruction: { parts: [{ text: 'Be brief' }] },
    contents: [{ parts: [{ inline_data: { mime_type: 'image/png', data: 'aGk=' } }] }],
    generation_config: { max_output_tokens: 5, strange_thing: 1 },
    odd_one: 1,
  };
  const decoded = decodeGemini(body, path);
  expect(decoded).toMatchObject({
    kind: 'decoded',
    request: {
      max_tokens: 5,
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } }] },
      ],
    },
  });
  const warnings = decoded.kind === 'decoded' ? decoded.warnings : [];
  expect(warnings).toEqual(['odd_one is not sent', 'generationConfig.strangeThing is not sent']);
});

it.each([
  [{}, 'contents'],
  [{ contents: [] }, 'contents'],
  [{ contents: [{ role: 'judge', parts: [] }] }, 'contents.0.role'],
  [{ contents: [{ parts: 'x' }] }, 'contents.0.parts'],
  [{ contents: [{ parts: [{ executableCode: { code: '1' } }] }] }, 'contents.0.parts.0.executableCode'],
  [{ contents: [{ parts: [{ text: 'x' }] }], tools: [{ googleSearch: {} }] }, 'tools.0.googleSearch'],
  [{ contents: [{ parts: [{ text: 'x' }] }], generationConfig: { speechConfig: {} } }, 'generationConfig.speechConfig'],
])('refuses %j by name', (body, field) => {
  const decoded = decodeGemini(body, path);
  expect(decoded.kind === 'refused' && decoded.message).toContain(`${field}:`);
});

it('throws at nothing that is JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, two) => {
      for (const body of [one, { contents: one }, { contents: [{ parts: [one, { functionCall: two }] }], tools: two }])
        expect(['decoded', 'refused']).toContain(decodeGemini(body, path).kind);
    }),
  );
});

const details = [
  { type: 'reasoning.text', text: 'Hm', index: 0, format: 'anthropic-claude-v1' },
  { type: 'reasoning.text', text: 'm.', signature: 'abc', index: 0, format: 'anthropic-claude-v1' },
];
const chunks: Fields[] = [
  ...details.map((detail) => ({ choices: [{ index: 0, delta: { reasoning_details: [detail] } }] })),
  { choices: [{ index: 0, delta: { content: 'Hel' } }] },
  { choices: [{ index: 0, delta: { content: 'lo' } }] },
  {
    choices: [
      { index: 0, delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{"a":1' } }] } },
    ],
  },
  { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '00000000000000000001}' } }] } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
  {
    choices: [],
    usage: { prompt_tokens: 3, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 2 } },
  },
];
const events = [
  ...chunks.map((chunk) => `data: ${JSON.stringify({ id: 'gen', model: 'm', ...chunk })}\n\n`),
  'data: [DONE]\n\n',
];

it.each([true, false])(
  'writes the same stream however its events are taken, and its thoughts come back (shown: %s)',
  (shows) => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: events.length, maxLength: events.length }), (cuts) => {
        const stream = geminiWriter(shows, 'sse').stream(async () => ({}));
        let out = '';
        let batch = '';
        for (const [at, event] of events.entries()) {
          batch += event;
          if (cuts[at] || at === events.length - 1) {
            out += `${stream.take(batch)}${stream.keepAlive().slice(0, at < events.length - 2 ? undefined : 0)}`;
            batch = '';
          }
        }
        out += stream.end();
        expect(contentStreamFaults(out, true)).toEqual([]);
        expect(out).toContain('{"a":100000000000000000001}');
        const all = out
          .split('\r\n\r\n')
          .flatMap((event) => (event === '' ? [] : [content.parse(JSON.parse(event.slice(6)))]));
        const said = all.flatMap(({ candidates }) => candidates.map((one) => one.content));
        expect(all.at(-1)?.usageMetadata).toMatchObject({
          candidatesTokenCount: 3,
          thoughtsTokenCount: 2,
          totalTokenCount: 8,
        });
        expect(said.flatMap(({ parts }) => parts).some(({ thought }) => thought === true)).toBe(shows);
        const back = decodeGemini({ contents: said }, path);
        const [message] = (back.kind === 'decoded' ? back.request['messages'] : []) as Fields[];
        expect(message).toMatchObject({
          content: 'Hello',
          reasoning_details: [
            { type: 'reasoning.text', text: 'Hmm.', signature: 'abc', format: 'anthropic-claude-v1' },
          ],
          tool_calls: [{ id: 'c' }],
        });
      }),
    );
  },
);

it('without alt=sse writes one JSON array, whatever comes', () => {
  const stream = geminiWriter(true, 'array').stream(async () => ({}));
  const out =
    stream.keepAlive() + events.map((event) => stream.take(event) + stream.keepAlive()).join('') + stream.end();
  const all = JSON.parse(out) as unknown[];
  expect(all.length).toBeGreaterThan(3);
  for (const one of all) expect(content.safeParse(one).error).toBeUndefined();
  const none = geminiWriter(true, 'array').stream(async () => ({}));
  expect(JSON.parse(none.end())).toEqual([]);
});
