import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { middleOut } from '../../server/plugins/middle-out.ts';
import { cutMiddle, type Message } from '../../server/plugins/turns.ts';

const bytes = (message: Message) => Buffer.byteLength(JSON.stringify(message['content'] ?? '')) + 8;
const total = (messages: readonly Message[]) => messages.reduce((sum, message) => sum + bytes(message), 0);
const everything = { tokens: Number.POSITIVE_INFINITY, messages: Number.POSITIVE_INFINITY };

const text = fc.string({ unit: 'binary', maxLength: 200 });
/** A turn as real chats have them: instructions, a question, an answer, or calls with their results. */
const turn: fc.Arbitrary<Message[]> = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer'), content: text }).map((message) => [message]),
  fc.record({ role: fc.constantFrom('user', 'assistant'), content: text }).map((message) => [message]),
  fc
    .record({ role: fc.constant('user'), content: fc.array(fc.record({ type: fc.constant('text'), text })) })
    .map((message) => [message]),
  fc.array(fc.tuple(fc.uuid(), text), { minLength: 1, maxLength: 3 }).map((calls) => [
    {
      role: 'assistant',
      content: null,
      tool_calls: calls.map(([id]) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
    },
    ...calls.map(([id, content]) => ({ role: 'tool', tool_call_id: id, content })),
  ]),
);
const chat = fc.array(turn, { minLength: 1, maxLength: 20 }).map((turns) => turns.flat());
const isInstruction = ({ role }: Message) => role === 'system' || role === 'developer';

describe('middle-out', () => {
  it('keeps instructions and both ends, splits no call from its results, keeps the order, and fits', () => {
    fc.assert(
      fc.property(
        chat,
        fc.integer({ min: 0, max: 4000 }),
        fc.integer({ min: 1, max: 40 }),
        (messages, tokens, most) => {
          const cut = middleOut(messages, { tokens, messages: most }, bytes);
          if (!cut) return;
          expect(total(cut.messages)).toBeLessThanOrEqual(tokens);
          expect(cut.messages.length).toBeLessThanOrEqual(most);
          expect(cut.removed).toBe(messages.length - cut.messages.length);
          // Instructions stand as they were.
          expect(cut.messages.filter(isInstruction)).toEqual(messages.filter(isInstruction));
          // Both ends are there, perhaps shorter.
          const spoken = messages.filter((message) => !isInstruction(message));
          const left = cut.messages.filter((message) => !isInstruction(message));
          if (spoken.length > 0) {
            expect(left[0]?.['role']).toBe(spoken[0]?.['role']);
            expect(left.at(-1)?.['tool_call_id']).toBe(spoken.at(-1)?.['tool_call_id']);
            expect(left.at(-1)?.['role']).toBe(spoken.at(-1)?.['role']);
          }
          // Every call has its results, and every result its call.
          const called = left.flatMap(({ tool_calls }) => ((tool_calls ?? []) as { id: string }[]).map(({ id }) => id));
          const answered = left.flatMap(({ tool_call_id }) => (tool_call_id === undefined ? [] : [tool_call_id]));
          expect(answered).toEqual(called);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('changes nothing that fits', () => {
    fc.assert(
      fc.property(chat, (messages) => {
        expect(middleOut(messages, everything, bytes)).toEqual({ messages, removed: 0, shortened: 0 });
        expect(middleOut(messages, { ...everything, tokens: total(messages) }, bytes)?.messages).toEqual(messages);
      }),
    );
  });

  it('keeps half of the messages from the start and half from the end', () => {
    const messages = Array.from({ length: 1500 }, (_, index) => ({
      role: index % 2 ? 'assistant' : 'user',
      content: `${index}`,
    }));
    const kept = middleOut(messages, { ...everything, messages: 1000 }, bytes)?.messages ?? [];
    expect(kept).toHaveLength(1000);
    expect(kept.slice(0, 500)).toEqual(messages.slice(0, 500));
    expect(kept.slice(500)).toEqual(messages.slice(1000));
  });

  it('shortens what is left when there is no middle to take, the longest most', () => {
    const messages = [
      { role: 'system', content: 's'.repeat(500) },
      { role: 'user', content: `BEGIN${'x'.repeat(50_000)}END` },
      { role: 'assistant', content: 'short' },
      { role: 'user', content: 'and now?' },
    ];
    const cut = middleOut(messages, { ...everything, tokens: 2_000 }, bytes);
    expect(cut).toMatchObject({ removed: 1, shortened: 1 });
    expect(cut?.messages[0]).toBe(messages[0]);
    expect(cut?.messages.at(-1)).toBe(messages[3]);
    expect(cut?.messages[1]?.['content']).toMatch(/^BEGINx+\n…\nx+END$/);
    // It is not shortened more than it must be.
    expect(total(cut?.messages ?? [])).toBeGreaterThan(1_900);
  });

  it('gives up on instructions that alone are too long', () => {
    const messages = [
      { role: 'system', content: 's'.repeat(500) },
      { role: 'user', content: 'x' },
    ];
    expect(middleOut(messages, { ...everything, tokens: 100 }, bytes)).toBeNull();
  });

  it('cuts no character in half', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 16, max: 400 }), (long, most) => {
        const cut = cutMiddle(long, most);
        if (long.isWellFormed()) expect(cut.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most);
        if (Buffer.byteLength(long) <= most) expect(cut).toBe(long);
      }),
    );
  });
});
