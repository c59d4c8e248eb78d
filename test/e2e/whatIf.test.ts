// What if, as a person does it: drag, look, apply, undo.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe } from 'node:test';
import type { Workbench } from '../support/workbench.js';
import { longScenario, scenario } from '../support/workbench.js';
import { choose } from '../support/menus.js';

const mark = (workbench: Workbench, which: number, verdict: RegExp): Promise<void> =>
  workbench.webview().locator('.turn .mark').nth(which).filter({ hasText: verdict }).waitFor();

/** Drags a slider from where it is to a share of its length. */
async function drag(workbench: Workbench, field: string, share: number): Promise<void> {
  const range = workbench.webview().locator(`${field} .range:enabled`);
  await range.waitFor();
  const box = await range.boundingBox();
  assert.ok(box !== null);
  const [from, to] = [
    Number(await range.evaluate((input) => getComputedStyle(input).getPropertyValue('--share'))),
    share,
  ];
  const { mouse } = workbench.page;
  // The thumb stays inside the track, by half its own width.
  const x = (at: number): number => box.x + 7 + at * (box.width - 14);
  await mouse.move(x(from), box.y + box.height / 2);
  await mouse.down();
  for (let i = 1; i <= 12; i++) await mouse.move(x(from + ((to - from) * i) / 12), box.y + box.height / 2);
  await mouse.up();
}

const nothingUnsaved = (workbench: Workbench): Promise<void> =>
  workbench.until('nothing to be unsaved', async () => (await workbench.page.locator('.tab.dirty').count()) === 0);

async function saved(workbench: Workbench): Promise<void> {
  await workbench.page.keyboard.press('Control+S');
  await nothingUnsaved(workbench);
}

/** A config that runs and vanishes, with the sliders beside it. */
async function openSliders(workbench: Workbench, config: string): Promise<ReturnType<Workbench['webview']>> {
  await workbench.openFile(config);
  await workbench.palette('Run RNN');
  await workbench.badge(/vanishing/i);
  const page = workbench.webview();
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
  return page;
}

describe('What if in a window', () => {
  scenario('drag, Apply, undo: the file is what it was, byte for byte', {}, async (workbench) => {
    const page = await openSliders(workbench, 'vanishing.rnn.json');
    await mark(workbench, 0, /vanishing/i);
    await drag(workbench, '[data-measure=spectralRadius]', 0.5);
    await mark(workbench, 1, /healthy/i);
    const file = path.join(workbench.folder, 'vanishing', 'vanishing.rnn.json');
    const before = await readFile(file);
    assert.equal(await workbench.page.locator('.tab.dirty').count(), 0, 'trying writes nothing');
    await page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
    await workbench.badge(/healthy/i);
    assert.equal(await workbench.page.locator('.tab.dirty').count(), 1, 'nothing was saved');
    await page.locator('.field.changed').first().waitFor({ state: 'detached' });
    await workbench.page.locator('.monaco-editor .view-line').first().click();
    await saved(workbench);
    assert.notDeepEqual(await readFile(file), before);
    await workbench.page.keyboard.press('Control+z');
    await workbench.badge(/vanishing/i);
    await saved(workbench);
    assert.deepEqual(await readFile(file), before);
  });

  longScenario(
    'the keys of undo take an Apply back from the panel, and make it again; what was typed since is left alone',
    {},
    async (workbench) => {
      const page = await openSliders(workbench, 'vanishing.rnn.json');
      await drag(workbench, '[data-measure=spectralRadius]', 0.5);
      await mark(workbench, 1, /healthy/i);
      const inPanel = (): Promise<boolean> => page.locator('body').evaluate(() => document.hasFocus());
      const { keyboard } = workbench.page;
      await page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
      await workbench.badge(/healthy/i);
      await page.locator('#track-flow-plot').focus();
      await keyboard.press('Control+z');
      await workbench.badge(/vanishing/i);
      await nothingUnsaved(workbench);
      await workbench.until('the focus back in the panel', inPanel);
      await keyboard.press('Control+Shift+z');
      await workbench.badge(/healthy/i);
      await workbench.until('the focus back in the panel', inPanel);
      // Another edit of the text is not the panel's to take back.
      await workbench.page.locator('.monaco-editor .view-line').first().click();
      await keyboard.press('Control+End');
      await keyboard.type(' ');
      await page.locator('#track-flow-plot').focus();
      await keyboard.press('Control+z');
      // Messages keep their order: what the keys asked for is decided when the config is in front.
      await choose(page, '.bar', 'Open config');
      await workbench.until('the text to have the focus', async () => !(await inPanel()));
      await workbench.badge(/healthy/i);
      assert.equal(await workbench.page.locator('.tab.dirty').count(), 1);
    },
  );

  scenario('a number that was typed and applied is not tried again once it is undone', {}, async (workbench) => {
    const page = await openSliders(workbench, 'vanishing.rnn.json');
    const radius = page.locator('[data-measure=spectralRadius] .number');
    await radius.click();
    await workbench.page.keyboard.press('Control+a');
    await workbench.page.keyboard.type('1');
    await workbench.page.keyboard.press('Enter');
    await mark(workbench, 1, /healthy/i);
    await page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
    await workbench.badge(/healthy/i);
    await page.locator('.field.changed').first().waitFor({ state: 'detached' });
    await page.locator('#track-flow-plot').focus();
    await workbench.page.keyboard.press('Control+z');
    await workbench.badge(/vanishing/i);
    // Longer than a number that is written waits for its next letter.
    await workbench.page.waitForTimeout(1_000);
    assert.equal(await page.locator('.field.changed').count(), 0);
  });

  longScenario(
    'a slider goes where the mouse goes; weights in a file of their own are written behind the text, and the ' +
      'panel stays in sight',
    {},
    async (workbench) => {
      const page = await openSliders(workbench, 'weather.rnn.json');
      const rho = page.locator('[data-measure=spectralRadius] .number');
      await workbench.until('the radius in the file', async () => (await rho.inputValue()) === '0.978');
      await drag(workbench, '[data-measure=spectralRadius]', 0.75);
      await mark(workbench, 1, /fading|healthy|exploding/i);
      assert.ok(Math.abs(Number(await rho.inputValue()) - 1.5) < 0.03, await rho.inputValue());
      await page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
      const tabs = workbench.page.locator('.editor-group-container').first().locator('.tab');
      await tabs.filter({ hasText: 'weights.json' }).and(workbench.page.locator('.dirty')).waitFor();
      await workbench.badge(/fading|healthy|exploding/i);
      await tabs.and(workbench.page.locator('.active[data-resource-name="weather.rnn.json"]')).waitFor();
      assert.equal(await workbench.page.locator('.tab').filter({ hasText: 'weights.json' }).count(), 1);
      await tabs.filter({ hasText: 'weights.json' }).click();
      await workbench.page.keyboard.press('Control+z');
      await workbench.badge(/vanishing/i);
      await nothingUnsaved(workbench);
    },
  );
});
