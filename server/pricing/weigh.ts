import type { CountTokens } from './tokenizer.ts';

/**
 * How many tokens a request can be, before any provider has counted it. Step 1 is an upper bound by bytes (no tokenizer makes
 * more tokens than there are bytes); step 2 counts with a tokenizer, for when step 1 does not fit.
 */

/** Tokens allowed on top of the text: the framing of a message, of a tool, and what media may come to. */
export const ALLOWANCE = {
  request: 16,
  message: 8,
  tool: 32,
  image: 6_000,
  audio: 1_000,
  video: 60_000,
  file: 60_000,
  /** What a search or a fetched page adds to the prompt. */
  search: 10_000,
  /** Media that stands elsewhere, where nobody knows how much the model can take. */
  elsewhere: 1_000_000,
} as const;

/**
 * How many bytes of media may make one token, at the least. Speech squeezed as far as codecs go is some hundred bytes a second, and
 * a second is at most 32 tokens; a page of a PDF may be all text, pressed to a third, or a picture of some thousand tokens.
 */
const BYTES_PER_TOKEN = { audio: 8, waves: 128, video: 8, file: 1 } as const;

/** A tokenizer other than the provider's own may be this far off. */
const COUNT_MARGIN = 1.3;

type Weight = {
  readonly texts: string[];
  bytes: number;
  extra: number;
  images: number;
  audios: number;
  /** Files and videos that are only named: they may fill whatever the model can take. */
  elsewhere: number;
  /** It asks for cache writes that last an hour. */
  hourCache: boolean;
};
type Fields = Readonly<Record<string, unknown>>;

/** What a request weighs: its text's bytes, the allowances in tokens, the images in it, and the texts themselves. */
export function weigh(request: Fields): Readonly<Weight> {
  const weight: Weight = {
    texts: [],
    bytes: 0,
    extra: ALLOWANCE.request,
    images: 0,
    audios: 0,
    elsewhere: 0,
    hourCache: false,
  };
  const { messages } = request;
  addFields(weight, request, 'messages');
  // What the provider keeps of earlier is part of the prompt, and of a length that only it knows.
  if (typeof request['cached_content'] === 'string' && request['cached_content'] !== '') weight.elsewhere += 1;
  const tools = request['tools'];
  if (Array.isArray(tools)) {
    weight.extra += tools.length * ALLOWANCE.tool;
    weight.hourCache ||= tools.some((tool: Fields | null) => lastsAnHour(tool?.['cache_control']));
  }
  if (!Array.isArray(messages)) return weight;
  weight.extra += messages.length * ALLOWANCE.message;
  for (const message of messages as readonly Fields[]) {
    const { content } = message;
    const inParts = Array.isArray(content);
    addFields(weight, message, inParts ? 'content' : null);
    if (inParts) for (const part of content) addPart(weight, part as Fields);
  }
  return weight;
}

/** A part of a message's content. Of media only what stands in its own field is; a text beside it is text, whatever the type says. */
function addPart(weight: Weight, part: Fields): void {
  const media = MEDIA.get(part['type']);
  if (!media || !Object.hasOwn(part, media.field)) {
    addFields(weight, part, null);
    return;
  }
  if (media.kind === 'image') {
    weight.images += 1;
    weight.extra += ALLOWANCE.image;
  } else addSized(weight, media.kind, part[media.field]);
  addFields(weight, part, media.field);
}

function addSized(weight: Weight, kind: 'audio' | 'video' | 'file', media: unknown): void {
  const { data, file_data, url, format } = (typeof media === 'object' && media !== null ? media : {}) as Fields;
  const held = [data, file_data, url].find((text) => typeof text === 'string' && text !== '');
  if (kind === 'audio') weight.audios += 1;
  if (typeof held !== 'string' || /^https?:/i.test(held.slice(0, 6))) {
    weight.elsewhere += 1;
    return;
  }
  const waves = kind === 'audio' && (format === 'wav' || format === 'pcm16');
  const bytes = Math.ceil((held.length * 3) / 4);
  weight.extra += Math.max(ALLOWANCE[kind], Math.ceil(bytes / BYTES_PER_TOKEN[waves ? 'waves' : kind]));
}

function lastsAnHour(cache: unknown): boolean {
  return typeof cache === 'object' && cache !== null && 'ttl' in cache && cache.ttl !== '5m';
}

/**
 * All fields but one that is weighed by itself. Names are framing that a provider's template replaces, but what is nested (schemas,
 * calls of tools) it writes out as JSON.
 */
function addFields(weight: Weight, fields: Fields, but: string | null): void {
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined || name === but) continue;
    if (name === 'cache_control' || name === 'prompt_cache_options') weight.hourCache ||= lastsAnHour(value);
    weight.bytes += Buffer.byteLength(name) + 2;
    if (typeof value === 'string') addText(weight, value);
    else if (typeof value === 'object' && value !== null) addText(weight, JSON.stringify(value));
    else weight.bytes += 8;
  }
}

function addText(weight: Weight, text: string): void {
  weight.bytes += Buffer.byteLength(text);
  weight.texts.push(text);
}

/** The kinds of content whose tokens are not the bytes they are sent as, and the field that holds those. */
const MEDIA: ReadonlyMap<unknown, { readonly kind: 'image' | 'audio' | 'video' | 'file'; readonly field: string }> =
  new Map([
    ['image_url', { kind: 'image', field: 'image_url' }],
    ['input_image', { kind: 'image', field: 'image_url' }],
    ['input_audio', { kind: 'audio', field: 'input_audio' }],
    ['video_url', { kind: 'video', field: 'video_url' }],
    ['input_video', { kind: 'video', field: 'video_url' }],
    ['file', { kind: 'file', field: 'file' }],
  ]);

/** Step 1: an upper bound of the input's tokens. */
export function boundByBytes(weight: Readonly<Weight>): number {
  return weight.bytes + weight.extra;
}

/** What media that stands elsewhere may come to, for models that take at most that many tokens; null: not known. */
export function boundElsewhere(weight: Readonly<Weight>, contextLength: number | null): number {
  return weight.elsewhere === 0 ? 0 : (contextLength ?? weight.elsewhere * ALLOWANCE.elsewhere);
}

/** A tokenizer that cannot be asked is stood in for by this many bytes to a token, less than any common language has. */
const BYTES_IF_UNCOUNTED = 3;

/** Step 2: the tokenizer's count with its margin, and the same allowances; never above step 1, which stands if it cannot be asked. */
export async function boundByCount(weight: Readonly<Weight>, count: CountTokens): Promise<number> {
  const tokens = await count(weight.texts);
  const bytes = boundByBytes(weight);
  return tokens === null ? bytes : Math.min(bytes, Math.ceil(sumOf(tokens) * COUNT_MARGIN) + weight.extra);
}

/** The likeliest number of input tokens, for charging a call whose provider never said. */
export async function likelyTokens(weight: Readonly<Weight>, count: CountTokens): Promise<number> {
  return (await likelyTokensOf(weight.texts, count)) + ALLOWANCE.message;
}

/** The likeliest number of tokens in texts. */
export async function likelyTokensOf(texts: readonly string[], count: CountTokens): Promise<number> {
  const tokens = await count(texts);
  if (tokens !== null) return sumOf(tokens);
  return Math.ceil(sumOf(texts.map((text) => Buffer.byteLength(text))) / BYTES_IF_UNCOUNTED);
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);
