import { hash } from 'node:crypto';

export const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Whether the last four bytes are the checksum of the others: Base58Check, as Bitcoin's keys are written. At most some 120 characters. */
export function isBase58Check(text: string): boolean {
  let value = 0n;
  for (const character of text) {
    const digit = BASE58.indexOf(character);
    if (digit < 0) return false;
    value = value * 58n + BigInt(digit);
  }
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const body = bytes.subarray(0, -4);
  const check = hash('sha256', hash('sha256', body, 'buffer'), 'buffer').subarray(0, 4);
  return check.equals(bytes.subarray(-4));
}
