// What the gates of a cell do, and what a network's layers get: cut from a finished run.
import { t as say } from '@vscode/l10n';
import { cellOf, inPositions } from '../../engine/index.js';
import type { GatesOfSequence } from '../../engine/index.js';
import type {
  GateSeries,
  GateSeriesRequest,
  Kept,
  KeptRequest,
  NetworkMap,
  NetworkMapRequest,
  TimeWindow,
} from '../../protocol/index.js';
import { binStart, clampWindow } from './decimate.js';
import { requireGates } from './keptRun.js';
import type { KeptRun } from './keptRun.js';

/** More numbers than this are not held for a picture, 256 MiB. */
const mostGateValues = 2 ** 25;

/** The gates of the sequence that was asked for last: every zoom comes back to them. */
const known = new WeakMap<KeptRun['result'], { readonly sequence: number; readonly gates: GatesOfSequence }>();

export const keepGateValues = ({ result }: KeptRun, sequence: number, gates: GatesOfSequence): void =>
  void known.set(result, { sequence, gates });

/** Null while they are not computed. */
export function gateValuesOf({ result }: KeptRun, sequence: number): GatesOfSequence | null {
  const last = known.get(result);
  return last?.sequence === sequence ? last.gates : null;
}

const sizeOfGateValues = ({ result: { shapes }, experiment }: KeptRun): number =>
  shapes.T * shapes.H * cellOf(experiment.cell).gates.length;
export const fitsGateValues = (run: KeptRun): boolean => sizeOfGateValues(run) <= mostGateValues;

/** @throws where there is no room for them, or nothing that opens and closes */
export function requireGateValues(run: KeptRun): void {
  requireGates(run);
  const size = sizeOfGateValues(run);
  if (size > mostGateValues)
    throw new Error(
      say(
        'The gates of all steps of a sequence are {0} numbers here; up to {1} are held at once. Shorten the sequence.',
        size,
        mostGateValues,
      ),
    );
}

/** The largest of a series in each column; NaN where a step has no number, −∞ where all are exactly 0. */
function columnsOf(series: Float64Array, { t0, t1 }: TimeWindow, columns: number, out: Float64Array): void {
  for (let column = 0; column < columns; column++) {
    let largest = -Infinity;
    for (let t = binStart(t0, t1 - t0, columns, column); t < binStart(t0, t1 - t0, columns, column + 1); t++)
      largest = Math.max(largest, series[t] ?? NaN);
    out[column] = largest;
  }
}

/** Steps of a window, all of them or evenly spaced ones: each number is then that of its own step, in every series. */
function sampledSteps(window: TimeWindow, most: number): Float64Array {
  const span = window.t1 - window.t0;
  const count = Math.min(span, Math.max(2, most));
  return Float64Array.from({ length: count }, (_, i) =>
    count === 1 ? window.t0 : window.t0 + Math.round((i * (span - 1)) / (count - 1)),
  );
}
const pick = (series: Float64Array, t: Float64Array): Float64Array => t.map((step) => series[step] ?? NaN);

/** Null of a single layer, which has no map. */
export function networkMap({ network, experiment, result }: KeptRun, request: NetworkMapRequest): NetworkMap | null {
  if (network === undefined) return null;
  const window = clampWindow(request.window, result.shapes.T);
  const columns = Math.min(window.t1 - window.t0, Math.max(1, request.maxColumns));
  const [values, down] = [0, 1].map(() => new Float64Array(network.layers.length * columns)) as [
    Float64Array,
    Float64Array,
  ];
  // Each direction counts in the order in which it computes; all are shown on the axis of the one that is looked at.
  network.layers.forEach((layer, i) => {
    const [{ log10Norms }] = layer.result.layers;
    const own = inPositions(layer.experiment, log10Norms.ds ?? log10Norms.dh);
    columnsOf(inPositions(experiment, own), window, columns, values.subarray(i * columns, (i + 1) * columns));
    const sent = inPositions(layer.experiment, layer.result.log10Norms.dx);
    columnsOf(inPositions(experiment, sent), window, columns, down.subarray(i * columns, (i + 1) * columns));
  });
  const dx = new Float64Array(columns);
  columnsOf(inPositions(experiment, network.log10Norms.dx), window, columns, dx);
  return { window, columns, values, down, dx };
}

/** @throws of a cell with one gate */
export function gateSeries(run: KeptRun, request: GateSeriesRequest): GateSeries {
  requireGates(run);
  const { result } = run;
  const [{ gates, lnPaths }] = result.layers;
  const window = clampWindow(request.window, result.shapes.T);
  const t = sampledSteps(window, request.maxPoints);
  const line = (series: Float64Array): Float64Array => pick(series, t);
  return {
    t,
    gates: Object.entries(gates ?? {}).map(([name, { mean, closed, open }]) => ({
      name,
      mean: line(mean),
      closed: line(closed),
      open: line(open),
    })),
    paths: Object.entries(lnPaths ?? {}).map(([name, ln]) => ({ name, ln: line(ln) })),
  };
}

/** @throws of a cell that has no gate for it */
export function keptByGate({ result, experiment }: KeptRun, { kept }: GatesOfSequence, request: KeptRequest): Kept {
  const { keeper, name } = cellOf(experiment.cell);
  if (keeper === undefined || kept === null)
    throw new Error(say('The cell "{0}" has no gate that keeps its state.', name));
  const { T, H } = result.shapes;
  const window = clampWindow(request.window, T);
  const t = sampledSteps(window, request.maxPoints);
  const units = shownUnits(H, request.maxUnits);
  const first = kept.median.findIndex((value) => !Number.isNaN(value));
  return {
    gate: keeper.gate,
    steps: kept.steps,
    t,
    units,
    log10: units.map((unit) => t.map((step) => kept.log10[step * H + unit] ?? NaN)),
    median: pick(kept.median, t),
    halfLives: Float64Array.from({ length: H }, (_, unit) => {
      const lost = -(kept.log10[first * H + unit] ?? NaN) / Math.max(1, kept.steps);
      return lost === 0 ? Infinity : Math.log10(2) / lost;
    }),
  };
}

/** As many units as are drawn, evenly spaced. */
const shownUnits = (H: number, most: number): readonly number[] => {
  const count = Math.min(H, Math.max(1, most));
  return Array.from({ length: count }, (_, i) => Math.floor((i * H) / count));
};
