import type { Asked } from './asked.ts';

/** The task a call belongs to: its session; null: the call is its own. */
export function taskOf({ request, input }: Pick<Asked, 'request' | 'input'>): string | null {
  const session = request['session_id'];
  const task = typeof session === 'string' ? session : input.caller.sessionId;
  return task === '' ? null : task;
}
