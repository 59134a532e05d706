import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync, statSync } from 'node:fs';
import { EXIT } from '../cli/exit-codes.ts';
import { type DaemonInfo, daemonInfo } from '../protocol.ts';
import { readIfPresent, writePrivate } from './private-file.ts';
import { StartError } from './start-error.ts';
import { paths } from './state-folder.ts';

export const MANAGEMENT_KEY = /^sk-cg-mgmt-v1-[0-9a-f]{64}$/;

/** Says where the daemon listens. Written only once it does. */
export function writeDaemonJson(info: DaemonInfo): void {
  writePrivate(paths(info.state).daemonJson, `${JSON.stringify(info, null, 2)}\n`);
}

/** What daemon.json says, or null when it is missing or is no such file; it may be stale, so ask for proof. */
export function readDaemonJson(state: string): DaemonInfo | null {
  const text = readIfPresent(paths(state).daemonJson);
  if (text === null) return null;
  try {
    const parsed = daemonInfo.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export function deleteDaemonJson(state: string): void {
  rmSync(paths(state).daemonJson, { force: true });
}

/** The management key, or null when none was made yet or the file holds something else. */
export function readManagementKey(state: string): string | null {
  const text = readIfPresent(paths(state).managementKey)?.trim();
  return text && MANAGEMENT_KEY.test(text) ? text : null;
}

/**
 * The state folder's management key (`sk-cg-mgmt-v1-` and 64 hex digits), made when there is none. Call it under the lock.
 * @throws StartError (exit 2) when the file holds anything else: replacing it in silence would lock out its owner.
 */
export function readOrCreateManagementKey(state: string): string {
  const file = paths(state).managementKey;
  const text = readIfPresent(file);
  if (text === null) {
    const key = `sk-cg-mgmt-v1-${randomBytes(32).toString('hex')}`;
    writePrivate(file, `${key}\n`);
    return key;
  }
  const key = text.trim();
  if (!MANAGEMENT_KEY.test(key)) {
    throw new StartError(
      `${file} does not hold a management key`,
      'Delete the file to have a new one made.',
      EXIT.usage,
    );
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  return key;
}

/** HMAC-SHA256 of the nonce under the management key, hex: only a daemon that can read our state folder can make it. */
export function proofOf(managementKey: string, nonce: string): string {
  return createHmac('sha256', managementKey).update(nonce).digest('hex');
}

/** Whether `proof` is the one for this nonce; in constant time. */
export function isProof(managementKey: string, nonce: string, proof: string): boolean {
  const expected = Buffer.from(proofOf(managementKey, nonce));
  const given = Buffer.from(proof);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
