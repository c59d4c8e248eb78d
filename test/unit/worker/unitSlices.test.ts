import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, Trace } from '../../../src/engine/index.js';
import { heatmap, sequenceLines } from '../../../src/worker/answers/slices.js';
import type { KeptRun } from '../../../src/worker/answers/keptRun.js';
import { band, spread, unitOrder } from '../../../src/worker/answers/unitSlices.js';
import { experimentOf, reference } from '../engine/fixtures.js';
import { flatRun, nested } from '../engine/build.js';

const [B, T, I, H] = [3, 60, 1, 5];
// Units 0 and 3 follow the input alike, 1 and 4 against it, 2 is stuck at the bias.
const experiment: LayerExperiment = nested({
  name: 'units',
  cell: 'tanh',
  dtype: 'float64',
  shapes: { B, T, I, H },
  weights: {
    Wx: Float64Array.of(0.5, -0.7, 0, 0.6, -0.4),
    Wh: new Float64Array(H * H).map((_, i) => (i % (H + 1) === 0 ? 0.05 : 0)),
    b: Float64Array.of(0, 0, 4, 0, 0),
  },
  chunks: [{ steps: T, xs: Float64Array.from({ length: B * T * I }, (_, i) => Math.sin(i * 0.7)) }],
  h0: null,
  stateful: false,
  upstream: { kind: 'every' },
  loss: null,
  clipNorm: null,
  truncate: null,
});
const result = flatRun(finish(runResumably(experiment)));
const run: KeptRun = { runId: 1, experiment, result };
const h = (b: number, t: number, unit: number): number => result.hs.at((b * T + t) * H + unit)!;
const all = { t0: 0, t1: T };

describe('orders of the units', () => {
  it('put units that do the same side by side', () => {
    const order = [...unitOrder(run, 0, 'similarity')!];
    assert.deepEqual([...order].sort(), [0, 1, 2, 3, 4]);
    assert.equal(Math.abs(order.indexOf(0) - order.indexOf(3)), 1);
    assert.equal(Math.abs(order.indexOf(1) - order.indexOf(4)), 1);
  });

  it('put the most saturated first', () => assert.equal(unitOrder(run, 1, 'saturation')![0], 2));

  it('and the ends of colour scales are found once for a run: a zoom reads its window and nothing else', () => {
    let read = 0;
    const [layer] = run.result.layers;
    const counted = (values: Trace): Trace =>
      new Proxy(values, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          return typeof value !== 'function'
            ? value
            : (...parameters: number[]): unknown => {
                read += name === 'subarray' ? (parameters[1] ?? 0) - (parameters[0] ?? 0) : 1;
                return (value as (...all: number[]) => unknown).apply(target, parameters);
              };
        },
      });
    const watched: KeptRun = {
      ...run,
      result: {
        ...run.result,
        layers: [{ ...layer, states: { h: counted(layer.states.h) }, dhScaled: counted(layer.dhScaled) }],
      },
    };
    for (const order of ['similarity', 'saturation'] as const) {
      const first = unitOrder(watched, 0, order)!;
      const expected = [...first];
      structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
      for (const tensor of ['hs', 'dh'] as const) {
        const ask = { runId: 1, tensor, order, sequence: 0, window: { t0: 3, t1: 9 }, maxColumns: 100, maxRows: 100 };
        heatmap(watched, ask);
        read = 0;
        assert.deepEqual([...heatmap(watched, ask).order!], expected);
        assert.equal(read, 6 * H, `${order} ${tensor}`);
      }
    }
  });

  it('move whole rows of a heatmap', () => {
    const ask = { runId: 1, tensor: 'hs' as const, sequence: 2, window: all, maxColumns: T, maxRows: H };
    const [plain, sorted] = [heatmap(run, ask), heatmap(run, { ...ask, order: 'saturation' })];
    assert.equal(plain.order, null);
    sorted.order!.forEach((unit, row) =>
      assert.deepEqual(sorted.values.slice(row * T, (row + 1) * T), plain.values.slice(unit * T, (unit + 1) * T)),
    );
  });
});

it('pre-activations are what the activation takes', () => {
  const { values, limit, usual } = heatmap(run, {
    runId: 1,
    tensor: 'z',
    sequence: 1,
    window: all,
    maxColumns: T,
    maxRows: H,
  });
  for (let t = 0; t < T; t++)
    for (let unit = 0; unit < H; unit++)
      assert.ok(Math.abs(Math.tanh(values[unit * T + t]! * limit) - h(1, t, unit)) < 1e-6);
  assert.ok(limit > 4 && limit < 4.1);
  // The colours end where 98 of 100 lie within.
  const within = values.filter((value) => Math.abs(value) * limit <= usual * (1 + 1e-6)).length / values.length;
  const below = values.filter((value) => Math.abs(value) * limit < usual * (1 - 1e-6)).length / values.length;
  assert.ok(within >= 0.98 && below < 0.98, `${below} … ${within} of the numbers within ${usual}`);
  assert.equal(
    heatmap(run, { runId: 1, tensor: 'z', sequence: 1, window: { t0: 1, t1: 3 }, maxColumns: T, maxRows: H }).usual,
    usual,
  );
});

describe('the spread of h', () => {
  it('counts every unit of every sequence once', () => {
    const bins = 8;
    const { shares, columns, low, high } = spread(run, { runId: 1, sequence: null, window: all, maxColumns: T, bins });
    assert.deepEqual([columns, low, high], [T, -1, 1]);
    for (let t = 0; t < T; t++) {
      for (let bin = 0; bin < bins; bin++) {
        let count = 0;
        for (let b = 0; b < B; b++)
          for (let unit = 0; unit < H; unit++)
            if (Math.min(bins - 1, Math.floor(((h(b, t, unit) + 1) / 2) * bins)) === bin) count++;
        assert.ok(Math.abs(shares[(bins - 1 - bin) * columns + t]! - count / (B * H)) < 1e-6);
      }
    }
  });

  it('adds up to one where steps share a column', () => {
    const { shares, columns, bins } = spread(run, { runId: 1, sequence: 1, window: all, maxColumns: 7, bins: 9 });
    for (let column = 0; column < columns; column++)
      assert.ok(
        Math.abs(
          Array.from({ length: bins }, (_, bin) => shares[bin * columns + column]!).reduce((a, b) => a + b, 0) - 1,
        ) < 1e-5,
      );
  });
});

it('the band runs from the smallest to the largest norm of the batch', () => {
  const { t, low, median, high } = band(run, { runId: 1, window: all, maxPoints: 1000 });
  assert.equal(t.length, T);
  for (let step = 0; step < T; step++) {
    const norms = Array.from({ length: B }, (_, b) =>
      Math.log10(Math.hypot(...Array.from({ length: H }, (__, unit) => result.dhTotal.at((b * T + step) * H + unit)!))),
    ).sort((x, y) => x - y);
    [low, median, high].forEach((line, i) => assert.ok(Math.abs(line[step]! - norms[i]!) < 1e-12));
  }
});

describe('the norms of each sequence', () => {
  for (const name of ['typical', 'saturated', 'loss_every_step']) {
    it(`and their band over the batch are the reference's: ${name}`, () => {
      const ref = reference(name);
      const {
        shapes: { B: items, T: steps },
      } = ref;
      const other = experimentOf(ref, 'float64');
      const kept: KeptRun = { runId: 1, experiment: other, result: flatRun(finish(runResumably(other))) };
      const window = { t0: 0, t1: steps };
      const expected = (ref.expected.dhTotal as number[][][]).map((sequence) =>
        sequence.map((g) => Math.log10(Math.hypot(...g))),
      );
      const told = sequenceLines(kept, { runId: 1, first: 0, count: items, window, maxPoints: steps });
      assert.equal(told.values.length, items);
      const bands = band(kept, { runId: 1, window, maxPoints: steps });
      for (let t = 0; t < steps; t++) {
        const all = expected.map((line) => line[t]!).sort((a, b) => a - b);
        for (let b = 0; b < items; b++)
          assert.ok(Math.abs(told.values[b]![t]! - expected[b]![t]!) < 1e-9, `sequence ${b} t ${t}`);
        const middle = (all[(items - 1) >> 1]! + all[items >> 1]!) / 2;
        for (const [line, value] of [
          [bands.low, all[0]!],
          [bands.median, middle],
          [bands.high, all[items - 1]!],
        ] as const)
          assert.ok(Math.abs(line[t]! - value) < 1e-9, `t ${t}`);
      }
    });
  }
});
