// Exponents and singular values of LSTM and GRU through the kernels, against those in plain arithmetic.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cellOf,
  finish,
  gatedMemoryOf,
  growingSpectrum,
  jacobianSeries,
  runNetwork,
  runResumably,
  spectrumResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import type { JacobianSeries, LayerExperiment, Resumable, Spectrum } from '../../../src/engine/index.js';
import { itemOf } from '../../../src/engine/analysis/spectrum.js';
import { exactSteps } from '../../../src/engine/network/cellRows.js';
import { randomNetwork } from '../engine/networks.js';
import { Counted, most } from './counting.js';
import { gatedCells, plainGated, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { heavyVariants, kernelsOf, oncePer, variants, ways } from './support.js';

const shapes: Readonly<Record<string, Partial<RandomGated>>> = {
  'of ordinary weights': { H: 20, T: 40 },
  'of one unit': { H: 1, T: 30 },
  'of a width that fills no panel': { H: 11, T: 30, scale: 0.6 },
  'of strong weights': { H: 12, T: 40, scale: 3 },
  'of saturated gates': { H: 8, T: 60, scale: 12 },
  'in chunks whose state goes on': { H: 9, T: 45, chunks: 2, stateful: true },
  'in chunks that begin anew': { H: 9, T: 45, chunks: 2, truncate: 7 },
  'of ragged sequences in reverse': { H: 10, T: 40, ragged: true, direction: 'reverse' },
};

/** Largest |a − b| / max(1, |b|); equal infinities do not differ. */
function difference(found: ArrayLike<number>, known: ArrayLike<number>): number {
  assert.equal(found.length, known.length);
  let largest = 0;
  for (let i = 0; i < known.length; i++) {
    const [a, b] = [found[i]!, known[i]!];
    if (!Object.is(a, b)) largest = Math.max(largest, Math.abs(a - b) / Math.max(1, Math.abs(b)));
    assert.ok(!Number.isNaN(largest), `${a} instead of ${b} at ${i}`);
  }
  return largest;
}

for (const variant of heavyVariants) {
  describe(`the Jacobians of gated cells with ${variant} instructions`, () => {
    for (const [name, shape] of Object.entries(shapes))
      it(`${name} have the exponents, products and singular values of plain arithmetic`, (t) => {
        for (const cell of gatedCells) {
          const kernels = kernelsOf(variant);
          const e = randomGated({ ...plainGated, B: 2, I: 4, cell, ...shape });
          const run = finish(runResumably(e, undefined, kernels));
          const through = new Workspaces(kernels);
          const spectrum: Spectrum = finish(spectrumResumably(e, run, through));
          const plain: Spectrum = finish(spectrumResumably(e, run));
          const exponents = difference(spectrum.lyapunov ?? [], plain.lyapunov ?? []);
          t.diagnostic(`${cell}: exponents differ by ${exponents.toExponential(1)}`);
          // In saturation both lose digits, and say how many.
          const uncertain = (spectrum.lyapunovError ?? NaN) + (plain.lyapunovError ?? NaN);
          assert.ok(uncertain < 1e-7, `${cell}: ${uncertain} is uncertain`);
          assert.ok(exponents <= 1e-12 + uncertain, `${cell}: ${exponents}, and ${uncertain} is uncertain`);
          // What both say of all directions together is the determinant.
          const n = cellOf(cell).states.length * e.shapes.H;
          for (const { lyapunovSumError: off } of [spectrum, plain])
            assert.ok((off ?? NaN) <= 1e-10 + n * uncertain, `${cell}: ${off} off the determinants`);
          const sigma = difference(spectrum.jacobianSigmaMax, plain.jacobianSigmaMax);
          assert.ok(sigma <= 1e-11, `${cell}: σ_max is ${sigma} off`);
          assert.ok(difference([spectrum.logProductSigmaMax], [plain.logProductSigmaMax]) <= 1e-12, cell);
          const series = (workspaces: Workspaces | null): JacobianSeries => {
            const { series: all, steps } = jacobianSeries(e, run, 1, workspaces);
            finish(steps);
            return all;
          };
          const [found, known] = [series(through), series(null)];
          for (const [key, bound] of [
            ['sigmaMax', 1e-12],
            ['sigmaMin', 1e-12],
            ['log10Largest', 1e-12],
            ['log10Median', 1e-11],
            // Of saturated gates both have lost digits of the last direction.
            ['log10Smallest', 'scale' in shape && shape.scale >= 3 ? 1e-7 : 1e-10],
          ] as const) {
            const off = difference(found[key], known[key]);
            assert.ok(off <= bound, `${cell} ${key}: ${off}`);
          }
        }
      });
  });
}

/** Σ ln R_ii / T of directions through all Jacobians, by Gram–Schmidt at each step; descending. */
function byGramSchmidt(jacobians: readonly Float64Array[], directions: readonly number[]): number[] {
  const n = Math.sqrt(jacobians[0]!.length);
  let Q = directions.map((i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
  const sums = directions.map(() => 0);
  for (const J of jacobians) {
    Q = Q.map((q) => q.map((_, j) => q.reduce((sum, value, k) => sum + J[j * n + k]! * value, 0)));
    for (const [i, q] of Q.entries()) {
      for (let round = 0; round < 2; round++)
        for (const before of Q.slice(0, i)) {
          const dot = q.reduce((sum, value, j) => sum + value * before[j]!, 0);
          for (let j = 0; j < n; j++) q[j] = q[j]! - dot * before[j]!;
        }
      const length = Math.hypot(...q);
      sums[i] = sums[i]! + Math.log(length);
      for (let j = 0; j < n; j++) q[j] = q[j]! / length;
    }
  }
  return sums.map((sum) => sum / jacobians.length).sort((a, b) => b - a);
}

/** An LSTM of which two units act alike, in plain arithmetic, with the Jacobians of its steps. */
const alikeOf = oncePer(([H, T, seed]: readonly [number, number, number]) => {
  const e = randomGated({ ...plainGated, seed, B: 1, T, I: 2, H, cell: 'lstm' });
  const [layer] = e.layers;
  const Wh = layer.parameters.Wh.slice();
  Wh.copyWithin(4 * H, 0, 4 * H);
  const alike: LayerExperiment = { ...e, layers: [{ ...layer, parameters: { ...layer.parameters, Wh } }] };
  const run = finish(runResumably(alike));
  const item = finish(itemOf(alike, run, 0));
  const jacobians = item.chunks.flatMap((chunk) =>
    Array.from({ length: chunk.steps }, (_, t) => exactSteps(item.experiment, chunk, t)[0]!.dense()),
  );
  const exponentsOf = oncePer((known: number) => {
    const others = [0, ...Array.from({ length: known - 2 }, (_, i) => i + 2)];
    return [...byGramSchmidt(jacobians, others), -Infinity];
  });
  return { alike, run, exponentsOf };
});

for (const [way, workspaces] of ways)
  describe(`the exponents of an LSTM of which two units act alike, ${way}`, () => {
    for (const [H, T, seeds] of [
      [3, 7, 12],
      [64, 4, 1],
    ] as const)
      it(`of ${H} units lose that direction at the first step, and are those of the others`, () => {
        for (let seed = 1; seed <= seeds; seed++) {
          const { alike, run, exponentsOf } = alikeOf([H, T, seed]);
          const { spectrum, steps, rest } = growingSpectrum(alike, run, workspaces, undefined, 0);
          const holds = (known: number): void => {
            assert.equal(spectrum.lyapunovKnown, known);
            assert.ok(difference(spectrum.lyapunov ?? [], exponentsOf(known)) < 1e-9, `${way}, seed ${seed}, ${known}`);
            assert.equal(spectrum.lyapunovSumError, null);
          };
          finish(steps);
          if (H >= 64) holds(32);
          finish(rest());
          holds(2 * H);
        }
      });
  });

const [variant] = variants;
describe('the Jacobians of gated cells through the kernels', () => {
  it('keep products of steps whose squares no float64 holds', () => {
    // Of one unit the product is that of σ of each step.
    const workspaces = new Workspaces(kernelsOf(variant));
    let tiny = 0;
    for (let seed = 1; seed < 30; seed++) {
      const plain = randomNetwork({ seed, cell: 'gru', B: 1, T: 12, I: 2, widths: [1], directions: ['forward'] });
      const chunks = plain.chunks.map((chunk) => ({ ...chunk, xs: chunk.xs.map((x) => 700 * x) }));
      const [{ experiment, result }] = finish(runNetwork({ ...plain, chunks })).layers;
      const { series, steps } = jacobianSeries(experiment, result, 0, workspaces);
      finish(steps);
      let sum = 0;
      for (let t = 11; t >= 0; t--) {
        assert.ok(difference([series.log10Largest[t]!], [sum]) < 1e-9, `seed ${seed}, t = ${t}`);
        sum += Math.log10(series.sigmaMax[t]!);
        if (series.sigmaMax[t]! < 1e-154 && series.sigmaMax[t]! > 0) tiny++;
      }
    }
    assert.ok(tiny > 5, `${tiny} steps are so small`);
  });

  it('pause often', (t) => {
    for (const cell of gatedCells) {
      const e = randomGated({ ...plainGated, B: 1, T: 6, I: 16, H: 200, cell, dtype: 'float32', scale: 0.5 });
      const run = finish(runResumably(e, undefined, kernelsOf(variant)));
      const works: Readonly<Record<string, (workspaces: Workspaces) => Resumable<unknown>>> = {
        spectrum: (workspaces) => spectrumResumably(e, run, workspaces),
        jacobians: (workspaces) => jacobianSeries(e, run, 0, workspaces, { t0: 3, t1: 6 }).steps,
      };
      for (const [name, work] of Object.entries(works)) {
        const counted: Counted = new Counted(kernelsOf(variant), e);
        const { largest, total }: ReturnType<typeof counted.drive<unknown>> = counted.drive(
          work(new Workspaces(counted.kernels)),
        );
        t.diagnostic(`${cell} ${name}: ${largest.toExponential(1)} of ${total.toExponential(1)}`);
        assert.ok(total > 1e8, `${cell} ${name}: ${total} products were counted`);
        assert.ok(largest <= most, `${cell} ${name}: ${largest}`);
      }
    }
  });

  // The first width fills panels, the second ends within one; what of a step lies far apart goes factor by factor.
  for (const [H, scale] of [
    [136, 0.6],
    [135, 0.6],
    [133, 8],
  ] as const)
    it(`have the leading exponents of plain arithmetic from few rows through ${H} units, scaled by ${scale}`, () => {
      for (const cell of gatedCells) {
        const e = randomGated({ ...plainGated, B: 1, T: 12, I: 4, H, cell, scale });
        const run = finish(runResumably(e, undefined, kernelsOf(variant)));
        const leading = (workspaces: Workspaces | null): Spectrum => {
          const { spectrum, steps } = growingSpectrum(e, run, workspaces, 1, 0);
          finish(steps);
          return spectrum;
        };
        const found: Spectrum = leading(new Workspaces(kernelsOf(variant)));
        const plain: Spectrum = leading(null);
        assert.equal(found.lyapunovKnown, 32);
        const uncertain = (found.lyapunovError ?? NaN) + (plain.lyapunovError ?? NaN);
        assert.ok(uncertain < 1e-7, `${cell}: ${uncertain} is uncertain`);
        const off = difference(found.lyapunov ?? [], plain.lyapunov ?? []);
        assert.ok(off <= 1e-12 + uncertain, `${cell}: ${off}, and ${uncertain} is uncertain`);
      }
    });

  it('take memory that is told before', () => {
    const of = (H: number): LayerExperiment => randomGated({ ...plainGated, T: 2, I: 1, H });
    const kernels = kernelsOf(variant);
    const [small, large] = [of(8), of(128)];
    // A dozen matrices of all states for the exponents, and as many for the singular values.
    assert.ok(gatedMemoryOf(large, kernels) - gatedMemoryOf(small, kernels) > 20 * 256 ** 2 * 8);
    const made: number[] = [];
    const apart = kernels.apart.bind(kernels);
    kernels.apart = () => {
      const another = apart() ?? assert.fail();
      const layOut = another.layOut.bind(another);
      another.layOut = (sizes) => {
        made.push(another.bytesFor(sizes));
        return layOut(sizes);
      };
      return another;
    };
    const run = finish(runResumably(large, undefined, kernelsOf(variant)));
    const workspaces = new Workspaces(kernels);
    finish(spectrumResumably(large, run, workspaces));
    finish(jacobianSeries(large, run, 0, workspaces).steps);
    assert.ok(made.length >= 2 && made.reduce((sum, bytes) => sum + bytes, 0) <= gatedMemoryOf(large, kernels));
  });
});
