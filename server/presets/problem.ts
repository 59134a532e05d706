/** What is wrong in a preset file, and where. */
export type PresetProblem = {
  readonly message: string;
  /** The field within the front matter; empty for the file as a whole. */
  readonly path: readonly (string | number)[];
  /** UTF-16 offsets into the file's text, the end exclusive. */
  readonly start: number;
  readonly end: number;
  /** Of the start, from 1; the column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
};

/** A problem before its place has been told in lines. */
export type Finding = Omit<PresetProblem, 'line' | 'column' | 'path' | 'severity'> &
  Partial<Pick<PresetProblem, 'path' | 'severity'>>;

/** Past this many a file is not worth reading problem by problem, and a hostile one would have no end of them. */
export const MOST_PROBLEMS = 100;

export function locateFindings(text: string, findings: readonly Finding[]): readonly PresetProblem[] {
  const sorted = [...findings].sort((a, b) => a.start - b.start).slice(0, MOST_PROBLEMS);
  const problems: PresetProblem[] = [];
  let line = 1;
  let lineStart = 0;
  const newline = /\r\n|\r|\n/g;
  let next = newline.exec(text);
  for (const { message, path = [], severity = 'error', ...found } of sorted) {
    const start = Math.min(found.start, text.length);
    const end = Math.min(Math.max(found.end, start), text.length);
    while (next && newline.lastIndex <= start) {
      line += 1;
      lineStart = newline.lastIndex;
      next = newline.exec(text);
    }
    problems.push({ message, path, start, end, line, column: start - lineStart + 1, severity });
  }
  return problems;
}
