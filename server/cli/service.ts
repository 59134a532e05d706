import type { Command } from 'commander';
import * as z from 'zod';
import { launcherPath, launcherText } from '../daemon/service/launcher.ts';
import { runTool } from '../daemon/service/run-tool.ts';
import { installService, serviceStanding, uninstallService } from '../daemon/service/service.ts';
import { serviceManager, thisMachine } from '../daemon/service/service-manager.ts';
import { findDaemon } from '../ensure-daemon.ts';
import { CALLGATE_API, daemonStatus } from '../protocol.ts';
import { Api, installSelf } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, type Globals, globalsOf } from './globals.ts';
import { facts, note, print, printJson } from './output.ts';

/** `callgate service`: the daemon kept running by systemd --user, launchd or the Task Scheduler. */
export function addService(program: Command): void {
  const service = addCommand(program, 'service', 'have this machine keep the daemon running while you are logged in');

  addCommand(service, 'install', 'set it up, or set it up anew')
    .option('--print', 'only show what would be installed')
    .action(async ({ print: only }: { print?: boolean }, command: Command) => {
      const globals = globalsOf(command);
      const { state, json } = globals;
      refuseControlCharacters(state);
      const manager = serviceManager(state, thisMachine());
      const target = (bundle: string) => ({
        state,
        command: process.execPath,
        isElectron: process.versions['electron'] !== undefined,
        bundle,
      });
      if (only) {
        const launcher = { file: launcherPath(state), text: launcherText(target(process.argv[1] ?? 'daemon.js')) };
        if (json)
          return printJson({ manager: manager.kind, files: [{ file: manager.file, text: manager.text }, launcher] });
        return print(`# ${manager.file}\n${manager.text}\n# ${launcher.file}\n${launcher.text}`);
      }
      const standing = await installService(manager, target(await installSelf(state)), runTool);
      const waits = await makeRoom(globals);
      if (json) return printJson({ ...standing, takes_over_later: waits });
      note(`Installed ${standing.name} (${standing.file}).`);
      if (waits) note('It takes over when the daemon that runs now ends; `callgate stop` ends that after its calls.');
      if (manager.kind === 'systemd') note('To have it run while you are logged out, too: `loginctl enable-linger`.');
    });

  addCommand(service, 'uninstall', 'take it away again; the daemon it kept ends after its calls').action(
    async (_: unknown, command: Command) => {
      const { state, json } = globalsOf(command);
      const uninstalled = await uninstallService(serviceManager(state, thisMachine()), state, runTool);
      if (json) return printJson({ uninstalled });
      note(uninstalled ? 'Uninstalled.' : 'It is not installed.');
    },
  );

  addCommand(service, 'status', 'whether it is set up, and runs (exit 4 when it does not)').action(
    async (_: unknown, command: Command) => {
      const { state, json } = globalsOf(command);
      const standing = await serviceStanding(serviceManager(state, thisMachine()), runTool);
      if (json) printJson(standing);
      else
        print(
          facts([
            ['service', standing.name],
            ['available', standing.available ? standing.manager : `no ${standing.manager} answers here`],
            ['installed', standing.installed ? standing.file : 'no'],
            ['running', standing.running ? 'yes' : 'no'],
          ]),
        );
      if (!standing.running)
        throw new CommandFailure(
          standing.installed ? 'The service does not run' : 'No service is installed',
          standing.installed
            ? 'Start it anew with `callgate service install`.'
            : 'Set it up with `callgate service install`.',
          EXIT.unreachable,
        );
    },
  );
}

/** Ends a daemon that runs beside the service and has nothing to do, so that the service takes its place; true when it has. */
async function makeRoom({ state }: Globals): Promise<boolean> {
  const daemon = await findDaemon(state);
  if (!daemon) return false;
  const api = new Api(daemon);
  const status = await api.call(daemonStatus, 'GET', `${CALLGATE_API}/status`);
  // One that a person or the service itself started is left to them.
  if (status.on_demand !== true) return false;
  if (status.in_flight > 0) return true;
  await api.call(z.unknown(), 'POST', `${CALLGATE_API}/stop`, {});
  return false;
}

/** No service manager's file can hold them in a path, however escaped. */
function refuseControlCharacters(state: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(state))
    throw new CommandFailure(
      'The state folder’s name holds control characters',
      'Name another with --state.',
      EXIT.usage,
    );
}
