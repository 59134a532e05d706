import * as z from 'zod/mini';
import { integerFrom, optional } from './schema-field.ts';

const jsonObject = z.record(z.string(), z.unknown());

export const cacheControl = z.strictObject({
  type: z.literal('ephemeral'),
  ttl: optional('How long the provider keeps the cached prefix.', z.enum(['5m', '1h'])),
});

const functionTool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().check(z.minLength(1), z.maxLength(64), z.describe('The name the model calls it by.')),
    description: optional('What it does and when to call it.', z.string()),
    parameters: optional('JSON Schema of its arguments.', jsonObject),
    strict: optional('Whether arguments must match the schema exactly.', z.boolean()),
  }),
  cache_control: optional('A cache breakpoint after this tool.', cacheControl),
});

const serverTool = z.looseObject({
  type: z.string().check(
    // Aborts, or the union would tell a faulty function tool that it is no server tool.
    z.regex(/^(?!function$)./, { error: 'must name a server tool, such as openrouter:web_search', abort: true }),
    z.describe('A tool that the router runs, such as openrouter:web_search.'),
  ),
  parameters: optional('Settings of the tool.', jsonObject),
});

/** OpenRouter's server tools grow by the month, so any type is taken; a function tool is checked whole. */
export const tool = z.union([functionTool, serverTool]);

export const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string().check(z.minLength(1)) }) }),
  serverTool,
]);

/** Plugins' own settings are the plugins' affair; `id` and `enabled` are what all have in common. */
export const plugin = z.looseObject({
  id: z
    .string()
    .check(z.minLength(1), z.describe('The plugin: auto-router, web, web-fetch, file-parser, response-healing, ….')),
  enabled: optional('false switches off a plugin that is on by default.', z.boolean()),
});

export const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string().check(z.minLength(1), z.maxLength(64)),
      description: optional('What the answer is for.', z.string()),
      schema: optional('JSON Schema of the answer.', jsonObject),
      strict: optional('Whether the answer must match the schema exactly.', z.boolean()),
    }),
  }),
  z.strictObject({ type: z.literal('grammar'), grammar: z.string() }),
  z.strictObject({ type: z.literal('python') }),
]);

export const stopCondition = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('step_count_is'), step_count: integerFrom(1) }),
  z.strictObject({ type: z.literal('has_tool_call'), tool_name: z.string() }),
  z.strictObject({ type: z.literal('max_tokens_used'), max_tokens: integerFrom(1) }),
  z.strictObject({ type: z.literal('max_cost'), max_cost_in_dollars: z.number().check(z.minimum(0)) }),
  z.strictObject({ type: z.literal('finish_reason_is'), reason: z.string() }),
]);
