// What the gradient flow tells besides its curves stands in its tables: rates, horizons, events, and every sequence of
// the batch.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { configOf, referenceCase, ringConfig } from '../support/experiments.js';
import { parseCsv } from '../support/csv.js';
import {
  csvRows,
  keepPaintedText,
  nextFrames,
  openTable,
  painted,
  paintedText,
  relativeError,
  rowValues,
} from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ group: 'overview', everything: true, height: 1600 });
});
after(() => pages.close());

async function show(config: string, name: string): Promise<void> {
  await open.host.run(config);
  await open.page.locator('.run-name', { hasText: name }).waitFor();
  await painted(open);
  await openTable(open.page, 'flow');
  await nextFrames(open.page);
}

/** name → [from, to, factor, half-life, 1 %, doubled], as on the page; empty cells are NaN. */
const details = async (): Promise<Map<string, number[]>> =>
  new Map(
    await open.page
      .locator('[data-track=flow] .details tbody tr')
      .evaluateAll((rows) =>
        rows.map(
          (row) =>
            [
              row.querySelector('th')?.textContent ?? '',
              [...row.querySelectorAll('td')].map((cell) =>
                cell.dataset['value'] === '' ? NaN : Number(cell.dataset['value']),
              ),
            ] as const,
        ),
      ),
  );

function near(
  actual: readonly number[] | undefined,
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  assert.ok(actual?.length === expected.length, what);
  expected.forEach((value, i) =>
    assert.ok(
      Number.isNaN(value) ? Number.isNaN(actual[i]) : relativeError(actual[i] ?? NaN, value) <= tolerance,
      `${what}, column ${i}: ${actual.join()} instead of ${expected.join()}`,
    ),
  );
}

const never = [NaN, NaN, NaN, NaN, NaN, NaN];
const at = (t: number): number[] => [t, t, NaN, NaN, NaN, NaN];
const falls = (from: number, to: number, factor: number): number[] => [
  from,
  to,
  factor,
  Math.log(0.5) / Math.log(factor),
  Math.log(0.01) / Math.log(factor),
  NaN,
];

describe('rates and events', () => {
  it('of Wh = ρ·Q are those of ρ', async () => {
    const [rho, T] = [0.9, 120];
    await show(ringConfig(rho, 4, T, { dtype: 'float64' }), 'ring 0.9');
    const told = await details();
    near(told.get('fitted rate 1'), falls(0, T - 1, rho), 1e-9, 'fit');
    near(told.get('whole trip'), falls(0, T - 1, rho), 1e-9, 'trip');
    // 0.9^k < 1 % first for k = 44, and < 1e-3 for k = 66.
    near(told.get('1 % horizon'), at(T - 1 - 44), 0, 'horizon');
    near(told.get('bound passed'), at(T - 1 - 66), 0, 'bound');
    near(told.get('float64 reaches 0'), never, 0, 'zero');
    near(told.get('float64 overflows'), never, 0, 'overflow');
  });

  it('of 0.5·I in float32 name the step of its zeros, and of a scalar 2 that of its infinity', async () => {
    const T = 400;
    const zeros = [0, 0];
    const config = (name: string, Wh: number[][]): string =>
      JSON.stringify({
        name,
        cell: 'identity',
        dtype: 'float32',
        weights: { Wx: [Wh.map(() => 0)], Wh, b: [Wh.map(() => 0)] },
        sequences: [Array.from({ length: T }, () => [0])],
      });
    await show(
      config('halves', [
        [0.5, ...zeros.slice(1)],
        [0, 0.5],
      ]),
      'halves',
    );
    const halves = await details();
    near(halves.get('whole trip'), falls(0, T - 1, 0.5), 1e-9, 'trip of 0.5');
    // 2^−149 is the smallest float32; its half is rounded to the even 0.
    near(halves.get('float32 reaches 0'), at(T - 1 - 150), 0, 'zero');
    await show(config('doubles', [[2]]), 'doubles');
    const doubles = await details();
    near(doubles.get('whole trip'), [0, T - 1, 2, NaN, NaN, 1], 1e-9, 'trip of 2');
    near(doubles.get('float32 overflows'), at(T - 1 - 128), 0, 'infinity');
    near(doubles.get('1 % horizon'), never, 0, 'no horizon');
  });

  it('of a trip at two rates tell both, each with its own half-life', async () => {
    // h settles at 0 for t < 60 and at the fixed point of tanh(h/2 + 1) later: two slopes of tanh.
    const [T, turn] = [120, 60];
    let late = 0;
    for (let i = 0; i < 200; i++) late = Math.tanh(late / 2 + 1);
    const [early, saturated] = [0.5, 0.5 * (1 - late * late)];
    await show(
      JSON.stringify({
        name: 'two rates',
        cell: 'tanh',
        dtype: 'float64',
        weights: { Wx: [[1]], Wh: [[0.5]], b: [[0]] },
        sequences: [Array.from({ length: T }, (_, t) => [t < turn ? 0 : 1])],
      }),
      'two rates',
    );
    const told = await details();
    const rates = [told.get('fitted rate 1') ?? [], told.get('fitted rate 2') ?? []];
    assert.equal(told.has('fitted rate 3'), false);
    [saturated, early].forEach((factor, i) => {
      const [from = NaN, to = NaN, fitted = NaN, ...rest] = rates[i] ?? [];
      assert.ok(relativeError(fitted, factor) < 1e-6, `${fitted} instead of ${factor}`);
      near(rest, falls(from, to, fitted).slice(3), 1e-12, 'what follows from the rate');
    });
    assert.ok(
      Math.abs((rates[0]?.[0] ?? NaN) - turn) <= 2 && Math.abs((rates[1]?.[1] ?? NaN) - turn) <= 2,
      JSON.stringify(rates),
    );
    const before = open.host.sent.saveFile.length;
    await choose(open.page, '[data-track=flow] .details', 'CSV');
    while (open.host.sent.saveFile.length === before) await nextFrames(open.page);
    const {
      head,
      rows: [first, ...others],
    } = parseCsv(String(open.host.sent.saveFile.at(-1)?.content));
    assert.deepEqual(head, [
      'what',
      'from_t',
      'to_t',
      'factor_per_step_back',
      'half_life_steps',
      'one_percent_left_after_steps',
      'doubled_after_steps',
    ]);
    assert.equal(first?.[0], 'fitted_rate_1');
    assert.ok(others.some(([what]) => what === 'one_percent_horizon'));
    assert.deepEqual(first.slice(1, 5).map(Number), rates[0]?.slice(0, 4));
  });
});

describe('the marks of the gradient flow', () => {
  it('say that nothing is learned before the horizon only where the loss sits at the last step', async () => {
    await keepPaintedText(open);
    const T = 20;
    for (const [source, mark] of [
      [T - 1, 'hardly learned before t = 12'],
      [0, '1 % horizon: t = 12'],
    ] as const) {
      const name = `loss at ${source}`;
      await show(ringConfig(0.5, 4, T, { name, upstreamGradient: source }), name);
      const marks = (await paintedText(open.page, 'track-flow-plot')).filter((text) => text.includes('t = 12'));
      assert.deepEqual(marks, [mark]);
      const isSaid = (await open.page.locator('.reason').innerText()).includes('hardly learned');
      assert.equal(isSaid, source === T - 1);
    }
  });

  it('are not written across each other’s lines, one of which the cursor stands on', async () => {
    await open.page.setViewportSize({ width: 500, height: 1600 });
    await open.page.evaluate(() => {
      const { prototype } = CanvasRenderingContext2D;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
      const { fillText } = prototype;
      const kept: [text: string, left: number, right: number][] = [];
      (window as unknown as { labelsKept: typeof kept }).labelsKept = kept;
      prototype.fillText = function (this: CanvasRenderingContext2D, text, x, y): void {
        if (this.canvas.id === 'track-flow-plot') kept.push([text, x, x + this.measureText(text).width]);
        fillText.call(this, text, x, y);
      };
    });
    const T = 24;
    await show(ringConfig(0.5, 4, T, { name: 'narrow' }), 'narrow');
    const [left = 0, right = 0] = ((await open.page.locator('#track-flow-plot').getAttribute('data-plot')) ?? '')
      .split(',')
      .map(Number);
    const x = (t: number): number => left + ((t + 0.5) / T) * (right - left);
    const labels = (
      await open.page.evaluate(() => (window as unknown as { labelsKept: [string, number, number][] }).labelsKept)
    ).filter(([text]) => /t = 1[36]$/.test(text));
    assert.deepEqual(
      [...new Set(labels.map(([text]) => text))],
      ['hardly learned before t = 16', 'bound passed at t = 13'],
    );
    for (const [text, from, to] of labels)
      for (const t of [13, 16]) assert.ok(from > x(t) || to < x(t), `"${text}" lies across the line at t = ${t}`);
  });
});

describe('the table of the gradient flow', () => {
  it('has the norms of every sequence of a small batch', async () => {
    const reference = ['typical', 'saturated', 'loss_every_step', 'irnn']
      .map(referenceCase)
      .find(({ shapes: { B } }) => B > 1);
    assert.ok(reference !== undefined);
    const { B, T } = reference.shapes;
    await show(configOf(reference), reference.name);
    const { head, rows } = await csvRows(open, 'flow');
    for (let b = 0; b < B; b++) {
      const column = head.indexOf(`g_norm_seq${b + 1}`);
      assert.ok(column > 0, head.join());
      rows.forEach((cells, t) =>
        assert.ok(
          relativeError(Number(cells[column]), Math.hypot(...(reference.expected.dhTotal[b]?.[t] ?? []))) < 1e-8,
          `b ${b} t ${t}`,
        ),
      );
    }
    assert.equal((await rowValues(open.page, 'flow', T - 1)).length, 3 + B);
  });

  it('has the band of a large one', async () => {
    // Sequence b has a loss of b at the last step alone: linear cells scale with it.
    const [B, T, rho] = [18, 30, 0.8];
    const dhs = Array.from({ length: B }, (_, b) => Array.from({ length: T }, (__, t) => [t === T - 1 ? b + 1 : 0]));
    await show(
      JSON.stringify({
        name: 'large batch',
        cell: 'identity',
        dtype: 'float64',
        weights: { Wx: [[1]], Wh: [[rho]], b: [[0]] },
        sequences: dhs.map((steps) => steps.map(() => [1])),
        upstreamGradient: dhs,
      }),
      'large batch',
    );
    const { head, rows } = await csvRows(open, 'flow');
    const columns = ['smallest', 'median', 'largest'].map((name) => head.indexOf(`g_norm_${name}_seq`));
    assert.ok(
      columns.every((column) => column > 0),
      head.join(),
    );
    rows.forEach((cells, t) => {
      const scale = rho ** (T - 1 - t);
      // The median of two is that of their logarithms.
      [1, Math.sqrt(9 * 10), 18].forEach((value, i) =>
        assert.ok(relativeError(Number(cells[columns[i] ?? 0]), value * scale) < 1e-9, `t ${t}: ${cells.join()}`),
      );
    });
  });
});
