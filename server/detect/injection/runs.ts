/** Where characters of one kind stand together. */
export type Run = { readonly start: number; readonly end: number };

/** For each ASCII character: 0 ends a run, 1 counts, 2 may stand between. */
export function kinds(counted: string, between = ''): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of between) table[character.charCodeAt(0)] = 2;
  for (const character of counted) table[character.charCodeAt(0)] = 1;
  return table;
}

/** The runs in which at least `fewest` characters count. Far cheaper than a pattern that is tried at each character. */
export function runsOf(text: string, kindOf: Uint8Array, fewest: number): readonly Run[] {
  const runs: Run[] = [];
  let start = 0;
  let counted = 0;
  const { length } = text;
  for (let at = 0; at <= length; at += 1) {
    const code = at < length ? text.charCodeAt(at) : 0;
    const kind = code < 128 ? kindOf[code] : 0;
    if (kind === 1) counted += 1;
    else if (kind !== 2) {
      if (counted >= fewest) runs.push({ start, end: at });
      start = at + 1;
      counted = 0;
    }
  }
  return runs;
}
