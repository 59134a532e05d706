import type { SchemaStep } from './schema-node.ts';

/**
 * Where the cursor is in a preset's front matter. `path` leads to the mapping that holds the field (`key`), or to the value itself
 * (`value`; in a list it may still become a mapping). `start` and `end` are columns, `text` is what stands between them.
 */
export type FrontMatterPlace = {
  readonly kind: 'key' | 'value';
  readonly path: readonly SchemaStep[];
  readonly start: number;
  readonly end: number;
  readonly text: string;
};

/** One line of YAML in block style. `colon` is the column after the key, -1 without one. */
type Line = {
  readonly dashes: readonly number[];
  readonly column: number;
  readonly key: string | null;
  readonly colon: number;
};

/**
 * Reads the place from indentation alone, as a line that is just being typed seldom makes valid YAML. Block style only: inside
 * `{…}`, `[…]` and block scalars' headers the answer is null.
 *
 * @param lines the front matter, its opening fence first
 */
export function placeInFrontMatter(lines: readonly string[], row: number, column: number): FrontMatterPlace | null {
  const text = lines[row] ?? '';
  const line = readLine(text);
  if (row === 0 || column < line.column || /^\s*#/.test(text)) return null;
  const path = parents(lines, row, line);
  if (line.key !== null && column > line.colon) {
    const gap = /^[ \t]*/.exec(text.slice(line.colon + 1))?.[0].length ?? 0;
    return valuePlace(text, line.colon + 1 + gap, column, [...path, { field: line.key }]);
  }
  if (line.key === null && line.dashes.length > 0) return valuePlace(text, line.column, column, path);
  const word = /^["']?([\w.-]*)["']?/.exec(text.slice(line.column))?.[0] ?? '';
  const end = line.column + word.length;
  return column > end ? null : { kind: 'key', path, start: line.column, end, text: word };
}

function valuePlace(text: string, start: number, column: number, path: readonly SchemaStep[]): FrontMatterPlace | null {
  const value = /^(?:"[^"]*"?|'[^']*'?|[^\s#]*)/.exec(text.slice(start))?.[0] ?? '';
  const end = start + value.length;
  const isPlain = !/^[[{|>&*!]/.test(value);
  return isPlain && column <= Math.max(end, start)
    ? { kind: 'value', path, start: Math.min(start, column), end, text: value }
    : null;
}

/** The steps from the root to the mapping or list that `row` is part of: each line above that is less indented is one. */
function parents(lines: readonly string[], row: number, line: Line): readonly SchemaStep[] {
  const path: SchemaStep[] = [];
  let keysBefore = line.column;
  let dashesBefore = line.column;
  const enclose = ({ dashes, column, key }: Line): void => {
    if (key !== null && column < keysBefore) {
      path.unshift({ field: key });
      keysBefore = column;
      dashesBefore = column;
    }
    for (const dash of dashes.toReversed()) {
      if (dash >= dashesBefore) continue;
      path.unshift('items');
      dashesBefore = dash;
      // A list may stand at the column of its own key.
      keysBefore = dash + 1;
    }
  };
  enclose({ ...line, key: null });
  for (let above = row - 1; above > 0 && keysBefore > 0; above--) {
    const text = lines[above] ?? '';
    if (text.trim() !== '' && !/^\s*#/.test(text)) enclose(readLine(text));
  }
  return path;
}

const LINE = /^( *)((?:- +|-$)*)(?:(["']?)([A-Za-z_][\w.-]*)\3[ \t]*:(?=\s|$))?/;

function readLine(text: string): Line {
  const match = LINE.exec(text);
  const indent = match?.[1]?.length ?? 0;
  const marks = match?.[2] ?? '';
  const dashes = Array.from(marks.matchAll(/-/g), (mark) => indent + mark.index);
  const key = match?.[4] ?? null;
  return { dashes, column: indent + marks.length, key, colon: key === null ? -1 : (match?.[0].length ?? 1) - 1 };
}
