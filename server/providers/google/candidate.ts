import { randomUUID } from 'node:crypto';
import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import { GEMINI_FORMAT } from './thoughts.ts';

/** What some parts of an answer come to, in the words of a chat completion. */
export type Said = {
  readonly content: string;
  readonly reasoning: string;
  readonly details: Fields[];
  readonly calls: Fields[];
  readonly images: Fields[];
};

/** Reads one answer, whole or as it comes. Thoughts and calls are numbered each by themselves. */
export class CandidateReader {
  #calls = 0;
  #details = 0;
  #isThinking = false;

  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  /** Translates the parts that came next. */
  read(parts: unknown): Said {
    const said = { content: '', reasoning: '', details: [] as Fields[], calls: [] as Fields[], images: [] as Fields[] };
    for (const item of listOf(parts)) {
      const part = fieldsOf(item);
      const text = textOf(part['text']);
      const signature = textOf(part['thoughtSignature']);
      if (part['thought'] === true) {
        if (text === '' && signature === '') continue;
        said.reasoning += text;
        said.details.push(this.#thought(text, signature));
        continue;
      }
      said.content += text;
      const id = part['functionCall'] ? this.#call(fieldsOf(part['functionCall']), said.calls) : null;
      const { mimeType, data } = fieldsOf(part['inlineData']);
      if (textOf(mimeType).startsWith('image/') && textOf(data) !== '')
        said.images.push({ type: 'image_url', image_url: { url: `data:${mimeType};base64,${data}` } });
      if (signature !== '') said.details.push(this.#signature(signature, id));
    }
    return said;
  }

  #thought(text: string, signature: string): Fields {
    if (!this.#isThinking) this.#details += 1;
    // What comes behind a signature is another thought.
    this.#isThinking = signature === '';
    const index = this.#details - 1;
    return { type: 'reasoning.text', text, ...(signature === '' ? {} : { signature }), format: GEMINI_FORMAT, index };
  }

  #signature(data: string, id: string | null): Fields {
    this.#isThinking = false;
    this.#details += 1;
    const index = this.#details - 1;
    return { type: 'reasoning.encrypted', data, ...(id === null ? {} : { id }), format: GEMINI_FORMAT, index };
  }

  /** Older models give their calls no ids, and results must name theirs. */
  #call({ id, name, args }: Fields, calls: Fields[]): string {
    const own = textOf(id) || `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    const made = { name: textOf(name), arguments: JSON.stringify(args ?? {}) };
    calls.push({ index: this.#calls, id: own, type: 'function', function: made });
    this.#calls += 1;
    return own;
  }
}

/** `logprobsResult` in OpenAI's words; null when there is none. */
export function logprobsOf(result: unknown): Fields | null {
  const { chosenCandidates, topCandidates } = fieldsOf(result);
  const chosen = listOf(chosenCandidates);
  if (chosen.length === 0) return null;
  const tokenOf = (candidate: unknown) => {
    const { token, logProbability } = fieldsOf(candidate);
    return { token: textOf(token), logprob: typeof logProbability === 'number' ? logProbability : 0, bytes: null };
  };
  const tops = listOf(topCandidates).map((one) => listOf(fieldsOf(one)['candidates']).map(tokenOf));
  return { content: chosen.map((one, at) => ({ ...tokenOf(one), top_logprobs: tops[at] ?? [] })), refusal: null };
}

/** Why a prompt was not answered at all, as an answer that says so; null: it was not blocked. */
export function blockOf(promptFeedback: unknown): { readonly refusal: string; readonly finish: Fields } | null {
  const { blockReason, blockReasonMessage } = fieldsOf(promptFeedback);
  const reason = textOf(blockReason);
  if (reason === '') return null;
  return {
    refusal: textOf(blockReasonMessage) || `The prompt was blocked: ${reason}`,
    finish: { finish_reason: 'content_filter', native_finish_reason: reason },
  };
}
