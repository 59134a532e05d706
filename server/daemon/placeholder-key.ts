import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readIfPresent, writePrivate } from './private-file.ts';

const HEX = /^[0-9a-f]{64}$/;

/**
 * The key of this installation's placeholders, made when it is first needed and kept beside the other keys (0600). A file that holds
 * none is not replaced: a call that needs it is refused. It opens nothing: without it the same value has another placeholder.
 */
export function placeholderKeyIn(state: string): () => Buffer {
  let key: Buffer | null = null;
  return () => {
    key ??= readOrMake(join(state, 'placeholder.key'));
    return key;
  };
}

function readOrMake(file: string): Buffer {
  const text = readIfPresent(file)?.trim();
  if (text === undefined) {
    const made = randomBytes(32);
    writePrivate(file, `${made.toString('hex')}\n`);
    return made;
  }
  if (!HEX.test(text)) throw new Error(`${file} does not hold 64 hex digits`);
  return Buffer.from(text, 'hex');
}
