import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { openCallgate, spendRows } from '../host/callgate-view.mts';
import { daemonIn, manage } from '../host/daemon.mts';
import { chooseTheme } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

type Made = { readonly key: string; readonly data: { readonly hash: string } };

describe('the spend tree, to a person', () => {
  let session: Session;
  let page: Page;
  const ask = (method: string, path: string, body?: unknown) => manage(session.sandbox.home, method, path, body);
  const newKey = (name: string, more: object = {}) =>
    ask('POST', '/keys', { name, limit: 1, ...more }) as Promise<Made>;
  const call = async (key: string, content: string) => {
    const { url } = (await daemonIn(session.sandbox.home)) ?? {};
    const answer = await fetch(`${url}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: '@preset/hello', messages: [{ role: 'user', content }] }),
    });
    await answer.text();
    return answer.status;
  };
  before(async () => {
    session = await startSession();
    page = await session.open();
    await openCallgate(page);
    await page.setViewportSize({ width: 1400, height: 700 });

    await ask('PUT', '/callgate/organization/credits', { total_credits: 50 });
    const stopped = await newKey('site-audit');
    await call(stopped.key, 'Spend.');
    const { data } = (await ask('POST', '/guardrails', {
      name: 'Staging',
      limit_usd: 0.0001,
      reset_interval: 'daily',
    })) as {
      readonly data: { readonly id: string };
    };
    await ask('POST', `/guardrails/${data.id}/assignments/keys`, { key_hashes: [stopped.data.hash] });
    const nightly = await newKey('nightly-report', { limit_reset: 'monthly' });
    await ask('POST', '/callgate/behaviors', { name: 'nightly', preset: 'hello', key: nightly.data.hash, tier: 'B' });
    const wild = await newKey('wild-importer', { runaway: 'trip' });
    for (let time = 0; time < 20; time += 1) await call(wild.key, 'Again.');
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'spend-tree-failed.png'));
  });
  after(() => session?.stop());

  const row = (text: string | RegExp) => spendRows(page).filter({ hasText: text });

  for (const theme of ['Light Modern', 'Dark Modern'] as const) {
    it(`tells what stops a key, in the theme "${theme}"`, async () => {
      await chooseTheme(page, theme);
      await row(/\$49\.\d+ left/).waitFor();
      await row(/wild-importer.* · suspended: /).waitFor();
      await row(/nightly-report.* · tier B · resets in/).waitFor();
      const stopped = row(/site-audit.* · stopped by guardrail "Staging" · resets in/);
      await stopped.hover();
      const tooltip = page.locator('.monaco-hover', { hasText: 'Guardrail "Staging"' });
      await tooltip.waitFor();
      assert.match(await tooltip.innerText(), /of \$0\.0001 a day, spent, resets 20/);
      await screenshot(page, join(EVIDENCE, `spend tree, ${theme}.png`));
      await page.mouse.move(900, 500);
    });
  }

  it('releases a suspended key by one click', async () => {
    const wild = row('wild-importer');
    await wild.hover();
    await screenshot(page, join(EVIDENCE, 'spend tree, release.png'));
    await wild.getByRole('button', { name: 'Release Suspended Key' }).click();
    await row(/wild-importer(?!.*suspended)/).waitFor();
  });
});
