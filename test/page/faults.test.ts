// Accessibility faults in what has to be opened first: help sheets, the menu, the page without a run, folded tracks,
// every table.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { weatherConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { PageServer } from '../support/page.js';
import { long, some } from '../support/long.js';
import { themeNames } from '../support/themes.js';
import { violationsOf } from './axe.js';
import { computed, nextFrames, painted } from './support.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

for (const theme of some(themeNames, 4, 1)) {
  describe(`in ${theme}`, () => {
    it('the page before the first run has no serious fault: nothing yet, under way, with problems', async () => {
      const open = await pages.open({ theme });
      const { page, host } = open;
      await page.locator('.blank h2', { hasText: 'No run yet' }).waitFor();
      assert.deepEqual(await violationsOf(page, ['body']), []);
      host.sendStatus({ running: { runId: 1, phase: 'run', fraction: 0.4 } });
      await page.getByText('The first run is under way').waitFor();
      assert.deepEqual(await violationsOf(page, ['body']), []);
      host.sendStatus({
        running: null,
        problems: [{ index: 0, severity: 'error', place: 'a.rnn.json:1:1', text: 'Not a number.' }],
      });
      await page.getByText('This experiment cannot run yet').waitFor();
      assert.deepEqual(await violationsOf(page, ['body']), []);
      await open.close();
    });

    it('no help sheet, no menu, no unfolded track and no table has one', async () => {
      const open = await pages.open({ theme, height: 1400 });
      const { page, host } = open;
      await host.run(weatherConfig());
      await painted(open);
      const menus = await page.locator(':is(.track, .card):visible .actions > .more').all();
      assert.ok(menus.length > 15, `${menus.length} menus`);
      const seen = new Set<string>();
      for (const [i, menu] of menus.entries()) {
        await menu.click();
        await page.locator('.popover .menu').waitFor();
        // They are all built alike.
        if (i < 2) assert.deepEqual(await violationsOf(page, ['.popover']), []);
        await page.locator('.popover [role^=menuitem]').last().click();
        await page.locator('.popover[role=dialog]').waitFor();
        seen.add((await page.locator('.popover').getAttribute('aria-label')) ?? '');
        if (long || i % 4 === 0) assert.deepEqual(await violationsOf(page, ['.popover']), []);
        await page.keyboard.press('Escape');
        await page.locator('.popover').waitFor({ state: 'detached' });
      }
      assert.equal(seen.size, menus.length);
      await page.locator('.bar .more').click();
      await page.locator('.popover .menu').waitFor();
      assert.deepEqual(await violationsOf(page, ['.popover']), []);
      await page.keyboard.press('Escape');
      await page.locator('[data-track=preActivation] .fold').click();
      await page.locator('#track-preActivation-plot[data-plot]').waitFor();
      for (const track of ['jacobian', 'attribution']) await computed(page, track);
      for (const menu of await page.locator(':is(.track, .card):visible .actions > .more').all()) {
        await menu.click();
        const table = page.locator('.popover [role=menuitemcheckbox][aria-checked=false]');
        await page.locator('.popover .menu').waitFor();
        if ((await table.count()) > 0) await table.click();
        else await page.keyboard.press('Escape');
        await page.locator('.popover').waitFor({ state: 'detached' });
      }
      await page.waitForFunction(() =>
        [...document.querySelectorAll<HTMLElement>('.twin')]
          .filter((twin) => twin.checkVisibility())
          .every((twin) => twin.querySelector('tbody tr') !== null),
      );
      await nextFrames(page);
      assert.ok((await page.locator('.twin:visible').count()) > 15);
      assert.deepEqual(await violationsOf(page, ['main']), []);
      await open.close();
    });
  });
}
