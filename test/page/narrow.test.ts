// The page in a panel that is hardly wider than a side bar, and where there is little height: nothing is cut off in the
// middle.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { ringConfig, weatherConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { PageServer } from '../support/page.js';
import { keepPaintedText, nextFrames, painted, paintedText } from './support.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

it('at 280 pixels every scale of colours is whole, and the rate is told as far as the plot is wide', async () => {
  const open = await pages.open({ width: 280, height: 4000 });
  const { page, host } = open;
  await keepPaintedText(open);
  await host.run(weatherConfig());
  await painted(open);
  for (const track of ['gradientMap', 'hiddenMap', 'spread'])
    await page.locator(`[data-track=${track}] .colour-bar`).first().waitFor();
  await nextFrames(page);
  const ends = await page
    .locator('.legend .colour-bar')
    .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().right));
  assert.ok(ends.length >= 3 && ends.every((end) => end <= 280), ends.join());
  const told = await paintedText(page, 'track-flow-plot');
  assert.ok(told.includes('×0.879 per step back'), told.join(' | '));
  await page.setViewportSize({ width: 1200, height: 4000 });
  await page.waitForFunction(() =>
    [
      ...((window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf.get('track-flow-plot') ??
        []),
    ].some((text) => text.includes('half-life')),
  );
  await open.close();
});

it('400 pixels of a window that is zoomed three times hold every field of the bar of what-ifs', async () => {
  const width = 231;
  const open = await pages.open({ width, height: 900 });
  const { page, host } = open;
  await host.run(weatherConfig());
  await painted(open);
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
  await page.locator('[data-field=initialise] .number').waitFor();
  const over = await page
    .locator('.whatif *')
    .evaluateAll(
      (parts, most) =>
        parts
          .filter((part) => part.checkVisibility() && part.getBoundingClientRect().right > most)
          .map((part) => part.outerHTML.slice(0, 80)),
      width,
    );
  assert.deepEqual(over, []);
  await open.close();
});

it('as narrow as a telephone every legend is whole, of one layer and of a stack', async () => {
  for (const [width, config] of [
    [390, weatherConfig()],
    [320, readFileSync('examples/stack/stack.rnn.json', 'utf8')],
  ] as const) {
    const open = await pages.open({ width, height: 4000 });
    const { page, host } = open;
    await host.run(config);
    await painted(open);
    await page.locator('[data-track=gradientMap] .colour-bar').waitFor();
    await nextFrames(page);
    const over = await page
      .locator('.legend, .legend *')
      .evaluateAll((parts, most) => parts.filter((part) => part.getBoundingClientRect().right > most), width);
    assert.deepEqual(over, [], `at ${width} pixels`);
    await open.close();
  }
});

it('the unrolled network tells the norms of its steps where their line has room, and no half of it', async () => {
  for (const [H, there] of [
    [3, true],
    [4, false],
  ] as const) {
    const open = await pages.open();
    await keepPaintedText(open);
    await open.host.run(ringConfig(0.9, H, 20));
    await painted(open);
    await open.page.locator('#track-network-plot[data-plot]').waitFor();
    // Numbers of the units come after the picture.
    await open.page.waitForFunction(
      () =>
        (window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf
          .get('track-network-plot')
          ?.has('0') === true,
    );
    await nextFrames(open.page);
    const told = await paintedText(open.page, 'track-network-plot');
    assert.equal(
      told.some((text) => text.startsWith('‖h‖')),
      there,
      `${H} units: ${told.join(' | ')}`,
    );
    await open.close();
  }
});

it('the title of an axis gives way to labels that need its room', async () => {
  for (const [rho, there] of [
    [0.5, true],
    [1e-200, false],
  ] as const) {
    const open = await pages.open();
    await keepPaintedText(open);
    await open.host.run(ringConfig(rho, 2, 3000, { dtype: 'float64' }));
    await painted(open);
    const told = await paintedText(open.page, 'track-flow-plot');
    assert.ok(
      told.some((text) => /^10⁻\d*/.test(text)),
      told.join(' | '),
    );
    assert.equal(told.includes('norm'), there, `${rho}: ${told.join(' | ')}`);
    await open.close();
  }
});
