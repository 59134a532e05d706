import { type Fields, fieldsOf, isSaid, pick, textOf } from './fields.ts';
import { type Notes, quoted } from './notes.ts';

const STORED = 'nothing is stored here; send the bytes themselves, or an address';
/** Marks for caches, which stand on a part of either wire. */
const MARKS = ['cache_control', 'prompt_cache_breakpoint'] as const;

/** Translates the content of an item: a text, or parts. A single part that is only a text is that text. */
export function contentOf(content: unknown, at: string, notes: Notes): string | readonly Fields[] {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) {
    notes.reject(at, 'must be a text or a list of parts');
    return '';
  }
  return plainText(content) ?? content.map((part, index) => partOf(fieldsOf(part), `${at}[${index}]`, notes));
}

/** The text of a single part that is nothing else; null where it is not so. */
function plainText(content: readonly unknown[]): string | null {
  if (content.length !== 1) return null;
  const { type, text, cache_control, prompt_cache_breakpoint } = fieldsOf(content[0]);
  if (type !== 'input_text' && type !== 'output_text' && type !== 'text') return null;
  return typeof text === 'string' && !isSaid(cache_control) && !isSaid(prompt_cache_breakpoint) ? text : null;
}

function partOf(part: Fields, at: string, notes: Notes): Fields {
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: textOf(part['text']), ...pick(part, MARKS) };
    case 'refusal':
      return { type: 'refusal', refusal: textOf(part['refusal']) };
    case 'input_image':
      return imageOf(part, at, notes);
    case 'input_file':
      return fileOf(part, at, notes);
    case 'input_audio':
      return { type: 'input_audio', input_audio: part['input_audio'] };
    case 'input_video':
      return { type: 'video_url', video_url: addressOf(part['video_url']) };
    default:
      notes.reject(`${at}.type`, `${quoted(part['type'])} is no part of a message here`);
      return { type: 'text', text: '' };
  }
}

const addressOf = (value: unknown): Fields => (typeof value === 'string' ? { url: value } : fieldsOf(value));

function imageOf(part: Fields, at: string, notes: Notes): Fields {
  if (isSaid(part['file_id'])) notes.reject(`${at}.file_id`, STORED);
  const image = addressOf(part['image_url']);
  if (textOf(image['url']) === '') notes.reject(`${at}.image_url`, 'must be an address or a data URL');
  const detail = part['detail'] ?? image['detail'];
  return {
    type: 'image_url',
    image_url: { ...image, ...(isSaid(detail) && detail !== 'auto' ? { detail } : {}) },
    ...pick(part, MARKS),
  };
}

function fileOf(part: Fields, at: string, notes: Notes): Fields {
  if (isSaid(part['file_id'])) notes.reject(`${at}.file_id`, STORED);
  // In a chat completion an address stands where the bytes would.
  const data = part['file_data'] ?? part['file_url'];
  if (textOf(data) === '') notes.reject(`${at}.file_data`, 'must be a data URL, or file_url an address');
  if (isSaid(part['detail'])) notes.warn(`${at}.detail is not asked for`);
  return { type: 'file', file: { ...pick(part, ['filename']), file_data: data }, ...pick(part, MARKS) };
}
