import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { attached } from '../host/callgate-view.mts';
import { manage } from '../host/daemon.mts';
import { findMessage, openFile, palette } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

const POLICY = 'workspaces:\n  - slug: theirs\n    nonsense: 1\n';

describe('a folder that is not trusted', () => {
  let session: Session;
  let page: Page;
  before(async () => {
    session = await startSession(() => ({}), false);
    const { workspace } = session.sandbox;
    await writeFile(join(workspace, 'callgate.yaml'), POLICY);
    await writeFile(join(workspace, 'letter.txt'), 'Write to ada@example.com.\n');
    page = await session.open();
    await attached(page);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'untrusted-failed.png'));
  });
  after(() => session?.stop());

  for (const command of ['Plan callgate.yaml', 'Apply callgate.yaml…']) {
    it(`does not "${command}"`, async () => {
      await openFile(page, 'callgate.yaml');
      await page.locator('.tab.active', { hasText: 'callgate.yaml' }).waitFor();
      await palette(page, `Callgate: ${command}`);
      const message = await findMessage(page, 'This workspace is not trusted');
      await message.getByRole('button', { name: 'Manage Workspace Trust' }).waitFor();
      await palette(page, 'Notifications: Clear All Notifications');
      const { data } = (await manage(session.sandbox.home, 'GET', '/workspaces')) as {
        readonly data: { slug: string }[];
      };
      assert.deepEqual(
        data.map(({ slug }) => slug),
        ['default'],
      );
    });
  }

  it('is told what is wrong in its callgate.yaml all the same', async () => {
    await openFile(page, 'callgate.yaml');
    await page.locator('.squiggly-error').first().waitFor();
  });

  it('can be looked through for sensitive text, which changes nothing', async () => {
    await openFile(page, 'letter.txt');
    await page.locator('.tab.active', { hasText: 'letter.txt' }).waitFor();
    await palette(page, 'Callgate: Detect Sensitive Text in Selection');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'email' }).waitFor();
    await page.keyboard.press('Escape');
  });
});
