import type { JsonObject } from './resolve-preset.ts';
import { spliceTopLevel } from './splice.ts';

/** What stands before and after the choices of a chunk, and what it became. */
type Around = {
  readonly names: readonly string[];
  readonly before: string;
  readonly after: string;
  readonly newBefore: string;
  readonly newAfter: string;
};

const CHOICES = '"choices":';
const MOST_UNLIKE = 3;

/**
 * Puts our own `id`, `model` and `provider` into the chunks of one stream; every other byte stands. Nearly all chunks of a stream
 * are alike but for their choices, so what was done around those of one is done again to the next without reading it.
 */
export class ChunkRewriter {
  readonly #ours: Readonly<Record<string, string>>;
  readonly #created: string;
  #around: Around | null = null;
  /** Chunks whose surroundings could not be told apart from their choices: a stream written like that is not tried for ever. */
  #unlike = 0;

  /** `created`: Unix seconds, for chunks that do not say. */
  constructor(ours: Readonly<Record<string, string>>, created: number) {
    this.#ours = Object.fromEntries(Object.entries(ours).map(([name, value]) => [name, JSON.stringify(value)]));
    this.#created = String(created);
  }

  /** `data` is the text of `chunk`, and `choices` its own. */
  rewrite(data: string, chunk: JsonObject, choices: readonly unknown[]): string {
    const missing = choices.some(
      (choice) => typeof choice === 'object' && choice !== null && !('finish_reason' in choice),
    );
    const around = this.#around;
    if (
      around &&
      !missing &&
      data.length >= around.before.length + around.after.length &&
      data.startsWith(around.before) &&
      data.endsWith(around.after) &&
      sameNames(chunk, around.names)
    )
      return around.newBefore + data.slice(around.before.length, data.length - around.after.length) + around.newAfter;
    const text = spliceTopLevel(data, {
      ...this.#ours,
      ...('usage' in chunk ? { usage: null } : {}),
      // What OpenRouter's clients insist on: no null fingerprint, a finish_reason in every choice, the two constant members.
      ...(chunk['system_fingerprint'] === null ? { system_fingerprint: null } : {}),
      ...(missing
        ? { choices: JSON.stringify(choices.map((choice) => ({ finish_reason: null, ...(choice as object) }))) }
        : {}),
      ...(chunk['object'] === 'chat.completion.chunk' ? {} : { object: '"chat.completion.chunk"' }),
      ...(typeof chunk['created'] === 'number' ? {} : { created: this.#created }),
    });
    if (!missing && this.#unlike < MOST_UNLIKE) {
      this.#around = aroundChoices(data, text, chunk, choices);
      this.#unlike = this.#around ? 0 : this.#unlike + 1;
    }
    return text;
  }
}

/** Null where the text of the choices cannot be told from what stands around them. */
function aroundChoices(data: string, text: string, chunk: JsonObject, choices: readonly unknown[]): Around | null {
  const value = JSON.stringify(choices);
  const at = data.indexOf(CHOICES + value);
  const newAt = text.indexOf(CHOICES + value);
  // Twice would be once inside of something else.
  if (at < 0 || newAt < 0 || data.indexOf(CHOICES) !== data.lastIndexOf(CHOICES)) return null;
  const start = CHOICES.length;
  return {
    names: Object.keys(chunk),
    before: data.slice(0, at + start),
    after: data.slice(at + start + value.length),
    newBefore: text.slice(0, newAt + start),
    newAfter: text.slice(newAt + start + value.length),
  };
}

/** The same members in the same order, so that what lies between is the choices and nothing else. */
function sameNames(chunk: JsonObject, names: readonly string[]): boolean {
  let at = 0;
  for (const name in chunk) {
    if (name !== names[at]) return false;
    at += 1;
  }
  return at === names.length;
}
