import * as z from 'zod';
import { faultOfPattern } from '../policy/custom-filters.ts';
import { DESTINATION_TYPES } from '../store/destination-store.ts';

const hash = z.string().regex(/^[a-f0-9]{64}$/, 'must be the hash of an API key (callgate keys list --json)');

const NUMBERS: ReadonlySet<string> = new Set(['total_cost', 'total_tokens', 'prompt_tokens', 'completion_tokens']);
const COMPARISONS: ReadonlySet<string> = new Set(['gt', 'lt', 'gte', 'lte']);
const WORDS: ReadonlySet<string> = new Set(['contains', 'not_contains', 'regex', 'starts_with', 'ends_with']);
const PRESENCE: ReadonlySet<string> = new Set(['exists', 'not_exists']);

const rule = z
  .strictObject({
    field: z.enum([
      'model',
      'provider',
      'session_id',
      'user_id',
      'api_key_name',
      'finish_reason',
      'input',
      'output',
      'total_cost',
      'total_tokens',
      'prompt_tokens',
      'completion_tokens',
    ]),
    operator: z.enum([
      'equals',
      'not_equals',
      'contains',
      'not_contains',
      'regex',
      'starts_with',
      'ends_with',
      'gt',
      'lt',
      'gte',
      'lte',
      'exists',
      'not_exists',
    ]),
    value: z.union([z.string().max(1_000), z.number()]).optional(),
  })
  .superRefine(({ field, operator, value }, context) => {
    const wrong = faultOf(field, operator, value);
    if (wrong) context.addIssue({ code: 'custom', path: ['value'], message: wrong });
  });

/** What is wrong with a rule's value; null: nothing. */
function faultOf(field: string, operator: string, value: string | number | undefined): string | null {
  if (PRESENCE.has(operator)) return value === undefined ? null : `must be left out with ${operator}`;
  if (value === undefined) return `is missing: ${operator} compares with it`;
  const isNumber = (typeof value === 'number' || value.trim() !== '') && Number.isFinite(Number(value));
  if (COMPARISONS.has(operator)) {
    if (!NUMBERS.has(field)) return `cannot be compared: ${field} is text`;
    return isNumber ? null : `must be a number: ${operator} compares with it`;
  }
  if (WORDS.has(operator)) {
    if (typeof value !== 'string' || value === '') return `must be text: ${operator} looks for it`;
    const fault = operator === 'regex' ? faultOfPattern(value) : null;
    return fault && `is no pattern that can be matched in linear time: ${fault}`;
  }
  return !NUMBERS.has(field) || isNumber ? null : `must be a number: ${field} is one`;
}

const filterRules = z
  .strictObject({
    enabled: z.boolean().default(true),
    groups: z
      .array(z.strictObject({ logic: z.enum(['and', 'or']).default('and'), rules: z.array(rule).min(1).max(50) }))
      .max(20),
  })
  .nullable();

const region = z.enum(['global', 'europe', 'eu', 'us']).transform((name) => (name === 'eu' ? 'europe' : name));

const fields = z.object({
  name: z.string().min(1, 'must not be empty').max(200),
  enabled: z.boolean().optional(),
  sampling_rate: z.number().min(0.0001).max(1).optional(),
  privacy_mode: z.boolean().optional(),
  api_key_hashes: z.array(hash).min(1, 'must hold a hash, or be null').max(1_000).nullable().optional(),
  filter_rules: filterRules.optional(),
  broadcast_generation_cost: z.boolean().optional(),
  broadcast_generation_identity: z.boolean().optional(),
  broadcast_generation_request_context: z.boolean().optional(),
  regions: z
    .array(region)
    .min(1, 'must hold a region')
    .transform((all) => [...new Set(all)])
    .optional(),
});

const config = z.record(z.string(), z.unknown());

/** `POST /observability/destinations`: OpenRouter's fields. What `config` must hold hangs on `type`. */
export const createDestinationBody = fields.extend({
  type: z.enum(DESTINATION_TYPES),
  config,
  workspace_id: z.string().min(1).max(64).optional(),
});

/** `PATCH`: what is named changes, in `config` too; a null there takes an optional field away. */
export const updateDestinationBody = fields.partial().extend({ config: config.optional() });

export type DestinationFields = z.output<typeof updateDestinationBody>;
