import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallgateExports } from '../../../client/extension.ts';

/** What a test needs of a completion's answer. */
export type Completion = {
  readonly id: string;
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly usage: { readonly cost: number };
};

/** The part of `GET /generation` that tests look at. */
export type Generation = {
  readonly cancelled: boolean;
  readonly total_cost: number;
  readonly tokens_completion: number;
  readonly callgate: { readonly status: number };
};

/** The daemon as a program meets it: over HTTP, with a key of its own. */
export async function complete(callgate: CallgateExports, key: string, content: string): Promise<Completion> {
  const body = { model: '@preset/hello', messages: [{ role: 'user', content }] };
  return (await send(callgate, key, 'POST', '/chat/completions', body)) as Completion;
}

/** Asks with the management key of the state folder, as a person's terminal does. */
export async function manage(
  callgate: CallgateExports,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const home = process.env['CALLGATE_HOME'];
  if (!home) throw new Error('CALLGATE_HOME is not set: this suite must not touch the daemon of the person');
  return send(callgate, (await readFile(join(home, 'management.key'), 'utf8')).trim(), method, path, body);
}

export async function generation(callgate: CallgateExports, id: string): Promise<Generation> {
  const answer = (await manage(callgate, 'GET', `/generation?id=${id}`)) as { readonly data: Generation };
  return answer.data;
}

/** @throws on any status that is no success, with what the daemon said */
async function send(callgate: CallgateExports, key: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${await callgate.api.baseUrl()}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
