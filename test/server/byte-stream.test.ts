import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteStream } from '../../server/providers/byte-stream.ts';

async function read(stream: ByteStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString('latin1');
  return text;
}

describe('a stream of bytes', () => {
  it('gives all that was pushed, in order, whenever it is read', async () => {
    const step = fc.oneof(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 9 }), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const stream = new ByteStream(
          () => {},
          () => {},
        );
        const reading = read(stream);
        for (const one of steps) {
          if (one === null) await new Promise((resolve) => setImmediate(resolve));
          else stream.push(Buffer.from(one, 'latin1'));
        }
        stream.end();
        expect(await reading).toBe(steps.filter((one) => one !== null).join(''));
      }),
    );
  });

  it('asks its sender to pause while nobody reads, and to go on', async () => {
    let resumed = 0;
    const stream = new ByteStream(
      () => {
        resumed += 1;
      },
      () => {},
    );
    expect(stream.push(Buffer.alloc(200 * 1024))).toBe(true);
    expect(stream.push(Buffer.alloc(100 * 1024))).toBe(false);
    expect((await stream.next()).value?.length).toBe(300 * 1024);
    expect(resumed).toBe(1);
  });

  it('gives what has come before it says that it broke', async () => {
    const stream = new ByteStream(
      () => {},
      () => {},
    );
    stream.push(Buffer.from('a'));
    stream.fail(new Error('reset'));
    expect((await stream.next()).value?.toString()).toBe('a');
    await expect(stream.next()).rejects.toThrow('reset');
  });

  it('breaks the connection off when its reader leaves', async () => {
    let broken = 0;
    const stream = new ByteStream(
      () => {},
      () => {
        broken += 1;
      },
    );
    stream.push(Buffer.from('a'));
    for await (const _ of stream) break;
    expect(broken).toBe(1);
    const waiting = new ByteStream(
      () => {},
      () => {},
    );
    const next = waiting.next();
    waiting.destroy();
    await expect(next).rejects.toThrow('closed');
  });
});
