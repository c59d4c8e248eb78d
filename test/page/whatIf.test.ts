// The bar of what-ifs on the real page: what is dragged, chosen and typed runs again and is laid over the run, and the
// files are left alone.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { readExperiment } from '../../src/config/index.js';
import { asItIs, finish, initialise, runResumably } from '../../src/engine/index.js';
import type { RunResult } from '../../src/engine/index.js';
import { flatRun } from '../unit/engine/build.js';
import type { FlatRun } from '../unit/engine/build.js';
import { readFixture, ringConfig, weatherConfig } from '../support/experiments.js';
import { long, onlyLong, some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { violationsOf } from './axe.js';
import { csvRows, nextFrames, openTable, painted, relativeError, rowValues } from './support.js';
import { themeNames } from '../support/themes.js';
import { oneLayer } from '../support/oneLayer.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());
afterEach(() => open.close());

const weights = readFixture('weather/weights.json') as { Wx: number[][]; Wh: number[][]; b: number[][] };

async function whole(config: string): Promise<FlatRun<RunResult>> {
  const { experiment } = await readExperiment(
    { kind: 'config', config: 'a' },
    { read: () => Promise.resolve({ ok: true as const, id: 'a', bytes: new TextEncoder().encode(config) }) },
  );
  assert.ok(experiment !== null);
  return flatRun(finish(runResumably(oneLayer(experiment))));
}

async function start(config = weatherConfig(), options: Parameters<PageServer['open']>[0] = {}): Promise<void> {
  open = await pages.open({ group: 'overview', everything: true, ...options });
  await open.host.run(config);
  await painted(open);
  await open.page.locator('.bar vscode-button', { hasText: 'What if' }).click();
  await open.page.locator('[data-measure=sigmaMax] .number').waitFor();
  await open.page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('[data-measure=sigmaMax] .number')?.value !== '–',
  );
}

const field = (key: string): string =>
  key === 'spectralRadius' || key === 'sigmaMax' ? `[data-measure=${key}]` : `[data-field=${key}]`;
const shown = (text: RegExp): Promise<void> =>
  open.page.locator('[data-outcome=factor] b', { hasText: text }).waitFor();
async function type(key: string, value: string): Promise<void> {
  const input = open.page.locator(`${field(key)} .number`).last();
  await input.fill(value);
  await input.press('Enter');
}
const before_ = (outcome: string, which: 'before' | 'after'): Promise<number> =>
  open.page.locator(`[data-outcome=${outcome}]`).getAttribute(`data-${which}`).then(Number);

/** The column of the flow's table whose name ends so, at every step. */
async function column(name: string): Promise<number[]> {
  const { head, rows } = await csvRows(open, 'flow');
  const at = head.indexOf(name);
  assert.ok(at > 0 && rows.length > 0, `${name} is not among ${head.join(', ')}`);
  return rows.map((row) => Number(row[at]));
}

async function assertShows(config: string): Promise<void> {
  const { log10Norms, log10SingleSource, verdict } = await whole(config);
  await open.page.waitForFunction(
    (factor) =>
      Math.abs(Number(document.querySelector<HTMLElement>('[data-outcome=factor]')?.dataset['after']) / factor - 1) <
      1e-6,
    verdict.perStepFactor ?? NaN,
  );
  await nextFrames(open.page);
  for (const [name, logs] of [
    ['g_norm_what_if', log10Norms.dh],
    ['single_source_norm_what_if', log10SingleSource],
  ] as const) {
    const told = await column(name);
    assert.equal(told.length, logs.length);
    told.forEach((value, t) =>
      assert.ok(relativeError(value, 10 ** (logs[t] ?? NaN)) < 1e-6, `${name} at t = ${t}: ${value}`),
    );
  }
  assert.equal(
    await open.page
      .locator('.turn .mark')
      .nth(1)
      .getAttribute('class')
      .then((names) => names?.includes(verdict.kind)),
    true,
  );
}

describe('a what-if', () => {
  const flat = weights.b.flat();
  const cases: readonly (readonly [what: string, act: () => Promise<void>, config: () => string])[] = [
    [
      'a typed shift of the bias',
      () => type('biasShift', '-0.5'),
      () => weatherConfig({ weights: { ...weights, b: flat.map((x) => x - 0.5) } }),
    ],
    [
      'a typed factor of Wx',
      () => type('inputScale', '0.25'),
      () => weatherConfig({ weights: { ...weights, Wx: weights.Wx.map((row) => row.map((x) => x * 0.25)) } }),
    ],
    ['another activation', () => choose('cell', 'relu'), () => weatherConfig({ cell: 'relu' })],
    [
      'an orthogonal Wh',
      () => choose('initialise', 'orthogonal'),
      () => weatherConfig({ weights: { ...weights, Wh: matrix(initialise('orthogonal', 32, 32, 1)!) } }),
    ],
  ];
  for (const [what, act, config] of some(cases)) {
    it(`of ${what} lays the curve of such a run over the run`, async () => {
      await start();
      const original = await column('g_norm');
      await act();
      await assertShows(config());
      assert.deepEqual(await column('g_norm'), original);
      assert.equal(open.host.sent.rerun.length, 0);
      assert.deepEqual(open.host.applied, []);
    });
  }

  it('is dragged, follows the slider, and is told as before → after', async () => {
    await start(ringConfig(0.5, 8, 40));
    const range = open.page.locator(`${field('spectralRadius')} .range`);
    const box = await range.boundingBox();
    assert.ok(box !== null);
    await open.page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
    await open.page.mouse.down();
    const seen = new Set<string>();
    // To and fro, until some of the pictures on the way have come: how many do on one way is for the machine to say.
    for (let i = 0; i <= 20 || (seen.size <= 3 && i < 2000); i++) {
      const along = Math.abs(20 - ((i + 20) % 40));
      await open.page.mouse.move(box.x + box.width * (0.25 + along * 0.02), box.y + box.height / 2);
      await nextFrames(open.page);
      seen.add(
        (await open.page
          .locator('[data-outcome=factor]')
          .getAttribute('data-after')
          .catch(() => '')) ?? '',
      );
    }
    await open.page.mouse.up();
    assert.ok(seen.size > 3, `pictures while dragging: ${[...seen].join(', ')}`);
    const wanted = await range.inputValue().then(Number);
    await open.page.waitForFunction(
      (to) =>
        Math.abs(Number(document.querySelector<HTMLElement>('[data-outcome=factor]')?.dataset['after']) - to) < 1e-9,
      wanted,
    );
    // In closed form: each step back multiplies by ρ.
    assert.ok(relativeError(await before_('factor', 'before'), 0.5) < 1e-9);
    assert.ok(Math.abs((await before_('ratio', 'after')) - 39 * Math.log10(wanted)) < 1e-6);
    assert.deepEqual(await open.page.locator('.turn .mark').allTextContents(), [
      'VANISHING',
      wanted ** 39 < 1e-3 ? 'VANISHING' : wanted ** 39 > 70 ? 'EXPLODING' : 'HEALTHY',
    ]);
  });

  onlyLong(it)('is moved by keys alone, and its number is read in the table', async () => {
    await start(ringConfig(0.5, 8, 40));
    const { page } = open;
    await page.locator(`${field('sigmaMax')} .range`).focus();
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight');
    await shown(/0\.600/);
    await openTable(page, 'flow');
    await page.locator('[data-track=flow] thead th', { hasText: 'what if' }).first().waitFor();
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('Home');
    const values = await rowValues(page, 'flow', 0);
    const head = await page.locator('[data-track=flow] thead th').allTextContents();
    const at = head.indexOf('last step alone what if') - 1;
    assert.ok(relativeError(Number(values[at]), Math.sqrt(8) * 0.6 ** 39) < 1e-6, values[at]);
    // The next field is a Tab away, and Reset is a button.
    await page.locator(`${field('sigmaMax')} .range`).focus();
    await page.keyboard.press('Tab');
    assert.equal(
      await page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
      'Largest singular value of Wh, as a number',
    );
    await page.locator('.whatif vscode-button', { hasText: 'Reset' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-track=flow] thead th', { hasText: 'what if' }).first().waitFor({ state: 'detached' });
    assert.equal(await page.locator('.field.changed').count(), 0);
    assert.equal(await page.locator(`${field('sigmaMax')} .number`).inputValue(), '0.5');
  });

  onlyLong(it)('of the loss at one step moves where the total gradient begins', async () => {
    await start();
    await choose('lossAt', 'step');
    await type('lossAt', '42');
    const expected = (await whole(weatherConfig({ upstreamGradient: 42 }))).log10Norms.dh;
    await open.page.waitForFunction(
      (value) =>
        Math.abs(Number(document.querySelector<HTMLElement>('[data-outcome=total]')?.dataset['after']) - value) < 1e-6,
      expected[0] ?? NaN,
    );
    const told = await column('g_norm_what_if');
    assert.equal(told[43], 0);
    told.slice(0, 43).forEach((value, t) => assert.ok(relativeError(value, 10 ** (expected[t] ?? NaN)) < 1e-5));
  });

  onlyLong(it)('tells how much is clipped, and cuts where it truncates', async () => {
    await start();
    await type('clipNorm', '0.01');
    await type('truncate', '10');
    const config = weatherConfig({ truncate: 10, clip: { norm: 0.01 } });
    await open.page.locator('[data-outcome=clip]').waitFor();
    const expected = await whole(config);
    await open.page.waitForFunction(
      (value) =>
        Math.abs(Number(document.querySelector<HTMLElement>('[data-outcome=clip]')?.dataset['after']) / value - 1) <
        1e-5,
      expected.clipFactor ?? NaN,
    );
    const told = await column('g_norm_what_if');
    told.forEach((value, t) => assert.ok(relativeError(value, 10 ** (expected.log10Norms.dh[t] ?? NaN)) < 1e-5));
  });

  it('comes into sight in one column, from wherever its button or the advice is pressed', async () => {
    open = await pages.open({ group: 'overview', everything: true, width: 320, height: 520 });
    const { page } = open;
    await open.host.run(weatherConfig());
    await painted(open);
    const button = page.locator('.bar vscode-button', { hasText: 'What if' });
    /** By the mouse itself, which scrolls nothing. */
    const click = async (pressed: typeof button): Promise<void> => {
      const { x = 0, y = 0, width = 0, height = 0 } = (await pressed.boundingBox()) ?? {};
      await page.mouse.click(x + width / 2, y + height / 2);
    };
    const inSight = (): Promise<unknown> =>
      page.waitForFunction(() => {
        const [bar, below] = ['.bar', '#whatif'].map((place) => document.querySelector(place)?.getBoundingClientRect());
        if (bar === undefined || below === undefined || below.height === 0) return false;
        return below.top >= bar.bottom - 1 && below.bottom <= innerHeight + 1;
      });
    await click(button);
    await inSight();
    await click(button);
    await page.locator('#whatif').waitFor({ state: 'hidden' });
    await page.mouse.move(160, 250);
    await page.mouse.wheel(0, 500);
    await page.waitForFunction(() => scrollY >= 400);
    await click(button);
    await inSight();
    await click(button);
    await page.evaluate(() => scrollTo(0, 0));
    const advice = page.locator('.next button', { hasText: 'Show what it does' });
    await advice.waitFor();
    await click(advice);
    await inSight();
  });

  it('says what is wrong with a typed number and keeps the picture', async () => {
    await start(ringConfig(0.5, 8, 40));
    await type('spectralRadius', '0.8');
    await shown(/0\.800/);
    await type('spectralRadius', 'much');
    await open.page.locator(`${field('spectralRadius')} .number.invalid`).waitFor();
    await type('truncate', '2.5');
    await open.page.locator(`${field('truncate')} .number.invalid`).waitFor();
    await shown(/0\.800/);
    const why = open.page.locator(`${field('truncate')} .why`);
    assert.equal(await why.innerText(), 'Expected a whole number that is 1 or larger.');
    const described = open.page.locator(`${field('truncate')} .number`).last();
    assert.equal(await described.getAttribute('aria-describedby'), await why.getAttribute('id'));
    await type('truncate', '25');
    await why.waitFor({ state: 'hidden' });
  });

  it('follows a number while it is typed; Escape brings back what held before', async () => {
    await start(ringConfig(0.5, 8, 40));
    const number = open.page.locator(`${field('spectralRadius')} .number`).last();
    const shownFirst = await number.inputValue();
    await number.selectText();
    await number.pressSequentially('0.9');
    await shown(/0\.900/);
    await number.pressSequentially('5');
    await shown(/0\.950/);
    await number.pressSequentially('x');
    await open.page.locator(`${field('spectralRadius')} .why`).waitFor();
    await shown(/0\.950/);
    await number.press('Escape');
    await open.page.waitForFunction(() => document.querySelector('.field.changed') === null);
    assert.equal(await number.inputValue(), shownFirst);
    assert.equal(await open.page.locator('.number.invalid, .why:not([hidden])').count(), 0);
    // Enter takes it: what Escape comes back to is that.
    await type('spectralRadius', '0.7');
    await shown(/0\.700/);
    await number.pressSequentially('5');
    await shown(/0\.750/);
    await number.press('Escape');
    await shown(/0\.700/);
    assert.equal(await number.inputValue(), '0.7');
  });

  it('is not made by Enter in a field that nobody touched: its number is rounded, and may be a word', async () => {
    await start();
    const numbers = await open.page.locator('.whatif .slider .number:enabled').all();
    assert.ok(numbers.length > 3, `${numbers.length} fields`);
    const asked = open.host.asked.filter((name) => name === 'whatIf').length;
    for (const number of numbers) {
      await number.focus();
      await number.press('Enter');
      await number.press('Tab');
    }
    await nextFrames(open.page);
    assert.equal(await open.page.locator('.field.changed, .number.invalid').count(), 0);
    assert.equal(open.host.asked.filter((name) => name === 'whatIf').length, asked);
    // Another number and the shown one again are numbers that somebody wrote.
    const shownFirst = await open.page.locator(`${field('spectralRadius')} .number`).inputValue();
    await type('spectralRadius', '0.5');
    await type('spectralRadius', shownFirst);
    await open.page.waitForFunction(() => document.querySelector('[data-outcome=factor]') !== null);
    assert.deepEqual(
      await open.page
        .locator('.field.changed')
        .evaluateAll((all) => all.map((element) => (element as HTMLElement).dataset['measure'])),
      ['spectralRadius'],
    );
  });

  it('refuses what no factor can do, with the reason', async () => {
    await start(
      JSON.stringify({
        weights: {
          Wx: [[1, 1]],
          Wh: [
            [0, 1],
            [0, 0],
          ],
          b: [0, 0],
        },
        sequences: [[[1], [1], [1]]],
      }),
    );
    await type('spectralRadius', '1');
    await open.page.locator('.whatif-note.refused', { hasText: 'spectral radius of Wh is 0' }).waitFor();
    await type('sigmaMax', '0.5');
    await open.page.locator('.whatif-note.refused').waitFor({ state: 'detached' });
    await open.page.locator('.turn .mark').nth(1).waitFor();
  });

  it('shows weights that are not finite as they are, and what mends them', async () => {
    await start(ringConfig(0.5, 8, 40).replace('"dtype":"float32"', '"dtype":"float64"'));
    await type('inputScale', '0');
    await type('biasShift', '1e308');
    await open.page.locator('.turn .mark').nth(1).waitFor();
    await type('biasShift', '0');
    await open.page.locator(`${field('biasShift')}.changed`).waitFor({ state: 'detached' });
  });

  it('stays when the files change under it, and is tried on the new run', async () => {
    await start(ringConfig(0.5, 8, 40));
    await type('sigmaMax', '0.9');
    await shown(/0\.900/);
    await open.host.run(ringConfig(0.7, 8, 60));
    await open.page.waitForFunction(
      () =>
        Math.abs(Number(document.querySelector<HTMLElement>('[data-outcome=factor]')?.dataset['before']) - 0.7) < 1e-6,
    );
    await open.page.waitForFunction(
      (ratio) =>
        Math.abs(Number(document.querySelector<HTMLElement>('[data-outcome=ratio]')?.dataset['after']) - ratio) < 1e-6,
      59 * Math.log10(0.9),
    );
  });

  it('is left with a note where the new run has no such step', async () => {
    await start(ringConfig(0.5, 8, 40));
    await type('lossAt', '30');
    await open.page.locator('.turn .mark').nth(1).waitFor();
    await open.host.run(ringConfig(0.7, 8, 20));
    await open.page
      .locator('.whatif-note.refused', { hasText: 'There is no step 30: the steps are 0 to 19.' })
      .waitFor();
    await open.page.locator('[data-track=flow] .chip', { hasText: 'what if' }).first().waitFor({ state: 'detached' });
  });

  it('survives a reload of the window', async () => {
    await start(ringConfig(0.5, 8, 40));
    await type('sigmaMax', '0.9');
    await shown(/0\.900/);
    await open.page.waitForTimeout(150);
    await open.page.reload();
    await shown(/0\.900/);
  });

  it('ends when the bar is closed', async () => {
    await start(ringConfig(0.5, 8, 40));
    await type('sigmaMax', '0.9');
    await shown(/0\.900/);
    await open.page.locator('.bar vscode-button', { hasText: 'What if' }).click();
    await open.page.locator('[data-track=flow] .chip', { hasText: 'what if' }).first().waitFor({ state: 'detached' });
    assert.equal(await open.page.locator('.whatif').isVisible(), false);
  });
});

/** Apply of a σ_max of 0.9 has been pressed; the host says that it has written once what this returns is called. */
async function applied(): Promise<() => void> {
  const { host, page } = open;
  let answer = (): void => undefined;
  host.willApply = new Promise((resolve) => {
    answer = () => resolve(true);
  });
  await type('sigmaMax', '0.9');
  await shown(/0\.900/);
  await page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
  while (host.applied.length === 0) await nextFrames(page);
  return answer;
}

describe('Apply', () => {
  it('asks the host to write exactly what is tried, and ends the trial with the next run', async () => {
    await start(ringConfig(0.5, 8, 40));
    await type('sigmaMax', '0.9');
    await choose('cell', 'relu');
    await open.page.locator('.turn .mark').nth(1).waitFor();
    const apply = open.page.locator('.whatif vscode-button', { hasText: 'Apply' });
    await apply.click();
    await open.page.locator('.whatif-note', { hasText: 'undo takes it back' }).waitFor();
    assert.deepEqual(open.host.applied, [
      {
        layers: null,
        cell: 'relu',
        initialise: null,
        rescale: { measure: 'sigmaMax', to: 0.9 },
        whGate: null,
        inputScale: null,
        biasShift: null,
        biasGate: null,
        clipNorm: null,
        truncate: null,
        lossAt: null,
        drop: null,
      },
    ]);
    await open.host.run(ringConfig(0.9, 8, 40, { cell: 'relu' }));
    await open.page.locator('.field.changed').first().waitFor({ state: 'detached' });
  });

  it('ends the trial too where the run is there before the answer that all is written', async () => {
    await start(ringConfig(0.5, 8, 40));
    const { host, page } = open;
    const written = await applied();
    await host.run(ringConfig(0.9, 8, 40));
    await page.locator('.badge', { hasText: 'FADING' }).waitFor();
    assert.equal(await page.locator('.field.changed').count(), 1);
    written();
    await page.locator('.field.changed').waitFor({ state: 'detached' });
    // Of what is tried next nothing is left of it.
    host.willApply = true;
    await type('sigmaMax', '0.7');
    await shown(/0\.700/);
    assert.equal(await page.locator('.whatif-note', { hasText: 'undo takes it back' }).count(), 0);
  });

  it('leaves alone what is tried since, when the answer comes', async () => {
    await start(ringConfig(0.5, 8, 40));
    const { host, page } = open;
    const written = await applied();
    await type('sigmaMax', '0.8');
    await shown(/0\.800/);
    written();
    await host.run(ringConfig(0.9, 8, 40));
    await page.locator('.badge', { hasText: 'FADING' }).waitFor();
    await shown(/0\.800/);
    assert.equal(await page.locator('.field.changed').count(), 1);
  });

  it('is taken back and made again by the keys of undo, which in a field of text are its own', async () => {
    await start(ringConfig(0.5, 8, 40));
    const { page, host } = open;
    for (const [place, ours] of [
      ['#track-flow-plot', true],
      [`${field('sigmaMax')} .range`, true],
      [`${field('sigmaMax')} .number`, false],
      ['vscode-text-field[aria-label="Units drawn as lines"] input', false],
    ] as const) {
      await page.locator(place).focus();
      await page.keyboard.press('Control+z');
      await page.keyboard.press('Control+Shift+z');
      await nextFrames(page);
      assert.deepEqual(host.sent.undo.splice(0), ours ? [{ redo: false }, { redo: true }] : [], place);
    }
    // Elsewhere they undo nothing in the field that was written into last.
    await type('sigmaMax', '0.9');
    await shown(/0\.900/);
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('Control+z');
    await nextFrames(page);
    assert.equal(await page.locator(`${field('sigmaMax')} .number`).inputValue(), '0.9');
  });

  it('leaves everything as it was when nothing could be written', async () => {
    await start(ringConfig(0.5, 8, 40));
    open.host.willApply = false;
    await type('sigmaMax', '0.9');
    await shown(/0\.900/);
    await open.page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
    await nextFrames(open.page);
    assert.equal(open.host.applied.length, 1);
    await open.host.run(ringConfig(0.5, 8, 40));
    await shown(/0\.900/);
  });
});

describe('the slider of a measure', () => {
  it('stands where the files have it as soon as a change is taken back, and the same change counts again', async () => {
    await start(ringConfig(0.5, 8, 40));
    const { host, page } = open;
    const number = page.locator(`${field('sigmaMax')} .number`);
    await type('sigmaMax', '0.9');
    await shown(/0\.900/);
    let go = (): void => undefined;
    host.hold = {
      name: 'whatIf',
      until: new Promise((resolve) => {
        go = resolve;
      }),
    };
    await page.locator('.whatif vscode-button', { hasText: 'Reset' }).click();
    await nextFrames(page);
    assert.equal(await number.inputValue(), '0.5');
    await type('sigmaMax', '0.9');
    await page.locator('.field.changed').waitFor();
    host.hold = null;
    go();
    await shown(/0\.900/);
  });
});

describe('the keyboard', () => {
  const focused = (): Promise<string | null> =>
    open.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);

  it('stays in the bar when what it was on goes away', async () => {
    await start(ringConfig(0.5, 8, 40));
    const { page } = open;
    await type('sigmaMax', '0.9');
    await shown(/0\.900/);
    await page.locator(`${field('sigmaMax')} .back`).press('Enter');
    assert.equal(await focused(), 'Largest singular value of Wh');
    await choose('cell', 'relu');
    await page.locator('.turn .mark').nth(1).waitFor();
    await page.locator(`${field('cell')} .back`).press('Enter');
    assert.equal(await focused(), 'Activation');
    for (const name of ['Reset', 'Apply']) {
      await type('sigmaMax', '0.9');
      await shown(/0\.900/);
      await page.locator('.whatif vscode-button', { hasText: name }).focus();
      await page.keyboard.press('Enter');
      if (name === 'Apply') await page.locator('.whatif-note', { hasText: 'undo takes it back' }).waitFor();
      assert.equal(await focused(), 'What the what-ifs do', name);
    }
  });
});

describe('the bar', () => {
  for (const [i, theme] of themeNames.entries()) {
    // The short form has the narrow page in a dark theme, and the wide one in a light one of high contrast.
    for (const width of long ? [1200, 420] : ([[420]][i] ?? [])) {
      it(`has no serious fault in ${theme} at ${width} pixels and cuts nothing off`, async () => {
        await start(weatherConfig(), { theme, width });
        await type('spectralRadius', '1.2');
        await open.page.locator('.turn .mark').nth(1).waitFor();
        await open.page.mouse.move(0, 0);
        assert.deepEqual(await violationsOf(open.page, ['.whatif', '.toolbar', '[data-track=flow]']), []);
        const tooWide = await open.page.evaluate(() =>
          [...document.querySelectorAll('.whatif *')]
            .filter(
              (element) => !element.closest('.unseen') && element.getBoundingClientRect().right > innerWidth + 0.5,
            )
            .map((element) => element.outerHTML.slice(0, 80)),
        );
        assert.deepEqual(tooWide, []);
      });
    }
  }

  it('offers a slider of Wh as soon as Wh is measured, and not before', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    const { page, host } = open;
    await host.run(weatherConfig());
    await painted(open);
    let release = (): void => undefined;
    host.hold = {
      name: 'whatIf',
      until: new Promise((resolve) => {
        release = resolve;
      }),
    };
    await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
    await page.locator('[data-measure=sigmaMax] .range:disabled').waitFor();
    host.hold = null;
    release();
    const range = page.locator('[data-measure=sigmaMax] .range:enabled');
    await range.focus();
    const [measured, end] = await range.evaluate((input: HTMLInputElement) => [input.value, input.max]);
    assert.ok(Number(measured) > 0 && Number(measured) < Number(end), `${measured} of ${end}`);
    await range.press('ArrowRight');
    await page.locator('[data-outcome=factor] b').waitFor();
  });

  onlyLong(it)('makes pictures fast enough to be dragged', async () => {
    const [B, T, H] = [8, 100, 64];
    const Wh = matrix(initialise('orthogonal', H, H, 1)!, H);
    await start(
      JSON.stringify({
        dtype: 'float32',
        weights: { Wx: [Array.from({ length: H }, (_, j) => Math.sin(j))], Wh, b: new Array<number>(H).fill(0) },
        sequences: Array.from({ length: B }, (_, b) => Array.from({ length: T }, (__, t) => [Math.sin(t * (b + 1))])),
      }),
    );
    const perSecond = await open.page.evaluate(
      async (times) => {
        const range = document.querySelector<HTMLInputElement>('[data-measure=spectralRadius] .range');
        if (range === null) return [];
        const seconds: number[] = [];
        let pictures = 0;
        let last = '';
        const observer = new MutationObserver(() => {
          const told = document.querySelector<HTMLElement>('[data-outcome=factor]')?.dataset['after'] ?? '';
          if (told !== last) pictures++;
          last = told;
        });
        observer.observe(document.querySelector('.outcomes') ?? document.body, { childList: true });
        for (let second = 0; second < times; second++) {
          const [from, before] = [performance.now(), pictures];
          for (let i = 0; performance.now() - from < 1000 || (pictures === before && i < 20_000); i++) {
            range.value = String(0.6 + (i % 120) * 0.01);
            range.dispatchEvent(new Event('input'));
            await new Promise((resolve) => requestAnimationFrame(resolve));
          }
          seconds.push(((pictures - before) * 1000) / (performance.now() - from));
        }
        observer.disconnect();
        return seconds;
      },
      long ? 5 : 1,
    );
    console.log(
      `      pictures in each second, through the test's wire: ` +
        perSecond.map((count) => count.toFixed(0)).join(', '),
    );
    assert.ok(Math.max(...perSecond) > 0);
  });
});

const matrix = (data: Float64Array, H = 32): number[][] =>
  Array.from({ length: H }, (_, i) => [...data.subarray(i * H, (i + 1) * H)]);
async function choose(key: string, value: string): Promise<void> {
  await open.page.locator(`${field(key)} vscode-dropdown`).click();
  await open.page.locator(`${field(key)} vscode-option[value="${value}"]`).click();
}

describe('the next thing to try', () => {
  it('stands under the verdict and shows at once what it does', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    await open.host.run(ringConfig(0.5, 8, 40));
    await painted(open);
    // It is offered once it has been run, with what came of it.
    await open.page.locator('.next.tried .mark.healthy').waitFor();
    assert.match(
      (await open.page.locator('.next').innerText()).replaceAll(/\s+/g, ' '),
      /^Try an orthogonal Wh: .*\. With it: HEALTHY ×1\.000? per step back\. Show what it does$/,
    );
    await open.page.locator('.next button', { hasText: 'Show what it does' }).press('Enter');
    await shown(/1\.000/);
    assert.deepEqual(await open.page.locator('.turn .mark').allTextContents(), ['VANISHING', 'HEALTHY']);
    assert.equal(await open.page.locator('.field.changed').count(), 1);
    assert.deepEqual(open.host.applied, []);
  });

  it('says what is left where it does not mend all, and is not offered where it does not help', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    const { page, host } = open;
    const step = {
      sentence: 'Try an orthogonal Wh: it keeps the length of every gradient that passes it.',
      whatIf: { ...asItIs, initialise: { way: 'orthogonal', seed: 1 } },
    };
    const told = { kind: 'vanishing', perStepFactor: 0.8, log10Ratio: -4, onePercentSteps: 20 };
    const answer = (effect: object | null): unknown => host.instead.set('advice', { step, effect });
    answer(told);
    await host.run(ringConfig(0.5, 8, 40));
    await page
      .locator('.next.tried', { hasText: '×0.800 per step back; 1 % is then left after 20.0 steps.' })
      .waitFor();
    answer({ ...told, perStepFactor: 0.5, log10Ratio: host.summary?.verdict.log10Ratio });
    await host.run(ringConfig(0.5, 8, 41));
    await page.locator('.next.tried:empty').waitFor({ state: 'attached' });
    answer({ ...told, kind: 'nonfinite', log10Ratio: null });
    await host.run(ringConfig(0.5, 8, 42));
    await nextFrames(page);
    await page.locator('.next.tried:empty').waitFor({ state: 'attached' });
    // Nobody knows: it is offered as what it is.
    answer(null);
    await host.run(ringConfig(0.5, 8, 40));
    const untried =
      /^Try an orthogonal Wh: [^:]*\. What comes of it was not computed: it takes [^.]*\. Show what it does$/;
    await page.locator('.next.tried', { hasText: untried }).waitFor();
  });

  it('is not there when nothing is wrong', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    await open.host.run(ringConfig(1, 8, 40));
    await painted(open);
    assert.equal(await open.page.locator('.next').isVisible(), false);
  });
});
