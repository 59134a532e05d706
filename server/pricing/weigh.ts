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

/** What a request weighs: its text's bytes, the allowances in tokens, the images in it, and the texts themselves. */
export function weigh(request: Readonly<Record<string, unknown>>): Readonly<Weight> {
  const weight: Weight = { texts: [], bytes: 0, extra: ALLOWANCE.request, images: 0 };
  const messages = request['messages'];
  if (Array.isArray(messages)) weight.extra += messages.length * ALLOWANCE.message;
  const tools = request['tools'];
  if (Array.isArray(tools)) weight.extra += tools.length * ALLOWANCE.tool;
  add(weight, request);
  return weight;
}

function add(weight: Weight, value: unknown): void {
  if (typeof value === 'string') {
    weight.bytes += Buffer.byteLength(value);
    weight.texts.push(value);
  } else if (Array.isArray(value)) {
    for (const item of value) add(weight, item);
  } else if (typeof value === 'object' && value !== null) {
    if ('type' in value && addMedia(weight, value.type)) return;
    for (const [key, item] of Object.entries(value)) {
      weight.bytes += key.length + 2;
      add(weight, item);
    }
  } else weight.bytes += 8;
}

function addMedia(weight: Weight, type: unknown): boolean {
  switch (type) {
    case 'image_url':
    case 'input_image':
      weight.images += 1;
      weight.extra += ALLOWANCE.image;
      return true;
    case 'input_audio':
      weight.extra += ALLOWANCE.audio;
      return true;
    case 'video_url':
    case 'input_video':
      weight.extra += ALLOWANCE.video;
      return true;
    case 'file':
      weight.extra += ALLOWANCE.file;
      return true;
    default:
      return false;
  }
}

/** Step 1: an upper bound of the input's tokens. */
export function boundByBytes(weight: Readonly<Weight>): number {
  return weight.bytes + weight.extra;
}

/** Step 2: the tokenizer's count with its margin, and the same allowances; never above step 1. */
export function boundByCount(weight: Readonly<Weight>, count: (text: string) => number): number {
  let tokens = 0;
  for (const text of weight.texts) tokens += count(text);
  // Field names are framing that the provider's template replaces; a quarter of the bytes that are not text covers it.
  return Math.min(boundByBytes(weight), Math.ceil(tokens * COUNT_MARGIN) + weight.extra);
}

/** The likeliest number of input tokens, for charging a call whose provider never said. */
export function likelyTokens(weight: Readonly<Weight>, count: (text: string) => number): number {
  let tokens = 0;
  for (const text of weight.texts) tokens += count(text);
  return tokens + ALLOWANCE.message;
}
