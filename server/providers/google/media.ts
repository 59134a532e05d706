import { fieldsOf, textOf } from '../anthropic/fields.ts';
import type { Notes } from '../anthropic/notes.ts';

/** One part of a turn, of instructions, or of an answer of the Gemini API. */
export type Part = Readonly<Record<string, unknown>>;

/** What an address must be told besides: Google does not look for itself. */
const KINDS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mov: 'video/mov',
  webm: 'video/webm',
  wav: 'audio/wav',
  mp3: 'audio/mp3',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  aac: 'audio/aac',
  aiff: 'audio/aiff',
  m4a: 'audio/m4a',
};

/**
 * Media as a part, by its `data:` URL or its address (`https:`, `gs:`, a file kept at Google's); null: it is neither. `fallback`: the
 * kind of an address whose name does not tell; without it, such a one is null.
 */
export function mediaPart(url: string, fallback: string | null): Part | null {
  if (/^(https?|gs):\/\//i.test(url)) {
    const mimeType = kindByName(url) ?? fallback;
    return mimeType === null ? null : { fileData: { mimeType, fileUri: url } };
  }
  const comma = url.indexOf(',');
  // The head alone is searched: what follows may be megabytes.
  const head = comma < 0 || comma > 200 ? null : /^data:([^;,\s]+)((?:;[^;,]*)*)$/i.exec(url.slice(0, comma));
  if (!head) return null;
  const data = url.slice(comma + 1);
  const mimeType = (head[1] ?? '').toLowerCase();
  if (/;base64$/i.test(head[2] ?? '')) return { inlineData: { mimeType, data } };
  try {
    return { inlineData: { mimeType, data: Buffer.from(decodeURIComponent(data), 'utf8').toString('base64') } };
  } catch {
    return null;
  }
}

/** The kind of a file by the end of its name; null: it does not tell. */
export function kindByName(url: string): string | null {
  const path = url.replace(/[?#].*$/s, '');
  const end = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(KINDS, end) ? (KINDS[end] ?? null) : null;
}

/** What OpenRouter's shape has for one image, file, recording or film; null is noted as lacking. */
export function mediaOf(part: Part, at: string, notes: Notes): Part | null {
  switch (part['type']) {
    case 'image_url': {
      const image = part['image_url'];
      const { detail } = fieldsOf(image);
      if (typeof detail === 'string' && detail !== 'auto') notes.warn(`${at}.image_url.detail is not sent`);
      const made = mediaPart(typeof image === 'string' ? image : textOf(fieldsOf(image)['url']), 'image/jpeg');
      return of(made, /^image\//, `${at}.image_url (neither an image as a data URL nor an address)`, notes);
    }
    case 'video_url': {
      const url = textOf(fieldsOf(part['video_url'])['url']);
      const made = mediaPart(url, 'video/mp4');
      return of(made, /^video\//, `${at}.video_url (neither a video as a data URL nor an address)`, notes);
    }
    case 'input_audio':
      return audioPart(part, at, notes);
    default:
      return filePart(part, at, notes);
  }
}

function audioPart(part: Part, at: string, notes: Notes): Part | null {
  const { data, format } = fieldsOf(part['input_audio']);
  const mimeType = kindByName(`.${textOf(format)}`);
  const made = mimeType && textOf(data) !== '' ? { inlineData: { mimeType, data } } : null;
  return of(made, /^audio\//, `${at}.input_audio (of a format that is not taken here)`, notes);
}

function filePart(part: Part, at: string, notes: Notes): Part | null {
  const { file_data, file_id, filename } = fieldsOf(part['file']);
  const given = textOf(file_data) || textOf(file_id);
  const byName = kindByName(textOf(filename));
  const bare = byName && given !== '' && /^[A-Za-z0-9+/=\s]+$/.test(given);
  const made = mediaPart(given, byName) ?? (bare ? { inlineData: { mimeType: byName, data: given } } : null);
  return of(made, /./, `${at}.file (neither a data URL nor an address whose name tells its kind)`, notes);
}

function of(part: Part | null, kind: RegExp, lack: string, notes: Notes): Part | null {
  const { mimeType } = fieldsOf(part?.['inlineData'] ?? part?.['fileData']);
  if (part && kind.test(textOf(mimeType))) return part;
  notes.lack(lack);
  return null;
}
