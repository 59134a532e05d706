import * as z from 'zod';

/** OpenRouter's workspaces, their budgets and members, closed. From the OpenAPI document of 2026-08-22 and SDK 1.3.19. */

const time = z.iso.datetime();
const total = z.int().nonnegative();

const workspace = z.strictObject({
  id: z.uuid(),
  name: z.string().min(1).max(100),
  slug: z
    .string()
    .max(50)
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  description: z.string().max(500).nullable(),
  default_text_model: z.string().nullable(),
  default_image_model: z.string().nullable(),
  default_provider_sort: z.string().nullable(),
  default_guardrail_id: z.uuid(),
  disabled_server_tools: z.array(z.string()).nullable(),
  include_byok_in_budgets: z.boolean(),
  io_logging_api_key_ids: z.array(z.int()).nullable(),
  io_logging_sampling_rate: z.number().min(0.0001).max(1),
  is_data_discount_logging_enabled: z.boolean(),
  is_observability_broadcast_enabled: z.boolean(),
  is_observability_io_logging_enabled: z.boolean(),
  created_by: z.string().nullable(),
  created_at: time,
  updated_at: time.nullable(),
  // Callgate's own.
  is_default: z.boolean(),
  organization_id: z.uuid(),
});

const budget = z.strictObject({
  id: z.uuid(),
  workspace_id: z.uuid(),
  limit_usd: z.number().positive(),
  reset_interval: z.enum(['daily', 'weekly', 'monthly']).nullable(),
  created_at: time,
  updated_at: time,
});

const member = z.strictObject({
  id: z.uuid(),
  user_id: z.string().min(1),
  workspace_id: z.uuid(),
  role: z.enum(['admin', 'member']),
  created_at: time,
});

const person = z.strictObject({
  id: z.string().min(1),
  email: z.string().min(1),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  role: z.enum(['org:admin', 'org:member']),
});

export const workspaceAnswer = z.strictObject({ data: workspace });
export const workspaceList = z.strictObject({ data: z.array(workspace), total_count: total });
export const budgetAnswer = z.strictObject({ data: budget });
export const budgetSet = z.strictObject({ data: budget, include_byok_in_budgets: z.boolean() });
export const budgetList = z.strictObject({ data: z.array(budget).max(4), include_byok_in_budgets: z.boolean() });
export const memberList = z.strictObject({ data: z.array(member), total_count: total });
export const membersAdded = z.strictObject({ data: z.array(member), added_count: total });
export const membersRemoved = z.strictObject({ removed_count: total });
export const personList = z.strictObject({ data: z.array(person), total_count: total });
