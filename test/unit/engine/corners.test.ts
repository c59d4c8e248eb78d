// Corners of the engine: what is zero, not finite, too large or of another kind, each against what it has to be.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellOf, finish, runExperiment, runResumably } from '../../../src/engine/index.js';
import type { Experiment, LayerExperiment } from '../../../src/engine/index.js';
import { gateBlocks, gateEigenvalues } from '../../../src/engine/analysis/gateBlocks.js';
import { gateValues } from '../../../src/engine/analysis/gateValues.js';
import { measureMatrix } from '../../../src/engine/analysis/matrixFacts.js';
import { openGates } from '../../../src/engine/analysis/openedGates.js';
import { activationOf, kernelOf } from '../../../src/engine/cells/index.js';
import { eigenvaluesOf } from '../../../src/engine/linalg/eigenvalues.js';
import { graded, log2SingularValues } from '../../../src/engine/linalg/gradedSvd.js';
import { JacobianNorm, sigmaMaxOf } from '../../../src/engine/linalg/lanczos.js';
import { provenBelow } from '../../../src/engine/linalg/luCholesky.js';
import { median } from '../../../src/engine/linalg/slopeFit.js';
import { asLayer } from '../../../src/engine/network/experiment.js';
import { orthogonal } from '../../../src/engine/network/initialise.js';
import { lossAtStep, readoutOf } from '../../../src/engine/network/loss.js';
import { upstreamTrace } from '../../../src/engine/network/networkLoss.js';
import { RnnUnit } from '../../../src/engine/network/rnnUnit.js';
import { biasChanges, factorFor } from '../../../src/engine/network/whatIfLayer.js';
import type { ChangedLayer } from '../../../src/engine/network/whatIfLayer.js';
import { jacobianSeries } from '../../../src/engine/run/jacobians.js';
import { gatedPieceMemoryOf } from '../../../src/engine/run/memoryEstimate.js';
import { growingSpectrum, spectrumOf } from '../../../src/engine/run/spectrum.js';
import { clip } from '../../../src/engine/run/clip.js';
import { asNetworkRun } from '../../../src/engine/run/networkRun.js';
import { experiment, filled, randomNumbers, rows, scaledIdentity, sumOfExponents } from './build.js';
import { leakyInTheTable } from './leaky.js';
import { kernelsOf, variants } from '../wasm/support.js';
import { randomLoss, randomNetwork } from './networks.js';

const leaky = leakyInTheTable();

/** How often a computation pauses. */
function pausesOf<R>(steps: Generator<number, R, void>): number {
  let count = 0;
  while (steps.next().done !== true) count++;
  return count;
}

describe('matrices at the edge', () => {
  it('that hold what is not finite have measures that are not known, as far as they have any', () => {
    const broken = rows([NaN, 0, 0], [0, 1, 0]);
    assert.deepEqual(finish(measureMatrix(broken, 2, 3)), {
      sigmaMax: NaN,
      spectralRadius: null,
      orthogonalityError: null,
    });
    const square = rows([Infinity, 0], [0, 1]);
    assert.deepEqual(finish(measureMatrix(square, 2, 2, false)), {
      sigmaMax: NaN,
      spectralRadius: null,
      orthogonalityError: NaN,
    });
    assert.ok(
      Number.isNaN(finish(finish(JacobianNorm.create(rows([1, 0], [0, 1]), 2)).sigmaMax(Float64Array.of(1, Infinity)))),
    );
    assert.equal(median(Float64Array.of(1, NaN, 2)).toString(), 'NaN');
  });

  it('with one eigenvalue twice have it twice', () => {
    // λ² − 2λ + 1 = 0 without a zero beside the diagonal.
    assert.deepEqual(finish(eigenvaluesOf(rows([0, 1], [-1, 2]), 2)), [
      [1, 0],
      [1, 0],
    ]);
  });

  it('are proven to be below a bound only where they are', () => {
    const G = rows([4, 0], [0, 1]);
    assert.equal(finish(provenBelow(G, 2, 4.001, 0)), true);
    assert.equal(finish(provenBelow(G, 2, 3.999, 0)), false);
  });

  it('with a row of zeros have a singular value of 0', () => {
    const { log2, rows: own } = graded([Float64Array.of(4, 0), Float64Array.of(0, 0)]);
    assert.deepEqual([...finish(log2SingularValues({ log2, rows: own }))], [2, -Infinity]);
  });

  it('that are large are measured with pauses', () => {
    const H = 600;
    const steps = sigmaMaxOf(scaledIdentity(H, 0.5), H);
    assert.ok(pausesOf(steps) > 1);
    assert.ok(Math.abs(finish(sigmaMaxOf(scaledIdentity(H, 0.5), H)) - 0.5) < 1e-9);
    assert.ok(pausesOf(orthogonal(160, 160, 1)) > 1);
  });

  it('of gates are left out beyond a width, and where they are not finite', () => {
    const H = 1_025;
    const large = experiment(H, 1, scaledIdentity(H, 0.25));
    const { found, steps } = gateEigenvalues(large);
    finish(steps);
    assert.deepEqual(found, []);
    const [wide] = Object.values(finish(gateBlocks(large)));
    assert.ok(Number.isNaN(wide?.spectralRadius) && Math.abs((wide?.sigmaMax ?? NaN) - 0.25) < 1e-9);
    const small = gateEigenvalues(experiment(2, 1, scaledIdentity(2, 0.5)));
    finish(small.steps);
    assert.deepEqual(
      small.found.map(({ values }) => values),
      [
        [
          [0.5, 0],
          [0.5, 0],
        ],
      ],
    );
    const [narrow] = Object.values(finish(gateBlocks(experiment(2, 1, scaledIdentity(2, 0.5)))));
    assert.equal(narrow?.spectralRadius, 0.5);
    const broken = experiment(2, 1, rows([NaN, 0], [0, 1]));
    const none = gateEigenvalues(broken);
    finish(none.steps);
    assert.deepEqual(none.found, []);
    assert.deepEqual(Object.values(finish(gateBlocks(broken))), [{ spectralRadius: NaN, sigmaMax: NaN }]);
  });
});

describe('singular values of Jacobians', () => {
  it('are not known where Wh is not finite', () => {
    const broken = experiment(2, 4, rows([NaN, 0], [0, 1]));
    const { series, steps } = jacobianSeries(broken, finish(runResumably(broken)), 0);
    finish(steps);
    assert.ok(series.sigmaMax.length > 0 && series.sigmaMax.every(Number.isNaN));
  });
});

describe('memory of a run in pieces', () => {
  it('is larger by the output that a loss reads and what it sends into it, or by what is given', () => {
    const shape = { seed: 1, cell: 'lstm', B: 2, T: 40, I: 1, widths: [3], directions: ['forward'] } as const;
    const network = randomNetwork(shape);
    const kernels = kernelsOf(variants[0]);
    const alone = gatedPieceMemoryOf(network, kernels);
    const loss = randomLoss(network, 'mse', 'every', 1);
    assert.equal(gatedPieceMemoryOf({ ...network, loss }, kernels) - alone, 2 * 40 * 3 * (8 + 8));
    const upstream = { kind: 'given', dhs: new Float64Array(2 * 40 * 3) } as const;
    assert.equal(gatedPieceMemoryOf({ ...network, upstream }, kernels) - alone, 2 * 40 * 3 * 8);
  });
});

describe('exponents of a wide layer', () => {
  /** Of a plain run, with how often it pauses. */
  const exponentsOf = (one: LayerExperiment): { readonly exponents: Float64Array | null; readonly pauses: number } => {
    const { spectrum, steps } = spectrumOf(one, finish(runResumably(one)));
    const pauses = pausesOf(steps);
    return { exponents: spectrum.lyapunov, pauses };
  };

  it('are those of its factor, found with pauses between the directions', () => {
    const H = 100;
    const { exponents, pauses } = exponentsOf(experiment(H, 3, scaledIdentity(H, 0.9)));
    assert.equal(exponents?.length, H);
    for (const value of exponents) assert.ok(Math.abs(value - Math.log(0.9)) < 1e-12);
    assert.ok(pauses >= 6, `${pauses} pauses`);
  });

  it('in front come first where all of them are no matter of a glance', () => {
    const H = 64;
    const chunks = [3, 2].map((steps) => ({ steps, xs: new Float64Array(steps) }));
    for (const stateful of [false, true]) {
      const one = experiment(H, 5, scaledIdentity(H, 0.9), { chunks, stateful });
      const { spectrum, steps, rest } = growingSpectrum(one, finish(runResumably(one)), null, undefined, 0);
      finish(steps);
      const first = [...(spectrum.lyapunov ?? [])];
      assert.ok(
        first.length > 0 && first.length < H && first.every((value) => Math.abs(value - Math.log(0.9)) < 1e-12),
        first.join(),
      );
      finish(rest());
      assert.equal(spectrum.lyapunov?.length, H);
    }
    // Units that are off at one step let nothing through it: no direction leads there.
    const off = experiment(H, 5, scaledIdentity(H, 0.9), {
      cell: 'relu',
      weights: { Wx: new Float64Array(H).fill(1), Wh: scaledIdentity(H, 0.9), b: new Float64Array(H) },
      chunks: [{ steps: 5, xs: Float64Array.of(1, 1, -10, 1, 1) }],
    });
    const { spectrum, steps, rest } = growingSpectrum(off, finish(runResumably(off)), null, undefined, 0);
    finish(steps);
    assert.equal(spectrum.lyapunov, null);
    finish(rest());
    assert.equal(spectrum.lyapunov, null);
  });

  it('are those of what a cell keeps beside the weights, too', () => {
    // With Wh and every bias 0 a GRU keeps half of each unit, and an update gate of 1/2 passes nothing on through h.
    const H = 100;
    const weights = { Wx: new Float64Array(3 * H), Wh: new Float64Array(3 * H * H), b: new Float64Array(3 * H) };
    const { exponents } = exponentsOf(
      experiment(H, 2, weights.Wh, { cell: 'gru', weights: { ...weights, bh: new Float64Array(3 * H) } }),
    );
    for (const value of exponents ?? assert.fail()) assert.ok(Math.abs(value - Math.log(0.5)) < 1e-12);
  });

  it('of which some slopes are tiny add up to the determinant', () => {
    const H = 100;
    const next = randomNumbers(9);
    const Wx = filled(H, () => 30 * next());
    const one = experiment(
      H,
      2,
      scaledIdentity(H, 0.9).map((x) => x + 0.05 * next()),
      {
        chunks: [{ steps: 2, xs: Float64Array.of(1, 1) }],
      },
    );
    const wide = { ...one, layers: [{ ...one.layers[0], parameters: { ...one.layers[0].parameters, Wx } }] } as const;
    const result = finish(runResumably(wide));
    const { spectrum, steps } = spectrumOf(wide, result);
    finish(steps);
    const sum = spectrum.lyapunov?.reduce((all, value) => all + value, 0) ?? NaN;
    const wanted = sumOfExponents(wide, result);
    assert.ok(Math.abs(sum - wanted) < 1e-9 * Math.abs(wanted), `${sum} and ${wanted}`);
  });
});

describe('what a cell does not have', () => {
  const tanh = experiment(2, 3, scaledIdentity(2, 0.5));
  const run = (one: LayerExperiment) => finish(runExperiment(Infinity, one)).layers[0].result;

  it('is asked of it in vain, which is told', () => {
    const { steps } = gateValues(tanh, run(tanh), 0);
    assert.throws(() => finish(steps), /The cell tanh has no gates that open and close/);
    assert.throws(
      () => openGates(tanh, run(tanh), null as never, 0, 0),
      /The cell tanh has no nodes between its gates/,
    );
    assert.throws(() => kernelOf(leaky), /The kernels do not know the cell leaky/);
    assert.throws(() => activationOf(leaky), /The cell leaky is not h = f\(z\)/);
    const weights = { Wx: Float64Array.of(1, 1, 1, 1), Wh: new Float64Array(4), b: new Float64Array(4) };
    const unit = new RnnUnit({ cell: 'lstm', I: 1, H: 1, weights });
    assert.throws(() => unit.overAllPaths(null as never), /call forward first/);
  });

  it('is what a network of several layers is not: one layer', () => {
    const two = randomNetwork({ seed: 1, cell: 'tanh', B: 1, T: 3, I: 1, widths: [2, 2], directions: ['forward'] });
    assert.equal(asLayer(two), null);
    const one: Experiment = tanh;
    assert.equal(asLayer({ ...one, upstream: { kind: 'final' } }), null);
    assert.equal(asLayer({ ...one, upstream: { kind: 'step', t: 1 } }), null);
    const loss = { kind: 'mse', Why: rows([1], [1]), by: Float64Array.of(0), targets: Float64Array.of(1) } as const;
    assert.equal(asLayer({ ...one, loss: { ...loss, at: [1] } }), null);
    assert.notEqual(asLayer({ ...one, loss: { ...loss, at: 'last' } }), null);
  });

  it('says of a gate that keeps a state what a higher bias does, as far as the gradient shrinks at all', () => {
    for (const cell of ['lstm', 'gru'] as const) {
      const { keeper } = cellOf(cell);
      assert.match(keeper?.raised('0.5', 1, '10 steps', null) ?? '', /the gradient then does not shrink/, cell);
      assert.match(keeper?.raised('0.5', 1, '10 steps', '20 steps') ?? '', /from 10 steps to 20 steps/, cell);
    }
  });
});

describe('factors of a Wh', () => {
  const of = (now: number, to: number, measure: 'sigmaMax' | 'spectralRadius' = 'sigmaMax') =>
    factorFor({ measure, to }, { sigmaMax: now, spectralRadius: now });

  it('bring it to a size, where it has one', () => {
    assert.equal(of(2, 1), 0.5);
    assert.equal(of(0, 0), 1);
    assert.match(String(of(0, 1)), /^Wh is zero/);
    assert.match(String(of(0, 1, 'spectralRadius')), /^The spectral radius of Wh is 0/);
    assert.match(String(of(NaN, 1)), /not finite/);
  });
});

describe('numbers that come from above', () => {
  it('are read where they stand', () => {
    const dhs = filled(12, randomNumbers(3));
    const given = { ...experiment(2, 3, scaledIdentity(2, 1), { shapes: { B: 2, T: 3, I: 1, H: 2 } }) };
    assert.equal(upstreamTrace({ ...given, upstream: { kind: 'given', dhs } }, 2).data, dhs);
  });

  it('of a loss over many sequences are computed with pauses, and are the same', () => {
    const [B, H, O] = [60, 200, 200];
    const next = randomNumbers(5);
    const loss = {
      kind: 'mse',
      at: 'last',
      Why: filled(H * O, next),
      by: filled(O, next),
      targets: filled(B * O, next),
    } as const;
    const hs = { B, T: 1, N: H, data: filled(B * H, next) };
    const readout = finish(readoutOf(loss, 'float64'));
    const steps = (): ReturnType<typeof lossAtStep> => lossAtStep(loss, readout, hs, 0, 0, 1);
    assert.ok(pausesOf(steps()) >= 2);
    const { value, dh } = finish(steps());
    // Sequence by sequence, in plain sums.
    let squares = 0;
    for (let b = 0; b < B; b++) {
      const row = hs.data.subarray(b * H, (b + 1) * H);
      const errors = Array.from(loss.by, (bias, o) =>
        row.reduce((sum, x, k) => sum + x * loss.Why[k * O + o]!, bias - loss.targets[b * O + o]!),
      );
      squares += errors.reduce((sum, error) => sum + error * error, 0);
      const wanted = errors.reduce((sum, error, o) => sum + ((2 * error) / (B * O)) * loss.Why[o]!, 0);
      assert.ok(Math.abs(dh.data[b * H]! - wanted) < 1e-12, `sequence ${b}`);
    }
    assert.ok(Math.abs(value - squares / (B * O)) < 1e-9 * value);
  });

  const lossOver = (Why: Float64Array) =>
    ({ kind: 'mse', at: 'last', Why, by: Float64Array.of(0.5, 1), targets: Float64Array.of(0, 0) }) as const;

  it('of one layer with a loss are told in full: its value, and the gradient of the readout as it was clipped', () => {
    // h is 0 throughout, so that y = by: the loss is (0.5² + 1²)/2, and ∂L/∂by = 2·(by − 0)/2.
    const one = experiment(2, 3, scaledIdentity(2, 0.5), { loss: lossOver(rows([1, 0], [0, 1])) });
    for (const clipNorm of [null, 0.1]) {
      const clipped = { ...one, clipNorm };
      const { result } = finish(runExperiment(Infinity, clipped)).layers[0];
      const full = finish(asNetworkRun(clipped, result as never).lossInFull());
      assert.ok(full);
      assert.ok(Math.abs(full.value - 0.625) < 1e-15);
      const factor = result.clipFactor ?? 1;
      assert.equal(factor === 1, clipNorm === null);
      assert.deepEqual([...full.readout.bias], [0.5 * factor, factor]);
      assert.deepEqual([...full.readout.weight], [0, 0, 0, 0]);
    }
    const silent = finish(runExperiment(Infinity, experiment(2, 3, scaledIdentity(2, 0.5))));
    assert.equal(finish(silent.lossInFull()), null);
  });

  it('of one layer with a loss are clipped as those of a network, by the readout and both biases too', () => {
    const loss = lossOver(rows([1, 0], [0.5, 1]));
    const one = { ...experiment(2, 3, scaledIdentity(2, 0.5), { loss }), clipNorm: 0.1 };
    const factorOf = (e: Experiment): number => finish(runExperiment(Infinity, e)).clipFactor ?? NaN;
    const network = factorOf({ ...one, loss: { ...loss, at: [2] } });
    assert.ok(network < 0.5 && Math.abs(factorOf(one) / network - 1) < 1e-12, `${factorOf(one)}, not ${network}`);
  });

  it('that are long are clipped with pauses', () => {
    const tensor = new Float64Array(600_000).fill(1);
    const one = { Wx: tensor, Wh: new Float64Array(1), b: new Float64Array(1) };
    const steps = clip([{ spec: { parameters: one }, gradients: one }], { loss: null }, null, 1);
    assert.ok(pausesOf(steps) >= 2);
    assert.ok(Math.abs(tensor[599_999]! - 1 / Math.sqrt(600_000)) < 1e-15);
  });
});

describe('a bias that is tried', () => {
  it('goes where a file has its only one, and a start goes to each that there will be', () => {
    const parameters = { Wx: rows([1]), Wh: rows([1]), b: rows([5]) };
    const shift = rows([2]);
    const changesOf = (stored: 'input' | 'state', biases: readonly [Float64Array, Float64Array] | null) => {
      const held = { input: stored === 'input', state: stored === 'state' };
      const { input, state } = biasChanges(
        { parameters, biases: { stored: held, whole: { input: true, state: true } } },
        { biases, shift } as unknown as ChangedLayer,
      );
      return [input?.(0, 10) ?? null, state?.(0, 20) ?? null];
    };
    assert.deepEqual(changesOf('state', null), [null, 22]);
    assert.deepEqual(changesOf('input', null), [12, null]);
    // A start replaces what is there.
    assert.deepEqual(changesOf('state', [rows([1]), rows([3])]), [1, 5]);
    assert.deepEqual(changesOf('input', [rows([1]), rows([3])]), [3, 3]);
  });
});
