import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment } from '../../../src/engine/index.js';
import { heatmap, sequenceLines, stepValues, unitLines } from '../../../src/worker/answers/slices.js';
import type { KeptRun } from '../../../src/worker/answers/keptRun.js';
import { flatRun, nested, withLayer } from '../engine/build.js';

const [B, T, I, H] = [2, 40, 1, 3];
const experiment: LayerExperiment = nested({
  name: 'slices',
  cell: 'tanh',
  dtype: 'float64',
  shapes: { B, T, I, H },
  weights: {
    Wx: Float64Array.of(0.5, -0.4, 0.3),
    Wh: Float64Array.of(0.1, 0.5, 0, -0.2, 0.3, 0.1, 0.2, 0, 0.4),
    b: Float64Array.of(0, 0.1, -0.1),
  },
  chunks: [{ steps: T, xs: Float64Array.from({ length: B * T * I }, (_, i) => Math.sin(i)) }],
  h0: null,
  stateful: false,
  upstream: { kind: 'last' },
  loss: null,
  clipNorm: null,
  truncate: null,
});
const result = flatRun(finish(runResumably(experiment)));
const run: KeptRun = { runId: 1, experiment, result };
const all = { t0: 0, t1: T };
const h = (sequence: number, t: number, unit: number): number => result.hs.at((sequence * T + t) * H + unit)!;
const g = (sequence: number, t: number, unit: number): number => result.dhTotal.at((sequence * T + t) * H + unit)!;

describe('slices of a run', () => {
  it('gives every h of a window that fits', () => {
    const picture = heatmap(run, {
      runId: 1,
      tensor: 'hs',
      sequence: 1,
      window: { t0: 5, t1: 15 },
      maxColumns: 100,
      maxRows: 100,
    });
    assert.deepEqual([picture.rows, picture.columns], [H, 10]);
    for (let unit = 0; unit < H; unit++)
      for (let t = 5; t < 15; t++) assert.equal(picture.values[unit * 10 + t - 5], Math.fround(h(1, t, unit)));
  });

  it('shows the value of largest magnitude where a cell covers several', () => {
    const picture = heatmap(run, { runId: 1, tensor: 'hs', sequence: 0, window: all, maxColumns: 8, maxRows: 1 });
    assert.deepEqual([picture.rows, picture.columns], [1, 8]);
    for (let column = 0; column < 8; column++) {
      const covered = Array.from({ length: 5 * H }, (_, i) => h(0, column * 5 + Math.floor(i / H), i % H));
      assert.equal(Math.abs(picture.values[column]!), Math.fround(Math.max(...covered.map(Math.abs))));
    }
  });

  it('scales gradients so that the colour can be read back as the number', () => {
    const picture = heatmap(run, { runId: 1, tensor: 'dh', sequence: 0, window: all, maxColumns: T, maxRows: H });
    for (let unit = 0; unit < H; unit++)
      for (let t = 0; t < T; t++) {
        const shade = picture.values[unit * T + t]!;
        const exact = g(0, t, unit);
        const faintest = picture.log10Max - picture.decades;
        if (shade === 0) {
          assert.ok(Math.log10(Math.abs(exact)) <= faintest + 1e-9, `t ${t} unit ${unit}`);
          continue;
        }
        assert.equal(Math.sign(shade), Math.sign(exact));
        const log10 = picture.log10Max + (Math.abs(shade) - 1) * picture.decades;
        assert.ok(Math.abs(log10 - Math.log10(Math.abs(exact))) < 1e-5 * picture.decades, `t ${t} unit ${unit}`);
      }
  });

  it('tells what is in view however faint its colours are', () => {
    // Wh = 0: the state is the input, and the gradient of the last step alone is not 0.
    const faint = (cell: 'tanh' | 'relu', xs: readonly number[]): KeptRun => {
      const alone: LayerExperiment = withLayer(
        {
          ...experiment,
          cell,
          shapes: { B: 1, T: xs.length, I: 1, H: 1 },
          chunks: [{ steps: xs.length, xs: Float64Array.from(xs) }],
        },
        { weights: { Wx: Float64Array.of(1), Wh: Float64Array.of(0), b: Float64Array.of(0) } },
      );
      return { runId: 1, experiment: alone, result: flatRun(finish(runResumably(alone))) };
    };
    const ask = (tensor: 'hs' | 'dh', t0: number, t1: number) => ({
      runId: 1,
      tensor,
      sequence: 0,
      window: { t0, t1 },
      maxColumns: 9,
      maxRows: 9,
    });
    // No float32 holds 1e-50 or 1e50.
    assert.equal(heatmap(faint('tanh', [0, 1e-50, 0]), ask('hs', 0, 3)).peak, 1e-50);
    const large = heatmap(faint('relu', [1e50, 5e49, Infinity, NaN]), ask('hs', 0, 4));
    assert.deepEqual([...large.values], [1, 0.5, Infinity, NaN]);
    assert.deepEqual([large.limit, large.peak, large.notFinite], [1e50, 1e50, 2]);
    const none = heatmap(faint('relu', [1, Infinity, NaN]), ask('hs', 1, 3));
    assert.deepEqual([none.peak, none.notFinite], [NaN, 2]);
    const zeros = heatmap(faint('tanh', [0.5, 0.5, 0.5]), ask('dh', 0, 2));
    assert.deepEqual([...zeros.values, zeros.peak, zeros.notFinite], [0, 0, -Infinity, 0]);
    assert.equal(heatmap(faint('tanh', [0.5, 0.5, 0.5]), ask('dh', 0, 3)).peak, 0, 'log10 of the 1 that enters');
  });

  it('keeps the extremes of a decimated line', () => {
    const { t, values } = unitLines(run, { runId: 1, sequence: 0, units: [2, 0, 99], window: all, maxPoints: 10 });
    assert.equal(t.length, 10);
    assert.equal(values.length, 2, 'a unit that is not there is left out');
    const exact = Array.from({ length: T }, (_, step) => h(0, step, 2));
    assert.equal(Math.max(...values[0]!), Math.max(...exact));
    assert.equal(Math.min(...values[0]!), Math.min(...exact));
    assert.ok(t.every((step, i) => i === 0 || step >= t[i - 1]!));
  });

  it("gives log10 of each sequence's gradient norm", () => {
    const { t, values } = sequenceLines(run, { runId: 1, first: 1, count: 5, window: all, maxPoints: 1000 });
    assert.equal(values.length, 1);
    for (const [i, step] of t.entries()) {
      const norm = Math.hypot(...Array.from({ length: H }, (_, unit) => g(1, step, unit)));
      assert.ok(Math.abs(values[0]![i]! - Math.log10(norm)) < 1e-12);
    }
  });

  it('gives the numbers of one step, and of the nearest one outside', () => {
    const values = stepValues(run, { runId: 1, t: 7, sequence: 1 });
    assert.deepEqual([...values.h], [h(1, 7, 0), h(1, 7, 1), h(1, 7, 2)]);
    for (let unit = 0; unit < H; unit++)
      assert.ok(Math.abs(values.g[unit]! * 10 ** values.gLog10 - g(1, 7, unit)) <= 1e-12 * Math.abs(g(1, 7, unit)));
    assert.equal(stepValues(run, { runId: 1, t: 999, sequence: 0 }).t, T - 1);
  });
});
