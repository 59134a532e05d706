/** `node test/e2e/picture.mts [FILE]`: draws `docs/callgate.png`, the picture in README.md, from the built extension as it is. */
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { daemonIn, until } from './host/daemon.mts';
import { answer, openFile, palette, webview } from './host/palette.mts';
import { EVIDENCE, ROOT } from './host/paths.mts';
import { type Session, startSession } from './host/session.mts';
import { screenshot } from './host/window.mts';

const PROMPT = 'Hello, I am new here. Who are you?';

async function compose(page: Page, session: Session): Promise<void> {
  await until('a daemon runs', () => daemonIn(session.sandbox.home));
  // Our own item first: it shows that the extension's editors are registered, before a file is opened with one.
  await page.locator('.statusbar-item', { hasText: 'today' }).waitFor();
  await page.getByRole('tab', { name: 'Callgate' }).first().click();
  await page.locator('.monaco-list[aria-label="Spend"] .monaco-list-row').first().waitFor();

  await openFile(page, 'hello.preset.md');
  await webview(page).getByRole('textbox', { name: 'System prompt' }).waitFor();
  await palette(page, 'Callgate: Run Test Completion');
  await answer(page, 'The user’s message', PROMPT);

  // The transcript ends with its table of figures, and the tree follows the settled call.
  const transcript = page.locator('.editor-instance', { hasText: PROMPT });
  await transcript.getByText('Cost').first().waitFor();
  await page.locator('.statusbar-item', { hasText: /\$0\.0*[1-9]\d* today/ }).waitFor();
  await page.locator('.notification-toast').waitFor({ state: 'hidden' });
  await page.mouse.move(700, 890);
}

const file = resolve(process.argv[2] ?? join(ROOT, 'docs/callgate.png'));
const session = await startSession(console.log);
try {
  const page = await session.open();
  try {
    await compose(page, session);
  } catch (error) {
    await screenshot(page, join(EVIDENCE, 'picture.png'));
    throw error;
  }
  await screenshot(page, file);
  console.log(file);
} finally {
  await session.stop();
}
