// Values on the clipboard, read back from it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { configOf, referenceCase } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { computed, copied, nextFrames, openTable, painted, relativeError } from './support.js';
import { choose } from '../support/menus.js';

const reference = referenceCase('typical');
const { T } = reference.shapes;
let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open();
  await open.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await open.host.run(configOf(reference));
  await painted(open);
});
after(() => pages.close());

const copyOf = (page: Page, place: string): Promise<string[][]> => copied(page, () => choose(page, place, 'Copy'));

describe('Copy', () => {
  it('gives the numbers of a track with every digit, a row for each step', async () => {
    const [head, ...rows] = await copyOf(open.page, '[data-track=flow]');
    assert.equal(head?.[0], 't');
    assert.equal(rows.length, T);
    for (const [t, g] of rows)
      assert.ok(relativeError(Number(g), reference.expected.norms.dh[Number(t)] ?? NaN) < 1e-9, `t = ${t}: ${g}`);
  });

  it('takes the steps in view', async () => {
    const { page } = open;
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 4; i++) await page.keyboard.press('+');
    await page.locator('.ruler.zoomed').waitFor();
    const [, ...rows] = await copyOf(page, '[data-track=hiddenMap]');
    assert.ok(rows.length > 3 && rows.length < T, `${rows.length} rows`);
    assert.equal(rows[0]?.[0], '0');
    rows.forEach(([, h], t) => assert.ok(Math.abs(Number(h) - (reference.expected.hs[0]?.[t]?.[0] ?? NaN)) < 1e-12));
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('0');
  });

  it('works by keyboard: Ctrl+C on a plot and in a table', async () => {
    const { page } = open;
    await page.locator('#track-contributions-plot').focus();
    assert.equal((await copied(page, () => page.keyboard.press('Control+c'))).length, T + 1);
    await openTable(page, 'flow');
    await page.locator('[data-track=flow] .table-scroll').focus();
    assert.equal((await copied(page, () => page.keyboard.press('Control+c')))[0]?.[1], '‖g_t‖');
    await page.locator('#card-eigenvalues').focus();
    assert.equal((await copied(page, () => page.keyboard.press('Control+c'))).length, reference.shapes.H + 1);
  });

  it('is there for every track and every card, and says that it has copied', async () => {
    const { page } = open;
    assert.deepEqual(
      await page.evaluate(() =>
        [...document.querySelectorAll('.track, .card:not(.proofs)')]
          .filter(
            (place) =>
              place.querySelector('.actions .more') === null && place.querySelector('.card-head .actions') !== null,
          )
          .map((place) => place.getAttribute('aria-label')),
      ),
      [],
    );
    const rows = await copyOf(page, '[data-card=weights]');
    assert.equal(rows.length, reference.shapes.H ** 2 + 1);
    await page.locator('[data-card=weights] .copied', { hasText: /^copied$/ }).waitFor();
    const step = await copyOf(page, '[aria-label="Numbers at the cursor"]');
    assert.equal(step[0]?.[0], 't');
    assert.ok(step.some(([name]) => name === 'unit'));
  });
});

it('analyses answer again after a reload, and after a report was made', async () => {
  const { page, host } = open;
  await computed(page, 'jacobian');
  await host.reportData();
  await page.reload();
  await painted(open);
  await computed(page, 'jacobian');
  await page
    .locator('[data-card=reach] [data-name=horizon], [data-card=reach] .note', { hasText: 'dWh' })
    .first()
    .waitFor();
  assert.equal((await host.reportData()).extent.kind, 'everything');
  await nextFrames(page);
});
