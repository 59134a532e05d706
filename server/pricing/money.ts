/**
 * Exact money. Prices are integers of 10⁻¹⁵ US dollars per unit (bigint); amounts are integers of nano-dollars, 10⁻⁹ US
 * dollars (number: safe up to nine million dollars). Only the edge of the API turns either into a floating number.
 */

/** 10⁻¹⁵ US dollars. */
export type Femto = bigint;
/** 10⁻⁹ US dollars, a safe integer. */
export type Nano = number;

const FEMTO_PER_NANO = 1_000_000n;
const FEMTO_DIGITS = 15;

/**
 * Reads a decimal string of US dollars (`"0.0000025"`, `"1e-7"`) as femto-dollars, rounded up past the 15th decimal.
 * Returns null for anything else: negative, NaN, empty, hexadecimal.
 */
export function parseUsd(text: string): Femto | null {
  const match = /^(\d{1,15})?(?:\.(\d{0,40}))?(?:e([+-]?\d{1,2}))?$/i.exec(text.trim());
  if (!match || (!match[1] && !match[2])) return null;
  const fraction = match[2] ?? '';
  const digits = BigInt(`${match[1] ?? ''}${fraction}`);
  const shift = FEMTO_DIGITS - fraction.length + Number(match[3] ?? 0);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return (digits + divisor - 1n) / divisor;
}

/** Writes femto-dollars as OpenRouter's plain decimal string, without an exponent or trailing zeros. */
export function formatUsd(femto: Femto): string {
  const digits = femto.toString().padStart(FEMTO_DIGITS + 1, '0');
  const fraction = digits.slice(-FEMTO_DIGITS).replace(/0+$/, '');
  const whole = digits.slice(0, -FEMTO_DIGITS);
  return fraction ? `${whole}.${fraction}` : whole;
}

/** Rounds a sum of femto-dollars up to whole nano-dollars: done once, at the end of a sum. */
export function nanoOf(femto: Femto): Nano {
  return Number((femto + FEMTO_PER_NANO - 1n) / FEMTO_PER_NANO);
}

/** A JSON number of US dollars as nano-dollars: `round(x · 10⁹)`. */
export function nanoOfUsd(usd: number): Nano {
  return Math.round(usd * 1e9);
}

/** Nano-dollars as the JSON number of US dollars that prints with at most nine decimals. */
export function usdOfNano(nano: Nano): number {
  return nano / 1e9;
}
