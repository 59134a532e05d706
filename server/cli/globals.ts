import { basename, relative } from 'node:path';
import type { Command } from 'commander';
import { stateFolder } from '../daemon/state-folder.ts';

/** What every command accepts, before or after its name. */
export type Globals = {
  readonly state: string;
  readonly json: boolean;
  /** The organization to work in, by slug or id; absent: the default one. */
  readonly org?: string;
  /** The workspace to work in, where the command has such an option; absent: the default one. */
  readonly workspace?: string;
};

/** Adds a command with the options that all have. `spec` is its name and arguments as commander writes them. */
export function addCommand(parent: Command, spec: string, description: string): Command {
  return withGlobals(parent.command(spec).description(description));
}

export function withGlobals(command: Command): Command {
  return command
    .option('--state <dir>', 'the state folder (default: $CALLGATE_HOME, else the platform’s place for it)')
    .option('--json', 'print JSON on stdout')
    .option('--org <org>', 'the organization to work in, where there are several (default: the default one)');
}

/** The options wherever they were written; the command's own place wins over those before it. */
export function globalsOf(command: Command): Globals {
  const all: { state?: string; json?: boolean; org?: string; workspace?: string } = {};
  for (let at: Command | null = command; at; at = at.parent) {
    const { state, json, org, workspace } = at.opts<typeof all>();
    if (state !== undefined) all.state ??= state;
    if (json) all.json = true;
    if (org !== undefined) all.org ??= org;
    if (workspace !== undefined) all.workspace ??= workspace;
  }
  const { state, json = false, ...where } = all;
  return { state: stateFolder(process.env, state), json, ...where };
}

/** How the person called us, to be printed in hints: `callgate`, or `node dist/daemon.js` out of a checkout. */
export function callgateCommand(state: string): string {
  const script = process.argv[1] ?? 'callgate';
  const near = relative('', script);
  const command = basename(script) === 'callgate' ? 'callgate' : `node ${near.startsWith('..') ? script : near}`;
  return state === stateFolder() ? command : `${command} --state ${state}`;
}
