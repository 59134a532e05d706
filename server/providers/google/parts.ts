import { type Fields, fieldsOf, textOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';
import { mediaOf, type Part } from './media.ts';

/** Translates the content of a message: a text, or parts. Empty texts go, for the Gemini API refuses them. */
export function partsOf(content: unknown, at: string, notes: Notes): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }];
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) {
    notes.lack(at);
    return [];
  }
  return content.flatMap((item: unknown, index) => {
    if (typeof item === 'string') return item === '' ? [] : [{ text: item }];
    const part = partOf(fieldsOf(item), `${at}[${index}]`, notes);
    return part ? [part] : [];
  });
}

function partOf(part: Fields, at: string, notes: Notes): Part | null {
  for (const mark of ['cache_control', 'prompt_cache_breakpoint']) {
    // Google finds by itself what it has seen before.
    if (part[mark]) notes.warn(`${at}.${mark} is not sent`);
  }
  switch (part['type']) {
    case 'text':
    case 'input_text':
    case 'refusal': {
      const text = textOf(part['text']) || textOf(part['refusal']);
      return text === '' ? null : { text };
    }
    case 'image_url':
    case 'video_url':
    case 'input_audio':
    case 'file':
      return mediaOf(part, at, notes);
    default:
      notes.lack(typeof part['type'] === 'string' ? `${at}.${part['type'].slice(0, 40)}` : at);
      return null;
  }
}
