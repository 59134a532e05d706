import { type Fields, fieldsOf, listOf, others, textOf } from './fields.ts';
import type { Notes } from './notes.ts';

/** What a part of a message is beside its canonical form, for Anthropic's own API alone: `anthropic` in it. */
const TEXT: ReadonlySet<string> = new Set(['type', 'text', 'cache_control', 'citations']);
const IMAGE: ReadonlySet<string> = new Set(['type', 'source', 'cache_control']);
const DOCUMENT: ReadonlySet<string> = new Set(['type', 'source', 'cache_control', 'title', 'context', 'citations']);

/** Canonical parts of what a user or a tool says. All text in them stands where content filters look for it. */
export function partsOf(blocks: readonly unknown[], at: string, notes: Notes): Fields[] {
  const parts: Fields[] = [];
  for (const [index, item] of blocks.entries()) parts.push(...partOf(fieldsOf(item), `${at}.${index}`, notes));
  return parts;
}

/** One text is a text: servers that know no parts take it, too. */
export function plainly(parts: readonly Fields[]): string | readonly Fields[] {
  const [only] = parts;
  return parts.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2
    ? textOf(only['text'])
    : parts;
}

function partOf(block: Fields, at: string, notes: Notes): readonly Fields[] {
  switch (block['type']) {
    case 'text':
      return [textPart(block, at, notes)];
    case 'image':
      return imagePart(block, at, notes);
    case 'document':
      return documentParts(block, at, notes);
    case 'search_result':
      notes.warn(`${at}: a search result is sent as text`);
      return searchParts(block, at, notes);
    default:
      notes.refuse(at, `blocks of the type "${textOf(block['type']).slice(0, 60)}" cannot be passed on here`);
      return [];
  }
}

export function textPart(block: Fields, at: string, notes: Notes): Fields {
  // What was cited stands in the conversation already, and citations hold text that no filter would see.
  if (listOf(block['citations']).length > 0) notes.warn(`${at}.citations is not sent`);
  tellOthers(block, TEXT, at, notes);
  return { type: 'text', text: textOf(block['text']), ...cacheControl(block) };
}

export const cacheControl = (block: Fields): Fields =>
  block['cache_control'] ? { cache_control: block['cache_control'] } : {};

/** Says what is left of a block that has no other place. */
export function tellOthers(block: Fields, known: ReadonlySet<string>, at: string, notes: Notes): void {
  for (const name of Object.keys(others(block, known) ?? {})) notes.warn(`${at}.${name.slice(0, 60)} is not sent`);
}

function imagePart(block: Fields, at: string, notes: Notes): readonly Fields[] {
  tellOthers(block, IMAGE, at, notes);
  const url = addressOf(fieldsOf(block['source']), `${at}.source`, notes);
  return url === null ? [] : [{ type: 'image_url', image_url: { url }, ...cacheControl(block) }];
}

/** A source as an address: a data URL, or the one it names. */
function addressOf(source: Fields, at: string, notes: Notes): string | null {
  if (source['type'] === 'url') return textOf(source['url']);
  if (source['type'] === 'base64') return `data:${textOf(source['media_type'])};base64,${textOf(source['data'])}`;
  const what = textOf(source['type']).slice(0, 60);
  notes.refuse(
    at,
    `a source of the type "${what}" cannot be passed on here; send the data (base64) or an address (url)`,
  );
  return null;
}

function documentParts(block: Fields, at: string, notes: Notes): readonly Fields[] {
  tellOthers(block, DOCUMENT, at, notes);
  if (textOf(block['context']) !== '') notes.warn(`${at}.context is not sent`);
  const source = fieldsOf(block['source']);
  const title = textOf(block['title']);
  const cited = fieldsOf(block['citations'])['enabled'] === true;
  switch (source['type']) {
    case 'text': {
      notes.isNative = true;
      const document = { ...(title === '' ? {} : { title }), ...(cited ? { citations: { enabled: true } } : {}) };
      return [
        {
          type: 'text',
          text: textOf(source['data']),
          ...cacheControl(block),
          anthropic: { document },
        } satisfies Fields,
      ];
    }
    case 'content': {
      notes.warn(`${at}: a document made of blocks is sent as its blocks`);
      const { content } = source;
      return typeof content === 'string'
        ? [{ type: 'text', text: content, ...cacheControl(block) }]
        : partsOf(listOf(content), `${at}.source.content`, notes);
    }
    default: {
      const file_data = addressOf(source, `${at}.source`, notes);
      if (file_data === null) return [];
      if (cited) notes.isNative = true;
      const file = { ...(title === '' ? {} : { filename: title }), file_data };
      const native = cited ? { anthropic: { citations: { enabled: true } } } : {};
      return [{ type: 'file', file, ...cacheControl(block), ...native }];
    }
  }
}

function searchParts(block: Fields, at: string, notes: Notes): readonly Fields[] {
  const head = [textOf(block['title']), textOf(block['source'])].filter((text) => text !== '').join('\n');
  const parts = partsOf(listOf(block['content']), `${at}.content`, notes);
  return [...(head === '' ? [] : [{ type: 'text', text: head }]), ...parts];
}
