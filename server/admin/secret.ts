import { hash, randomBytes } from 'node:crypto';

const PREFIX = 'sk-cg-v1-';

/** A new API key's secret: `sk-cg-v1-` and 64 hex digits. Shown once; only its SHA-256 is kept. */
export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('hex');
}

/** A new management key's secret, in the form of the state folder's own. */
export function newManagementSecret(): string {
  return `sk-cg-mgmt-v1-${randomBytes(32).toString('hex')}`;
}

/** SHA-256 of a secret, lowercase hex: what a key is found and named by. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret);
}

/** A secret as it may be shown: its prefix, three characters, and its last three. */
export function maskSecret(secret: string): string {
  return `${secret.slice(0, secret.lastIndexOf('-') + 4)}...${secret.slice(-3)}`;
}
