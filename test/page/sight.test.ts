// Analyses of the whole run are asked for when somebody can see them, and not before.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { ringConfig, weatherConfig } from '../support/experiments.js';
import { computed, csvRows, nextFrames, painted, savedCsv } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 420 });
});
after(() => pages.close());

const analyses = (): string[] => open.host.asked.filter((name) => name === 'attribution' || name === 'attributionRow');

async function show(config: string, name: string): Promise<void> {
  open.host.asked.length = 0;
  await open.host.run(config);
  await open.page.locator('.run-name', { hasText: name }).waitFor();
  await painted(open);
  for (let i = 0; i < 5; i++) await nextFrames(open.page);
}

it('a plot is painted in the frame that shows it first', async () => {
  const first = await pages.open({ group: 'overview', fresh: true });
  // Counts frames that begin while the track is seen and its plot is not.
  await first.page.evaluate(() => {
    const seen = window as unknown as { late: number };
    seen.late = 0;
    const look = (): void => {
      const track = document.querySelector('[data-track=flow]');
      if (track?.checkVisibility() === true && track.querySelector('[data-plot]') === null) seen.late++;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await nextFrames(first.page);
  await first.host.run(weatherConfig());
  await painted(first);
  assert.equal(await first.page.evaluate(() => (window as unknown as { late: number }).late), 1);
  await first.close();
});

it('a track far below the window asks for nothing until it comes near', async () => {
  await show(weatherConfig({ name: 'far below', upstreamGradient: 'every' }), 'far below');
  const distance = await open.page
    .locator('[data-track=attribution]')
    .evaluate((track) => track.getBoundingClientRect().top / innerHeight);
  assert.ok(distance > 2, 'the test needs a track that is far away');
  assert.ok(open.host.asked.includes('heatmap'), 'cheap tracks ask at once');
  assert.deepEqual(analyses(), []);
  await computed(open.page, 'attribution');
  assert.ok(analyses().includes('attribution'));
});

it('a folded track asks for nothing, and asks when it is unfolded', async () => {
  const fold = open.page.locator('[data-track=attribution] .fold');
  await fold.click();
  await open.page.locator('[data-track=sources] .fold').click();
  await show(ringConfig(0.9, 4, 30, { dtype: 'float64', upstreamGradient: 'every' }), 'ring 0.9');
  assert.deepEqual(analyses(), []);
  await fold.click();
  await computed(open.page, 'attribution');
  assert.ok(analyses().includes('attribution'));
});

it('is complete in what is saved', async () => {
  await open.page.locator('[data-track=flow]').scrollIntoViewIfNeeded();
  await show(ringConfig(0.8, 4, 300, { dtype: 'float64' }), 'ring 0.8');
  const { rows } = await csvRows(open, 'product');
  assert.equal(rows.length, 300);
  rows.forEach((values) =>
    assert.ok(
      values.every((value) => value !== '' && value !== 'NaN'),
      values.join(),
    ),
  );
});

it('is saved as it is when nobody can tell the rest any more', async () => {
  await open.page.locator('[data-track=flow]').scrollIntoViewIfNeeded();
  open.host.lost.add('jacobians');
  await show(ringConfig(0.7, 4, 300, { dtype: 'float64' }), 'ring 0.7');
  assert.deepEqual((await savedCsv(open, 'product')).rows, []);
  open.host.lost.clear();
  const told = open.host.sent.failed.splice(0);
  assert.ok(told.length > 0 && told.every(({ message }) => message.includes('The engine stopped.')));
});
