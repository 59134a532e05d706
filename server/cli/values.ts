/** Option values that are more than text; each throws commander's InvalidArgumentError, which becomes a usage error. */
import { InvalidArgumentError } from 'commander';

/** null: without a limit. */
export type Limit = { readonly usd: number | null };

/** `10`, `$0.50` or `none`; at most nine places, as money here is counted in nano-dollars. */
export function parseLimit(text: string): Limit {
  if (text === 'none') return { usd: null };
  if (!/^\$?\d{1,9}(\.\d{1,9})?$/.test(text))
    throw new InvalidArgumentError('Write US dollars, such as 10 or 0.50, or none.');
  return { usd: Number(text.replace('$', '')) };
}

export type ResetOption = { readonly reset: 'daily' | 'weekly' | 'monthly' | null };

export function parseReset(text: string): ResetOption {
  if (text === 'never') return { reset: null };
  if (text === 'daily' || text === 'weekly' || text === 'monthly') return { reset: text };
  throw new InvalidArgumentError('Write daily, weekly, monthly or never.');
}

/** ISO 8601 UTC with seconds. */
export type Expiry = string;

/** `30d` from now, `2026-12-31` (its first moment, UTC), or a whole ISO 8601 time. */
export function parseExpiry(text: string, _previous?: unknown, now: Date = new Date()): Expiry {
  const span = /^(\d{1,5})(m|h|d|w)$/.exec(text);
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
  const time = span
    ? now.getTime() + Number(span[1]) * unit[span[2] as keyof typeof unit]
    : /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write 30d, 2026-12-31 or 2026-12-31T12:00:00Z.');
  if (time <= now.getTime()) throw new InvalidArgumentError('That time has passed.');
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Write a port from 1 to 65535, or 0 for any that is free.');
}

export function parseCount(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number.');
}

export type Tier = 'A' | 'B' | 'C';

export function parseTier(text: string): Tier {
  const tier = text.toUpperCase();
  if (tier === 'A' || tier === 'B' || tier === 'C') return tier;
  throw new InvalidArgumentError('Write A (only proposes), B (asks) or C (runs alone).');
}

export type RunawayOption = { readonly mode: 'off' | 'warn' | 'trip' | null };

export function parseRunaway(text: string): RunawayOption {
  if (text === 'default') return { mode: null };
  if (text === 'off' || text === 'warn' || text === 'trip') return { mode: text };
  throw new InvalidArgumentError('Write off, warn, trip or default.');
}
