import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { facts, print, printJson } from './output.ts';

const rules = z.object({ data: z.record(z.string(), z.union([z.number(), z.string(), z.null()])) });

/** What demotes, what is earned, and what counts as running away, by workspace. */
export function addRules(behaviors: Command): void {
  addCommand(
    behaviors,
    'rules [rule...]',
    'the rules of tiers and of running away; `clean_calls=100 loop_calls=none` sets',
  )
    .option('--workspace <slug>', 'of this workspace (default: the default one)')
    .action(async (set: readonly string[], { workspace }: { readonly workspace?: string }, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const path = `${CALLGATE_API}/behaviors/rules${workspace === undefined ? '' : `?workspace=${encodeURIComponent(workspace)}`}`;
      const { data } =
        set.length === 0 ? await api.call(rules, 'GET', path) : await api.call(rules, 'PATCH', path, bodyOf(set));
      if (globals.json) return printJson(data);
      print(
        facts(Object.entries(data).map(([name, value]) => [name, value === null ? 'none' : String(value)] as const)),
      );
    });
}

function bodyOf(set: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    set.map((one) => {
      const [, name, value] = /^([a-z_]+)=(.+)$/.exec(one) ?? [];
      if (!name || !value) throw new CommandFailure(`${one} sets nothing`, 'Write name=value.', EXIT.usage);
      return [name, value === 'none' ? null : /^\d+(\.\d+)?$/.test(value) ? Number(value) : value];
    }),
  );
}
