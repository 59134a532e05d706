import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Page } from 'playwright-core';
import type { PresetSummary } from '../../../server/protocol.ts';
import { openCallgate } from '../host/callgate-view.mts';
import { manage, until } from '../host/daemon.mts';
import { answer, chooseTheme, openFile, palette, takeMessage, webview } from '../host/palette.mts';
import { EVIDENCE } from '../host/paths.mts';
import { unreadable } from '../host/readable.mts';
import { type Session, startSession } from '../host/session.mts';
import { screenshot } from '../host/window.mts';

const TEXT = `---
# Owner: @support-platform
name: "Hello"          # shown to people
description: Greets whoever writes, in one sentence.
model: callgate/sandbox
temperature: 0.2
max_tokens: 200
---

You greet the person who writes to you in one short, friendly sentence.
`;
/** A second model to choose; nothing listens there, and nothing is sent. */
const CONFIG = `server:
  port: 0
providers:
  acme:
    name: Acme
    base_url: http://127.0.0.1:9/v1
    models:
      - id: acme/swift
        context_length: 128000
        pricing: { prompt: '0.0000004', completion: '0.0000016' }
`;

/** What a page is told of each theme. */
const THEMES = [
  ['Light Modern', 'vscode-light'],
  ['Dark High Contrast', 'vscode-high-contrast'],
  ['Light High Contrast', 'vscode-high-contrast-light'],
  ['Dark Modern', 'vscode-dark'],
] as const;

describe('the preset editor', () => {
  let session: Session;
  let page: Page;
  let file: string;
  before(async () => {
    session = await startSession();
    file = join(session.sandbox.workspace, '.callgate/presets/hello.preset.md');
    await writeFile(file, TEXT);
    await writeFile(join(session.sandbox.home, 'config.yaml'), CONFIG, { mode: 0o600 });
    page = await session.open();
    await openCallgate(page);
    await openFile(page, 'hello.preset.md');
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(page, join(EVIDENCE, 'preset-editor-failed.png'));
  });
  after(() => session?.stop());

  const form = () => webview(page);
  const prompt = () => form().getByRole('textbox', { name: 'System prompt' });
  const model = () => form().getByRole('combobox', { name: 'Model' });
  const banner = () => form().getByRole('status');
  /** What the document says: saved, then read from the disk. */
  const saved = async (is: string) => {
    await page.keyboard.press('ControlOrMeta+S');
    await until('the file is as it should be', async () => (await readFile(file, 'utf8')) === is).catch(async () => {
      assert.equal(await readFile(file, 'utf8'), is);
    });
  };

  it('shows the fields of the file', async () => {
    await prompt().waitFor();
    await until('the system prompt', async () => (await prompt().inputValue()) !== '');
    assert.equal(
      await prompt().inputValue(),
      'You greet the person who writes to you in one short, friendly sentence.',
    );
    assert.equal(await model().inputValue(), 'callgate/sandbox');
    assert.equal(await form().getByLabel('Name').inputValue(), 'Hello');
    assert.equal(await form().getByLabel('Temperature').inputValue(), '0.2');
    assert.equal(await form().getByLabel('Max tokens').inputValue(), '200');
    assert.equal(await banner().isHidden(), true);
  });

  it('changes no more of the text than what is typed', async () => {
    await prompt().press('End');
    await prompt().pressSequentially(' In rhyme.');
    await saved(TEXT.replace('friendly sentence.\n', 'friendly sentence. In rhyme.\n'));
  });

  it('changes the model to the one that is chosen, comments and quotes left as they are', async () => {
    await model().click();
    const options = form().getByRole('option');
    await options.filter({ hasText: 'acme/swift' }).waitFor();
    assert.match((await options.allInnerTexts()).join('\n'), /acme\/swift\s+128k\s+\$0\.40 in, \$1\.60 out/);
    await model().fill('swi');
    assert.equal(await options.count(), 1);
    await options.first().click();
    assert.equal(await model().inputValue(), 'acme/swift');
    await saved(
      TEXT.replace('callgate/sandbox', 'acme/swift').replace('friendly sentence.\n', 'friendly sentence. In rhyme.\n'),
    );
  });

  it('undoes both, step by step, in the form and in the text', async () => {
    await prompt().focus();
    await page.keyboard.press('ControlOrMeta+Z');
    await until('the model is undone', async () => (await model().inputValue()) === 'callgate/sandbox');
    assert.match(await prompt().inputValue(), /In rhyme\.$/);
    await until('the prompt is undone', async () => {
      await page.keyboard.press('ControlOrMeta+Z');
      return !(await prompt().inputValue()).includes('In');
    });
    assert.equal(
      await prompt().inputValue(),
      'You greet the person who writes to you in one short, friendly sentence.',
    );
    await saved(TEXT);
  });

  it('tells what is wrong in the text, with the way to its line', async () => {
    await palette(page, 'Callgate: Open Preset as Text');
    await typeAtEndOf('max_tokens', ' tokens');
    await palette(page, 'Callgate: Open Preset Editor');
    await banner().waitFor();
    assert.match(await banner().innerText(), /Line 7 .*max_tokens/);
    // A field for numbers cannot show what is none.
    assert.equal(await form().getByLabel('Max tokens').inputValue(), '');
    assert.equal(await form().getByLabel('Max tokens').isEnabled(), true);
    await banner().getByRole('button', { name: 'Line 7' }).click();
    await page.locator('.statusbar-item', { hasText: 'Ln 7, Col 1' }).waitFor();
  });

  it('turns its fields off where the text is no preset at all, and on again when it is corrected', async () => {
    await typeAtEndOf('description', ' : no');
    await palette(page, 'Callgate: Open Preset Editor');
    await until('the fields are off', () => prompt().isDisabled());
    assert.match(await banner().innerText(), /Line 4 .*cannot be read as a preset/s);
    await banner().getByRole('button', { name: 'Line 4' }).click();
    await page.locator('.statusbar-item', { hasText: 'Ln 4, Col 1' }).waitFor();
    await palette(page, 'File: Revert File');
    await palette(page, 'Callgate: Open Preset Editor');
    await until('the fields are on', () => prompt().isEnabled());
    await until('the banner is gone', () => banner().isHidden());
    assert.equal(await form().getByLabel('Max tokens').inputValue(), '200');
  });

  it('publishes the file as version 2', async () => {
    const { home } = session.sandbox;
    await prompt().press('End');
    await prompt().pressSequentially(' Be kind.');
    await form().getByRole('button', { name: 'Publish…' }).click();
    await answer(page, 'What changed?', 'Kindness');
    await takeMessage(page, '@preset/hello is now version 2.');
    const { data } = (await manage(home, 'GET', '/callgate/presets')) as { readonly data: readonly PresetSummary[] };
    const hello = data.find(({ slug }) => slug === 'hello');
    assert.equal(hello?.version, 2);
    assert.equal(hello.folder, session.sandbox.workspace);
    assert.equal(await readFile(file, 'utf8'), TEXT.replace('friendly sentence.', 'friendly sentence. Be kind.'));
  });

  for (const [theme, kind] of THEMES) {
    it(`can be read in the theme "${theme}"`, async () => {
      await chooseTheme(page, theme);
      await form().locator(`body[data-vscode-theme-kind="${kind}"]`).waitFor();
      await model().click();
      assert.deepEqual(await form().locator('html').evaluate(unreadable), []);
      await screenshot(page, join(EVIDENCE, `preset-editor, ${theme}.png`));
      await model().press('Escape');
    });
  }

  it('fits into a narrow window', async () => {
    await page.setViewportSize({ width: 440, height: 800 });
    await page.keyboard.press('ControlOrMeta+B');
    await until('the form is narrow', async () => ((await form().locator('html').boundingBox())?.width ?? 999) < 420);
    assert.deepEqual(await form().locator('html').evaluate(unreadable), []);
    await screenshot(page, join(EVIDENCE, 'preset-editor, narrow.png'));
  });

  /** At the end of the line of the text editor in front that begins with `key`. */
  async function typeAtEndOf(key: string, text: string): Promise<void> {
    await page.locator('.editor-instance .view-line', { hasText: new RegExp(`^${key}:`) }).click();
    await page.keyboard.press('End');
    await page.keyboard.type(text);
  }
});
