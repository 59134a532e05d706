import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { deletion } from './deletion.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table, usd } from './output.ts';
import { pagesOf } from './pages.ts';
import { parseLimit } from './values.ts';
import { addWorkspaceMembers } from './workspace-members.ts';

const PATH = `${API}/workspaces`;
const workspace = z.looseObject({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  is_default: z.boolean(),
  default_text_model: z.string().nullable(),
  default_provider_sort: z.string().nullable(),
});
type Workspace = z.infer<typeof workspace>;
const one = z.object({ data: workspace });
const budget = z.looseObject({ limit_usd: z.number(), reset_interval: z.string().nullable() });
const budgets = z.looseObject({ data: z.array(budget), include_byok_in_budgets: z.boolean().optional() });

const pathOf = (name: string) => `${PATH}/${encodeURIComponent(name)}`;

type WorkspaceOptions = {
  readonly name?: string;
  readonly slug?: string;
  readonly description?: string;
  readonly textModel?: string;
  readonly imageModel?: string;
  readonly sort?: string;
};

export function addWorkspaces(program: Command): void {
  const workspaces = addCommand(program, 'workspaces', 'workspaces: their own keys, presets, budgets and members');

  addCommand(workspaces, 'list', 'all workspaces, with their budgets').action(async (_: unknown, command: Command) => {
    const globals = globalsOf(command);
    const api = await connect(globals);
    const all = await pagesOf(api, workspace, PATH);
    if (globals.json) return printJson(all);
    print(tableOf(await withBudgets(api, all)));
  });

  withFields(addCommand(workspaces, 'create <slug>', 'make one'))
    .option('--name <name>', 'its name (default: the slug)')
    .action(async (slug: string, options: WorkspaceOptions, command: Command) => {
      const globals = globalsOf(command);
      const body = { ...bodyOf(options), slug, name: options.name ?? slug };
      const { data } = await (await connect(globals)).call(one, 'POST', PATH, body);
      if (globals.json) return printJson(data);
      print(tableOf([[data, []]]));
      note(`Make keys in it with \`callgate keys create --workspace ${data.slug} --name …\`.`);
    });

  withFields(addCommand(workspaces, 'update <workspace>', 'change one, named by its slug or id'))
    .option('--name <name>', 'a new name')
    .option('--slug <slug>', 'a new slug')
    .action(async (name: string, options: WorkspaceOptions, command: Command) => {
      const globals = globalsOf(command);
      const body = bodyOf(options);
      if (Object.keys(body).length === 0)
        throw new CommandFailure('Nothing to change', 'See --help for what can be.', EXIT.usage);
      const api = await connect(globals);
      const { data } = await api.call(one, 'PATCH', pathOf(name), body);
      if (globals.json) return printJson(data);
      print(tableOf(await withBudgets(api, [data])));
    });

  addCommand(
    workspaces,
    'delete <workspace>',
    'end it with its budgets and guardrails; its keys must have ended before',
  )
    .option('--confirm-default', 'even if it is the default one')
    .action(async (name: string, { confirmDefault }: { confirmDefault?: boolean }, command: Command) => {
      const globals = globalsOf(command);
      const query = confirmDefault ? '?confirm_default_workspace_deletion=true' : '';
      const answer = await deletion(await connect(globals), pathOf(name) + query);
      if (globals.json) return printJson(answer);
      note(`Deleted ${name}.`);
    });

  addCommand(
    workspaces,
    'budget <workspace> [interval] [usd]',
    'its budgets; set one (daily, weekly, monthly, lifetime), or take it away with none',
  )
    .option('--include-byok', 'count what is charged to provider keys of one’s own, in all its budgets')
    .option('--no-include-byok', 'do not')
    .action(
      async (
        name: string,
        interval: string | undefined,
        amount: string | undefined,
        { includeByok }: { includeByok?: boolean },
        command: Command,
      ) => {
        const globals = globalsOf(command);
        const api = await connect(globals);
        const path = `${pathOf(name)}/budgets`;
        if (interval !== undefined) await changeBudget(api, `${path}/${intervalOf(interval)}`, amount, includeByok);
        const answer = await api.call(budgets, 'GET', path);
        if (globals.json) return printJson(answer);
        if (answer.data.length === 0) return note(`${name} has no budget.`);
        print(
          table(
            ['INTERVAL', '>LIMIT'],
            answer.data.map((row) => [row.reset_interval ?? 'lifetime', usd(row.limit_usd)]),
          ),
        );
      },
    );

  addWorkspaceMembers(workspaces, pathOf);
}

async function changeBudget(api: Api, path: string, amount: string | undefined, byok: boolean | undefined) {
  if (amount === undefined) throw new CommandFailure('Say how much, or none', null, EXIT.usage);
  const limit = parseLimit(amount).usd;
  if (limit === null) return deletion(api, path);
  const body = { limit_usd: limit, ...(byok === undefined ? {} : { include_byok_in_budgets: byok }) };
  return api.call(z.looseObject({}), 'PUT', path, body);
}

function intervalOf(text: string): string {
  if (['daily', 'weekly', 'monthly', 'lifetime'].includes(text)) return text;
  throw new InvalidArgumentError('Write daily, weekly, monthly or lifetime.');
}

function withFields(command: Command): Command {
  return command
    .option('--description <text>', 'what it is for')
    .option('--text-model <model>', 'the model of a call that names none, or none')
    .option('--image-model <model>', 'the model of an image call that names none, or none')
    .option(
      '--sort <sort>',
      'how endpoints are chosen where a call does not say: price, throughput, latency, exacto, or none',
    );
}

function bodyOf({ name, slug, description, textModel, imageModel, sort }: WorkspaceOptions): Record<string, unknown> {
  const orNull = (text: string | undefined) => (text === 'none' ? null : text);
  const body = {
    name,
    slug,
    description,
    default_text_model: orNull(textModel),
    default_image_model: orNull(imageModel),
    default_provider_sort: orNull(sort),
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

type Budgeted = readonly [Workspace, readonly z.infer<typeof budget>[]];

function withBudgets(api: Api, all: readonly Workspace[]): Promise<Budgeted[]> {
  return Promise.all(
    all.map(async (row) => [row, (await api.call(budgets, 'GET', `${pathOf(row.id)}/budgets`)).data] as const),
  );
}

function tableOf(all: readonly Budgeted[]): string {
  return table(
    ['WORKSPACE', 'NAME', 'BUDGETS', 'MODEL', 'SORT', 'DEFAULT', 'ID'],
    all.map(([row, own]) => [
      row.slug,
      row.name,
      own.map((one) => `${usd(one.limit_usd)} ${one.reset_interval ?? 'lifetime'}`).join(', ') || '–',
      row.default_text_model ?? '–',
      row.default_provider_sort ?? '–',
      row.is_default ? 'yes' : '',
      row.id,
    ]),
  );
}
