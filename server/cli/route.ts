import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import * as z from 'zod';
import { CALLGATE_API } from '../protocol.ts';
import { type Api, connect } from './api.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { addCommand, globalsOf } from './globals.ts';
import { note, print, printJson, table, usdOr } from './output.ts';

const endpoint = z.looseObject({
  position: z.number(),
  provider_slug: z.string(),
  model: z.string(),
  probability: z.number(),
  state: z.string(),
  pricing: z.looseObject({ prompt: z.string(), completion: z.string() }).nullable(),
  keys: z.array(z.looseObject({ name: z.string().nullable() })).optional(),
});
const leftOut = z.looseObject({ model: z.string(), provider: z.string(), why: z.string() });
const dryRun = z.object({
  data: z.looseObject({
    decision: z.enum(['send', 'wait', 'refuse']),
    bound: z.number().optional(),
    max_tokens: z.number().nullish(),
    selection: z.string().optional(),
    key: z.looseObject({ name: z.string() }).optional(),
    preset: z.looseObject({ slug: z.string(), version: z.number().nullable() }).nullish(),
    endpoints: z.array(endpoint).optional(),
    left_out: z.array(leftOut).optional(),
    error: z
      .looseObject({
        message: z.string(),
        metadata: z.looseObject({ remedy: z.string().optional(), excluded: z.array(leftOut).optional() }),
      })
      .optional(),
  }),
});
const keys = z.object({ data: z.array(z.looseObject({ name: z.string(), hash: z.string() })) });

type Options = {
  readonly key?: string;
  readonly provider?: string;
  readonly maxTokens?: string;
  readonly body?: string;
};

export function addRoute(program: Command): void {
  addCommand(program, 'route [model] [prompt...]', 'where a call would go and what it may cost, without sending it')
    .option('-k, --key <key>', 'whose call: the name or hash of a key (default: the editor’s own)')
    .option('--provider <json>', 'provider preferences, such as {"sort":"price"}')
    .option('--max-tokens <count>', 'the most the answer may be')
    .option('--body <file>', 'a whole chat request as JSON; - reads standard input')
    .addHelpText(
      'after',
      '\n<model> is vendor/model, @preset/slug, or both together. Exits with 1 when the call would be refused.',
    )
    .action(async (model: string | undefined, words: readonly string[], options: Options, command: Command) => {
      const globals = globalsOf(command);
      const body = requestOf(model, words, options);
      const api = await connect(globals);
      const key_hash = options.key === undefined ? undefined : await hashOf(api, options.key);
      const { data } = await api.call(dryRun, 'POST', `${CALLGATE_API}/route`, { ...body, key_hash });
      if (globals.json) printJson(data);
      else show(data);
      if (data.decision === 'refuse') {
        throw new CommandFailure(data.error?.message ?? 'It would be refused', data.error?.metadata.remedy ?? null);
      }
    });
}

function requestOf(model: string | undefined, words: readonly string[], options: Options): Record<string, unknown> {
  const { body, provider, maxTokens } = options;
  if (model === undefined && body === undefined)
    throw new CommandFailure(
      'No model was given',
      'Name a model or a preset, or pass a request with --body.',
      EXIT.usage,
    );
  const prompt = words.length > 0 ? words.join(' ') : 'Hello';
  return {
    messages: [{ role: 'user', content: prompt }],
    ...(body === undefined ? {} : parsed(readFileSync(body === '-' ? 0 : body, 'utf8'), '--body')),
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider: parsed(provider, '--provider') }),
    ...(maxTokens === undefined ? {} : { max_tokens: Number(maxTokens) }),
  };
}

function parsed(text: string, option: string): Record<string, unknown> {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below: whatever it is, it is no object.
  }
  throw new CommandFailure(`${option} is not a JSON object`, null, EXIT.usage);
}

async function hashOf(api: Api, nameOrHash: string): Promise<string> {
  if (/^[a-f0-9]{64}$/.test(nameOrHash)) return nameOrHash;
  const { data } = await api.call(keys, 'GET', '/api/v1/keys?workspace_id=all&include_disabled=true');
  const found = data.filter(({ name, hash }) => name === nameOrHash || hash.startsWith(nameOrHash));
  const [key] = found;
  if (key && found.length === 1) return key.hash;
  throw new CommandFailure(
    found.length > 1 ? `Several keys are called "${nameOrHash}"` : `No key is called "${nameOrHash}"`,
    '`callgate keys list` shows them; a hash is unambiguous.',
  );
}

function show(run: z.infer<typeof dryRun>['data']): void {
  const rows = (run.endpoints ?? []).map(
    ({ position, provider_slug, model, probability, state, pricing, keys: names }) => [
      String(position),
      provider_slug,
      model,
      `${Math.round(probability * 1_000) / 10} %`,
      state,
      pricing ? `${perMillion(pricing.prompt)} / ${perMillion(pricing.completion)}` : 'unknown',
      (names ?? []).map(({ name }) => name ?? '').join(', '),
    ],
  );
  if (rows.length > 0) print(table(['>#', 'PROVIDER', 'MODEL', '>FIRST', 'STATE', '>$/M IN / OUT', 'KEYS'], rows));
  const left = run.left_out ?? run.error?.metadata.excluded ?? [];
  for (const { model, provider, why } of left) note(`left out: ${provider || 'nobody'} for ${model}: ${why}`);
  if (run.decision === 'wait') note('It would wait: calls in flight hold what its key has left.');
  if (run.decision !== 'send') return;
  const preset = run.preset
    ? `, preset ${run.preset.slug}${run.preset.version === null ? '' : `@${run.preset.version}`}`
    : '';
  const clamp = typeof run.max_tokens === 'number' ? `, at most ${run.max_tokens} tokens out` : '';
  note(
    `Chosen by ${run.selection}; at most ${usdOr(run.bound, 'an unknown cost')} of key "${run.key?.name}"${preset}${clamp}.`,
  );
}

const perMillion = (usd: string) => String(Number((Number(usd) * 1e6).toPrecision(12)));
