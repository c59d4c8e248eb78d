// A training script that rewrites its weights 20 times a second, and the way back through what it did.
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import { choose } from '../support/menus.js';

type Weights = { readonly Wx: number[][]; readonly Wh: number[][]; readonly b: number[][] };
const period = 50;
const rewrites = 80;

/**
 * Wh is `rho` times the identity and nothing else is left, so the gradient is multiplied by exactly `rho` at every step
 * back.
 */
const scaled = ({ Wx, Wh, b }: Weights, rho: number): string =>
  JSON.stringify({
    Wx: Wx.map((row) => row.map(() => 0)),
    Wh: Wh.map((row, i) => row.map((_, j) => (i === j ? rho : 0))),
    b: b.map((row) => row.map(() => 0)),
  });

describe('The history in a window', () => {
  scenario(
    'records what a script writes 20 times a second, in its order, and leads back to it',
    {},
    async (workbench) => {
      await workbench.openFile('weather.rnn.json');
      await workbench.palette('Run RNN');
      const page = workbench.webview();
      await workbench.badge(/vanishing/i);
      const file = path.join(workbench.folder, 'weather', 'weights.json');
      const original = JSON.parse(await readFile(file, 'utf8')) as Weights;
      for (let i = 1; i <= rewrites; i++) {
        const from = performance.now();
        await writeFile(`${file}.tmp`, scaled(original, 0.5 + i / 1000));
        await rename(`${file}.tmp`, file);
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, period - (performance.now() - from))));
      }
      const last = (0.5 + rewrites / 1000).toFixed(4);
      await choose(page, '[data-card=history]', 'Table');
      const rows = page.locator('[data-card=history] tbody tr');
      const factorOf = async (row: number): Promise<number> =>
        Number(await rows.nth(row).locator('td').nth(2).getAttribute('data-value'));
      await workbench.until(
        'the last version',
        async () =>
          (await rows.count()) > 1 && Math.abs((await factorOf((await rows.count()) - 1)) - Number(last)) < 1e-6,
      );
      const seen: number[] = [];
      for (let row = 0; row < (await rows.count()); row++) seen.push(await factorOf(row));
      const written = seen.filter((factor) => factor <= 0.58 + 1e-6 && factor >= 0.5);
      assert.ok(written.length >= 3, `versions on the way: ${seen.join(', ')}`);
      assert.deepEqual(
        written,
        [...written].sort((a, b) => a - b),
      );
      await page.locator('.history-controls .range').focus();
      await workbench.page.keyboard.press('Home');
      await page.locator('[data-track=flow] .chip').filter({ hasText: 'version 1' }).first().waitFor();
      await page.locator('.history-controls button').click();
      await page
        .locator('[data-track=flow] .chip')
        .filter({ hasText: 'version' })
        .first()
        .waitFor({ state: 'detached' });
    },
  );
});
