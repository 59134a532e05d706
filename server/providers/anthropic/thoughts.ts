import type { Block } from './content.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import type { Notes } from './notes.ts';

/** The `format` of reasoning that only Claude can take back. */
export const CLAUDE_FORMAT = 'anthropic-claude-v1';

/**
 * Translates `reasoning_details` back into the blocks they were made of, signatures and encrypted data exactly as they were. A text
 * may come in pieces, as it was streamed: the signature ends it. What is not signed by Claude it would refuse, so that stays behind.
 */
export function thoughtBlocks(message: Fields, at: string, notes: Notes): Block[] {
  const details = listOf(message['reasoning_details']).map(fieldsOf);
  if (details.length === 0 && textOf(message['reasoning']) !== '') {
    notes.warn(`${at}.reasoning is not sent: without its reasoning_details it has no signature`);
  }
  const blocks: Block[] = [];
  let text = '';
  let index: unknown;
  const drop = (why: string) => notes.warn(`${at}.reasoning_details: ${why} is not sent`);
  for (const detail of details) {
    const format = detail['format'];
    if (format !== undefined && format !== null && format !== CLAUDE_FORMAT) {
      drop(`reasoning in the format ${String(format).slice(0, 40)}`);
      continue;
    }
    if (detail['type'] === 'reasoning.encrypted') {
      blocks.push({ type: 'redacted_thinking', data: textOf(detail['data']) });
    } else if (detail['type'] === 'reasoning.text') {
      if (text !== '' && detail['index'] !== index) {
        drop('reasoning without a signature');
        text = '';
      }
      index = detail['index'];
      text += textOf(detail['text']);
      if (textOf(detail['signature']) === '') continue;
      blocks.push({ type: 'thinking', thinking: text, signature: detail['signature'] });
      text = '';
    } else {
      drop(textOf(detail['type']).slice(0, 40) || 'what has no type');
    }
  }
  if (text !== '') drop('reasoning without a signature');
  return blocks;
}
