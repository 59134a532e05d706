import type { Browser, Page } from 'playwright-core';
import { findChromium, launchChromium } from './chromium.mts';
import { ROOT } from './paths.mts';
import { createSandbox, type Sandbox } from './sandbox.mts';
import { startServer } from './server.mts';
import { openWindow } from './window.mts';

/** A VS Code with our extension for a program outside it to drive: each `open()` is a further window of the same person. */
export type Session = {
  readonly sandbox: Sandbox;
  readonly browser: Browser;
  readonly open: (workspace?: string) => Promise<Page>;
  readonly stop: () => Promise<void>;
};

/**
 * Starts a VS Code server and a Chromium over a fresh sandbox.
 *
 * @param env what the extension host inherits besides
 * @param trusted false: its windows open in Restricted Mode
 * @throws when either cannot be had, with the remedy
 */
export async function startSession(
  env: (sandbox: Sandbox) => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv> = () => ({}),
  trusted = true,
): Promise<Session> {
  const executable = findChromium();
  const sandbox = await createSandbox();
  const closing: (() => Promise<unknown>)[] = [sandbox.dispose];
  const stop = async () => {
    for (const close of closing.splice(0)) await close();
  };
  try {
    const server = await startServer({
      userData: sandbox.userData,
      extensions: sandbox.extensions,
      env: { ...process.env, ...sandbox.env, ...(await env(sandbox)) },
      trusted,
      say: () => {},
    });
    closing.unshift(server.stop);
    const browser = await launchChromium(executable);
    closing.unshift(() => browser.close());
    const open = (workspace = sandbox.workspace) =>
      openWindow(browser, server, { workspace, extensions: [ROOT], disableExtensions: false });
    return { sandbox, browser, open, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
