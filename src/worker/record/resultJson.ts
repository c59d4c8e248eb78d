// The whole result as JSON text.
import {
  cellOf,
  directionsOf,
  finish,
  gateBlocks,
  inPositions,
  isOneVanillaLayer,
  pyTorchGradients,
  pyTorchNorms,
  pyTorchSuffix,
} from '../../engine/index.js';
import type {
  AnyNetworkRun,
  AnyRun,
  BlockMeasures,
  GateMeasures,
  LayerExperiment,
  NetworkLoss,
  Resumable,
  Spectrum,
  Verdict,
} from '../../engine/index.js';
import { nested, number, scalar, series, text, vector } from './json.js';

type Pieces = Generator<string, void, void>;

/** What is analysed of a layer's direction after its run. */
export type LayerSpectrum = {
  readonly spectrum: Spectrum;
  readonly perGate: Readonly<Record<string, BlockMeasures>>;
};

/** What a layer's gates say by themselves, beside its spectrum. */
export function* withGateBlocks(experiment: LayerExperiment, spectrum: Spectrum): Resumable<LayerSpectrum> {
  // One gate's block is Wh, which the spectrum knows.
  const { spectralRadiusWh: spectralRadius, sigmaMaxWh: sigmaMax } = spectrum;
  const [only, ...others] = cellOf(experiment.cell).gates;
  const perGate = others.length === 0 ? { [only]: { spectralRadius, sigmaMax } } : yield* gateBlocks(experiment);
  return { spectrum, perGate };
}

type Layer = AnyNetworkRun['layers'][number];

/** Named lists, as long as a run: `"a":[…],"b":null`. */
function* named(entries: Iterable<readonly [name: string, values: Float64Array | null]>): Pieces {
  let first = true;
  for (const [name, values] of entries) {
    yield `${first ? '' : ','}"${name}":`;
    first = false;
    if (values === null) yield 'null';
    else yield* series(values);
  }
}

function verdictText(verdict: Verdict): string {
  const segments = verdict.segments.map(
    ({ from, to, perStepFactor }) => `{"from":${from},"to":${to},"perStepFactor":${number(perStepFactor)}}`,
  );
  return [
    `"kind":"${verdict.kind}"`,
    `"perStepFactor":${scalar(verdict.perStepFactor)}`,
    `"halfLifeSteps":${scalar(verdict.halfLifeSteps)}`,
    `"reason":${text(verdict.reason)}`,
    `"onePercentSteps":${scalar(verdict.onePercentSteps)}`,
    `"log10Ratio":${scalar(verdict.log10Ratio)}`,
    `"source":${verdict.source}`,
    `"first":${verdict.first}`,
    `"crossedAt":${scalar(verdict.crossedAt)}`,
    `"zeroAt":${scalar(verdict.zeroAt)}`,
    `"infiniteAt":${scalar(verdict.infiniteAt)}`,
    `"segments":[${segments.join(',')}]`,
  ].join(',');
}

/** A list with null where nothing was measured. */
const withNulls = (values: Float64Array, from: number, T: number): string =>
  `[${Array.from({ length: T }, (_, t) => scalar(values[t - from] ?? null)).join(',')}]`;

function* gatesText(
  experiment: LayerExperiment,
  gates: Readonly<Record<string, GateMeasures>> | null | undefined,
): Pieces {
  if (gates === null || gates === undefined) {
    yield 'null';
    return;
  }
  yield '{';
  for (const [i, [name, measures]] of Object.entries(gates).entries()) {
    yield `${i === 0 ? '' : ','}"${name}":{`;
    yield* named(Object.entries(measures).map(([of, values]) => [of, inPositions(experiment, values)] as const));
    yield '}';
  }
  yield '}';
}

/** σ_max of item 0's Jacobians by position: null where the item has no step. */
function sigmaMaxText(experiment: LayerExperiment, values: Float64Array): string {
  const spanned = experiment.chunks.some(({ spans }) => spans !== undefined);
  if (!spanned) return vector(inPositions(experiment, values));
  const {
    layers: [{ direction }],
  } = experiment;
  const parts: string[] = [];
  let start = 0;
  for (const { steps, spans } of experiment.chunks) {
    const { from, to } = spans?.[0] ?? { from: 0, to: steps };
    const own = values.slice(start, start + to - from);
    // A sequence begins at position 0 of its chunk, whichever way it is computed.
    parts.push(withNulls(direction === 'forward' ? own : own.reverse(), 0, steps).slice(1, -1));
    start += to - from;
  }
  return `[${parts.join(',')}]`;
}

function* layerText({ experiment, result }: Layer, { spectrum, perGate }: LayerSpectrum): Pieces {
  const [{ layer, direction }] = experiment.layers;
  const { norms, log10Norms, gates } = result.layers[0];
  const at = (values: Float64Array | undefined): Float64Array | null =>
    values === undefined ? null : inPositions(experiment, values);
  yield `{"layer":${layer},"direction":"${direction}","cell":"${experiment.cell}","norms":{`;
  yield* named([
    ['dh', at(norms.dh)],
    ['dc', at(norms.dc)],
    ['ds', at(norms.ds ?? norms.dh)],
    ['log10dh', at(log10Norms.dh)],
    ['log10dc', at(log10Norms.dc)],
    ['log10ds', at(log10Norms.ds ?? log10Norms.dh)],
  ]);
  yield ',"parameters":{';
  yield* named(Object.entries(pyTorchNorms(norms.parameters)).map(([name, values]) => [name, at(values)] as const));
  yield '}},"gates":';
  yield* gatesText(experiment, gates);
  yield `,"spectrum":{"jacobianSigmaMax":${sigmaMaxText(experiment, spectrum.jacobianSigmaMax)}`;
  yield `,"lyapunov":${vector(spectrum.lyapunov)},"logProductSigmaMax":${number(spectrum.logProductSigmaMax)}`;
  const blocks = Object.entries(perGate).map(
    ([gate, { spectralRadius, sigmaMax }]) =>
      `"${gate}":{"spectralRadius":${number(spectralRadius)},"sigmaMax":${number(sigmaMax)}}`,
  );
  yield `,"perGate":{${blocks.join(',')}}},"log10SingleSource":`;
  yield* series(inPositions(experiment, result.layers[0].log10SingleSource));
  yield `,"verdict":{${verdictText(result.positionVerdict)}}}`;
}

/** What schema 1 says of one vanilla layer, beside the fields of schema 2. */
function* vanillaText(experiment: LayerExperiment, result: AnyRun): Pieces {
  const { B, T, I, H } = result.shapes;
  const [{ gradients }] = result.layers;
  yield `,"cell":"${experiment.cell}","shapes":{"B":${B},"T":${T},"I":${I},"H":${H}}`;
  for (const { name, shape } of cellOf(experiment.cell).parameters) {
    yield `,"d${name}":`;
    yield* nested(gradients[name] ?? new Float64Array(), shape(I, H));
  }
}

function* vanillaNorms({ layers: [{ norms, log10Norms }] }: AnyRun): Pieces {
  yield* named([
    ['dh', norms.dh],
    ...Object.entries(norms.parameters).map(([name, values]) => [`d${name}`, values] as const),
    ['log10dh', log10Norms.dh],
  ]);
  yield ',';
}

function* vanillaSpectrum(spectrum: Spectrum): Pieces {
  yield `,"spectrum":{"spectralRadiusWh":${number(spectrum.spectralRadiusWh)}`;
  yield `,"spectralRadiusBounds":${vector(spectrum.spectralRadiusBounds)}`;
  yield `,"sigmaMaxWh":${number(spectrum.sigmaMaxWh)},"jacobianSigmaMax":`;
  yield* series(spectrum.jacobianSigmaMax);
  yield `,"lyapunov":${vector(spectrum.lyapunov)},"eigenvaluesWh":[${spectrum.eigenvaluesWh.map(vector).join(',')}]`;
  yield `,"logProductSigmaMax":${number(spectrum.logProductSigmaMax)}}`;
}

/** Gradients with respect to the initial states of all layers and directions [L·D,B,H], each H its own. */
function* initialText(layers: readonly Layer[], name: string, B: number): Pieces {
  let first = true;
  for (const { experiment, result } of layers) {
    const values = result.layers[0].dInitial[name];
    if (values === undefined) {
      yield 'null';
      return;
    }
    yield first ? '[' : ',';
    first = false;
    yield* nested(values, [B, experiment.shapes.H]);
  }
  yield ']';
}

/** Of a gradient: PyTorch's matrices have a row for each unit of each gate; what is a cell's own has its own shape. */
function shapeOf({ experiment, result }: Layer, name: string, length: number): readonly number[] {
  const rows = result.layers[0].gradients.b.length;
  if (name.startsWith('bias_')) return [rows];
  if (name.startsWith('weight_')) return [rows, length / rows];
  const { I, H } = experiment.shapes;
  return (
    cellOf(experiment.cell)
      .parameters.find((spec) => spec.name === name)
      ?.shape(I, H) ?? [length]
  );
}

/**
 * The whole result as JSON text (schema 2), in pieces. Tensors are nested lists; gradients of parameters are sums over
 * all timesteps under PyTorch's names; t is the position in the sequence, also of a `reverse` direction. Of one vanilla
 * layer in one direction the fields of schema 1 stand beside (dWx, dWh, db, norms.d…, spectrum). Directions that are
 * lost have "-Infinity" in `lyapunov`; it is null where the product of all Jacobians is zero.
 * Numbers print with the shortest digits that read back to the same float64; NaN, Infinity and -Infinity are strings.
 */
export function* resultJson(run: AnyNetworkRun, spectrumOf: (layer: Layer) => LayerSpectrum): Pieces {
  const { experiment, layers, output, verdict } = run;
  const { B, T, I } = experiment.shapes;
  const directions = directionsOf(experiment);
  const vanilla = isOneVanillaLayer(experiment) ? layers[0] : null;
  yield `{"schema":2,"name":${text(experiment.name)},"dtype":"${experiment.dtype}"`;
  yield `,"network":{"cell":"${experiment.cell}","layers":${experiment.layers.length / directions}`;
  yield `,"directions":${directions},"B":${B},"T":${T},"I":${I},"H":${experiment.shapes.H}`;
  yield `,"lengths":${vector(run.lengths)}}`;
  if (vanilla !== null) yield* vanillaText(vanilla.experiment, vanilla.result);
  yield ',"hs":';
  yield* nested(output.data, [B, T, output.N]);
  yield ',"dxs":';
  yield* nested(run.dxs, [B, T, I]);
  yield ',"dh0":';
  yield* initialText(layers, 'h', B);
  yield ',"dc0":';
  yield* initialText(layers, 'c', B);
  yield ',"parameters":{';
  let first = true;
  for (const layer of layers) {
    const suffix = pyTorchSuffix(layer.experiment);
    for (const [name, values] of Object.entries(pyTorchGradients(layer.experiment, layer.result))) {
      yield `${first ? '' : ','}"${name}_${suffix}":`;
      first = false;
      yield* nested(values, shapeOf(layer, name, values.length));
    }
  }
  yield '},"norms":{';
  if (vanilla !== null) yield* vanillaNorms(vanilla.result);
  yield* named([
    ['dx', run.norms.dx],
    ['log10dx', run.log10Norms.dx],
  ]);
  yield '}';
  if (vanilla !== null) yield* vanillaSpectrum(spectrumOf(vanilla).spectrum);
  yield ',"layers":[';
  for (const [i, layer] of layers.entries()) {
    if (i > 0) yield ',';
    yield* layerText(layer, spectrumOf(layer));
  }
  yield '],"log10SingleSource":';
  if (run.log10SingleSource === null) yield 'null';
  else yield* series(run.log10SingleSource);
  yield ',"loss":';
  yield* lossText(finish(run.lossInFull()));
  yield `,"clipFactor":${scalar(run.clipFactor)},"verdict":{${verdictText(verdict)}`;
  yield `,"layer":${verdict.layer},"direction":"${verdict.direction}"}}\n`;
}

function* lossText(loss: NetworkLoss | null): Pieces {
  if (loss === null) {
    yield 'null';
    return;
  }
  const { value, perStep, readout } = loss;
  yield `{"value":${number(value)},"perStep":`;
  if (perStep === null) yield 'null';
  else yield* series(perStep);
  const O = readout.bias.length;
  yield ',"readout":{"weight":';
  yield* nested(readout.weight, [O, readout.weight.length / O]);
  yield `,"bias":${vector(readout.bias)}}}`;
}
