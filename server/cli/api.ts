import { realpathSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import * as z from 'zod';
import { type LoopbackRequest, loopbackRequest, readText } from '../daemon/loopback-request.ts';
import { type DaemonHandle, ensureDaemon, installDaemon, prepareStateFolder } from '../ensure-daemon.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { callgateCommand, type Globals } from './globals.ts';

const ANSWER_LIMIT = 64 * 1024 * 1024;

const failure = z.object({
  error: z.object({
    message: z.string(),
    metadata: z.looseObject({ remedy: z.string().optional(), reason: z.string().optional() }).nullish(),
  }),
});

/** The running daemon, as its management key sees it. Refusals become CommandFailure with the daemon's own words. */
export class Api {
  readonly #daemon: DaemonHandle;
  readonly #where: Readonly<Record<string, string>>;

  constructor(daemon: DaemonHandle, { org, workspace }: Pick<Globals, 'org' | 'workspace'> = {}) {
    this.#daemon = daemon;
    this.#where = {
      ...(org === undefined ? {} : { 'x-callgate-organization': org }),
      ...(workspace === undefined ? {} : { 'x-callgate-workspace': workspace }),
    };
  }

  /** One call; the JSON answer, checked. `path` begins with a slash and is encoded already. */
  async call<T extends z.core.$ZodType>(schema: T, method: string, path: string, body?: unknown): Promise<z.output<T>> {
    const answer = await this.open(method, path, body === undefined ? {} : { body: JSON.stringify(body) });
    const parsed = z.safeParse(schema, parseJson(await readText(answer, ANSWER_LIMIT)));
    if (parsed.success) return parsed.data;
    throw new CommandFailure(
      `The daemon’s answer to ${method} ${path} is not understood: ${z.prettifyError(parsed.error)}`,
      'Is the running daemon of another version? `callgate status` tells, `callgate stop` ends it.',
    );
  }

  /** One call whose answer's body is still to be read. */
  async open(method: string, path: string, options: LoopbackRequest = {}): Promise<IncomingMessage> {
    const { url, token } = this.#daemon;
    const headers = {
      'x-callgate-client': 'command-line',
      ...this.#where,
      ...options.headers,
      authorization: `Bearer ${token}`,
    };
    const answer = await loopbackRequest(url + path, { ...options, method, headers }).catch((error: unknown) => {
      if (options.signal?.aborted) throw error;
      throw new CommandFailure(
        `The daemon went away: ${error instanceof Error ? error.message : error}`,
        null,
        EXIT.unreachable,
      );
    });
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw refusalOf(status, parseJson(await readText(answer, ANSWER_LIMIT)));
  }
}

function refusalOf(status: number, body: unknown): CommandFailure {
  const parsed = failure.safeParse(body);
  if (!parsed.success) return new CommandFailure(`The daemon answered ${status}`);
  const { message, metadata } = parsed.data.error;
  return new CommandFailure(message, metadata?.remedy ?? null);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Finds this person's daemon, starting it when there is none. */
export async function connect({ state, ...where }: Globals, signal?: AbortSignal): Promise<Api> {
  const result = await ensureDaemon({
    state,
    launch: selfLaunch(state),
    newcomer: { version: CALLGATE_VERSION, bundle: () => installSelf(state) },
    ...(signal ? { signal } : {}),
  });
  switch (result.kind) {
    case 'connected':
      return new Api(result.daemon, where);
    case 'mismatch':
    case 'timeout':
      throw new CommandFailure(result.message, result.remedy, EXIT.unreachable);
    case 'failed': {
      const told = [EXIT.usage, EXIT.environment].find((code) => code === result.exitCode);
      throw new CommandFailure(`The daemon did not start: ${result.message}`, result.remedy, told ?? EXIT.unreachable);
    }
    case 'aborted':
      throw new CommandFailure('Interrupted', null, EXIT.interrupted);
  }
}

/** For commands that look only: the daemon, or failure when none runs. */
export function notRunning({ state }: Globals): CommandFailure {
  return new CommandFailure(
    `No daemon is running for ${state}`,
    `Start one with \`${callgateCommand(state)} serve\`.`,
    EXIT.unreachable,
  );
}

/** Our own bundle, in the place from which a daemon takes its successor. */
export function installSelf(state: string): Promise<string> {
  return installDaemon(dirname(realpathSync(process.argv[1] ?? '')), prepareStateFolder(state).bin, CALLGATE_VERSION);
}

function selfLaunch(state: string) {
  const script = realpathSync(process.argv[1] ?? '');
  return {
    command: process.execPath,
    args: [script, 'serve', '--state', state, '--on-demand'],
    ...(process.versions['electron'] ? { env: { ELECTRON_RUN_AS_NODE: '1' } } : {}),
  };
}
