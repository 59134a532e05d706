import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { API, CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { deletion } from './deletion.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table } from './output.ts';
import { pagesOf } from './pages.ts';

const PATH = `${CALLGATE_API}/organization/members`;
const member = z.looseObject({
  id: z.string(),
  email: z.string(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  role: z.string(),
});
const one = z.object({ data: member });

type MemberOptions = {
  readonly id?: string;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly role?: string;
};

export function addMembers(program: Command): void {
  const members = addCommand(program, 'members', 'who is in the organization; keys are made in a member’s name');

  addCommand(members, 'list', 'all members').action(async (_: unknown, command: Command) => {
    const globals = globalsOf(command);
    const all = await pagesOf(await connect(globals), member, `${API}/organization/members`);
    if (globals.json) return printJson(all);
    print(tableOf(all));
  });

  addCommand(members, 'add <email>', 'add one')
    .option('--id <id>', 'user_ and letters, digits, _ or - (default: made up)')
    .option('--first-name <name>', 'first name')
    .option('--last-name <name>', 'last name')
    .option('--role <role>', 'admin or member (default: member)', parseRole)
    .action(async (email: string, options: MemberOptions, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(one, 'POST', PATH, bodyOf({ ...options, email }));
      if (globals.json) return printJson(data);
      print(tableOf([data]));
    });

  addCommand(members, 'update <member>', 'change one, named by id or e-mail address')
    .option('--email <email>', 'e-mail address')
    .option('--first-name <name>', 'first name')
    .option('--last-name <name>', 'last name')
    .option('--role <role>', 'admin or member', parseRole)
    .action(async (name: string, options: MemberOptions, command: Command) => {
      const globals = globalsOf(command);
      const body = bodyOf(options);
      if (Object.keys(body).length === 0)
        throw new CommandFailure('Nothing to change', 'See --help for what can be.', EXIT.usage);
      const api = await connect(globals);
      const { data } = await api.call(one, 'PATCH', `${PATH}/${encodeURIComponent(name)}`, body);
      if (globals.json) return printJson(data);
      print(tableOf([data]));
    });

  addCommand(members, 'remove <member>', 'take one out of the organization and its workspaces').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const answer = await deletion(await connect(globals), `${PATH}/${encodeURIComponent(name)}`);
      if (globals.json) return printJson(answer);
      note(`Removed ${name}.`);
    },
  );
}

function bodyOf({ id, email, firstName, lastName, role }: MemberOptions): Record<string, unknown> {
  const body = { id, email, first_name: firstName, last_name: lastName, role };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function parseRole(text: string): string {
  if (text === 'admin' || text === 'member') return `org:${text}`;
  throw new InvalidArgumentError('Write admin or member.');
}

function tableOf(all: readonly z.infer<typeof member>[]): string {
  return table(
    ['ID', 'E-MAIL', 'NAME', 'ROLE'],
    all.map((row) => [
      row.id,
      row.email,
      [row.first_name, row.last_name].filter((part) => part !== null).join(' ') || '–',
      row.role.replace('org:', ''),
    ]),
  );
}
