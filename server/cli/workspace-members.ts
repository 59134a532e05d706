import type { Command } from 'commander';
import * as z from 'zod';
import { type Api, connect } from './api.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table, when } from './output.ts';
import { pagesOf } from './pages.ts';

const member = z.looseObject({ user_id: z.string(), role: z.string(), created_at: z.string() });

/** Under `callgate workspaces`: who is in one. */
export function addWorkspaceMembers(workspaces: Command, pathOf: (name: string) => string): void {
  addCommand(workspaces, 'members <workspace>', 'who is in it; in the default one everybody is').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const all = await pagesOf(await connect(globals), member, `${pathOf(name)}/members`);
      if (globals.json) return printJson(all);
      if (all.length === 0) return note(`Nobody was added to ${name}.`);
      print(
        table(
          ['MEMBER', 'ROLE', 'SINCE'],
          all.map((row) => [row.user_id, row.role, when(row.created_at)]),
        ),
      );
    },
  );

  const change = (spec: string, description: string, way: 'add' | 'remove', done: (count: number) => string) =>
    addCommand(workspaces, spec, description).action(
      async (name: string, users: readonly string[], _: unknown, command: Command) => {
        const globals = globalsOf(command);
        const answer = await send(await connect(globals), `${pathOf(name)}/members/${way}`, users);
        if (globals.json) return printJson(answer);
        note(done(answer.added_count ?? answer.removed_count ?? 0));
      },
    );
  change(
    'add-members <workspace> <members...>',
    'add members of the organization, by id',
    'add',
    (count) => `Added: ${count}.`,
  );
  change(
    'remove-members <workspace> <members...>',
    'take members out, by id',
    'remove',
    (count) => `Removed: ${count}.`,
  );
}

const changed = z.looseObject({ added_count: z.number().optional(), removed_count: z.number().optional() });

const send = (api: Api, path: string, users: readonly string[]) =>
  api.call(changed, 'POST', path, { user_ids: [...users] });
