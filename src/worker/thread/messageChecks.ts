// What the worker takes from the host, and of it what the host takes from a page: one check for each message of the
// contract.
import { sequenceOrders } from '../../config/read/index.js';
import type { DiskFile, Entry, MadeSequences, Pair, SequenceOptions } from '../../config/read/index.js';
import type { Above, FilePlace, NewSequences, TargetOptions, TargetPlace } from '../../config/edit/index.js';
import type { Position } from '../../config/json/index.js';
import { cellNames, cellOf, initialisations, starts } from '../../engine/index.js';
import {
  arrayOf,
  byKind,
  either,
  flag,
  instance,
  integer,
  nothing,
  nullable,
  number,
  object,
  oneOf,
  optional,
  positive,
  text,
} from '../../protocol/index.js';
import type {
  Change,
  Checks,
  GateInitialisation,
  None,
  SequenceFileRequests,
  SliceRequests,
  TensorRequests,
  TimeWindow,
  WeightPlace,
  WhatIf,
  WorkerContract,
} from '../../protocol/index.js';

/** Lines of units in one picture: more than the page ever shows, and few enough to be cut at once. */
const mostLines = 1024;
/** Layers whose biases are set at once: an ONNX tensor holds two. */
const mostLayers = 2;
const mostRows = 2 ** 16;
/** Layers of a new config whose numbers somebody still reads and changes. */
const mostMadeLayers = 1_000;
/** Bins of one column of a picture of activations. */
const mostBins = 1024;

/**
 * Numbers of a run and of its steps, units and sequences. What lies behind the end of the run is clamped where it is
 * cut.
 */
const count = integer(0);
const window = object<TimeWindow>({ t0: number(), t1: number() });
/** Of any cell; whether that of a run has it is seen where it is looked up. */
const weightNames = oneOf([
  ...new Set(cellNames.flatMap((cell) => cellOf(cell).parameters.map((parameter) => parameter.name))),
]);
/** Of any cell, too. */
const gateNames = oneOf([...new Set(cellNames.flatMap((cell) => cellOf(cell).gates))]);
const ofRun = object<{ readonly runId: number }>({ runId: count });

export const weightPlaceFields = { tensor: weightNames, row: count, column: count };
const weightPlace = object<WeightPlace>(weightPlaceFields);

/** The bounds are those that the keys of a config have. */
export const whatIfCheck = object<WhatIf>({
  layers: nullable(either(oneOf(['all']), count)),
  cell: nullable(oneOf(cellNames)),
  initialise: nullable(object<NonNullable<WhatIf['initialise']>>({ way: oneOf(starts), seed: count })),
  rescale: nullable(
    object<NonNullable<WhatIf['rescale']>>({ measure: oneOf(['spectralRadius', 'sigmaMax']), to: number(0) }),
  ),
  whGate: nullable(gateNames),
  inputScale: nullable(number(0)),
  biasShift: nullable(number()),
  biasGate: nullable(gateNames),
  clipNorm: nullable(either(oneOf(['off']), positive)),
  truncate: nullable(either(oneOf(['off']), integer(1))),
  lossAt: nullable(either(oneOf(['last', 'every']), count)),
  drop: nullable(oneOf(['last'])),
});

/** Questions about a run: a page asks them, and the host passes them on. */
export const sliceChecks: Checks<{ requests: SliceRequests; events: None }>['requests'] = {
  advice: object({ runId: count }),
  whatIf: object({
    runId: count,
    whatIf: nullable(whatIfCheck),
    gates: optional(
      object({
        window,
        maxPoints: count,
        kept: nullable(object({ sequence: count, maxUnits: count })),
        map: nullable(
          object({
            gate: gateNames,
            sequence: count,
            window,
            maxColumns: count,
            maxRows: count,
            order: nullable(arrayOf(count, mostRows)),
          }),
        ),
      }),
    ),
    map: optional(object({ window, maxColumns: count })),
  }),
  series: object({ runId: count, window }),
  jacobians: object({ runId: count, sequence: count, window: optional(window) }),
  attribution: object({ runId: count, window, maxColumns: count, maxRows: count }),
  attributionRow: object({ runId: count, t: count }),
  attributionRows: object({ runId: count, from: count, to: count }),
  reach: object({ runId: count }),
  gateEigenvalues: object({ runId: count }),
  exponents: object({ runId: count }),
  weights: object({ runId: count, tensor: weightNames, maxRows: count, maxColumns: count }),
  weightCells: object({ runId: count, tensor: weightNames, from: count, to: count }),
  openedStep: object({ runId: count, t: count, sequence: count }),
  gates: object({ runId: count, t: count, sequence: count }),
  activations: object({
    runId: count,
    sequence: nullable(count),
    window,
    maxColumns: count,
    bins: integer(1, mostBins),
  }),
  networkMap: object({ runId: count, window, maxColumns: count }),
  gateSeries: object({ runId: count, window, maxPoints: count }),
  kept: object({ runId: count, sequence: count, window, maxPoints: count, maxUnits: count }),
  band: object({ runId: count, window, maxPoints: count }),
  heatmap: object({
    runId: count,
    tensor: oneOf(['hs', 'dh', 'z', 'c', 'gate']),
    gate: optional(gateNames),
    order: optional(oneOf(['index', 'similarity', 'saturation'])),
    sequence: count,
    window,
    maxColumns: count,
    maxRows: count,
  }),
  unitLines: object({ runId: count, sequence: count, units: arrayOf(count, mostLines), window, maxPoints: count }),
  sequenceLines: object({ runId: count, first: count, count, window, maxPoints: count }),
  step: object({ runId: count, t: count, sequence: count }),
  steps: object({
    runId: count,
    sequence: count,
    tensor: oneOf(['hs', 'z', 'c', 'gate']),
    gate: optional(gateNames),
    from: count,
    to: count,
  }),
};

/** Questions of the viewer, which the host passes on. */
const tensorPlace = { reading: count, index: count };
/** More is on no screen. */
const pixels = integer(1, 4096);
export const tensorChecks: Checks<{ requests: TensorRequests; events: None }>['requests'] = {
  tensorFacts: object(tensorPlace),
  tensorPicture: object({ ...tensorPlace, maxRows: pixels, maxColumns: pixels }),
};

/** Names of columns that somebody has chosen. */
const mostColumns = 100_000;
const columns = optional(arrayOf(text, mostColumns));
const normalise = optional(oneOf(['none', 'zScore', 'minMax']));
export const optionsCheck = object<SequenceOptions>({
  columns,
  window: optional(number()),
  stride: optional(number()),
  normalise,
  normaliseOver: optional(number()),
  tokens: optional(oneOf(['characters', 'words'])),
});
/** Lines of one picture, and points of each. */
const [mostDrawn, mostPoints] = [256, 8192];
export const previewChecks: Checks<{
  requests: Pick<SequenceFileRequests, 'previewLines'>;
  events: None;
}>['requests'] = {
  previewLines: object({
    reading: count,
    input: count,
    first: count,
    count: integer(1, mostDrawn),
    maxPoints: integer(2, mostPoints),
  }),
};

const size = integer(1);
const madeSequences = object<MadeSequences>({ made: oneOf(['random', 'zeros']), B: size, T: size, seed: count });
export const entryCheck = byKind<Entry>({
  config: object({ kind: oneOf(['config']), config: text }),
  pair: object<Pair>({
    kind: oneOf(['pair']),
    weights: text,
    network: optional(text),
    sequences: either(text, madeSequences),
    array: optional(text),
    options: optional(optionsCheck),
    order: optional(oneOf(sequenceOrders)),
  }),
});
const cancel = nullable(either(instance('SharedArrayBuffer'), count));
const position = object<Position>({ line: count, character: count });
const bytes = either(instance('Uint8Array'), object<DiskFile>({ path: text, size: count, stamp: text }));

const filePlace = object<FilePlace>({ file: text, name: nullable(text) });
const sequences = byKind<NewSequences>({
  file: object({ kind: oneOf(['file']), place: filePlace, options: optional(optionsCheck) }),
  made: object({ kind: oneOf(['made']), made: madeSequences, I: size }),
});

type PlainChange = Extract<Change, { readonly kind: 'transpose' | 'addBias' | 'addInitialState' | 'moveInline' }>;
const plainChange = object<PlainChange>({ kind: oneOf(['transpose', 'addBias', 'addInitialState', 'moveInline']) });
const change = byKind<Change>({
  transpose: plainChange,
  addBias: plainChange,
  addInitialState: plainChange,
  moveInline: plainChange,
  rescale: object({ kind: oneOf(['rescale']), quantity: oneOf(['spectralRadius', 'sigmaMax']), to: number(0) }),
  initialise: object({ kind: oneOf(['initialise']), way: oneOf(initialisations), seed: integer(), gain: number() }),
  initialiseGates: object<GateInitialisation>({
    kind: oneOf(['initialiseGates']),
    way: oneOf(initialisations),
    seed: count,
    gate: nullable(gateNames),
    direction: nullable(oneOf(['forward', 'reverse'])),
  }),
  forgetBias: object({ kind: oneOf(['forgetBias']), layers: nullable(arrayOf(count, mostLayers)) }),
  moveToFile: object({ kind: oneOf(['moveToFile']), reference: text }),
  copyToJson: object({ kind: oneOf(['copyToJson']), reference: text }),
  sequenceOrder: object({ kind: oneOf(['sequenceOrder']), order: oneOf(sequenceOrders) }),
  sequences: object({ kind: oneOf(['sequences']), sequences }),
});

const above = byKind<Above>({
  ones: object({ kind: oneOf(['ones']), at: oneOf(['last', 'final', 'every']) }),
  file: object({ kind: oneOf(['file']), place: filePlace }),
  loss: object({
    kind: oneOf(['loss']),
    loss: oneOf(['mse', 'crossEntropy', 'binaryCrossEntropy']),
    at: oneOf(['last', 'every']),
    readout: filePlace,
    targets: object<TargetPlace>({
      file: text,
      name: nullable(text),
      options: optional(object<TargetOptions>({ columns, normalise, normaliseOver: optional(number()), ahead: count })),
    }),
  }),
});

export const workerChecks: Checks<WorkerContract> = {
  requests: {
    ...sliceChecks,
    ...tensorChecks,
    tensors: object({ file: text, reading: count }),
    ...previewChecks,
    sequences: object({ file: text, reading: count, options: optionsCheck, array: nullable(text) }),
    run: object({
      runId: count,
      entry: entryCheck,
      bounds: object({ vanishing: number(0), fading: number(0), exploding: number(0) }),
      layer: nullable(count),
      awaitsPicture: flag,
      ahead: optional(flag),
      cancel,
    }),
    survey: object({ bytes, name: optional(text), cancel }),
    references: object({ bytes, cancel }),
    resultJson: ofRun,
    resultText: object({ runId: count, form: oneOf(['whole', 'compact', 'gradientCheck']), cancel: optional(cancel) }),
    triedText: object({ runId: count, whatIf: whatIfCheck }),
    reportData: ofRun,
    inspect: object({ config: text, cancel }),
    facts: object({ config: text, file: text, position, cancel }),
    gatePlaces: object({ config: text, file: text, lines: object({ from: count, to: count }), cancel }),
    gateAt: object({ config: text, file: text, position, cancel }),
    change: object({ config: text, file: text, path: text, change }),
    applyWhatIf: object({ entry: entryCheck, whatIf: whatIfCheck, copyTo: nullable(text) }),
    cells: nothing,
    newConfig: object({
      name: text,
      source: byKind({
        random: object({
          kind: oneOf(['random']),
          cell: oneOf(cellNames),
          shapes: object({ B: size, T: size, I: size, H: size }),
          layers: integer(1, mostMadeLayers),
          directions: integer(1, 2),
          initialisation: oneOf(initialisations),
          seed: count,
        }),
        files: object({
          kind: oneOf(['files']),
          cell: nullable(oneOf(cellNames)),
          weights: filePlace,
          sequences,
          order: optional(oneOf(sequenceOrders)),
          initialState: nullable(filePlace),
          above,
        }),
      }),
    }),
    locateWeight: object({ entry: entryCheck, place: weightPlace, layer: count }),
  },
  events: { stop: object({ flag: count }), due: object({ runId: count }), painted: object({ runId: count }) },
};
