// Between a run and its spectrum the views keep the numbers of the run before: all of them say so in the same way, and
// none gives them away as the new run's.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { ringConfig, weatherConfig } from '../support/experiments.js';
import { violationsOf } from './axe.js';
import { computed, copied, nextFrames, painted, relativeError } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 2600 });
});
after(() => pages.close());

/** Where the word stands, in the order of the page. */
const marked = (): Promise<string[]> =>
  open.page
    .locator('.older-mark:visible')
    .evaluateAll((marks) =>
      marks.map(
        (mark) =>
          mark.closest('[data-track]')?.getAttribute('data-track') ??
          mark.closest('[data-card]')?.getAttribute('data-card') ??
          mark.closest('section')?.getAttribute('aria-label') ??
          '',
      ),
    );
const all = ['jacobian', 'product', 'Numbers at the cursor', 'What this proves', 'lyapunov', 'eigenvalues'];
const sigmaRow = (): Promise<string> =>
  open.page
    .locator('.side dd[data-name=jacobian]')
    .evaluate((value) => value.parentElement?.querySelector('dt')?.textContent ?? '');

it('the numbers at the cursor say whose σ_max they tell', async () => {
  await open.host.run(ringConfig(0.9, 4, 30));
  await painted(open);
  await nextFrames(open.page);
  assert.equal(await sigmaRow(), 'σmax(∂ht/∂ht−1)');
  await open.host.run(weatherConfig());
  await open.page.locator('.run-name', { hasText: 'weather' }).waitFor();
  await nextFrames(open.page);
  assert.equal(await sigmaRow(), 'σmax(∂ht/∂ht−1) sequence 1');
});

it('a run whose spectrum is on its way is marked in every view that still shows the one before', async () => {
  const { page, host } = open;
  for (const track of ['jacobian', 'product']) await computed(page, track);
  assert.deepEqual(await marked(), []);
  const { spectrum, summary } = host;
  assert.ok(spectrum !== null && summary !== null);
  const runId = summary.runId + 1;
  host.summary = { ...summary, runId, name: 'the next' };
  host.spectrum = null;
  host.status = { ...host.status, running: { runId, phase: 'analyse', fraction: 0.1 } };
  host.sendAll();
  await page.locator('.run-name', { hasText: 'the next' }).waitFor();
  await page.locator('[data-card=eigenvalues] .older-mark:visible').waitFor();
  await nextFrames(page);
  assert.deepEqual(await marked(), all);
  assert.equal(await sigmaRow(), 'σmax(∂ht/∂ht−1) older run');
  for (const canvas of ['#card-eigenvalues', '#track-jacobian-plot'])
    assert.match((await page.locator(canvas).getAttribute('aria-label')) ?? '', /\. older run\. /);
  assert.match((await page.locator('[data-track=jacobian] .formula').textContent()) ?? '', /computing 0 %/);
  assert.deepEqual(await violationsOf(page, ['main']), []);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const numbers = await copied(page, () => choose(page, '.at-step', 'Copy'));
  assert.deepEqual(numbers.find(([name]) => name?.startsWith('σ') === true)?.[1] ?? '', '');

  // A file waits for the numbers of the run that it is named after.
  await choose(page, '[data-card=lyapunov]', 'CSV');
  await page.waitForTimeout(200);
  const saved = (): string | null =>
    host.sent.saveFile.length === 0 ? null : String(host.sent.saveFile.at(-1)?.content);
  assert.equal(saved(), null);
  host.spectrum = { ...spectrum, runId, lyapunov: Float64Array.of(-0.25, -0.5) };
  host.sendAll();
  while (saved() === null) await nextFrames(page);
  assert.match(saved() ?? '', /\r\n1,-0\.25,[\d.]+\r\n2,-0\.5,[\d.]+\r\n$/);
  // The Jacobians of their own analysis have not come.
  assert.deepEqual(await marked(), ['jacobian', 'product']);
});

it('the product of all Jacobians is the same number to the eye, under the mouse and for scripts', async () => {
  const { page, host } = open;
  await host.run(ringConfig(0.5, 4, 2000, { dtype: 'float64' }));
  await page.locator('.run-name', { hasText: 'ring 0.5' }).waitFor();
  const value = page.locator('.side [data-name=product]');
  await page.waitForFunction(
    () => document.querySelector('.side [data-name=product]')?.textContent.includes('e-') === true,
  );
  const told = [
    await value.textContent(),
    await value.getAttribute('title'),
    await value.getAttribute('data-value'),
  ].map((text) => /^([\d.]+)e-(\d+)$/.exec(text ?? ''));
  const expected = 2000 * Math.log10(0.5);
  for (const match of told)
    assert.ok(relativeError(Math.log10(Number(match?.[1])) - Number(match?.[2]), expected) < 1e-6, `${match?.[0]}`);
});

it('bounds of the spectral radius say why there are no eigenvalues', async () => {
  const { page, host } = open;
  const { spectrum } = host;
  assert.ok(spectrum !== null);
  const note = page.locator('.proofs dl > div', { has: page.locator('[data-name=spectralRadius]') }).locator('.note');
  host.spectrum = { ...spectrum, eigenvaluesWh: [], spectralRadiusBounds: [0.4, 0.6], spectralRadiusWh: 0.6 };
  host.sendAll();
  await note.filter({ hasText: 'were not found' }).waitFor();
  assert.doesNotMatch((await note.textContent()) ?? '', /1024/);
  // The gradient vanishes. That the radius is not below 1 is known only when both bounds are not.
  for (const [bounds, misleading] of [
    [[0.9, 1.1], false],
    [[1, 1.1], true],
    [[0.9, 1.2], false],
  ] as const) {
    host.spectrum = { ...spectrum, eigenvaluesWh: [], spectralRadiusBounds: bounds, spectralRadiusWh: bounds[1] };
    host.sendAll();
    await page.locator('.side [data-name=spectralRadius]', { hasText: `… ${bounds[1].toPrecision(4)}` }).waitFor();
    await page.locator('.side [data-name=spectralRadius]', { hasText: `${bounds[0].toPrecision(4)} …` }).waitFor();
    assert.equal((await note.textContent())?.includes('misleading'), misleading, bounds.join());
  }
});

it('numbers that are not finite prove nothing', async () => {
  const { page, host } = open;
  await host.run(
    JSON.stringify({
      name: 'overflow',
      cell: 'relu',
      dtype: 'float32',
      sequences: [Array.from({ length: 80 }, () => [1])],
      weights: {
        Wx: [[1, 1]],
        Wh: [
          [4, 0],
          [0, 0.5],
        ],
        b: [[0, 0]],
      },
    }),
  );
  await page.locator('.run-name', { hasText: 'overflow' }).waitFor();
  await nextFrames(page);
  const notes = await page.locator('.proofs .note').allTextContents();
  assert.equal(
    notes.filter((note) => note === 'Not defined: some Jacobian holds a number that is not finite.').length,
    2,
    notes.join(' | '),
  );
  assert.ok(!notes.some((note) => note.includes('Every Jacobian is zero')));
});
