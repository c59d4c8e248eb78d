// A finished run written down for a report: everything where that is small, pictures as fine as a screen where it is
// not.
import { cellOf, mapParameters, mapStates, runChunks } from '../../engine/index.js';
import type { LayerExperiment, OpenedStep, RunResult, Spectrum } from '../../engine/index.js';
import type {
  ActivationBins,
  Activations,
  Advice,
  Band,
  Heatmap,
  HeatmapRequest,
  GateSeries,
  Kept,
  KeptUnits,
  LayerSeries,
  NetworkMap,
  RecordExtent,
  RunSummary,
  SequenceLines,
  SpectrumSummary,
  StepValues,
  UnitLines,
  WeightName,
  WeightsPicture,
} from '../../protocol/index.js';
import type { Analyses, Finished } from '../answers/analyses.js';
import { Cancelled } from '../scheduling/scheduler.js';
import { kept, mostDense } from '../answers/seriesDownsampling.js';
import { heatmap, openedStep, sequenceLines, stepValues, unitLines } from '../answers/slices.js';
import {
  fitsGateValues,
  gateSeries,
  gateValuesOf,
  keepGateValues,
  keptByGate,
  networkMap,
} from '../answers/gateSlices.js';
import { isGated } from '../answers/keptRun.js';
import { spectrumSummary } from '../answers/spectrumSummary.js';
import type { KeptRun } from '../answers/keptRun.js';
import { band, keepPreActivations, spread, unitOrder } from '../answers/unitSlices.js';
import { weights } from '../answers/weightSlices.js';

/**
 * A picture of values in [−1, 1] at 16 bits a cell: 3e-5, far finer than its colours. `notFinite` stands for NaN and
 * both infinities.
 */
export type Cells = Int16Array;
export const notFinite = -32768;

export type PictureTensor = HeatmapRequest['tensor'];

type Picture = Omit<Heatmap, 'values' | 'peak' | 'notFinite'> & {
  readonly values: Cells;
  /** Of each column. */ readonly peaks: Float64Array;
  readonly notFinite: Float64Array;
};

/**
 * Instead of the tensors of a sequence that is too long or too wide: the first sequence in pictures, and numbers at
 * some steps.
 */
export type FirstSequence = {
  /** A cell of several gates has no one z, but a picture of each gate; and c where there is one. */
  readonly heatmaps: Readonly<Record<'hs' | 'dh', Picture> & Record<'z' | 'c', Picture | null>>;
  readonly gates: Readonly<Record<string, Picture>>;
  /** Rows sorted otherwise, where each unit has a row of its own. */
  readonly orders: { readonly similarity: Uint32Array; readonly saturation: Uint32Array } | null;
  readonly units: readonly number[];
  readonly unitLines: UnitLines;
  readonly activations: Activations;
  readonly steps: readonly StepValues[];
  /** None of a cell of several gates. */
  readonly opened: readonly OpenedStep[];
  readonly weights: Readonly<
    Record<
      WeightName,
      Omit<WeightsPicture, 'values' | 'gradients'> & { readonly values: Cells; readonly gradients: Cells }
    >
  >;
};

/** Of a network what needs all of its layers, and of a cell of several gates what they do; null where there is none. */
export type OfNetwork = {
  readonly map: NetworkMap | null;
  readonly gates: GateSeries | null;
  /** Of the first sequence. */
  readonly kept: Kept | null;
};

/** What needs every sequence, where there are several and not all are whole. */
export type Batch = { readonly band: Band; readonly sequenceLines: SequenceLines; readonly activations: Activations };

export type RunRecord = {
  readonly schema: 1;
  readonly extent: RecordExtent;
  readonly summary: RunSummary;
  /** The next thing to try, which nothing in a report could find or run again. */
  readonly advice: Advice | null;
  readonly spectrum: SpectrumSummary;
  readonly finished: Finished;
  /** The first `experiment.shapes.B` sequences, whole but for what no view asks for; those arrays are empty. */
  readonly whole: { readonly experiment: LayerExperiment; readonly result: RunResult } | null;
  readonly first: FirstSequence | null;
  readonly batch: Batch | null;
  readonly network: OfNetwork;
};

/**
 * Bytes for the tensors of whole sequences; what every record has grows with T, up to `mostDense`, and is taken from
 * it.
 */
const room = 2.4e6;
const bytesPerStep = 64;
/** Norms of more steps than this keep seven digits, except those whose exponents need more. */
const mostWideSteps = 5000;
const pictureColumns = 1024;
const pictureRows = 96;
const linePoints = 1500;
/** Lines of what a gate keeps, as many as the page draws. */
const keptUnits: KeptUnits = 12;
const mostUnits = 32;
const batchNumbers = 50_000;
const stepNumbers = 60_000;
/** Of few units: each step takes some room besides its numbers. */
const mostSteps = 2048;
const openedNumbers = 30_000;
const weightCells = 128;
const attributionNumbers = 60_000;
const activationColumns = 512;
const activationBins: ActivationBins = 28;

const leastNormal = 2 ** -126;
/** Rounded to float32, which is then stored in half the room; what lies beyond its range keeps all digits. */
const narrow = (values: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: values.length }, (_, i) => {
    const value = values[i] ?? NaN;
    const rounded = Math.fround(value);
    return Math.abs(rounded) >= leastNormal && Math.abs(rounded) < Infinity ? rounded : value;
  });

const cells = (values: Float32Array): Cells =>
  Int16Array.from(values, (value) =>
    Number.isFinite(value) ? Math.max(-32767, Math.min(32767, Math.round(value * 32767))) : notFinite,
  );

const hasOwnUpstream = ({ loss, upstream }: LayerExperiment): boolean => loss !== null || upstream.kind === 'given';

/** How many sequences fit, and whether with every digit. */
function plan({ experiment, result }: KeptRun): { readonly sequences: number; readonly everyDigit: boolean } {
  const { B, T, I, H } = result.shapes;
  if (T > mostDense) return { sequences: 0, everyDigit: false };
  const { states } = cellOf(experiment.cell);
  const S = states.length;
  const above = (hasOwnUpstream(experiment) ? H : 0) + (experiment.scaledUpstream === undefined ? 0 : H);
  const each = T * ((S + 1) * H + I + 1 + above) + S * H;
  const parameters = Object.values(experiment.layers[0].parameters).reduce((sum, { length }) => sum + length, 0);
  const shared = 2 * parameters;
  const left = room - bytesPerStep * T;
  if (8 * (B * each + shared) <= left) return { sequences: B, everyDigit: true };
  return { sequences: Math.max(0, Math.min(B, Math.floor((left / 4 - shared) / each))), everyDigit: false };
}

function wholeSequences(
  { experiment, result }: KeptRun,
  B: number,
  everyDigit: boolean,
): NonNullable<RunRecord['whole']> {
  const { T, I, H } = result.shapes;
  const shapes = { ...result.shapes, B };
  const keep = (values: ArrayLike<number>, count = values.length): Float64Array =>
    everyDigit
      ? Float64Array.from({ length: count }, (_, i) => values[i] ?? NaN)
      : narrow(Array.prototype.slice.call(values, 0, count) as number[]);
  const { computed: inputs, ...rest } = experiment;
  const computedInputs = inputs === undefined ? null : runChunks(experiment, result);
  const { scaledUpstream } = experiment;
  let { upstream } = experiment;
  if (hasOwnUpstream(experiment)) {
    // A loss is a mean over the whole batch: what it sends into the kept sequences is kept, not the loss.
    const dhs = new Float64Array(B * T * H);
    for (const chunk of runChunks(experiment, result)) {
      for (let b = 0; b < B; b++)
        dhs.set(chunk.dhs.data.subarray(b * chunk.steps * H, (b + 1) * chunk.steps * H), (b * T + chunk.start) * H);
    }
    upstream = { kind: 'given', dhs: keep(dhs) };
  }
  const none = new Float64Array(0);
  const [layer] = experiment.layers;
  const [computed] = result.layers;
  const noNorms = { dh: none, parameters: mapParameters(computed.gradients, () => none) };
  return {
    experiment: {
      ...rest,
      shapes,
      upstream,
      loss: null,
      layers: [
        {
          ...layer,
          parameters: mapParameters(layer.parameters, (values) => keep(values)),
          initial: mapStates(layer.initial, (values) => (values === null ? null : keep(values, B * layer.H))),
        },
      ],
      ...(scaledUpstream === undefined
        ? {}
        : {
            scaledUpstream: {
              data: keep(scaledUpstream.data.subarray(0, B * T * H)),
              exponents: scaledUpstream.exponents,
            },
          }),
      chunks: experiment.chunks.map(({ steps, xs, spans }, i) => ({
        steps,
        xs: keep(computedInputs?.[i]?.xs.data.subarray(0, B * steps * I) ?? xs, B * steps * I),
        ...(spans === undefined ? {} : { spans: spans.slice(0, B) }),
      })),
    },
    result: {
      ...result,
      shapes,
      layers: [
        {
          ...computed,
          states: mapStates(computed.states, (values) => {
            const kept = values.subarray(0, B * T * H);
            return everyDigit ? kept.slice() : keep(kept);
          }),
          dhScaled: keep(computed.dhScaled.subarray(0, B * T * H)),
          log10dhPerSequence: computed.log10dhPerSequence.slice(0, B * T),
          gradients: mapParameters(computed.gradients, (values) => keep(values)),
          dhTotal: none,
          dInitial: mapStates(computed.dInitial, () => none),
          norms: noNorms,
          log10Norms: noNorms,
          log10SingleSource: none,
          hNorm: none,
          saturation: null,
        },
      ],
      dxs: none,
      norms: { dx: none },
      log10Norms: { dx: none },
    },
  };
}

/** Evenly spaced steps with both ends, and the ones that the verdict names. */
function someSteps(
  {
    result: {
      shapes: { T },
      verdict,
    },
  }: KeptRun,
  count: number,
): number[] {
  const rows = Math.max(2, Math.min(T, mostSteps, Math.floor(count)));
  const even = Array.from({ length: rows }, (_, i) => Math.round((i * (T - 1)) / (rows - 1)));
  const named = [verdict.crossedAt, verdict.zeroAt, verdict.infiniteAt].filter((t) => t !== null);
  return [...new Set([...even, ...named])].sort((a, b) => a - b);
}

const narrowed = ({ own, ...step }: OpenedStep): OpenedStep => ({
  ...(Object.fromEntries(
    Object.entries(step).map(([key, value]) => [key, typeof value === 'number' ? value : narrow(value)]),
  ) as Omit<OpenedStep, 'own'>),
  own: Object.fromEntries(Object.entries(own).map(([name, values]) => [name, narrow(values)])),
});

function firstSequence(run: KeptRun): FirstSequence {
  const { experiment, result, runId } = run;
  const { T, I, H } = result.shapes;
  const window = { t0: 0, t1: T };
  const picture = (tensor: PictureTensor, gate?: string): Picture => {
    const [peaks, notFinite] = [Array<number>(), Array<number>()];
    const {
      window: all,
      columns,
      rows,
      order,
      values,
      limit,
      usual,
      log10Max,
      decades,
    } = heatmap(
      run,
      {
        runId,
        tensor,
        ...(gate === undefined ? {} : { gate }),
        sequence: 0,
        window,
        maxColumns: pictureColumns,
        maxRows: pictureRows,
      },
      (column, peak, odd) => {
        [peaks[column], notFinite[column]] = [peak, odd];
      },
    );
    return {
      window: all,
      columns,
      rows,
      order,
      values: cells(values),
      limit,
      usual,
      log10Max,
      decades,
      peaks: Float64Array.from(peaks),
      notFinite: Float64Array.from(notFinite),
    };
  };
  const weightPictures = cellOf(experiment.cell).parameters.flatMap(({ name }) => {
    const picture = weights(run, { runId, tensor: name, maxRows: weightCells, maxColumns: weightCells });
    if (picture === null) return [];
    const { values, gradients, ...rest } = picture;
    return [[name, { ...rest, values: cells(values), gradients: cells(gradients) }] as const];
  });
  const order = (by: 'similarity' | 'saturation'): Uint32Array =>
    unitOrder(run, 0, by) ?? Uint32Array.from({ length: H }, (_, unit) => unit);
  const units = Array.from({ length: Math.min(H, mostUnits) }, (_, unit) => unit);
  return {
    heatmaps: {
      hs: picture('hs'),
      dh: picture('dh'),
      z: isGated(run) ? null : picture('z'),
      c: result.layers[0].states['c'] === undefined ? null : picture('c'),
    },
    gates: hasGateValues(run)
      ? Object.fromEntries(cellOf(experiment.cell).gates.map((gate) => [gate, picture('gate', gate)]))
      : {},
    orders: H > pictureRows ? null : { similarity: order('similarity'), saturation: order('saturation') },
    units,
    unitLines: unitLines(run, { runId, sequence: 0, units, window, maxPoints: linePoints }),
    activations: spread(run, { runId, sequence: 0, window, maxColumns: activationColumns, bins: activationBins }),
    steps: someSteps(run, stepNumbers / (2 * H))
      .map((t) => stepValues(run, { runId, t, sequence: 0 }))
      .map(({ t, h, g, gLog10 }) => ({ t, h: narrow(h), g: narrow(g), gLog10 })),
    opened: isGated(run)
      ? []
      : someSteps(run, openedNumbers / (10 * H + 2 * I)).map((t) => narrowed(openedStep(run, { t, sequence: 0 }))),
    weights: Object.fromEntries(weightPictures),
  };
}

const hasGateValues = (run: KeptRun): boolean => gateValuesOf(run, 0) !== null;

function ofNetwork(run: KeptRun): OfNetwork {
  const {
    runId,
    result: {
      shapes: { T },
    },
  } = run;
  const window = { t0: 0, t1: T };
  const values = gateValuesOf(run, 0);
  return {
    map: networkMap(run, { runId, window, maxColumns: pictureColumns }),
    gates: isGated(run) ? gateSeries(run, { runId, window, maxPoints: linePoints }) : null,
    kept:
      values === null
        ? null
        : keptByGate(run, values, { runId, sequence: 0, window, maxPoints: linePoints, maxUnits: keptUnits }),
  };
}

function wholeBatch(run: KeptRun): Batch {
  const {
    runId,
    result: {
      shapes: { B, T },
    },
  } = run;
  const window = { t0: 0, t1: T };
  const points = Math.min(T, linePoints);
  const count = Math.min(B, Math.max(1, Math.floor(batchNumbers / points)));
  const { t, values } = sequenceLines(run, { runId, first: 0, count, window, maxPoints: points });
  return {
    band: band(run, { runId, window, maxPoints: points }),
    sequenceLines: { t, values: values.map(narrow) },
    activations: spread(run, { runId, sequence: null, window, maxColumns: activationColumns, bins: activationBins }),
  };
}

/**
 * Fewer rows of a long attribution. Its sources stay: the sizes of parts of a sum cannot be put together afterwards.
 */
function thinned({ attribution, ...rest }: Finished): Finished {
  const { sources, t, log10 } = attribution;
  const rows = Math.max(2, Math.floor(attributionNumbers / Math.max(1, sources.length)));
  if (t.length <= rows) return { attribution, ...rest };
  const kept = Array.from({ length: rows }, (_, i) => Math.round((i * (t.length - 1)) / (rows - 1)));
  const fewer = new Float64Array(rows * sources.length);
  kept.forEach((row, i) =>
    fewer.set(log10.subarray(row * sources.length, (row + 1) * sources.length), i * sources.length),
  );
  return {
    attribution: { ...attribution, t: Float64Array.from(kept, (row) => t[row] ?? 0), log10: narrow(fewer) },
    ...rest,
  };
}

const narrowLayer = (layer: LayerSeries): LayerSeries => ({
  ...layer,
  hNorm: narrow(layer.hNorm),
  saturation: layer.saturation === null ? null : narrow(layer.saturation),
});

/** `named`: steps that have more numbers in the record. */
function shortened(
  whole: RunSummary,
  spectrum: SpectrumSummary,
  named: readonly number[],
): Pick<RunRecord, 'summary' | 'spectrum'> {
  if (whole.shapes.T <= mostWideSteps) return { summary: whole, spectrum };
  const { summary, jacobianSigmaMax } = kept(whole, spectrum.jacobianSigmaMax, named);
  return {
    summary: {
      ...summary,
      layers: [narrowLayer(summary.layers[0]), ...summary.layers.slice(1).map(narrowLayer)],
    },
    spectrum: { ...spectrum, jacobianSigmaMax: narrow(jacobianSigmaMax) },
  };
}

/**
 * Everything that a report shows of a run. While all tensors need less than 2.4 MB every sequence is whole with every
 * digit, so the report can do what the panel does; of a larger batch as many sequences as fit are whole, with seven
 * digits; of a sequence larger than that there are pictures of at most 1024×96 cells and the numbers of some steps, and
 * of more than 32,768 steps the norms are those of the steps that tell most. So a record stays below 5 MB for any B, T
 * and H.
 */
export async function makeRecord(
  run: KeptRun,
  summary: RunSummary,
  spectrum: Spectrum,
  analyses: Analyses,
  advice: Advice | null,
): Promise<RunRecord> {
  const finished = thinned(await analyses.finished());
  const { sequences, everyDigit } = plan(run);
  const { B } = run.result.shapes;
  if (sequences === 0 && !isGated(run)) {
    const z = await analyses.preActivations(0);
    if (z === null) throw new Cancelled();
    keepPreActivations(run, 0, z);
  }
  if (isGated(run) && fitsGateValues(run) && gateValuesOf(run, 0) === null) {
    const values = await analyses.gateValues(0);
    if (values === null) throw new Cancelled();
    keepGateValues(run, 0, values);
  }
  const first = sequences > 0 ? null : firstSequence(run);
  const series = shortened(
    summary,
    spectrumSummary(run, spectrum),
    first === null ? [] : [...first.steps, ...first.opened].map(({ t }) => t),
  );
  return {
    schema: 1,
    extent:
      first !== null
        ? { kind: 'pictures', steps: first.steps.length, norms: series.summary.steps?.length ?? null }
        : sequences < B
          ? { kind: 'sequences', sequences }
          : { kind: everyDigit ? 'everything' : 'rounded' },
    ...series,
    advice,
    finished,
    whole: sequences > 0 ? wholeSequences(run, sequences, everyDigit) : null,
    first,
    network: ofNetwork(run),
    batch: sequences === B || B === 1 ? null : wholeBatch(run),
  };
}
