// The whole result as JSON text, and the schema of it.
import {
  cellNames,
  cellOf,
  directionsOf,
  finish,
  gateBlocks,
  isOneVanillaLayer,
  pyTorchGradients,
  pyTorchNamesOf,
  pyTorchSuffix,
} from '../../engine/index.js';
import type {
  AnyNetworkRun,
  Attribution,
  CellName,
  LayerExperiment,
  NetworkLoss,
  NetworkVerdict,
  Resumable,
  Shapes,
  Spectrum,
} from '../../engine/index.js';
import { attributionPart } from './attributionJson.js';
import {
  always,
  anyNumber,
  anyText,
  constant,
  count,
  cube,
  each,
  from,
  matrix,
  named,
  numbers,
  numbersOrNull,
  orNull,
  record,
  told,
  vector,
  word,
} from './jsonParts.js';
import type { JsonSchema, Part, Pieces, Tensor } from './jsonParts.js';
import { direction, exponents, jacobianSigmaMax, layerPart, verdictFields, verdictPart } from './layerJson.js';
import type { Layer, LayerSpectrum } from './layerJson.js';

/** What a layer's gates say by themselves, beside its spectrum. */
export function* withGateBlocks(experiment: LayerExperiment, spectrum: Spectrum): Resumable<LayerSpectrum> {
  // One gate's block is Wh, which the spectrum knows.
  const { spectralRadiusWh: spectralRadius, sigmaMaxWh: sigmaMax } = spectrum;
  const [only, ...others] = cellOf(experiment.cell).gates;
  const perGate = others.length === 0 ? { [only]: { spectralRadius, sigmaMax } } : yield* gateBlocks(experiment);
  return { spectrum, perGate };
}

/** All that is written. */
type Whole = {
  readonly run: AnyNetworkRun;
  readonly spectrumOf: (layer: Layer) => LayerSpectrum;
  readonly attribution: Attribution | null;
};

const ofRun = <Inner>(find: (run: AnyNetworkRun) => Inner, part: Part<Inner>): Part<Whole> =>
  from(({ run }) => find(run), part);
const ofRunOrNull = <Inner>(find: (run: AnyNetworkRun) => Inner | null, part: Part<Inner>): Part<Whole> =>
  orNull(({ run }) => find(run), part);

const sizes = Object.fromEntries(
  (['B', 'T', 'I', 'H'] as const).map((size) => [size, from((shapes: Shapes) => shapes[size], count)]),
);

const networkPart = (cell: Part<CellName>): Part<AnyNetworkRun> =>
  record<AnyNetworkRun>({
    cell: from(({ experiment }) => experiment.cell, cell),
    layers: from(({ experiment }) => experiment.layers.length / directionsOf(experiment), count),
    directions: from(({ experiment }) => directionsOf(experiment), count),
    ...Object.fromEntries(
      Object.entries(sizes).map(([size, part]) => [size, from(({ experiment }) => experiment.shapes, part)]),
    ),
    lengths: told(
      '[B]',
      from(({ lengths }) => lengths, numbers),
    ),
  });

/** Gradients with respect to the initial states of all layers and directions [L·D,B,H], each H its own. */
const initialPart = (state: string): Part<Whole> =>
  told(
    '[L·D,B,H]',
    ofRun(
      ({ layers }) =>
        layers.map(({ experiment: { shapes }, result }): Tensor => {
          const { B, H } = shapes;
          return { data: result.layers[0].dInitial[state] ?? new Float64Array(B * H), shape: [B, H] };
        }),
      each(matrix),
    ),
  );

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

const gradientsOf = ({ layers }: AnyNetworkRun): [string, Tensor][] =>
  layers.flatMap((layer) =>
    Object.entries(pyTorchGradients(layer.experiment, layer.result)).map(([name, data]): [string, Tensor] => [
      `${name}_${pyTorchSuffix(layer.experiment.layers[0])}`,
      { data, shape: shapeOf(layer, name, data.length) },
    ]),
  );

/** A bias is a list, everything else a list of rows. */
const gradient: Part<Tensor> = {
  schema: { anyOf: [vector.schema, matrix.schema] },
  write: matrix.write,
};

const lossPart = record<NetworkLoss>({
  value: from(({ value }) => value, anyNumber),
  perStep: told(
    '[T]',
    orNull(({ perStep }) => perStep, numbers),
  ),
  readout: from(
    ({ readout }) => readout,
    record<NetworkLoss['readout']>({
      weight: told(
        '[O,D·H]',
        from(({ weight, bias }) => ({ data: weight, shape: [bias.length, weight.length / bias.length] }), matrix),
      ),
      bias: told(
        '[O]',
        from(({ bias }) => bias, numbers),
      ),
    }),
  ),
});

const networkVerdict = record<NetworkVerdict>({
  ...verdictFields,
  layer: from(({ layer }) => layer, count),
  direction: from((verdict) => verdict.direction, direction),
});

type Fields = Readonly<Record<string, Part<Whole>>>;

/** What schema 1 says of one vanilla layer, beside the fields of schema 2: before them, and the norms among them. */
const vanillaTensors = (cell: CellName): Fields => ({
  cell: constant(cell),
  shapes: ofRun(({ experiment }) => experiment.shapes, record(sizes)),
  ...Object.fromEntries(
    cellOf(cell).parameters.map(({ name, shape }): [string, Part<Whole>] => [
      `d${name}`,
      ofRun(({ layers: [{ experiment, result }] }) => {
        const { I, H } = experiment.shapes;
        return { data: result.layers[0].gradients[name] ?? new Float64Array(), shape: shape(I, H) };
      }, matrix),
    ]),
  ),
});

const vanillaNorms = (cell: CellName): Fields => {
  const series = (find: (layer: Layer['result']['layers'][0]) => Float64Array | undefined): Part<Whole> =>
    ofRun(({ layers: [{ result }] }) => find(result.layers[0]) ?? new Float64Array(), numbers);
  return {
    dh: series(({ norms }) => norms.dh),
    ...Object.fromEntries(
      cellOf(cell).parameters.map(({ name }) => [`d${name}`, series(({ norms }) => norms.parameters[name])]),
    ),
    log10dh: series(({ log10Norms }) => log10Norms.dh),
    ...Object.fromEntries(
      cellOf(cell).parameters.map(({ name }) => [
        `log10d${name}`,
        series(({ log10Norms }) => log10Norms.parameters[name]),
      ]),
    ),
  };
};

const vanillaSpectrum: Fields = {
  spectrum: from(
    ({ run: { layers }, spectrumOf }) => ({ ...layers[0], ...spectrumOf(layers[0]) }),
    record<Layer & LayerSpectrum>({
      spectralRadiusWh: from(({ spectrum }) => spectrum.spectralRadiusWh, anyNumber),
      spectralRadiusBounds: orNull(({ spectrum }) => spectrum.spectralRadiusBounds, numbers),
      sigmaMaxWh: from(({ spectrum }) => spectrum.sigmaMaxWh, anyNumber),
      jacobianSigmaMax: jacobianSigmaMax('[T]'),
      ...exponents('[H]'),
      eigenvaluesWh: told(
        '[H,2]',
        from(({ spectrum }) => spectrum.eigenvaluesWh, each(numbers)),
      ),
      logProductSigmaMax: from(({ spectrum }) => spectrum.logProductSigmaMax, anyNumber),
    }),
  ),
};

/** The whole result of networks of this cell; of one vanilla layer in one direction with the fields of schema 1. */
function resultPart(cell: CellName, isVanilla: boolean): Part<Whole> {
  const { states } = cellOf(cell);
  const vanilla = (fields: Fields): Fields => (isVanilla ? fields : {});
  const names = pyTorchNamesOf(cell).join('|');
  return record<Whole>({
    schema: constant(2),
    name: ofRun(({ experiment }) => experiment.name, anyText),
    dtype: ofRun(({ experiment }) => experiment.dtype, word('float32', 'float64')),
    network: ofRun((run) => run, networkPart(word(cell))),
    ...vanilla(vanillaTensors(cell)),
    hs: told(
      '[B,T,D·H]',
      ofRun(
        ({ experiment: { shapes }, output }) => ({ data: output.data, shape: [shapes.B, shapes.T, output.N] }),
        cube,
      ),
    ),
    dxs: told(
      '∂L/∂x [B,T,I]',
      ofRun(({ experiment: { shapes }, dxs }) => ({ data: dxs, shape: [shapes.B, shapes.T, shapes.I] }), cube),
    ),
    dh0: initialPart('h'),
    dc0: states.includes('c') ? initialPart('c') : always.null,
    parameters: ofRun(gradientsOf, named(`^(${names})_l\\d+(_reverse)?$`, gradient)),
    norms: record<Whole>({
      ...vanilla(vanillaNorms(cell)),
      dx: told(
        '‖∂L/∂x_t‖ [T]',
        ofRun(({ norms }) => norms.dx, numbers),
      ),
      log10dx: ofRun(({ log10Norms }) => log10Norms.dx, numbers),
    }),
    ...vanilla(vanillaSpectrum),
    layers: from(
      ({ run, spectrumOf }) => run.layers.map((layer) => ({ layer, analysed: () => spectrumOf(layer) })),
      each(layerPart(cell)),
    ),
    log10SingleSource: told(
      'log10 ‖∂L/∂s_t‖ [T]',
      ofRunOrNull(({ log10SingleSource }) => log10SingleSource, numbers),
    ),
    loss: ofRunOrNull((run) => finish(run.lossInFull()), lossPart),
    attribution: orNull(({ attribution }) => attribution, attributionPart),
    clipFactor: ofRunOrNull(({ clipFactor }) => clipFactor, anyNumber),
    verdict: ofRun(({ verdict }) => verdict, networkVerdict),
  });
}

/**
 * The whole result as JSON text (schema 2), in pieces. Tensors are nested lists; gradients of parameters are sums over
 * all timesteps under PyTorch's names; t is the position in the sequence, also of a `reverse` direction. Of one vanilla
 * layer in one direction the fields of schema 1 stand beside (dWx, dWh, db, norms.d…, spectrum). Directions that are
 * lost have "-Infinity" in `lyapunov`; it is null where the product of all Jacobians is zero. `lyapunovError` is what
 * rounding may have them off by: null where none is finite.
 * `attribution` counts in positions too; null where nobody asked for it.
 * Numbers print with the shortest digits that read back to the same float64; NaN, Infinity and -Infinity are strings.
 */
export function* resultJson(
  run: AnyNetworkRun,
  spectrumOf: (layer: Layer) => LayerSpectrum,
  attribution: Attribution | null = null,
): Pieces {
  const { experiment } = run;
  yield* resultPart(experiment.cell, isOneVanillaLayer(experiment)).write({ run, spectrumOf, attribution });
  yield '\n';
}

/** What holds for one vanilla layer in one direction alone. */
const oneLayer: JsonSchema = { layers: { const: 1 }, directions: { const: 1 } };

/** JSON schema (draft-07) of that text, made of the parts that write it. */
export function resultJsonSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = Object.fromEntries(
    [anyNumber, numbers, numbersOrNull, vector, matrix, cube, verdictPart].map(({ definition }) => definition),
  );
  const ifNetwork = (properties: JsonSchema, then: JsonSchema, otherwise: JsonSchema = {}): JsonSchema => ({
    if: { type: 'object', properties: { network: { type: 'object', properties } } },
    then,
    ...(Object.keys(otherwise).length === 0 ? {} : { else: otherwise }),
  });
  const byCell = cellNames.map((cell) => {
    definitions[`network-${cell}`] = resultPart(cell, false).schema;
    const whole = { $ref: `#/definitions/network-${cell}` };
    if (cellOf(cell).gates.length > 1) return ifNetwork({ cell: { const: cell } }, whole);
    definitions[`layer-${cell}`] = resultPart(cell, true).schema;
    return ifNetwork({ cell: { const: cell } }, ifNetwork(oneLayer, { $ref: `#/definitions/layer-${cell}` }, whole));
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'rnn-gradients run --json',
    type: 'object',
    required: ['schema', 'network'],
    properties: { schema: { const: 2 }, network: networkPart(word(...cellNames)).schema },
    allOf: byCell,
    definitions,
  };
}
