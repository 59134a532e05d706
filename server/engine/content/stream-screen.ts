import type { Refusal } from '../../errors.ts';
import type { JsonObject } from '../resolve-preset.ts';
import { ChoiceScreen } from './answer-screen.ts';
import { asksForJson } from './asks-for-json.ts';
import { answerBlocked } from './blocked.ts';
import type { ContentCourse } from './content-course.ts';

/** The choices of a stream's chunks as they may be passed on. */
export class StreamScreen {
  readonly #course: ContentCourse;
  readonly #isJson: boolean;
  readonly #choices = new Map<unknown, ChoiceScreen>();

  constructor(course: ContentCourse, request: JsonObject) {
    this.#course = course;
    this.#isJson = asksForJson(request);
  }

  /** Set once the answer may not go on. */
  get refusal(): Refusal | null {
    const hit = this.#course.blocked;
    return hit ? answerBlocked(hit) : null;
  }

  /** Those that still say something; what they do not say yet comes with a later one, at the latest with that which ends the choice. */
  pass(choices: readonly unknown[]): readonly unknown[] {
    return choices.flatMap((choice): readonly unknown[] =>
      typeof choice === 'object' && choice !== null ? this.#pass(choice as JsonObject) : [choice],
    );
  }

  #pass(choice: JsonObject): readonly JsonObject[] {
    const { index, delta, text, finish_reason } = choice;
    const isLast = typeof finish_reason === 'string';
    let screen = this.#choices.get(index);
    if (!screen) {
      screen = new ChoiceScreen(this.#course, this.#isJson);
      this.#choices.set(index, screen);
    }
    const out: Record<string, unknown> = { ...choice };
    // They spell the text out, token by token.
    if (out['logprobs'] !== undefined) out['logprobs'] = null;
    if (typeof text === 'string') out['text'] = screen.text(text, isLast);
    if (typeof delta === 'object' && delta !== null) out['delta'] = screen.delta(delta as JsonObject, isLast);
    else if (isLast) out['delta'] = screen.delta({}, true);
    return isLast || saysSomething(out) ? [out] : [];
  }
}

function saysSomething({ delta, text }: JsonObject): boolean {
  if (typeof text === 'string') return text !== '';
  if (typeof delta !== 'object' || delta === null) return true;
  return Object.values(delta).some(
    (value) => value !== '' && value !== null && !(Array.isArray(value) && value.length === 0),
  );
}
