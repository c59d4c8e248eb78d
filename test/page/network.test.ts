// Stepping through the unrolled network, and the opened step, against the reference's numbers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { onlyLong, some } from '../support/long.js';
import { choose } from '../support/menus.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { configOf, referenceCase, weatherConfig } from '../support/experiments.js';
import {
  csvRows,
  cursorTo,
  keepPaintedText,
  log10Of,
  nextFrames,
  painted,
  paintedText,
  pixel,
  relativeError,
} from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ group: 'states', everything: true, height: 1600 });
});
after(() => pages.close());

const flag = (): Promise<string | null> => open.page.locator('.flag').textContent();
const formula = (): Promise<string | null> => open.page.locator('[data-track=network] .formula').textContent();
const unit = async (name: string): Promise<number> =>
  Number(await open.page.locator(`[data-name=step-${name}]`).getAttribute('data-value'));
const norm = (values: readonly number[]): number => Math.hypot(...values);

async function openedAt(t: number): Promise<void> {
  await cursorTo(open.page, t, 'network');
  await open.page.locator('[data-card=openedStep] .place', { hasText: `t = ${t} ` }).waitFor();
  await nextFrames(open.page);
}

for (const name of some(['typical', 'saturated', 'exploding', 'loss_every_step', 'tiny'], 3)) {
  it(`${name}: the opened step holds the reference's numbers at every node`, async () => {
    const reference = referenceCase(name);
    const { T, B } = reference.shapes;
    const { hs, dhTotal } = reference.expected;
    await open.host.run(configOf(reference));
    await open.page.locator('.run-name', { hasText: name }).waitFor();
    await painted(open, 'network');
    const Wh = (reference.weights as { Wh: number[][] }).Wh;
    for (const t of [T - 1, Math.floor(T / 2), 0]) {
      await openedAt(t);
      const [g, dhs, h] = [dhTotal[0]?.[t] ?? [], reference.dhs[0]?.[t] ?? [], hs[0]?.[t] ?? []];
      const before = t > 0 ? (hs[0]?.[t - 1] ?? []) : (reference.h0?.[0] ?? h.map(() => 0));
      const dz = g.map((value, j) => value * (reference.cell === 'tanh' ? 1 - (h[j] ?? NaN) ** 2 : 1));
      const largest = norm(g);
      const near = (actual: number, expected: number, what: string): void =>
        assert.ok(
          Math.abs(actual - expected) <= 1e-8 * Math.max(expected, largest),
          `${name} ${what} at t = ${t}: ${actual} instead of ${expected}`,
        );
      near(await unit('g'), norm(g), 'g');
      near(await unit('dhs'), norm(dhs), 'dhs');
      near(await unit('dh'), norm(g.map((value, j) => value - (dhs[j] ?? NaN))), 'dh from the next step');
      near(await unit('dz'), norm(dz), 'dz');
      near(await unit('dWh'), norm(before) * norm(dz), 'dWh');
      near(await unit('dWx'), norm(reference.xs[0]?.[t] ?? []) * norm(dz), 'dWx');
      near(
        await unit('dhPrev'),
        norm(Wh.map((row) => row.reduce((sum, value, j) => sum + value * (dz[j] ?? NaN), 0))),
        'dhPrev',
      );
      const { rows } = await csvRows(open, 'openedStep', 'card');
      const node = rows.find(([id]) => id === reference.cell) ?? [];
      // So would it take a vector that begins with a minus, and subtract its numbers.
      const numbers = (text = ''): number[] => text.replace(/^'/, '').split(' ').map(Number);
      // A spreadsheet would take a plus alone for the beginning of a formula.
      const [copy, plus] = ['copy', "'+"].map((id) => rows.find(([name]) => name === id) ?? []);
      // The copy node has h_t and, added, what comes back from both of its copies; the sum before the bias both
      // products.
      assert.deepEqual(copy?.slice(1), node.slice(1));
      const x = reference.xs[0]?.[t] ?? [];
      const { Wx } = reference.weights as { Wx: number[][] };
      numbers(plus?.[3]).forEach((value, j) => {
        const sum =
          before.reduce((total, state, i) => total + state * (Wh[i]?.[j] ?? NaN), 0) +
          x.reduce((total, input, i) => total + input * (Wx[i]?.[j] ?? NaN), 0);
        assert.ok(Math.abs(value - sum) < 1e-9, `+ at t = ${t}: ${value} instead of ${sum}`);
      });
      numbers(plus?.[4]).forEach((value, j) =>
        assert.ok(Math.abs(value - (dz[j] ?? NaN)) <= 1e-9 * Math.max(1, largest)),
      );
      const written = open.page.locator('[data-name=step-value-h]');
      assert.equal(await written.count(), h.length <= 4 ? 1 : 0);
      if (h.length <= 4)
        assert.deepEqual(
          (await written.getAttribute('data-value'))?.split(' ').map((value) => Number(value).toFixed(9)),
          h.map((value) => value.toFixed(9)),
        );
      numbers(node[3]).forEach((value, j) => assert.ok(Math.abs(value - (h[j] ?? NaN)) < 1e-9));
      numbers(node[4]).forEach((value, j) => assert.ok(Math.abs(value - (g[j] ?? NaN)) <= 1e-9 * Math.max(1, largest)));
    }
    const { rows } = await csvRows(open, 'network');
    assert.equal(rows.length, T);
    rows.forEach(([t, hNorm, gNorm]) => {
      const at = Number(t);
      assert.ok(
        relativeError(Number(hNorm), norm(Array.from({ length: B }, (_, b) => hs[b]?.[at] ?? []).flat())) < 1e-9,
      );
      assert.ok(relativeError(Number(gNorm), reference.expected.norms.dh[at] ?? NaN) < 1e-9);
    });
  });
}

it('what is opened, and what the network is unrolled into, is a step: units are neurons', async () => {
  const { page } = open;
  await open.host.run(configOf(referenceCase('typical')));
  await painted(open, 'network');
  const label = (place: string): Promise<string> =>
    page.locator(place).evaluate((element) => element.getAttribute('aria-label') ?? '');
  const texts = [await label('#card-openedStep'), await label('#track-network-plot')];
  for (const place of ['[data-card=openedStep]', '[data-track=network]']) {
    await choose(page, place, 'What it shows');
    texts.push(await page.locator('.popover').innerText());
    await page.keyboard.press('Escape');
  }
  assert.match(texts[0] ?? '', /^The step, opened\. /);
  assert.match(texts[1] ?? '', /; those around t = \d+ with their states and gradients/);
  assert.match(texts[2] ?? '', /The step under the cursor\./);
  assert.match(texts[3] ?? '', /The same network at every step\..*Choose a step to open it/s);
  for (const text of texts) assert.doesNotMatch(text, /\b(a|each|same|the) unit\b|\bthe units (under|around)\b/i);
});

it('the graph of the opened step has whole boxes: nothing touches the edge of its picture', async () => {
  const edge = await open.page.locator('#card-openedStep').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext('2d', { willReadFrequently: true });
    context?.drawImage(canvas, 0, 0);
    const painted = (x: number): number => {
      const { data } = context?.getImageData(x, 0, 1, canvas.height) ?? { data: [] };
      return [...data].filter((value, i) => i % 4 === 3 && value > 0).length;
    };
    return {
      edges: [painted(0), painted(1), painted(canvas.width - 2), painted(canvas.width - 1)],
      inside: painted(3),
    };
  });
  assert.deepEqual(edge.edges, [0, 0, 0, 0]);
  assert.ok(edge.inside > 20);
});

onlyLong(it)('underflow: the opened step keeps the digits of a gradient that no double holds', async () => {
  const reference = referenceCase('underflow');
  const { T, B } = reference.shapes;
  assert.equal(B, 1);
  await open.host.run(configOf(reference));
  await open.page.locator('.run-name', { hasText: 'underflow' }).waitFor();
  await painted(open, 'network');
  const { log10dh } = reference.expected.norms;
  let beyond = 0;
  for (const t of [T - 1, 300, 40, 0]) {
    await openedAt(t);
    const told = log10Of((await open.page.locator('[data-name=step-g]').getAttribute('data-value')) ?? '');
    assert.ok(Math.abs(told - (log10dh[t] ?? NaN)) < 1e-9, `t = ${t}: ${told} instead of ${log10dh[t]}`);
    if (told < -308) beyond++;
  }
  assert.ok(beyond > 0, 'the case goes beyond what doubles hold');
});

describe('stepping through', () => {
  before(async () => {
    await open.host.run(weatherConfig());
    await open.page.locator('.run-name', { hasText: 'weather' }).waitFor();
    await painted(open, 'network');
  });

  it('plays forward to the last step, with the shared cursor', async () => {
    const { page } = open;
    await cursorTo(page, 90, 'network');
    await page.locator('button[aria-label="Play the forward sweep"]').click();
    await page.locator('[data-track=network] .formula', { hasText: 'forward sweep' }).waitFor();
    await page.waitForFunction(() => document.querySelector('.flag')?.textContent === 't = 99');
    await page.locator('button[aria-label="Play the forward sweep"]').waitFor();
  });

  it('plays backward from there, and pauses where it is told to', async () => {
    const { page } = open;
    await page.locator('button[aria-label="Play the backward sweep"]').click();
    await page.waitForFunction(() => Number(document.querySelector('.flag')?.textContent.slice(4)) < 95);
    await page.locator('button[aria-label="Pause"]').click();
    // The step on which it stopped is painted with the next frame.
    await nextFrames(page);
    const at = await flag();
    await page.waitForTimeout(300);
    assert.equal(await flag(), at);
    await page.locator('[data-track=network] .formula', { hasText: 'backward sweep' }).waitFor();
    await page.locator('button[aria-label="One step back in time"]').click();
    await nextFrames(page);
    assert.equal(await flag(), `t = ${Number(at?.slice(4)) - 1}`);
  });

  it('gives way to whoever moves the cursor', async () => {
    const { page } = open;
    await page.locator('button[aria-label="Play the backward sweep"]').click();
    await cursorTo(page, 40, 'network');
    await page.waitForTimeout(300);
    assert.equal(await flag(), 't = 40');
    await page.locator('button[aria-label="Show all: both sweeps complete"]').click();
    await nextFrames(page);
    assert.doesNotMatch((await formula()) ?? '', /sweep/);
  });

  it('fills states up to the cursor in the forward sweep only', async () => {
    const { page } = open;
    await cursorTo(page, 40, 'network');
    const strip = async (): Promise<number[][]> => {
      await nextFrames(page);
      const [left = 0, right = 0] = ((await page.locator('#track-network-plot').getAttribute('data-plot')) ?? '')
        .split(',')
        .map(Number);
      return Promise.all([10, 80].map((t) => pixel(page, 'network', left + ((t + 0.5) / 100) * (right - left), 10)));
    };
    const background = [31, 31, 31];
    const all = await strip();
    for (const colour of all) assert.notDeepEqual(colour, background);
    await page.locator('button[aria-label="Play the forward sweep"]').click();
    await page.locator('button[aria-label="Pause"]').click();
    const [past, future] = await strip();
    assert.deepEqual(past, all[0]);
    assert.deepEqual(future, background);
    await page.locator('button[aria-label="Show all: both sweeps complete"]').click();
  });

  it('opens the step that is clicked under the lens, which stays where it is', async () => {
    const { page } = open;
    await cursorTo(page, 40, 'network');
    await page.locator('#track-network-plot').scrollIntoViewIfNeeded();
    const box = await page.locator('#track-network-plot').boundingBox();
    assert.ok(box !== null);
    const [left = 0, right = 0] = ((await page.locator('#track-network-plot').getAttribute('data-plot')) ?? '')
      .split(',')
      .map(Number);
    const count = Math.floor((right - left) / 76);
    const slot = (right - left) / count;
    await page.mouse.click(box.x + left + 1.5 * slot, box.y + 62);
    await nextFrames(page);
    const second = Number((await flag())?.slice(4));
    await page.mouse.click(box.x + left + 3.5 * slot, box.y + 62);
    await nextFrames(page);
    assert.equal(await flag(), `t = ${second + 2}`);
    assert.ok(Math.abs(second - 40) <= count);
    await page.locator('[data-card=openedStep] .place', { hasText: `t = ${second + 2} ` }).waitFor();
  });
});

it('small networks write out every number', async () => {
  const reference = referenceCase('tiny');
  await open.host.run(configOf(reference));
  await open.page.locator('.run-name', { hasText: 'tiny' }).waitFor();
  const { head, rows } = await csvRows(open, 'network');
  const { H } = reference.shapes;
  assert.deepEqual(head.slice(3), [
    ...Array.from({ length: H }, (_, i) => `h_unit${i}`),
    ...Array.from({ length: H }, (_, i) => `g_unit${i}`),
  ]);
  rows.forEach((row) => {
    const t = Number(row[0]);
    for (let i = 0; i < H; i++) {
      assert.ok(Math.abs(Number(row[3 + i]) - (reference.expected.hs[0]?.[t]?.[i] ?? NaN)) < 1e-12);
      assert.ok(Math.abs(Number(row[3 + H + i]) - (reference.expected.dhTotal[0]?.[t]?.[i] ?? NaN)) < 1e-12);
    }
  });
});

it('a loss is drawn at the steps where its gradient enters, and the header names them', async () => {
  const { page, host } = open;
  await keepPaintedText(open);
  const T = 60;
  const show = async (name: string, upstreamGradient: unknown): Promise<string> => {
    await host.run(
      JSON.stringify({
        name,
        cell: 'identity',
        dtype: 'float64',
        weights: { Wx: [[1]], Wh: [[0.5]], b: [[0]] },
        sequences: [Array.from({ length: T }, () => [1])],
        upstreamGradient,
      }),
    );
    await page.locator('.run-name', { hasText: name }).waitFor();
    await painted(open, 'network');
    return (await page.locator('.facts').innerText()).replaceAll('\u00a0', ' ');
  };
  const drawn = async (t: number): Promise<boolean> => {
    await cursorTo(page, t, 'network');
    // Out of sight it is painted when the page has nothing else to do.
    await page.locator('#track-network-plot').scrollIntoViewIfNeeded();
    await nextFrames(page);
    // The lens brings its neighbours with it: only a loss at one of them may be drawn.
    const text = await paintedText(page, 'track-network-plot');
    assert.ok(
      text.includes(`h${Array.from(String(t), (digit) => '₀₁₂₃₄₅₆₇₈₉'.charAt(Number(digit))).join('')}`),
      text.join(' '),
    );
    return text.includes('↓ loss');
  };
  assert.match(await show('one step', 42), /· loss at t = 42 ·/);
  assert.deepEqual([await drawn(5), await drawn(42)], [false, true]);
  const at = (steps: readonly number[]): number[][][] => [
    Array.from({ length: T }, (_, t) => [steps.includes(t) ? 1 : 0]),
  ];
  assert.match(await show('a stretch', at([7, 8, 9])), /· loss at t = 7 … 9 ·/);
  assert.deepEqual([await drawn(59), await drawn(8)], [false, true]);
  assert.match(await show('here and there', at([3, 20, 21])), /· loss at 3 steps ·/);
  assert.match(await show('nowhere', at([])), /· no loss at any step ·/);
  assert.equal(await drawn(59), false);
  await host.run(weatherConfig({ name: 'weather again' }));
  await page.locator('.run-name', { hasText: 'weather again' }).waitFor();
  assert.match((await page.locator('.facts').innerText()).replaceAll('\u00a0', ' '), /· loss at t = 99 ·/);
  assert.equal(await drawn(99), true);
});

it('small networks never show the numbers of other steps, however late an answer comes', async () => {
  // h_t = h_{t−1}/2 + 1: the gradient of the last step alone is 0.5^(39 − t).
  const { page, host } = open;
  await keepPaintedText(open);
  await host.run(
    JSON.stringify({
      name: 'halves',
      cell: 'identity',
      dtype: 'float64',
      weights: { Wx: [[1]], Wh: [[0.5]], b: [[0]] },
      sequences: [Array.from({ length: 40 }, () => [1])],
    }),
  );
  await page.locator('.run-name', { hasText: 'halves' }).waitFor();
  await painted(open, 'network');
  await page.locator('#track-network-plot').focus();
  await page.keyboard.press('End');
  const shows = (text: string): Promise<unknown> =>
    page.waitForFunction(
      (wanted) =>
        (window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf
          .get('track-network-plot')
          ?.has(wanted) === true,
      text,
    );
  await shows('0.500');
  let release = (): void => undefined;
  host.hold = {
    name: 'steps',
    until: new Promise((resolve) => {
      release = resolve;
    }),
  };
  host.asked.length = 0;
  await page.keyboard.press('Home');
  while (!host.asked.includes('steps')) await nextFrames(page);
  // Only this one waits: what is asked next may well be answered before it.
  host.hold = null;
  await page.keyboard.press('End');
  for (let i = 0; i < 10; i++) await nextFrames(page);
  release();
  for (let i = 0; i < 5; i++) await nextFrames(page);
  const end = await paintedText(page, 'track-network-plot');
  assert.ok(end.includes('0.500') && end.includes('h₃₈'), end.join(' '));
  assert.ok(!end.includes((0.5 ** 39).toExponential(2)), end.join(' '));
  await page.keyboard.press('Home');
  await shows((0.5 ** 39).toExponential(2));
});
