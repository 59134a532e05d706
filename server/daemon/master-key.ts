import { randomBytes } from 'node:crypto';
import { readIfPresent, writePrivate } from './private-file.ts';
import { paths } from './state-folder.ts';

export type MasterKey =
  | { readonly kind: 'key'; readonly key: Buffer }
  /** There is something, and it is no key. It is not replaced: what it once encrypted would be lost with it. */
  | { readonly kind: 'unusable'; readonly message: string };

const HEX = /^[0-9a-fA-F]{64}$/;

/** The key that provider keys are encrypted with: CALLGATE_MASTER_KEY (64 hex digits), else master.key, made when missing. */
export function masterKey(state: string, env: NodeJS.ProcessEnv): MasterKey {
  const given = env['CALLGATE_MASTER_KEY'];
  if (given) return parse(given, 'CALLGATE_MASTER_KEY is not 64 hex digits');
  const file = paths(state).masterKey;
  const text = readIfPresent(file);
  if (text !== null) return parse(text, `${file} does not hold 64 hex digits`);
  const key = randomBytes(32);
  writePrivate(file, `${key.toString('hex')}\n`);
  return { kind: 'key', key };
}

function parse(text: string, message: string): MasterKey {
  const digits = text.trim();
  return HEX.test(digits) ? { kind: 'key', key: Buffer.from(digits, 'hex') } : { kind: 'unusable', message };
}
