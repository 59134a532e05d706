import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { openCallgate, spendRows } from '../host/callgate-view.mts';
import { daemonIn } from '../host/daemon.mts';
import { answer, palette } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

describe('what a new person does first', () => {
  let session: Session;
  let page: Page;
  let secret = '';
  before(async () => {
    session = await startSession();
    page = await session.open();
    await openCallgate(page);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'first-use-failed.png'));
  });
  after(() => session?.stop());

  it('makes a key with a cap, and is shown its secret once', async () => {
    await palette(page, 'Callgate: Create API Key…');
    await answer(page, 'Which program', 'invoice-triage');
    await answer(page, 'may spend', '0.25');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Daily' }).click();
    const dialog = page.locator('.monaco-dialog-box');
    const text = await dialog.innerText();
    assert.match(text, /The secret of “invoice-triage”/);
    secret = /sk-cg-v1-[0-9a-f]{64}/.exec(text)?.[0] ?? '';
    assert.notEqual(secret, '', text);
    await dialog.getByRole('button', { name: 'Copy Secret' }).click();
    await spendRows(page)
      .filter({ hasText: /invoice-triage\s*\$0\.00 \/ \$0\.25/ })
      .waitFor();
  });

  it('calls with it, and sees in the tree what that cost', async () => {
    const { url } = (await daemonIn(session.sandbox.home)) ?? {};
    const response = await fetch(`${url}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: '@preset/hello', messages: [{ role: 'user', content: 'Hello.' }] }),
    });
    assert.equal(response.status, 200);
    const { usage } = (await response.json()) as { readonly usage: { readonly cost: number } };
    const amount = `$${Number(usage.cost.toPrecision(4))} / $0.25`;
    const row = spendRows(page).filter({ hasText: `invoice-triage${amount}` });
    await row.waitFor();
    assert.match((await row.getAttribute('aria-label')) ?? '', /^API key invoice-triage, fine, \$0\.0/);
    await page.locator('.statusbar-item', { hasText: /\$0\.0*[1-9]\d* today/ }).waitFor();
  });

  it('runs a published preset, chosen from the list', async () => {
    await palette(page, 'Callgate: Run Test Completion');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'version 1' }).click();
    await answer(page, 'The user’s message', 'Who are you?');
    const transcript = page.locator('.editor-instance .view-lines');
    await transcript.getByText('@preset/hello', { exact: false }).first().waitFor();
    await transcript.getByText('computed from prices').waitFor();
    assert.equal(await page.locator('.editor-group-container').count(), 1);
  });
});
