// For a lecture: vanishing beside exploding, in two clicks.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { chooseFromMenu, explorerRow } from '../support/explorer.js';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

/** The verdicts in the list of what is compared, in its order. */
const verdicts = (workbench: Workbench): Promise<string[]> =>
  workbench.webview().locator('.pins .mark').allInnerTexts();
const areCompared = async (workbench: Workbench): Promise<void> => {
  // A page that is loaded again takes its words with it: these waits begin anew then.
  for (const [at, kind] of ['VANISHING', 'EXPLODING'].entries())
    await workbench.webview().locator('.pins .mark').nth(at).filter({ hasText: kind }).waitFor();
  const legend = workbench.webview().locator('[data-track=flow] .legend');
  await legend.filter({ hasText: /exploding: .* · EXPLODING/ }).waitFor();
};

describe('configs that are selected in the explorer', () => {
  scenario(
    'are laid over each other from its menu, follow edits, and are back after a reload',
    {},
    async (workbench) => {
      const { page } = workbench;
      await page.keyboard.press('Control+Shift+E');
      // Each example has a folder of its own.
      for (const folder of ['vanishing', 'exploding'])
        await workbench.until(`the files of ${folder}`, async () => {
          if (await explorerRow(workbench, `${folder}.rnn.json`).isVisible()) return true;
          // A folder that is open would be shut by a click.
          const shut = page.locator('.explorer-folders-view .monaco-list-row[aria-expanded=false]');
          const row = shut.filter({ hasText: folder }).first();
          if (await row.isVisible()) await row.click();
          return false;
        });
      await chooseFromMenu(workbench, 'exploding.rnn.json', 'Compare RNN Runs', async () => {
        await explorerRow(workbench, 'vanishing.rnn.json').click({ timeout: 10_000 });
        await explorerRow(workbench, 'exploding.rnn.json').click({ modifiers: ['ControlOrMeta'], timeout: 10_000 });
      });
      await areCompared(workbench);
      assert.equal(
        await page
          .locator('.tab')
          .filter({ hasText: /^RNN: / })
          .count(),
        1,
      );

      await workbench.openFile('exploding.rnn.json');
      await workbench.replaceInEditor('0.75,  0.75, -0.75, -0.75', '0.75,  0.75, oops, -0.75');
      const problem = workbench
        .webview()
        .locator('.pins .note')
        .filter({ hasText: /As it was before: exploding\.rnn\.json:/ });
      await problem.waitFor();
      assert.deepEqual(
        (await verdicts(workbench)).map((text) => text.trim()),
        ['VANISHING', 'EXPLODING'],
      );
      await workbench.replaceInEditor('oops', '-0.75');
      await problem.waitFor({ state: 'detached' });

      await workbench.reload();
      await areCompared(workbench);
    },
  );
});
