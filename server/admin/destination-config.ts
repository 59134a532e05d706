import * as z from 'zod';
import type { DestinationType } from '../store/destination-store.ts';

/** A secret of a configuration is marked so: it is encrypted, masked in answers, and recorded nowhere. */
const SECRET = { secret: true } as const;
/** Visible ASCII, since most of them go into a header. */
const secret = z
  .string()
  .min(1, 'must not be empty')
  .max(10_000)
  .regex(/^[\x20-\x7e]*$/, 'must be ASCII characters')
  .meta(SECRET);
const text = z.string().min(1, 'must not be empty').max(1_000);

const url = z
  .string()
  .max(2_000)
  .refine((value) => isUrl(value), 'must be an http or https URL')
  .refine((value) => !hasCredentials(value), 'must hold no user name and password: send them as a header');

const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/, 'must be the name of a header'),
    z
      .string()
      .max(8_000)
      .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be the value of a header'),
  )
  .refine((all) => Object.keys(all).length <= 50, 'must be at most 50')
  .meta(SECRET)
  .optional();

const DSN = /^https:\/\/([^:@]+)(?::[^@]*)?@([^/]+)(?:\/[^/]+)*\/(\d+)\/?$/;
const ACCOUNT = /^[a-zA-Z0-9_]+(?:[.-][a-zA-Z0-9_]+)*$/;

/**
 * What each type of destination wants to know, closed: OpenRouter's fields and defaults (`Observability…DestinationConfig` of its
 * OpenAPI document).
 */
export const CONFIGS = {
  arize: z.strictObject({
    apiKey: secret,
    baseUrl: url.default('https://otlp.arize.com'),
    headers,
    modelId: text,
    spaceKey: secret,
  }),
  braintrust: z.strictObject({
    apiKey: secret,
    baseUrl: url.default('https://api.braintrust.dev'),
    headers,
    projectId: text,
  }),
  clickhouse: z.strictObject({
    database: text,
    headers,
    host: text,
    password: secret,
    table: text.default('OPENROUTER_TRACES'),
    username: text,
  }),
  datadog: z.strictObject({
    apiKey: secret,
    headers,
    mlApp: text,
    url: url.default('https://api.us5.datadoghq.com'),
  }),
  grafana: z.strictObject({
    apiKey: secret,
    baseUrl: url.default('https://otlp-gateway-prod-us-west-0.grafana.net'),
    headers,
    instanceId: text,
  }),
  langfuse: z.strictObject({
    baseUrl: url.default('https://us.cloud.langfuse.com'),
    headers,
    publicKey: text,
    secretKey: secret,
  }),
  langsmith: z.strictObject({
    apiKey: secret,
    endpoint: url.default('https://api.smith.langchain.com'),
    headers,
    project: text.default('main'),
    workspaceId: text.optional(),
  }),
  newrelic: z.strictObject({ headers, licenseKey: secret, region: z.enum(['us', 'eu']).default('us') }),
  opik: z.strictObject({ apiKey: secret, headers, projectName: text, workspace: text }),
  'otel-collector': z.strictObject({ endpoint: url, headers }),
  posthog: z.strictObject({ apiKey: secret, endpoint: url.default('https://us.i.posthog.com'), headers }),
  ramp: z.strictObject({
    apiKey: secret,
    baseUrl: url.default('https://api.ramp.com/developer/v1/ai-usage/openrouter'),
    headers,
  }),
  s3: z.strictObject({
    accessKeyId: text,
    bucketName: text,
    endpoint: url.optional(),
    headers,
    pathTemplate: text.default('{prefix}/{date}'),
    prefix: text.default('openrouter-traces'),
    region: text.optional(),
    secretAccessKey: secret,
    sessionToken: secret.optional(),
  }),
  sentry: z.strictObject({
    dsn: z.string().max(2_000).regex(DSN, 'must be a DSN, such as https://<key>@<host>/<project>').meta(SECRET),
    headers,
    otlpEndpoint: url,
  }),
  snowflake: z.strictObject({
    account: z.string().min(1).max(255).regex(ACCOUNT, 'must be the name of an account'),
    database: text.default('SNOWFLAKE_LEARNING_DB'),
    headers,
    schema: text.default('PUBLIC'),
    table: text.default('OPENROUTER_TRACES'),
    token: secret,
    warehouse: text.default('COMPUTE_WH'),
  }),
  weave: z.strictObject({
    apiKey: secret,
    baseUrl: url.default('https://trace.wandb.ai'),
    entity: text,
    headers,
    project: text,
  }),
  webhook: z.strictObject({ headers, method: z.enum(['POST', 'PUT']).default('POST'), url }),
} satisfies Record<DestinationType, z.ZodObject>;

/** Names of the fields of a type that hold secrets. */
export function secretFields(type: DestinationType): ReadonlySet<string> {
  const shape: Readonly<Record<string, z.ZodType>> = CONFIGS[type].shape;
  return new Set(Object.keys(shape).filter((field) => isSecret(shape[field])));
}

function isSecret(schema: z.ZodType | undefined): boolean {
  if (schema === undefined) return false;
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  return inner.meta()?.['secret'] === true;
}

function isUrl(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:');
}

function hasCredentials(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && (parsed.username !== '' || parsed.password !== '');
}
