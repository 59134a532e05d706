/** Whether a key has passed its expiry (ISO 8601; null: never). */
export function isExpired(key: { readonly expiresAt: string | null }, now: Date): boolean {
  return key.expiresAt !== null && Date.parse(key.expiresAt) <= now.getTime();
}
