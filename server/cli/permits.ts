import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API, permitEnded, permitRequest } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { findKey } from './keys.ts';
import { note, print, printJson, table, usd, usdOr, when } from './output.ts';
import { type Expiry, type Limit, parseCount, parseExpiry, parseLimit } from './values.ts';

const PATH = `${CALLGATE_API}/permits`;
const BY = 'command line';

const permit = z.looseObject({
  id: z.string(),
  state: z.string(),
  key: z.nullable(z.looseObject({ name: z.string() })),
  only: z.nullable(z.object({ kind: z.string(), value: z.string() })),
  task: z.nullable(z.string()),
  any_task: z.boolean(),
  expires_at: z.nullable(z.string()),
  cap: z.nullable(z.number()),
  spent: z.nullable(z.number()),
  uses: z.number(),
  most_uses: z.nullable(z.number()),
});
type Permit = z.infer<typeof permit>;
const requirement = z.looseObject({
  id: z.string(),
  kind: z.string(),
  value: z.string(),
  name: z.optional(z.string()),
});
const requests = z.object({ data: z.array(permitRequest) });
const KINDS = ['key', 'preset', 'provider', 'model', 'modality'];

type Grant = {
  readonly key?: string;
  readonly task?: string;
  readonly anyTask?: boolean;
  readonly only?: string;
  readonly until?: Expiry;
  readonly cap?: Limit;
  readonly uses?: number;
  readonly note?: string;
  readonly once?: boolean;
};

/** What only leave that is given ahead can say. */
const AHEAD = ['task', 'anyTask', 'only', 'uses', 'note'] as const;
const dashed = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A person's leave for calls that need one. */
export function addPermits(program: Command): void {
  const permits = addCommand(
    program,
    'permits',
    'what is off limits without a permit, who waits for one, and those given',
  );

  addCommand(permits, 'list', 'calls that wait for you, what needs a permit, and the permits there are').action(
    async (_: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const waiting = (await api.call(requests, 'GET', `${PATH}/requests`)).data;
      const required = await requirements(api);
      const granted = (await api.call(z.object({ data: z.array(permit) }), 'GET', PATH)).data;
      if (globals.json) return printJson({ requests: waiting, requirements: required, permits: granted });
      if (waiting.length > 0) {
        const rows = waiting.map((one) => [
          one.id,
          one.behavior ?? one.key,
          one.model,
          usdOr(one.bound, 'unbounded'),
          one.task ?? '–',
          one.reasons.join(', '),
          when(one.deadline),
        ]);
        print(table(['WAITING', 'WHO', 'MODEL', '>AT MOST', 'TASK', 'BECAUSE OF', 'UNTIL'], rows));
      } else note('Nobody waits for you.');
      if (required.length > 0)
        print(
          table(
            ['REQUIRED FOR', 'VALUE', 'ID'],
            required.map(({ kind, value, name, id }) => [kind, name ?? value, id]),
          ),
        );
      const live = granted.filter(({ state }) => state === 'live');
      if (live.length > 0)
        print(table(['PERMIT', 'KEY', 'ONLY', 'TASK', 'UNTIL', '>SPENT', '>CAP', '>USES'], live.map(rowOf)));
    },
  );

  addCommand(permits, 'grant [request]', 'let a waiting call go on, or with --key give leave ahead')
    .option('--key <key>', 'give leave ahead to this key (by name, or 6 or more digits of its hash)')
    .option('--task <session>', 'for this task (session_id); absent: the first that needs it')
    .option('--any-task', 'for every task of the key')
    .option('--only <kind:value>', `only for what is required of this, such as model:openai/gpt-5`)
    .option('--until <when>', 'a date, an ISO 8601 time, or a time from now such as 30m or 12h', parseExpiry)
    .option('--cap <usd>', 'the most its calls may cost together', parseLimit)
    .option('--uses <count>', 'for so many calls', parseCount)
    .option('--once', 'the waiting call alone, not the rest of its task')
    .option('--note <text>', 'what for')
    .action(async (id: string | undefined, options: Grant, command: Command) => {
      const globals = globalsOf(command);
      if ((id === undefined) === (options.key === undefined))
        throw new CommandFailure('Name a waiting request, or a key with --key', 'See --help.', EXIT.usage);
      const ahead = AHEAD.filter((name) => options[name] !== undefined);
      if (id !== undefined && ahead.length > 0)
        throw new CommandFailure(
          `${ahead.map((name) => `--${dashed(name)}`).join(', ')} is for leave given ahead, with --key`,
          'A waiting call is let go on with --once, --until and --cap.',
          EXIT.usage,
        );
      if (id === undefined && options.once)
        throw new CommandFailure('--once is for a waiting request', 'Ahead, say --uses 1.', EXIT.usage);
      const cap = options.cap?.usd ?? null;
      if (cap === 0) throw new CommandFailure('--cap 0 would let nothing through', 'See --help.', EXIT.usage);
      const api = await connect(globals);
      if (id !== undefined) {
        const minutes = options.until ? Math.max(1, (Date.parse(options.until) - Date.now()) / 60_000) : undefined;
        const body = {
          decision: options.once ? 'once' : 'task',
          by: BY,
          ...(minutes === undefined ? {} : { minutes }),
          ...(cap === null ? {} : { usd: cap }),
        };
        const { data } = await answer(api, id, body);
        return globals.json ? printJson(data) : note(`Granted (${data.outcome}).`);
      }
      const { data } = await api.call(z.object({ data: permit }), 'POST', PATH, {
        key: (await findKey(api, options.key ?? '')).hash,
        by: BY,
        ...(options.task === undefined ? {} : { task: options.task }),
        ...(options.anyTask ? { any_task: true } : {}),
        ...(options.only === undefined ? {} : { only: await onlyOf(api, options.only) }),
        ...(options.until === undefined ? {} : { expires_at: options.until }),
        ...(cap === null ? {} : { cap }),
        ...(options.uses === undefined ? {} : { uses: options.uses }),
        ...(options.note === undefined ? {} : { note: options.note }),
      });
      if (globals.json) return printJson(data);
      print(table(['PERMIT', 'KEY', 'ONLY', 'TASK', 'UNTIL', '>SPENT', '>CAP', '>USES'], [rowOf(data)]));
    });

  addCommand(permits, 'deny <request>', 'refuse a waiting call, and the rest of its task').action(
    async (id: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await answer(await connect(globals), id, { decision: 'deny', by: BY });
      if (globals.json) return printJson(data);
      note('Denied.');
    },
  );

  addCommand(permits, 'revoke <permit>', 'end a permit; calls under way go on').action(
    async (id: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const { data } = await api.call(z.object({ data: permit }), 'DELETE', `${PATH}/${encodeURIComponent(id)}`);
      if (globals.json) return printJson(data);
      note(`Revoked ${data.id}.`);
    },
  );

  addCommand(permits, 'require <kind> <value>', `put something off limits without a permit; kind: ${KINDS.join(', ')}`)
    .option('--workspace <slug>', 'in this workspace (default: the default one)')
    .option('--remove', 'let it be called without one again')
    .action(
      async (
        kind: string,
        value: string,
        options: { readonly workspace?: string; readonly remove?: boolean },
        command: Command,
      ) => {
        const globals = globalsOf(command);
        const api = await connect(globals);
        const body = await onlyOf(api, `${kind}:${value}`);
        const query = options.workspace === undefined ? '' : `?workspace=${encodeURIComponent(options.workspace)}`;
        if (options.remove) {
          const all = await requirements(api, query);
          const found = all.find((one) => one.kind === body.kind && one.value === body.value);
          if (!found)
            throw new CommandFailure(
              `No permit is required for ${kind} ${value}`,
              'List them with `callgate permits list`.',
            );
          const answered = await api.call(z.looseObject({}), 'DELETE', `${PATH}/requirements/${found.id}`);
          return globals.json ? printJson(answered) : note(`${kind} ${value} needs no permit any more.`);
        }
        const { data } = await api.call(z.object({ data: requirement }), 'POST', `${PATH}/requirements${query}`, body);
        return globals.json ? printJson(data) : note(`${kind} ${value} needs a permit from now on.`);
      },
    );
}

const answer = (api: Api, id: string, body: object) =>
  api.call(z.object({ data: permitEnded }), 'POST', `${PATH}/requests/${encodeURIComponent(id)}`, body);

const requirements = async (api: Api, query = '') =>
  (await api.call(z.object({ data: z.array(requirement) }), 'GET', `${PATH}/requirements${query}`)).data;

/** `kind:value`; a key is named as everywhere, and sent by its hash. */
async function onlyOf(api: Api, text: string): Promise<{ readonly kind: string; readonly value: string }> {
  const at = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, at));
  const value = text.slice(at + 1);
  if (!KINDS.includes(kind) || value === '')
    throw new CommandFailure(`${text} is not kind:value`, `Kinds: ${KINDS.join(', ')}.`, EXIT.usage);
  return { kind, value: kind === 'key' ? (await findKey(api, value)).hash : value.replace(/^@preset\//, '') };
}

const rowOf = (one: Permit): readonly string[] => [
  one.id,
  one.key?.name ?? 'gone',
  one.only ? `${one.only.kind} ${one.only.value}` : 'all',
  one.any_task ? 'any' : (one.task ?? 'the first'),
  when(one.expires_at),
  one.spent === null ? '–' : usd(one.spent),
  usdOr(one.cap, 'none'),
  `${one.uses}${one.most_uses === null ? '' : `/${one.most_uses}`}`,
];
