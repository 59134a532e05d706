import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { addRules } from './behavior-rules.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, type Globals, globalsOf } from './globals.ts';
import { findKey } from './keys.ts';
import { facts, note, print, printJson, table, when } from './output.ts';
import { addProposals } from './proposals.ts';
import { parseCount, parseTier, type Tier } from './values.ts';

const PATH = `${CALLGATE_API}/behaviors`;

const behavior = z.looseObject({
  id: z.string(),
  name: z.string(),
  tier: z.enum(['A', 'B', 'C']),
  preset: z.string(),
  key: z.nullable(z.looseObject({ name: z.string(), suspended: z.boolean() })),
  clean_calls: z.number(),
  clean_since: z.string(),
  promotion: z.object({
    kind: z.string(),
    to: z.nullable(z.string()),
    calls_left: z.number(),
    earliest: z.nullable(z.string()),
  }),
  proposals: z.number(),
});
type Behavior = z.infer<typeof behavior>;
const one = z.object({ data: behavior });
const entry = z.looseObject({
  at: z.string(),
  kind: z.string(),
  code: z.nullable(z.string()),
  generation_id: z.nullable(z.string()),
  detail: z.nullable(z.string()),
  tier_before: z.string(),
  tier_after: z.string(),
});

type Options = {
  readonly name?: string;
  readonly preset?: string;
  readonly key?: string;
  readonly tier?: Tier;
  readonly note?: string;
};

/** An autonomous behavior: a preset bound to a key of its own, and how far it is trusted. */
export function addBehaviors(program: Command): void {
  const behaviors = addCommand(
    program,
    'behaviors',
    'autonomous behaviors: a preset bound to a key, with a tier (C runs alone, B asks, A only proposes)',
  );

  addCommand(behaviors, 'list', 'all behaviors, with their tiers').action(async (_: unknown, command: Command) => {
    const globals = globalsOf(command);
    const { data } = await (await connect(globals)).call(z.object({ data: z.array(behavior) }), 'GET', PATH);
    if (globals.json) return printJson(data);
    if (data.length === 0) return note('No behaviors yet; `callgate behaviors create` makes one.');
    print(table(['NAME', 'TIER', 'PRESET', 'KEY', '>CLEAN', '>WAITING', 'NEXT'], data.map(rowOf)));
  });

  addCommand(behaviors, 'show <behavior>', 'one behavior, and what it lacks for the next tier').action(
    async (name: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const { data } = await (await connect(globals)).call(one, 'GET', pathOf(name));
      show(globals, data);
    },
  );

  addCommand(behaviors, 'create', 'bind a preset to a key')
    .requiredOption('--name <name>', 'what it is called')
    .requiredOption('--preset <slug>', 'its preset: slug follows the designated version, slug@3 is pinned to it')
    .requiredOption('--key <key>', 'its key, which no other behavior has (by name, or 6 or more digits of its hash)')
    .option('--tier <tier>', 'A, B or C (default: B)', parseTier)
    .action(async ({ name, preset, key, tier }: Options, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const { hash } = await findKey(api, key ?? '');
      const body = { name, preset, key: hash, ...(tier ? { tier } : {}) };
      show(globals, (await api.call(one, 'POST', PATH, body)).data);
    });

  addCommand(behaviors, 'update <behavior>', 'change its name, preset or key')
    .option('--name <name>', 'a new name')
    .option('--preset <slug>', 'another preset, or slug@3 to pin a version')
    .option('--key <key>', 'another key')
    .action(async (wanted: string, { name, preset, key }: Options, command: Command) => {
      if (name === undefined && preset === undefined && key === undefined)
        throw new CommandFailure('Nothing to change', 'See --help for what can be.', EXIT.usage);
      const globals = globalsOf(command);
      const api = await connect(globals);
      const body = {
        ...(name === undefined ? {} : { name }),
        ...(preset === undefined ? {} : { preset }),
        ...(key === undefined ? {} : { key: (await findKey(api, key)).hash }),
      };
      show(globals, (await api.call(one, 'PATCH', pathOf(wanted), body)).data);
    });

  for (const [name, description] of [
    ['promote', 'trust it with the next tier: B to C once it is earned, A to B at any time'],
    ['demote', 'trust it with less'],
  ] as const) {
    addCommand(behaviors, `${name} <behavior>`, description)
      .option('--tier <tier>', 'this tier instead of the next one', parseTier)
      .option('--note <text>', 'why, for its ledger')
      .action(async (wanted: string, { tier, note: why }: Options, command: Command) => {
        const globals = globalsOf(command);
        const body = { ...(tier ? { tier } : {}), ...(why === undefined ? {} : { note: why }) };
        show(globals, (await (await connect(globals)).call(one, 'POST', `${pathOf(wanted)}/${name}`, body)).data);
      });
  }

  addCommand(behaviors, 'delete <behavior>', 'end it; its key, preset and ledger stay').action(
    async (wanted: string, _: unknown, command: Command) => {
      const globals = globalsOf(command);
      const answer = await (await connect(globals)).call(z.looseObject({}), 'DELETE', pathOf(wanted));
      if (globals.json) return printJson(answer);
      note(`Deleted ${wanted}.`);
    },
  );

  addCommand(behaviors, 'ledger <behavior>', 'what it failed at, and what people did about it, newest first')
    .option('--limit <count>', 'so many lines (default: 100)', parseCount)
    .action(async (wanted: string, { limit }: { readonly limit?: number }, command: Command) => {
      const globals = globalsOf(command);
      await showLedger(globals, await connect(globals), wanted, limit ?? 100);
    });

  addProposals(behaviors);
  addRules(behaviors);
}

const pathOf = (wanted: string) => `${PATH}/${encodeURIComponent(wanted)}`;

async function showLedger(globals: Globals, api: Api, wanted: string, limit: number): Promise<void> {
  const { data } = await api.call(z.object({ data: z.array(entry) }), 'GET', `${pathOf(wanted)}/ledger?limit=${limit}`);
  if (globals.json) return printJson(data);
  const rows = data.map((line) => [
    when(line.at),
    line.kind,
    line.tier_before === line.tier_after ? line.tier_after : `${line.tier_before} → ${line.tier_after}`,
    line.code ?? '–',
    line.generation_id ?? '–',
    line.detail ?? '',
  ]);
  print(table(['AT', 'WHAT', 'TIER', 'CODE', 'CALL', 'DETAIL'], rows));
}

function show({ json }: Globals, data: Behavior): void {
  if (json) {
    printJson(data);
    return;
  }
  const { name, tier, preset, key, clean_calls: calls, clean_since: since, proposals } = data;
  print(
    facts([
      ['name', name],
      ['tier', tier],
      ['preset', preset],
      ['key', key ? `${key.name}${key.suspended ? ' (suspended)' : ''}` : 'gone'],
      ['clean', `${calls} calls since ${when(since)}`],
      ['next', nextOf(data)],
      ['proposals', String(proposals)],
    ]),
  );
}

function nextOf({ promotion: { kind, to, calls_left: left, earliest } }: Behavior): string {
  if (kind === 'none') return '–';
  if (kind === 'unearned') return `${to} after ${left} more clean calls, not before ${when(earliest)}`;
  return kind === 'earned' ? `${to} is earned: \`callgate behaviors promote\`` : `${to}, when a person says so`;
}

const rowOf = (data: Behavior): readonly string[] => [
  data.name,
  data.tier,
  data.preset,
  data.key ? `${data.key.name}${data.key.suspended ? ' (suspended)' : ''}` : 'gone',
  String(data.clean_calls),
  String(data.proposals),
  nextOf(data),
];
