import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { findChromium } from './chromium.mts';
import { chooseHost, findDesktop } from './desktop.mts';

describe('the choice of a VS Code', () => {
  let root = '';
  const file = (path: string) => {
    const whole = join(root, path);
    mkdirSync(join(whole, '..'), { recursive: true });
    writeFileSync(whole, '');
    return whole;
  };
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'cg-')));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('finds the program behind the `code` script on PATH', function () {
    if (process.platform !== 'linux') this.skip();
    const program = file('share/code/code');
    const cli = file('share/code/bin/code');
    mkdirSync(join(root, 'bin'));
    symlinkSync(cli, join(root, 'bin/code'));
    assert.equal(findDesktop({ PATH: join(root, 'bin') }), program);
  });

  it("does not take a remote window's `code` for a desktop", async function () {
    if (process.platform !== 'linux') this.skip();
    const cli = file('vscode-server/bin/remote-cli/code');
    const env = { PATH: join(cli, '..') };
    assert.equal(findDesktop(env), null);
    assert.equal((await chooseHost(env)).kind, 'server');
  });

  it('uses the server when a desktop has no display, and the desktop when it is named', async function () {
    if (process.platform !== 'linux') this.skip();
    const program = file('share/code/code');
    const PATH = join(file('share/code/bin/code'), '..');
    assert.equal((await chooseHost({ PATH })).kind, 'server');
    const desktop = { kind: 'desktop', executable: program };
    const { why: _why, ...onScreen } = await chooseHost({ PATH, DISPLAY: ':0' });
    assert.deepEqual(onScreen, desktop);
    const { why: _because, ...named } = await chooseHost({ PATH: '', CALLGATE_VSCODE: program });
    assert.deepEqual(named, desktop);
  });

  it('says what to do when what was asked for is not there', async () => {
    await assert.rejects(
      chooseHost({ CALLGATE_VSCODE: join(root, 'none') }),
      /CALLGATE_VSCODE names .* does not exist/,
    );
    assert.throws(() => findChromium({ CHROMIUM: join(root, 'none') }), /CHROMIUM names .* does not exist/);
    if (process.platform === 'linux') assert.throws(() => findChromium({ PATH: root }), /apt-get install chromium/);
  });
});
