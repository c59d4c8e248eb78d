import type { AnyRun, LayerExperiment, Spectrum, Trace } from '../../engine/index.js';
import { escapeControls } from './escapeControls.js';

/** JSON has no word for them, so they travel as strings. */
const number = (value: number): string =>
  Number.isFinite(value) ? String(Object.is(value, -0) ? 0 : value) : `"${String(value)}"`;
const scalar = (value: number | null): string => (value === null ? 'null' : number(value));
const vector = (values: ArrayLike<number> | null): string =>
  values === null ? 'null' : `[${Array.from(values, number).join(',')}]`;

/** JSON lets most control characters stand as they are; but the text may end on a terminal. */
const text = (value: string): string => escapeControls(JSON.stringify(value));

/** Numbers of one piece. */
const atOnce = 2 ** 16;

/** A list as long as a run, likewise in pieces. */
function* series(values: Float64Array): Generator<string, void, void> {
  yield '[';
  for (let from = 0; from < values.length; from += atOnce)
    yield `${from === 0 ? '' : ','}${Array.from(values.subarray(from, from + atOnce), number).join(',')}`;
  yield ']';
}

/**
 * A row-major tensor as nested lists, one piece for each innermost list so that no string outgrows what a string may
 * hold.
 */
function* nested(values: Trace, shape: readonly number[], offset = 0): Generator<string, void, void> {
  const [length = 0, ...inner] = shape;
  if (inner.length === 0) {
    yield vector(values.subarray(offset, offset + length));
    return;
  }
  const stride = inner.reduce((a, b) => a * b, 1);
  yield '[';
  for (let i = 0; i < length; i++) {
    if (i > 0) yield ',';
    yield* nested(values, inner, offset + i * stride);
  }
  yield ']';
}

/**
 * The whole result as JSON text (schema 1), in pieces. Tensors are nested lists with the shapes of `shapes`; the weight
 * gradients are sums over all timesteps; `norms.dh` is the Frobenius norm over batch and hidden of g_t, `norms.log10dh`
 * its log10 carried with its exponent. `spectrum.spectralRadiusBounds` is null where the radius itself is known;
 * otherwise `spectralRadiusWh` is the upper one. Directions that are lost have "-Infinity" in `spectrum.lyapunov`; it
 * is null where the product of all Jacobians is zero.
 * Numbers print with the shortest digits that read back to the same float64; NaN, Infinity and -Infinity are strings.
 */
export function* resultJson(
  experiment: LayerExperiment,
  result: AnyRun,
  spectrum: Spectrum,
): Generator<string, void, void> {
  const { B, T, I, H } = result.shapes;
  const { verdict } = result;
  const [layer] = result.layers;
  yield `{"schema":1,"name":${text(experiment.name)},"cell":"${experiment.cell}","dtype":"${experiment.dtype}"`;
  yield `,"shapes":{"B":${B},"T":${T},"I":${I},"H":${H}}`;
  const tensors = [
    ['hs', layer.states.h, [B, T, H]],
    ['dxs', result.dxs, [B, T, I]],
    ['dWx', layer.gradients.Wx, [I, H]],
    ['dWh', layer.gradients.Wh, [H, H]],
    ['db', layer.gradients.b, [1, H]],
    ['dh0', layer.dInitial.h, [B, H]],
  ] as const;
  for (const [name, values, shape] of tensors) {
    yield `,"${name}":`;
    yield* nested(values, shape);
  }
  yield ',"norms":{';
  const norms = [
    ['dh', layer.norms.dh],
    ['dx', result.norms.dx],
    ...Object.entries(layer.norms.parameters).map(([name, values]) => [`d${name}`, values] as const),
  ] as const;
  for (const [name, values] of norms) {
    yield `"${name}":`;
    yield* series(values);
    yield ',';
  }
  yield '"log10dh":';
  yield* series(layer.log10Norms.dh);
  yield `},"spectrum":{"spectralRadiusWh":${number(spectrum.spectralRadiusWh)}`;
  yield `,"spectralRadiusBounds":${vector(spectrum.spectralRadiusBounds)}`;
  yield `,"sigmaMaxWh":${number(spectrum.sigmaMaxWh)}`;
  yield ',"jacobianSigmaMax":';
  yield* series(spectrum.jacobianSigmaMax);
  yield `,"lyapunov":${vector(spectrum.lyapunov)},"eigenvaluesWh":[${spectrum.eigenvaluesWh.map(vector).join(',')}]`;
  yield `,"logProductSigmaMax":${number(spectrum.logProductSigmaMax)}}`;
  yield `,"verdict":{"kind":"${verdict.kind}","perStepFactor":${scalar(verdict.perStepFactor)}`;
  yield `,"halfLifeSteps":${scalar(verdict.halfLifeSteps)},"reason":${text(verdict.reason)}`;
  yield `,"onePercentSteps":${scalar(verdict.onePercentSteps)},"log10Ratio":${scalar(verdict.log10Ratio)}`;
  yield `,"source":${verdict.source},"first":${verdict.first},"crossedAt":${scalar(verdict.crossedAt)}`;
  yield `,"zeroAt":${scalar(verdict.zeroAt)},"infiniteAt":${scalar(verdict.infiniteAt)}`;
  const segments = verdict.segments.map(
    ({ from, to, perStepFactor }) => `{"from":${from},"to":${to},"perStepFactor":${number(perStepFactor)}}`,
  );
  yield `,"segments":[${segments.join(',')}]}`;
  yield `,"loss":${scalar(result.lossValue)},"clipFactor":${scalar(result.clipFactor)}}\n`;
}
