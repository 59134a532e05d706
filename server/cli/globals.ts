import { basename, relative } from 'node:path';
import type { Command } from 'commander';
import { stateFolder } from '../daemon/state-folder.ts';

/** What every command accepts, before or after its name. */
export type Globals = { readonly state: string; readonly json: boolean };

/** Adds a command with the options that all have. `spec` is its name and arguments as commander writes them. */
export function addCommand(parent: Command, spec: string, description: string): Command {
  return withGlobals(parent.command(spec).description(description));
}

export function withGlobals(command: Command): Command {
  return command
    .option('--state <dir>', 'the state folder (default: $CALLGATE_HOME, else the platform’s place for it)')
    .option('--json', 'print JSON on stdout');
}

/** The options wherever they were written; the command's own place wins over those before it. */
export function globalsOf(command: Command): Globals {
  const all: { state?: string; json?: boolean } = {};
  for (let at: Command | null = command; at; at = at.parent) {
    const { state, json } = at.opts<{ state?: string; json?: boolean }>();
    if (state !== undefined) all.state ??= state;
    if (json) all.json = true;
  }
  return { state: stateFolder(process.env, all.state), json: all.json ?? false };
}

/** How the person called us, to be printed in hints: `callgate`, or `node dist/daemon.js` out of a checkout. */
export function callgateCommand(state: string): string {
  const script = process.argv[1] ?? 'callgate';
  const near = relative('', script);
  const command = basename(script) === 'callgate' ? 'callgate' : `node ${near.startsWith('..') ? script : near}`;
  return state === stateFolder() ? command : `${command} --state ${state}`;
}
