import type { Usage } from '../pricing/usage.ts';
import type { Endpoint } from '../providers/registry.ts';
import type { RoutingMemory } from '../routing/memory.ts';
import { isNamed } from './conversation.ts';
import type { Course } from './course.ts';
import { stickyId } from './eligible.ts';
import type { Ending } from './settle.ts';

/**
 * Lets routing remember how an answer went: its speed, and for a conversation which endpoint has its prompt cached. One that its
 * caller cut off says nothing; one that the endpoint broke off is a failure.
 */
export function noteAnswer(
  { records, breakers, sticky }: RoutingMemory,
  course: Course,
  endpoint: Endpoint,
  usage: Usage,
  { status, cancelled, latencyMs, generationMs }: Ending,
): void {
  if (cancelled) return;
  const now = course.startedAt.getTime() + (performance.now() - course.startedMs);
  if (status !== 200) {
    breakers.failed(endpoint.id, now);
    records.failed(endpoint.id, now);
    return;
  }
  // Counted from when this endpoint was asked, not from when the call came.
  const untilFirst = course.attempts.at(-1)?.ms ?? 0;
  const afterFirst = Math.max(0, (generationMs ?? 0) - (latencyMs ?? 0));
  records.answered(endpoint.id, now, untilFirst, usage.completion, Math.max(1, untilFirst + afterFirst));

  const { conversation, selection } = course.eligible;
  if (!conversation) return;
  const { price } = endpoint.model;
  const savesMoney = price !== null && price.cacheRead !== null && price.cacheRead < price.prompt;
  const hasCache = savesMoney && usage.cached + usage.cacheWrite > 0;
  if (!hasCache && selection !== 'sticky' && !isNamed(course.request, course.caller.sessionId)) return;
  sticky.keep(stickyId(conversation(), endpoint.model.id), endpoint.id, now);
}
