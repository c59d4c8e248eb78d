// The explorer of a window, as a person uses it: rows and their menus.
import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.js';

export const explorerRow = ({ page }: Workbench, name: string): Locator =>
  page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name }).first();

const entriesOf = ({ page }: Workbench): Locator => page.locator('.monaco-menu .action-item .action-label');

/** Opens the menu of a file and gives its entries. An explorer that is drawn anew meanwhile shuts it. */
async function openMenu(workbench: Workbench, file: string): Promise<Locator> {
  const entries = entriesOf(workbench);
  const open = (): Promise<boolean> => entries.first().isVisible();
  await workbench.consequence(`the menu of ${file}`, open, () =>
    explorerRow(workbench, file).click({ button: 'right', timeout: 10_000 }),
  );
  return entries;
}

/** How many entries of the menu of a file have these words; the menu is shut again. */
export async function menuEntries(workbench: Workbench, file: string, words: string): Promise<number> {
  let texts: readonly string[] = [];
  await workbench.until(`the entries of the menu of ${file}`, async () => {
    // In one look: a menu that was shut meanwhile has none at all.
    texts = await (await openMenu(workbench, file)).allInnerTexts();
    return texts.length > 0;
  });
  await workbench.page.keyboard.press('Escape');
  await entriesOf(workbench).first().waitFor({ state: 'hidden' });
  return texts.filter((text) => text.includes(words)).length;
}

/**
 * Chooses from the menu of the selected files, opened at one of them. A menu takes no click while it is still opening,
 * but keys. `select`: what a key that shuts a menu would undo.
 */
export async function chooseFromMenu(
  workbench: Workbench,
  file: string,
  words: string,
  select: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { page } = workbench;
  let chosen = false;
  await workbench.consequence(
    `"${words}" in the menu of ${file}`,
    () => Promise.resolve(chosen),
    async () => {
      await select();
      const entries = await openMenu(workbench, file);
      await entries.filter({ hasText: words }).first().hover({ timeout: 5_000 });
      const focused = page.locator('.monaco-menu .action-item.focused').filter({ hasText: words });
      await focused.waitFor({ timeout: 5_000 });
      await page.keyboard.press('Enter');
      await entries.first().waitFor({ state: 'hidden', timeout: 10_000 });
      chosen = true;
    },
  );
}
