import { hash, randomBytes } from 'node:crypto';

const PREFIX = 'sk-cg-v1-';

/** A new API key's secret: `sk-cg-v1-` and 64 hex digits. Shown once; only its SHA-256 is kept. */
export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('hex');
}

/** SHA-256 of a secret, lowercase hex: what a key is found and named by. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret);
}

/** A secret as it may be shown: its beginning and its last three characters. */
export function maskSecret(secret: string): string {
  return `${secret.slice(0, PREFIX.length + 3)}...${secret.slice(-3)}`;
}
