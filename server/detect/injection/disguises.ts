import { normalise } from './normalise.ts';
import { kinds, type Run, runsOf } from './runs.ts';
import type { Tokens } from './tokens.ts';
import { turned } from './turned.ts';
import { unescaped } from './unescaped.ts';
import { unspaced } from './unspaced.ts';
import type { View } from './view.ts';
import type { WordBook } from './word-book.ts';

const MOST_RUNS = 24;
const LONGEST_RUN = 32_768;
const BASE64 = /[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{8,})*={0,2}/y;
const BASE64_KINDS = kinds('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-');
const HEX = /(?:\\x|0x)?[0-9a-fA-F]{2}(?:[ ,:]{0,2}(?:\\x|0x)?[0-9a-fA-F]{2}){7,}/g;
const HEX_KINDS = kinds('0123456789abcdefABCDEF', ' ,:\\x');
const FEWEST = 16;

/** What else a text may say: each way in which it could have been disguised and reads like language once undone. */
export function undisguised(original: string, plain: View, tokens: Tokens, book: WordBook): readonly View[] {
  const views: View[] = [];
  decodeRuns(original, base64In(original), 'base64_encoded_injection', fromBase64, views);
  decodeRuns(original, hexIn(original), 'hex_encoded_injection', fromHex, views);
  const escapes = unescaped(original);
  if (escapes !== null) views.push(escapes);
  const spaced = unspaced(plain, book);
  if (spaced !== null) views.push(spaced);
  views.push(...turned(plain, tokens, book));
  return views;
}

function* base64In(text: string): Iterable<Run> {
  let end = 0;
  for (const { start } of runsOf(text, BASE64_KINDS, FEWEST)) {
    // The run before may have gone on in further lines.
    if (start < end) continue;
    BASE64.lastIndex = start;
    if (!BASE64.test(text)) continue;
    end = BASE64.lastIndex;
    yield { start, end };
  }
}

function* hexIn(text: string): Iterable<Run> {
  for (const { start, end } of runsOf(text, HEX_KINDS, FEWEST))
    for (const { index, 0: found } of text.slice(start, end).matchAll(HEX))
      yield { start: start + index, end: start + index + found.length };
}

function decodeRuns(
  original: string,
  runsIn: Iterable<Run>,
  disguise: string,
  decode: (run: string) => string | null,
  views: View[],
): void {
  let runs = 0;
  for (const whole of runsIn) {
    const { start, end } = whole;
    // Long identifiers and paths are runs too: they do not count, for a probe of their first characters tells.
    if (end - start > LONGEST_RUN) continue;
    const probe = decode(original.slice(start, Math.min(end, start + 24)));
    if (probe === null) continue;
    const decoded = end - start <= 24 ? probe : decode(original.slice(start, end));
    if (decoded === null) continue;
    if (++runs > MOST_RUNS) return;
    const view = normalise(decoded);
    views.push({ text: view.text, origin: null, disguise, whole });
  }
}

function fromBase64(run: string): string | null {
  const bytes = Buffer.from(run.replace(/[\r\n]/g, ''), 'base64');
  return readable(bytes);
}

function fromHex(run: string): string | null {
  return readable(Buffer.from(run.replace(/\\x|0x|[^0-9a-fA-F]/g, ''), 'hex'));
}

/** Text of letters for the most part, or null. A cut character at the end is let pass. */
function readable(bytes: Buffer): string | null {
  if (bytes.length < 8) return null;
  const text = bytes.toString('utf8').replace(/\ufffd{1,3}$/, '');
  let letters = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0xfffd || (code < 32 && code !== 10 && code !== 13 && code !== 9) || code === 127) return null;
    if ((code | 32) >= 97 && (code | 32) <= 122) letters++;
    else if (code === 32 || code > 0xbf) letters++;
  }
  return letters >= text.length * 0.7 ? text : null;
}
