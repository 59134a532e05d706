import * as z from 'zod';

const block = z.looseObject({ type: z.string() });
const texts = z.union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))]);
const turn = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(block)]),
});
const modelName = z.string().min(1).max(512);

/** Anthropic's own fields of `POST /v1/messages`, as far as they are read here; OpenRouter's are the canonical schema's to check. */
export const messagesRequest = z.looseObject({
  messages: z.array(turn).min(1),
  system: texts.nullable().optional(),
  model: modelName.nullable().optional(),
  models: z.array(modelName).nullable().optional(),
  fallbacks: z
    .array(z.strictObject({ model: modelName }))
    .max(3)
    .nullable()
    .optional(),
  max_tokens: z.int().positive().nullable().optional(),
  stop_sequences: z.array(z.string()).nullable().optional(),
  stream: z.boolean().nullable().optional(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().positive().optional() }).nullable().optional(),
  output_config: z.looseObject({ effort: z.string().nullable().optional() }).nullable().optional(),
  tools: z
    .array(z.looseObject({ type: z.string().nullable().optional(), name: z.string().optional() }))
    .nullable()
    .optional(),
  tool_choice: z
    .looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']), name: z.string().optional() })
    .nullable()
    .optional(),
  metadata: z.looseObject({ user_id: z.string().nullable().optional() }).nullable().optional(),
  service_tier: z.string().nullable().optional(),
});

export type MessagesRequest = z.infer<typeof messagesRequest>;
