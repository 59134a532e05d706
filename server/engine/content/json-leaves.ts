/** A string or number within a JSON text. */
export type JsonLeaf = {
  /** Where it stands, a string's quotes included. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
  readonly isString: boolean;
  /** The name it is a member under; null for names themselves and items of lists. */
  readonly name: string | null;
};

/** Whether a text means to be JSON with something in it. */
export const looksLikeJson = (text: string): boolean => /^\s*[[{"]/.test(text);

/**
 * Every string and number in a JSON text, names included, in the order they stand. A text that is not quite JSON, as models write it, is
 * read all the same: what lies between delimiters is a leaf. Linear.
 */
export function jsonLeaves(text: string): readonly JsonLeaf[] {
  const leaves: JsonLeaf[] = [];
  let name: string | null = null;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (character === '"') {
      const end = stringEnd(text, at);
      const value = decoded(text.slice(at + 1, text[end - 1] === '"' && end - 1 > at ? end - 1 : end));
      const isName = /^\s{0,64}:/.test(text.slice(end, end + 65));
      leaves.push({ start: at, end, value, isString: true, name: isName ? null : name });
      name = isName ? value : null;
      at = end;
    } else if (DELIMITER.test(character)) {
      if (character !== ':') name = null;
      at += 1;
    } else {
      let end = at;
      while (end < text.length && !DELIMITER.test(text[end] ?? '') && text[end] !== '"') end += 1;
      const raw = text.slice(at, end);
      const value = raw.trim();
      if (value !== '' && !LITERAL.test(value)) {
        const start = at + raw.indexOf(value);
        leaves.push({ start, end: start + value.length, value, isString: false, name });
      }
      at = end;
    }
  }
  return leaves;
}

const DELIMITER = /[{}[\],:]/;
const LITERAL = /^(?:true|false|null)$/;

function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** What the inside of a string literal means; an escape that means nothing stays as it stands. */
export function decoded(inside: string): string {
  if (!inside.includes('\\')) return inside;
  return inside.replace(
    /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g,
    (all, hex: string | undefined, short: string | undefined) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (SHORT[short ?? ''] ?? all),
  );
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** The inside of a string literal that means this text. */
export const encoded = (value: string): string => JSON.stringify(value).slice(1, -1);
