import * as z from 'zod';

/** OpenRouter's broadcast destinations and analytics, closed. From its OpenAPI document and SDK 1.3.19. */

const count = z.int().nonnegative();
const text = z.string().min(1);
const headers = z.record(z.string(), z.string()).optional();

const CONFIGS = {
  arize: { apiKey: text, baseUrl: text, headers, modelId: text, spaceKey: text },
  braintrust: { apiKey: text, baseUrl: text, headers, projectId: text },
  clickhouse: { database: text, headers, host: text, password: text, table: text, username: text },
  datadog: { apiKey: text, headers, mlApp: text, url: text },
  grafana: { apiKey: text, baseUrl: text, headers, instanceId: text },
  langfuse: { baseUrl: text, headers, publicKey: text, secretKey: text },
  langsmith: { apiKey: text, endpoint: text, headers, project: text, workspaceId: text.optional() },
  newrelic: { headers, licenseKey: text, region: z.enum(['us', 'eu']) },
  opik: { apiKey: text, headers, projectName: text, workspace: text },
  'otel-collector': { endpoint: text, headers },
  posthog: { apiKey: text, endpoint: text, headers },
  ramp: { apiKey: text, baseUrl: text, headers },
  s3: {
    accessKeyId: text,
    bucketName: text,
    endpoint: text.optional(),
    headers,
    pathTemplate: text,
    prefix: text,
    region: text.optional(),
    secretAccessKey: text,
    sessionToken: text.optional(),
  },
  sentry: { dsn: text, headers, otlpEndpoint: text },
  snowflake: { account: text, database: text, headers, schema: text, table: text, token: text, warehouse: text },
  weave: { apiKey: text, baseUrl: text, entity: text, headers, project: text },
  webhook: { headers, method: z.enum(['POST', 'PUT']), url: text },
} as const;

const filterRules = z
  .strictObject({
    enabled: z.boolean(),
    groups: z.array(
      z.strictObject({
        logic: z.enum(['and', 'or']),
        rules: z.array(
          z.strictObject({ field: text, operator: text, value: z.union([z.string(), z.number()]).optional() }),
        ),
      }),
    ),
  })
  .nullable();

const shared = {
  id: z.uuid(),
  name: z.string().nullable(),
  enabled: z.boolean(),
  sampling_rate: z.number().min(0.0001).max(1),
  privacy_mode: z.boolean(),
  api_key_hashes: z.array(z.string().regex(/^[0-9a-f]{64}$/)).nullable(),
  filter_rules: filterRules,
  broadcast_generation_cost: z.boolean(),
  broadcast_generation_identity: z.boolean(),
  broadcast_generation_request_context: z.boolean(),
  regions: z.array(z.enum(['global', 'europe', 'us'])).min(1),
  workspace_id: z.uuid(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};

const variants = Object.entries(CONFIGS).map(([type, config]) =>
  z.strictObject({ ...shared, type: z.literal(type), config: z.strictObject(config) }),
);
const destination = z.union(variants);

export const destinationAnswer = z.strictObject({ data: destination });
export const destinationList = z.strictObject({ data: z.array(destination), total_count: count });

const named = { name: text, display_label: text };
export const analyticsMeta = z.strictObject({
  data: z.strictObject({
    dimensions: z.array(z.strictObject(named)),
    granularities: z.array(z.strictObject({ ...named, name: z.enum(['minute', 'hour', 'day', 'week', 'month']) })),
    metrics: z.array(
      z.strictObject({
        ...named,
        display_format: z.enum(['number', 'currency', 'percent', 'latency', 'throughput']),
        is_rate: z.boolean(),
      }),
    ),
    operators: z.array(
      z.strictObject({
        name: z.enum(['eq', 'neq', 'in', 'not_in', 'gt', 'gte', 'lt', 'lte']),
        value_type: z.enum(['scalar', 'array']),
      }),
    ),
  }),
});
export const analyticsResult = z.strictObject({
  data: z.strictObject({
    data: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
    metadata: z.strictObject({ query_time_ms: z.number(), row_count: count, truncated: z.boolean() }),
    cachedAt: z.number().optional(),
    warnings: z.array(z.string()).optional(),
  }),
});
