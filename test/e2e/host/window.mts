import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { VscodeServer } from './server.mts';

export const READY_LIMIT_MS = 60_000;

export type WindowOptions = {
  /** Absolute path of a folder or of a `.code-workspace` file; absent for an empty window. */
  readonly workspace?: string;
  /** Folders of extensions under development. */
  readonly extensions: readonly string[];
  /** A CommonJS module that exports `run()`, run in the extension host. */
  readonly tests?: string;
  readonly disableExtensions?: boolean;
};

export type LogFile = { readonly relativePath: string; readonly contents: string };

export type Listeners = {
  /** One console call of the extension host. */
  readonly log?: (level: string, args: readonly unknown[]) => void;
  /** The suite's exit code: 0 when `run()` resolved; and VS Code's log files. */
  readonly exit?: (code: number, logs: readonly LogFile[]) => void;
};

/** The address that shows `options` in any browser; tests in it need `listenIn` first. */
export function windowUrl(server: VscodeServer, options: WindowOptions): string {
  const uri = (path: string) => `vscode-remote://${server.authority}${remotePath(path)}`;
  const payload: [string, string][] = [
    ...options.extensions.map((path): [string, string] => ['extensionDevelopmentPath', uri(path)]),
    ['skipWelcome', 'true'],
  ];
  if (options.tests) payload.push(['extensionTestsPath', uri(options.tests)]);
  if (options.disableExtensions) payload.push(['disableExtensions', 'true']);
  const url = new URL(`http://${server.authority}/`);
  url.searchParams.set('tkn', server.token);
  if (options.workspace === undefined) url.searchParams.set('ew', 'true');
  else {
    const kind = options.workspace.endsWith('.code-workspace') ? 'workspace' : 'folder';
    url.searchParams.set(kind, remotePath(options.workspace));
  }
  url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}

/** Opens a window and waits until its workbench is drawn. A context of its own: windows share nothing but the server. */
export async function openWindow(
  browser: Browser,
  server: VscodeServer,
  options: WindowOptions,
  listeners: Listeners = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(READY_LIMIT_MS);
  await page.exposeFunction('codeAutomationLog', (level: string, args: readonly unknown[]) =>
    listeners.log?.(level, args),
  );
  await page.exposeFunction('codeAutomationExit', (code: number, logs?: readonly LogFile[]) =>
    listeners.exit?.(code, logs ?? []),
  );
  await page.goto(windowUrl(server, options));
  await page.locator('.monaco-workbench .part.statusbar').waitFor();
  return page;
}

/** Writes what the window shows as a PNG; makes the folder. */
export async function screenshot(page: Page, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await page.screenshot({ path: file, animations: 'disabled' });
}

/** `/c:/…` on Windows, as `vscode-remote:` URIs spell it. */
function remotePath(path: string): string {
  const absolute = resolve(path).replaceAll('\\', '/');
  return absolute.startsWith('/') ? absolute : `/${absolute}`;
}
