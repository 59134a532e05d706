import { type Fields, fieldsOf, listOf, textOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';
import type { Part } from './media.ts';

/** The `format` of reasoning that only Google's models can take back. */
export const GEMINI_FORMAT = 'google-gemini-v1';

/** https://ai.google.dev/gemini-api/docs/thought-signatures#faqs: for calls that another model made, or whose signature is lost. */
export const UNSIGNED = 'skip_thought_signature_validator';

/** What `reasoning_details` say of an earlier answer: its thoughts, and the signatures of its other parts. */
export type Thoughts = {
  readonly parts: readonly Part[];
  /** By the id of the call. */
  readonly ofCalls: ReadonlyMap<string, string>;
  readonly ofText: string | null;
};

const NONE: Thoughts = { parts: [], ofCalls: new Map(), ofText: null };

/**
 * Translates `reasoning_details` back into what they were made of, signatures exactly as they were. What is streamed comes in pieces:
 * texts of one index that follow each other are one thought.
 */
export function thoughtsOf(message: Fields, at: string, notes: Notes): Thoughts {
  const details = listOf(message['reasoning_details']).map(fieldsOf);
  if (details.length === 0) {
    if (textOf(message['reasoning']) !== '')
      notes.warn(`${at}.reasoning is not sent: without its reasoning_details it is nobody's`);
    return NONE;
  }
  const parts: Record<string, unknown>[] = [];
  const ofCalls = new Map<string, string>();
  let ofText: string | null = null;
  let index: unknown;
  const drop = (why: string) => notes.warn(`${at}.reasoning_details: ${why} is not sent`);
  for (const detail of details) {
    const { format, type } = detail;
    if (format !== undefined && format !== null && format !== GEMINI_FORMAT) {
      drop(`reasoning in the format ${String(format).slice(0, 40)}`);
    } else if (type === 'reasoning.text') {
      const last = parts.at(-1);
      const goesOn = last && last['thoughtSignature'] === undefined && detail['index'] === index;
      const part = goesOn ? last : { text: '', thought: true };
      if (part !== last) parts.push(part);
      index = detail['index'];
      part['text'] = textOf(part['text']) + textOf(detail['text']);
      if (textOf(detail['signature']) !== '') part['thoughtSignature'] = detail['signature'];
    } else if (type === 'reasoning.encrypted' && textOf(detail['data']) !== '') {
      const id = textOf(detail['id']);
      if (id !== '') ofCalls.set(id, textOf(detail['data']));
      else {
        if (ofText !== null) drop('all but the last signature of a text');
        ofText = textOf(detail['data']);
      }
    } else {
      drop(textOf(type).slice(0, 40) || 'what has no type');
    }
  }
  return { parts, ofCalls, ofText };
}
