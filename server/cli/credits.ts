import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { API, CALLGATE_API } from '../protocol.ts';
import { connect } from './api.ts';
import { addCommand, type Globals, globalsOf } from './globals.ts';
import { facts, print, printJson, usd } from './output.ts';
import { parseLimit } from './values.ts';

const PATH = `${CALLGATE_API}/organization/credits`;
const credits = z.object({
  data: z.looseObject({ total_credits: z.number(), total_usage: z.number(), unlimited: z.boolean().optional() }),
});
type Credits = z.infer<typeof credits>['data'];

export function addCredits(program: Command): void {
  const show = async (_: unknown, command: Command) => {
    const globals = globalsOf(command);
    tell(globals, (await (await connect(globals)).call(credits, 'GET', `${API}/credits`)).data);
  };
  const set = async (globals: Globals, method: string, body: object) =>
    tell(globals, (await (await connect(globals)).call(credits, method, PATH, body)).data);

  const all = addCommand(program, 'credits', 'what was ever spent, and what is left of what was prepaid').action(show);
  addCommand(all, 'show', 'the same').action(show);
  addCommand(all, 'add <usd>', 'add to what was prepaid; calls stop when it is spent').action(
    async (amount: string, _: unknown, command: Command) =>
      set(globalsOf(command), 'POST', { amount: amountOf(amount) }),
  );
  addCommand(all, 'set <usd>', 'what was prepaid in all, spent or not').action(
    async (amount: string, _: unknown, command: Command) =>
      set(globalsOf(command), 'PUT', { total_credits: amountOf(amount) }),
  );
  addCommand(all, 'unset', 'nothing was prepaid: no limit by credits').action(async (_: unknown, command: Command) =>
    set(globalsOf(command), 'PUT', { total_credits: null }),
  );
}

function amountOf(text: string): number {
  const { usd: amount } = parseLimit(text);
  if (amount === null) throw new InvalidArgumentError('Write US dollars, such as 10 or 0.50.');
  return amount;
}

function tell({ json }: Globals, data: Credits): void {
  if (json) {
    printJson(data);
    return;
  }
  const prepaid: (readonly [string, string])[] = data.unlimited ? [] : [['prepaid', usd(data.total_credits)]];
  const left = data.unlimited ? 'no limit' : usd(data.total_credits - data.total_usage);
  print(facts([...prepaid, ['spent', usd(data.total_usage)], ['left', left]]));
}
