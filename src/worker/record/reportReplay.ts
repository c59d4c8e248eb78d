// Answers the page's questions about a run from its record, as the worker answers them from the run.
import { log10Of2 } from '../../engine/index.js';
import type { GatesOfSequence } from '../../engine/index.js';
import type {
  Heatmap,
  HeatmapRequest,
  SliceRequests,
  StepsBlock,
  StepsRequest,
  UnitLines,
  WeightName,
  WeightsPicture,
} from '../../protocol/index.js';
import { gateSeries, gateValuesOf, keepGateValues, keptByGate } from '../answers/gateSlices.js';
import { Analyses } from '../answers/analyses.js';
import { binsIn, clampWindow } from '../answers/decimate.js';
import { seriesAnswer } from '../answers/seriesDownsampling.js';
import { notFinite } from './reportRecord.js';
import type { Cells, FirstSequence, RunRecord } from './reportRecord.js';
import { heatmap, openedStep, sequenceLines, stepsBlock, stepValues, unitLines } from '../answers/slices.js';
import type { KeptRun } from '../answers/keptRun.js';
import { band, spread } from '../answers/unitSlices.js';
import { weightCells, weights } from '../answers/weightSlices.js';

type Answers = {
  [K in keyof SliceRequests]: (
    params: SliceRequests[K]['params'],
  ) => SliceRequests[K]['result'] | Promise<SliceRequests[K]['result']>;
};

const restored = (cells: Cells): Float32Array =>
  Float32Array.from(cells, (cell) => (cell === notFinite ? NaN : cell / 32767));

/**
 * The picture with its rows in the wanted order; as it is where rows hold several units. All of it, with what is told
 * of the window: of the columns that show steps of it.
 */
function pictureOf(first: FirstSequence, request: HeatmapRequest): Heatmap | null {
  const { tensor, gate = '', order: by = 'index', window } = request;
  const recorded =
    tensor === 'gate' ? (Object.hasOwn(first.gates, gate) ? first.gates[gate] : null) : first.heatmaps[tensor];
  if (recorded === null || recorded === undefined) return null;
  const { peaks, notFinite: odd, ...cells } = recorded;
  const {
    window: { t1: T },
    columns,
  } = cells;
  const values = restored(cells.values);
  const { from, to } = binsIn(clampWindow(window, T), T, columns);
  const picture = {
    ...cells,
    peak: peaks.subarray(from, to).reduce((most, peak) => (peak <= most || Number.isNaN(peak) ? most : peak), NaN),
    notFinite: odd.subarray(from, to).reduce((sum, count) => sum + count, 0),
  };
  if (by === 'index' || first.orders === null) return { ...picture, values };
  const order = first.orders[by];
  const sorted = new Float32Array(values.length);
  order.forEach((unit, row) =>
    sorted.set(values.subarray(unit * picture.columns, (unit + 1) * picture.columns), row * picture.columns),
  );
  return { ...picture, values: sorted, order };
}

function linesOf({ units, unitLines: lines }: FirstSequence, wanted: readonly number[]): UnitLines {
  const unknown = new Float64Array(lines.t.length).fill(NaN);
  return { t: lines.t, values: wanted.map((unit) => lines.values[units.indexOf(unit)] ?? unknown) };
}

const nearestTo = <Item extends { readonly t: number }>(items: readonly Item[], t: number): Item | null =>
  items.reduce<Item | null>(
    (best, item) => (best === null || Math.abs(item.t - t) < Math.abs(best.t - t) ? item : best),
    null,
  );

/** Of the steps whose numbers were kept. */
function blockOf({ steps, opened }: FirstSequence, { tensor, from, to }: StepsRequest): StepsBlock {
  const z = opened.map(({ t, z: h, g, exponent }) => ({ t, h, g, gLog10: exponent * log10Of2 }));
  // Of c and of gates there are pictures alone.
  const known = tensor === 'hs' ? steps : tensor === 'z' ? z : [];
  const kept = known.filter(({ t }) => t >= from && t < to);
  const rows = (pick: (step: (typeof kept)[number]) => Float64Array): Float64Array =>
    Float64Array.from(kept.flatMap((step) => [...pick(step)]));
  return {
    t: Float64Array.from(kept, ({ t }) => t),
    h: rows(({ h }) => h),
    g: rows(({ g }) => g),
    gLog10: Float64Array.from(kept, ({ gLog10 }) => gLog10),
  };
}

const weightsOf = (first: FirstSequence, tensor: WeightName): WeightsPicture | null => {
  const picture = Object.hasOwn(first.weights, tensor) ? first.weights[tensor] : undefined;
  if (picture === undefined) return null;
  return { ...picture, values: restored(picture.values), gradients: restored(picture.gradients) };
};

/** Whether the norms of each sequence are there at every step. */
export const recordedNorms = ({
  batch,
  summary: {
    shapes: { T },
  },
}: RunRecord): boolean => batch === null || batch.sequenceLines.t.length === T;

/** The steps whose numbers are there, where not all are. */
export const recordedSteps = ({ first }: RunRecord): Readonly<Record<StepsRequest['tensor'], Float64Array>> | null =>
  first === null
    ? null
    : {
        hs: Float64Array.from(first.steps, ({ t }) => t),
        z: Float64Array.from(first.opened, ({ t }) => t),
        c: new Float64Array(0),
        gate: new Float64Array(0),
      };

/** How many sequences a reader can choose from. */
export const recordedSequences = ({ whole }: RunRecord): number => whole?.experiment.shapes.B ?? 1;

/**
 * The answers of a report. Windows of what is not whole are answered with the whole time axis, of which the page shows
 * the part it wants; null where the record does not hold what was asked for.
 */
export function replay(record: RunRecord): Answers {
  const {
    whole,
    first,
    batch,
    finished,
    network,
    summary: { runId, shapes },
  } = record;
  const run: KeptRun | null = whole === null ? null : { runId, ...whole };
  const sequences = recordedSequences(record);
  const analyses = new Analyses(run, { ...shapes, B: sequences }, () => undefined, finished);
  async function gatesOf(kept: KeptRun, sequence: number): Promise<GatesOfSequence | null> {
    const known = gateValuesOf(kept, sequence);
    if (known !== null) return known;
    const values = await analyses.gateValues(sequence);
    if (values !== null) keepGateValues(kept, sequence, values);
    return values;
  }
  /** From whole sequences; else from the pictures of the first one. */
  const either = <Result>(
    sequence: number,
    ofWhole: (kept: KeptRun) => Result,
    ofFirst: (pictures: FirstSequence) => Result | null,
  ): Result | null =>
    sequence >= sequences ? null : run !== null ? ofWhole(run) : first === null ? null : ofFirst(first);
  return {
    heatmap: async (request) => {
      if (run !== null && request.tensor === 'gate' && request.sequence < sequences)
        await gatesOf(run, request.sequence);
      return either(
        request.sequence,
        (kept) => heatmap(kept, request),
        (pictures) => pictureOf(pictures, request),
      );
    },
    networkMap: () => network.map,
    gateSeries: (request) => (run === null ? network.gates : gateSeries(run, request)),
    kept: async (request) => {
      if (run === null || request.sequence >= sequences) return request.sequence === 0 ? network.kept : null;
      const values = await gatesOf(run, request.sequence);
      return values === null ? null : keptByGate(run, values, request);
    },
    unitLines: (request) =>
      either(
        request.sequence,
        (kept) => unitLines(kept, request),
        (pictures) => linesOf(pictures, request.units),
      ),
    sequenceLines(request) {
      if (run !== null && request.first + request.count <= sequences) return sequenceLines(run, request);
      if (batch === null) return null;
      return {
        t: batch.sequenceLines.t,
        values: batch.sequenceLines.values.slice(request.first, request.first + request.count),
      };
    },
    band: (request) => batch?.band ?? (run === null ? null : band(run, request)),
    activations(request) {
      if (request.sequence === null && batch !== null) return batch.activations;
      return either(
        request.sequence ?? 0,
        (kept) => spread(kept, request),
        ({ activations }) => activations,
      );
    },
    step: (request) =>
      either(
        request.sequence,
        (kept) => stepValues(kept, request),
        ({ steps }) => steps.find(({ t }) => t === request.t) ?? null,
      ),
    steps: async (request) => {
      if (run !== null && request.tensor === 'gate' && request.sequence < sequences)
        await gatesOf(run, request.sequence);
      return either(
        request.sequence,
        (kept) => stepsBlock(kept, request),
        (pictures) => blockOf(pictures, request),
      );
    },
    openedStep: ({ t, sequence }) =>
      either(
        sequence,
        (kept) => openedStep(kept, { t, sequence }),
        ({ opened }) => nearestTo(opened, t),
      ),
    gates: (request) => (run === null || request.sequence >= sequences ? null : analyses.openedGates(request)),
    weights: (request) =>
      either(
        0,
        (kept) => weights(kept, request),
        (pictures) => weightsOf(pictures, request.tensor),
      ),
    weightCells: (request) => (run === null ? null : weightCells(run, request)),
    series: (request) => seriesAnswer(record.summary, record.spectrum.jacobianSigmaMax, request),
    jacobians: (request) => (request.sequence >= sequences ? null : analyses.jacobians(request)),
    attribution: (request) => analyses.attribution(request),
    attributionRow: (request) => analyses.attributionRow(request),
    attributionRows: (request) => analyses.attributionRows(request),
    reach: () => analyses.reach(),
    gateEigenvalues: () => (run === null ? null : analyses.gateEigenvalues()),
    // A record has all exponents.
    exponents: () => ({ ...record.spectrum, fraction: 1 }),
    // Nothing runs in a report.
    whatIf: () => null,
    advice: () => record.advice,
  };
}
