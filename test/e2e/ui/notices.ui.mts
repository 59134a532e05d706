import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { attached } from '../host/callgate-view.mts';
import { chooseTheme, findMessage, palette, takeMessage } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

/** Nothing listens there: one of the doctor's problems. */
const GOOD = `server:
  port: 0
providers:
  acme:
    name: Acme
    base_url: http://127.0.0.1:9/v1
    models:
      - { id: acme/swift, pricing: { prompt: '0.0000004', completion: '0.0000016' } }
`;
const BAD = GOOD.replace('models:', 'modles:');
const THEMES = ['Light Modern', 'Dark Modern'] as const;

describe('what the editor tells of the daemon', () => {
  let session: Session;
  let page: Page;
  const write = (text: string) => writeFile(join(session.sandbox.home, 'config.yaml'), text, { mode: 0o600 });
  before(async () => {
    session = await startSession();
    await write(GOOD);
    page = await session.open();
    await attached(page);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'notices-failed.png'));
  });
  after(() => session?.stop());

  it('says that config.yaml cannot be used, and opens it at the place', async () => {
    await write(BAD);
    const message = await findMessage(page, 'config.yaml is not valid');
    assert.match(await message.innerText(), /Line 7: unknown key "modles" in providers\.acme\..*models/s);
    for (const theme of THEMES) {
      await chooseTheme(page, theme);
      await palette(page, 'Notifications: Show Notifications');
      await screenshot(page, join(EVIDENCE, `config notice, ${theme}.png`));
    }
    await message.getByRole('button', { name: 'Open config.yaml' }).click();
    await page.locator('.statusbar-item', { hasText: 'Ln 7, Col 5' }).waitFor();
    await page.locator('.tab.active', { hasText: 'config.yaml' }).waitFor();
  });

  for (const theme of THEMES) {
    it(`shows what the doctor found, in the theme "${theme}"`, async () => {
      await chooseTheme(page, theme);
      await palette(page, 'Callgate: Doctor');
      const lines = page.locator('.editor-instance .view-lines');
      await page.locator('.tab.active', { hasText: 'Callgate Doctor' }).waitFor();
      await lines.getByText('Nothing listens at 127.0.0.1:9').waitFor();
      assert.match(await lines.first().innerText(), /config\.yaml:7:5:/);
      await screenshot(page, join(EVIDENCE, `doctor, ${theme}.png`));
    });
  }

  it('says what waits for a new start', async () => {
    await write(GOOD.replace('port: 0', 'port: 4999'));
    await takeMessage(page, /server\.port takes effect/);
  });
});
