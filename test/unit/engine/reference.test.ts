// Every stored reference case: the other implementation (NumPy, checked against torch autograd) against this one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { finish, Rnn, runResumably, spectrumResumably } from '../../../src/engine/index.js';
import type { DType, FloatArray, LayerNorms, RunResult } from '../../../src/engine/index.js';
import { ways } from '../wasm/support.js';
import { experimentOf, flat, reference, referenceNames, relativeError, worstOfEach } from './fixtures.js';
import type { Reference } from './fixtures.js';
import { flatRun, weightsOf, withLayer } from './build.js';

type Tensors = Readonly<Record<string, FloatArray>>;

/** Everything of a run that a case tells, by the case's names. */
function tensorsOf({ dxs, layers: [layer] }: RunResult): Tensors {
  const gradients = Object.entries(layer.gradients).map(([name, values]) => [`d${name}`, values]);
  const { states, dhTotal, dInitial } = layer;
  return { hs: states.h, dhTotal, dxs, dh0: dInitial.h, ...(Object.fromEntries(gradients) as Tensors) };
}

const normsOf = (dx: Float64Array, { dh, parameters }: LayerNorms): Readonly<Record<string, Float64Array>> => ({
  dh,
  dx,
  ...(Object.fromEntries(Object.entries(parameters).map(([name, values]) => [`d${name}`, values])) as Record<
    string,
    Float64Array
  >),
});

function within(t: TestContext, what: string, difference: number, bound: number): void {
  t.diagnostic(`${what}: ${difference.toExponential(1)} (bound ${bound.toExponential(1)})`);
  assert.ok(difference <= bound, `${what} differs by ${difference}, more than ${bound}`);
}

function checkTensors(t: TestContext, ref: Reference, dtype: DType, bound: number): void {
  const told = ref.expected as unknown as Readonly<Record<string, Parameters<typeof flat>[0]>>;
  for (const [name, actual] of Object.entries(tensorsOf(finish(runResumably(experimentOf(ref, dtype)))))) {
    const expected = flat(told[name] ?? assert.fail(`The case tells no ${name}.`));
    // Below the smallest float32 there is only zero to be had (dh0 of the underflow case is about 1e-323).
    const reachable =
      dtype === 'float64' ||
      expected.every((value) => value === 0) ||
      expected.some((value) => Math.abs(value) > 2 ** -149);
    if (reachable) within(t, name, relativeError(actual, expected), bound);
    else
      assert.ok(
        actual.every((value) => value === 0),
        `${name} is below float32`,
      );
  }
}

/**
 * Stricter than some files ask for: `tolerance` allows for a tanh one unit in the last place off, amplified by
 * saturation.
 */
const float64Bound = 1e-12;

/**
 * Their zeros and nulls come of 1 − h², which is 0 where h rounds to ±1: the slope is not, so they are not compared.
 */
const zerosOfRounding = ['saturated_exact', 'saturated_all'];

const log10Expected = (ref: Reference): Float64Array =>
  Float64Array.from(ref.expected.norms.log10dh, (value) => value ?? -Infinity);

/** Largest absolute difference; equal infinities do not differ. */
const absolute = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  assert.equal(actual.length, expected.length);
  return Array.from(actual).reduce(
    (worst, value, i) =>
      value === expected[i] ? worst : Math.max(worst, Number.isNaN(value) ? Infinity : Math.abs(value - expected[i]!)),
    0,
  );
};

for (const name of referenceNames()) {
  const ref = reference(name);
  describe(`reference case ${name}`, () => {
    it('float64 tensors', (t) => checkTensors(t, ref, 'float64', float64Bound));

    it('float32 tensors', (t) => checkTensors(t, ref, 'float32', 1e-5));

    it('norms per step, plain and with their exponent', (t) => {
      const result = finish(runResumably(experimentOf(ref, 'float64')));
      const [layer] = result.layers;
      const { log10Norms, dhScaled, dhExponent } = layer;
      const logs = normsOf(result.log10Norms.dx, log10Norms);
      const told: Readonly<Record<string, readonly (number | null)[]>> = ref.expected.norms;
      for (const [norm, values] of Object.entries(normsOf(result.norms.dx, layer.norms))) {
        const expected = Array.from(told[norm] ?? assert.fail(`The case tells no norms of ${norm}.`), Number);
        within(t, norm, worstOfEach(values, expected), 1e-9);
        // A plain norm below 1e-290 has lost digits itself; the renormalised pass is held against log10dh there.
        const plain = Float64Array.from(expected, Math.log10);
        const sound = [...plain.keys()].filter(
          (i) => plain[i]! > -290 || (plain[i] === -Infinity && !zerosOfRounding.includes(name)),
        );
        within(
          t,
          `log10 ${norm}`,
          absolute(
            sound.map((i) => logs[norm]![i]!),
            sound.map((i) => plain[i]!),
          ),
          1e-9,
        );
      }
      const log10dh = log10Expected(ref);
      const compared = [...log10dh.keys()].filter((i) => log10dh[i] !== -Infinity || !zerosOfRounding.includes(name));
      within(
        t,
        'log10dh',
        absolute(
          compared.map((i) => log10Norms.dh[i]!),
          compared.map((i) => log10dh[i]!),
        ),
        1e-9,
      );
      const { B, T, H } = ref.shapes;
      const unscaled = dhScaled.map((value, i) => value * 2 ** dhExponent[Math.floor(i / H) % T]!);
      assert.equal(unscaled.length, B * T * H);
      within(t, 'dhScaled·2^dhExponent', relativeError(unscaled, flat(ref.expected.dhTotal)), float64Bound);
    });

    for (const [way, workspaces] of ways)
      it(`spectrum, ${way}`, (t) => {
        const experiment = experimentOf(ref, 'float64');
        const expected = ref.expected.spectrum;
        const spectrum = finish(spectrumResumably(experiment, flatRun(finish(runResumably(experiment))), workspaces));
        within(
          t,
          'spectral radius',
          worstOfEach(Float64Array.of(spectrum.spectralRadiusWh), [expected.spectralRadiusWh]),
          1e-9,
        );
        within(t, 'σ_max(Wh)', worstOfEach(Float64Array.of(spectrum.sigmaMaxWh), [expected.sigmaMaxWh]), 1e-9);
        assert.ok(spectrum.sigmaMaxWhUpper >= expected.sigmaMaxWh * (1 - 1e-15));
        within(
          t,
          'proven bound of σ_max(Wh)',
          worstOfEach(Float64Array.of(spectrum.sigmaMaxWhUpper), [expected.sigmaMaxWh]),
          3e-9,
        );
        if (name === 'saturated_all') assert.ok(spectrum.jacobianSigmaMax.every((sigma) => sigma > 0));
        else within(t, 'σ_max(J_t)', worstOfEach(spectrum.jacobianSigmaMax, expected.jacobianSigmaMax), 1e-9);
        const unmatched = expected.eigenvaluesWh.map(([re, im]) =>
          Math.min(...spectrum.eigenvaluesWh.map(([r, i]) => Math.hypot(r - re, i - im))),
        );
        within(t, 'eigenvalues', Math.max(...unmatched), 1e-9);
        // exactExponents.test.ts holds what is not compared here against exact arithmetic.
        if (zerosOfRounding.includes(name)) assert.ok(spectrum.lyapunov?.every(Number.isFinite));
        else if (expected.lyapunov === null)
          assert.equal(spectrum.lyapunov === null, expected.logProductSigmaMax === null);
        else {
          assert.ok(spectrum.lyapunov !== null);
          within(
            t,
            'Lyapunov exponents',
            absolute(
              spectrum.lyapunov,
              expected.lyapunov.map((value) => value ?? -Infinity),
            ),
            1e-8,
          );
          if (expected.lyapunov[0] !== null)
            t.diagnostic(
              `stated error ${(spectrum.lyapunovError ?? NaN).toExponential(1)}, at most ` +
                `${spectrum.lyapunovBlock ?? NaN} steps in a block`,
            );
          if (expected.lyapunov[0] !== null)
            within(t, 'sum of the exponents', spectrum.lyapunovSumError ?? Infinity, 1e-9);
        }
        if (name === 'saturated_all') assert.ok(Number.isFinite(spectrum.logProductSigmaMax));
        else
          within(
            t,
            'ln σ_max of the product',
            absolute([spectrum.logProductSigmaMax], [expected.logProductSigmaMax ?? -Infinity]),
            1e-9 * Math.max(1, Math.abs(expected.logProductSigmaMax ?? 0)),
          );
      });
  });
}

describe('underflow', () => {
  const ref = reference('underflow');
  it('keeps its logarithms where float32 has nothing left', (t) => {
    const { log10Norms, norms } = flatRun(finish(runResumably(experimentOf(ref, 'float32'))));
    within(t, 'log10dh', absolute(log10Norms.dh, log10Expected(ref)), 1e-6);
    assert.ok(ref.expected.float32 !== undefined);
    assert.equal(
      norms.dh.findLastIndex((value) => value === 0),
      ref.expected.float32.lastZeroStep,
    );
  });
});

describe('stateful', () => {
  const ref = reference('stateful');
  const { stateful } = ref;
  assert.ok(stateful !== undefined);
  const { B, T, I, H } = ref.shapes;
  const first = flat(stateful.chunk1.xs);
  const T1 = first.length / (B * I);

  it('carries the state from call to call, and no gradient', (t) => {
    const weights = weightsOf(experimentOf(ref, 'float64'));
    const rnn = new Rnn({ cell: ref.cell, I, H, weights }, { stateful: true, dtype: 'float64' });
    if (stateful.h0 !== null) rnn.setState({ rows: B, cols: H, data: flat(stateful.h0) });
    within(
      t,
      'hs of chunk 1',
      relativeError(rnn.forward({ B, T: T1, N: I, data: first }).data, flat(stateful.chunk1.hs)),
      1e-12,
    );
    within(
      t,
      'hs of chunk 2',
      relativeError(rnn.forward({ B, T, N: I, data: flat(ref.xs) }).data, flat(ref.expected.hs)),
      1e-12,
    );
    within(
      t,
      'dxs',
      relativeError(rnn.backward({ B, T, N: H, data: flat(ref.dhs) }).data, flat(ref.expected.dxs)),
      1e-12,
    );
    assert.ok(rnn.dh !== null);
    within(t, 'dh', relativeError(rnn.dh.data, flat(ref.expected.dh0)), 1e-12);
    rnn.resetState();
    within(
      t,
      'hs of chunk 1 again',
      relativeError(rnn.forward({ B, T: T1, N: I, data: first }).data, flat(stateful.chunk1.hs)),
      1e-12,
    );
  });

  it('as one experiment of two chunks', (t) => {
    const dhs = new Float64Array(B * (T1 + T) * H);
    for (let b = 0; b < B; b++) dhs.set(flat(ref.dhs).subarray(b * T * H, (b + 1) * T * H), (b * (T1 + T) + T1) * H);
    const result = flatRun(
      finish(
        runResumably(
          withLayer(
            {
              ...experimentOf(ref, 'float64'),
              shapes: { B, T: T1 + T, I, H },
              stateful: true,
              chunks: [
                { steps: T1, xs: first },
                { steps: T, xs: flat(ref.xs) },
              ],
              upstream: { kind: 'given', dhs },
            },
            { h0: stateful.h0 === null ? null : flat(stateful.h0) },
          ),
        ),
      ),
    );
    const second = (data: Float64Array, N: number): Float64Array =>
      Float64Array.from(
        { length: B * T * N },
        (_, i) => data[(Math.floor(i / (T * N)) * (T1 + T) + T1) * N + (i % (T * N))]!,
      );
    within(t, 'hs of chunk 2', relativeError(second(Float64Array.from(result.hs), H), flat(ref.expected.hs)), 1e-12);
    within(t, 'dxs of chunk 2', relativeError(second(Float64Array.from(result.dxs), I), flat(ref.expected.dxs)), 1e-12);
    for (const name of ['dWx', 'dWh', 'db'] as const)
      within(t, name, relativeError(result[name], flat(ref.expected[name])), 1e-12);
    assert.ok(
      result.dh0.every((value) => value === 0),
      'the gradient does not cross the border',
    );
    assert.ok(result.norms.dh.subarray(0, T1).every((value) => value === 0));
    assert.deepEqual(result.chunkStarts, [0, T1]);
  });
});
