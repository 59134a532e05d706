import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table, usd, when } from './output.ts';

const PATH = `${CALLGATE_API}/behaviors/proposals`;

const proposal = z.looseObject({
  id: z.string(),
  behavior: z.nullable(z.string()),
  status: z.string(),
  model: z.string(),
  provider: z.string(),
  bound: z.number(),
  task: z.nullable(z.string()),
  created_at: z.string(),
  note: z.nullable(z.string()),
});
const one = z.object({ data: proposal });
const list = z.object({ data: z.array(proposal) });
const answer = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({ content: z.string().nullish() }) })),
});

/** The queue of what behaviors of tier A propose. */
export function addProposals(behaviors: Command): void {
  addCommand(behaviors, 'proposals', 'what behaviors of tier A have proposed and nobody has decided about')
    .option('--behavior <behavior>', 'of this one alone')
    .option('--all', 'those that were decided about, too')
    .action(async (options: { readonly behavior?: string; readonly all?: boolean }, command: Command) => {
      const globals = globalsOf(command);
      const query = new URLSearchParams({
        ...(options.all ? {} : { status: 'pending' }),
        ...(options.behavior === undefined ? {} : { behavior: options.behavior }),
      });
      const { data } = await (await connect(globals)).call(list, 'GET', `${PATH}?${query}`);
      if (globals.json) return printJson(data);
      if (data.length === 0) return note('Nothing waits for you.');
      const rows = data.map((row) => [
        row.id,
        row.behavior ?? '–',
        row.status,
        `${row.model} at ${row.provider}`,
        usd(row.bound),
        row.task ?? '–',
        when(row.created_at),
      ]);
      print(table(['PROPOSAL', 'BEHAVIOR', 'STATE', 'ROUTE', '>AT MOST', 'TASK', 'AT'], rows));
    });

  addCommand(behaviors, 'proposal <proposal>', 'one proposal, with its whole request').action(
    async (id: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(one, 'GET', `${PATH}/${encodeURIComponent(id)}`);
      printJson(data);
    },
  );

  addCommand(behaviors, 'run <proposal>', 'run it now, on its behavior’s own key').action(
    async (id: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const ran = await (await connect(globals)).call(answer, 'POST', `${PATH}/${encodeURIComponent(id)}/run`, {});
      if (globals.json) return printJson(ran);
      print(ran.choices.map(({ message }) => message.content ?? '').join('\n'));
    },
  );

  addCommand(behaviors, 'reject <proposal>', 'do not run it')
    .option('--note <text>', 'why, for the ledger')
    .action(async (id: string, options: { readonly note?: string }, command: Command) => {
      const globals = globalsOf(command);
      const body = options.note === undefined ? {} : { note: options.note };
      const { data } = await (await connect(globals)).call(
        one,
        'POST',
        `${PATH}/${encodeURIComponent(id)}/reject`,
        body,
      );
      if (globals.json) return printJson(data);
      note(`Rejected ${data.id}.`);
    });
}
