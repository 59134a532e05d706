import { healJson } from '../plugins/heal-json.ts';
import type { AttemptResult } from './attempt.ts';
import type { JsonObject } from './resolve-preset.ts';
import { spliceTopLevel } from './splice.ts';

type JsonResult = Extract<AttemptResult, { kind: 'json' }>;

const JSON_FORMATS: ReadonlySet<unknown> = new Set(['json_object', 'json_schema']);

/** Whether the request asks for a whole answer in JSON, which is all that can be mended. */
export function asksForJson(request: JsonObject): boolean {
  const format = request['response_format'];
  if (request['stream'] === true || typeof format !== 'object' || format === null || !('type' in format)) return false;
  return JSON_FORMATS.has(format.type);
}

/** The answer with the JSON of its messages mended; the same one, byte for byte, when there was nothing to mend. */
export function healAnswer(result: JsonResult): JsonResult {
  let healed = false;
  const choices = (result.answer['choices'] as readonly JsonObject[]).map((choice) => {
    const message = choice['message'];
    if (typeof message !== 'object' || message === null) return choice;
    const { content } = message as JsonObject;
    const mended = typeof content === 'string' ? healJson(content) : null;
    if (mended === null) return choice;
    healed = true;
    return { ...choice, message: { ...message, content: mended } };
  });
  if (!healed) return result;
  const text = spliceTopLevel(result.text, { choices: JSON.stringify(choices) });
  return { ...result, text, answer: { ...result.answer, choices } };
}

/** How `openrouter_metadata.pipeline` tells of it. */
export const HEALING_STAGE: JsonObject = {
  type: 'response_healing',
  name: 'response-healing',
  summary: 'mended the JSON of the answer',
};
