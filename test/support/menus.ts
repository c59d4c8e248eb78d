// The menus of the page, as a person uses them: the dots, then the line.
import type { FrameLocator, Page } from 'playwright-core';

/** Chooses a line of the menu of the view (or bar) that `place` selects. */
export async function choose(page: Page | FrameLocator, place: string, line: string | RegExp): Promise<void> {
  await page.locator(`${place} .more`).first().click();
  await page.locator('.popover [role^=menuitem]', { hasText: line }).click();
}
