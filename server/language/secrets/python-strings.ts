/** One string literal of a Python text: prefix, quotes and all, in UTF-16 offsets. */
export type PythonString = {
  readonly start: number;
  readonly end: number;
  readonly prefix: string;
  readonly quotes: string;
};

const TOKEN = /#[^\n]*|(?<![\w])([rRbBuUfF]{1,2})?("""|'''|"|')/g;

/** The string literals of a Python text in order, by one pass over it; comments are skipped, an unclosed string ends its line. */
export function pythonStrings(text: string): readonly PythonString[] {
  const strings: PythonString[] = [];
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(text); token !== null; token = TOKEN.exec(text)) {
    const quotes = token[2];
    if (quotes === undefined) continue;
    const end = closing(text, TOKEN.lastIndex, quotes);
    strings.push({ start: token.index, end, prefix: (token[1] ?? '').toLowerCase(), quotes });
    TOKEN.lastIndex = end;
  }
  return strings;
}

/** The text with comments and the insides of strings blanked, so that what is left is code; offsets and lines stay. */
export function pythonCode(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of pythonStrings(text)) {
    parts.push(text.slice(from, start).replace(/#[^\n]*/g, blank), '"', blank(text.slice(start + 1, end)));
    from = end;
  }
  parts.push(text.slice(from).replace(/#[^\n]*/g, blank));
  return parts.join('');
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}

function closing(text: string, from: number, quotes: string): number {
  const isLong = quotes.length === 3;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (text.startsWith(quotes, at)) return at + quotes.length;
    else if (character === '\n' && !isLong) return at;
  }
  return text.length;
}
