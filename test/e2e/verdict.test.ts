// What the window's edge tells: the verdict in the status bar, and the preview that goes along with the editor.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { longScenario, scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';
import type { Locator } from 'playwright-core';

const item = ({ page }: Workbench): Locator =>
  page.locator('.part.statusbar .statusbar-item[id$="rnnGradients.verdict"]').filter({ visible: true });
const itemSays = (workbench: Workbench, words: RegExp): Promise<void> =>
  item(workbench).filter({ hasText: words }).waitFor();
/** What a screen reader says of it. */
const spoken = (workbench: Workbench): Promise<string | null> =>
  item(workbench).locator('[aria-label]').first().getAttribute('aria-label');
const preview = (workbench: Workbench, name: RegExp): Promise<void> =>
  workbench.page.locator('.tab').filter({ hasText: 'RNN preview: ' }).filter({ hasText: name }).waitFor();

describe('the verdict in the window', () => {
  scenario('stands in the status bar while its experiment is in front, and opens the panel', {}, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    assert.equal(await item(workbench).count(), 0, 'nothing has run');
    await workbench.palette('Run RNN');
    await itemSays(workbench, /vanishing ×0\.500/);
    assert.match((await spoken(workbench)) ?? '', /^RNN gradient: vanishing, times 0\.500 per step back$/);
    assert.match((await item(workbench).getAttribute('class')) ?? '', /warning-kind/);

    await workbench.replaceInEditor('0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await itemSays(workbench, /exploding/);
    await workbench.replaceInEditor('1.75,  0.25', '1.75, oops,  0.25');
    await workbench.until('the mark of an old verdict', async () =>
      ((await spoken(workbench)) ?? '').endsWith('of the last good run'),
    );
    assert.doesNotMatch(
      (await item(workbench).getAttribute('class')) ?? '',
      /warning-kind/,
      'an old verdict is not coloured',
    );
    await workbench.replaceInEditor(' oops,', '');
    await workbench.until('the verdict of the text', async () =>
      ((await spoken(workbench)) ?? '').endsWith('per step back'),
    );

    await workbench.openFile('weather/sequences.json');
    await item(workbench).waitFor({ state: 'hidden' });
    await workbench.openFile('vanishing.rnn.json');
    await itemSays(workbench, /exploding/);
    // Another tab covers the panel; the item brings it back.
    await workbench.page.locator('.tab').filter({ hasText: 'RNN: vanishing' }).click();
    await workbench.openFile('orthogonal.rnn.json');
    await workbench.page.locator('.tab').filter({ hasText: 'vanishing.rnn.json' }).click();
    await item(workbench).click();
    await workbench.badge(/exploding/i);
  });

  scenario('is not told again while text is typed that does not change it', {}, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    await workbench.palette('Run RNN');
    await itemSays(workbench, /vanishing/);
    await item(workbench).evaluate((element) => {
      const changes: string[] = [];
      Object.assign(element, { changes });
      new MutationObserver((records) =>
        changes.push(...records.map(({ type, attributeName }) => `${type} ${attributeName ?? ''}`)),
      ).observe(element, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
        attributeFilter: ['aria-label'],
      });
    });
    await workbench.replaceInEditor('half is lost at every step', '');
    await workbench.typeInEditor('a name that takes a while to type');
    await workbench.page
      .locator('.tab')
      .filter({ hasText: 'RNN: vanishing: a name that takes a while to type' })
      .waitFor();
    const changes = await item(workbench).evaluate((element) => (element as unknown as { changes: string[] }).changes);
    assert.deepEqual(changes, []);
  });

  longScenario('follows the editor in a preview that comes back after a reload', {}, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    await workbench.page.keyboard.press('Control+K');
    await workbench.page.keyboard.press('v');
    await preview(workbench, /vanishing/);
    await workbench.badge(/vanishing/i);
    await workbench.openFile('exploding.rnn.json');
    await preview(workbench, /exploding/);
    await workbench.badge(/exploding/i);
    await workbench.reload();
    await workbench.badge(/exploding/i);
    await workbench.openFile('vanishing.rnn.json');
    await preview(workbench, /vanishing/);
    await workbench.badge(/vanishing/i);
  });
});
