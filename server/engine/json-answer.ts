import type { Endpoint } from '../providers/registry.ts';
import type { AttemptResult } from './attempt.ts';
import { type Course, isByok, routeMetadata } from './course.ts';
import type { JsonObject } from './resolve-preset.ts';
import { type SettleParts, settleAnswer } from './settle.ts';
import { spliceTopLevel } from './splice.ts';
import { Tally } from './tally.ts';
import { usageReport } from './usage-report.ts';

/** Settles a whole answer and gives its text: `id`, `model`, `provider` and `usage` are ours, every other byte stands. */
export async function completeJson(
  parts: SettleParts,
  course: Course,
  endpoint: Endpoint,
  result: Extract<AttemptResult, { kind: 'json' }>,
): Promise<string> {
  const { text, answer } = result;
  const tally = new Tally();
  tally.add(answer);
  const generationMs = performance.now() - course.startedMs;
  const cancelled = course.signal.aborted;
  const ending = { status: cancelled ? 499 : 200, cancelled, latencyMs: generationMs, generationMs };
  const { usage, cost } = await settleAnswer(parts, course, endpoint, tally, ending);
  const choices = conformingChoices(answer['choices']);
  const ours: Record<string, string> = {
    id: JSON.stringify(course.id),
    model: JSON.stringify(endpoint.model.id),
    provider: JSON.stringify(endpoint.provider.name),
    usage: JSON.stringify(usageReport(tally.rawUsage, usage, cost, isByok(course))),
  };
  if (answer['object'] !== 'chat.completion') ours['object'] = '"chat.completion"';
  if (typeof answer['created'] !== 'number') ours['created'] = String(Math.floor(course.startedAt.getTime() / 1000));
  if (!('system_fingerprint' in answer)) ours['system_fingerprint'] = 'null';
  if (choices) ours['choices'] = JSON.stringify(choices);
  if (course.caller.wantsMetadata)
    ours['openrouter_metadata'] = JSON.stringify(routeMetadata(course, endpoint, generationMs));
  return spliceTopLevel(text, ours);
}

/** The choices with what strict clients insist on, when a provider left some of it out; null when nothing is missing. */
function conformingChoices(choices: unknown): readonly JsonObject[] | null {
  const list = (Array.isArray(choices) ? choices : []) as Record<string, unknown>[];
  const conforms = list.every((choice) => 'index' in choice && 'finish_reason' in choice && hasRole(choice['message']));
  if (conforms) return null;
  return list.map((choice, index) => {
    const message = typeof choice['message'] === 'object' && choice['message'] !== null ? choice['message'] : {};
    return { index, finish_reason: null, ...choice, message: { role: 'assistant', ...message } };
  });
}

const hasRole = (message: unknown) => typeof message === 'object' && message !== null && 'role' in message;
