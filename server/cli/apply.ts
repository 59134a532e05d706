import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API, policyApplied } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, oneLine, print, printJson } from './output.ts';
import { askForPlan, POLICY_FILE, planText, readPolicyFile } from './policy-plan.ts';

const applied = z.object({ data: policyApplied });

export function addApply(program: Command): void {
  addCommand(
    program,
    'apply [file]',
    `do what ${POLICY_FILE} says, all of it or nothing; new keys’ secrets are shown once`,
  )
    .option('-y, --yes', 'do not ask first')
    .action(async (file: string | undefined, { yes }: { yes?: boolean }, command: Command) => {
      const globals = globalsOf(command);
      const body = readPolicyFile(file ?? POLICY_FILE);
      const api = await connect(globals);
      const planned = await askForPlan(api, body);
      if (planned.changes.length > 0 && !yes) {
        note(planText(planned.changes));
        await confirm();
      }
      // Refused when it is another plan by now than the one that was shown.
      const { data } = await api.call(applied, 'POST', `${CALLGATE_API}/policy/apply`, {
        ...body,
        ...(yes ? {} : { expect: planned.digest }),
      });
      if (globals.json) return printJson(data);
      if (yes || data.changes.length === 0) print(planText(data.changes, true));
      else note('Done.');
      for (const line of data.notes) note(oneLine(line));
      if (data.secrets.length === 0) return;
      note('The new keys, shown this once:');
      for (const { name, secret } of data.secrets) print(`${oneLine(name)}  ${secret}`);
    });
}

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CommandFailure('Nothing was applied: nobody is there to be asked', 'Say --yes.', EXIT.usage);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question('Apply? [y/N] ');
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailure('Nothing was applied', null, EXIT.failed);
  } finally {
    terminal.close();
  }
}
