import type { Reset } from '../store/store.ts';

/** The UTC day of a moment, `YYYY-MM-DD`. */
export function dayOf(now: Date): string {
  // Asked with every call; `toISOString` would write out the time as well.
  return `${now.getUTCFullYear()}-${twoDigits(now.getUTCMonth() + 1)}-${twoDigits(now.getUTCDate())}`;
}

const twoDigits = (number: number) => (number < 10 ? `0${number}` : `${number}`);

/** First day of the window that `now` lies in, UTC; weeks begin on Monday. Null: a window without an end. */
export function windowStart(reset: Reset | null, now: Date): string | null {
  if (reset === null) return null;
  return dayOf(reset === 'daily' ? now : startOf(reset, now));
}

/** When the window ends, ISO 8601 UTC midnight; null: never. */
export function resetsAt(reset: Reset | null, now: Date): string | null {
  if (reset === null) return null;
  const end = startOf(reset, now);
  if (reset === 'daily') end.setUTCDate(end.getUTCDate() + 1);
  else if (reset === 'weekly') end.setUTCDate(end.getUTCDate() + 7);
  else end.setUTCMonth(end.getUTCMonth() + 1);
  return end.toISOString();
}

function startOf(reset: Reset, now: Date): Date {
  const start = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
  if (reset === 'weekly') start.setUTCDate(start.getUTCDate() - ((start.getUTCDay() + 6) % 7));
  if (reset === 'monthly') start.setUTCDate(1);
  return start;
}
