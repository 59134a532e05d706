import type { Refusal } from '../../errors.ts';
import type { JsonObject } from '../resolve-preset.ts';
import { ChoiceScreen, screenedMessage } from './answer-screen.ts';
import { asksForJson } from './asks-for-json.ts';
import type { ContentCourse } from './content-course.ts';

/** The choices of a stream's chunks as they may be passed on. */
export class StreamScreen {
  readonly #course: ContentCourse;
  readonly #isJson: boolean;
  readonly #undecided: (error: unknown) => Refusal;
  readonly #choices = new Map<unknown, ChoiceScreen>();

  /** `undecided`: what a caller is told of an answer that cannot be looked at. */
  constructor(course: ContentCourse, request: JsonObject, undecided: (error: unknown) => Refusal) {
    this.#course = course;
    this.#undecided = undecided;
    this.#isJson = asksForJson(request);
  }

  /** Set once the answer may not go on. */
  get refusal(): Refusal | null {
    return this.#course.refusal;
  }

  /** Those that still say something; what they do not say yet comes with a later one, at the latest with that which ends the choice. */
  pass(choices: readonly unknown[]): readonly unknown[] {
    try {
      return choices.flatMap((choice): readonly unknown[] =>
        typeof choice === 'object' && choice !== null ? this.#pass(choice as JsonObject) : [],
      );
    } catch (error) {
      // Nothing fails open, and a provider is not to blame for it.
      this.#course.fail(this.#undecided(error));
      return [];
    }
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
    // Where a provider sends a whole message in a stream.
    if (typeof choice['message'] === 'object' && choice['message'] !== null)
      out['message'] = screenedMessage(this.#course, choice['message'] as JsonObject, this.#isJson);
    if (typeof delta === 'object' && delta !== null) out['delta'] = screen.delta(delta as JsonObject, isLast);
    else if (isLast) out['delta'] = screen.delta({}, true);
    return isLast || saysSomething(out) ? [out] : [];
  }
}

function saysSomething({ delta, text, message }: JsonObject): boolean {
  if (message !== undefined) return true;
  if (typeof text === 'string') return text !== '';
  if (typeof delta !== 'object' || delta === null) return true;
  return Object.values(delta).some(
    (value) => value !== '' && value !== null && !(Array.isArray(value) && value.length === 0),
  );
}
