import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import * as z from 'zod';
import { API, CALLGATE_API, pricesChanged, pricesStanding } from '../protocol.ts';
import { connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, type Globals, globalsOf } from './globals.ts';
import { facts, note, print, printJson, table, when } from './output.ts';

type Changed = z.infer<typeof pricesChanged>;
type Pricing = Readonly<Record<string, unknown>>;

const endpoints = z.object({
  data: z.object({
    endpoints: z.array(z.looseObject({ provider_name: z.string(), pricing: z.record(z.string(), z.unknown()) })),
  }),
});

/** Changes a person reads; the rest is counted, and stands in --json. */
const SHOWN = 40;

export function addPrices(program: Command): void {
  const prices = addCommand(program, 'prices', 'what models cost, and where that is known from');

  addCommand(prices, 'show [model]', 'the prices in use: where they are from, or those of a model').action(
    async (model: string | undefined, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      if (model === undefined) {
        const standing = await api.call(pricesStanding, 'GET', `${CALLGATE_API}/prices`);
        if (globals.json) return printJson(standing);
        return print(
          facts([
            ['source', standing.source === 'bundled' ? 'came along with this version' : standing.source],
            ['fetched', when(standing.fetched_at)],
            ['models', `${standing.models} of ${standing.providers} providers`],
            ['listed by OpenRouter', String(standing.listed_models)],
          ]),
        );
      }
      if (!model.includes('/'))
        throw new CommandFailure(`No model is called "${model}"`, 'List them with `callgate models`.');
      const path = model.split('/').map(encodeURIComponent).join('/');
      const { data } = await api.call(endpoints, 'GET', `${API}/models/${path}/endpoints`);
      if (globals.json) return printJson(data.endpoints);
      const rows = data.endpoints.flatMap(({ provider_name, pricing }) =>
        linesOf(pricing).map(([name, price]) => [provider_name, name, price]),
      );
      print(table(['PROVIDER', 'PRICE OF', '>US DOLLARS'], rows));
    },
  );

  const withFile = (command: Command) =>
    command.option(
      '--from <file>',
      'a file instead of the network: the price library’s, or OpenRouter’s list of models',
    );

  withFile(addCommand(prices, 'refresh', 'fetch prices, tell what changes, and use them from now on')).action(
    async (options: { from?: string }, command: Command) => change(globalsOf(command), 'refresh', options.from, false),
  );

  withFile(addCommand(prices, 'diff', 'fetch prices and tell what a refresh would change')).action(
    async (options: { from?: string }, command: Command) => change(globalsOf(command), 'refresh', options.from, true),
  );

  addCommand(prices, 'rollback', 'go back to the prices before the last refresh').action(
    async (_: unknown, command: Command) => change(globalsOf(command), 'rollback', undefined, false),
  );
}

async function change(globals: Globals, what: string, from: string | undefined, dryRun: boolean): Promise<void> {
  const file = from === undefined ? {} : { file: readJson(from) };
  const api = await connect(globals);
  const body = { dry_run: dryRun, ...file };
  const changed = await api.call(pricesChanged, 'POST', `${CALLGATE_API}/prices/${what}`, body);
  if (globals.json) return printJson(changed);
  tell(changed);
}

function tell({ changes, problems, applied }: Changed): void {
  const rows = changes
    .slice(0, SHOWN)
    .map(({ provider, model, before, after }) => [
      provider,
      model,
      ...(before && after ? differing(before, after) : [briefOf(before), briefOf(after)]),
    ]);
  if (rows.length > 0) print(table(['PROVIDER', 'MODEL', 'BEFORE', 'AFTER'], rows));
  if (changes.length > SHOWN) note(`and ${changes.length - SHOWN} more; --json tells all`);
  for (const problem of problems) note(`Not fetched: ${problem}`);
  const count = `${changes.length} ${changes.length === 1 ? 'price' : 'prices'}`;
  note(applied ? `${count} changed; they hold from now on.` : `${count} would change; nothing was changed.`);
}

/** Only what is another now, the same names on both sides. */
function differing(before: Pricing, after: Pricing): readonly [string, string] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const side = (pricing: Pricing) => names.map((name) => `${name} ${priceText(name, pricing[name])}`).join(', ');
  return [side(before), side(after)];
}

const briefOf = (pricing: Pricing | null) =>
  pricing ? ['prompt', 'completion'].map((name) => `${name} ${priceText(name, pricing[name])}`).join(', ') : 'none';

const linesOf = (pricing: Pricing): readonly (readonly [string, string])[] =>
  Object.entries(pricing).map(([name, price]) => [name, priceText(name, price)]);

/** Per million tokens, as people say it; fees of a whole as they are. */
function priceText(name: string, price: unknown): string {
  if (price === undefined) return 'none';
  if (typeof price !== 'string') return JSON.stringify(price);
  if (price === '-1') return 'unknown';
  if (['request', 'image', 'web_search'].includes(name)) return `$${price}`;
  return `$${Number((Number(price) * 1e6).toPrecision(12))}/M`;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    throw new CommandFailure(`${path}: ${error instanceof Error ? error.message : String(error)}`, null, EXIT.usage);
  }
}
