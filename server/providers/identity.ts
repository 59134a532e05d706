import { createHash } from 'node:crypto';

/** Stands for the caller's `user` at a provider: the same for the same user, and telling nothing about who that is. */
export function opaqueUser(user: string): string {
  return createHash('sha256').update(`callgate:${user}`).digest('hex').slice(0, 32);
}
