import { type Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { deletion } from './deletion.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { findKey } from './keys.ts';
import { note, print, printJson, table } from './output.ts';
import { pagesOf } from './pages.ts';
import { readSecret } from './stdin.ts';

const PATH = `${API}/byok`;
const brought = z.looseObject({
  id: z.string(),
  provider: z.string(),
  name: z.string().nullish(),
  label: z.string(),
  disabled: z.boolean(),
  is_fallback: z.boolean(),
  is_required: z.boolean(),
  is_byok_only: z.boolean(),
  declared_zdr: z.boolean().nullable(),
  allowed_models: z.array(z.string()).nullable(),
  allowed_api_key_hashes: z.array(z.string()).nullable(),
  allowed_user_ids: z.array(z.string()).nullable(),
  sort_order: z.int(),
  workspace_id: z.string().nullable(),
});
type Brought = z.infer<typeof brought>;
const one = z.object({ data: brought });

type Fields = {
  readonly name?: string;
  readonly disabled?: boolean;
  readonly fallback?: boolean;
  readonly required?: boolean;
  readonly byokOnly?: boolean;
  readonly zdr?: 'yes' | 'no' | 'unsaid';
  readonly model: readonly string[];
  readonly anyModel?: true;
  readonly key: readonly string[];
  readonly anyKey?: true;
  readonly member: readonly string[];
  readonly anyMember?: true;
  readonly order?: number;
};

const more = (value: string, all: readonly string[]) => [...all, value];

/** Providers' keys of a workspace or an organization: OpenRouter's BYOK. */
export function addByok(program: Command): void {
  const byok = addCommand(program, 'byok', 'provider keys of one workspace, or of all, before the daemon’s own');

  addCommand(byok, 'list', 'the keys that serve a workspace, in the order they are tried')
    .option('--workspace <workspace>', 'of this workspace, by slug or id (default: the default one)')
    .option('--provider <provider>', 'of this provider alone')
    .action(async (options: { provider?: string }, command: Command) => {
      const globals = globalsOf(command);
      const query = new URLSearchParams();
      if (globals.workspace !== undefined) query.set('workspace_id', globals.workspace);
      if (options.provider !== undefined) query.set('provider', options.provider);
      const all = await pagesOf(await connect(globals), brought, query.size > 0 ? `${PATH}?${query}` : PATH);
      if (globals.json) return printJson(all);
      if (all.length === 0) return note('No keys were brought; `callgate byok add <provider>` keeps one.');
      print(tableOf(all));
    });

  withFields(addCommand(byok, 'add <provider>', 'keep a key, encrypted; it is read from standard input'))
    .option('--workspace <workspace>', 'for this workspace, by slug or id (default: the default one)')
    .option('--all-workspaces', 'for every workspace of the organization')
    .action(async (provider: string, options: Fields & { allWorkspaces?: true }, command: Command) => {
      const globals = globalsOf(command);
      if (options.allWorkspaces && globals.workspace !== undefined)
        throw new CommandFailure('Either --workspace or --all-workspaces', null, EXIT.usage);
      const api = await connect(globals);
      const fields = await bodyOf(api, options);
      const key = await keyFromStdin(provider);
      const place = options.allWorkspaces
        ? { workspace_id: null }
        : globals.workspace === undefined
          ? {}
          : { workspace_id: globals.workspace };
      const { data } = await api.call(one, 'POST', PATH, { ...fields, ...place, provider, key });
      if (globals.json) return printJson(data);
      print(tableOf([data]));
    });

  withFields(
    addCommand(byok, 'update <key>', 'change what a key is for (named by its id or its beginning, or its name)'),
  )
    .option('--no-disabled', 'use it again')
    .option('--no-fallback', 'ask it in its turn')
    .option('--no-required', 'let the daemon’s own key and routers serve its models, too')
    .option('--no-byok-only', 'let them serve the provider’s other models')
    .option('--any-model', 'for all models')
    .option('--any-key', 'for all API keys')
    .option('--any-member', 'for all members')
    .action(async (name: string, options: Fields, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const body = await bodyOf(api, options);
      if (Object.keys(body).length === 0)
        throw new CommandFailure('Nothing to change', 'See --help for what can be.', EXIT.usage);
      const { id } = await findBrought(api, name);
      const { data } = await api.call(one, 'PATCH', `${PATH}/${id}`, body);
      if (globals.json) return printJson(data);
      print(tableOf([data]));
    });

  addCommand(byok, 'rotate <key>', 'put another key in its place; it is read from standard input').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const found = await findBrought(api, name);
      const key = await keyFromStdin(found.provider);
      const { data } = await api.call(one, 'PATCH', `${PATH}/${found.id}`, { key });
      if (globals.json) return printJson(data);
      note(`${data.provider} is called with ${data.label} from now on.`);
    },
  );

  addCommand(byok, 'remove <key>', 'wipe it').action(async (name: string, _: unknown, command: Command) => {
    const globals = globalsOf(command);
    const api = await connect(globals);
    const found = await findBrought(api, name);
    const answer = await deletion(api, `${PATH}/${found.id}`);
    if (globals.json) return printJson(answer);
    note(`Wiped ${found.label} of ${found.provider}.`);
  });
}

function withFields(command: Command): Command {
  return command
    .option('--name <name>', 'what people call it')
    .option('--disabled', 'do not use it now')
    .option('--fallback', 'only when all else has failed, routers included')
    .option('--required', 'its models are served with brought keys alone, not with the daemon’s own or by a router')
    .option('--byok-only', 'and so are all other models of the provider')
    .addOption(
      new Option(
        '--zdr <said>',
        'what you say of the account: it keeps nothing, it keeps something, or nothing said',
      ).choices(['yes', 'no', 'unsaid']),
    )
    .option('--model <id>', 'only for this model; may be repeated', more, [])
    .option('--key <key>', 'only for this API key, by name or hash; may be repeated', more, [])
    .option('--member <id>', 'only for keys of this member; may be repeated', more, [])
    .option('--order <number>', 'its place among the provider’s; lower is tried first', parsePlace);
}

function parsePlace(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

async function bodyOf(api: Api, options: Fields): Promise<Record<string, unknown>> {
  const { name, disabled, fallback, required, byokOnly, zdr, model, key, member, order } = options;
  const hashes = [];
  for (const wanted of key) hashes.push((await findKey(api, wanted)).hash);
  const list = (values: readonly string[], any: true | undefined) =>
    any ? null : values.length > 0 ? values : undefined;
  const body: Record<string, unknown> = {
    name,
    disabled,
    is_fallback: fallback,
    is_required: required,
    is_byok_only: byokOnly,
    declared_zdr: zdr === undefined ? undefined : zdr === 'unsaid' ? null : zdr === 'yes',
    allowed_models: list(model, options.anyModel),
    allowed_api_key_hashes: list(hashes, options.anyKey),
    allowed_user_ids: list(member, options.anyMember),
    sort_order: order,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

async function keyFromStdin(provider: string): Promise<string> {
  const key = await readSecret(`Key of ${provider}: `);
  if (key === '') throw new CommandFailure('No key was given', 'Pipe it in, or type it when asked.', EXIT.usage);
  return key;
}

/** By its id, or by an unambiguous beginning of it, or by its name: in any workspace. */
async function findBrought(api: Api, wanted: string): Promise<Brought> {
  const all = new Map<string, Brought>();
  const workspaces = await pagesOf(api, z.looseObject({ id: z.string() }), `${API}/workspaces`);
  for (const { id } of workspaces)
    for (const row of await pagesOf(api, brought, `${PATH}?workspace_id=${id}`)) all.set(row.id, row);
  const found = [...all.values()].filter(
    ({ id, name }) => name === wanted || (wanted.length >= 4 && id.startsWith(wanted.toLowerCase())),
  );
  const [only] = found;
  if (only && found.length === 1) return only;
  if (!only) throw new CommandFailure(`No brought key is called ${wanted}`, 'List them with `callgate byok list`.');
  const several = found.map(({ id, provider, label }) => `${id} (${provider} ${label})`).join(', ');
  throw new CommandFailure(`${wanted} means several keys: ${several}`, 'Name one by its id.', EXIT.usage);
}

function tableOf(all: readonly Brought[]): string {
  const rows = all.map((row) => [
    row.provider,
    row.name ?? '–',
    row.label,
    row.workspace_id === null ? 'all workspaces' : 'this one',
    String(row.sort_order),
    usesOf(row),
    row.id,
  ]);
  return table(['PROVIDER', 'NAME', 'KEY', 'FOR', '>ORDER', 'USE', 'ID'], rows);
}

function usesOf(row: Brought): string {
  const uses = [
    row.disabled && 'disabled',
    row.is_fallback && 'fallback',
    row.is_required && 'required',
    row.is_byok_only && 'BYOK only',
    row.declared_zdr !== null && (row.declared_zdr ? 'keeps nothing' : 'keeps data'),
    row.allowed_models && `${row.allowed_models.length} models`,
    row.allowed_api_key_hashes && `${row.allowed_api_key_hashes.length} keys`,
    row.allowed_user_ids && `${row.allowed_user_ids.length} members`,
  ].filter((use): use is string => typeof use === 'string');
  return uses.join(', ') || 'first';
}
