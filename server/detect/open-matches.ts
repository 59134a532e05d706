import type { RE2JS } from 're2js';

/** What this reads of a compiled pattern: instructions as RE2 has them. */
type Instruction = {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
};
/** A compiled pattern, prepared for {@link OpenMatches}. */
export type MatchProgram = {
  readonly inst: readonly Instruction[];
  readonly start: number;
  /** For each instruction, whether what has got there can take in another character, or must see one to know whether it matches. */
  readonly grows: Uint8Array;
};

/** Numbers of RE2's instructions and of what stands between two characters; `open-matches.test.ts` fails where they change. */
const ALT = 1;
const ALT_MATCH = 2;
const EMPTY_WIDTH = 4;
const FAIL = 5;
const MATCH = 6;
const RUNE = 8;
const RUNE1 = 9;
const ANY = 10;
const ANY_NOT_NEWLINE = 11;
const [BEGIN_LINE, END_LINE, BEGIN_TEXT, BOUNDARY, NO_BOUNDARY] = [1, 2, 4, 16, 32] as const;
const NEWLINE = 0x0a;

/**
 * Where the matches of a pattern begin that may be under way at the end of a text that goes on: what stands before can be passed on, what
 * stands behind cannot. Runs RE2's own program over each character once, so it is exact, and linear in the text.
 */
export class OpenMatches {
  readonly #program: MatchProgram;
  /** Instructions that wait for the next character, and the earliest place where what led to them began; the earliest first. */
  #waiting = new Map<number, number>();
  /** For each instruction, the step in which it was last come to. */
  readonly #seen: Uint32Array;
  #steps = 0;
  #before: number;
  #at = 0;
  /** The first half of a character whose other half comes with the next piece. */
  #half = '';

  /** `before`: what stands before the text; a match may look at its last character. */
  constructor(program: MatchProgram, before: string) {
    this.#program = program;
    this.#seen = new Uint32Array(program.inst.length);
    this.#before = before === '' ? -1 : (before.codePointAt(before.length - 1) ?? -1);
  }

  /** Takes in what comes next, and says from where on what has come so far may still be part of a match; its length: from nowhere. */
  push(text: string): number {
    const all = this.#half + text;
    const last = all.charCodeAt(all.length - 1);
    this.#half = last >= 0xd800 && last <= 0xdbff ? all.slice(-1) : '';
    const end = all.length - this.#half.length;
    for (let at = 0; at < end; ) {
      const rune = all.codePointAt(at) ?? 0;
      const width = rune > 0xffff ? 2 : 1;
      this.#step(rune, width);
      at += width;
    }
    let from = this.#at;
    for (const [pc, start] of this.#waiting) if (this.#program.grows[pc] === 1 && start < from) from = start;
    return from;
  }

  #step(rune: number, width: number): void {
    const between = betweenOf(this.#before, rune);
    const next = new Map<number, number>();
    this.#steps += 1;
    // Those that began first go first: of two ways to one instruction the longer match counts.
    for (const [from, began] of this.#waiting) this.#follow(from, began, rune, between, next);
    this.#follow(this.#program.start, this.#at, rune, between, next);
    this.#waiting = next;
    this.#before = rune;
    this.#at += width;
  }

  #follow(from: number, began: number, rune: number, between: number, next: Map<number, number>): void {
    const pending = [from];
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      if (this.#seen[pc] === this.#steps) continue;
      this.#seen[pc] = this.#steps;
      const one = this.#program.inst[pc];
      if (!one || one.op === FAIL || one.op === MATCH) continue;
      if (one.op >= RUNE && one.op <= ANY_NOT_NEWLINE) {
        if (takes(one, rune) && !next.has(one.out)) next.set(one.out, began);
      } else if (one.op !== EMPTY_WIDTH || (one.arg & ~between) === 0) {
        pending.push(one.out);
        if (one.op === ALT || one.op === ALT_MATCH) pending.push(one.arg);
      }
    }
  }
}

function takes(one: Instruction, rune: number): boolean {
  if (one.op === RUNE || one.op === RUNE1) return one.matchRune(rune);
  return one.op === ANY || rune !== NEWLINE;
}

/** What holds between two characters; `-1`: the text begins. */
function betweenOf(before: number, after: number): number {
  let holds = isWord(before) === isWord(after) ? NO_BOUNDARY : BOUNDARY;
  if (before < 0) holds |= BEGIN_TEXT | BEGIN_LINE;
  if (before === NEWLINE) holds |= BEGIN_LINE;
  if (after === NEWLINE) holds |= END_LINE;
  return holds;
}

const isWord = (rune: number) =>
  (rune >= 0x30 && rune <= 0x39) || (rune >= 0x41 && rune <= 0x5a) || rune === 0x5f || (rune >= 0x61 && rune <= 0x7a);

export function matchProgram(compiled: RE2JS): MatchProgram {
  const { inst, start } = compiled.re2().prog as Omit<MatchProgram, 'grows'>;
  const grows = new Uint8Array(inst.length);
  const leads = inst.map((): number[] => []);
  const known: number[] = [];
  for (const [pc, one] of inst.entries()) {
    if ((one.op >= RUNE && one.op <= ANY_NOT_NEWLINE) || one.op === EMPTY_WIDTH) known.push(pc);
    if (one.op !== FAIL && one.op !== MATCH) leads[one.out]?.push(pc);
    if (one.op === ALT || one.op === ALT_MATCH) leads[one.arg]?.push(pc);
  }
  for (let pc = known.pop(); pc !== undefined; pc = known.pop()) {
    if (grows[pc] === 1) continue;
    grows[pc] = 1;
    known.push(...(leads[pc] ?? []));
  }
  return { inst, start, grows };
}
