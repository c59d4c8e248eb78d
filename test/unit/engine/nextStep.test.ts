// The next thing to try, from evidence that is written down: which change, its numbers, and its sentence.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asItIs, asLayer, cellOf, finish, runChunks, runResumably } from '../../../src/engine/index.js';
import type { CellName, NextStep, WhatIf } from '../../../src/engine/index.js';
import { nextStep, quickSigmaMax, sampleDrive } from '../../../src/engine/verdict/advice.js';
import { defaultBounds } from '../../../src/engine/verdict/evidence.js';
import type { Drive, Evidence, NonFinite, Overflow } from '../../../src/engine/verdict/evidence.js';
import type { Measured } from '../../../src/engine/verdict/verdict.js';
import { experiment, rows, scaledIdentity } from './build.js';
import { randomNetwork } from './networks.js';

const source = 20;

type Given = {
  readonly measured?: Partial<Measured>;
  readonly cell?: CellName;
  readonly truncate?: number;
  /** ln of the mean slope and of Wh at every step but the first, where they are the other way round. */
  readonly lnSlope?: number;
  readonly lnWh?: number;
  readonly drive?: Partial<Drive>;
  readonly sigma?: number | null;
  /** Where the gradient is zero from, going back, and whether the slopes are what closes it. */
  readonly zeroAt?: number;
  readonly closed?: boolean;
  /** log10 of what is left so many steps back from the source. */
  readonly left?: (back: number) => number;
  readonly evidence?: Partial<Evidence>;
};

function next(given: Given): NextStep | null {
  const { cell = 'tanh', truncate = null, lnSlope = -1, lnWh = -0.5, drive = {}, sigma = 1, zeroAt } = given;
  const { left = (back: number) => -0.3 * back } = given;
  const each = (value: number, other: number): Float64Array =>
    Float64Array.from({ length: source + 1 }, (_, t) => (t === 0 ? 100 * other : value));
  const log10 = Float64Array.from({ length: source + 1 }, (_, t) =>
    zeroAt !== undefined && t <= zeroAt ? -Infinity : left(source - t),
  );
  const slopes = each(lnSlope, lnWh);
  if (zeroAt !== undefined && given.closed === true) slopes[zeroAt + 1] = -Infinity;
  const measured: Measured = {
    kind: 'vanishing',
    perStepFactor: 0.5,
    halfLifeSteps: 1,
    onePercentSteps: 6.6,
    log10Ratio: -6,
    source,
    first: 0,
    crossedAt: 10,
    zeroAt: null,
    infiniteAt: null,
    segments: [],
    nonFinite: null,
    ...given.measured,
  };
  const evidence = {
    experiment: { cell, dtype: 'float64', truncate },
    bounds: defaultBounds,
    single: { log10, lnSlope: slopes, lnWh: each(lnWh, lnSlope), bySource: null, lnPaths: null },
    positionOf: (t: number) => t,
    first: 0,
    source,
    earlier: null,
    nonFinite: null,
    zeroAt: null,
    infiniteAt: null,
    closedShare: null,
    driveOf: function* () {
      yield 0;
      return { recurrent: 1, input: 1, bias: 1, meanBias: 0, offBy: 0, ...drive };
    },
    sigmaMax: function* () {
      yield 0;
      return sigma;
    },
    trialOf: function* () {
      yield 0;
      return null;
    },
    gates: null,
    ...given.evidence,
  } as unknown as Evidence;
  return finish(nextStep(measured, evidence));
}

const step = (sentence: string, change: Partial<WhatIf>): NextStep => ({ sentence, whatIf: { ...asItIs, ...change } });

const orthogonal = step('Try an orthogonal Wh: it keeps the length of every gradient that passes it.', {
  initialise: { way: 'orthogonal', seed: 1 },
});
const bounded = step('Try Wh rescaled to a largest singular value of 1: then no step back can enlarge the gradient.', {
  rescale: { measure: 'sigmaMax', to: 1 },
});
const larger = (to: number): NextStep =>
  step(`Try Wh rescaled to a largest singular value of ${to}: it makes up for what each step loses.`, {
    rescale: { measure: 'sigmaMax', to },
  });

describe('the next thing to try, from its evidence', () => {
  it('against an explosion bounds Wh, and after an overflow where Wh enlarges', () => {
    assert.deepEqual(next({ measured: { kind: 'exploding', perStepFactor: 2 } }), bounded);
    const after = (nonFinite: NonFinite, sigma: number | null, cell?: CellName) =>
      next({
        measured: { kind: 'nonfinite' },
        sigma,
        evidence: { nonFinite },
        ...(cell === undefined ? {} : { cell }),
      });
    const place = { t: 3, sequence: 0, unit: 0, value: Infinity };
    const state = (overflow: Overflow): NonFinite => ({ what: 'state', ...place, overflow });
    const grown = state({ part: 'state', before: { t: 2, size: 1e38 }, from: null, weight: 2 });
    const small = step(
      'Try Wh rescaled to a largest singular value of 1: then it enlarges neither the state nor the gradient.',
      { rescale: { measure: 'sigmaMax', to: 1 } },
    );
    for (const [nonFinite, then] of [
      [grown, small],
      [{ what: 'gradient', t: 3 }, bounded],
    ] as const) {
      assert.deepEqual([after(nonFinite, 1.01), after(nonFinite, null)], [then, then]);
      assert.deepEqual([after(nonFinite, 1), after(nonFinite, 0.5), after(nonFinite, 2, 'lstm')], [null, null, null]);
    }
    for (const nonFinite of [
      { what: 'inputs', ...place },
      { what: 'upstream', t: 3 },
      state({ part: 'input', largest: 1e38, weight: 2 }),
      state({ part: 'bias', weight: 1e38 }),
    ] as const)
      assert.equal(after(nonFinite, 3), null);
  });

  it('of what is healthy is a later truncation, where that takes much', () => {
    /** More than 1 % gets over `reach` steps, the one of the source included; no rate says so. */
    const later = (truncate: number | undefined, reach: number, kind: Measured['kind'] = 'healthy') =>
      next({
        measured: { kind, onePercentSteps: 500 },
        left: (back) => (back < reach ? 0 : -3),
        ...(truncate === undefined ? {} : { truncate }),
      });
    const off = (k: number): NextStep =>
      step(
        `Try no truncation: it cuts the gradient after ${k === 1 ? '1 step' : `${k} steps`}, and by itself it would ` +
          'survive the whole trip.',
        { truncate: 'off' },
      );
    const to = (reach: number, k: number): NextStep =>
      step(
        `Try truncation after ${reach} steps: it cuts the gradient after ${k}, and more than 1 % would arrive from ` +
          'further away.',
        { truncate: reach },
      );
    // The trip takes 21 steps.
    assert.equal(later(undefined, 21), null);
    assert.deepEqual([later(5, 21), later(14, 21), later(15, 21), later(21, 21)], [off(5), off(14), null, null]);
    assert.deepEqual(later(1, 21), off(1));
    assert.deepEqual(later(5, 20), to(20, 5));
    assert.deepEqual([later(5, 13), later(8, 12), later(9, 13)], [to(13, 5), to(12, 8), null]);
    assert.deepEqual(later(5, 13, 'fading'), to(13, 5));
    assert.equal(later(30, 21), null, 'a truncation behind the trip takes nothing');
    // What falls on the way and comes back arrives from further away.
    const dip = (back: number): number => (back > 3 && back < 11 ? -4 : back < 15 ? -1 : -3);
    assert.deepEqual(next({ measured: { kind: 'fading', onePercentSteps: 3 }, truncate: 5, left: dip }), to(15, 5));
    // What vanishes is not mended by it, and what fades by another change where it takes little.
    assert.notDeepEqual(later(5, 13, 'vanishing'), to(13, 5));
    assert.deepEqual(next({ measured: { kind: 'fading' }, truncate: 15, lnSlope: -0.5, lnWh: -1 }), orthogonal);
  });

  it('where Wh takes the most, or no unit closes, is an orthogonal Wh', () => {
    assert.deepEqual(next({ lnSlope: -0.5, lnWh: -1 }), orthogonal);
    assert.deepEqual(next({ lnSlope: -1, lnWh: -1, measured: { perStepFactor: 0.5 } }), orthogonal);
    assert.deepEqual(next({ cell: 'identity' }), orthogonal);
    assert.deepEqual(next({ measured: { perStepFactor: null } }), orthogonal);
  });

  it('of a gradient that is zero goes by what closed the way', () => {
    for (const zeroAt of [0, 7, 19]) {
      assert.deepEqual(next({ zeroAt, lnSlope: -0.5, lnWh: -1, closed: true, sigma: 0.8 }), larger(1.6));
      assert.deepEqual(next({ zeroAt }), orthogonal);
    }
  });

  it('of relus that are off raises their bias by what they lack', () => {
    const raised = (offBy: number) => next({ cell: 'relu', drive: { offBy, input: 9 } });
    assert.deepEqual(
      raised(0.456),
      step('Try every bias raised by 0.46: most of the units that are off come on, and let the gradient through.', {
        biasShift: 0.46,
      }),
    );
    assert.deepEqual([raised(0), raised(-1), raised(Infinity)], [orthogonal, orthogonal, orthogonal]);
  });

  it('of small slopes is less of what drives the units: inputs, bias, or Wh', () => {
    const inputs = (factor: number): NextStep =>
      step(`Try Wx times ${factor}: it is mostly the inputs that push the units to where the slope of tanh is small.`, {
        inputScale: factor,
      });
    const shifted = (biasShift: number): NextStep =>
      step(
        `Try every bias shifted by ${biasShift}: it is mostly the bias that pushes the units to where the slope of ` +
          'tanh is small.',
        { biasShift },
      );
    const driven = (drive: Partial<Drive>) => next({ drive, sigma: 0.8 });
    assert.deepEqual(
      [driven({ input: 4 }), driven({ input: 1.5 }), driven({ input: 3 })],
      [inputs(0.25), inputs(0.5), inputs(0.33)],
    );
    assert.deepEqual([driven({ input: 4, recurrent: 4 }), driven({ input: 4, bias: 4 })], [larger(1.6), larger(1.6)]);
    assert.deepEqual(driven({ bias: 3, meanBias: 2 }), shifted(-2));
    // Of the activation that there is.
    for (const drive of [{ input: 4 }, { bias: 3, meanBias: 2 }])
      assert.match(
        next({ drive, sigma: 0.8, cell: 'sigmoid' })?.sentence ?? '',
        /where the slope of sigmoid is small\.$/,
      );
    assert.deepEqual(driven({ bias: 3, meanBias: -2.04 }), shifted(2));
    assert.deepEqual(driven({ input: 2, bias: 3, meanBias: 2 }), shifted(-2));
    for (const drive of [
      { bias: 3, meanBias: 1.5 },
      { bias: 3, meanBias: 3, recurrent: 3 },
      { bias: 3, meanBias: 0.1 },
      { bias: 0.5, meanBias: 0.5 },
    ])
      assert.deepEqual(driven(drive), larger(1.6), JSON.stringify(drive));
    assert.deepEqual(
      next({ evidence: { closedShare: 0.1 } }),
      step('Try an orthogonal Wh: the present one pushes the units into saturation, where the slope is nearly 0.', {
        initialise: { way: 'orthogonal', seed: 1 },
      }),
    );
    assert.deepEqual(next({ evidence: { closedShare: 0.099 }, sigma: 0.8 }), larger(1.6));
  });

  it('makes Wh larger by what a step loses, or by the mean of the trip where most steps lose nothing', () => {
    const made = (measured: Partial<Measured>, sigma: number | null) => next({ measured, sigma });
    assert.deepEqual(made({ perStepFactor: 0.25 }, 0.8), larger(3.2));
    // 10^(8/16)
    for (const perStepFactor of [1, 1.1])
      assert.deepEqual(made({ perStepFactor, log10Ratio: -8, first: 4 }, 0.8), larger(2.53));
    for (const [measured, sigma] of [
      [{}, null],
      [{}, 0],
      [{ perStepFactor: 0 }, 0.8],
      [{ perStepFactor: 1e-300 }, 1e10],
      [{ perStepFactor: 1, log10Ratio: -Infinity }, 0.8],
    ] as const)
      assert.deepEqual(made(measured, sigma), orthogonal);
  });
});

describe('what drives the units', () => {
  it('is the mean of each part over eight steps, or over all of a short run', () => {
    const [Wx, Wh, b] = [Float64Array.of(1, -2), rows([0.5, 0.25], [0, -0.5]), Float64Array.of(0.5, -1)];
    for (const [steps, at] of [
      [3, [0, 1, 2]],
      [20, [1, 3, 6, 8, 11, 13, 16, 18]],
    ] as const) {
      const xs = Float64Array.from({ length: steps }, (_, t) => Math.sin(t + 1));
      const subject = experiment(2, steps, Wh, {
        cell: 'identity',
        weights: { Wx, Wh, b },
        chunks: [{ steps, xs }],
        h0: Float64Array.of(2, -3),
      });
      const result = finish(runResumably(subject));
      const drive = finish(sampleDrive(subject, runChunks(subject, result)[0]!));
      let h = [2, -3];
      const sum = { recurrent: 0, input: 0 };
      const off: number[] = [];
      for (let t = 0; t < steps; t++) {
        const state = [h[0]! * 0.5, h[0]! * 0.25 - 0.5 * h[1]!];
        const input = [xs[t]!, -2 * xs[t]!];
        h = state.map((value, j) => value + input[j]! + b[j]!);
        if (!(at as readonly number[]).includes(t)) continue;
        for (let j = 0; j < 2; j++) {
          sum.recurrent += Math.abs(state[j]!) / (2 * at.length);
          sum.input += Math.abs(input[j]!) / (2 * at.length);
          if (h[j]! <= 0) off.push(-h[j]!);
        }
      }
      off.sort((x, y) => x - y);
      const near = (actual: number, expected: number): void =>
        assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);
      near(drive.recurrent, sum.recurrent);
      near(drive.input, sum.input);
      assert.deepEqual([drive.bias, drive.meanBias], [0.75, -0.25]);
      near(drive.offBy, off[Math.floor(0.9 * (off.length - 1))]!);
    }
  });

  it('of units that are never off lacks nothing, and σ_max is told of what is small and finite', () => {
    const subject = experiment(1, 4, scaledIdentity(1, 0.5), {
      cell: 'identity',
      weights: { Wx: Float64Array.of(1), Wh: scaledIdentity(1, 0.5), b: Float64Array.of(3) },
    });
    const result = finish(runResumably(subject));
    assert.equal(finish(sampleDrive(subject, runChunks(subject, result)[0]!)).offBy, 0);
    assert.ok(Math.abs(finish(quickSigmaMax(rows([0, 3], [1, 0]), 2))! - 3) < 1e-6);
    assert.equal(finish(quickSigmaMax(rows([0, NaN], [1, 0]), 2)), null);
    assert.equal(finish(quickSigmaMax(new Float64Array(513 * 513), 513)), null);
  });
});

describe('the next thing to try for gates, from short runs that are written down', () => {
  const H = 3;
  const trip = 30;
  /** log10 of a gradient that a step multiplies by `factor`. */
  const curve = (factor: number): Float64Array =>
    Float64Array.from({ length: trip + 1 }, (_, t) => (trip - t) * Math.log10(factor));
  /** Of a rate whose 1 % gets so many steps far. */
  const reaching = (steps: number): Float64Array => curve(0.01 ** (1 / steps));

  /** `run`: what a short run gives, by the shift of the keeper's bias and the factor of the candidate's block of Wh. */
  function gated(
    cell: CellName,
    run: (shift: number, factor: number) => Float64Array,
    given: {
      readonly kind?: Measured['kind'];
      readonly isPart?: boolean;
      readonly paths?: Readonly<Record<string, number>>;
      readonly gate?: string;
    } = {},
  ): string | null {
    const { kind = 'vanishing', isPart = false, paths = { g: 0.5, i: 0.4 }, gate = 'g' } = given;
    const layer =
      asLayer(randomNetwork({ seed: 4, cell, B: 1, T: 4, I: 2, widths: [H], directions: ['forward'] }))?.layers[0] ??
      assert.fail();
    const { gates, keeper } = cellOf(cell);
    const [bias, block] = [gates.indexOf(keeper!.gate) * H, gates.indexOf(gate) * H];
    const { Wh, b } = layer.parameters;
    const found = next({
      cell,
      measured: { kind },
      evidence: {
        layer,
        gates: { [keeper!.gate]: { mean: new Float64Array(source + 1).fill(0.25) } } as unknown as NonNullable<
          Evidence['gates']
        >,
        single: {
          log10: new Float64Array(source + 1),
          lnSlope: new Float64Array(source + 1),
          lnWh: new Float64Array(source + 1),
          bySource: null,
          lnPaths: Object.fromEntries(
            gates.map((path) => [
              path,
              Float64Array.from({ length: source + 1 }, (_, t) => (t === 0 ? 99 : Math.log(paths[path] ?? 0))),
            ]),
          ),
        },
        trialOf: function* () {
          yield 0;
          return { isPart, chunk: { steps: 25 } } as never;
        },
        trialSource: function* (_, changed) {
          yield 0;
          return run(Math.round(changed.b[bias]! - b[bias]!), changed.Wh[block]! / Wh[block]!);
        },
      },
    });
    return found?.sentence ?? null;
  }

  const forget = (by: number, rest: string): string =>
    `The forget gates are at 0.25 on average. Try a forget bias of +${by}: ${rest}`;
  const byShift =
    (...steps: readonly number[]) =>
    (shift: number, factor: number): Float64Array =>
      reaching(factor > 1.5 ? 8 : steps[shift]!);

  /** The sentence of a block of gate g, with any σ_max. */
  const rescaledTo = (rest: string): RegExp =>
    new RegExp(`^Try Wh of gate g rescaled to a largest singular value of [\\d.]+: ${rest}$`);

  it('is the smallest change that makes 1 % get half as far again', () => {
    assert.equal(gated('lstm', byShift(8, 13, 14)), forget(1, 'the 1 % horizon grows from 8 steps to 13 steps.'));
    assert.equal(gated('lstm', byShift(8, 13, 20)), forget(2, 'the 1 % horizon grows from 8 steps to 20 steps.'));
    assert.equal(gated('lstm', byShift(8, 11, 13)), forget(2, 'the 1 % horizon grows from 8 steps to 13 steps.'));
    assert.equal(gated('lstm', byShift(8, 11, 11)), null);
    assert.equal(
      gated('lstm', (shift, factor) => (shift === 1 ? curve(1.01) : byShift(8, 0, 9)(shift, factor))),
      forget(1, 'the gradient then does not shrink; now the 1 % horizon is 8 steps.'),
    );
    // What then explodes is no help, nor is a run that is not finite.
    for (const bad of [curve(2), curve(NaN), new Float64Array(trip + 1).fill(Infinity)])
      assert.equal(
        gated('lstm', (shift, factor) => (shift === 1 ? bad : byShift(8, 0, 9)(shift, factor))),
        null,
      );
    assert.equal(
      gated('lstm', (shift) => (shift === 0 ? curve(1) : curve(1))),
      null,
    );
    assert.equal(
      gated('lstm', () => curve(NaN)),
      null,
    );
  });

  it('says what it is measured on where the run is more than that', () => {
    assert.equal(
      gated('lstm', byShift(8, 13, 14), { isPart: true }),
      forget(1, 'the 1 % horizon grows from 8 steps to 13 steps. That is measured on 25 steps of one sequence.'),
    );
  });

  it('is twice the block of the strongest gate where that helps more', () => {
    const told = gated('lstm', (_, factor) => reaching(Math.abs(factor - 2) < 0.02 ? 20 : 8)) ?? '';
    assert.match(told, rescaledTo('the 1 % horizon grows from 8 steps to 20 steps.'));
    const still = gated('lstm', (_, factor) => (factor > 1.5 ? curve(1.01) : reaching(8))) ?? '';
    assert.match(still, rescaledTo('the gradient then does not shrink; now the 1 % horizon is 8 steps.'));
    const other = { paths: { i: 0.6, g: 0.5, f: NaN }, gate: 'i' };
    assert.match(gated('lstm', (_, factor) => reaching(factor > 1.5 ? 20 : 8), other) ?? '', /^Try Wh of gate i /);
    assert.equal(
      gated('lstm', (_, factor) => reaching(factor > 1.5 ? 20 : 8), { paths: {} }),
      null,
    );
  });

  it('against an explosion is the largest block that takes half of the rate', () => {
    const exploding = { kind: 'exploding' } as const;
    // The rate falls with the block: ln 2 as it is.
    const told = gated('lstm', (_, factor) => curve(2 ** factor), exploding) ?? '';
    assert.match(told, rescaledTo('a step back then multiplies the gradient by 1.\\d+ instead of 2.'));
    const ratio = Number(/value of ([\d.]+)/.exec(told)?.[1]);
    assert.ok(ratio > 0 && Number.isFinite(ratio));
    // Nothing helps where too little is taken, or where it vanishes then.
    assert.equal(
      gated('lstm', (_, factor) => curve(factor < 0.99 ? 1.5 : 2), exploding),
      null,
    );
    assert.equal(
      gated('lstm', (_, factor) => curve(factor < 0.99 ? 0.1 : 2), exploding),
      null,
    );
    assert.equal(
      gated('lstm', (_, factor) => curve(factor < 0.99 ? 1 : 2), { ...exploding, paths: {} }),
      null,
    );
    assert.match(
      gated('gru', (_, factor) => curve(factor < 0.3 ? 1.1 : 2), { ...exploding, paths: { n: 2 }, gate: 'n' }) ?? '',
      /gate n .* by 1\.1 instead of 2\.$/,
    );
  });
});
