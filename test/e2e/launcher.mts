/**
 * Stands where the executable of a desktop VS Code stands: takes its command line, runs the suite in a VS Code server shown by
 * a headless Chromium, prints what the suite prints, and exits with its code. So `@vscode/test-electron` drives both hosts.
 */
import { appendFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { format } from 'node:util';
import type { Page } from 'playwright-core';
import { parseVscodeArguments } from './host/arguments.mts';
import { findChromium, launchChromium } from './host/chromium.mts';
import { SUITE_MARK } from './host/mark.mts';
import { EVIDENCE } from './host/paths.mts';
import { startServer } from './host/server.mts';
import { type LogFile, openWindow, screenshot } from './host/window.mts';

/** Only so that a window that hangs ends at all; each test has its own, shorter limit. */
const RUN_LIMIT_MS = 15 * 60_000;
const WINDOW_LOG = join(EVIDENCE, 'window.log');

type Ending = { readonly code: number; readonly logs: readonly LogFile[] };

const say = (line: string) => console.log(`[vscode-server] ${line}`);

async function run(args: readonly string[]): Promise<number> {
  const { tests, trusted, userData, extensionsDir, ...shown } = parseVscodeArguments(args);
  if (!tests) throw new Error('--extensionTestsPath is missing: this launcher only runs tests.');
  const executable = findChromium();
  const temporary = await mkdtemp(join(tmpdir(), 'cg-vscode-'));
  await mkdir(EVIDENCE, { recursive: true });
  const closing: (() => Promise<unknown>)[] = [() => rm(temporary, { recursive: true, force: true, maxRetries: 5 })];
  const ending = Promise.withResolvers<Ending>();
  const fail = (why: string) => ending.reject(new Error(why));
  // A Ctrl-C comes twice: from the terminal and from @vscode/test-electron.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => fail(`stopped by ${signal}`));
  const limit = setTimeout(() => fail(`the suite did not end within ${RUN_LIMIT_MS / 60_000} min`), RUN_LIMIT_MS);
  closing.push(async () => clearTimeout(limit));
  const output = new Output();
  let page: Page | undefined;
  try {
    const server = await startServer({
      userData: userData ?? join(temporary, 'user'),
      extensions: extensionsDir ?? join(temporary, 'extensions'),
      env: process.env,
      trusted,
      say,
    });
    closing.unshift(server.stop);
    const browser = await launchChromium(executable);
    closing.unshift(() => browser.close());
    page = await Promise.race([
      openWindow(
        browser,
        server,
        { ...shown, tests },
        { log: (level, line) => output.print(level, line), exit: (code, logs) => ending.resolve({ code, logs }) },
      ),
      // A suite may end, and a signal may come, before the window is fully drawn.
      ending.promise.then(() => undefined),
    ]);
    page?.once('crash', () => fail('the window crashed'));
    page?.once('close', () => fail('the window was closed'));
    const { code, logs } = await ending.promise;
    if (code !== 0) {
      output.explain();
      await keep(logs);
    }
    return code;
  } finally {
    if (page && !page.isClosed()) await screenshot(page, join(EVIDENCE, 'window.png')).catch(() => {});
    for (const close of closing) await close();
  }
}

/** The suite's own lines; the rest is VS Code talking to itself, kept for who looks into a failure. */
class Output {
  readonly #errors: string[] = [];
  #suiteSpoke = false;

  print(level: string, args: readonly unknown[]): void {
    const line = format(...args);
    if (line.startsWith(SUITE_MARK)) {
      this.#suiteSpoke = true;
      console.log(line.slice(SUITE_MARK.length));
      return;
    }
    appendFileSync(WINDOW_LOG, `${level}: ${line}\n`);
    // What is under way when the extension host ends is cancelled, a dozen times.
    if (level === 'error' && !line.startsWith('Canceled')) this.#errors.push(line);
  }

  /** Why a suite that never spoke failed: it, or the extension, could not be loaded. */
  explain(): void {
    if (this.#suiteSpoke) return;
    for (const error of this.#errors) console.error(error.split('\n').slice(0, 3).join('\n'));
  }
}

async function keep(logs: readonly LogFile[]): Promise<void> {
  for (const { relativePath, contents } of logs) {
    const file = join(EVIDENCE, 'logs', relativePath);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
if (process.exitCode !== 0) say(`what the window showed and logged is in ${EVIDENCE}`);
