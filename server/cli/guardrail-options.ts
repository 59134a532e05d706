import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import { readStdin } from './stdin.ts';
import { type Limit, parseLimit, parseReset, type ResetOption } from './values.ts';

type Filter = { readonly slug: string; readonly action: string; readonly directions?: readonly string[] };
type Pattern = { readonly pattern: string; readonly action: string };
type Made = { readonly rule: string; readonly provider?: string };

export type GuardrailOptions = {
  readonly file?: string;
  readonly name?: string;
  readonly description?: string;
  readonly limit?: Limit;
  readonly reset?: ResetOption;
  readonly includeByok?: boolean;
  readonly allowProvider?: readonly string[];
  readonly ignoreProvider?: readonly string[];
  readonly allowModel?: readonly string[];
  readonly ignoreModel?: readonly string[];
  readonly zdr?: readonly string[];
  readonly training?: boolean;
  readonly filter?: readonly Filter[];
  readonly pattern?: readonly Pattern[];
  readonly image?: Made;
  readonly audio?: Made;
  readonly video?: Made;
  readonly reversible?: boolean;
  readonly markToolResults?: boolean;
};

const ACTIONS = ['block', 'redact', 'flag'];
const GROUPS = ['anthropic', 'openai', 'google', 'xai', 'other', 'all'];
const more = <T>(value: T, all: readonly T[] | undefined): readonly T[] => [...(all ?? []), value];
const text = (value: string, all: readonly string[] | undefined) => more(value, all);

/** What can be said of access alone: a guardrail's, and the organization's ceiling. */
export function addAccessOptions(command: Command): Command {
  return command
    .option('--file <file>', 'the fields of the API, as YAML or JSON; - reads standard input; options win over it')
    .option('--allow-provider <slug>', 'only these providers (repeatable); "none" lifts it', text)
    .option('--ignore-provider <slug>', 'never these providers (repeatable); "none" lifts it', text)
    .option('--allow-model <id>', 'only these models (repeatable); "none" lifts it', text)
    .option('--ignore-model <id>', 'never these models (repeatable); "none" lifts it', text)
    .option('--zdr <group>', `zero data retention for ${GROUPS.join(', ')} (repeatable); "none" lifts it`, parseGroup)
    .option('--training', 'no word about training')
    .option('--no-training', 'no endpoint that trains on prompts or publishes them')
    .option('--image <rule>', 'image generation: allow, deny, or pin:<provider>', parseMade)
    .option('--audio <rule>', 'audio generation, the same', parseMade)
    .option('--video <rule>', 'video generation, the same', parseMade);
}

export function addGuardrailOptions(command: Command): Command {
  return addAccessOptions(command)
    .option('--name <name>', 'what it is called')
    .option('--description <text>', 'what it is for')
    .option('--limit <usd>', 'the most that each key or member under it may spend, in US dollars, or none', parseLimit)
    .option('--reset <cadence>', 'when that begins anew: daily, weekly, monthly', parseReset)
    .option('--include-byok', 'count what is spent on provider keys of one’s own, too')
    .option('--no-include-byok', 'do not')
    .option('--filter <slug=action>', 'email=redact, secrets=block:input,output, … (repeatable)', parseFilter)
    .option('--pattern <action=regex>', 'a pattern of one’s own: block=AKIA[0-9A-Z]{16} (repeatable)', parsePattern)
    .option('--reversible', 'put back in answers what was redacted in prompts')
    .option('--no-reversible', 'do not')
    .option('--mark-tool-results', 'mark what tools return as data')
    .option('--no-mark-tool-results', 'do not');
}

/** The body of the API's request: the file's fields, and over them what the options say. */
export async function bodyOf(options: GuardrailOptions): Promise<Record<string, unknown>> {
  const { limit, reset } = options;
  const modalities = given({ image: options.image, audio: options.audio, video: options.video });
  return {
    ...(options.file === undefined ? {} : await readFields(options.file)),
    ...given({
      name: options.name,
      description: options.description,
      limit_usd: limit?.usd,
      // Without a limit there is nothing to begin anew.
      reset_interval: reset ? reset.reset : limit?.usd === null ? null : undefined,
      include_byok_in_budgets: options.includeByok,
      allowed_providers: listOf(options.allowProvider),
      ignored_providers: listOf(options.ignoreProvider),
      allowed_models: listOf(options.allowModel),
      ignored_models: listOf(options.ignoreModel),
      content_filter_builtins: options.filter,
      content_filters: options.pattern,
      modalities: Object.keys(modalities).length > 0 ? modalities : undefined,
      reversible: options.reversible,
      mark_tool_results: options.markToolResults,
    }),
    ...trainingOf(options.training),
    ...zdrOf(options.zdr),
  };
}

const given = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const listOf = (names: readonly string[] | undefined) => (names?.includes('none') ? null : names);

function trainingOf(allowed: boolean | undefined): Record<string, unknown> {
  if (allowed === undefined) return {};
  const value = allowed ? null : false;
  return {
    enable_paid_model_training: value,
    enable_free_model_training: value,
    enable_free_model_publication: value,
  };
}

function zdrOf(groups: readonly string[] | undefined): Record<string, unknown> {
  if (!groups) return {};
  if (groups.includes('none')) return { enforce_zdr: null };
  if (groups.includes('all')) return { enforce_zdr: true };
  return Object.fromEntries(groups.map((group) => [`enforce_zdr_${group}`, true]));
}

async function readFields(file: string): Promise<Record<string, unknown>> {
  let fields: unknown;
  try {
    // JSON is YAML too. No custom tags, and no document is so deep in aliases.
    fields = parse(file === '-' ? await readStdin() : readFileSync(file, 'utf8'), { maxAliasCount: 0 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`${file}: ${why}`, 'Give a file of YAML or JSON, or - for standard input.', EXIT.usage);
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new CommandFailure(`${file}: holds no fields`, 'Write one field a line, such as limit_usd: 5.', EXIT.usage);
  return fields as Record<string, unknown>;
}

function parseGroup(value: string, all: readonly string[] | undefined): readonly string[] {
  if (value !== 'none' && !GROUPS.includes(value))
    throw new InvalidArgumentError(`Write ${GROUPS.join(', ')} or none.`);
  return more(value, all);
}

function parseFilter(value: string, all: readonly Filter[] | undefined): readonly Filter[] {
  const found = /^([a-z0-9-]+)=(block|redact|flag)(?::((?:input|output)(?:,(?:input|output))?))?$/.exec(value);
  const [, slug, action, directions] = found ?? [];
  if (!slug || !action) throw new InvalidArgumentError('Write slug=action: email=redact, secrets=block:input,output.');
  return more({ slug, action, ...(directions ? { directions: directions.split(',') } : {}) }, all);
}

function parsePattern(value: string, all: readonly Pattern[] | undefined): readonly Pattern[] {
  const at = value.indexOf('=');
  const action = value.slice(0, at);
  if (!ACTIONS.includes(action)) throw new InvalidArgumentError('Write action=regex: block=AKIA[0-9A-Z]{16}.');
  return more({ action, pattern: value.slice(at + 1) }, all);
}

function parseMade(value: string): Made {
  if (value === 'allow' || value === 'deny') return { rule: value };
  const provider = /^pin:(\S+)$/.exec(value)?.[1];
  if (!provider) throw new InvalidArgumentError('Write allow, deny, or pin:<provider>.');
  return { rule: 'pin', provider };
}
