// The output of a notebook, drawn without Python: in VS Code's own notebook editor, as somebody opens it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import type { Frame } from 'playwright-core';
import { scenario } from '../support/workbench.js';

const { norms } = JSON.parse(readFileSync('test/fixtures/weather/lstm.json', 'utf8')) as { norms: { dh: number[] } };

describe('the output of a notebook', () => {
  scenario('is the page of the panel, and opens there', {}, async (workbench) => {
    const { page } = workbench;
    const output = (): Frame | undefined => page.frames().find((frame) => frame.url() === 'about:srcdoc');
    await workbench.openFile('gradients.ipynb');
    const cells = page.locator('.notebookOverlay .cell-list-container').first();
    await cells.hover();
    // Outputs are drawn when they come into sight.
    await workbench.consequence(
      'the page in the output',
      () => Promise.resolve(output() !== undefined),
      async () => page.mouse.wheel(0, 2_000),
    );
    const frame = output();
    assert.ok(frame !== undefined);
    await frame
      .locator('.badge')
      .filter({ hasText: /vanishing/i })
      .waitFor();
    await frame.locator('.facts', { hasText: /^lstm.*B\s4.*T\s100.*mse at the last step/ }).waitFor();
    assert.equal(
      await frame.locator('body').getAttribute('class'),
      await frame.parentFrame()?.locator('body').getAttribute('class'),
      'the theme of the window',
    );
    // The numbers of another implementation, at the step that the page names first.
    const cursor = Number(await frame.locator('#track-flow-plot').getAttribute('aria-valuenow'));
    const told = await frame.locator('[data-track=flow] .chip b').first().innerText();
    const expected = norms.dh[cursor] ?? NaN;
    assert.ok(Math.abs(Number(told) - expected) < 1e-3 * expected, `${told} at t = ${cursor} is not ${expected}`);
    const tab = frame.getByRole('tab', { name: 'Gradient' });
    const heightOf = async (): Promise<number> => (await tab.boundingBox())?.y ?? -1;
    // Playwright cannot scroll the editor's own list.
    await workbench.until('the tabs in sight', async () => {
      const y = await heightOf();
      if (y > 150 && y < 500) return true;
      await page.mouse.wheel(0, y > 300 ? 100 : -100);
      await page.waitForTimeout(300);
      return false;
    });
    // What it asks for later is answered too.
    await tab.click();
    await frame.locator('[data-track=contributions] .chip b').filter({ hasText: /\d/ }).first().waitFor();

    const before = await frame.frameElement().then((element) => element.boundingBox());
    await frame.locator('.verdict').hover();
    await workbench.consequence(
      'the notebook to scroll below the mouse',
      async () => (await frame.frameElement().then((element) => element.boundingBox()))?.y !== before?.y,
      async () => page.mouse.wheel(0, 60),
    );

    const made = (): string[] => readdirSync(path.join(workbench.folder, 'notebook')).sort();
    const all = ['gradients.ipynb', 'lstm-on-weather.rnn.json', 'lstm-on-weather.safetensors'];
    const open = frame.parentFrame()?.getByRole('button', { name: 'Open in Panel' });
    await open?.click();
    await workbench.until('the verdict in the panel', async () => {
      const panels = page.frames().filter((one) => one.url().includes('fake.html') && one !== frame.parentFrame());
      const badges = await Promise.all(panels.map((panel) => panel.locator('.badge.vanishing').count()));
      return badges.includes(1);
    });
    assert.deepEqual(made(), all);
    const config = readFileSync(path.join(workbench.folder, 'notebook', 'lstm-on-weather.rnn.json'), 'utf8');
    assert.match(config, /"file": "lstm-on-weather\.safetensors"/);
  });
});
