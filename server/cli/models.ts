import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API, modelSummary } from '../protocol.ts';
import { connect } from './api.ts';
import { addCommand, globalsOf } from './globals.ts';
import { print, printJson, table, usd } from './output.ts';

const summaries = z.object({ data: z.array(modelSummary) });

export function addModels(program: Command): void {
  addCommand(program, 'models [text]', 'the models that can be called now; only those whose name has the text').action(
    async (text: string | undefined, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(summaries, 'GET', `${CALLGATE_API}/models`);
      const wanted = text?.toLowerCase() ?? '';
      const models = data.filter(({ id, name }) => `${id}\n${name}`.toLowerCase().includes(wanted));
      if (globals.json) return printJson(models);
      const price = (perMillion: number | null) => (perMillion === null ? 'unknown' : usd(perMillion));
      const rows = models.map((model) => [
        model.id,
        model.provider,
        model.context_length === null ? '–' : String(model.context_length),
        price(model.prompt_per_million),
        price(model.completion_per_million),
      ]);
      print(table(['MODEL', 'FIRST ASKED', '>CONTEXT', '>IN /M', '>OUT /M'], rows));
    },
  );
}
