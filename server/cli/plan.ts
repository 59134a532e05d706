import type { Command } from 'commander';
import { connect } from './api.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, oneLine, print, printJson } from './output.ts';
import { askForPlan, POLICY_FILE, planText, readPolicyFile } from './policy-plan.ts';

export function addPlan(program: Command): void {
  addCommand(program, 'plan [file]', `what ${POLICY_FILE} would change; changes nothing`).action(
    async (file: string | undefined, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const body = readPolicyFile(file ?? POLICY_FILE);
      const planned = await askForPlan(await connect(globals), body);
      if (globals.json) return printJson(planned);
      print(planText(planned.changes));
      for (const line of planned.notes) note(oneLine(line));
    },
  );
}
