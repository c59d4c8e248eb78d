// Every stored reference case of networks: two other implementations (automatic differentiation, and a hand-written
// pass in 80-bit arithmetic) against the result that the command line writes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import {
  cellOf,
  finish,
  inPositions,
  runExperiment,
  runNetwork,
  spectrumResumably,
} from '../../../src/engine/index.js';
import type { AnyNetworkRun } from '../../../src/engine/index.js';
import { resultJson, withGateBlocks } from '../../../src/worker/record/resultJson.js';
import { kernelsOf, variants } from '../wasm/support.js';
import { experimentOfCase, experimentOfGated, gatedCase, networkCase, networkNames } from './networkFixtures.js';

type Json = null | number | string | readonly Json[] | { readonly [key: string]: Json };

const jsonOf = (run: AnyNetworkRun): Json =>
  JSON.parse(
    [
      ...resultJson(run, ({ experiment, result }) =>
        finish(withGateBlocks(experiment, finish(spectrumResumably(experiment, result)))),
      ),
    ].join(''),
  ) as Json;

const at = (json: Json, ...keys: readonly (string | number)[]): Json =>
  keys.reduce((value: Json, key) => (value as Record<string, Json>)[key] ?? null, json);

/** Numbers of nested lists in order; null and "-Infinity" of a list stay what they are. */
const flat = (json: Json): (number | null)[] =>
  Array.isArray(json)
    ? (json as Json[]).flatMap(flat)
    : json === null
      ? [null]
      : [typeof json === 'string' ? Number(json) : (json as number)];

/** Largest difference over the largest magnitude that is expected; absolute where that is 0. */
function relativeError(actual: Json, expected: Json): number {
  const [a, e] = [flat(actual), flat(expected)];
  if (a.length !== e.length) return Infinity;
  const largest = e.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  const worst = e.reduce<number>((most, value, i) => {
    const difference = Math.abs((a[i] ?? NaN) - (value ?? NaN));
    return Math.max(most, Number.isNaN(difference) ? Infinity : difference);
  }, 0);
  return largest === 0 ? worst : worst / largest;
}

/** Largest difference of each to itself; below 1e-290 absolute. */
function worstOfEach(actual: Json, expected: Json): number {
  const [a, e] = [flat(actual), flat(expected)];
  if (a.length !== e.length) return Infinity;
  return e.reduce<number>((most, value, i) => {
    const difference = Math.abs((a[i] ?? NaN) - (value ?? NaN)) / Math.max(Math.abs(value ?? 0), 1e-290);
    return Math.max(most, Number.isNaN(difference) ? Infinity : difference);
  }, 0);
}

/** Largest absolute difference; null is the logarithm of zero, or no number in both. */
function absolute(actual: Json, expected: Json): number {
  const [a, e] = [flat(actual), flat(expected)];
  if (a.length !== e.length) return Infinity;
  return e.reduce<number>((most, value, i) => {
    const [own, wanted] = [a[i] ?? -Infinity, value ?? -Infinity];
    if (own === wanted) return most;
    const difference = Math.abs(own - wanted);
    return Math.max(most, Number.isNaN(difference) ? Infinity : difference);
  }, 0);
}

function within(t: TestContext, what: string, difference: number, bound: number): void {
  t.diagnostic(`${what}: ${difference.toExponential(1)} (bound ${bound.toExponential(1)})`);
  assert.ok(difference <= bound, `${what} differs by ${difference}, more than ${bound}`);
}

/** The files know no fading: it is what of their healthy ones leaves less than a tenth between the ends of the trip. */
function verdictOf(kind: Json, singleSource: Json): Json {
  const values = flat(singleSource).filter((value) => value !== null);
  return kind === 'healthy' && Math.abs((values.at(-1) ?? 0) - (values[0] ?? 0)) > 1 ? 'fading' : kind;
}

const candidates = ['g', 'n'];

/**
 * In float64 tensors are what the dtype gives: where 1 − h² has lost its digits, as in `tanh_driven_saturated`, they
 * are those of every framework, and only logarithms, Jacobians and exponents know better.
 */
const boundOf = (name: string, usual: number): number => (name === 'tanh_driven_saturated' ? 1e-7 : usual);

/** In plain arithmetic, and with the kernels of each variant, through which gated cells run. */
const runWays = [
  ['in plain arithmetic', null],
  ...variants.map((variant) => [`with ${variant} instructions`, kernelsOf(variant)] as const),
] as const;
// The kernels of other cells do not run networks.
const ways = networkNames('networks').flatMap((name) =>
  runWays
    .filter(
      ([, kernels]) =>
        kernels === null || cellOf(experimentOfCase(networkCase(name), 'float64').cell).gated !== undefined,
    )
    .map(([way, kernels]) => ({ name, way, kernels })),
);

const tensors = ['hs', 'dxs', 'dh0', 'dc0'] as const;

for (const { name, way, kernels } of ways) {
  const ref = networkCase(name);
  const expected = ref.expected as Json;
  describe(`network case ${name} ${way}`, () => {
    const run = finish(runNetwork(experimentOfCase(ref, 'float64'), undefined, kernels));
    const json = jsonOf(run);

    const checkTensors = (t: TestContext, json: Json): void => {
      for (const tensor of tensors)
        if (at(expected, tensor) === null) assert.equal(at(json, tensor), null, tensor);
        else within(t, tensor, relativeError(at(json, tensor), at(expected, tensor)), boundOf(name, 1e-11));
      for (const [parameter, values] of Object.entries(at(expected, 'parameters') as Record<string, Json>))
        within(t, parameter, relativeError(at(json, 'parameters', parameter), values), boundOf(name, 1e-11));
      const loss = at(expected, 'loss');
      if (loss !== null) {
        within(t, 'loss', worstOfEach(at(json, 'loss', 'value'), at(loss, 'value')), 1e-11);
        within(t, 'loss per step', relativeError(at(json, 'loss', 'perStep'), at(loss, 'perStep')), 1e-11);
        for (const part of ['weight', 'bias'])
          within(
            t,
            `readout ${part}`,
            relativeError(at(json, 'loss', 'readout', part), at(loss, 'readout', part)),
            1e-11,
          );
      }
      const factor = at(expected, 'clipFactor');
      if (factor === null) assert.equal(at(json, 'clipFactor'), null);
      else within(t, 'clip factor', worstOfEach(at(json, 'clipFactor'), factor), 1e-11);
    };

    it('tensors and gradients in float64', (t) => {
      checkTensors(t, json);
      // As the command line and the panel run it: a single layer in one direction has a way of its own.
      checkTensors(t, jsonOf(finish(runExperiment(Infinity, experimentOfCase(ref, 'float64'), undefined, kernels))));
    });

    it('norms, their logarithms and gates', (t) => {
      within(t, 'dx', worstOfEach(at(json, 'norms', 'dx'), at(expected, 'norms', 'dx')), boundOf(name, 1e-9));
      within(t, 'log10dx', absolute(at(json, 'norms', 'log10dx'), at(expected, 'norms', 'log10dx')), 1e-6);
      for (const [l, layer] of (at(expected, 'layers') as Json[]).entries()) {
        const own = at(json, 'layers', l);
        assert.deepEqual(
          [at(own, 'layer'), at(own, 'direction'), at(own, 'cell')],
          [at(layer, 'layer'), at(layer, 'direction'), at(layer, 'cell')],
        );
        for (const norm of ['dh', 'dc', 'ds'])
          if (at(layer, 'norms', norm) === null) assert.equal(at(own, 'norms', norm), null, norm);
          else
            within(
              t,
              `${l} ${norm}`,
              worstOfEach(at(own, 'norms', norm), at(layer, 'norms', norm)),
              boundOf(name, 1e-9),
            );
        for (const norm of ['log10dh', 'log10dc', 'log10ds'])
          if (at(layer, 'norms', norm) !== null)
            within(t, `${l} ${norm}`, absolute(at(own, 'norms', norm), at(layer, 'norms', norm)), 1e-6);
        for (const [parameter, values] of Object.entries(at(layer, 'norms', 'parameters') as Record<string, Json>)) {
          within(
            t,
            `${l} ${parameter}`,
            worstOfEach(at(own, 'norms', 'parameters', parameter), values),
            boundOf(name, 1e-9),
          );
          // Below the normal range of float64 only the logarithm is right.
          const logs = flat(at(own, 'norms', 'log10parameters', parameter));
          const told = flat(values).map((value, i) => (value! > 1e-290 ? Math.log10(value!) : logs[i]!));
          within(t, `${l} log10 ${parameter}`, absolute(logs, told), 1e-6);
        }
        const gates = at(layer, 'gates');
        if (gates === null) assert.equal(at(own, 'gates'), null);
        else
          for (const [gate, measures] of Object.entries(gates as Record<string, Json>))
            for (const [measure, values] of Object.entries(measures as Record<string, Json>))
              // The files count values of g and n themselves, where the result counts their sizes.
              if (measure === 'mean' || !candidates.includes(gate))
                within(t, `${l} ${gate} ${measure}`, absolute(at(own, 'gates', gate, measure), values), 1e-11);
      }
    });

    it('norms of single sequences, which together are those of the batch', (t) => {
      for (const [l, { experiment, result }] of run.layers.entries()) {
        const { B, T } = result.shapes;
        const [{ log10dhPerSequence }] = result.layers;
        const together = Array.from({ length: T }, (_, step) => {
          const own = Array.from({ length: B }, (_, b) => log10dhPerSequence[b * T + step]!);
          const most = Math.max(...own);
          return most === -Infinity
            ? most
            : most + 0.5 * Math.log10(own.reduce((sum, log) => sum + 100 ** (log - most), 0));
        });
        const told = [...inPositions(experiment, Float64Array.from(together))];
        within(t, `${l} log10dh`, absolute(told, at(expected, 'layers', l, 'norms', 'log10dh')), 1e-6);
      }
    });

    it('Jacobians, exponents, single sources and the verdict', (t) => {
      for (const [l, layer] of (at(expected, 'layers') as Json[]).entries()) {
        const own = at(json, 'layers', l);
        const [spectrum, wanted] = [at(own, 'spectrum'), at(layer, 'spectrum')];
        within(t, `${l} σ_max`, absolute(at(spectrum, 'jacobianSigmaMax'), at(wanted, 'jacobianSigmaMax')), 1e-9);
        if (at(wanted, 'lyapunov') !== null) {
          within(t, `${l} exponents`, absolute(at(spectrum, 'lyapunov'), at(wanted, 'lyapunov')), 1e-7);
          within(
            t,
            `${l} product`,
            absolute(at(spectrum, 'logProductSigmaMax'), at(wanted, 'logProductSigmaMax')),
            1e-7,
          );
        }
        for (const [gate, measures] of Object.entries(at(wanted, 'perGate') as Record<string, Json>))
          for (const [measure, value] of Object.entries(measures as Record<string, Json>))
            within(t, `${l} ${gate} ${measure}`, worstOfEach(at(spectrum, 'perGate', gate, measure), value), 1e-9);
        within(t, `${l} single source`, absolute(at(own, 'log10SingleSource'), at(layer, 'singleSource')), 1e-6);
        if (at(layer, 'verdictKind') !== null)
          assert.equal(at(own, 'verdict', 'kind'), verdictOf(at(layer, 'verdictKind'), at(layer, 'singleSource')));
      }
      if (at(expected, 'networkSingleSource') !== null)
        within(
          t,
          'network single source',
          absolute(at(json, 'log10SingleSource'), at(expected, 'networkSingleSource')),
          1e-6,
        );
      if (at(expected, 'networkVerdictKind') !== null)
        assert.equal(
          at(json, 'verdict', 'kind'),
          verdictOf(at(expected, 'networkVerdictKind'), at(expected, 'networkSingleSource')),
        );
    });

    it('tensors in float32', (t) => {
      const single = jsonOf(finish(runNetwork(experimentOfCase(ref, 'float32'), undefined, kernels)));
      const bound = (tensor: string): number | null => {
        const measured = ref.measuredFloat32Error[tensor];
        return measured === null ? null : Math.max(3e-5, 3 * (measured ?? 0));
      };
      for (const tensor of tensors) {
        const allowed = bound(tensor);
        if (at(expected, tensor) === null || allowed === null) continue;
        within(t, tensor, relativeError(at(single, tensor), at(expected, tensor)), allowed);
      }
      const allowed = bound('parameters');
      if (allowed !== null)
        for (const [parameter, values] of Object.entries(at(expected, 'parameters') as Record<string, Json>))
          within(t, parameter, relativeError(at(single, 'parameters', parameter), values), allowed);
    });
  });
}

for (const name of networkNames('gated')) {
  const ref = gatedCase(name);
  describe(`gated case ${name}`, () => {
    it('tensors, gradients and norms in float64, layer by layer and through the run of a single one', (t) => {
      const experiment = experimentOfGated(ref, 'float64');
      for (const json of runWays.flatMap(([, kernels]) => [
        jsonOf(finish(runNetwork(experiment, undefined, kernels))),
        jsonOf(finish(runExperiment(Infinity, experiment, undefined, kernels))),
      ])) {
        for (const tensor of tensors)
          if (ref.expected[tensor] !== undefined && ref.expected[tensor] !== null)
            within(t, tensor, relativeError(at(json, tensor), ref.expected[tensor] as Json), 1e-11);
        for (const [parameter, values] of Object.entries(ref.expected.grads))
          within(t, parameter, relativeError(at(json, 'parameters', parameter), values as Json), 1e-11);
        within(t, 'dx', worstOfEach(at(json, 'norms', 'dx'), ref.expected.norms.dx), 1e-9);
        for (const [l, norms] of ref.expected.norms.layers.entries()) {
          within(t, `${l} dh`, worstOfEach(at(json, 'layers', l, 'norms', 'dh'), norms.dh), 1e-9);
          if (norms.dc !== undefined)
            within(t, `${l} dc`, worstOfEach(at(json, 'layers', l, 'norms', 'dc'), norms.dc), 1e-9);
        }
      }
    });
  });
}
