import { PLAIN_FORM, type ReasoningForm } from './reasoning-forms.ts';

/** What an OpenAI-compatible provider takes of a request, where it differs from OpenAI's word. */
export type WireRules = {
  /** OpenRouter's `supported_parameters` of its models. What stands in the universe below and not here is not sent. */
  readonly takes: readonly string[];
  /** Fields of the universe that are not sent. */
  readonly drops: ReadonlySet<string>;
  /** It refuses fields it does not know: nothing else is sent. */
  readonly strict: boolean;
  /** What one of its models refuses besides. */
  readonly dropsFor: (native: string) => readonly string[];
  /** The field for the most tokens; null: either is understood, and the request's own is kept. */
  readonly maximum: 'max_tokens' | 'max_completion_tokens' | null;
  /** Its own names for fields. */
  readonly renames: Readonly<Record<string, string>>;
  readonly reasoning: ReasoningForm;
  /** Where in an earlier answer it wants that answer's reasoning back; null: nowhere. */
  readonly replay: 'reasoning' | 'reasoning_content' | null;
  /** Whether a stream's usage must be asked for, by a field that others refuse. */
  readonly asksUsage: boolean;
  /** Whether it knows the role `developer`; if not, that is a system message. */
  readonly developers: boolean;
  /** Whether it insists on nine letters and digits as the id of a tool's call, as others do not make them. */
  readonly shortCallIds: boolean;
  /** Whether answers can be held to a JSON schema. */
  readonly schemas: boolean;
  /** The name on the wire of a model it knows by this one. */
  readonly modelName: (native: string) => string;
};

/** Parameters that not every provider takes. What is in none of these is not known here, and is passed on. */
const UNIVERSE = [
  ...['temperature', 'top_p', 'top_k', 'min_p', 'top_a', 'frequency_penalty', 'presence_penalty', 'repetition_penalty'],
  ...['seed', 'stop', 'logit_bias', 'logprobs', 'top_logprobs', 'n', 'response_format', 'structured_outputs'],
  ...['tools', 'tool_choice', 'parallel_tool_calls', 'prediction', 'verbosity', 'service_tier', 'user', 'metadata'],
  ...['store', 'modalities', 'audio', 'prompt_cache_key', 'prompt_cache_options', 'web_search_options'],
  // Google's own.
  ...['safety_settings', 'cached_content', 'media_resolution'],
];

/** OpenRouter's own spellings, translated or of no use elsewhere. */
const NEVER = ['include_reasoning', 'structured_outputs', 'reasoning_effort'];

/** Sent to everyone, whatever else is not. */
const ALWAYS: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'max_tokens', 'max_completion_tokens']);

/** What changes the answer so that it would be to another question without: endpoints that do not take it are left out. */
const VITAL = ['tools', 'response_format', 'logprobs', 'modalities', 'cached_content'];

type Given = Partial<Omit<WireRules, 'drops' | 'takes'>> & { readonly takes: readonly string[] };

/** Rules from what differs. */
export function wireRules(given: Given): WireRules {
  const { takes, ...differing } = given;
  const taken = new Set(takes);
  return {
    strict: false,
    dropsFor: () => [],
    maximum: null,
    renames: {},
    reasoning: PLAIN_FORM,
    replay: null,
    asksUsage: true,
    developers: false,
    shortCallIds: false,
    schemas: true,
    modelName: (native) => native,
    ...differing,
    takes: [...takes.filter((name) => !NOT_PUBLIC.has(name)), 'max_tokens', 'reasoning', 'include_reasoning'],
    drops: new Set([...UNIVERSE.filter((name) => !taken.has(name)), ...NEVER]),
  };
}

/** Not among OpenRouter's supported_parameters. */
const NOT_PUBLIC: ReadonlySet<string> = new Set([
  'n',
  'user',
  'metadata',
  'store',
  'audio',
  'service_tier',
  'modalities',
]);

/** Whether the provider is not sent a field of the request. */
export function isDropped(rules: WireRules, field: string, native: string): boolean {
  if (rules.drops.has(field) || rules.dropsFor(native).includes(field)) return true;
  return rules.strict && !rules.takes.includes(field) && !ALWAYS.has(field) && !NOT_PUBLIC.has(field);
}

/** The first field that this provider cannot be asked for and the answer hangs on; null when there is none. */
export function vitalLack(rules: WireRules, request: Readonly<Record<string, unknown>>, native: string): string | null {
  const n = request['n'];
  if (typeof n === 'number' && n > 1 && rules.drops.has('n')) return 'n';
  const format = request['response_format'];
  const isSchema = typeof format === 'object' && format !== null && 'type' in format && format.type === 'json_schema';
  if (isSchema && !rules.schemas) return 'response_format';
  for (const field of VITAL) if (isSaid(request[field]) && isDropped(rules, field, native)) return field;
  return null;
}

function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (Array.isArray(value)) return value.some((one) => one !== 'text');
  return !(typeof value === 'object' && 'type' in value && value.type === 'text');
}
