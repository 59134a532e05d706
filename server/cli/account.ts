import type { Command } from 'commander';
import * as z from 'zod';
import { API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { addCommand, globalsOf } from './globals.ts';
import { print, printJson, table, usd } from './output.ts';

const activity = z.object({
  data: z.array(
    z.looseObject({
      date: z.string(),
      model: z.string(),
      provider_name: z.string(),
      requests: z.number(),
      prompt_tokens: z.number(),
      completion_tokens: z.number(),
      usage: z.number(),
    }),
  ),
});

export function addAccount(program: Command): void {
  addCommand(program, 'activity', 'what was used by day, model and provider: today and the thirty days before')
    .option('--date <date>', 'one day (UTC), such as 2026-01-31')
    .option('--key <hash>', 'of one key, by its whole hash')
    .action(async ({ date, key }: { date?: string; key?: string }, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const rows =
        date === undefined
          ? [...(await rowsOf(api, new Date().toISOString().slice(0, 10), key)), ...(await rowsOf(api, undefined, key))]
          : await rowsOf(api, date, key);
      if (globals.json) return printJson(rows);
      print(
        table(
          ['DATE', 'MODEL', 'PROVIDER', '>CALLS', '>TOKENS IN', '>TOKENS OUT', '>SPENT'],
          rows.map((row) => [
            row.date,
            row.model,
            row.provider_name,
            String(row.requests),
            String(row.prompt_tokens),
            String(row.completion_tokens),
            usd(row.usage),
          ]),
        ),
      );
    });
}

async function rowsOf(api: Api, date: string | undefined, key: string | undefined) {
  const query = new URLSearchParams({
    ...(date === undefined ? {} : { date }),
    ...(key === undefined ? {} : { api_key_hash: key }),
  });
  return (await api.call(activity, 'GET', `${API}/activity?${query}`)).data;
}
