/** Of a masked secret: so many stars, and of a long one its last four characters. */
const STARS = '*'.repeat(8);
const LONG = 16;
const MASKED = /^\*{8}.{0,4}$/s;

/** A secret as it may be shown. */
export const masked = (secret: string) => STARS + (secret.length >= LONG ? secret.slice(-4) : '');

/** A key as it is told from others: the ends of a long one. */
export const keyLabel = (secret: string) =>
  secret.length >= 24 ? `${secret.slice(0, 6)}...${secret.slice(-4)}` : masked(secret);

/** Whether a text is what a secret was shown as, so that it must not be taken for one. */
export const isMasked = (text: string) => MASKED.test(text);
