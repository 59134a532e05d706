import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import * as z from 'zod';
import { API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { deletion } from './deletion.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table } from './output.ts';
import { pagesOf } from './pages.ts';
import { readStdin } from './stdin.ts';

const PATH = `${API}/observability/destinations`;
const destination = z.looseObject({
  id: z.string(),
  type: z.string(),
  name: z.string().nullable(),
  enabled: z.boolean(),
  sampling_rate: z.number(),
  privacy_mode: z.boolean(),
});
type Destination = z.infer<typeof destination>;
const one = z.object({ data: destination });

type Fields = {
  readonly name?: string;
  readonly config?: string;
  readonly enabled?: boolean;
  readonly sample?: number;
  readonly privacy?: boolean;
};

const NOT_YET = 'Destinations are kept and validated; this version sends nothing to them yet.';

/** Where a workspace's calls are to be broadcast to. */
export function addDestinations(program: Command): void {
  const destinations = addCommand(
    program,
    'destinations',
    'where calls are to be broadcast to (kept; nothing is sent yet)',
  );

  addCommand(destinations, 'list', 'those of a workspace')
    .option('--workspace <workspace>', 'of this workspace, by slug or id (default: the default one)')
    .action(async (_: unknown, command: Command) => {
      const globals = globalsOf(command);
      const within = globals.workspace === undefined ? '' : `?workspace_id=${encodeURIComponent(globals.workspace)}`;
      const all = await pagesOf(await connect(globals), destination, PATH + within);
      if (globals.json) return printJson(all);
      if (all.length === 0) return note('No destinations yet; `callgate destinations add <type> --name …` makes one.');
      print(tableOf(all));
      note(NOT_YET);
    });

  addCommand(destinations, 'show <destination>', 'all of one, its secrets masked').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      printJson(await findDestination(await connect(globals), name));
    },
  );

  withFields(addCommand(destinations, 'add <type>', 'keep one, such as webhook; its secrets are encrypted'))
    .option('--workspace <workspace>', 'in this workspace, by slug or id (default: the default one)')
    .action(async (type: string, options: Fields, command: Command) => {
      const globals = globalsOf(command);
      const place = globals.workspace === undefined ? {} : { workspace_id: globals.workspace };
      const body = { name: type, config: {}, ...(await bodyOf(options)), ...place, type };
      const { data } = await (await connect(globals)).call(one, 'POST', PATH, body);
      if (globals.json) return printJson(data);
      print(tableOf([data]));
      note(NOT_YET);
    });

  withFields(addCommand(destinations, 'update <destination>', 'change what is named (by id, its beginning, or name)'))
    .option('--no-privacy', 'let prompts and answers be sent')
    .action(async (name: string, options: Fields, command: Command) => {
      const globals = globalsOf(command);
      const body = await bodyOf(options);
      if (Object.keys(body).length === 0)
        throw new CommandFailure('Nothing to change', 'See --help for what can be.', EXIT.usage);
      const api = await connect(globals);
      const { id } = await findDestination(api, name);
      const { data } = await api.call(one, 'PATCH', `${PATH}/${id}`, body);
      if (globals.json) return printJson(data);
      print(tableOf([data]));
    });

  addCommand(destinations, 'remove <destination>', 'forget it, and wipe its secrets').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const found = await findDestination(api, name);
      const answer = await deletion(api, `${PATH}/${found.id}`);
      if (globals.json) return printJson(answer);
      note(`Removed ${found.name ?? found.type}.`);
    },
  );
}

function withFields(command: Command): Command {
  return command
    .option('--name <name>', 'what people call it')
    .option('--config <file>', 'its configuration as YAML or JSON, where its secrets stand; - is standard input')
    .option('--enabled', 'use it')
    .option('--no-enabled', 'do not use it')
    .option('--sample <share>', 'the share of sessions it is told of, 0.0001 to 1', parseShare)
    .option('--privacy', 'leave prompts and answers out');
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0.0001 && share <= 1))
    throw new InvalidArgumentError('Write a number from 0.0001 to 1.');
  return share;
}

async function bodyOf({ name, config, enabled, sample, privacy }: Fields): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = {
    name,
    config: config === undefined ? undefined : await configOf(config),
    enabled,
    sampling_rate: sample,
    privacy_mode: privacy,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

async function configOf(file: string): Promise<unknown> {
  const where = file === '-' ? 'standard input' : file;
  try {
    const read: unknown = parse(file === '-' ? await readStdin() : readFileSync(file, 'utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read;
  } catch (error) {
    throw new CommandFailure(`${where}: ${error instanceof Error ? error.message : error}`, null, EXIT.usage);
  }
  throw new CommandFailure(
    `${where} holds no configuration`,
    'Write its fields, such as `url: https://…`.',
    EXIT.usage,
  );
}

/** By its id, an unambiguous beginning of it, or its name: in any workspace. */
async function findDestination(api: Api, wanted: string): Promise<Destination> {
  const all: Destination[] = [];
  for (const { id } of await pagesOf(api, z.looseObject({ id: z.string() }), `${API}/workspaces`))
    all.push(...(await pagesOf(api, destination, `${PATH}?workspace_id=${id}`)));
  const found = all.filter(
    ({ id, name }) => name === wanted || (wanted.length >= 4 && id.startsWith(wanted.toLowerCase())),
  );
  const [only] = found;
  if (only && found.length === 1) return only;
  if (!only)
    throw new CommandFailure(`No destination is called ${wanted}`, 'List them with `callgate destinations list`.');
  const several = found.map(({ id, type, name }) => `${id} (${type} ${name})`).join(', ');
  throw new CommandFailure(`${wanted} means several destinations: ${several}`, 'Name one by its id.', EXIT.usage);
}

function tableOf(all: readonly Destination[]): string {
  const rows = all.map(({ type, name, enabled, sampling_rate: share, privacy_mode: isPrivate, id }) => [
    type,
    name ?? '–',
    enabled ? 'enabled' : 'disabled',
    String(share),
    isPrivate ? 'left out' : 'sent',
    id,
  ]);
  return table(['TYPE', 'NAME', 'STATE', '>SAMPLE', 'PROMPTS', 'ID'], rows);
}
