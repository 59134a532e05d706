import * as z from 'zod/mini';
import { described, id, name, names, nullable, optional, reset, slug, text, usd, workspace } from './fields.ts';
import { accessRules, policyRules } from './policy-rules.ts';

const organization = z.strictObject({
  slug: described('Its name in addresses; `default` is the one that is always there.', slug),
  name: optional('What people call it.', name),
  credits: nullable('US dollars prepaid, once and for all; null: no limit.', usd),
  policy: optional(
    'The ceiling over all its workspaces, which no guardrail can raise.',
    z.strictObject({
      ...accessRules,
      injection_allow_list: optional('Phrases that the injection detectors do not see.', z.array(z.string())),
    }),
  ),
});

const member = z.strictObject({
  id: described('user_…: what keys call their creator.', z.string().check(z.minLength(1), z.maxLength(200))),
  organization: optional('The slug of the organization. Left out: the default one.', slug),
  email: optional('Where to reach them.', z.string()),
  first_name: nullable('Their first name.', z.string()),
  last_name: nullable('Their last name.', z.string()),
  role: optional('An admin may change what belongs to all.', z.enum(['org:admin', 'org:member'])),
});

const workspaces = z.strictObject({
  slug: described('Its name in addresses; `default` is the one that is always there.', slug),
  organization: optional('The slug of the organization. Left out: the default one.', slug),
  name: optional('What people call it.', z.string().check(z.minLength(1), z.maxLength(100))),
  description: nullable('What it is for.', z.string().check(z.maxLength(500))),
  budgets: optional(
    'The most its calls may cost, in US dollars; lifetime > monthly > weekly > daily. null takes one away.',
    z.strictObject({
      daily: nullable('A day, UTC.', usd),
      weekly: nullable('A week, from Monday, UTC.', usd),
      monthly: nullable('A calendar month, UTC.', usd),
      lifetime: nullable('Once and for all.', usd),
    }),
  ),
  include_byok_in_budgets: optional('Whether calls with provider keys of one’s own count.', z.boolean()),
  members: optional('Ids of the members who were added to it; all are members of a default workspace.', names),
  default_text_model: nullable('The model of calls that name none.', text),
  default_image_model: nullable('The model of images where none is named.', text),
  default_provider_sort: nullable(
    'What endpoints are chosen by.',
    z.enum(['price', 'throughput', 'latency', 'exacto']),
  ),
  disabled_server_tools: nullable('Tools of the router’s that its calls may not use.', names),
  is_observability_broadcast_enabled: optional('Whether its destinations are told of calls.', z.boolean()),
  is_data_discount_logging_enabled: optional('OpenRouter’s field of this name.', z.boolean()),
  behavior_rules: optional('When its behaviors are demoted, and what earns trust.', z.record(z.string(), z.unknown())),
});

const guardrail = z.strictObject({
  name: described('Its name, unlike that of any other in the workspace.', name),
  workspace,
  id,
  default: optional('true: the one over all keys of the workspace.', z.boolean()),
  description: nullable('What it is for.', z.string().check(z.maxLength(1_000))),
  limit_usd: nullable('The most that each of its keys and members may spend, in US dollars; null: no limit.', usd),
  reset_interval: nullable('When the limit begins anew; null: never.', reset),
  include_byok_in_budgets: optional('Whether calls with provider keys of one’s own count.', z.boolean()),
  ...policyRules,
  members: optional('Ids of the members it applies to. Its keys name it themselves.', names),
});

const key = z.strictObject({
  name: described('What the key is for, unlike that of any other in the workspace.', name),
  workspace,
  id,
  limit: nullable('The most it may spend, in US dollars; null: no limit.', usd),
  limit_reset: nullable('When the limit begins anew; null: never.', reset),
  include_byok_in_limit: optional('Whether calls with provider keys of one’s own count.', z.boolean()),
  disabled: optional('Whether its calls are refused.', z.boolean()),
  expires_at: nullable(
    'When it ends, ISO 8601, such as 2027-01-31T00:00:00Z. Cannot be changed later.',
    z.iso.datetime({ offset: true }),
  ),
  guardrail: nullable('The guardrail it is assigned to: its name, in the same workspace, or its id. null: none.', name),
  creator_user_id: nullable('The member whose key it is. Cannot be changed later.', text),
  allow_unpriced: optional('Whether it may call models whose price is unknown.', z.boolean()),
  can_write_presets: optional('Whether it may write presets.', z.boolean()),
  clamp: optional('Whether answers are shortened to what the limit affords.', z.boolean()),
  runaway: nullable('What happens when it runs away.', z.enum(['off', 'warn', 'trip'])),
});

const behavior = z.strictObject({
  name: described('Its name, unlike that of any other in the workspace.', name),
  workspace,
  preset: optional('The preset it runs: slug, or slug@3 pinned to a version.', text),
  key: optional('The key that is its own: its name, in the same workspace, or its id.', name),
  tier: optional('A proposes, B asks for each task, C runs alone.', z.enum(['A', 'B', 'C'])),
});

const permit = z.strictObject({
  kind: described('What needs a permit.', z.enum(['key', 'preset', 'provider', 'model', 'modality'])),
  value: described(
    'A key’s name, a preset’s or provider’s slug, a model (vendor/*: all of a vendor’s), or image, audio, video.',
    text,
  ),
  workspace,
});

const destination = z.strictObject({
  name: described('Its name, unlike that of any other in the workspace.', name),
  workspace,
  id,
  type: described('What kind of place it is. Cannot be changed later.', text),
  config: optional(
    'Its settings. Secrets stand here as env:NAME, of the daemon’s environment, and are read when it is made.',
    z.record(z.string(), z.unknown()),
  ),
  enabled: optional('Whether it is told of calls.', z.boolean()),
  sampling_rate: optional('The share of sessions it is told of.', z.number().check(z.minimum(0.0001), z.maximum(1))),
  privacy_mode: optional('Prompts and answers are left out.', z.boolean()),
  keys: nullable('Names of the keys whose calls it is told of; null: all.', names),
  filter_rules: nullable(
    'Which calls it is told of.',
    z.strictObject({
      enabled: optional('false: all of them.', z.boolean()),
      groups: described('One of them suffices.', z.array(z.record(z.string(), z.unknown()))),
    }),
  ),
  broadcast_generation_cost: optional('Whether it is told what a call cost.', z.boolean()),
  broadcast_generation_identity: optional('Whether it is told whose call it was.', z.boolean()),
  broadcast_generation_request_context: optional('Whether it is told where a call came from.', z.boolean()),
  regions: optional('Where it may be told from.', z.array(z.enum(['global', 'europe', 'us']))),
});

/** callgate.yaml. What it does not name is left alone, unless `prune`. */
export const policyFileSchema = z.strictObject({
  prune: optional('true: what the file’s sections do not list is deleted.', z.boolean()),
  organizations: nullable('Organizations with their credits and ceilings.', z.array(organization)),
  members: nullable('People of the organizations.', z.array(member)),
  workspaces: nullable('Workspaces with their budgets.', z.array(workspaces)),
  guardrails: nullable(
    'Budgets, access, modalities and content rules, for keys, members or a whole workspace.',
    z.array(guardrail),
  ),
  keys: nullable('API keys, without their secrets.', z.array(key)),
  behaviors: nullable('A preset, a key and how far it is trusted.', z.array(behavior)),
  permits: nullable('What needs a person’s permit.', z.array(permit)),
  destinations: nullable('Where calls are told of.', z.array(destination)),
});

export type PolicyFile = z.infer<typeof policyFileSchema>;

/** The sections that list things, in the order in which one refers to another. */
export const SECTIONS = [
  'organizations',
  'members',
  'workspaces',
  'guardrails',
  'keys',
  'behaviors',
  'permits',
  'destinations',
] as const;
export type Section = (typeof SECTIONS)[number];

/** Fields that say which one is meant; what else it says is what it should be. */
export function identityOf(section: Section, item: Readonly<Record<string, unknown>>): string {
  const {
    organization = 'default',
    workspace = 'default',
    name = '',
    slug = '',
    id = '',
    kind = '',
    value = '',
  } = item;
  const within = String(workspace).startsWith('default/') ? String(workspace).slice('default/'.length) : workspace;
  switch (section) {
    case 'organizations':
      return String(slug);
    case 'members':
      return `${organization}/${id}`;
    case 'workspaces':
      return organization === 'default' ? String(slug) : `${organization}/${slug}`;
    case 'permits':
      return `${within}: ${kind} ${value}`;
    default:
      return `${within}: ${name}`;
  }
}

/** The JSON Schema (2020-12) of callgate.yaml, for completion, hovers and other editors. */
export function policyFileJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(policyFileSchema, {
    override: ({ jsonSchema }) => {
      const [only, nothing, ...more] = jsonSchema.anyOf ?? [];
      if (only === undefined || nothing?.type !== 'null' || more.length > 0 || typeof only.type !== 'string') return;
      delete jsonSchema.anyOf;
      Object.assign(jsonSchema, only, { type: [only.type, 'null'], ...descriptionOf(jsonSchema) });
      if (only.enum) jsonSchema.enum = [...only.enum, null];
    },
  });
  return { $id: 'callgate:policy', title: 'Callgate policy', ...schema };
}

function descriptionOf({ description }: { description?: string | undefined }) {
  return description === undefined ? {} : { description };
}
