// The page in a panel that is hardly wider than a side bar, and where there is little height: nothing is cut off in the
// middle.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { describeProblem, readDocument } from '../../src/config/json/index.js';
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

it('a line of tabs that goes on says so at its ends, which lead on', async () => {
  const open = await pages.open({ width: 490, height: 700, group: 'overview' });
  const { page, host } = open;
  await host.run(readFileSync('examples/stack/stack.rnn.json', 'utf8'));
  await painted(open);
  const [before, behind] = [page.locator('.more-tabs[data-by="-1"]'), page.locator('.more-tabs[data-by="1"]')];
  assert.deepEqual([await before.isVisible(), await behind.isVisible()], [false, true]);
  await behind.click();
  await behind.waitFor({ state: 'hidden' });
  assert.ok(await before.isVisible());
  // The chosen tab stands free of both ends.
  await page.keyboard.press('5');
  await page.locator('#tab-dynamics[aria-selected=true]').waitFor();
  await nextFrames(page);
  const [tab, left, right] = await page.evaluate(() =>
    ['#tab-dynamics', '[data-by="-1"]', '[data-by="1"]'].map((name) => {
      const { left: from, right: to } = document.querySelector(name)?.getBoundingClientRect() ?? { left: 0, right: 0 };
      return [from, to] as const;
    }),
  );
  assert.ok(tab !== undefined && left !== undefined && right !== undefined);
  assert.ok(tab[0] >= left[1] - 16 && (right[0] === 0 || tab[1] <= right[0] + 16), JSON.stringify([tab, left, right]));
  await page.setViewportSize({ width: 900, height: 700 });
  await behind.waitFor({ state: 'hidden' });
  assert.equal(await before.isVisible(), false);
  await open.close();
});

it('what a warning asks stands there with both of its answers', async () => {
  const { problems } = readDocument(
    'a.json',
    new TextEncoder().encode('{ "cell": "tanh, "dtype": 1 }'),
    () => undefined,
  );
  const text =
    'The sequences [4,1,1] are read as [B][T][I]: 4 sequences of 1 timestep. Step by step, [T][B][I], they would be ' +
    '1 sequence of 4 timesteps. Expected "sequenceOrder", which says which of the two it is, found no ' +
    '"sequenceOrder". PyTorch without batch_first has the steps first: write "sequenceOrder": "TBI". If these are 4 ' +
    'short sequences, write "sequenceOrder": "BTI", and this is not asked again.';
  for (const [width, height] of [
    [1300, 500],
    [900, 500],
    [620, 420],
    [490, 500],
    [360, 420],
  ] as const) {
    const open = await pages.open({ width, height, group: 'overview' });
    const { page, host } = open;
    await host.run(
      JSON.stringify({
        cell: 'tanh',
        weights: { Wx: [[1]], Wh: [[0.5]], b: [[0]] },
        sequences: [[[1]], [[2]], [[3]], [[1]]],
      }),
    );
    await painted(open);
    host.sendStatus({
      problems: [{ index: 0, severity: 'warning', place: 'a.rnn.json:4:16', text, asksForOrder: true }],
    });
    await page.getByRole('button', { name: 'The sequences come first' }).waitFor();
    const { scrollHeight, clientHeight } = await page
      .locator('.problems')
      .evaluate((list) => ({ scrollHeight: list.scrollHeight, clientHeight: list.clientHeight }));
    assert.ok(scrollHeight <= clientHeight, `${scrollHeight} of ${clientHeight} pixels at ${width}`);
    // How many mistakes follow from one stands behind its advice.
    host.sendStatus({
      problems: problems.map((problem, index) => ({
        index,
        severity: problem.severity,
        place: 'a.json:1:11',
        text: describeProblem(problem),
      })),
    });
    const told = page.locator('.problem .text', { hasText: 'follow' });
    assert.match(await told.innerText(), /^A comma is missing\. Expected .*\. \(4 more follow from it\)$/);
    await open.close();
  }
});

it('another zoom gives every picture its pixels, also one that keeps its size', async () => {
  const open = await pages.open({ width: 1200, height: 1600, group: 'gates', fresh: true });
  const { page, host } = open;
  await host.run(readFileSync('examples/stack/stack.rnn.json', 'utf8'));
  await painted(open, 'gateLines');
  await page.locator('#card-halfLives').waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setDeviceMetricsOverride', {
    width: 1240,
    height: 1600,
    deviceScaleFactor: 2,
    mobile: false,
  });
  await page.waitForFunction(() =>
    [...document.querySelectorAll('canvas')].every(
      (canvas) =>
        !canvas.checkVisibility() || canvas.clientWidth === 0 || Math.abs(canvas.width / canvas.clientWidth - 2) < 0.02,
    ),
  );
  await open.close();
});

it('the actions stand beside the tabs, also at 650 pixels, which a window that is zoomed twice has', async () => {
  for (const width of [650, 490, 360]) {
    const open = await pages.open({ width, height: 450, group: 'overview' });
    const { page, host } = open;
    await host.run(weatherConfig());
    await painted(open);
    const height = await page.locator('.bar').evaluate((bar) => bar.clientHeight);
    assert.ok(height < 45, `${height} pixels at ${width}`);
    await page.keyboard.press('3');
    await page.locator('.toolbar:visible').waitFor();
    if (width > 480) assert.ok((await page.locator('.toolbar').evaluate((bar) => bar.clientHeight)) < 45);
    // Beside the verdict no letter is parted from its number.
    assert.match((await page.locator('.facts').textContent()) ?? '', /B\u00a04\u00a0· T\u00a0100\u00a0· /);
    await open.close();
  }
});
