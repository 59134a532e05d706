import type { Command } from 'commander';
import * as z from 'zod';
import { API, CALLGATE_API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { addAccessOptions, addGuardrailOptions, bodyOf, type GuardrailOptions } from './guardrail-options.ts';
import { findKey } from './keys.ts';
import { facts, note, print, printJson, table, usdOr } from './output.ts';

const PATH = `${API}/guardrails`;
const CEILING = `${CALLGATE_API}/organization/policy`;
const PAGE = 100;

const guardrail = z.looseObject({
  id: z.string(),
  name: z.string(),
  limit_usd: z.number().nullable(),
  reset_interval: z.string().nullable(),
  is_default: z.boolean(),
});
type Guardrail = z.infer<typeof guardrail>;
const one = z.object({ data: guardrail });
const page = z.object({ data: z.array(guardrail) });
const ceiling = z.object({ data: z.looseObject({}) });
const assignments = z.object({
  data: z.array(z.looseObject({ key_name: z.string().optional(), user_id: z.string().optional() })),
});
const workspace = z.object({ data: z.looseObject({ id: z.string(), default_guardrail_id: z.string() }) });

type Placed = { readonly workspace?: string };
type Subjects = Placed & { readonly key: readonly string[]; readonly member: readonly string[] };

const more = (value: string, all: readonly string[]) => [...all, value];

/** What keys, members and whole workspaces may call, spend, send and make. */
export function addGuardrails(program: Command): void {
  const guardrails = addCommand(program, 'guardrails', 'what keys, members and workspaces may call, spend and send');
  const place = (command: Command) => command.option('--workspace <slug>', 'in this workspace (default)');

  place(addCommand(guardrails, 'list', 'the guardrails of a workspace')).action(
    async (options: Placed, command: Command) => {
      const globals = globalsOf(command);
      const all = await listGuardrails(await connect(globals), options.workspace);
      if (globals.json) return printJson(all);
      if (all.length === 0) return note('No guardrails yet; `callgate guardrails create --name …` makes one.');
      print(table(['NAME', '>LIMIT', 'RESET', 'RULES', 'ID'], all.map(rowOf)));
    },
  );

  place(addCommand(guardrails, 'show <guardrail>', 'all of one; `default` is the workspace’s own')).action(
    async (wanted: string, options: Placed, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const { data } = await api.call(one, 'GET', `${PATH}/${await idOf(api, wanted, options.workspace)}`);
      if (globals.json) return printJson(data);
      const subjects = await Promise.all(
        ['keys', 'members'].map(async (kind) => {
          const found = await api.call(assignments, 'GET', `${PATH}/${data.id}/assignments/${kind}?limit=${PAGE}`);
          return found.data.map((each) => each.key_name ?? each.user_id ?? '').join(', ');
        }),
      );
      show(data, [
        ['keys', subjects[0] || (data.is_default ? 'all of the workspace' : 'none')],
        ['members', subjects[1] || 'none'],
      ]);
    },
  );

  place(addGuardrailOptions(addCommand(guardrails, 'create', 'make one; it does nothing until it is assigned'))).action(
    async (options: GuardrailOptions & Placed, command: Command) => {
      const globals = globalsOf(command);
      const body = await bodyOf(options);
      const api = await connect(globals);
      const at =
        options.workspace === undefined ? {} : { workspace_id: (await workspaceOf(api, options.workspace)).id };
      const { data } = await api.call(one, 'POST', PATH, { ...body, ...at });
      if (globals.json) return printJson(data);
      show(data);
      note(`It applies to nobody yet: callgate guardrails assign ${data.id.slice(0, 8)} --key <key>`);
    },
  );

  place(
    addGuardrailOptions(addCommand(guardrails, 'update <guardrail>', 'change what is named; lists are replaced whole')),
  ).action(async (wanted: string, options: GuardrailOptions & Placed, command: Command) => {
    const globals = globalsOf(command);
    const body = changing(await bodyOf(options));
    const api = await connect(globals);
    const { data } = await api.call(one, 'PATCH', `${PATH}/${await idOf(api, wanted, options.workspace)}`, body);
    if (globals.json) return printJson(data);
    show(data);
  });

  place(addCommand(guardrails, 'delete <guardrail>', 'end it; who was under it is so no more')).action(
    async (wanted: string, options: Placed, command: Command) => {
      const globals = globalsOf(command);
      const api = await connect(globals);
      const id = await idOf(api, wanted, options.workspace);
      const answer = await api.call(z.looseObject({}), 'DELETE', `${PATH}/${id}`);
      if (globals.json) return printJson(answer);
      note(`Deleted guardrail ${wanted}.`);
    },
  );

  for (const [verb, path, told] of [
    ['assign', '', 'put keys or members under it; it takes the place of the one they had'],
    ['unassign', '/remove', 'take keys or members out of it'],
  ] as const) {
    place(addCommand(guardrails, `${verb} <guardrail>`, told))
      .option('--key <key>', 'a key, by its name or hash (repeatable)', more, [])
      .option('--member <user>', 'a member, by user id (repeatable): every key that they create', more, [])
      .action(async (wanted: string, options: Subjects, command: Command) => {
        if (options.key.length + options.member.length === 0)
          throw new CommandFailure('Nobody is named', 'Name keys (--key) or members (--member).', EXIT.usage);
        const globals = globalsOf(command);
        const api = await connect(globals);
        const id = await idOf(api, wanted, options.workspace);
        const hashes = await Promise.all(options.key.map(async (name) => (await findKey(api, name)).hash));
        const counts: Record<string, unknown> = {};
        const send = async (kind: 'keys' | 'members', body: Record<string, readonly string[]>) => {
          const answer = await api.call(z.looseObject({}), 'POST', `${PATH}/${id}/assignments/${kind}${path}`, body);
          counts[kind] = answer['assigned_count'] ?? answer['unassigned_count'];
        };
        if (hashes.length > 0) await send('keys', { key_hashes: hashes });
        if (options.member.length > 0) await send('members', { member_user_ids: options.member });
        if (globals.json) return printJson(counts);
        const said = Object.entries(counts).map(([kind, count]) => `${kind}: ${String(count)}`);
        note(`${verb === 'assign' ? 'Under' : 'Out of'} ${wanted}: ${said.join(', ')}.`);
      });
  }

  addAccessOptions(addCommand(guardrails, 'ceiling', 'the limits over all workspaces of the organization; show or set'))
    .option(
      '--allow-phrase <text>',
      'a phrase that injection detection does not see (repeatable); replaces all',
      more,
      [],
    )
    .action(async (options: GuardrailOptions & { readonly allowPhrase: readonly string[] }, command: Command) => {
      const globals = globalsOf(command);
      const phrases = options.allowPhrase.length > 0 ? { injection_allow_list: options.allowPhrase } : {};
      const body = { ...(await bodyOf(options)), ...phrases };
      const api = await connect(globals);
      const { data } =
        Object.keys(body).length === 0
          ? await api.call(ceiling, 'GET', CEILING)
          : await api.call(ceiling, 'PATCH', CEILING, body);
      if (globals.json) return printJson(data);
      show(data);
    });
}

function changing(body: Record<string, unknown>): Record<string, unknown> {
  if (Object.keys(body).length > 0) return body;
  throw new CommandFailure('Nothing to change', 'See --help for what can be.', EXIT.usage);
}

async function listGuardrails(api: Api, slug: string | undefined): Promise<readonly Guardrail[]> {
  const where = slug === undefined ? '' : `&workspace_id=${(await workspaceOf(api, slug)).id}`;
  const all: Guardrail[] = [];
  for (;;) {
    const { data } = await api.call(page, 'GET', `${PATH}?limit=${PAGE}&offset=${all.length}${where}`);
    all.push(...data);
    if (data.length < PAGE) return all;
  }
}

async function workspaceOf(api: Api, reference: string): Promise<z.infer<typeof workspace>['data']> {
  return (await api.call(workspace, 'GET', `${API}/workspaces/${encodeURIComponent(reference)}`)).data;
}

/** A guardrail by its id, by `default`, by its name, or by 6 or more digits of its id, in one workspace. */
async function idOf(api: Api, wanted: string, slug: string | undefined): Promise<string> {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(wanted)) return wanted;
  if (wanted === 'default') return (await workspaceOf(api, slug ?? 'default')).default_guardrail_id;
  const all = await listGuardrails(api, slug);
  const named = all.filter(({ name }) => name === wanted);
  const found = named.length > 0 ? named : all.filter(({ id }) => wanted.length >= 6 && id.startsWith(wanted));
  const [only] = found;
  if (only && found.length === 1) return only.id;
  if (!only) throw new CommandFailure(`No guardrail is called ${wanted}`, 'List them: `callgate guardrails list`.');
  const several = found.map(({ id }) => id.slice(0, 8)).join(', ');
  throw new CommandFailure(`${wanted} means several guardrails: ${several}`, 'Name one by its id.', EXIT.usage);
}

/** What is set, a line each; what says nothing is not shown. A permission that is false forbids. */
function show(data: Readonly<Record<string, unknown>>, rest: readonly (readonly [string, string])[] = []): void {
  const said = Object.entries(data).filter(
    ([name, value]) => value !== null && (value !== false || name.startsWith('enable_')),
  );
  print(facts([...said.map(([name, value]) => [name, readable(value)] as const), ...rest]));
}

function readable(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(readable).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  const { slug, action, pattern, rule, provider, directions } = value as Record<string, unknown>;
  const isBoth = Array.isArray(directions) && directions.join() !== 'input';
  if (action)
    return `${String(action)} ${String(slug ?? `/${String(pattern)}/`)}${isBoth ? ` (${directions.join(', ')})` : ''}`;
  if (rule) return provider ? `${String(rule)} ${String(provider)}` : String(rule);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${readable(each)}`)
    .join(', ');
}

/** Fields that are no rules. */
const PLAIN: ReadonlySet<string> = new Set([
  'id',
  'name',
  'description',
  'workspace_id',
  'limit_usd',
  'reset_interval',
  'include_byok_in_budgets',
  'enforce_zdr',
  'created_at',
  'updated_at',
  'is_default',
]);

function rowOf(row: Guardrail): readonly string[] {
  const rules = Object.entries(row).filter(([name, value]) => !PLAIN.has(name) && value !== null);
  return [
    row.is_default ? `${row.name} (all keys)` : row.name,
    usdOr(row.limit_usd, 'none'),
    row.reset_interval ?? '–',
    rules.map(([name]) => name).join(', ') || '–',
    row.id,
  ];
}
