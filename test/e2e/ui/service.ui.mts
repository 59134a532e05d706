import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import { attached, openCallgate } from '../host/callgate-view.mts';
import { daemonIn, daemonStatus, until } from '../host/daemon.mts';
import { answer, chooseTheme, findMessage, palette, takeMessage } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import type { Sandbox } from '../host/sandbox.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

const OFFER = 'Keep the Callgate daemon running';
/** As much of systemd as a service of ours meets: told to enable one, it starts what the unit names. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$CALLGATE_HOME/../systemctl.log"
case "$2" in
  enable) setsid sh "$CALLGATE_HOME/launcher/callgate" >/dev/null 2>&1 & ;;
  is-active) exit 3 ;;
esac
`;

/** A machine of its own for the service: neither its manager nor its unit is the person's. */
async function machine({ root }: Sandbox): Promise<NodeJS.ProcessEnv> {
  const bin = join(root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'systemctl'), SYSTEMCTL, { mode: 0o755 });
  return { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, XDG_CONFIG_HOME: join(root, 'config') };
}

// macOS and Windows have no stand-in for their managers, and the person's own must not be touched.
(process.platform === 'linux' ? describe : describe.skip)('a service of the machine', () => {
  let session: Session;
  let page: Page;
  before(async () => {
    session = await startSession(machine);
    page = await session.open();
    await openCallgate(page);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'service-failed.png'));
  });
  after(() => session?.stop());

  it('is offered when a key has been made for a program', async () => {
    await palette(page, 'Callgate: Create API Key…');
    await answer(page, 'Which program', 'nightly-report');
    await answer(page, 'may spend', '');
    await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Copy Secret' }).click();
    await findMessage(page, OFFER);
    for (const theme of ['Light Modern', 'Dark Modern']) {
      await chooseTheme(page, theme);
      await palette(page, 'Notifications: Show Notifications');
      await screenshot(page, join(EVIDENCE, `service offer, ${theme}.png`));
    }
  });

  it('takes over from the daemon that the editor started, and the editor goes on with it', async () => {
    const { home, root } = session.sandbox;
    const before = await daemonIn(home);
    const offer = await findMessage(page, OFFER);
    await offer.getByRole('button', { name: 'Install Service' }).click();
    await takeMessage(page, 'Installed callgate');
    assert.match(await readFile(join(root, 'systemctl.log'), 'utf8'), /--user enable --now callgate-\w{8}\.service/);
    assert.equal(existsSync(join(root, 'config/systemd/user')), true);
    const daemon = await until('another daemon serves', async () => {
      const now = await daemonIn(home);
      return now && now.pid !== before?.pid ? now : null;
    });
    await until('the window is connected to it', async () => (await daemonStatus(home)).editors === 1);
    const status = await daemonStatus(home);
    assert.equal(status.pid, daemon.pid);
    assert.equal(status.on_demand, false);
    await attached(page);
  });
});
