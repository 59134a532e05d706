/** The scalar values of config.yaml, each with the words that a person who mistyped it needs. */
import * as z from 'zod';

/** `30`, `"30s"`, `"500ms"` or `"2m"`; becomes seconds. */
export const seconds = z
  .union([z.number(), z.string()], { error: 'must be seconds, such as 30, or a text such as "500ms", "30s" or "2m"' })
  .transform((value, context) => {
    const parsed = typeof value === 'number' ? value : parseDuration(value);
    if (parsed !== null && Number.isFinite(parsed) && parsed > 0 && parsed <= 86_400) return parsed;
    context.addIssue('must be longer than nothing and at most a day, such as 30, "500ms", "30s" or "2m"');
    return z.NEVER;
  });

function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|m|h)$/.exec(text.trim());
  if (!match) return null;
  const unit = { ms: 0.001, s: 1, m: 60, h: 3_600 }[match[2] as 'ms' | 's' | 'm' | 'h'];
  return Number(match[1]) * unit;
}

/** `10485760` or `"10mb"`; becomes bytes. */
export const bytes = z
  .union([z.number(), z.string()], { error: 'must be bytes, such as 1048576, or a text such as "10mb"' })
  .transform((value, context) => {
    const parsed = typeof value === 'number' ? value : parseSize(value);
    if (parsed !== null && Number.isSafeInteger(parsed) && parsed >= 1_024 && parsed <= 1_073_741_824) return parsed;
    context.addIssue('must be between "1kb" and "1gb", such as 1048576 or "10mb"');
    return z.NEVER;
  });

function parseSize(text: string): number | null {
  const match = /^(\d+) ?(b|kb|mb|gb)$/i.exec(text.trim());
  if (!match) return null;
  const unit = { b: 1, kb: 1_024, mb: 1_048_576, gb: 1_073_741_824 }[
    match[2]?.toLowerCase() as 'b' | 'kb' | 'mb' | 'gb'
  ];
  return Number(match[1]) * unit;
}

/** US dollars per unit as OpenRouter writes them: a decimal text, kept as it stands, for floating point would round it. */
export const price = z
  .string({ error: 'must be US dollars per unit as a text, such as "0.0000015"' })
  .regex(/^\d{1,9}(\.\d{1,15})?$/, {
    error:
      'must be a decimal of US dollars per unit with at most 15 places, such as "0.0000015" (no sign, no exponent)',
  });

/** Where a provider's API begins, version segment included; becomes the same without a slash at its end. */
export const baseUrl = z
  .string({ error: 'must be a URL, such as https://api.example.com/v1' })
  .transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : null;
    const wrong = (message: string) => {
      context.addIssue(message);
      return z.NEVER;
    };
    if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      return wrong('must be a URL that starts with https:// or http://');
    }
    if (url.username || url.password) return wrong('must not hold a user or password; use "key" or "headers"');
    if (url.search || url.hash || /[?#]/.test(text)) return wrong('must not have a query or a fragment');
    return url.href.replace(/\/+$/, '');
  });

/** How a provider's key is found: `env:NAME`, or `stored` (by `callgate providers set-key`). */
export const keySource = z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|stored)$/, {
  error: 'must be env:NAME or stored; a key itself never stands in this file (callgate providers set-key keeps it)',
});

/** Set by the connection itself, or by us for each request. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
]);

export const headers = z.record(
  z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'is not a valid header name' })
    .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), { error: 'is a header that Callgate sets itself' }),
  // https://www.rfc-editor.org/rfc/rfc9110#section-5.5
  z.string({ error: 'must be a text' }).regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: 'is not a valid header value' }),
);

/** `name` or `name:port`; compared with the Host header. */
export const allowedHost = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)(:\d{1,5})?$/, {
  error: 'must be a host name, with or without a port, such as gate.example or gate.example:8443 (no wildcards)',
});

/** Compared with the Origin header letter by letter, so only its canonical spelling can ever match. */
export const allowedOrigin = z
  .string()
  .refine((text) => URL.canParse(text) && new URL(text).origin === text && text !== 'null', {
    error:
      'must be one exact origin, such as https://app.example or http://localhost:3000 (no path, no wildcard, never null)',
  });
