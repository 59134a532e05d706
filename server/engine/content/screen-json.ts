import type { Refusal } from '../../errors.ts';
import type { AttemptResult } from '../attempt.ts';
import type { Course } from '../course.ts';
import type { JsonObject } from '../resolve-preset.ts';
import { spliceTopLevel } from '../splice.ts';
import { screenedMessage } from './answer-screen.ts';
import { asksForJson } from './asks-for-json.ts';
import { answerBlocked } from './blocked.ts';
import type { ContentCourse } from './content-course.ts';

type JsonResult = Extract<AttemptResult, { kind: 'json' }>;

/** A whole answer as it may be given to its caller; the very same where nothing was found in it and nothing put back. */
export function screenJson(content: ContentCourse, { request }: Course, result: JsonResult): JsonResult | Refusal {
  const isJson = asksForJson(request);
  let changed = false;
  const choices = (result.answer['choices'] as readonly JsonObject[]).map((choice) => {
    const { message, text } = choice;
    const out: Record<string, unknown> = { ...choice };
    if (typeof message === 'object' && message !== null)
      out['message'] = screenedMessage(content, message as JsonObject, isJson);
    if (typeof text === 'string') out['text'] = String(screenedMessage(content, { content: text }, false)['content']);
    if (JSON.stringify(out) === JSON.stringify(choice)) return choice;
    changed = true;
    // They spell the text out, token by token.
    return 'logprobs' in out ? { ...out, logprobs: null } : out;
  });
  const hit = content.blocked;
  if (hit) return answerBlocked(hit);
  if (!changed) return result;
  const text = spliceTopLevel(result.text, { choices: JSON.stringify(choices) });
  return { ...result, text, answer: { ...result.answer, choices } };
}
