import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { attached } from '../host/callgate-view.mts';
import { until } from '../host/daemon.mts';
import { openFile, palette } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

/** Put together here, so that no file of ours looks like a leak. */
const SECRET = ['sk', 'or', 'v1', randomBytes(32).toString('hex')].join('-');
const TEXT = `export const key = '${SECRET}';\n`;

describe('a key in a file', () => {
  let session: Session;
  let page: Page;
  const path = (name: string) => join(session.sandbox.workspace, name);
  const read = (name: string) => readFile(path(name), 'utf8');
  const shown = () => page.locator('.editor-instance .view-lines').innerText();
  before(async () => {
    session = await startSession();
    await writeFile(path('src/leak.ts'), TEXT);
    page = await session.open();
    await attached(page);
    await openFile(page, 'leak.ts');
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'secrets-failed.png'));
  });
  after(() => session?.stop());

  it('is moved to .env by one quick fix, and one undo takes it all back', async () => {
    await page.locator('.squiggly-error').first().waitFor();
    await page.locator('.view-line', { hasText: 'export const key' }).click();
    await palette(page, 'Quick Fix...');
    const title = 'Move to environment variable OPENROUTER_API_KEY';
    await page.locator('.action-widget .monaco-list-row', { hasText: title }).click();
    await until('the key is gone from the text', async () => !(await shown()).includes(SECRET));
    // VS Code saves what a fix has changed.
    await until('.env is saved', async () => (await read('.env')) === `OPENROUTER_API_KEY=${SECRET}\n`);
    await until('.gitignore is saved', async () => (await read('.gitignore')) === '.env\n');
    await until('the file is saved', async () => !(await read('src/leak.ts')).includes(SECRET));

    await page.keyboard.press('ControlOrMeta+Z');
    await until('the key is back in the text', async () => (await shown()).includes(SECRET));
    await until('.env is gone', () => !existsSync(path('.env')));
    await until('.gitignore is gone', () => !existsSync(path('.gitignore')));
  });
});
