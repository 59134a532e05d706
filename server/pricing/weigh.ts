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
  audio: 20_000,
  video: 60_000,
  file: 60_000,
} as const;

/** A tokenizer other than the provider's own may be this far off. */
const COUNT_MARGIN = 1.3;

type Weight = { readonly texts: string[]; bytes: number; extra: number; images: number };
type Fields = Readonly<Record<string, unknown>>;

/** What a request weighs: its text's bytes, the allowances in tokens, the images in it, and the texts themselves. */
export function weigh(request: Fields): Readonly<Weight> {
  const weight: Weight = { texts: [], bytes: 0, extra: ALLOWANCE.request, images: 0 };
  const { messages, ...rest } = request;
  addFields(weight, rest);
  const tools = request['tools'];
  if (Array.isArray(tools)) weight.extra += tools.length * ALLOWANCE.tool;
  if (!Array.isArray(messages)) return weight;
  weight.extra += messages.length * ALLOWANCE.message;
  for (const { content, ...others } of messages as readonly Fields[]) {
    addFields(weight, others);
    if (Array.isArray(content)) for (const part of content) addPart(weight, part as Fields);
    else addFields(weight, { content });
  }
  return weight;
}

/** A part of a message's content. Of media only what stands in its own field is; a text beside it is text, whatever the type says. */
function addPart(weight: Weight, part: Fields): void {
  const media = MEDIA.get(part['type']);
  if (!media || !Object.hasOwn(part, media.field)) {
    addFields(weight, part);
    return;
  }
  const { [media.field]: _media, ...rest } = part;
  weight.extra += ALLOWANCE[media.kind];
  if (media.kind === 'image') weight.images += 1;
  addFields(weight, rest);
}

/** Field names are framing that a provider's template replaces, but what is nested (schemas, calls of tools) it writes out as JSON. */
function addFields(weight: Weight, fields: Fields): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
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

/** Step 2: the tokenizer's count with its margin, and the same allowances; never above step 1. */
export function boundByCount(weight: Readonly<Weight>, count: (text: string) => number): number {
  let tokens = 0;
  for (const text of weight.texts) tokens += count(text);
  return Math.min(boundByBytes(weight), Math.ceil(tokens * COUNT_MARGIN) + weight.extra);
}

/** The likeliest number of input tokens, for charging a call whose provider never said. */
export function likelyTokens(weight: Readonly<Weight>, count: (text: string) => number): number {
  let tokens = 0;
  for (const text of weight.texts) tokens += count(text);
  return tokens + ALLOWANCE.message;
}
