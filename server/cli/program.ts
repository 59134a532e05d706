import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { Compose } from '../daemon/composition.ts';
import { StartError } from '../daemon/start-error.ts';
import { addAccount } from './account.ts';
import { addApply } from './apply.ts';
import { addAudit } from './audit.ts';
import { addBehaviors } from './behaviors.ts';
import { addByok } from './byok.ts';
import { addCredits } from './credits.ts';
import { addDestinations } from './destinations.ts';
import { addDetect } from './detect.ts';
import { addDoctor } from './doctor.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts';
import { addExport } from './export.ts';
import { CommandFailure } from './failure.ts';
import { withGlobals } from './globals.ts';
import { addGuardrails } from './guardrails.ts';
import { addKeys } from './keys.ts';
import { addLogs } from './logs.ts';
import { addManagementKeys } from './management-keys.ts';
import { addMembers } from './members.ts';
import { addModels } from './models.ts';
import { addOrgs } from './orgs.ts';
import { note, red } from './output.ts';
import { addPermits } from './permits.ts';
import { addPlan } from './plan.ts';
import { addPresets } from './presets.ts';
import { addPrices } from './prices.ts';
import { addProviders } from './providers.ts';
import { addReload } from './reload.ts';
import { addRoute } from './route.ts';
import { addRun } from './run.ts';
import { addServe } from './serve.ts';
import { addService } from './service.ts';
import { addStatus, addStop } from './status.ts';
import { addWorkspaces } from './workspaces.ts';

/** Runs one command line (`process.argv`), tells what went wrong on stderr, and answers with the exit code. */
export async function runCommandLine(argv: readonly string[], compose: () => Promise<Compose>): Promise<ExitCode> {
  // `callgate keys list | head`: whoever reads has read enough.
  process.stdout.on('error', () => process.exit(EXIT.ok));
  try {
    await createProgram(compose).parseAsync([...argv]);
    return EXIT.ok;
  } catch (error) {
    return tell(error);
  }
}

function createProgram(compose: () => Promise<Compose>): Command {
  const program = withGlobals(new Command('callgate'))
    .description(
      'The local gate between your programs and the model providers: keys with limits, presets, fallback, exact cost.',
    )
    .version(CALLGATE_VERSION)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(red(text)) })
    .showHelpAfterError('(--help tells more)')
    .addHelpText('afterAll', EXIT_CODES_HELP);
  addServe(program, compose);
  addStatus(program);
  addStop(program);
  addReload(program);
  addService(program);
  addLogs(program);
  addKeys(program);
  addGuardrails(program);
  addDetect(program);
  addBehaviors(program);
  addPermits(program);
  addPresets(program);
  addProviders(program);
  addByok(program);
  addDestinations(program);
  addModels(program);
  addPrices(program);
  addAccount(program);
  addCredits(program);
  addOrgs(program);
  addMembers(program);
  addWorkspaces(program);
  addManagementKeys(program);
  addRun(program);
  addDoctor(program);
  addRoute(program);
  addPlan(program);
  addApply(program);
  addExport(program);
  addAudit(program);
  return program;
}

function tell(error: unknown): ExitCode {
  // Commander has said its part already; --help and --version come here too, with 0.
  if (error instanceof CommanderError && !(error instanceof InvalidArgumentError))
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof InvalidArgumentError) {
    note(red(`callgate: ${error.message}`));
    return EXIT.usage;
  }
  if (error instanceof CommandFailure || error instanceof StartError) {
    // Several lines are problems with their own places, to be read by editors: nothing is put before them.
    note(red(/^[^\s:]+:\d+:\d+: /.test(error.message) ? error.message : `callgate: ${error.message}`));
    if (error.remedy) note(error.remedy);
    return error.exitCode;
  }
  note(red(`callgate: ${error instanceof Error ? error.stack : String(error)}`));
  return EXIT.failed;
}
