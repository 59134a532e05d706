import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { deletion } from './deletion.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { dim, note, print, printJson, table, when } from './output.ts';

const PATH = `${CALLGATE_API}/management-keys`;
const key = z.looseObject({ id: z.string(), name: z.string(), label: z.string(), created_at: z.string() });
const list = z.object({ data: z.array(key) });
const made = z.looseObject({ data: key, key: z.string() });

export function addManagementKeys(program: Command): void {
  const keys = addCommand(
    program,
    'management-keys',
    'keys that manage an organization and cannot call models; the daemon’s own is not among them',
  );

  addCommand(keys, 'create', 'make one; its secret is shown once')
    .requiredOption('--name <name>', 'what it is for')
    .action(async ({ name }: { name: string }, command: Command) => {
      const globals = globalsOf(command);
      const answer = await (await connect(globals)).call(made, 'POST', PATH, { name });
      if (globals.json) return printJson(answer);
      print(answer.key);
      note(dim(`${answer.data.name}: manages, and cannot call. The secret is not shown again.`, process.stderr));
    });

  addCommand(keys, 'list', 'those of the organization').action(async (_: unknown, command: Command) => {
    const globals = globalsOf(command);
    const { data } = await (await connect(globals)).call(list, 'GET', PATH);
    if (globals.json) return printJson(data);
    if (data.length === 0) return note('None besides the daemon’s own.');
    print(
      table(
        ['NAME', 'KEY', 'MADE', 'ID'],
        data.map((row) => [row.name, row.label, when(row.created_at), row.id]),
      ),
    );
  });

  addCommand(keys, 'revoke <key>', 'end one at once, named by its name or id').action(
    async (wanted: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const { data } = await api.call(list, 'GET', PATH);
      const found = data.filter((row) => row.id === wanted || row.name === wanted);
      const [only] = found;
      if (!only || found.length > 1)
        throw new CommandFailure(
          only ? `${wanted} means several keys` : `No management key is called ${wanted}`,
          'List them with `callgate management-keys list`, and name one by its id.',
          EXIT.usage,
        );
      const answer = await deletion(api, `${PATH}/${only.id}`);
      if (globals.json) return printJson(answer);
      note(`Revoked ${only.name} (${only.label}).`);
    },
  );
}
