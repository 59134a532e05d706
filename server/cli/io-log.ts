import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { API, CALLGATE_API, type IoLogPatch, type IoLogStanding, ioLogStanding } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { dim, facts, note, print, printJson, when } from './output.ts';
import { parseCount } from './values.ts';

const PATH = `${CALLGATE_API}/io-log`;
const standing = z.object({ data: ioLogStanding });
const purged = z.object({ data: z.object({ purged: z.number() }) });
const keys = z.object({ data: z.array(z.object({ hash: z.string(), name: z.string() })) });
const content = z.object({
  data: z.looseObject({
    input: z.looseObject({ prompt: z.string().optional(), messages: z.array(z.unknown()).optional() }),
    output: z.object({ completion: z.string().nullable(), reasoning: z.string().nullable() }),
    error: z.looseObject({ message: z.string().nullable(), status: z.number().nullable() }).nullable(),
    callgate: z.looseObject({ created_at: z.string(), tool_calls: z.array(z.unknown()), shortened: z.boolean() }),
  }),
});

type RecordOptions = {
  readonly workspace?: string;
  readonly share?: number;
  readonly days?: number;
  readonly key: readonly string[];
  readonly preset: readonly string[];
};
type PurgeOptions = { readonly workspace?: string; readonly before?: string; readonly all?: boolean };

const more = (value: string, all: readonly string[]) => [...all, value];

/** Under `callgate logs`: prompts and answers, which are kept only where somebody switches it on. */
export function addIoLog(logs: Command): void {
  addCommand(logs, 'record [on|off]', 'keep prompts and answers from now on, or stop; without a word, how it stands')
    .option('--workspace <slug>', 'of this workspace (default)')
    .option('--share <0-1>', 'of how many sessions: 0.1 is one in ten', parseShare)
    .option('--days <count>', 'for how long', parseCount)
    .option('--key <name>', 'only of this key (repeatable); "all" for every key', more, [])
    .option('--preset <slug>', 'only of this preset (repeatable); "all" for every call', more, [])
    .action(async (word: string | undefined, options: RecordOptions, command: Command) => {
      const globals = globalsOf(command);
      if (word !== undefined && word !== 'on' && word !== 'off')
        throw new CommandFailure(`"${word}" is neither on nor off`, null, EXIT.usage);
      const api = await connect(globals);
      const patch = await patchOf(api, word, options);
      const query = options.workspace === undefined ? '' : `?workspace=${encodeURIComponent(options.workspace)}`;
      const isAsked = Object.keys(patch).every((name) => name === 'workspace');
      const { data } = isAsked
        ? await api.call(standing, 'GET', PATH + query)
        : await api.call(standing, 'PATCH', PATH, patch);
      if (globals.json) return printJson(data);
      print(facts(factsOf(data, await namesOf(api))));
    });

  addCommand(logs, 'show <generation>', 'the prompt and the answer of one call, where they were kept').action(
    async (id: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(
        content,
        'GET',
        `${API}/generation/content?id=${encodeURIComponent(id)}`,
      );
      if (globals.json) return printJson(data);
      const part = (name: string, value: unknown) => {
        if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return;
        print(dim(`── ${name}`));
        print(readable(typeof value === 'string' ? value : JSON.stringify(value, null, 2)));
      };
      part('prompt', data.input.prompt ?? data.input.messages);
      part('reasoning', data.output.reasoning);
      part('answer', data.output.completion);
      part('tool calls', data.callgate.tool_calls);
      part('error', data.error?.message);
      if (data.callgate.shortened) note('Parts were too long to be kept, or the caller left before the end.');
    },
  );

  addCommand(
    logs,
    'purge [generation]',
    'delete kept prompts and answers for good: one call’s, those before a time, or all',
  )
    .option('--workspace <slug>', 'of this workspace (default)')
    .option('--before <time>', 'such as 2026-12-31 or 2026-12-31T12:00:00Z')
    .option('--all', 'every one')
    .action(async (id: string | undefined, options: PurgeOptions, command: Command) => {
      const globals = globalsOf(command);
      if ([id, options.before, options.all].filter((one) => one !== undefined).length !== 1)
        throw new CommandFailure('Name one generation, or --before a time, or --all', null, EXIT.usage);
      const body = {
        ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
        ...(id === undefined ? {} : { id }),
        ...(options.before === undefined ? {} : { before: momentOf(options.before) }),
      };
      const { data } = await (await connect(globals)).call(purged, 'POST', `${PATH}/purge`, body);
      if (globals.json) return printJson(data);
      note(`Deleted: ${data.purged}.`);
    });
}

async function patchOf(api: Api, word: string | undefined, options: RecordOptions): Promise<IoLogPatch> {
  const { workspace, share, days, key, preset } = options;
  return {
    ...(workspace === undefined ? {} : { workspace }),
    ...(word === undefined ? {} : { is_observability_io_logging_enabled: word === 'on' }),
    ...(share === undefined ? {} : { io_logging_sampling_rate: share }),
    ...(days === undefined ? {} : { io_logging_retention_days: days }),
    ...(key.length === 0 ? {} : { io_logging_api_key_hashes: key.includes('all') ? null : await hashesOf(api, key) }),
    ...(preset.length === 0 ? {} : { io_logging_presets: preset.includes('all') ? null : [...preset] }),
  };
}

async function hashesOf(api: Api, names: readonly string[]): Promise<string[]> {
  const all = [...(await namesOf(api))];
  return names.map((wanted) => {
    const found = all.filter(([hash, name]) => name === wanted || hash === wanted);
    if (found.length === 1 && found[0]) return found[0][0];
    const why = found.length === 0 ? `No key is called "${wanted}"` : `Several keys are called "${wanted}"`;
    throw new CommandFailure(why, 'Name it as `callgate keys list --json` does, by its hash.', EXIT.usage);
  });
}

/** Hash → name of every key. */
async function namesOf(api: Api): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (let offset = 0; ; offset = names.size) {
    const { data } = await api.call(keys, 'GET', `${API}/keys?workspace_id=all&include_disabled=true&offset=${offset}`);
    for (const { hash, name } of data) names.set(hash, name);
    if (data.length === 0 || names.size === offset) return names;
  }
}

function factsOf(data: IoLogStanding, names: ReadonlyMap<string, string>): [string, string][] {
  const hashes = data.io_logging_api_key_hashes;
  return [
    ['prompts and answers', data.is_observability_io_logging_enabled ? 'are kept' : 'are not kept'],
    ['workspace', data.workspace],
    ['of', `${data.io_logging_sampling_rate * 100} % of sessions`],
    ['keys', hashes ? hashes.map((hash) => names.get(hash) ?? hash).join(', ') : 'all'],
    ['presets', data.io_logging_presets?.join(', ') ?? 'all calls'],
    ['for', `${data.io_logging_retention_days} days`],
    ['kept now', `${data.stored} (${Math.ceil(data.stored_bytes / 1024)} KB), the oldest from ${when(data.oldest_at)}`],
    ...(data.dropped > 0 ? ([['not kept', `${data.dropped}, see callgate logs`]] as [string, string][]) : []),
  ];
}

function parseShare(text: string): number {
  const share = Number(text);
  if (/^\d*\.?\d+$/.test(text) && share >= 0.0001 && share <= 1) return share;
  throw new InvalidArgumentError('Write a share from 0.0001 to 1, such as 0.1 for one in ten.');
}

function momentOf(text: string): string {
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new CommandFailure('Write --before as 2026-12-31 or 2026-12-31T12:00:00Z', null, EXIT.usage);
}

/** What a model wrote may hold anything; what moves the cursor is shown, not obeyed. */
function readable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
