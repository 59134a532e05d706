import { type Refusal, refuse } from '../errors.ts';
import type { DestinationRow, DestinationType } from '../store/destination-store.ts';
import type { AdminContext } from './context.ts';
import { CONFIGS, secretFields } from './destination-config.ts';
import { isMasked, masked } from './masked.ts';

type Config = Readonly<Record<string, unknown>>;

/** A configuration in the two parts it is kept in: what may be read, and what is encrypted. */
export type KeptConfig = { readonly kind: 'config'; readonly config: Config; readonly sealed: string };

const sealName = (id: string) => `destination ${id}`;

/** Reads what is sent as the configuration of a destination, over what it has now, if anything. */
export function keepConfig(
  { secrets }: AdminContext,
  type: DestinationType,
  id: string,
  sent: Config,
  current: Config = {},
): KeptConfig | Refusal {
  const merged = mergedConfig(sent, current);
  const left = Object.entries(merged).find(([, value]) => hasMask(value));
  if (left) {
    return refuse('invalid_request', {
      message: `config.${left[0]}: is masked, as answers show it; send the secret itself, or leave the field out`,
    });
  }
  const read = CONFIGS[type].safeParse(merged);
  if (!read.success) {
    const issues = read.error.issues.map((issue) => ({
      path: ['config', ...issue.path].map(String).join('.'),
      message: issue.message,
    }));
    const [first] = issues;
    return refuse('invalid_request', { message: `${first?.path}: ${first?.message}`, metadata: { issues } });
  }
  const hidden = secretFields(type);
  const parts = Object.groupBy(Object.entries<unknown>(read.data), ([field]) =>
    hidden.has(field) ? 'hidden' : 'open',
  );
  return {
    kind: 'config',
    config: Object.fromEntries(parts.open ?? []),
    sealed: secrets.seal(sealName(id), JSON.stringify(Object.fromEntries(parts.hidden ?? []))),
  };
}

/** All of it, secrets too: for whoever sends to the destination. Throws when they cannot be read. */
export function wholeConfig({ secrets }: Pick<AdminContext, 'secrets'>, row: DestinationRow): Config {
  const hidden = JSON.parse(secrets.unseal(sealName(row.id), row.sealed)) as Config;
  return { ...row.config, ...hidden };
}

/** As it may be shown: the beginnings and all but the last four characters of secrets are hidden. */
export function shownConfig(admin: AdminContext, row: DestinationRow): Config {
  const hidden = secretFields(row.type);
  let whole: Config;
  try {
    whole = wholeConfig(admin, row);
  } catch (error) {
    admin.log.error('the secrets of a destination cannot be read', { id: row.id, error: String(error) });
    // What is required is there, so that clients can show the destination and its secrets can be set again.
    whole = {
      ...row.config,
      ...Object.fromEntries([...hidden].map((field) => [field, field === 'headers' ? {} : ''])),
    };
  }
  return Object.fromEntries(
    Object.entries(whole).map(([field, value]) => [field, hidden.has(field) ? mask(value) : value]),
  );
}

const mask = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(String(inner))]))
    : masked(String(value));

const isRecord = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasMask = (value: unknown): boolean =>
  isRecord(value) ? Object.values(value).some(hasMask) : typeof value === 'string' && isMasked(value);

/** Fields that are not sent stay, null takes one away, and what comes back masked stays as it was. Headers are replaced as a whole. */
function mergedConfig(sent: Config, current: Config): Config {
  const merged = new Map(Object.entries(current));
  for (const [field, value] of Object.entries(sent)) {
    const before = current[field];
    if (value === null) merged.delete(field);
    else if (isRecord(value)) {
      const known = isRecord(before) ? before : {};
      merged.set(
        field,
        Object.fromEntries(
          Object.entries(value).map(([name, inner]) => [name, hasMask(inner) ? (known[name] ?? inner) : inner]),
        ),
      );
    } else if (!hasMask(value) || before === undefined) merged.set(field, value);
  }
  return Object.fromEntries(merged);
}
