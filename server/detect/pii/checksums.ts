/** The digits of a text, as numbers; everything else is left out. */
export function digitsOf(text: string): readonly number[] {
  const digits: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit >= 0 && digit <= 9) digits.push(digit);
  }
  return digits;
}

/** ISO/IEC 7812: payment cards, NPI, Canadian SIN, South African and Swedish ids. */
export function luhn(digits: readonly number[]): boolean {
  let sum = 0;
  for (let at = digits.length - 1, doubled = false; at >= 0; at -= 1, doubled = !doubled) {
    const digit = digits[at] ?? 0;
    sum += doubled ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum % 10 === 0;
}

/** ISO 7064 mod 97-10 over letters and digits (A = 10): 1 for a valid IBAN whose first four characters stand last. */
export function mod97(text: string): number {
  let rest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const value = code <= 0x39 ? code - 0x30 : (code & ~0x20) - 0x37;
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest;
}

/** The sum of each digit times its weight; digits beyond the weights do not count. */
export function weighted(digits: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < weights.length; at += 1) sum += (digits[at] ?? 0) * (weights[at] ?? 0);
  return sum;
}

const D5 = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
] as const;
const PERMUTED = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4] as const;

/** Verhoeff's scheme, its check digit last: Aadhaar. */
export function verhoeff(digits: readonly number[]): boolean {
  let check = 0;
  for (let at = 0; at < digits.length; at += 1) {
    let digit = digits[digits.length - 1 - at] ?? 0;
    for (let times = at % 8; times > 0; times -= 1) digit = PERMUTED[digit] ?? 0;
    check = D5[check]?.[digit] ?? 0;
  }
  return check === 0;
}

/** ISO 7064 mod 11-10, its check digit last: German tax id. */
export function mod11And10(digits: readonly number[]): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (digit + product) % 10 || 10;
    product = (2 * sum) % 11;
  }
  return (11 - product) % 10 === digits.at(-1);
}

/** All digits the same: what people type when they have none. */
export const isRepeated = (digits: readonly number[]): boolean => digits.every((digit) => digit === digits[0]);
