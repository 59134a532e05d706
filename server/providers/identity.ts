import { createHash } from 'node:crypto';

/** Stands for the caller's `user` at a provider: the same for the same user, and telling nothing about who that is. */
export function opaqueUser(user: string): string {
  return createHash('sha256').update(`callgate:${user}`).digest('hex').slice(0, 32);
}

const SHORT_ID = /^[A-Za-z0-9]{9}$/;

/** The id of a tool's call in nine letters and digits: the same for the same id, and what is such an id already stays. */
export function shortCallId(id: string): string {
  return SHORT_ID.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 9);
}
