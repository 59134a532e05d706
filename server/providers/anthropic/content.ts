import { NATIVE } from '../native.ts';
import { type Fields, fieldsOf, textOf } from './fields.ts';
import type { Notes } from './notes.ts';

/** One block of the Messages API. */
export type Block = Readonly<Record<string, unknown>> & { readonly type: string };

/** Translates the content of a message: a text, or parts. Blank texts go, for the Messages API refuses them. */
export function blocksOf(content: unknown, at: string, notes: Notes): Block[] {
  if (typeof content === 'string') return isBlank(content) ? [] : [{ type: 'text', text: content }];
  if (content === null || content === undefined) return [];
  if (!Array.isArray(content)) {
    notes.lack(at);
    return [];
  }
  return content.flatMap((part: unknown, index) => {
    const block = typeof part === 'string' ? textBlock(part, {}) : blockOf(fieldsOf(part), `${at}[${index}]`, notes);
    return block ? [block] : [];
  });
}

function blockOf(part: Fields, at: string, notes: Notes): Block | null {
  switch (part['type']) {
    case 'text':
    case 'input_text':
      if (part['prompt_cache_breakpoint']) notes.warn(`${at}.prompt_cache_breakpoint is not sent; use cache_control`);
      return textBlock(textOf(part['text']), part);
    case 'refusal':
      return textBlock(textOf(part['refusal']), part);
    case 'image_url':
      return imageBlock(part, at, notes);
    case 'file':
      return documentBlock(part, at, notes);
    default:
      notes.lack(typeof part['type'] === 'string' ? `${at}.${part['type'].slice(0, 40)}` : at);
      return null;
  }
}

const isBlank = (text: string) => !/\S/.test(text);

function textBlock(text: string, part: Fields): Block | null {
  if (isBlank(text)) return null;
  const { document } = fieldsOf(part[NATIVE]);
  // It came as a document of plain text, and stood as a text where filters look.
  return document
    ? { type: 'document', source: plainSource(text), ...documentExtras(document), ...cacheControl(part) }
    : { type: 'text', text, ...cacheControl(part) };
}

function documentExtras(document: unknown): Fields {
  const { title, citations } = fieldsOf(document);
  return { ...(title ? { title } : {}), ...(citations ? { citations } : {}) };
}

const plainSource = (data: string): Fields => ({ type: 'text', media_type: 'text/plain', data });

/** OpenRouter's `cache_control` is the Messages API's own. */
export function cacheControl(part: Fields): Fields {
  return part['cache_control'] ? { cache_control: part['cache_control'] } : {};
}

function imageBlock(part: Fields, at: string, notes: Notes): Block | null {
  const image = part['image_url'];
  const url = typeof image === 'string' ? image : textOf(fieldsOf(image)['url']);
  const { detail } = fieldsOf(image);
  if (typeof detail === 'string' && detail !== 'auto') notes.warn(`${at}.image_url.detail is not sent`);
  const source = sourceOf(url);
  if (!source || ('media_type' in source && !String(source['media_type']).startsWith('image/'))) {
    notes.lack(`${at}.image_url (neither an image as a data URL nor an http address)`);
    return null;
  }
  return { type: 'image', source, ...cacheControl(part) };
}

function documentBlock(part: Fields, at: string, notes: Notes): Block | null {
  const { file_data, file_id, filename } = fieldsOf(part['file']);
  const given = textOf(file_data);
  if (given === '' && file_id) {
    notes.lack(`${at}.file.file_id`);
    return null;
  }
  const source = sourceOf(given) ?? bareSource(given, textOf(filename));
  const document = source ? documentSource(source) : null;
  if (!document) {
    notes.lack(`${at}.file (neither a PDF nor a plain text)`);
    return null;
  }
  const title = typeof filename === 'string' && filename !== '' ? { title: filename } : {};
  const { citations } = fieldsOf(part[NATIVE]);
  const cited = citations ? { citations } : {};
  return { type: 'document', source: document, ...title, ...cited, ...cacheControl(part) };
}

/** PDFs go as they are; a text must be sent as text. */
function documentSource(source: Fields): Fields | null {
  if (source['type'] === 'url' || source['media_type'] === 'application/pdf') return source;
  if (!textOf(source['media_type']).startsWith('text/')) return null;
  return plainSource(Buffer.from(textOf(source['data']), 'base64').toString('utf8'));
}

/** Some send a PDF's base64 alone, its kind told by the name. */
const bareSource = (data: string, filename: string): Fields | null =>
  /\.pdf$/i.test(filename) && /^[A-Za-z0-9+/=\s]+$/.test(data)
    ? { type: 'base64', media_type: 'application/pdf', data }
    : null;

/** A `data:` or `http(s):` URL as the source of an image or a document; null for anything else. */
function sourceOf(url: string): Fields | null {
  if (/^https?:\/\//i.test(url)) return { type: 'url', url };
  const comma = url.indexOf(',');
  // The head alone is searched: what follows may be megabytes.
  const head = comma < 0 || comma > 200 ? null : /^data:([^;,\s]+)((?:;[^;,]*)*)$/i.exec(url.slice(0, comma));
  if (!head) return null;
  const data = url.slice(comma + 1);
  const media_type = (head[1] ?? '').toLowerCase();
  if (/;base64$/i.test(head[2] ?? '')) return { type: 'base64', media_type, data };
  try {
    return { type: 'base64', media_type, data: Buffer.from(decodeURIComponent(data), 'utf8').toString('base64') };
  } catch {
    return null;
  }
}
