// What stands beside the tracks when an analysis does not arrive, and what the controls are called aloud.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { weatherConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { painted } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());
beforeEach(async () => {
  open = await pages.open();
  await open.host.run(weatherConfig());
  await painted(open);
});
afterEach(() => open.close());

describe('beside the tracks', () => {
  it('says whether the spectrum is still to come or was given up', async () => {
    const { page, host } = open;
    const runId = host.summary?.runId ?? NaN;
    host.spectrum = null;
    host.status = { ...host.status, running: { runId, phase: 'analyse', fraction: 0.5 } };
    await page.reload();
    await page.locator('.proofs', { hasText: 'Being computed' }).waitFor();
    host.sendStatus({ running: null });
    await page.locator('.proofs', { hasText: 'Not computed' }).waitFor();
  });
});

describe('the controls', () => {
  it('have names of their own', async () => {
    for (const control of ['vscode-dropdown[aria-label="Sequence"]', 'input[aria-label="Units drawn as lines"]'])
      assert.equal(await open.page.locator(`.toolbar ${control}`).count(), 1, control);
  });
});

describe('help', () => {
  it('opens for everything that is drawn or told: a formula and where to read about it', async () => {
    const { page } = open;
    for (const fold of await page.locator('.fold[aria-expanded=false]').all()) await fold.click();
    const sections = await page.locator('section.card:visible, .track:visible').all();
    assert.ok(sections.length > 10, `${sections.length} sections`);
    for (const section of sections)
      assert.equal(
        await section.locator('.actions > .more').count(),
        1,
        `one menu for ${(await section.getAttribute('aria-label')) ?? ''}`,
      );
    const menus = page.locator('.actions > .more:visible');
    const marks = await menus.all();
    assert.ok(marks.length > 5, `${marks.length}`);
    for (const mark of marks) {
      await mark.focus();
      await page.keyboard.press('Enter');
      // The last line of each menu.
      await page.locator('.popover .menu').waitFor();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      const sheet = page.locator('.popover[role=dialog]');
      await sheet.waitFor();
      const told = `${await sheet.locator('h3').innerText()}: ${await sheet.locator('.help-formula').innerText()}`;
      assert.match(told, /: .{3}/s);
      assert.match(await sheet.locator('.help-source').innerText(), /\p{L}{3}/u, told);
      const box = await sheet.boundingBox();
      assert.ok(
        box !== null &&
          box.x >= 0 &&
          box.y >= 0 &&
          box.x + box.width <= (await page.evaluate(() => innerWidth)) &&
          box.y + box.height <= (await page.evaluate(() => innerHeight)),
        `${told} is whole on the page`,
      );
      await page.keyboard.press('Escape');
      await sheet.waitFor({ state: 'detached' });
      assert.equal(await mark.evaluate((button) => document.activeElement === button), true, 'the focus returns');
    }
  });

  it('tells the guarantee with the largest singular value, not the spectral radius', async () => {
    await choose(open.page, 'section[aria-label="What this proves"]', 'What it shows');
    assert.equal(
      await open.page.locator('.popover .help-formula').innerText(),
      '‖∂ht+l/∂ht‖2 ≤ (σmax(Wh)·γ)l   γ = max |f′|',
    );
  });
});
