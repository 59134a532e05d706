import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { deletion } from './deletion.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table, usdOr } from './output.ts';
import { pagesOf } from './pages.ts';

const PATH = `${CALLGATE_API}/organizations`;
const organization = z.looseObject({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  is_default: z.boolean(),
  credits_usd: z.number().nullable(),
  workspaces: z.number(),
  members: z.number(),
});
type Organization = z.infer<typeof organization>;
const one = z.object({ data: organization });

export function addOrgs(program: Command): void {
  const orgs = addCommand(
    program,
    'orgs',
    'organizations: members, workspaces, credits; --org names one for any command',
  );

  addCommand(orgs, 'list', 'all organizations').action(async (_: unknown, command: Command) => {
    const globals = globalsOf(command);
    const all = await pagesOf(await connect(globals), organization, PATH);
    if (globals.json) return printJson(all);
    print(tableOf(all));
  });

  addCommand(orgs, 'create <slug>', 'make one, with a default workspace')
    .option('--name <name>', 'its name (default: the slug)')
    .action(async (slug: string, { name }: { name?: string }, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(one, 'POST', PATH, { slug, name });
      if (globals.json) return printJson(data);
      print(tableOf([data]));
      note(`Work in it with --org ${data.slug}, such as \`callgate workspaces list --org ${data.slug}\`.`);
    });

  addCommand(orgs, 'update <org>', 'rename one, named by its slug or id')
    .option('--name <name>', 'a new name')
    .option('--slug <slug>', 'a new slug')
    .action(async (org: string, options: { name?: string; slug?: string }, command: Command) => {
      const globals = globalsOf(command);
      if (options.name === undefined && options.slug === undefined)
        throw new CommandFailure('Nothing to change', 'Give --name or --slug.', EXIT.usage);
      const { data } = await (await connect(globals)).call(one, 'PATCH', `${PATH}/${encodeURIComponent(org)}`, options);
      if (globals.json) return printJson(data);
      print(tableOf([data]));
    });

  addCommand(orgs, 'delete <org>', 'end it with its workspaces, members and management keys').action(
    async (org: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const answer = await deletion(await connect(globals), `${PATH}/${encodeURIComponent(org)}`);
      if (globals.json) return printJson(answer);
      note(`Deleted ${org}.`);
    },
  );
}

function tableOf(all: readonly Organization[]): string {
  return table(
    ['ORGANIZATION', 'NAME', '>WORKSPACES', '>MEMBERS', '>CREDITS', 'DEFAULT', 'ID'],
    all.map((row) => [
      row.slug,
      row.name,
      String(row.workspaces),
      String(row.members),
      usdOr(row.credits_usd, 'no limit'),
      row.is_default ? 'yes' : '',
      row.id,
    ]),
  );
}
