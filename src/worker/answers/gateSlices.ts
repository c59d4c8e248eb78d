// What the gates of a cell do, and what a network's layers get: cut from a finished run.
import { t as say } from '@vscode/l10n';
import { cellOf, inPositions, keptToTheEnd } from '../../engine/index.js';
import type {
  GateSeries,
  GateSeriesRequest,
  Kept,
  KeptRequest,
  NetworkMap,
  NetworkMapRequest,
  TimeWindow,
} from '../../protocol/index.js';
import { binStart, clampWindow, decimate, decimatedSteps } from './decimate.js';
import { requireGates } from './keptRun.js';
import type { KeptRun } from './keptRun.js';
import { Once } from './perRunCache.js';

/** More numbers than this are not held for a picture, 256 MiB. */
const mostGateValues = 2 ** 25;

/** Values of the gates of the sequence that was asked for last, [T,G·H]: every zoom comes back to them. */
const known = new WeakMap<KeptRun['result'], { readonly sequence: number; readonly values: Float64Array }>();

export const keepGateValues = ({ result }: KeptRun, sequence: number, values: Float64Array): void =>
  void known.set(result, { sequence, values });

/** Null while they are not computed. */
export function gateValuesOf({ result }: KeptRun, sequence: number): Float64Array | null {
  const last = known.get(result);
  return last?.sequence === sequence ? last.values : null;
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

/** The largest of a series in each column; where no number is finite, −∞ if one is exactly 0. */
function columnsOf(series: Float64Array, { t0, t1 }: TimeWindow, columns: number, out: Float64Array): void {
  for (let column = 0; column < columns; column++) {
    let largest = NaN;
    for (let t = binStart(t0, t1 - t0, columns, column); t < binStart(t0, t1 - t0, columns, column + 1); t++) {
      const value = series[t] ?? NaN;
      if (Number.isNaN(largest) || value > largest) largest = value;
    }
    out[column] = largest;
  }
}

/** Null of a single layer, which has no map. */
export function networkMap({ network, experiment, result }: KeptRun, request: NetworkMapRequest): NetworkMap | null {
  if (network === undefined) return null;
  const window = clampWindow(request.window, result.shapes.T);
  const columns = Math.min(window.t1 - window.t0, Math.max(1, request.maxColumns));
  const values = new Float64Array(network.layers.length * columns);
  // Each direction counts in the order in which it computes; all are shown on the axis of the one that is looked at.
  network.layers.forEach((layer, i) => {
    const [{ log10Norms }] = layer.result.layers;
    const own = inPositions(layer.experiment, log10Norms.ds ?? log10Norms.dh);
    columnsOf(inPositions(experiment, own), window, columns, values.subarray(i * columns, (i + 1) * columns));
  });
  const dx = new Float64Array(columns);
  columnsOf(inPositions(experiment, network.log10Norms.dx), window, columns, dx);
  return { window, columns, values, dx };
}

/** @throws of a cell with one gate */
export function gateSeries(run: KeptRun, request: GateSeriesRequest): GateSeries {
  requireGates(run);
  const { result } = run;
  const [{ gates, lnPaths }] = result.layers;
  const window = clampWindow(request.window, result.shapes.T);
  const { t, bins } = decimatedSteps(window, request.maxPoints);
  const line = (series: Float64Array): Float64Array => {
    const out = new Float64Array(t.length);
    decimate(window, bins, out, (step) => series[step] ?? NaN);
    return out;
  };
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

const keptLogs = new Once<Float64Array>();

/** @throws of a cell that has no gate for it */
export function keptByGate(run: KeptRun, values: Float64Array, request: KeptRequest): Kept {
  const { result, experiment } = run;
  const { keeper, gates, name } = cellOf(experiment.cell);
  if (keeper === undefined) throw new Error(say('The cell "{0}" has no gate that keeps its state.', name));
  const { T, H } = result.shapes;
  const at = gates.indexOf(keeper.gate);
  // A sequence that ends earlier has nothing behind its end, and each chunk starts anew.
  const last = (run.network?.lengths[request.sequence] ?? T) - 1;
  const first = result.chunkStarts.at(-1) ?? 0;
  const logs = keptLogs.of(result, `kept ${request.sequence}`, () =>
    keptToTheEnd(values, { T, H }, { count: gates.length, keeper: at }, { first, last }),
  );
  const window = clampWindow(request.window, T);
  const { t, bins } = decimatedSteps(window, request.maxPoints);
  const count = Math.min(H, Math.max(1, request.maxUnits));
  const units = Array.from({ length: count }, (_, i) => Math.floor((i * H) / count));
  const line = (of: (step: number) => number): Float64Array => {
    const out = new Float64Array(t.length);
    decimate(window, bins, out, of);
    return out;
  };
  const medians = new Float64Array(window.t1 - window.t0);
  for (let step = window.t0; step < window.t1; step++) {
    const sorted = logs.slice(step * H, (step + 1) * H).sort();
    medians[step - window.t0] = ((sorted[(H - 1) >> 1] ?? NaN) + (sorted[H >> 1] ?? NaN)) / 2;
  }
  return {
    gate: keeper.gate,
    t,
    units,
    log10: units.map((unit) => line((step) => logs[step * H + unit] ?? NaN)),
    median: line((step) => medians[step - window.t0] ?? NaN),
    halfLives: Float64Array.from({ length: H }, (_, unit) => {
      const lost = -(logs[first * H + unit] ?? NaN) / Math.max(1, last - first);
      return lost === 0 ? Infinity : Math.log10(2) / lost;
    }),
  };
}
