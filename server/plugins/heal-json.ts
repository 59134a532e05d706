import { jsonrepair } from 'jsonrepair';

/** Characters past which mending would hold up everybody else. */
const MOST_CHARACTERS = 1_000_000;
/** Levels past which the mender's recursion is not trusted. */
const MOST_LEVELS = 200;

/**
 * Mends what a model meant as a JSON object or array: fences and talk around it, commas, quotes, brackets that are missing. Null:
 * it is valid as it is, or nothing in it can be made out as an object or array.
 */
export function healJson(text: string): string | null {
  if (text.length > MOST_CHARACTERS || isJson(text)) return null;
  const body = fenced(text);
  const start = beginning(body);
  if (start < 0) return null;
  const wholes = candidates(body, start);
  for (const whole of wholes) if (isJson(whole)) return whole;
  for (const whole of wholes) {
    const mended = repaired(whole);
    if (mended !== null) return mended;
  }
  return null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What stands behind the first fence that opens a block, if there is one; its end is found by the brackets, for JSON may hold fences. */
function fenced(text: string): string {
  const fence = /(?:^|\n)[ \t]*```[\w-]*[ \t]*\r?\n?/.exec(text);
  if (!fence) return text;
  const inside = text.slice(fence.index + fence[0].length);
  return beginning(inside) < 0 ? text : inside;
}

/** Where JSON begins: a brace, or a bracket that does not just enclose a word of the text. */
function beginning(text: string): number {
  const first = text.search(/\S/);
  if (text[first] === '{') return first;
  if (text[first] === '[') {
    const end = balancedEnd(text.slice(first));
    if (end === 0 || /^[\s`]*$/.test(text.slice(first + end))) return first;
  }
  return text.search(/\{|\[(?=\s*[[{"])/);
}

/** What may be the whole of it, likeliest first. */
function candidates(text: string, start: number): readonly string[] {
  const rest = text.slice(start);
  const last = Math.max(rest.lastIndexOf('}'), rest.lastIndexOf(']'));
  const open = rest.replace(/\s*```[^"{}[\]]*$/, '');
  const end = balancedEnd(rest);
  const wholes = [...(end > 0 ? [rest.slice(0, end)] : []), open, ...(last > 0 ? [rest.slice(0, last + 1)] : [])];
  return [...new Set(wholes)];
}

/** Index past the bracket that closes the first one; 0 when none does, or it nests too deep. */
function balancedEnd(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      at += 1;
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    } else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    if (depth > MOST_LEVELS) return 0;
  }
  return 0;
}

/** Only what comes out as the kind it began as: prose that a mender puts in quotes is no JSON that anyone meant. */
function repaired(text: string): string | null {
  if (nests(text)) return null;
  try {
    const mended = jsonrepair(text);
    const value: unknown = JSON.parse(mended);
    const isMeant = text[0] === '[' ? Array.isArray(value) : typeof value === 'object' && !Array.isArray(value);
    return isMeant && value !== null ? mended : null;
  } catch {
    return null;
  }
}

function nests(text: string): boolean {
  let opened = 0;
  for (const char of text) {
    if (char === '{' || char === '[') opened += 1;
    else if (char === '}' || char === ']') opened -= 1;
    if (opened > MOST_LEVELS) return true;
  }
  return false;
}
