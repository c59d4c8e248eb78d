// Series of very long runs as the page gets them: no spike and no gap is lost, and each number stands at its own step.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { factsOf } from '../../../src/engine/index.js';
import type { RunSummary } from '../../../src/protocol/messages.js';
import {
  curveForPage,
  forPage,
  kept,
  mostDense,
  seriesAnswer,
  tellingSteps,
} from '../../../src/worker/answers/seriesDownsampling.js';

const T = 300_000;
/** A slow wave with a spike, an exact zero and a number that is none. */
const [spike, zero, gap] = [123_457, 200_001, 250_003];
const wave = (phase: number): Float64Array =>
  Float64Array.from({ length: T }, (_, t) =>
    t === spike ? 50 : t === zero ? -Infinity : t === gap ? NaN : Math.sin(phase + t / 40_000),
  );

const summary: RunSummary = {
  runId: 1,
  network: null,
  training: null,
  labels: null,
  name: 'long',
  cell: factsOf('tanh'),
  dtype: 'float64',
  shapes: { B: 1, T, I: 1, H: 1 },
  chunkStarts: [0],
  upstream: 'last',
  lossSteps: [],
  lossCount: 0,
  elapsedMs: 1,
  steps: null,
  verdict: {
    kind: 'healthy',
    source: T - 1,
    first: 0,
    crossedAt: 77_777,
    zeroAt: null,
    infiniteAt: null,
    segments: [{ from: 11_111, to: T - 1, perStepFactor: 1 }],
  } as unknown as RunSummary['verdict'],
  log10: { dx: wave(1) },
  layers: [
    {
      layer: 0,
      direction: 'forward',
      log10: { dh: wave(0), singleSource: wave(5), parameters: { Wx: wave(2), Wh: wave(3), b: wave(4) } },
      hNorm: wave(6),
      saturation: wave(7),
    },
  ],
  onePercentAt: null,
  lossValue: null,
  clipFactor: null,
  clipNorm: null,
  truncate: null,
  dtypeRange: { log10Smallest: -324, log10Largest: 308 },
};

describe('what a page gets of a very long run', () => {
  it('holds spikes, exact zeros, gaps and the steps that are read by name, each number at its own step', () => {
    const told = forPage(summary);
    const steps = told.steps ?? assert.fail();
    assert.ok(steps.length > 1000 && steps.length < 30_000, `${steps.length} steps`);
    assert.ok(
      steps.every((t, i) => i === 0 || t > steps[i - 1]!),
      'ascending',
    );
    for (const t of [0, T - 1, T / 2, spike, zero, gap, 77_777, 11_111]) assert.ok(steps.includes(t), `t = ${t}`);
    const all = ({ log10: { dx }, layers: [layer] }: RunSummary): [string, Float64Array | null][] => [
      ['dx', dx],
      ['dh', layer.log10.dh],
      ['singleSource', layer.log10.singleSource],
      ...Object.entries(layer.log10.parameters),
      ['hNorm', layer.hNorm],
      ['saturation', layer.saturation],
    ];
    const whole = all(summary);
    assert.equal(whole.length, 8);
    for (const [i, [name, values]] of all(told).entries())
      steps.forEach((t, at) => assert.ok(Object.is(values?.[at], whole[i]?.[1]?.[t]), `${name} at t = ${t}`));
    assert.equal(summary.steps, null);
    assert.equal(summary.layers[0].hNorm.length, T);
  });

  it('has in every bin the extremes of every series', () => {
    const bins = 500;
    const series = [summary.layers[0].log10.dh, summary.layers[0].hNorm];
    const steps = tellingSteps(series, { t0: 1000, t1: 101_000 }, bins);
    for (const values of series) {
      for (let bin = 0; bin < bins; bin++) {
        const [from, to] = [1000 + bin * 200, 1000 + (bin + 1) * 200];
        const kept = [...steps].filter((t) => t >= from && t < to).map((t) => values[t]!);
        const all = [...values.subarray(from, to)];
        assert.equal(Math.max(...kept), Math.max(...all));
        assert.equal(Math.min(...kept), Math.min(...all));
      }
    }
  });

  it('has every step of a short window, with the singular values that are known', () => {
    const sigma = Float64Array.from({ length: T }, (_, t) => (t < spike ? NaN : t / 7));
    const {
      steps,
      window,
      layers: [{ hNorm }],
      jacobianSigmaMax,
    } = seriesAnswer(summary, sigma, {
      runId: 1,
      window: { t0: spike - 10, t1: spike + 5000 },
    });
    assert.deepEqual(window, { t0: spike - 10, t1: spike + 5000 });
    assert.deepEqual(
      [...steps],
      Array.from({ length: 5010 }, (_, i) => spike - 10 + i),
    );
    steps.forEach((t, i) => {
      assert.ok(Object.is(hNorm[i], summary.layers[0].hNorm[t]));
      assert.ok(Object.is(jacobianSigmaMax[i], sigma[t]));
    });
    assert.ok(
      seriesAnswer(summary, new Float64Array(0), { runId: 1, window: { t0: 0, t1: 4 } }).jacobianSigmaMax.every(
        Number.isNaN,
      ),
    );
    assert.ok(seriesAnswer(summary, sigma, { runId: 1, window: { t0: 0, t1: T - 1 } }).steps.length < 30_000);
  });

  it('is whole while the run is not that long', () => {
    const short = { ...summary, shapes: { ...summary.shapes, T: mostDense } };
    assert.equal(forPage(short), short);
    const dh = new Float64Array(mostDense).fill(1);
    assert.deepEqual(curveForPage({ dh }), { steps: null, log10: { dh } });
    const { steps, log10 } = curveForPage({ dh: wave(0), singleSource: wave(2) });
    assert.ok(steps?.includes(spike) === true && log10.singleSource[steps.indexOf(spike)] === 50);
  });
});

describe('what a report keeps of a very long run', () => {
  it('has room for the losses of the steps that it has, and for the count of all', () => {
    const lossSteps = Array.from({ length: T / 2 }, (_, i): [number, number] => [2 * i, 2 * i]);
    const told = kept({ ...summary, lossSteps, lossCount: T / 2 }, wave(8), [98_765]).summary;
    const steps = told.steps ?? assert.fail();
    assert.ok(steps.includes(98_765));
    assert.deepEqual(
      told.lossSteps.map(([t]) => t),
      [...steps].filter((t) => t % 2 === 0),
    );
    assert.equal(told.lossCount, T / 2);
    const few = [
      [1, 7],
      [9, T - 1],
    ] as const;
    assert.deepEqual(kept({ ...summary, lossSteps: few, lossCount: T - 2 }, wave(8), []).summary.lossSteps, few);
  });
});
