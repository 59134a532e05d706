/** The oldest Node the daemon runs on: the first with `node:sqlite` unflagged. */
export const OLDEST_NODE = '22.13.0';

/** Whether a version such as `v22.13.1` or `24.0.0-nightly` is new enough. Anything unreadable is not. */
export function isNodeSupported(version: string): boolean {
  const match = /^v?(\d+)\.(\d+)\./.exec(version);
  if (!match) return false;
  const major = Number(match[1]);
  return major > 22 || (major === 22 && Number(match[2]) >= 13);
}

/** The one sentence a Node too old is told. */
export function nodeTooOld(version: string): string {
  return `Callgate needs Node ${OLDEST_NODE} or newer, and this is Node ${version.replace(/^v/, '')}.`;
}
