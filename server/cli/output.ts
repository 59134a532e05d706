/** How things look in a terminal: results on stdout, everything else on stderr, colour only where it is seen. */
import { styleText } from 'node:util';

/** Writes a line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a line that is not the result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}

export function dim(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText('dim', text, { stream });
}

export function red(text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styleText('red', text, { stream });
}

/** Columns as wide as their widest cell; a column whose name starts with `>` stands to the right. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = columns.map((name) => name.replace(/^>/, ''));
  const cells = rows.map((row) => names.map((_, index) => oneLine(row[index] ?? '')));
  const widths = names.map((name, index) => Math.max(name.length, ...cells.map((row) => width(row[index] ?? ''))));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => {
        const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - width(cell)));
        return columns[index]?.startsWith('>') ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [dim(line(names)), ...cells.map(line)].join('\n');
}

/** `name  value` lines, the values aligned. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const widest = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${dim(name.padEnd(widest))}  ${value}`).join('\n');
}

/** A name made elsewhere may hold anything; what moves the cursor or breaks the row is shown, not obeyed. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

/** Terminal columns: East Asian wide characters take two; close enough for names. */
function width(text: string): number {
  let columns = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    columns +=
      /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u.test(
        segment,
      )
        ? 2
        : 1;
  }
  return columns;
}

/** US dollars with as many places as it takes to say two digits that are not zero: 12.5 → $12.50, 0.0001 → $0.0001. */
export function usd(amount: number): string {
  const size = Math.abs(amount);
  if (size === 0 || !Number.isFinite(size)) return size === 0 ? '$0.00' : '?';
  const sign = amount < 0 ? '-' : '';
  if (size < 1e-9) return `${sign}<$0.000000001`;
  const places = size >= 1 ? 2 : Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(size))));
  const [whole = '0', part = ''] = size.toFixed(places).split('.');
  return `${sign}$${whole}.${part.replace(/0+$/, '').padEnd(2, '0')}`;
}

export function usdOr(amount: number | null | undefined, otherwise: string): string {
  return typeof amount === 'number' ? usd(amount) : otherwise;
}

/** `2026-01-31 12:05` in UTC. */
export function when(iso: string | null | undefined): string {
  if (!iso) return '–';
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? oneLine(iso) : time.toISOString().slice(0, 16).replace('T', ' ');
}

/** `3d 4h`, `5m 2s`. */
export function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [Math.floor(seconds) % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
