// What a screen reader is told while somebody types: nothing that has not changed, and nothing twice.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';
import type { Locator } from 'playwright-core';

const item = ({ page }: Workbench): Locator =>
  page.locator('.part.statusbar .statusbar-item[id$="rnnGradients.verdict"]').filter({ visible: true });

/** Notes every text that a live region, or the label of the status bar's item, changes to. */
const listen = (root: Locator): Promise<void> =>
  root.evaluate((element) => {
    const said: string[] = [];
    Object.assign(element, { said });
    const regions = element.matches('.statusbar-item')
      ? [element]
      : [...element.querySelectorAll('[role=status], [role=alert], [aria-live]')];
    for (const region of regions) {
      new MutationObserver(() => {
        if ((region as HTMLElement).hidden) return;
        said.push(region.querySelector('[aria-label]')?.getAttribute('aria-label') ?? region.textContent);
      }).observe(region, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
        attributeFilter: ['aria-label', 'hidden'],
      });
    }
  });
/** Without a run that takes long on a busy machine: it may say so. */
const heard = async (root: Locator): Promise<string[]> =>
  (await root.evaluate((element) => (element as unknown as { said: string[] }).said.splice(0))).filter(
    (text) => !text.includes('A run is under way') && text !== '',
  );

describe('while fifty keys are typed', () => {
  scenario(
    'a screen reader hears nothing of a name, and once of text that is broken and of text that is mended',
    {},
    async (workbench) => {
      await workbench.openFile('vanishing.rnn.json');
      await workbench.palette('Run RNN');
      await item(workbench)
        .filter({ hasText: /vanishing/ })
        .waitFor();
      const page = workbench.webview().locator('body');
      await page.locator('.badge.vanishing').waitFor();
      await workbench.page.waitForTimeout(2_000);
      await listen(page);
      await listen(item(workbench));

      await workbench.replaceInEditor('half is lost at every step', '');
      await workbench.page.keyboard.type('fifty keys, and some more, for a name that is long', { delay: 60 });
      await workbench.page
        .locator('.tab')
        .filter({ hasText: 'RNN: vanishing: fifty keys, and some more, for a name that is long' })
        .waitFor();
      assert.deepEqual(await heard(item(workbench)), []);
      assert.deepEqual(await heard(page), []);

      // Broken from the first key to the last.
      await workbench.replaceInEditor('"dtype": "float32",', '"dtype": "float32", ,');
      await workbench.page.keyboard.type('fifty keys that make no sense where they stand now', { delay: 60 });
      const stale = page.locator('.banner').filter({ hasText: /last good run/i });
      await stale.waitFor();
      await workbench.until('the mark of an old verdict', async () =>
        ((await item(workbench).locator('[aria-label]').first().getAttribute('aria-label')) ?? '').includes(
          'of the last good run',
        ),
      );
      await workbench.page.waitForTimeout(1_500);
      const [inPage, inBar] = [await heard(page), await heard(item(workbench))];
      assert.deepEqual(
        inPage.map((text) => text.includes('last good run')),
        [true],
        inPage.join(' | '),
      );
      assert.deepEqual(
        inBar.map((text) => text.includes('last good run')),
        [true],
        inBar.join(' | '),
      );

      await workbench.replaceInEditor(' ,fifty keys that make no sense where they stand now', '');
      await stale.waitFor({ state: 'hidden' });
      await workbench.until('the verdict of the text', async () =>
        ((await item(workbench).locator('[aria-label]').first().getAttribute('aria-label')) ?? '').endsWith(
          'per step back',
        ),
      );
      assert.deepEqual((await heard(item(workbench))).length, 1);
      // The status bar is read to nobody who does not go there; the page says that the verdict is one again.
      await workbench.page.waitForTimeout(1_500);
      const mended = await heard(page);
      assert.deepEqual(
        mended.map((text) => text.startsWith('VANISHING ×')),
        [true],
        mended.join(' | '),
      );
    },
  );
});
