// The next thing to try for LSTM and GRU: it is told with what a short run with it has shown, and a whole run with it
// shows the same.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  asItIs,
  asLayer,
  cellOf,
  finish,
  mapParameters,
  nextStepOf,
  runNetwork,
  runResumably,
} from '../../../src/engine/index.js';
import type { CellName, Experiment, LayerExperiment, NextStep, Resumable, Verdict } from '../../../src/engine/index.js';
import { fewestSteps, trialBudget } from '../../../src/engine/verdict/gatedAdvice.js';
import { trialPlace, trialSource } from '../../../src/engine/network/trial.js';
import { runChunks } from '../../../src/engine/network/chunks.js';
import { randomNetwork } from './networks.js';

const [B, T, I, H] = [2, 60, 2, 6];

type Parameters = LayerExperiment['layers'][0]['parameters'];

/** A layer of random weights times a factor, with a bias on one gate. */
function layer(cell: CellName, factor: number, gate: string, bias: number) {
  const plain = randomNetwork({ seed: 5, cell, B, T, I, widths: [H], directions: ['forward'] });
  const g = cellOf(cell).gates.indexOf(gate);
  const [own] = plain.layers;
  const { Wx, Wh, b } = own.parameters;
  const parameters: Parameters = {
    ...own.parameters,
    Wx: Wx.map((value) => 0.3 * value),
    Wh: Wh.map((value) => factor * value),
    b: b.map((value, j) => (Math.floor(j / H) === g ? bias : 0 * value)),
  };
  return asLayer({ ...plain, layers: [{ ...own, parameters }] }) ?? assert.fail();
}

/** The verdict of a run, and what it finds to try when it is asked. */
function verdictOf(subject: LayerExperiment): Verdict & { readonly next: NextStep | null } {
  const run = finish(runResumably(subject));
  return { ...run.verdict, next: finish(nextStepOf(run)) };
}

const withParameters = (subject: LayerExperiment, parameters: Parameters): LayerExperiment => ({
  ...subject,
  layers: [{ ...subject.layers[0], parameters }],
});

function raised(subject: LayerExperiment, gate: string, by: number): LayerExperiment {
  const { parameters } = subject.layers[0];
  const g = cellOf(subject.cell).gates.indexOf(gate);
  return withParameters(subject, {
    ...parameters,
    b: parameters.b.map((value, j) => (Math.floor(j / H) === g ? value + by : value)),
  });
}

const counted = (text: string): number => Number(text.replaceAll(',', ''));

describe('the next thing to try for a cell of gates', () => {
  for (const [cell, gate, name] of [
    ['lstm', 'f', 'a forget bias'],
    ['gru', 'z', 'an update bias'],
  ] as const) {
    it(`of ${cell} whose ${gate} is shut is ${name}, with what it does`, () => {
      const subject = layer(cell, 0.05, gate, -1);
      const { kind, next } = verdictOf(subject);
      assert.equal(kind, 'vanishing');
      assert.ok(next !== null);
      const told = new RegExp(
        `gates are at 0\\.\\d+ on average\\. Try ${name} of \\+(\\d): the 1 % horizon grows from ` +
          '([\\d.,]+) steps? to ([\\d.,]+) steps\\. That is measured on 60 steps of one sequence\\.$',
      ).exec(next.sentence);
      assert.ok(told, next.sentence);
      const [, by = '', before = '', after = ''] = told;
      assert.ok(counted(after) >= 1.5 * counted(before));
      // The whole run with the change, held against the sentence.
      const wanted = verdictOf(raised(subject, gate, Number(by))).onePercentSteps ?? Infinity;
      assert.ok(Math.abs(wanted - counted(after)) <= 0.1 * wanted, `${wanted} and ${after}`);
      assert.deepEqual(next.whatIf, { ...asItIs, biasGate: gate, biasShift: Number(by) });
    });
  }

  it('tells the horizon that the curve has, also where no one rate leads there', () => {
    let many = 0;
    for (let seed = 1; seed <= 60; seed++)
      for (const cell of ['lstm', 'gru'] as const) {
        const plain = randomNetwork({ seed, cell, B: 1, T, I, widths: [H], directions: ['forward'] });
        const [own] = plain.layers;
        const parameters = mapParameters(own.parameters, (values) => values.map((value) => 4 * value));
        const run = finish(runResumably(asLayer({ ...plain, layers: [{ ...own, parameters }] }) ?? assert.fail()));
        const told = /horizon grows from ([\d.,]+) step/.exec(finish(nextStepOf(run))?.sentence ?? '');
        if (told === null) continue;
        const { log10SingleSource: left } = run.layers[0];
        const steps = T - left.findIndex((value) => value > left[T - 1]! - 2);
        const before = counted(told[1] ?? '');
        if (steps === T) continue;
        assert.ok(Math.abs(before - steps) <= 1 + 0.2 * before, `${cell} ${seed}: ${before}, ${steps}`);
        many++;
      }
    assert.ok(many > 5, `${many}`);
  });

  it('says so where the gradient does not shrink any more, and the whole run shows it too', () => {
    const subject = layer('lstm', 0.6, 'f', 0);
    const { kind, next } = verdictOf(subject);
    assert.equal(kind, 'vanishing');
    assert.match(
      next?.sentence ?? '',
      /^The forget gates are at 0\.5 on average\. Try a forget bias of \+2: the gradient then does not shrink; now /,
    );
    assert.equal(verdictOf(raised(subject, 'f', 2)).onePercentSteps, null);
  });

  it('is the block of a gate where that helps more than the bias', () => {
    const { next } = verdictOf(layer('lstm', 2, 'f', -3));
    assert.match(next?.sentence ?? '', /^Try Wh of gate g rescaled to a largest singular value of [\d.]+: the 1 %/);
  });

  /** At rest: h = 0, so that a step multiplies by keep + share·w for Wh = w·I of the gate that lets in. */
  function atRest(cell: CellName, keeper: number, w: number): LayerExperiment {
    const subject = layer(cell, 0, cellOf(cell).keeper!.gate, keeper);
    const [own] = subject.layers;
    const candidate = cellOf(cell).gateKinds!.indexOf('candidate');
    const N = own.parameters.b.length;
    const Wh = new Float64Array(H * N);
    for (let j = 0; j < H; j++) Wh[j * N + candidate * H + j] = w;
    const { bh } = own.parameters;
    return {
      ...subject,
      chunks: [{ steps: T, xs: new Float64Array(B * T * I) }],
      layers: [
        {
          ...own,
          parameters: { ...own.parameters, Wh, ...(bh === undefined ? {} : { bh: new Float64Array(bh.length) }) },
          initial: { h: null },
        },
      ],
    };
  }

  it('against an explosion is a smaller block of the gate that enlarges, by what a step then multiplies with', () => {
    const σ = (z: number): number => 1 / (1 + Math.exp(-z));
    for (const [cell, gate, keeper, w, factor] of [
      // i = o = 1/2, r = 1/2.
      ['lstm', 'g', 3, 2, (by: number) => σ(3) + by / 4],
      ['gru', 'n', 0, 4, (by: number) => σ(0) + by / 4],
    ] as const) {
      const subject = atRest(cell, keeper, w);
      const { kind, next } = verdictOf(subject);
      assert.equal(kind, 'exploding', cell);
      const [, name, to = '', after = '', before = ''] =
        /Wh of gate (\w) rescaled to a largest singular value of ([\d.]+): .* by ([\d.]+) instead of ([\d.]+)\./.exec(
          next?.sentence ?? '',
        ) ?? assert.fail(next?.sentence);
      assert.equal(name, gate);
      assert.ok(Math.abs(Number(before) - factor(w)) < 0.01, `${before}, not ${factor(w)}`);
      assert.ok(Math.abs(Number(after) - factor(Number(to))) < 0.01, `${after}, not ${factor(Number(to))}`);
      assert.ok(Math.log(Number(after)) <= 0.51 * Math.log(Number(before)));
    }
  });

  it('is none where no change helps, and none where nothing is wrong', () => {
    // The gradient enters and leaves one unit through weights of zero: not even an open gate of +2 is far enough
    // from a bias of −30.
    assert.equal(verdictOf(layer('lstm', 0, 'f', -30)).next, null);
    assert.equal(verdictOf(layer('lstm', 0.05, 'f', 8)).kind, 'healthy');
    assert.equal(verdictOf(layer('lstm', 0.05, 'f', 8)).next, null);
  });

  it('is found by whoever asks: a run makes no short runs, and each asker gets the same', () => {
    const pausesOf = <Result>(steps: Resumable<Result>): { readonly count: number; readonly result: Result } => {
      for (let count = 0; ; count++) {
        const step = steps.next();
        if (step.done === true) return { count, result: step.value };
      }
    };
    const forward = layer('gru', 0.05, 'z', -1);
    const of = ({ layers: [own] }: LayerExperiment, direction: 'forward' | 'reverse'): Experiment => ({
      ...forward,
      layers: [{ ...own, direction }],
      upstream: { kind: 'final' },
    });
    for (const direction of ['forward', 'reverse'] as const) {
      const ill = pausesOf(runNetwork(of(forward, direction)));
      const well = pausesOf(runNetwork(of(layer('gru', 0.05, 'z', 8), direction)));
      assert.deepEqual(
        [ill, well].map(({ result }) => result.verdict.kind),
        ['vanishing', 'healthy'],
      );
      assert.equal(ill.count, well.count);
      const { result } = ill.result.layers[0];
      const [first, second] = [pausesOf(nextStepOf(result)), pausesOf(nextStepOf(result))];
      // Each short run goes over T steps once.
      assert.ok(first.count > T, `${first.count} pauses of short runs`);
      assert.match(first.result?.sentence ?? '', /^The update gates are at/);
      assert.deepEqual(second, first);
    }
  });
});

describe('a short run', () => {
  it('of a run as it is has its single source, over its last steps', () => {
    for (const cell of ['lstm', 'gru', 'sigmoid'] as const) {
      const subject = asLayer({
        ...randomNetwork({ seed: 3, cell, B: 1, T, I, widths: [H], directions: ['forward'] }),
      })!;
      const result = finish(runResumably(subject));
      const chunk = runChunks(subject, result).at(-1)!;
      for (const budget of [1e9, 30 * cellOf(cell).gates.length * H * (2 * I + 3 * H)]) {
        const place = finish(trialPlace(subject, chunk, budget, fewestSteps))!;
        const steps = budget === 1e9 ? T : 30;
        assert.equal(place.chunk.steps, steps);
        finish(trialSource(place, subject.layers[0].parameters)).forEach((value, t) => {
          const wanted = result.layers[0].log10SingleSource[T - steps + t]!;
          assert.ok(Math.abs(value - wanted) < 1e-11, `${cell}, t ${t}: ${value}, not ${wanted}`);
        });
      }
    }
  });

  it('takes the longest sequence of a ragged run, and none where a few steps are too much', () => {
    const run = finish(
      runNetwork({
        ...randomNetwork({ seed: 3, cell: 'lstm', B, T, I, widths: [H], directions: ['reverse'], lengths: [20, T] }),
      }),
    );
    const [{ experiment, result }] = run.layers;
    const chunk = runChunks(experiment, result).at(-1)!;
    const place = finish(trialPlace(experiment, chunk, trialBudget, fewestSteps))!;
    assert.equal(place.chunk.steps, T);
    const wanted = chunk.hs.data.subarray(T * 2 * H, 2 * T * 2 * H);
    assert.deepEqual([...place.chunk.hs.data.subarray(0, T * 2 * H)], [...wanted]);
    assert.equal(finish(trialPlace(experiment, chunk, 1e3, fewestSteps)), null);
  });
});
