import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, printJson } from './output.ts';
import { POLICY_FILE } from './policy-plan.ts';

const exported = z.object({ data: z.object({ text: z.string() }) });

export function addExport(program: Command): void {
  addCommand(program, 'export', `the present policy as ${POLICY_FILE}, on stdout unless --output`)
    .option('-o, --output <file>', 'write it there; a file that is there already stays')
    .option('--force', 'write over it')
    .action(async ({ output, force }: { output?: string; force?: boolean }, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(exported, 'GET', `${CALLGATE_API}/policy/export`);
      if (output === undefined) {
        if (globals.json) printJson(data);
        else process.stdout.write(data.text);
        return;
      }
      try {
        writeFileSync(output, data.text, { flag: force ? 'w' : 'wx' });
      } catch (error) {
        const remedy = 'Say --force to write over a file that is there.';
        throw new CommandFailure(
          `Cannot write ${output}: ${error instanceof Error ? error.message : error}`,
          remedy,
          EXIT.usage,
        );
      }
      if (globals.json) printJson({ output });
      else note(`Written to ${output}.`);
    });
}
