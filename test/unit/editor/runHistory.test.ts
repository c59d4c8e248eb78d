// Results kept while a script rewrites the weights: bounded, and true to their curves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { History, mostVersions } from '../../../src/editor/following/runHistory.js';
import { factsOf } from '../../../src/engine/index.js';
import type { RunSummary } from '../../../src/protocol/messages.js';

const empty = new Float64Array(0);
function summary(runId: number, dh: Float64Array): RunSummary {
  return {
    runId,
    network: null,
    training: null,
    labels: null,
    name: 'test',
    cell: factsOf('tanh'),
    dtype: 'float32',
    shapes: { B: 1, T: dh.length, I: 1, H: 1 },
    chunkStarts: [0],
    upstream: 'last',
    lossSteps: [[dh.length - 1, dh.length - 1]],
    lossCount: 1,
    elapsedMs: 1,
    verdict: {
      kind: 'healthy',
      perStepFactor: 0.5 + runId / 1e6,
      halfLifeSteps: null,
      onePercentSteps: null,
      log10Ratio: -runId,
      source: dh.length - 1,
      first: 0,
      crossedAt: null,
      zeroAt: null,
      infiniteAt: null,
      segments: [],
      nonFinite: null,
      reason: '',
    },
    steps: null,
    onePercentAt: null,
    log10: { dx: empty },
    layers: [
      {
        layer: 0,
        direction: 'forward',
        log10: {
          dh,
          singleSource: dh.map((value) => 2 * value),
          parameters: { Wx: empty, Wh: empty, b: empty },
        },
        hNorm: empty,
        saturation: null,
      },
    ],
    lossValue: null,
    clipFactor: null,
    clipNorm: null,
    truncate: null,
    dtypeRange: { log10Smallest: -45, log10Largest: 38 },
  };
}

describe('the history', () => {
  it('holds every version in its order, and the exponent when it comes', () => {
    const history = new History();
    for (let run = 1; run <= 3; run++)
      history.add(
        {
          ...summary(run, Float64Array.of(-run, 0)),
          training: run === 3 ? { step: 30, epoch: null, loss: 0.5 } : null,
        },
        1000 * run,
      );
    history.addExponent(2, -0.25);
    history.addExponent(99, 1);
    assert.deepEqual(history.list(), {
      forgotten: 0,
      skipped: 0,
      rewrites: 0,
      versions: [1, 2, 3].map((run) => ({
        runId: run,
        time: 1000 * run,
        layer: null,
        kind: 'healthy',
        log10Ratio: -run,
        perStepFactor: 0.5 + run / 1e6,
        lambda1: run === 2 ? -0.25 : null,
        training: run === 3 ? { step: 30, epoch: null, loss: 0.5 } : null,
      })),
    });
    assert.deepEqual(history.curve(2), {
      T: 2,
      t: null,
      dh: Float64Array.of(-2, 0),
      singleSource: Float64Array.of(-4, 0),
    });
    assert.equal(history.curve(4), null);
  });

  it('holds a result that is run again once, under the number of the newer run', () => {
    const history = new History();
    const dh = Float64Array.of(-Infinity, NaN, 0);
    const told = (runId: number, step: number): RunSummary => {
      const { verdict, ...rest } = summary(runId, dh);
      return {
        ...rest,
        verdict: { ...verdict, ...summary(0, dh).verdict },
        training: { step, epoch: null, loss: 0.5 },
      };
    };
    history.add(told(1, 10), 1000);
    history.addExponent(1, -0.25);
    history.add(told(2, 10), 2000);
    history.add(told(3, 20), 3000);
    history.add(told(4, 20), 4000);
    history.addExponent(4, -0.5);
    const { versions } = history.list();
    assert.deepEqual(
      versions.map(({ runId, time, lambda1, training }) => [runId, time, lambda1, training?.step]),
      [
        [2, 1000, -0.25, 10],
        [4, 3000, -0.5, 20],
      ],
    );
    assert.ok(history.curve(4) !== null && history.curve(3) === null);
  });

  it('is bounded: 20 rewrites a second for ten minutes leave the last ones', () => {
    const history = new History();
    const dh = Float64Array.from({ length: 2000 }, (_, t) => -t / 100);
    const runs = 12_000;
    for (let run = 1; run <= runs; run++) history.add(summary(run, dh), run);
    const { forgotten, versions } = history.list();
    assert.equal(versions.length, mostVersions);
    assert.equal(forgotten, runs - mostVersions);
    assert.deepEqual([versions[0]?.runId, versions.at(-1)?.runId], [runs - mostVersions + 1, runs]);
    assert.equal(history.curve(1), null);
    const curve = history.curve(runs);
    assert.ok(curve !== null && curve.dh.length <= 512 && curve.singleSource.length === curve.dh.length);
  });

  it('keeps the ends of a long curve and the one step that stands out', () => {
    const dh = new Float64Array(20_000).fill(-3);
    dh[12_345] = 2;
    dh[777] = -Infinity;
    const history = new History();
    history.add(summary(1, dh), 0);
    const curve = history.curve(1)!;
    const at = (step: number): number | undefined => curve.dh[curve.t!.indexOf(step)];
    assert.deepEqual([at(0), at(777), at(12_345), at(19_999)], [-3, -Infinity, 2, -3]);
    assert.deepEqual(
      [...curve.t!],
      [...curve.t!].sort((a, b) => a - b),
    );
  });
});
