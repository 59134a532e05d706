import { closeSync, fchmodSync, fstatSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../observe/log.ts';
import { redact } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * One line each: `{time, level, event, …fields}`. Fields named as secrets or prompts are taken out (redact.ts): say `key_hash`,
 * not `key`.
 */
export type LogFile = Log & {
  /** Writes what is still held back, then closes the file. */
  readonly close: () => void;
};

export type LogOptions = {
  readonly level?: LogLevel;
  readonly now?: () => Date;
  readonly maxBytes?: number;
  readonly keep?: number;
};

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const FLUSH_MS = 100;
/** `callgate-2026-01-31.log`, then `callgate-2026-01-31.1.log` and so on when it is full. */
const LOG_FILE = /^callgate-(\d{4}-\d\d-\d\d)(?:\.(\d+))?\.log$/;

/** The folder's log files, oldest first. */
export function logFiles(folder: string): readonly string[] {
  const found = readdirSync(folder).flatMap((name) => {
    const match = LOG_FILE.exec(name);
    return match ? [{ name, day: match[1] ?? '', part: Number(match[2] ?? 0) }] : [];
  });
  found.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : a.part - b.part));
  return found.map(({ name }) => join(folder, name));
}

/**
 * A log of JSON lines in `folder`, mode 0600: a new file each UTC day and after 10 MB, the newest 7 kept. Lines below `warn` are
 * written in groups; a disk that refuses them costs the lines, never the call they tell of.
 */
export function openLog(folder: string, options: LogOptions = {}): LogFile {
  const { level = 'info', now = () => new Date(), maxBytes = 10 * 1024 * 1024, keep = 7 } = options;
  let held: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let open: { readonly file: number; readonly day: string; size: number } | undefined;
  let closed = false;

  const fileFor = (day: string, length: number) => {
    if (open && open.day === day && (open.size === 0 || open.size + length <= maxBytes)) return open;
    if (open) closeSync(open.file);
    open = undefined;
    open = openPart(folder, day, length, maxBytes);
    for (const old of logFiles(folder).slice(0, -keep)) rmSync(old, { force: true });
    return open;
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const text = held.join('');
    held = [];
    if (text === '') return;
    try {
      const bytes = Buffer.from(text);
      const into = fileFor(now().toISOString().slice(0, 10), bytes.length);
      into.size += writeSync(into.file, bytes);
    } catch {
      // Nowhere is left to say so: the disk is full, or the folder is gone.
    }
  };
  const write = (at: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}) => {
    if (closed || ORDER[at] < ORDER[level]) return;
    const head = { time: now().toISOString(), level: at, event };
    held.push(`${JSON.stringify({ ...head, ...(redact(fields) as object), ...head })}\n`);
    if (ORDER[at] >= ORDER.warn) flush();
    else timer ??= setTimeout(flush, FLUSH_MS).unref();
  };
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
    close: () => {
      flush();
      closed = true;
      if (open) closeSync(open.file);
      open = undefined;
    },
  };
}

/** The day's newest part that has room for `length` bytes, or its next one. */
function openPart(folder: string, day: string, length: number, maxBytes: number) {
  const parts = logFiles(folder).flatMap((path) => {
    const match = LOG_FILE.exec(path.slice(folder.length + 1));
    return match?.[1] === day ? [Number(match[2] ?? 0)] : [];
  });
  for (let part = parts.at(-1) ?? 0; ; part++) {
    const file = openSync(join(folder, `callgate-${day}${part === 0 ? '' : `.${part}`}.log`), 'a', 0o600);
    fchmodSync(file, 0o600);
    const { size } = fstatSync(file);
    if (size === 0 || size + length <= maxBytes) return { file, day, size };
    closeSync(file);
  }
}
