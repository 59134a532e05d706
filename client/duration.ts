import { l10n } from 'vscode';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long until `iso` (ISO 8601), roughly: `3 d`, `5 h`, `12 min`; at or before `now`, `now`. */
export function timeUntil(iso: string, now: number): string {
  const left = Date.parse(iso) - now;
  if (!(left > 0)) return l10n.t('now');
  if (left >= 2 * DAY) return l10n.t('{0} d', Math.floor(left / DAY));
  if (left >= 2 * HOUR) return l10n.t('{0} h', Math.floor(left / HOUR));
  return l10n.t('{0} min', Math.max(1, Math.round(left / MINUTE)));
}

/** How long ago `iso` was, roughly. */
export function timeSince(iso: string, now: number): string {
  const past = now - Date.parse(iso);
  if (past < MINUTE) return l10n.t('just now');
  if (past >= 2 * DAY) return l10n.t('{0} d ago', Math.floor(past / DAY));
  if (past >= 2 * HOUR) return l10n.t('{0} h ago', Math.floor(past / HOUR));
  return l10n.t('{0} min ago', Math.round(past / MINUTE));
}

/** Milliseconds for the eye: `340 ms`, `1.2 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
