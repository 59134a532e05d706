import type { Refusal } from '../../errors.ts';
import type { Log } from '../../observe/log.ts';
import type { AttemptResult } from '../attempt.ts';
import type { Course } from '../course.ts';
import type { JsonObject } from '../resolve-preset.ts';
import { spliceTopLevel } from '../splice.ts';
import { undecided } from '../undecided.ts';
import { screenedMessage } from './answer-screen.ts';
import { asksForJson } from './asks-for-json.ts';
import type { ContentCourse } from './content-course.ts';

type JsonResult = Extract<AttemptResult, { kind: 'json' }>;

/** A whole answer as it may be given to its caller; the very same where nothing was found in it and nothing put back. */
export function screenJson(log: Log, content: ContentCourse, course: Course, result: JsonResult): JsonResult | Refusal {
  try {
    return screened(content, course, result);
  } catch (error) {
    // Nothing fails open; and asking again would not cure it.
    const refusal = undecided(log, course.id, error);
    content.fail(refusal);
    return refusal;
  }
}

function screened(content: ContentCourse, { request }: Course, result: JsonResult): JsonResult | Refusal {
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
  if (content.refusal) return content.refusal;
  if (!changed) return result;
  const text = spliceTopLevel(result.text, { choices: JSON.stringify(choices) });
  return { ...result, text, answer: { ...result.answer, choices } };
}
