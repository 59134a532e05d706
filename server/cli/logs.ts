import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { logFiles } from '../daemon/logs.ts';
import { paths } from '../daemon/state-folder.ts';
import { addCommand, globalsOf } from './globals.ts';
import { addIoLog } from './io-log.ts';
import { note, oneLine, print } from './output.ts';
import { parseCount } from './values.ts';

const POLL_MS = 300;

export function addLogs(program: Command): void {
  const logs = addCommand(program, 'logs', 'the daemon’s log; prompts and answers, where they are kept')
    .option('-n, --lines <count>', 'how many of the last lines', parseCount, 50)
    .option('-f, --follow', 'go on with what is written from now on')
    .action(async (options: { lines: number; follow?: boolean }, command: Command) => {
      const { state, json } = globalsOf(command);
      const folder = paths(state).logs;
      const show = (line: string) => print(json ? line : readable(line));
      const files = existsSync(folder) ? logFiles(folder) : [];
      if (files.length === 0) note(`Nothing has been logged yet in ${folder}`);
      const sizes = new Map(files.map((file) => [file, statSync(file).size]));
      for (const line of lastLines(files, options.lines)) show(line);
      if (options.follow) await follow(folder, sizes, show);
    });
  addIoLog(logs);
}

/** The last `count` lines over all files, oldest first; reads no more files than needed. */
function lastLines(files: readonly string[], count: number): readonly string[] {
  let lines: readonly string[] = [];
  for (const file of [...files].reverse()) {
    if (lines.length >= count) break;
    lines = [...readFileSync(file, 'utf8').split('\n').filter(Boolean), ...lines];
  }
  return count === 0 ? [] : lines.slice(-count);
}

/** Until Ctrl-C. `sizes`: how far each file has been read. */
async function follow(folder: string, sizes: Map<string, number>, show: (line: string) => void): Promise<void> {
  const rests = new Map<string, string>();
  for (;;) {
    await sleep(POLL_MS);
    for (const file of existsSync(folder) ? logFiles(folder) : []) {
      const from = sizes.get(file) ?? 0;
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size <= from) continue;
      const stream = createReadStream(file, { start: from, end: size - 1, encoding: 'utf8' });
      const lines = ((rests.get(file) ?? '') + (await stream.toArray()).join('')).split('\n');
      rests.set(file, lines.pop() ?? '');
      sizes.set(file, size);
      for (const line of lines) show(line);
    }
  }
}

/** `2026-01-31T12:00:00.000Z warn  event name=value …` */
function readable(line: string): string {
  try {
    const { time, level, event, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const told = Object.entries(fields).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    return oneLine([String(time), String(level).padEnd(5), String(event), ...told].join(' '));
  } catch {
    return oneLine(line);
  }
}
