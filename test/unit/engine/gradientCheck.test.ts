// Every gradient against centred differences of a forward pass written here from the formulas alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { finish, runResumably } from '../../../src/engine/index.js';
import type { CellName, LayerExperiment, LayerLoss } from '../../../src/engine/index.js';
import { relativeError } from './fixtures.js';
import { filled, flatRun, nested, randomNumbers } from './build.js';

type Numbers = { Wx: Float64Array; Wh: Float64Array; b: Float64Array; xs: Float64Array; h0: Float64Array };

/** The cells that are written here: h = f(z). `anyCell.test.ts` checks those that are more. */
const f = { tanh: Math.tanh, relu: (z: number) => (z > 0 ? z : 0), identity: (z: number) => z };

/** hs [B][T][H], and the smallest |z|: how near the trajectory comes to a kink. */
function forward(
  cell: keyof typeof f,
  { B, T, I, H }: LayerExperiment['shapes'],
  { Wx, Wh, b, xs, h0 }: Numbers,
): { hs: number[][][]; nearest: number } {
  let nearest = Infinity;
  const hs = Array.from({ length: B }, (_, item) => {
    let h = Array.from(h0.subarray(item * H, (item + 1) * H));
    return Array.from({ length: T }, (_, t) => {
      h = Array.from({ length: H }, (_, j) => {
        let z = b[j]!;
        for (let k = 0; k < H; k++) z += h[k]! * Wh[k * H + j]!;
        for (let k = 0; k < I; k++) z += xs[(item * T + t) * I + k]! * Wx[k * H + j]!;
        nearest = Math.min(nearest, Math.abs(z));
        return f[cell](z);
      });
      return h;
    });
  });
  return { hs, nearest };
}

/** The loss by its definition: a mean over batch, the steps that carry it and, for mse, the outputs. */
function lossOf({ kind, at, Why, by, targets }: LayerLoss, hs: number[][][]): number {
  const O = by.length;
  const terms: number[] = [];
  hs.forEach((states, item) => {
    const carrying = at === 'last' ? states.slice(-1) : states;
    carrying.forEach((h, s) => {
      const y = Array.from(by, (bias, o) => h.reduce((sum, value, j) => sum + value * Why[j * O + o]!, bias));
      const place = item * carrying.length + s;
      if (kind === 'mse') terms.push(...y.map((value, o) => (value - targets[place * O + o]!) ** 2));
      else terms.push(-Math.log(Math.exp(y[targets[place]!]!) / y.reduce((sum, value) => sum + Math.exp(value), 0)));
    });
  });
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

const dimensions = {
  B: fc.integer({ min: 1, max: 3 }),
  T: fc.integer({ min: 1, max: 6 }),
  I: fc.integer({ min: 1, max: 3 }),
  H: fc.integer({ min: 1, max: 4 }),
};
const step = 1e-5;

function numbersFor({ B, T, I, H }: LayerExperiment['shapes'], next: () => number, withState: boolean): Numbers {
  return {
    Wx: filled(I * H, next),
    Wh: filled(H * H, next),
    b: filled(H, next),
    xs: filled(B * T * I, next),
    h0: withState ? filled(B * H, next) : new Float64Array(B * H),
  };
}

function experimentOf(
  cell: CellName,
  shapes: LayerExperiment['shapes'],
  { xs, h0, ...weights }: Numbers,
  withState: boolean,
): LayerExperiment {
  return nested({
    name: 'random',
    cell,
    dtype: 'float64',
    shapes,
    weights,
    chunks: [{ steps: shapes.T, xs }],
    h0: withState ? h0 : null,
    stateful: false,
    upstream: { kind: 'last' },
    loss: null,
    clipNorm: null,
    truncate: null,
  });
}

/** Largest relative difference between the engine's gradients and centred differences of `value`. */
function worstGradient(run: LayerExperiment, numbers: Numbers, value: (numbers: Numbers) => number): number {
  const result = flatRun(finish(runResumably(run)));
  const gradients = { Wx: result.dWx, Wh: result.dWh, b: result.db, xs: result.dxs, h0: result.dh0 };
  const differences = (name: keyof Numbers): Float64Array =>
    numbers[name].map((original, i) => {
      const moved = (by: number): number => value({ ...numbers, [name]: numbers[name].with(i, original + by) });
      return (moved(step) - moved(-step)) / (2 * step);
    });
  return (['Wx', 'Wh', 'b', 'xs', 'h0'] as const).reduce((worst, name) => {
    const expected = differences(name);
    // Below 1e-3 the difference quotient's own rounding would be most of what is compared.
    return Math.max(
      worst,
      relativeError(gradients[name], expected) *
        Math.min(1, 1e3 * expected.reduce((max, v) => Math.max(max, Math.abs(v)), 0)),
    );
  }, 0);
}

describe('finite differences', () => {
  it('agree with every gradient for random shapes, cells, initial states and upstream gradients', (t) => {
    let worst = 0;
    fc.assert(
      fc.property(
        fc.record({
          ...dimensions,
          cell: fc.constantFrom<keyof typeof f>('tanh', 'relu', 'identity'),
          seed: fc.nat(),
          withState: fc.boolean(),
          kind: fc.constantFrom('last', 'every', 'given'),
        }),
        ({ cell, seed, withState, kind, ...shapes }) => {
          const next = randomNumbers(seed);
          const numbers = numbersFor(shapes, next, withState);
          fc.pre(cell !== 'relu' || forward(cell, shapes, numbers).nearest > 0.01);
          const { B, T, H } = shapes;
          const dhs = filled(B * T * H, (): number => 0).map((_, i) =>
            kind === 'given' ? next() : kind === 'every' || Math.floor(i / H) % T === T - 1 ? 1 : 0,
          );
          const upstream =
            kind === 'given'
              ? ({ kind: 'given', dhs } as const)
              : ({ kind: kind === 'every' ? 'every' : 'last' } as const);
          const run = { ...experimentOf(cell, shapes, numbers, withState), upstream };
          const error = worstGradient(run, numbers, (moved) =>
            forward(cell, shapes, moved)
              .hs.flat(2)
              .reduce((sum, h, i) => sum + h * dhs[i]!, 0),
          );
          worst = Math.max(worst, error);
          assert.ok(error < 1e-6, `relative error ${error}`);
        },
      ),
      { numRuns: 150 },
    );
    t.diagnostic(`largest relative error ${worst.toExponential(1)}`);
  });

  it('agree with the gradients of both losses, whose value follows its definition', (t) => {
    let worst = 0;
    fc.assert(
      fc.property(
        fc.record({
          ...dimensions,
          O: fc.integer({ min: 1, max: 3 }),
          kind: fc.constantFrom('mse', 'crossEntropy'),
          at: fc.constantFrom('last', 'every'),
          seed: fc.nat(),
        }),
        ({ kind, at, seed, O, ...shapes }) => {
          const next = randomNumbers(seed);
          const numbers = numbersFor(shapes, next, true);
          const S = at === 'last' ? 1 : shapes.T;
          const targets =
            kind === 'mse'
              ? filled(shapes.B * S * O, next)
              : filled(shapes.B * S, () => Math.floor(((next() + 1) / 2) * O));
          const loss: LayerLoss = { kind, at, Why: filled(shapes.H * O, next), by: filled(O, next), targets };
          const run = { ...experimentOf('tanh', shapes, numbers, true), loss };
          const value = (moved: Numbers): number => lossOf(loss, forward('tanh', shapes, moved).hs);
          assert.ok(Math.abs((flatRun(finish(runResumably(run))).lossValue ?? NaN) - value(numbers)) < 1e-12);
          const error = worstGradient(run, numbers, value);
          worst = Math.max(worst, error);
          assert.ok(error < 1e-6, `relative error ${error}`);
        },
      ),
      { numRuns: 100 },
    );
    t.diagnostic(`largest relative error ${worst.toExponential(1)}`);
  });
});
