/** A source of numbers that is the same at every run (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export type Templates = { readonly lines: readonly string[]; readonly names: ReadonlyMap<string, readonly string[]> };

/** A file of templates: `# heading`, `= NAME` before lines that only `$NAME` brings in, and a template on each other line. */
export function readTemplates(text: string): Templates {
  const lines: string[] = [];
  const names = new Map<string, string[]>();
  let into = lines;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (line.startsWith('= ')) {
      into = [];
      names.set(line.slice(2).trim(), into);
    } else if (line.startsWith('# ') && !line.includes('{')) into = lines;
    else into.push(line);
  }
  return { lines, names };
}

/** One text of a template: `{one|another}` chosen, `$NAME` filled in, `\n` a line break, `\}` a brace. */
export function expand(template: string, templates: Templates, random: () => number): string {
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';
  let text = template;
  for (let depth = 0; depth < 6 && /\$[A-Z]/.test(text); depth++) {
    text = text.replace(/\$([A-Z]+)/g, (whole, name: string) => {
      const choices = templates.names.get(name);
      return choices ? pick(choices) : whole;
    });
  }
  for (let depth = 0; depth < 6; depth++) {
    const next = text.replace(/\{([^{}]*)\}/g, (_, choices: string) => pick(choices.split('|')));
    if (next === text) break;
    text = next;
  }
  return text.replaceAll('\\n', '\n').replaceAll('\\}', '}').replaceAll('\\{', '{');
}
