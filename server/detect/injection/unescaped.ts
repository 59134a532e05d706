import { normalise } from './normalise.ts';
import type { View } from './view.ts';

const ESCAPE =
  /%[0-9a-fA-F]{2}|\\u\{?[0-9a-fA-F]{4,6}\}?|\\x[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{1,6};|&(?:lt|gt|amp|quot|apos|nbsp);|\\[nrt"]/g;
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ' };
const FEWEST = 3;

/** The text with URL, HTML, JSON and JavaScript escapes undone, or null when it has next to none. */
export function unescaped(original: string): View | null {
  if (!/[%\\&]/.test(original)) return null;
  const matches = [...original.matchAll(ESCAPE)];
  if (matches.length < FEWEST) return null;
  const out: string[] = [];
  const origin: number[] = [];
  let at = 0;
  const copy = (to: number): void => {
    for (; at < to; at++) {
      out.push(original[at] ?? '');
      origin.push(at);
    }
  };
  for (const match of matches) {
    copy(match.index);
    const meant = meaningOf(match[0]);
    for (const unit of meant.split('')) {
      out.push(unit);
      origin.push(at);
    }
    at = match.index + match[0].length;
  }
  copy(original.length);
  origin.push(original.length);
  return throughNormal(out.join(''), origin);
}

/** Normalises what was decoded; the offsets go through both steps. */
function throughNormal(text: string, origin: readonly number[]): View {
  const view = normalise(text);
  const through = new Int32Array(view.text.length + 1);
  for (let index = 0; index <= view.text.length; index++) through[index] = origin[view.origin?.[index] ?? index] ?? 0;
  return { text: view.text, origin: through, disguise: 'escaped_injection' };
}

function meaningOf(sequence: string): string {
  const [first] = sequence;
  if (first === '%') return String.fromCharCode(Number.parseInt(sequence.slice(1), 16));
  if (first === '&') {
    if (sequence[1] !== '#') return NAMED[sequence.slice(1, -1)] ?? '';
    const hex = sequence[2] === 'x';
    return character(Number.parseInt(sequence.slice(hex ? 3 : 2), hex ? 16 : 10));
  }
  const kind = sequence[1];
  if (kind === 'n' || kind === 'r') return '\n';
  if (kind === 't') return '\t';
  if (kind === '"') return '"';
  return character(Number.parseInt(sequence.slice(2).replace(/[{}]/g, ''), 16));
}

function character(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
