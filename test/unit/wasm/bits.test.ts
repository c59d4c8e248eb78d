// Results are the same bits as before: hashes of what 200 random experiments gave when they were stored. Rebuilding the
// engine must not change a result by one rounding without anybody noticing. This says nothing about whether the numbers
// are right: that is what the reference cases and closed forms are for.
// After a change that means to change results: `node build/test.mjs build`, then `STORE_BITS=1 node --test
// out/test/unit/wasm/bits.test.mjs`, and say in the commit why.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  attribute,
  defaultBounds,
  finish,
  jacobianSeries,
  reachOf,
  runResumably,
  spectrumResumably,
} from '../../../src/engine/index.js';
import type { LayerExperiment, LayerLoss, Workspaces } from '../../../src/engine/index.js';
import { filled, flatRun, randomNumbers, weightsOf, withLayer } from '../engine/build.js';
import { kernelCells, kernelsOf, randomExperiment, ways } from './support.js';

const file = 'test/fixtures/bits/hashes.json';
const count = 200;

/**
 * What is told apart: tensors and norms as the dtype gives them; what the float64 pass with carried exponents gives;
 * the analyses.
 */
type Hashes = { readonly tensors: string; readonly logs: string; readonly analyses: string | null };

/** Whether relaxed multiply-adds round once here, as they did where the hashes were stored. */
function fuses(): boolean {
  const module = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 124, 124, 124, 1, 124, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 22, 1,
    20, 0, 32, 0, 253, 20, 32, 1, 253, 20, 32, 2, 253, 20, 253, 135, 2, 253, 33, 0, 11,
  ];
  const bytes = Uint8Array.from(module);
  if (!WebAssembly.validate(bytes)) return false;
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as {
    readonly f: (a: number, b: number, c: number) => number;
  };
  return f(1 + 2 ** -30, 1 + 2 ** -30, -(1 + 2 ** -29)) === 2 ** -60;
}

function hashOf(parts: readonly unknown[]): string {
  const hash = createHash('sha256');
  const add = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    else if (typeof part === 'number') hash.update(Float64Array.of(part));
    else if (Array.isArray(part)) part.forEach(add);
    else hash.update(JSON.stringify(part));
  };
  parts.forEach(add);
  return hash.digest('hex').slice(0, 12);
}

function lossOf(
  { shapes: { B, T, H } }: LayerExperiment,
  kind: LayerLoss['kind'],
  at: LayerLoss['at'],
  next: () => number,
): LayerLoss {
  const O = 3;
  const S = at === 'every' ? T : 1;
  const targets =
    kind === 'mse'
      ? filled(B * S * O, next)
      : Float64Array.from({ length: B * S }, () => Math.floor(((next() + 1) / 2) * O));
  return { kind, at, Why: filled(H * O, next), by: filled(O, next), targets };
}

/** The bounds that there were when the hashes were stored: nothing faded. */
const storedWith = { ...defaultBounds, fading: defaultBounds.vanishing };

/** The i-th experiment; every kind of option turns up, alone and with others. */
function experimentAt(i: number): LayerExperiment {
  const next = randomNumbers(7000 + i);
  const pick = <Choice>(...choices: readonly Choice[]): Choice =>
    choices[Math.floor(((next() + 1) / 2) * choices.length)]!;
  const between = (low: number, high: number): number => low + Math.floor(((next() + 1) / 2) * (high - low + 1));
  const large = i % 10 === 0;
  const chosen = randomExperiment({
    seed: i,
    B: between(1, large ? 9 : 5),
    T: between(1, large ? 90 : 40),
    I: between(1, 9),
    H: between(1, large ? 48 : 17),
    cell: kernelCells[i % 3]!,
    dtype: pick('float32', 'float64'),
    upstream: pick('last', 'every', 'given'),
    truncate: pick(null, null, 1, 3, 7),
    chunks: pick(1, 1, 2),
    stateful: pick(true, false),
    initial: pick(true, false),
  });
  const { T } = chosen.shapes;
  // Two chunks need two steps.
  const base = T === 1 ? { ...chosen, chunks: chosen.chunks.slice(0, 1) } : chosen;
  const size = pick(1, 1, 1, 0.2, 3, 12);
  const weights = { ...weightsOf(base), Wh: weightsOf(base).Wh.map((value) => value * size) };
  const loss = i % 7 === 3 ? lossOf(base, pick('mse', 'crossEntropy'), pick('last', 'every'), next) : null;
  const { layers, ...whole } = withLayer({ ...base, loss, clipNorm: pick(null, null, 0.5, 1e3) }, { weights });
  // Where there is a loss, b is the sum of two biases.
  const held = { input: true, state: loss !== null };
  return { ...whole, layers: [{ ...layers[0], biases: { stored: held, whole: held } }] };
}

const groups = ['dh', 'dx', 'dWx', 'dWh', 'db'] as const;

function hashes(
  experiment: LayerExperiment,
  workspaces: Workspaces | null,
  way: string,
  withAnalyses: boolean,
): Hashes {
  const result = flatRun(
    finish(runResumably(experiment, storedWith, way === 'plain' ? null : kernelsOf(way as 'simd'))),
  );
  const { verdict } = result;
  const tensors = [
    result.hs,
    result.dhTotal,
    result.dxs,
    result.dWx,
    result.dWh,
    result.db,
    result.dh0,
    ...groups.map((name) => result.norms[name]),
    result.hNorm,
    result.saturation,
    result.lossValue,
    result.clipFactor,
    verdict.zeroAt,
    verdict.infiniteAt,
  ];
  const logs = [
    ...groups.map((name) => result.log10Norms[name]),
    result.log10dhPerSequence,
    result.dhScaled,
    result.dhExponent,
    result.log10SingleSource,
    verdict.kind,
    verdict.perStepFactor,
    verdict.log10Ratio,
    verdict.crossedAt,
  ];
  if (!withAnalyses) return { tensors: hashOf(tensors), logs: hashOf(logs), analyses: null };
  const spectrum = finish(spectrumResumably(experiment, result, workspaces));
  const jacobians = jacobianSeries(experiment, result, 0, workspaces);
  finish(jacobians.steps);
  const attribution = attribute(experiment, result, workspaces);
  finish(attribution.steps);
  const reach = reachOf(experiment, result, workspaces);
  finish(reach.steps);
  const analyses = [
    spectrum.spectralRadiusWh,
    spectrum.sigmaMaxWh,
    spectrum.eigenvaluesWh,
    spectrum.jacobianSigmaMax,
    spectrum.lyapunov,
    spectrum.logProductSigmaMax,
    jacobians.series.sigmaMax,
    jacobians.series.sigmaMin,
    jacobians.series.log10Largest,
    jacobians.series.log10Median,
    jacobians.series.log10Smallest,
    attribution.attribution.log10,
    reach.reach.share,
    reach.reach.missing,
  ];
  return { tensors: hashOf(tensors), logs: hashOf(logs), analyses: hashOf(analyses) };
}

const now = Object.fromEntries(
  ways
    .filter(([name]) => name !== 'relaxed' || fuses())
    .map(([name, workspaces]) => [
      name,
      Array.from({ length: count }, (_, i) => hashes(experimentAt(i), workspaces, name, i % 4 === 0)),
    ]),
);

describe('the same bits as before', () => {
  if (process.env['STORE_BITS'] !== undefined) {
    const lines = Object.entries(now).map(
      ([name, all]) => `${JSON.stringify(name)}: [\n${all.map((each) => JSON.stringify(each)).join(',\n')}\n]`,
    );
    writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
  }
  const stored = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, readonly Hashes[]>>;
  for (const [name, all] of Object.entries(now)) {
    it(`${name}: ${count} random experiments`, () => {
      for (const group of ['tensors', 'logs', 'analyses'] as const) {
        const changed = all.flatMap((each, i) => (each[group] === stored[name]?.[i]?.[group] ? [] : [i]));
        assert.deepEqual(changed, [], `${group} of these experiments are other bits than before`);
      }
    });
  }
});
