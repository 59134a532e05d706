import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonInfo, DaemonStatus } from '../../../server/protocol.ts';

/** What the daemon of a state folder has written about itself; null while there is none. */
export async function daemonIn(home: string): Promise<DaemonInfo | null> {
  const text = await readFile(join(home, 'daemon.json'), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as DaemonInfo);
}

/**
 * Asks it, with the management key of its state folder, as the editor does; `path` stands after `/api/v1`.
 *
 * @throws on any status that is no success
 */
export async function manage(home: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const [info, key] = await Promise.all([daemonIn(home), readFile(join(home, 'management.key'), 'utf8')]);
  if (!info) throw new Error(`no daemon runs in ${home}`);
  const answer = await fetch(`${info.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key.trim()}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

export async function daemonStatus(home: string): Promise<DaemonStatus> {
  return (await manage(home, 'GET', '/callgate/status')) as DaemonStatus;
}

/**
 * Asks `probe` until it answers something truthy; a probe that throws has no answer yet.
 *
 * @throws after `limitMs`, naming `what` and the last error
 */
export async function until<T>(what: string, probe: () => T | Promise<T>, limitMs = 30_000): Promise<NonNullable<T>> {
  let cause: unknown;
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(50)) {
    try {
      const answer = await probe();
      if (answer) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`${what}: not within ${limitMs / 1000} s`, { cause });
}
