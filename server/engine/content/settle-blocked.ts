import type { Refusal } from '../../errors.ts';
import type { Endpoint } from '../../providers/registry.ts';
import type { Course } from '../course.ts';
import type { JsonObject } from '../resolve-preset.ts';
import { type SettleParts, settleAnswer } from '../settle.ts';
import { Tally } from '../tally.ts';

/** Settles a whole answer that its caller does not get: it was made, so it is charged what it used. */
export async function settleBlocked(
  parts: SettleParts,
  course: Course,
  endpoint: Endpoint,
  answer: JsonObject,
  { status }: Refusal,
): Promise<void> {
  const tally = new Tally();
  tally.add(answer);
  tally.finishReason = 'content_filter';
  const generationMs = performance.now() - course.startedMs;
  const ending = { status, cancelled: false, latencyMs: generationMs, generationMs };
  await settleAnswer(parts, course, endpoint, tally, ending);
}
