/**
 * Everything the daemon and its own clients (editor, command line) say to each other beyond OpenRouter's API and plain LSP.
 * HTTP paths are under the daemon's URL and want the management key; notifications travel on the LSP socket.
 */
import * as z from 'zod/mini';

/** Raised when a client and a daemon of different versions could misunderstand each other. */
export const PROTOCOL_VERSION = 1;
/** The oldest that this side still understands: two sides get along when their ranges overlap. */
export const OLDEST_PROTOCOL = 1;

export const DEFAULT_PORT = 4141;
export const LSP_PATH = '/lsp';
export const LSP_SUBPROTOCOL = 'callgate-lsp';
export const HEALTH_PATH = '/healthz';
export const API = '/api/v1';
/** Operations OpenRouter's API has no place for. */
export const CALLGATE_API = `${API}/callgate`;

const usd = z.number();
const usdOrNull = z.nullable(usd);
const json = z.record(z.string(), z.unknown());
/** A behavior's: C runs alone, B needs a permit for each task, A only proposes. */
const tier = z.enum(['A', 'B', 'C']);

/** `daemon.json` in the state folder, and the one line `serve --json` prints (without `protocol` and `started_at`). */
export const daemonInfo = z.object({
  url: z.string(),
  pid: z.number(),
  state: z.string(),
  version: z.string(),
  protocol: z.number(),
  /** The oldest protocol that it speaks besides; absent: none. */
  protocol_min: z.optional(z.number()),
  started_at: z.string(),
});
export type DaemonInfo = z.infer<typeof daemonInfo>;

/** `GET /healthz?nonce=N`: HMAC-SHA256 of the nonce under the management key, hex; shows the daemon is ours. */
export const health = z.object({ status: z.literal('ok'), proof: z.optional(z.string()) });

/**
 * `POST {CALLGATE_API}/handoff`: a newer Callgate asks the daemon to give its place to one of that version. `bundle` is the absolute
 * path of its `daemon.js`, in the state folder's `bin/`. The daemon serves on until no call is under way, then hands its listening
 * sockets over. `accepted` false says why not; that is no error.
 */
export const handoffRequest = z.object({ version: z.string(), bundle: z.string() });
export type HandoffRequest = z.infer<typeof handoffRequest>;
export const handoffAnswer = z.object({ accepted: z.boolean(), reason: z.nullable(z.string()) });
export type HandoffAnswer = z.infer<typeof handoffAnswer>;
/** RFC 6455 §7.4.1's registry: the service restarts; the editor's socket is closed with it when another daemon takes over. */
export const SERVICE_RESTART = 1012;

/**
 * How config.yaml stands: `POST {CALLGATE_API}/reload` reads it again and answers this; the daemon tells it to the editors whenever
 * it changes. `problems` are `file:line:column: message`, and while there are any the settings read before hold. `restart` names
 * what was changed and takes effect only at the next start.
 */
export const configStanding = z.object({
  path: z.string(),
  problems: z.array(z.string()),
  restart: z.array(z.string()),
});
export type ConfigStanding = z.infer<typeof configStanding>;
/** Daemon → editor, with a `ConfigStanding`. */
export const CONFIG_READ = 'callgate/configRead';

/** `GET {CALLGATE_API}/status`; what an older daemon does not tell is absent. */
export const daemonStatus = z.object({
  ...daemonInfo.shape,
  /** The problems of config.yaml, one to a line; null when it is in force. */
  config_error: z.optional(z.nullable(z.string())),
  config_path: z.optional(z.string()),
  /** Started by a program that needed it, not by a person or a service manager. */
  on_demand: z.optional(z.boolean()),
  /** Settings that wait for a restart. */
  config_restart: z.optional(z.array(z.string())),
  /** The version of the daemon that takes over as soon as no call is under way; null: none is about to. */
  handing_over_to: z.optional(z.nullable(z.string())),
  uptime_seconds: z.number(),
  in_flight: z.number(),
  editors: z.number(),
  keys: z.number(),
  presets: z.number(),
});
export type DaemonStatus = z.infer<typeof daemonStatus>;

export const keyState = z.enum(['fine', 'near_limit', 'stopped', 'expired', 'disabled']);
export type KeyState = z.infer<typeof keyState>;

/**
 * A budget that limits: `scope` is OpenRouter's `KeyBudgetScope`, or `credits`; `name` says whose it is, as in `workspace "default"`.
 * Nothing is left, and calls are refused, from `spent` = `limit` on. Money in US dollars.
 */
export const spendBudget = z.object({
  scope: z.string(),
  name: z.string(),
  limit: usd,
  spent: usd,
  in_flight: usd,
  reset: z.nullable(z.enum(['daily', 'weekly', 'monthly'])),
  resets_at: z.nullable(z.string()),
});
export type SpendBudget = z.infer<typeof spendBudget>;

/** One row of the spend tree; money in US dollars, times ISO 8601 UTC. `near_limit` from 80 % of the limit. */
export const spendKey = z.object({
  hash: z.string(),
  name: z.string(),
  label: z.string(),
  state: keyState,
  limit: usdOrNull,
  limit_remaining: usdOrNull,
  limit_reset: z.nullable(z.enum(['daily', 'weekly', 'monthly'])),
  resets_at: z.nullable(z.string()),
  expires_at: z.nullable(z.string()),
  usage: usd,
  usage_daily: usd,
  usage_weekly: usd,
  usage_monthly: usd,
  in_flight: usd,
  requests: z.number(),
  last_used_at: z.nullable(z.string()),
  /** Why it was suspended when it ran away; its state is `disabled` then, which editors of every version know. */
  suspended: z.optional(z.nullable(z.string())),
  /** Every budget over it, of every layer, in the order in which they are asked: the first that is spent refuses its calls. */
  budgets: z.optional(z.array(spendBudget)),
  behavior: z.optional(z.nullable(z.object({ id: z.string(), name: z.string(), tier }))),
});
export type SpendKey = z.infer<typeof spendKey>;

/** `GET {CALLGATE_API}/spend` */
export const spendTree = z.object({
  organization: z.object({
    name: z.string(),
    usage: usd,
    usage_monthly: usd,
    budgets: z.optional(z.array(spendBudget)),
  }),
  workspaces: z.array(
    z.object({
      id: z.string(),
      slug: z.string(),
      name: z.string(),
      usage: usd,
      usage_monthly: usd,
      budgets: z.optional(z.array(spendBudget)),
      keys: z.array(spendKey),
    }),
  ),
});
export type SpendTree = z.infer<typeof spendTree>;

/** `GET {CALLGATE_API}/usage?by=…&since=YYYY-MM-DD&key=<hash>`: sums by one dimension, dearest first. Money in US dollars. */
export const usageDimension = z.enum(['key', 'workspace', 'preset', 'model', 'day']);
export const usageRow = z.object({
  name: z.string(),
  requests: z.number(),
  cost: usd,
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
});
export type UsageRow = z.infer<typeof usageRow>;

/**
 * `POST {CALLGATE_API}/run`: a completion charged to the key `editor`. The answer is a chat completion, streamed when `stream`.
 * `preset` is what stands after `@preset/`: `slug`, `slug@3`, `slug@<hash>`, or `slug@draft` with the draft's `text`.
 */
export const runRequest = z.object({
  preset: z.string(),
  model: z.optional(z.string()),
  text: z.optional(z.string()),
  messages: z.array(json),
  stream: z.optional(z.boolean()),
});
export type RunRequest = z.infer<typeof runRequest>;

/** `POST {CALLGATE_API}/presets/{slug}/publish`: the file's text becomes the next version, and the designated one. */
export const publishRequest = z.object({
  text: z.string(),
  message: z.optional(z.string()),
  /** Absolute path of the folder that publishes; it owns the slug. */
  folder: z.optional(z.string()),
  take_over: z.optional(z.boolean()),
});
export type PublishRequest = z.infer<typeof publishRequest>;

/** `POST {CALLGATE_API}/presets/{slug}/rollback`: designate an older version (it is not copied). */
export const rollbackRequest = z.object({ version: z.number(), message: z.optional(z.string()) });

/** `PATCH {CALLGATE_API}/presets/{slug}` */
export const presetPatch = z.object({
  status: z.optional(z.enum(['active', 'disabled', 'archived'])),
  name: z.optional(z.string()),
  description: z.optional(z.nullable(z.string())),
});

/** A version as Callgate tells it: OpenRouter's fields and, beyond them, where it came from. `hash` is a prefix long enough to pin. */
export const presetVersion = z.object({
  id: z.string(),
  preset_id: z.string(),
  version: z.number(),
  config: json,
  system_prompt: z.nullable(z.string()),
  creator_id: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  hash: z.string(),
  message: z.nullable(z.string()),
  source: z.enum(['file', 'api']),
  designated: z.boolean(),
});
export type PresetVersion = z.infer<typeof presetVersion>;

/** Answer of publish and rollback; `created` is false when the text equals the designated version. */
export const publishResult = z.object({ slug: z.string(), created: z.boolean(), version: presetVersion });
export type PublishResult = z.infer<typeof publishResult>;

/** `GET {CALLGATE_API}/presets/{slug}/diff?from=1&to=2`: a unified diff of the two versions as preset files. */
export const presetDiff = z.object({ slug: z.string(), from: z.number(), to: z.number(), diff: z.string() });

/** `GET {CALLGATE_API}/presets` */
export const presetSummary = z.object({
  slug: z.string(),
  name: z.string(),
  description: z.nullable(z.string()),
  status: z.enum(['active', 'disabled', 'archived']),
  version: z.nullable(z.number()),
  hash: z.nullable(z.string()),
  model: z.nullable(z.string()),
  folder: z.nullable(z.string()),
  updated_at: z.string(),
});
export type PresetSummary = z.infer<typeof presetSummary>;

/** `GET {CALLGATE_API}/providers`; `PUT …/providers/{slug}/key` with `{key}`; `DELETE …/providers/{slug}/key`. */
export const providerSummary = z.object({
  slug: z.string(),
  name: z.string(),
  dialect: z.string(),
  base_url: z.string(),
  /** `none`: needs no key; `env:NAME` or `stored`: found; `missing` or `damaged`: calls to it will be refused. */
  key: z.string(),
  models: z.number(),
});
export type ProviderSummary = z.infer<typeof providerSummary>;

/** What a workspace keeps of its calls' prompts and answers: `GET {CALLGATE_API}/io-log?workspace=slug`. Null filters mean all. */
export const ioLogStanding = z.object({
  workspace_id: z.string(),
  workspace: z.string(),
  is_observability_io_logging_enabled: z.boolean(),
  io_logging_sampling_rate: z.number(),
  io_logging_retention_days: z.number(),
  io_logging_api_key_hashes: z.nullable(z.array(z.string())),
  io_logging_presets: z.nullable(z.array(z.string())),
  stored: z.number(),
  stored_bytes: z.number(),
  oldest_at: z.nullable(z.string()),
  /** Calls that wait to be written, and those since the daemon started that could not be. */
  waiting: z.number(),
  dropped: z.number(),
});
export type IoLogStanding = z.infer<typeof ioLogStanding>;

/** `PATCH {CALLGATE_API}/io-log`: what is absent stays. The names are those of OpenRouter's workspace where it has one. */
export const ioLogPatch = z.strictObject({
  workspace: z.optional(z.string()),
  is_observability_io_logging_enabled: z.optional(z.boolean()),
  io_logging_sampling_rate: z.optional(z.number().check(z.gte(0.0001), z.lte(1))),
  io_logging_retention_days: z.optional(z.int().check(z.gte(1), z.lte(3650))),
  io_logging_api_key_hashes: z.optional(z.nullable(z.array(z.string()).check(z.minLength(1), z.maxLength(1000)))),
  io_logging_presets: z.optional(z.nullable(z.array(z.string()).check(z.minLength(1), z.maxLength(1000)))),
});
export type IoLogPatch = z.infer<typeof ioLogPatch>;

/** `POST {CALLGATE_API}/io-log/purge`: one call's, those before a moment (ISO 8601), or with neither all of the workspace's. */
export const ioLogPurge = z.strictObject({
  workspace: z.optional(z.string()),
  id: z.optional(z.string()),
  before: z.optional(z.iso.datetime({ offset: true })),
});
export type IoLogPurge = z.infer<typeof ioLogPurge>;

/** One thing the doctor looked at. `code` is stable (`ok`, `dns_unknown_name`, `key_rejected`, …); words are for people. */
export const doctorFinding = z.object({
  about: z.enum(['house', 'provider']),
  /** A provider's slug, or what of the house it is. */
  name: z.string(),
  status: z.enum(['ok', 'warning', 'problem', 'skipped']),
  code: z.string(),
  message: z.string(),
  remedy: z.nullable(z.string()),
  /** What was tried, for a provider. Milliseconds; null: it did not come to that. Money in US dollars; null: unknown. */
  tried: z.nullable(
    z.object({
      base_url: z.string(),
      /** Host and port, without a password. */
      proxy: z.nullable(z.string()),
      model: z.nullable(z.string()),
      http_status: z.nullable(z.number()),
      dns_ms: z.nullable(z.number()),
      connect_ms: z.nullable(z.number()),
      proxy_ms: z.nullable(z.number()),
      tls_ms: z.nullable(z.number()),
      first_byte_ms: z.nullable(z.number()),
      cost: usdOrNull,
      generation_id: z.nullable(z.string()),
    }),
  ),
});
export type DoctorFinding = z.infer<typeof doctorFinding>;

/** `POST {CALLGATE_API}/doctor`. Calls cost a fraction of a cent each and are charged to the key `editor`. */
export const doctorRequest = z.strictObject({
  /** Slugs; absent: every provider that has a key or needs none. */
  providers: z.optional(z.array(z.string()).check(z.maxLength(100))),
  /** Reads the whole database through for damage as well. */
  deep: z.optional(z.boolean()),
  /** Milliseconds to the first byte from which an answer counts as slow; 3000 when absent. */
  slow_ms: z.optional(z.int().check(z.gte(1), z.lte(600_000))),
});
export type DoctorRequest = z.infer<typeof doctorRequest>;

export const doctorReport = z.object({
  checked_at: z.string(),
  /** No problem was found; warnings may have been. */
  ok: z.boolean(),
  cost: usd,
  findings: z.array(doctorFinding),
});
export type DoctorReport = z.infer<typeof doctorReport>;

/** A line of the doctor's answer when `application/x-ndjson` is accepted; the report is the last. */
export const doctorEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('checking'), name: z.string() }),
  z.object({ kind: z.literal('found'), finding: doctorFinding }),
  z.object({ kind: z.literal('report'), report: doctorReport }),
]);
export type DoctorEvent = z.infer<typeof doctorEvent>;

/** `POST {CALLGATE_API}/detect`: what the detectors make of a text, or a guardrail's filters. The text is not kept. */
export const detectRequest = z.strictObject({
  text: z.string(),
  /** Absent: `user`. What a system says is not looked at for injection. */
  role: z.optional(z.string().check(z.maxLength(32))),
  guardrail_id: z.optional(z.string().check(z.maxLength(64))),
  /** `pii`, `secrets`, `injection`, or types of personal data. */
  only: z.optional(z.array(z.string().check(z.maxLength(64))).check(z.maxLength(100))),
  /** Of the injection model, without a guardrail. */
  threshold: z.optional(z.number().check(z.gte(0), z.lte(1))),
});
export type DetectRequest = z.infer<typeof detectRequest>;

export const detectAnswer = z.object({
  findings: z.array(
    z.object({
      detector: z.enum(['pii', 'secrets', 'injection', 'custom']),
      type: z.string(),
      /** UTF-16 offsets. */
      start: z.number(),
      end: z.number(),
      score: z.optional(z.number()),
      rule: z.optional(z.string()),
      /** Of a guardrail's filter. */
      action: z.optional(z.enum(['block', 'redact', 'flag'])),
    }),
  ),
  action: z.enum(['block', 'redact', 'flag', 'allow']),
  milliseconds: z.number(),
});
export type DetectAnswer = z.infer<typeof detectAnswer>;

/** A change that callgate.yaml asks for, as `POST {CALLGATE_API}/policy/plan` tells it and `…/apply` has made it. */
export const plannedChange = z.object({
  action: z.enum(['create', 'update', 'delete']),
  /** `keys`, `guardrails`, … */
  section: z.string(),
  name: z.string(),
  fields: z.array(z.object({ field: z.string(), before: z.optional(z.unknown()), after: z.optional(z.unknown()) })),
});
export type PlannedChange = z.infer<typeof plannedChange>;

/** `digest` is what `POST …/apply` takes as `expect`, so that what is done is what was shown. */
export const policyPlan = z.object({
  changes: z.array(plannedChange),
  notes: z.array(z.string()),
  digest: z.string(),
});
export type PolicyPlan = z.infer<typeof policyPlan>;

/** What was done, and the secrets of new keys, told this once. */
export const policyApplied = z.object({
  changes: z.array(plannedChange),
  notes: z.array(z.string()),
  secrets: z.array(z.object({ section: z.string(), name: z.string(), secret: z.string() })),
});
export type PolicyApplied = z.infer<typeof policyApplied>;

/** `GET {CALLGATE_API}/prices`: where the prices in use come from. */
export const pricesStanding = z.object({
  /** `bundled`: what came along with this version. */
  source: z.string(),
  fetched_at: z.nullable(z.string()),
  providers: z.number(),
  models: z.number(),
  /** Models in OpenRouter's own listing, where that was fetched. */
  listed_models: z.number(),
  can_roll_back: z.boolean(),
});
export type PricesStanding = z.infer<typeof pricesStanding>;

/** A price that is another now: OpenRouter's pricing objects; null: there is none. */
export const priceChange = z.object({
  provider: z.string(),
  model: z.string(),
  before: z.nullable(json),
  after: z.nullable(json),
});

/** `POST {CALLGATE_API}/prices/refresh` (body `{dry_run?, file?}`) and `…/prices/rollback` */
export const pricesChanged = z.object({
  applied: z.boolean(),
  changes: z.array(priceChange),
  /** What could not be had, while the rest could. */
  problems: z.array(z.string()),
  standing: pricesStanding,
});
export type PricesChanged = z.infer<typeof pricesChanged>;

/** A model as the editor's pickers and the language server's completion show it; prices in US dollars per million tokens. */
export const modelSummary = z.object({
  id: z.string(),
  name: z.string(),
  provider: z.string(),
  context_length: z.nullable(z.number()),
  prompt_per_million: usdOrNull,
  completion_per_million: usdOrNull,
});
export type ModelSummary = z.infer<typeof modelSummary>;

/** Daemon → editor, after each settled or refused call. `cost` is null when the call's price is unknown. */
export const callFinished = z.object({
  id: z.string(),
  key_hash: z.string(),
  workspace_id: z.string(),
  preset: z.nullable(z.string()),
  model: z.nullable(z.string()),
  provider: z.nullable(z.string()),
  status: z.number(),
  cost: usdOrNull,
});
export type CallFinished = z.infer<typeof callFinished>;
export const CALL_FINISHED = 'callgate/callFinished';
/** Daemon → editor: keys or presets were created, changed or removed; ask again for what is shown. */
export const CHANGED = 'callgate/changed';
export type Changed = {
  readonly what: 'behaviors' | 'guardrails' | 'keys' | 'permits' | 'presets' | 'providers' | 'workspaces';
};

/** Daemon → editor: what has become of a behavior. `why`: what it failed at, what a person did, or `earned`: tier C is offered. */
export const behaviorMoved = z.object({
  id: z.string(),
  name: z.string(),
  why: z.string(),
  detail: z.nullable(z.string()),
  tier_before: tier,
  tier,
});
export type BehaviorMoved = z.infer<typeof behaviorMoved>;
export const BEHAVIOR_MOVED = 'callgate/behaviorMoved';

/** A call that waits for a person: `GET {CALLGATE_API}/permits/requests`. `bound` in US dollars; null: nothing bounds it. */
export const permitRequest = z.object({
  id: z.string(),
  key_hash: z.string(),
  key: z.string(),
  behavior: z.nullable(z.string()),
  preset: z.nullable(z.string()),
  model: z.string(),
  provider: z.string(),
  bound: usdOrNull,
  /** Null: the call is its own task. */
  task: z.nullable(z.string()),
  /** Why it needs one: `model openai/gpt-5`, `behavior nightly-audit`, … */
  reasons: z.array(z.string()),
  /** Calls that wait for this answer. */
  calls: z.number(),
  asked_at: z.string(),
  deadline: z.string(),
});
export type PermitRequest = z.infer<typeof permitRequest>;
/** Daemon → editor, with a `PermitRequest`: when a call begins to wait, and again when another joins it. */
export const PERMIT_ASKED = 'callgate/permitAsked';

/** Daemon → editor: nobody waits for this answer any more. */
export const permitEnded = z.object({
  id: z.string(),
  outcome: z.enum(['once', 'task', 'deny', 'granted', 'timeout', 'gone']),
});
export type PermitEnded = z.infer<typeof permitEnded>;
export const PERMIT_ENDED = 'callgate/permitEnded';

/** `POST {CALLGATE_API}/permits/requests/{id}`: the first answer wins. `minutes` and `usd` bound the leave for a task. */
export const permitDecision = z.strictObject({
  decision: z.enum(['once', 'task', 'deny']),
  minutes: z.optional(z.number().check(z.gt(0), z.lte(525_600))),
  usd: z.optional(z.number().check(z.gte(1e-9), z.lte(1_000_000))),
  by: z.optional(z.string().check(z.maxLength(100))),
});
export type PermitDecision = z.infer<typeof permitDecision>;

/** Daemon → editor: a key ran away. `suspended` false: it was only warned of. `POST {CALLGATE_API}/keys/{hash}/release` ends it. */
export const keyRanAway = z.object({
  key_hash: z.string(),
  key: z.string(),
  reason: z.string(),
  suspended: z.boolean(),
});
export type KeyRanAway = z.infer<typeof keyRanAway>;
export const KEY_RAN_AWAY = 'callgate/keyRanAway';

/**
 * `initializationOptions` of the LSP `initialize`. In a folder that is not trusted there are diagnostics, hovers and completion, but
 * no fixes; the notification `TRUSTED` (editor → daemon) tells that the person has trusted it since.
 */
export type LanguageOptions = { readonly trusted?: boolean };
export const TRUSTED = 'callgate/trusted';

/** What the language server needs from the daemon that hosts it; it never reaches the store itself. */
export type LanguageHost = {
  readonly baseUrl: () => string;
  readonly models: () => Promise<readonly ModelSummary[]>;
  readonly presets: () => Promise<readonly PresetSummary[]>;
};
