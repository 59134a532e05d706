import { type Femto, formatUsd, parseUsd } from './money.ts';

/** What the parts of a call cost, in femto-dollars per token or unit; null or absent: not priced apart from its parent. */
export type Rates = {
  readonly prompt: Femto;
  readonly completion: Femto;
  readonly cacheRead: Femto | null;
  /** Cache writes that last five minutes, or however long the provider keeps them. */
  readonly cacheWrite: Femto | null;
  readonly cacheWrite1h?: Femto | null;
  readonly reasoning: Femto | null;
  /** Per token of audio heard, heard again from the cache, and spoken. */
  readonly audio?: Femto | null;
  readonly audioCache?: Femto | null;
  readonly audioOutput?: Femto | null;
  /** Per token of an image seen, and drawn. */
  readonly imageToken?: Femto | null;
  readonly imageOutput?: Femto | null;
  readonly request: Femto;
  /** Per image seen. */
  readonly image: Femto;
  /** Per search; null or absent: unknown, never free. */
  readonly webSearch?: Femto | null;
};

/** A part of the day in UTC, half open, in minutes; it may wrap midnight. Days are those on which it begins to hold, 0 = Sunday. */
export type DayWindow = { readonly start: number; readonly end: number; readonly days?: readonly number[] };

/** Rates that replace others: when the prompt has strictly more tokens, and within the window if there is one. */
export type Tier = {
  readonly minPromptTokens: number;
  readonly window?: DayWindow;
  readonly rates: Partial<Rates>;
};

/** Tiers that cost apart when they are asked for: `flex` waits longer, `priority` less. */
export type ServiceTier = 'flex' | 'priority';

/** Rates, and what replaces them; later tiers win, a service tier last. */
export type Price = Rates & {
  readonly tiers: readonly Tier[];
  readonly serviceTiers?: Readonly<Partial<Record<ServiceTier, Partial<Rates>>>>;
};

/** A tier without a threshold holds for every prompt, the empty one too. */
export const ANY_PROMPT = -1;

/** Decimal strings of US dollars per token or unit, by OpenRouter's names. */
type PublicRates = {
  readonly [name in (typeof PUBLIC_NAMES)[number][1]]?: string | undefined;
};

export type PublicOverride = PublicRates & {
  readonly min_prompt_tokens?: number | undefined;
  /** HHMM. */
  readonly utc_start?: number | undefined;
  readonly utc_end?: number | undefined;
  readonly utc_days?: readonly string[] | undefined;
};

/** OpenRouter's pricing object, and the prices of service tiers, for which it has no word. */
export type PublicPricing = PublicRates & {
  readonly prompt: string;
  readonly completion: string;
  /** What is taken off every price: 0.1 is ten percent. */
  readonly discount?: number | undefined;
  readonly overrides?: readonly PublicOverride[] | undefined;
  readonly service_tiers?: Readonly<Partial<Record<ServiceTier, PublicRates | undefined>>> | undefined;
};

const PUBLIC_NAMES = [
  ['prompt', 'prompt'],
  ['completion', 'completion'],
  ['request', 'request'],
  ['image', 'image'],
  ['imageToken', 'image_token'],
  ['imageOutput', 'image_output'],
  ['audio', 'audio'],
  ['audioOutput', 'audio_output'],
  ['audioCache', 'input_audio_cache'],
  ['webSearch', 'web_search'],
  ['cacheRead', 'input_cache_read'],
  ['cacheWrite', 'input_cache_write'],
  ['cacheWrite1h', 'input_cache_write_1h'],
  ['reasoning', 'internal_reasoning'],
] as const satisfies readonly (readonly [keyof Rates, string])[];

/** OpenRouter's overrides may say no more than these. */
const OVERRIDABLE: ReadonlySet<string> = new Set([
  'prompt',
  'completion',
  'audio',
  'input_audio_cache',
  'input_cache_read',
  'input_cache_write',
  'input_cache_write_1h',
]);

export const UTC_DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

/** Reads OpenRouter's pricing object; null when a string in it is not a price (`"-1"`, OpenRouter's "it varies", is none). */
export function priceOfPricing(pricing: PublicPricing): Price | null {
  const keep = 1 - (pricing.discount ?? 0);
  if (!(keep >= 0 && keep <= 1)) return null;
  const base = ratesOf(pricing, keep);
  const { prompt, completion } = base ?? {};
  if (!base || prompt === undefined || completion === undefined || prompt === null || completion === null) return null;
  const tiers: Tier[] = [];
  for (const override of pricing.overrides ?? []) {
    const rates = ratesOf(override, keep);
    const window = windowOf(override);
    if (!rates || window === 'invalid') return null;
    tiers.push({ minPromptTokens: override.min_prompt_tokens ?? ANY_PROMPT, rates, ...(window ? { window } : {}) });
  }
  const serviceTiers: Partial<Record<ServiceTier, Partial<Rates>>> = {};
  for (const name of ['flex', 'priority'] as const) {
    const public_ = pricing.service_tiers?.[name];
    const rates = public_ ? ratesOf(public_, 1) : undefined;
    if (rates === null) return null;
    if (rates) serviceTiers[name] = rates;
  }
  return {
    cacheRead: null,
    cacheWrite: null,
    reasoning: null,
    request: 0n,
    image: 0n,
    ...base,
    prompt,
    completion,
    tiers,
    ...(Object.keys(serviceTiers).length > 0 ? { serviceTiers } : {}),
  };
}

const DISCOUNT_SCALE = 1_000_000n;

/** The rates that are named; null when one of them is not a price. A discount is exact to the millionth, rounded up. */
function ratesOf(pricing: PublicRates, keep: number): Partial<Rates> | null {
  const rates: Partial<Record<keyof Rates, Femto>> = {};
  for (const [rate, name] of PUBLIC_NAMES) {
    const text = pricing[name];
    if (text === undefined) continue;
    const femto = parseUsd(text);
    if (femto === null) return null;
    rates[rate] = keep === 1 ? femto : (femto * BigInt(Math.ceil(keep * 1e6)) + DISCOUNT_SCALE - 1n) / DISCOUNT_SCALE;
  }
  return rates as Partial<Rates>;
}

function windowOf({ utc_start, utc_end, utc_days }: PublicOverride): DayWindow | 'invalid' | null {
  if (utc_start === undefined && utc_end === undefined && utc_days === undefined) return null;
  const start = minuteOf(utc_start ?? 0);
  const end = minuteOf(utc_end ?? 2400);
  const days = utc_days?.map((day) => UTC_DAYS.indexOf(day as (typeof UTC_DAYS)[number]));
  if (start === null || end === null || days?.includes(-1)) return 'invalid';
  return days ? { start, end, days } : { start, end };
}

function minuteOf(hhmm: number): number | null {
  const [hours, minutes] = [Math.floor(hhmm / 100), hhmm % 100];
  return Number.isInteger(hhmm) && hours >= 0 && minutes < 60 && hhmm <= 2400 ? hours * 60 + minutes : null;
}

/** Writes a price as OpenRouter's pricing object, tiers as `overrides`. */
export function pricingOfPrice(price: Price): Record<string, unknown> {
  const overrides = price.tiers.map(({ minPromptTokens, window, rates }) => ({
    ...(minPromptTokens > ANY_PROMPT ? { min_prompt_tokens: minPromptTokens } : {}),
    ...(window
      ? {
          utc_start: hhmmOf(window.start),
          utc_end: hhmmOf(window.end),
          ...(window.days ? { utc_days: window.days.map((day) => UTC_DAYS[day]) } : {}),
        }
      : {}),
    ...stringsOf(rates, (name) => OVERRIDABLE.has(name)),
  }));
  return {
    ...stringsOf(price, () => true),
    ...(overrides.length > 0 ? { overrides } : {}),
  };
}

const hhmmOf = (minutes: number) => Math.floor(minutes / 60) * 100 + (minutes % 60);

/** A fee of nothing is left out as OpenRouter does; a token that is free says so. */
function stringsOf(rates: Partial<Rates>, shown: (name: string) => boolean): Record<string, string> {
  const strings: Record<string, string> = {};
  for (const [rate, name] of PUBLIC_NAMES) {
    const femto = rates[rate];
    if (femto === null || femto === undefined || !shown(name)) continue;
    if (femto === 0n && (rate === 'request' || rate === 'image')) continue;
    strings[name] = formatUsd(femto);
  }
  return strings;
}
