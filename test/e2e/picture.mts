/**
 * Draws `docs/callgate.png`, the picture in README.md, from the built extension as it is: `CALLGATE_PICTURE=1 npm run test:e2e`,
 * or `node test/e2e/picture.mts [FILE]` for it alone.
 */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { FakeProvider, answer as reply, usageOf } from '../support/fake-provider.ts';
import { openCallgate, spendRows } from './host/callgate-view.mts';
import { daemonIn, manage } from './host/daemon.mts';
import { answer, openFile, palette, webview } from './host/palette.mts';
import { EVIDENCE, ROOT } from './host/paths.mts';
import { startSession } from './host/session.mts';
import { screenshot } from './host/window.mts';

const PROMPT = 'Invoice 4711 from Acme, 1.240,00 EUR, due on Friday. We never ordered there.';
const PRESET = `---
name: Invoice triage
description: Sorts an incoming invoice and says why.
model: callgate/sandbox
temperature: 0.2
max_tokens: 400
---
You sort incoming invoices into pay, ask or reject.

Answer in one word, then give the reason in one sentence.
Never pay what nobody has ordered: ask first.
`;

/** The keys of a person with a few agents: what each has spent of which limit. */
const KEYS = [
  { name: 'invoice-triage', limit: 10, limit_reset: 'monthly', spent: 3.42 },
  { name: 'site-audit', limit: 25, limit_reset: 'monthly', spent: 21.7 },
  { name: 'newsletter', limit: 2, limit_reset: 'weekly', spent: 2 },
  { name: 'nightly-report', limit: 1, limit_reset: 'daily', spent: 0.18 },
  { name: 'experiments', limit: null, limit_reset: null, spent: 1.05 },
  { name: 'old-importer', limit: 5, limit_reset: 'monthly', spent: 0, disabled: true },
] as const;

/** Makes the keys, and has each spend by one real call, whose cost the provider reports. */
async function spend(home: string, provider: FakeProvider): Promise<void> {
  for (const { name, limit, limit_reset, spent, ...more } of KEYS) {
    const { key, data } = (await manage(home, 'POST', '/keys', { name, limit, limit_reset })) as {
      readonly key: string;
      readonly data: { readonly hash: string };
    };
    provider.on('swift', reply({ usage: { ...usageOf(900, 300), cost: spent } }));
    if (spent > 0) await call(home, key);
    if ('disabled' in more) await manage(home, 'PATCH', `/keys/${data.hash}`, { disabled: true });
  }
}

async function call(home: string, key: string): Promise<void> {
  const { url } = (await daemonIn(home)) ?? {};
  const answered = await fetch(`${url}/api/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'acme/swift', messages: [{ role: 'user', content: 'Work.' }], max_tokens: 300 }),
  });
  if (!answered.ok) throw new Error(`${answered.status} ${await answered.text()}`);
}

async function compose(page: Page): Promise<void> {
  await openFile(page, 'invoice-triage.preset.md');
  await webview(page).getByRole('textbox', { name: 'System prompt' }).waitFor();
  await palette(page, 'Callgate: Run Test Completion');
  await answer(page, 'The user’s message', PROMPT);
  // The transcript ends with its figures, and the tree follows the settled call.
  const transcript = page.locator('.editor-instance', { hasText: 'Invoice 4711' });
  await transcript.getByText('computed from prices').waitFor();
  await spendRows(page)
    .filter({ hasText: /editor\$0\.0*[1-9]/ })
    .waitFor();
  await widen(page, 450);
  await palette(page, 'Notifications: Clear All Notifications');
  await page.mouse.move(700, 890);
  for (const passing of ['.quick-input-widget', '.monaco-sash.hover', '.monaco-sash.active']) {
    await page.locator(passing).first().waitFor({ state: 'hidden' });
  }
}

/** Drags the edge of the side bar to `x`, so that a row shows all it says. */
async function widen(page: Page, x: number): Promise<void> {
  const bar = await page.locator('.part.sidebar').boundingBox();
  if (!bar) throw new Error('there is no side bar');
  await page.mouse.move(bar.x + bar.width, 600);
  await page.mouse.down();
  await page.mouse.move(x, 600, { steps: 5 });
  await page.mouse.up();
}

/** Draws it into `file`. */
export async function drawPicture(file = join(ROOT, 'docs/callgate.png')): Promise<void> {
  const provider = await FakeProvider.start();
  const session = await startSession();
  try {
    const { home, workspace } = session.sandbox;
    await writeFile(join(workspace, '.callgate/presets/invoice-triage.preset.md'), PRESET);
    await writeFile(join(home, 'config.yaml'), config(provider.baseUrl), { mode: 0o600 });
    const page = await session.open();
    try {
      await openCallgate(page);
      await spend(home, provider);
      await compose(page);
    } catch (error) {
      await screenshot(page, join(EVIDENCE, 'picture.png'));
      throw error;
    }
    await screenshot(page, file);
  } finally {
    await session.stop();
    await provider.stop();
  }
}

const config = (baseUrl: string): string => `server:
  port: 0
providers:
  acme:
    base_url: ${baseUrl}
    models:
      - { id: acme/swift, pricing: { prompt: '0.0000004', completion: '0.0000016' } }
`;

if (import.meta.main) {
  const file = resolve(process.argv[2] ?? join(ROOT, 'docs/callgate.png'));
  await drawPicture(file);
  console.log(file);
}
