/** What may stand in a log: no keys, no prompts. Applied where lines are written, so that no caller can forget it. */

const REDACTED = '[redacted]';

/** Field names, lower case and without separators, whose values are never written, wherever they stand. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'key',
  'apikey',
  'xapikey',
  'xgoogapikey',
  'secret',
  'clientsecret',
  'password',
  'token',
  'accesstoken',
  'refreshtoken',
  'bearer',
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'managementkey',
  'masterkey',
  'providerkey',
  'prompt',
  'systemprompt',
  'messages',
  'content',
  'input',
  'output',
  'completion',
  'body',
  'text',
]);

/** Keys of ours and of the usual providers, and anything said after `Bearer`. */
const SECRET_TEXT =
  /\b(sk-[A-Za-z0-9_-]{12,}|AIza[A-Za-z0-9_-]{20,}|gsk_[A-Za-z0-9]{20,}|xai-[A-Za-z0-9]{20,})|\bBearer +[^\s"',]{4,}/gi;

const MAX_DEPTH = 6;
const MAX_TEXT = 8_192;

/** A copy of `value` that JSON can hold, with secrets and prompts taken out. Never throws; cycles end at the depth limit. */
export function redact(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
      return value.toString();
    case 'number':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : depth >= MAX_DEPTH ? '[…]' : redactObject(value, depth);
    default:
      return undefined;
  }
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  if (ArrayBuffer.isView(value)) return REDACTED;
  if (value instanceof Map) return redactObject(Object.fromEntries(value), depth);
  if (value instanceof Set) return redactObject([...value], depth);
  return Object.fromEntries(
    Object.keys(value).map((name) => [name, isSecretName(name) ? REDACTED : redact(read(value, name), depth + 1)]),
  );
}

function redactError(error: Error, depth: number): unknown {
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}

/** A getter that throws must not take the log down. */
function read(object: object, name: string): unknown {
  try {
    return (object as Record<string, unknown>)[name];
  } catch {
    return '[unreadable]';
  }
}

function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.toLowerCase().replace(/[_\s-]/g, ''));
}

/** Cuts first, so that a huge text costs no more than a long one. */
function redactText(text: string): string {
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return cut.replace(SECRET_TEXT, REDACTED);
}
