import type { Command } from 'commander';
import * as z from 'zod';
import { API, CALLGATE_API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, type Globals, globalsOf } from './globals.ts';
import { dim, note, print, printJson, table, usd, usdOr, when } from './output.ts';
import {
  type Expiry,
  type Limit,
  parseExpiry,
  parseLimit,
  parseReset,
  parseRunaway,
  type ResetOption,
  type RunawayOption,
} from './values.ts';

/** The fields of OpenRouter's key object that are shown; the rest passes through to --json. */
const key = z.looseObject({
  hash: z.string(),
  name: z.string(),
  label: z.string(),
  disabled: z.boolean(),
  limit: z.number().nullable(),
  limit_remaining: z.number().nullable(),
  limit_reset: z.string().nullable(),
  usage: z.number(),
  expires_at: z.string().nullish(),
  suspended: z.object({ reason: z.string().nullable() }).nullish(),
});
type Key = z.infer<typeof key>;
const oneKey = z.looseObject({ data: key });
const withSecret = z.looseObject({ data: key, key: z.string() });
const page = z.object({ data: z.array(key) });

type KeyOptions = {
  readonly name?: string;
  readonly limit?: Limit;
  readonly reset?: ResetOption;
  readonly expires?: Expiry;
  readonly workspace?: string;
  readonly creator?: string;
  readonly allowUnpriced?: boolean;
  readonly writePresets?: boolean;
  readonly clamp?: boolean;
  readonly runaway?: RunawayOption;
};

export function addKeys(program: Command): void {
  const keys = addCommand(program, 'keys', 'API keys: one for each program, with its own limit');

  addCommand(keys, 'create', 'make a key; its secret is shown once')
    .requiredOption('--name <name>', 'what the key is for')
    .option('--limit <usd>', 'the most it may spend, in US dollars (default: none)', parseLimit)
    .option('--reset <cadence>', 'when the limit begins anew: daily, weekly, monthly (default: never)', parseReset)
    .option('--expires <when>', 'a date, an ISO 8601 time, or a time from now such as 30d or 12h', parseExpiry)
    .option('--allow-unpriced', 'let it call models whose price is unknown, which no limit can hold')
    .option('--no-write-presets', 'do not let it write presets')
    .option('--clamp', 'shorten answers to what the limit affords instead of refusing the call')
    .option('--workspace <workspace>', 'the workspace it belongs to, by slug or id (default: the default one)')
    .option('--creator <member>', 'the member it is made for, by id: their budgets hold for it')
    .action(async (options: KeyOptions, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const made = await api.call(withSecret, 'POST', `${API}/keys`, {
        ...bodyOf(options),
        ...(options.expires ? { expires_at: options.expires } : {}),
        ...(options.workspace === undefined ? {} : { workspace_id: options.workspace }),
        ...(options.creator === undefined ? {} : { creator_user_id: options.creator }),
      });
      showSecret(globals, made);
    });

  addCommand(keys, 'list', 'all keys, with what they spent')
    .option('--workspace <workspace>', 'of one workspace, by slug or id (default: all)')
    .action(async ({ workspace }: { workspace?: string }, command: Command) => {
      const globals = globalsOf(command);
      const all = await listKeys(await connect(globals), workspace);
      if (globals.json) return printJson(all);
      if (all.length === 0) return note('No keys yet; `callgate keys create --name …` makes one.');
      print(table(['NAME', 'STATE', '>LIMIT', 'RESET', '>LEFT', '>SPENT', 'EXPIRES', 'HASH'], all.map(rowOf)));
    });

  addCommand(keys, 'update <key>', 'change a key (named by its name, or by 6 or more digits of its hash)')
    .option('--name <name>', 'a new name')
    .option('--limit <usd>', 'a new limit in US dollars, or none', parseLimit)
    .option('--reset <cadence>', 'daily, weekly, monthly, or never', parseReset)
    .option('--allow-unpriced', 'let it call models whose price is unknown')
    .option('--no-allow-unpriced', 'do not')
    .option('--write-presets', 'let it write presets')
    .option('--no-write-presets', 'do not')
    .option('--clamp', 'shorten answers to what the limit affords')
    .option('--runaway <mode>', 'when it runs away: off, warn, trip, or default (its workspace’s)', parseRunaway)
    .option('--no-clamp', 'do not')
    .action(async (name: string, options: KeyOptions, command: Command) => {
      const body = bodyOf(options);
      if (Object.keys(body).length === 0)
        throw new CommandFailure('Nothing to change', 'See --help for what can be.', EXIT.usage);
      await patch(globalsOf(command), name, body);
    });

  addCommand(keys, 'disable <key>', 'refuse its calls from now on').action(
    async (name: string, _: unknown, command: Command) => patch(globalsOf(command), name, { disabled: true }),
  );
  addCommand(keys, 'enable <key>', 'let it call again').action(async (name: string, _: unknown, command: Command) =>
    patch(globalsOf(command), name, { disabled: false }),
  );

  addCommand(keys, 'release <key>', 'let a key call again that was suspended because it ran away').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const { hash } = await findKey(api, name);
      const { data } = await api.call(oneKey, 'POST', `${CALLGATE_API}/keys/${hash}/release`, {});
      if (globals.json) return printJson(data);
      note(`${data.name} may call again.`);
    },
  );

  addCommand(keys, 'rotate <key>', 'give it a new secret; the old one ends at once, limit and spend stay').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const { hash } = await findKey(api, name);
      showSecret(globals, await api.call(withSecret, 'POST', `${CALLGATE_API}/keys/${hash}/rotate`, {}));
    },
  );

  addCommand(keys, 'delete <key>', 'end it for good; what it spent stays in the ledger').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const found = await findKey(api, name);
      const answer = await api.call(z.looseObject({}), 'DELETE', `${API}/keys/${found.hash}`);
      if (globals.json) return printJson(answer);
      note(`Deleted ${found.name} (${found.label}).`);
    },
  );
}

function bodyOf({
  name,
  limit,
  reset,
  allowUnpriced,
  writePresets,
  clamp,
  runaway,
}: KeyOptions): Record<string, unknown> {
  const body: Record<string, unknown> = {
    name,
    limit: limit?.usd,
    limit_reset: reset?.reset,
    allow_unpriced: allowUnpriced,
    can_write_presets: writePresets,
    clamp,
    runaway: runaway?.mode,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

async function patch(globals: Globals, name: string, body: Record<string, unknown>): Promise<void> {
  const api = await connect(globals);
  const { hash } = await findKey(api, name);
  const { data } = await api.call(oneKey, 'PATCH', `${API}/keys/${hash}`, body);
  if (globals.json) return printJson(data);
  print(table(['NAME', 'STATE', '>LIMIT', 'RESET', '>LEFT', '>SPENT', 'EXPIRES', 'HASH'], [rowOf(data)]));
}

/** Every key; the list comes in pages whose length is the daemon's own affair, so an empty one ends it. */
async function listKeys(api: Api, workspace = 'all'): Promise<readonly Key[]> {
  const within = encodeURIComponent(workspace);
  const all = new Map<string, Key>();
  for (;;) {
    const before = all.size;
    const { data } = await api.call(
      page,
      'GET',
      `${API}/keys?workspace_id=${within}&include_disabled=true&offset=${before}`,
    );
    for (const found of data) all.set(found.hash, found);
    if (all.size === before) return [...all.values()];
  }
}

export async function findKey(api: Api, wanted: string): Promise<Key> {
  const all = await listKeys(api);
  const named = all.filter(({ name }) => name === wanted);
  const hashed = /^[0-9a-f]{6,64}$/i.test(wanted)
    ? all.filter(({ hash }) => hash.startsWith(wanted.toLowerCase()))
    : [];
  const found = [...new Set([...named, ...hashed])];
  const [only] = found;
  if (only && found.length === 1) return only;
  if (!only) throw new CommandFailure(`No key is called ${wanted}`, 'List them with `callgate keys list`.');
  const several = found.map(({ name, hash }) => `${name} (${hash.slice(0, 12)})`).join(', ');
  throw new CommandFailure(`${wanted} means several keys: ${several}`, 'Name one by more of its hash.', EXIT.usage);
}

function showSecret({ json }: Globals, made: z.infer<typeof withSecret>): void {
  if (json) {
    printJson(made);
    return;
  }
  print(made.key);
  const { name, limit, limit_reset: reset, hash } = made.data;
  const limits = limit === null ? 'no limit' : `at most ${usd(limit)}${reset ? ` ${reset}` : ''}`;
  note(dim(`${name}: ${limits}; hash ${hash.slice(0, 12)}. The secret is not shown again.`, process.stderr));
}

function rowOf(key: Key): readonly string[] {
  const expired = key.expires_at ? Date.parse(key.expires_at) <= Date.now() : false;
  const stopped = key.limit_remaining !== null && key.limit_remaining <= 0;
  const state = key.suspended
    ? 'suspended'
    : key.disabled
      ? 'disabled'
      : expired
        ? 'expired'
        : stopped
          ? 'stopped'
          : 'fine';
  return [
    key.name,
    state,
    usdOr(key.limit, 'none'),
    key.limit_reset ?? 'never',
    usdOr(key.limit_remaining, '–'),
    usd(key.usage),
    when(key.expires_at),
    key.hash.slice(0, 12),
  ];
}
