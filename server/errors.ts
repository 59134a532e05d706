/**
 * Every way Callgate says no, once: HTTP status, OpenRouter's `error_type`, the message, and what to do about it.
 * Messages keep the words clients already match on (reference: OpenRouter's API, errors and debugging).
 */

type ErrorEntry = {
  readonly status: number;
  /** OpenRouter's error_type vocabulary; strict clients accept no other. */
  readonly type: string;
  readonly message: string;
  readonly remedy: string;
};

export const ERRORS = {
  invalid_request: {
    status: 400,
    type: 'invalid_request',
    message: 'The request is not valid',
    remedy: 'Correct the named field.',
  },
  invalid_json: {
    status: 400,
    type: 'invalid_request',
    message: 'The body is not valid JSON',
    remedy: 'Send a JSON object.',
  },
  invalid_model: {
    status: 400,
    type: 'invalid_request',
    message: 'This is not a valid model ID',
    remedy: 'List the models with GET /api/v1/models, or configure the model in config.yaml.',
  },
  invalid_preset_reference: {
    status: 400,
    type: 'invalid_request',
    message: 'This is not a valid preset reference',
    remedy: 'Write @preset/slug, @preset/slug@3 or @preset/slug@<hash prefix>.',
  },
  unknown_plugin: {
    status: 400,
    type: 'invalid_request',
    message: 'Nobody here knows this plugin',
    remedy: 'Correct its name or leave it out; metadata lists the known ones.',
  },
  plugin_unavailable: {
    status: 400,
    type: 'invalid_request',
    message: 'Only a router such as OpenRouter runs this plugin, and none serves this call',
    remedy: 'Leave the plugin out, or set a router’s key: `callgate providers set-key openrouter`.',
  },
  slug_taken: {
    status: 400,
    type: 'invalid_request',
    message: 'This slug is taken',
    remedy: 'Choose another slug.',
  },
  workspace_in_use: {
    status: 400,
    type: 'invalid_request',
    message: 'A workspace with active API keys cannot be deleted',
    remedy: 'Delete or disable its keys first: `callgate keys list --workspace`.',
  },
  default_workspace_deletion: {
    status: 400,
    type: 'invalid_request',
    message: 'Deleting the default workspace must be confirmed',
    remedy: 'Send confirm_default_workspace_deletion=true (`callgate workspaces delete --confirm-default`).',
  },
  last_workspace: {
    status: 400,
    type: 'invalid_request',
    message: 'The last workspace of an organization cannot be deleted',
    remedy: 'Make another workspace first.',
  },
  default_workspace_missing: {
    status: 400,
    type: 'invalid_request',
    message: 'The default workspace was deleted, so the workspace must be named',
    remedy: 'Send workspace_id; `callgate workspaces list` shows them.',
  },
  budget_order: {
    status: 400,
    type: 'invalid_request',
    message: 'Budgets must strictly decrease: lifetime > monthly > weekly > daily',
    remedy: 'Change the other budget first, or delete it.',
  },
  not_a_member: {
    status: 400,
    type: 'invalid_request',
    message: 'This user is not a member of the organization',
    remedy: 'List the members with `callgate members list`, or add one with `callgate members add`.',
  },
  member_in_use: {
    status: 400,
    type: 'invalid_request',
    message: 'A member with active API keys cannot be removed',
    remedy: 'Delete or disable their keys first.',
  },
  implicit_members: {
    status: 400,
    type: 'invalid_request',
    message: 'Every member of the organization is a member of its default workspace',
    remedy: 'Add or remove the member of the organization instead: `callgate members`.',
  },
  organization_in_use: {
    status: 400,
    type: 'invalid_request',
    message: 'This organization cannot be deleted',
    remedy: 'Delete or disable the keys of its workspaces first; the default organization stays.',
  },
  invalid_regex_pattern: {
    status: 400,
    type: 'invalid_request',
    message: 'This pattern cannot be matched in linear time',
    remedy: 'Write it without lookaround, back-references and nested quantifiers.',
  },
  guardrail_budget_incomplete: {
    status: 400,
    type: 'invalid_request',
    message: 'limit_usd and reset_interval come together',
    remedy: 'Send both, or null for both.',
  },
  default_guardrail_name: {
    status: 400,
    type: 'invalid_request',
    message: 'The name of a workspace’s default guardrail cannot be changed',
    remedy: 'Leave name out.',
  },
  unknown_api_key: {
    status: 400,
    type: 'invalid_request',
    message: 'The organization has no API key with this hash',
    remedy: 'List the keys with `callgate keys list`.',
  },
  invalid_policy_file: {
    status: 400,
    type: 'invalid_request',
    message: 'callgate.yaml is not valid',
    remedy: 'Correct what is named, then run `callgate plan` again.',
  },
  policy_plan_outdated: {
    status: 409,
    type: 'invalid_request',
    message: 'The plan is another by now, so nothing was applied',
    remedy: 'Look at it again: `callgate plan`.',
  },
  no_credentials: {
    status: 401,
    type: 'authentication',
    message: 'No auth credentials found',
    remedy: 'Send "Authorization: Bearer <key>"; `callgate keys create` makes one.',
  },
  invalid_key: {
    status: 401,
    type: 'authentication',
    message: 'This API key is not known here',
    remedy: 'Use a key of this daemon; `callgate keys create` makes one.',
  },
  key_disabled: {
    status: 401,
    type: 'authentication',
    message: 'This API key is disabled',
    remedy: 'Enable it with `callgate keys enable`.',
  },
  key_expired: {
    status: 401,
    type: 'authentication',
    message: 'This API key has expired',
    remedy: 'Make a new key with `callgate keys create`.',
  },
  weight_exceeds_budget: {
    status: 402,
    type: 'payment_required',
    message: 'This request requires more credits, or fewer max_tokens',
    remedy: 'Lower max_tokens, send "clamp": true, or raise the limit.',
  },
  in_flight_budget_exhausted: {
    status: 402,
    type: 'payment_required',
    message: 'Calls in flight hold the rest of the budget',
    remedy: 'Try again after Retry-After, or raise the limit.',
  },
  insufficient_credits: {
    status: 402,
    type: 'payment_required',
    message: 'Insufficient credits',
    remedy: 'Add credits with `callgate credits add`.',
  },
  unpriced_model: {
    status: 402,
    type: 'payment_required',
    message: 'The price of this model is unknown, so a limit cannot hold',
    remedy: 'Give the model a pricing in config.yaml, or let the key use unpriced models (--allow-unpriced).',
  },
  key_limit_exceeded: {
    status: 403,
    type: 'permission_denied',
    message: 'Key limit exceeded',
    remedy: 'Raise the limit with `callgate keys update --limit`, or wait for the reset.',
  },
  guardrail_budget_exceeded: {
    status: 403,
    type: 'permission_denied',
    message: 'Guardrail budget exceeded',
    remedy: 'Raise limit_usd of the guardrail with `callgate guardrails update`, or wait for the reset.',
  },
  workspace_budget_exceeded: {
    status: 403,
    type: 'permission_denied',
    message: 'Workspace budget exceeded',
    remedy: 'Raise the budget with `callgate workspaces budget`, or wait for the reset.',
  },
  modality_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'This may not be generated here',
    remedy: 'Allow the modality in the guardrail that metadata names, or ask for text.',
  },
  permit_cap_reached: {
    status: 403,
    type: 'permission_denied',
    message: 'What the permit allows is spent',
    remedy: 'Grant another one with `callgate permits grant`.',
  },
  management_key_required: {
    status: 403,
    type: 'permission_denied',
    message: 'Only management keys can perform this operation',
    remedy: 'Use the management key in the state folder (management.key).',
  },
  daemon_key_required: {
    status: 403,
    type: 'permission_denied',
    message: 'Only the daemon’s own management key can perform this operation',
    remedy: 'Use the key in the state folder (management.key), as the command line does.',
  },
  organization_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'This management key belongs to another organization',
    remedy: 'Use a management key of that organization, or the one in the state folder.',
  },
  inference_key_required: {
    status: 403,
    type: 'permission_denied',
    message: 'Management keys cannot call models',
    remedy: 'Make an API key with `callgate keys create`.',
  },
  server_tool_disabled: {
    status: 403,
    type: 'permission_denied',
    message: 'This server tool is disabled',
    remedy: 'Leave the tool out, or take it from the workspace’s disabled_server_tools.',
  },
  preset_write_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'This key may not write presets',
    remedy: 'Use another key, or allow it with `callgate keys update --write-presets`.',
  },
  key_suspended: {
    status: 403,
    type: 'permission_denied',
    message: 'This API key was suspended because it ran away',
    remedy: 'Look at what called, then release it: `callgate keys release`, or Release in the editor.',
  },
  behavior_preset: {
    status: 403,
    type: 'permission_denied',
    message: 'This key belongs to a behavior and calls its preset alone',
    remedy: 'Call that preset ("model": "@preset/…"), or use a key of its own.',
  },
  proposal_only: {
    status: 403,
    type: 'permission_denied',
    message: 'This behavior may only propose',
    remedy: 'A person runs it: `callgate behaviors run <proposal>`; `callgate behaviors promote` lets it ask instead.',
  },
  proposal_stale: {
    status: 409,
    type: 'invalid_request',
    message: 'The proposal is not what would be run now',
    remedy: 'Reject it, and let it be proposed again.',
  },
  proposal_decided: {
    status: 409,
    type: 'invalid_request',
    message: 'This proposal has been decided about',
    remedy: 'List those that wait with `callgate behaviors proposals`.',
  },
  promotion_unearned: {
    status: 409,
    type: 'invalid_request',
    message: 'The behavior has not earned this tier yet',
    remedy:
      'Let it go on; `callgate behaviors show` tells what is left. `callgate behaviors rules` changes what it takes.',
  },
  behavior_conflict: {
    status: 409,
    type: 'invalid_request',
    message: 'Another behavior has this name or this key',
    remedy: 'Take another name, or a key of its own: one behavior, one key.',
  },
  permit_required: {
    status: 403,
    type: 'permission_denied',
    message: 'This call needs a person’s permit, and none was given in time',
    remedy: 'Answer in the editor, or grant one ahead: `callgate permits grant`.',
  },
  permit_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'A person has denied this call',
    remedy: 'Do not try again; `callgate permits grant` lets it through after all.',
  },
  permit_answered: {
    status: 409,
    type: 'invalid_request',
    message: 'This request for a permit has been answered',
    remedy: 'List those that wait with `callgate permits list`.',
  },
  content_blocked: {
    status: 403,
    type: 'permission_denied',
    message: 'Request blocked by content filter',
    remedy:
      'Take it out of the request, or let the guardrail that metadata names redact it (`callgate guardrails update`).',
  },
  prompt_injection_blocked: {
    status: 403,
    type: 'permission_denied',
    message: 'Request blocked: prompt injection patterns detected',
    remedy: 'Take the text out, or, where it is harmless, put the phrase on the organization’s injection allow-list.',
  },
  content_output_blocked: {
    status: 403,
    type: 'permission_denied',
    message: 'Answer blocked by content filter',
    remedy: 'Ask otherwise, or let the guardrail that metadata names redact answers (`callgate guardrails update`).',
  },
  policy_unavailable: {
    status: 403,
    type: 'permission_denied',
    message: 'Policy could not be decided, so nothing was sent',
    remedy: 'See the daemon log.',
  },
  host_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'This Host is not allowed',
    remedy: 'Call 127.0.0.1 or localhost with the daemon’s port, or list the name in server.allowed_hosts.',
  },
  origin_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'This Origin is not allowed',
    remedy: 'List the exact origin in server.allowed_origins.',
  },
  cross_site_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'Cross-site requests are not allowed',
    remedy: 'List the page’s exact origin in server.allowed_origins.',
  },
  draft_denied: {
    status: 403,
    type: 'permission_denied',
    message: 'Drafts are for the editor alone',
    remedy: 'Publish the preset, then call @preset/slug.',
  },
  preset_not_found: {
    status: 404,
    type: 'not_found',
    message: 'Preset not found',
    remedy: 'List the presets with `callgate presets list`.',
  },
  preset_disabled: {
    status: 404,
    type: 'not_found',
    message: 'This preset is disabled',
    remedy: 'Make it active again.',
  },
  preset_archived: {
    status: 404,
    type: 'not_found',
    message: 'This preset is archived',
    remedy: 'Make it active again.',
  },
  preset_version_not_found: {
    status: 404,
    type: 'not_found',
    message: 'This preset has no such version',
    remedy: 'List its versions with `callgate presets versions`.',
  },
  no_endpoints: {
    status: 404,
    type: 'not_found',
    message: 'No endpoints found for this model',
    remedy: 'Configure a provider that serves it, or set its key with `callgate providers set-key`.',
  },
  no_allowed_endpoints: {
    status: 404,
    type: 'not_found',
    message: 'No endpoints available matching your guardrail restrictions and data policy',
    remedy: 'Use a model or provider that every layer allows; metadata names the layer and the rule that refused.',
  },
  unknown_provider: {
    status: 404,
    type: 'not_found',
    message: 'No provider has this name',
    remedy: 'Name a built-in one, or add it under providers in config.yaml.',
  },
  workspace_not_found: {
    status: 404,
    type: 'not_found',
    message: 'No workspace of this organization is called so',
    remedy: 'List the workspaces with `callgate workspaces list`.',
  },
  organization_not_found: {
    status: 404,
    type: 'not_found',
    message: 'No organization is called so',
    remedy: 'List the organizations with `callgate orgs list`.',
  },
  member_not_found: {
    status: 404,
    type: 'not_found',
    message: 'The organization has no such member',
    remedy: 'List the members with `callgate members list`.',
  },
  guardrail_not_found: {
    status: 404,
    type: 'not_found',
    message: 'No guardrail has this id',
    remedy: 'List the guardrails with `callgate guardrails list`; a default one is there once it has been changed.',
  },
  byok_not_found: {
    status: 404,
    type: 'not_found',
    message: 'No brought provider key has this id',
    remedy: 'List them with `callgate byok list`.',
  },
  destination_not_found: {
    status: 404,
    type: 'not_found',
    message: 'No destination has this id',
    remedy: 'List them with `callgate destinations list`.',
  },
  not_found: { status: 404, type: 'not_found', message: 'Not found', remedy: 'Check the path.' },
  request_timeout: {
    status: 408,
    type: 'timeout',
    message: 'The request body did not arrive in time',
    remedy: 'Send the whole body at once.',
  },
  destination_limit: {
    status: 409,
    type: 'invalid_request',
    message: 'A workspace has at most five destinations of one type',
    remedy: 'Delete one of them first, or change it.',
  },
  preset_owned: {
    status: 409,
    type: 'invalid_request',
    message: 'Another folder owns this preset',
    remedy: 'Publish from that folder, or take the preset over (--take-over).',
  },
  payload_too_large: {
    status: 413,
    type: 'payload_too_large',
    message: 'The body is too large',
    remedy: 'Send less, or raise server.body_limit in config.yaml.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request',
    message: 'The body must be JSON',
    remedy: 'Send "Content-Type: application/json".',
  },
  upstream_rejected: {
    status: 400,
    type: 'invalid_request',
    message: 'Provider returned error',
    remedy: 'See metadata.raw for the provider’s own words.',
  },
  provider_key_missing: {
    status: 404,
    type: 'not_found',
    message: 'No key is set for this provider',
    remedy: 'Set it with `callgate providers set-key`.',
  },
  provider_key_rejected: {
    // Not 5xx: no retry cures it, and OpenRouter's SDK retries 5xx for an hour.
    status: 403,
    type: 'permission_denied',
    message: 'The provider refused the daemon’s own key',
    remedy: 'Set a working key with `callgate providers set-key`.',
  },
  provider_credits_exhausted: {
    status: 402,
    type: 'payment_required',
    message: 'The daemon’s account at the provider has no credit left',
    remedy: 'Add credit at the provider, or add a fallback model.',
  },
  upstream_rate_limited: {
    status: 429,
    type: 'rate_limit_exceeded',
    message: 'The provider is rate-limiting',
    remedy: 'Try again after Retry-After, or add a fallback model.',
  },
  upstream_failed: {
    status: 502,
    type: 'provider_unavailable',
    message: 'The provider failed',
    remedy: 'Try again, or add a fallback model.',
  },
  prices_unavailable: {
    status: 502,
    type: 'provider_unavailable',
    message: 'No prices could be fetched; those in use stay',
    remedy: 'Check the connection and HTTPS_PROXY, or give a file with `callgate prices refresh --from FILE`.',
  },
  upstream_timeout: {
    status: 504,
    type: 'timeout',
    message: 'The provider did not answer in time',
    remedy: 'Raise the provider’s timeout in config.yaml, or add a fallback model.',
  },
  internal: {
    status: 500,
    type: 'server',
    message: 'Internal error',
    remedy: 'See the daemon log.',
  },
  store_unavailable: {
    status: 503,
    type: 'server',
    message: 'The ledger cannot be written, so nothing was sent',
    remedy: 'See the daemon log; free disk space is the usual cure.',
  },
  shutting_down: {
    status: 503,
    type: 'server',
    message: 'The daemon is stopping',
    remedy: 'Try again in a moment.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** A refusal as a value: what the caller is told, and what the log keeps. */
export type Refusal = {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly status: number;
  readonly message: string;
  /** Additive facts: `scope`, `limit_usd`, `spend_usd`, `resets_at`, `limit_source`, `provider_name`, `raw`, … */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Whole seconds for the Retry-After header. */
  readonly retryAfter: number | null;
  /** Of a call that content filters refused: what its route metadata tells of them, and how its texts are hidden from logs. */
  readonly screened?: Screened;
};

export type Screened = {
  readonly pipeline: readonly Readonly<Record<string, unknown>>[];
  readonly conceal: (text: string) => string;
};

/**
 * Makes a refusal of the table's kind. `detail` is appended to (or, with `message`, replaces) the table's message.
 */
export function refuse(
  code: ErrorCode,
  more: {
    readonly message?: string;
    readonly detail?: string;
    readonly status?: number;
    readonly metadata?: Readonly<Record<string, unknown>>;
    readonly retryAfter?: number | null;
  } = {},
): Refusal {
  const entry = ERRORS[code];
  const message = more.message ?? (more.detail ? `${entry.message}: ${more.detail}` : entry.message);
  return {
    kind: 'refused',
    code,
    status: more.status ?? entry.status,
    message,
    metadata: more.metadata ?? {},
    retryAfter: more.retryAfter ?? null,
  };
}

/** OpenRouter's error envelope (`error.code` equals the HTTP status) with Callgate's code and remedy in `metadata`. */
export function errorBody(refusal: Refusal): { readonly error: ErrorObject } {
  const entry = ERRORS[refusal.code];
  return {
    error: {
      code: refusal.status,
      message: refusal.message,
      metadata: { error_type: entry.type, reason: refusal.code, remedy: entry.remedy, ...refusal.metadata },
    },
  };
}

export type ErrorObject = {
  readonly code: number;
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>>;
};
