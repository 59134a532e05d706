import { errors, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { READY_LIMIT_MS } from './window.mts';

/** Long for a quick input, and short of the test's end: one may close again, when what was before it takes the focus late. */
const PATIENCE_MS = 10_000;
const MOST_TIMES = 4;

/** Runs a command by the title it has in the command palette, for example `Callgate: Run Test Completion`. */
export async function palette(page: Page, command: string): Promise<void> {
  await summon(page, 'F1', `>${command}`, command);
}

/** Opens a file of the workspace by its name. */
export async function openFile(page: Page, name: string): Promise<void> {
  await summon(page, 'ControlOrMeta+P', name, name);
}

async function summon(page: Page, key: string, text: string, label: string): Promise<void> {
  for (let time = 1; ; time += 1) {
    await page.keyboard.press(key);
    try {
      await choose(page, text, label, PATIENCE_MS);
      return;
    } catch (error) {
      if (!(error instanceof errors.TimeoutError) || time === MOST_TIMES) throw error;
    }
  }
}

/** Types into the open quick input and takes the entry whose label is `label` or starts with it. */
export async function choose(page: Page, text: string, label: string, timeout = READY_LIMIT_MS): Promise<void> {
  const input = quickInput(page);
  await input.waitFor({ timeout });
  await input.fill(text, { timeout });
  const row = page.locator('.quick-input-widget .quick-input-list .monaco-list-row').filter({ hasText: label }).first();
  await row.waitFor({ timeout });
  await row.click({ timeout });
}

/** Answers an input box; `prompt`, a part of what it asks, tells it from the one before. */
export async function answer(page: Page, prompt: string, text: string): Promise<void> {
  await page.locator('.quick-input-widget', { hasText: prompt }).waitFor();
  const input = quickInput(page);
  await input.fill(text);
  await input.press('Enter');
}

/** Waits for a message, and leaves it shown. The smoke-test driver keeps toasts from showing: the list behind the bell has them. */
export async function findMessage(page: Page, text: string | RegExp): Promise<Locator> {
  const message = page.locator('.notifications-center .notification-list-item', { hasText: text });
  for (let time = 1; ; time += 1) {
    await palette(page, 'Notifications: Show Notifications');
    try {
      await message.waitFor({ timeout: PATIENCE_MS });
      return message;
    } catch (error) {
      // The list closes when its last message goes, such as a progress that has ended; one that comes then is behind the bell.
      if (!(error instanceof errors.TimeoutError) || time === MOST_TIMES) throw error;
    }
  }
}

/** Waits for a message and closes them all. */
export async function takeMessage(page: Page, text: string | RegExp): Promise<void> {
  await findMessage(page, text);
  await palette(page, 'Notifications: Clear All Notifications');
}

/** @param theme its name, as the list of themes has it */
export async function chooseTheme(page: Page, theme: string): Promise<void> {
  await palette(page, 'Preferences: Color Theme');
  await choose(page, theme, theme);
}

const quickInput = (page: Page): Locator => page.locator('.quick-input-widget .quick-input-box input').first();

/** The content of the webview that is in front: a custom editor, a panel or a view. */
export const webview = (page: Page): FrameLocator =>
  page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
