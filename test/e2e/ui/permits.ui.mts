import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { openCallgate, spendRows } from '../host/callgate-view.mts';
import { daemonIn, manage, until } from '../host/daemon.mts';
import { chooseTheme, findMessage, palette } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

const THEMES = ['Light Modern', 'Dark High Contrast', 'Dark Modern'] as const;
const ASKS = 'asks to call callgate/sandbox';

describe('a call that needs a permit, to a person', () => {
  let session: Session;
  let page: Page;
  let secret = '';
  before(async () => {
    session = await startSession();
    page = await session.open();
    await openCallgate(page);
    const { home } = session.sandbox;
    const { key, data } = (await manage(home, 'POST', '/keys', { name: 'importer', limit: 1 })) as {
      readonly key: string;
      readonly data: { readonly hash: string };
    };
    secret = key;
    await manage(home, 'POST', '/callgate/permits/requirements', { kind: 'key', value: data.hash });
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'permits-failed.png'));
  });
  after(() => session?.stop());

  const call = async (task: string): Promise<number> => {
    const { url } = (await daemonIn(session.sandbox.home)) ?? {};
    const answer = await fetch(`${url}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-session-id': task },
      body: JSON.stringify({ model: '@preset/hello', messages: [{ role: 'user', content: `For ${task}` }] }),
    });
    await answer.text();
    return answer.status;
  };
  const count = () => page.locator('.statusbar-item', { hasText: /^\s*\d+ permits?$/ });
  const waiting = () => spendRows(page).filter({ hasText: /^importer.*at most/ });

  it('is asked about in a message, and goes on when it is allowed once', async () => {
    const under = call('first');
    const message = await findMessage(page, ASKS);
    await count().waitFor();
    await message.getByRole('button', { name: 'Allow Once' }).click();
    assert.equal(await under, 200);
    await count().waitFor({ state: 'hidden' });
  });

  it('is denied in the tree', async () => {
    const under = call('second');
    await waiting().hover();
    await waiting().getByRole('button', { name: 'Deny' }).click();
    assert.equal(await under, 403);
    await waiting().waitFor({ state: 'hidden' });
  });

  it('is allowed for its whole task, which is not asked about again', async () => {
    const under = call('third');
    await waiting().waitFor();
    await palette(page, 'Callgate: Pending Permits…');
    const list = page.locator('.quick-input-list .monaco-list-row');
    await list.filter({ hasText: ASKS }).click();
    await list.filter({ hasText: 'Allow This Task…' }).click();
    await list.filter({ hasText: 'For 15 minutes' }).click();
    assert.equal(await under, 200);
    assert.equal(await call('third'), 200);
  });

  for (const theme of THEMES) {
    it(`can be read in the theme "${theme}"`, async () => {
      await palette(page, 'Notifications: Clear All Notifications');
      await chooseTheme(page, theme);
      const under = [call(`one, ${theme}`), call(`two, ${theme}`)];
      const message = await findMessage(page, `task two, ${theme}`);
      await until('both wait', async () => (await waiting().count()) === 2);
      await screenshot(page, join(EVIDENCE, `permits, ${theme}.png`));
      assert.match((await message.innerText()) ?? '', /for at most \$0\.\d+.*task two/s);
      const { home } = session.sandbox;
      const { data } = (await manage(home, 'GET', '/callgate/permits/requests')) as { readonly data: { id: string }[] };
      for (const { id } of data) await manage(home, 'POST', `/callgate/permits/requests/${id}`, { decision: 'once' });
      assert.deepEqual(await Promise.all(under), [200, 200]);
    });
  }

  it('can be answered in a narrow window', async () => {
    await page.setViewportSize({ width: 480, height: 800 });
    const under = call('narrow');
    const message = await findMessage(page, /task narrow/);
    await screenshot(page, join(EVIDENCE, 'permits, narrow.png'));
    await message.getByRole('button', { name: 'Deny' }).click();
    assert.equal(await under, 403);
  });
});
