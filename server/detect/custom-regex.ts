import { RE2JS } from 're2js';
import { type MatchProgram, matchProgram, OpenMatches } from './open-matches.ts';

/** OpenRouter's most. */
const MOST_CHARACTERS = 100_000;
/** Of one pattern in one text: beyond, the rest of the text counts as one match, so that nothing fails open. */
const MOST_MATCHES = 10_000;

export type TextSpan = { readonly start: number; readonly end: number };

/**
 * Why a pattern cannot be used; null when it can. JavaScript's flavour without lookaround, back-references and a quantifier over a
 * quantified group, as OpenRouter has it.
 */
export function checkPattern(pattern: string): string | null {
  if (pattern === '') return 'the pattern is empty';
  if (pattern.length > MOST_CHARACTERS) return `the pattern has more than ${MOST_CHARACTERS} characters`;
  const unsupported = unsupportedIn(pattern);
  if (unsupported) return unsupported;
  try {
    RE2JS.compile(RE2JS.translateRegExp(pattern));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
  }
}

/** A pattern that is matched without backtracking (RE2): in time linear in the text, whatever the pattern and the text. */
export class CustomPattern {
  readonly #compiled: RE2JS;
  #program: MatchProgram | null = null;

  /** Throws when {@link checkPattern} has something against the pattern. */
  constructor(pattern: string) {
    const why = checkPattern(pattern);
    if (why) throw new Error(`a custom pattern cannot be used: ${why}`);
    this.#compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
  }

  /** What of a text that comes in pieces may still become a match. */
  open(before: string): OpenMatches {
    this.#program ??= matchProgram(this.#compiled);
    return new OpenMatches(this.#program, before);
  }

  /** In the order they stand, none overlapping, none empty; UTF-16 offsets. */
  find(text: string, from = 0): readonly TextSpan[] {
    const found: TextSpan[] = [];
    const matcher = this.#compiled.matcher(text);
    for (let more = matcher.find(from); more; more = matcher.find()) {
      const start = matcher.start();
      if (matcher.end() > start) found.push({ start, end: matcher.end() });
      if (found.length === MOST_MATCHES) {
        found.push({ start: matcher.end(), end: text.length });
        break;
      }
    }
    return found;
  }
}

/** Reads over a pattern for what OpenRouter refuses; what is not well formed is the compiler's to say. */
function unsupportedIn(pattern: string): string | null {
  /** For each open group, whether something in it repeats without bound. */
  const groups: boolean[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') {
      const next = pattern[at + 1] ?? '';
      if (/[1-9]/.test(next) || next === 'k') return 'back-references are not supported';
      at += 1;
    } else if (character === '[') at = classEnd(pattern, at);
    else if (character === '(') {
      if (/^\(\?<?[=!]/.test(pattern.slice(at, at + 4))) return 'lookaround is not supported';
      groups.push(false);
    } else if (character === ')') {
      const repeats = groups.pop() ?? false;
      if (repeats && repeatsAt(pattern, at + 1)) return 'a quantifier over a group that has one is not supported';
      if (repeats && groups.length > 0) groups[groups.length - 1] = true;
    } else if (groups.length > 0 && repeatsAt(pattern, at)) groups[groups.length - 1] = true;
  }
  return null;
}

/** Whether an unbounded quantifier stands here: `*`, `+`, `{2,}`. */
function repeatsAt(pattern: string, at: number): boolean {
  return pattern[at] === '*' || pattern[at] === '+' || /^\{\d+,\}/.test(pattern.slice(at, at + 12));
}

function classEnd(pattern: string, from: number): number {
  let at = from + 1;
  if (pattern[at] === '^') at += 1;
  if (pattern[at] === ']') at += 1;
  for (; at < pattern.length && pattern[at] !== ']'; at += 1) if (pattern[at] === '\\') at += 1;
  return at;
}
