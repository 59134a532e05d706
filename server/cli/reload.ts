import type { Command } from 'commander';
import { findDaemon } from '../ensure-daemon.ts';
import { CALLGATE_API, configStanding } from '../protocol.ts';
import { Api, notRunning } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, printJson } from './output.ts';

export function addReload(program: Command): void {
  addCommand(program, 'reload', 'have the daemon read config.yaml again; no call is dropped').action(
    async (_: unknown, command: Command) => {
      const globals = globalsOf(command);
      const daemon = await findDaemon(globals.state);
      if (!daemon) throw notRunning(globals);
      const standing = await new Api(daemon).call(configStanding, 'POST', `${CALLGATE_API}/reload`, {});
      if (globals.json) printJson(standing);
      const { path, problems, restart } = standing;
      if (problems.length > 0)
        throw new CommandFailure(problems.join('\n'), 'The settings read before still hold.', EXIT.usage);
      if (globals.json) return;
      note(`${path} is in force.`);
      if (restart.length > 0) note(`At the next start only: ${restart.join(', ')}.`);
    },
  );
}
