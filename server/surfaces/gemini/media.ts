import { type Fields, messageOf, textOf } from './fields.ts';
import type { Notes } from './notes.ts';

const INLINE: ReadonlySet<string> = new Set(['mimeType', 'data', 'displayName']);
const FILE: ReadonlySet<string> = new Set(['mimeType', 'fileUri', 'displayName']);
/** The canonical `format` of a recording; an end that its name may have. */
const ENDS: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mp3': 'mp3',
  'audio/mpeg': 'mp3',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/aac': 'aac',
  'audio/aiff': 'aiff',
  'audio/mp4': 'm4a',
  'application/pdf': 'pdf',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/csv': 'csv',
  'text/html': 'html',
  'application/json': 'json',
};

/** `inlineData` as the canonical part of its kind. */
export function inlinePart(value: unknown, at: string, notes: Notes): Fields | null {
  const inline = messageOf(value);
  notes.unsent(inline, INLINE, at);
  const kind = textOf(inline['mimeType']).toLowerCase();
  // Google's wire takes both alphabets of base64; a data URL has one.
  const data = textOf(inline['data']).replaceAll('-', '+').replaceAll('_', '/');
  if (kind === '' || data === '') {
    notes.refuse(at, 'mimeType and data must be given');
    return null;
  }
  const end = endOf(kind);
  if (kind.startsWith('audio/') && end !== null) return { type: 'input_audio', input_audio: { data, format: end } };
  return addressed(kind, `data:${kind};base64,${data}`, textOf(inline['displayName']));
}

/** `fileData` as the canonical part of its kind. A file that was given to Google is its account's: only it can be read there. */
export function filePart(value: unknown, at: string, notes: Notes): Fields | null {
  const file = messageOf(value);
  notes.unsent(file, FILE, at);
  const uri = textOf(file['fileUri']);
  if (uri === '') {
    notes.refuse(at, 'fileUri must be given');
    return null;
  }
  return addressed(textOf(file['mimeType']).toLowerCase(), uri, textOf(file['displayName']));
}

function addressed(kind: string, url: string, name: string): Fields {
  if (kind.startsWith('image/')) return { type: 'image_url', image_url: { url } };
  if (kind.startsWith('video/')) return { type: 'video_url', video_url: { url } };
  const end = endOf(kind);
  const filename = name || (end === null ? '' : `file.${end}`);
  return { type: 'file', file: { ...(filename === '' ? {} : { filename }), file_data: url } };
}

const endOf = (kind: string): string | null => (Object.hasOwn(ENDS, kind) ? (ENDS[kind] ?? null) : null);

/** An image that a model made, as a part. */
export function imageOut(image: Fields): Fields | null {
  const url = textOf((image['image_url'] as Fields | undefined)?.['url']);
  const comma = url.indexOf(',');
  const head = comma < 0 || comma > 200 ? null : /^data:([^;,\s]+);base64$/i.exec(url.slice(0, comma));
  if (head) return { inlineData: { mimeType: head[1], data: url.slice(comma + 1) } };
  return url === '' ? null : { fileData: { mimeType: 'image/png', fileUri: url } };
}
