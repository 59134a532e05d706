import type { Locator, Page } from 'playwright-core';

/** Waits until the extension is attached to its daemon; before that a preset would open as text. */
export async function attached(page: Page): Promise<void> {
  await page.locator('.statusbar-item', { hasText: 'today' }).waitFor();
}

/** Shows our view, with its first key. */
export async function openCallgate(page: Page): Promise<void> {
  await attached(page);
  await page.getByRole('tab', { name: 'Callgate' }).first().click();
  await spendRows(page).first().waitFor();
}

export const spendRows = (page: Page): Locator => page.locator('.monaco-list[aria-label="Spend"] .monaco-list-row');
