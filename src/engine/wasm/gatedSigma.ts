// σ_max of the Jacobians of LSTM and GRU at many steps at once: Lanczos on JᵀJ, where each step's row of vectors goes
// through the weights together with those of the others, and its slopes beside them.
import { norm } from '../core/norm.js';
import type { Resumable } from '../core/resumable.js';
import { part } from '../core/resumable.js';
import { unrelated } from '../linalg/lanczos.js';
import { stateWidth } from '../network/cellRows.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { RunChunk } from '../network/runChunk.js';
import { GatedBack } from './gatedBack.js';
import { flowShapeOf } from './gatedFlowLayout.js';
import { GatedForward } from './gatedForward.js';
import { gatedShapeOf } from './gatedLayout.js';
import { GatedSlopes } from './gatedSlopes.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { lanczosRows } from './lanczosRows.js';
import type { LanczosRows } from './lanczosRows.js';
import { columnAt, insideRange, layOut, numbersAt, packedBytes, panelsOf, width } from './packedMatrix.js';
import { rowColumns } from './rowsBack.js';

const numberBytes = Float64Array.BYTES_PER_ELEMENT;
/** Steps that go on at the same time: enough for a product of matrices to reach its speed. */
export const sigmaSlots = 32;
const pauseWork = 2e7;
/** Iterations between two pauses at most: the vectors and tridiagonal matrices take their time too. */
const mostRounds = 12;
/** Between these σ² has lost nothing on its way; plain arithmetic scales each Jacobian first. */
const [leastSquare, mostSquare] = [1e-120, 1e120];

/** `experiment` of one batch item. */
export function gatedSigmaSizes(experiment: LayerExperiment) {
  const { H } = experiment.shapes;
  const { gated } = flowShapeOf(gatedShapeOf(experiment));
  const columns = panelsOf(H) * width;
  const rows = packedBytes(sigmaSlots, rowColumns(experiment));
  return {
    ...GatedSlopes.sizes(experiment),
    ...GatedBack.sizes(experiment, sigmaSlots),
    ...GatedForward.sizes(experiment, sigmaSlots),
    rowSlopes: packedBytes(sigmaSlots, gated.slopes * columns),
    vectors: rows,
    vectorsBefore: rows,
    images: rows,
  };
}

/**
 * Fills σ_max of every step of one batch item as far as it is found here; NaN where plain arithmetic has to find it.
 * Null when the memory does not suffice, or a number could leave its range.
 */
export function* gatedSigmaMax(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  series: Float64Array,
): Resumable<Float64Array | null> {
  const { Wx, Wh } = experiment.layers[0].parameters;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const at = layOut(kernels, gatedSigmaSizes(experiment));
  if (at === null) return null;
  const slopes = yield* GatedSlopes.create(kernels, experiment, at);
  const side = yield* SideBySide.create(kernels, experiment, slopes, at);
  const { T } = experiment.shapes;
  for (const chunk of chunks)
    for (let t0 = 0; t0 < chunk.steps; t0 += slopes.steps) {
      const t1 = Math.min(chunk.steps, t0 + slopes.steps);
      const [from, to] = [chunk.start + t0, chunk.start + t1];
      if (!(yield* part(slopes.block(chunk, t0, t1), from / T, from / T))) return null;
      yield* part(
        side.each(t1 - t0, (i, square) => {
          if (square > leastSquare && square < mostSquare) series[from + i] = Math.sqrt(square);
        }),
        from / T,
        to / T,
      );
    }
  return series;
}

class SideBySide {
  readonly #kernels: Kernels;
  readonly #experiment: LayerExperiment;
  readonly #slopes: GatedSlopes;
  readonly #ways: { readonly forward: GatedForward; readonly back: GatedBack };
  readonly #at: Readonly<Record<keyof ReturnType<typeof gatedSigmaSizes>, number>>;
  /** Without structure, so that no symmetry of Wh can hide a direction from it. */
  readonly #start: Float64Array;

  static *create(
    kernels: Kernels,
    experiment: LayerExperiment,
    slopes: GatedSlopes,
    at: Readonly<Record<keyof ReturnType<typeof gatedSigmaSizes>, number>>,
  ): Resumable<SideBySide> {
    const back = yield* GatedBack.create(kernels, experiment, at, sigmaSlots);
    const forward = yield* GatedForward.create(kernels, experiment, at, sigmaSlots);
    return new SideBySide(kernels, experiment, slopes, { back, forward }, at);
  }

  private constructor(
    kernels: Kernels,
    experiment: LayerExperiment,
    slopes: GatedSlopes,
    ways: { readonly forward: GatedForward; readonly back: GatedBack },
    at: Readonly<Record<keyof ReturnType<typeof gatedSigmaSizes>, number>>,
  ) {
    this.#kernels = kernels;
    this.#experiment = experiment;
    this.#slopes = slopes;
    this.#ways = ways;
    this.#at = at;
    const start = Float64Array.from({ length: stateWidth(experiment) }, (_, i) => unrelated(i));
    const length = norm(start);
    this.#start = start.map((value) => value / length);
  }

  /** The largest eigenvalue of JᵀJ of the first `count` rows of the slopes' block; NaN where it has not converged. */
  *each(count: number, found: (i: number, square: number) => void): Resumable<void> {
    const { H } = this.#experiment.shapes;
    const { cell, gated } = flowShapeOf(gatedShapeOf(this.#experiment));
    const at = this.#at;
    const n = this.#start.length;
    const hPanels = panelsOf(H);
    const work = cell.gates.length * H * H;
    const slots = Math.max(1, Math.min(sigmaSlots, count, Math.floor(pauseWork / (2 * work))));
    const panel = slots * rowBytes;
    const numbers = numbersAt(this.#kernels, 0, this.#kernels.memory.buffer.byteLength / numberBytes);
    // The states side by side, each in whole panels.
    const columns = Int32Array.from(
      { length: n },
      (_, j) => Math.floor(j / H) * hPanels * slots * width + columnAt(j % H, panel),
    );
    const row0 = (buffer: number, row: number): number => buffer / numberBytes + row * width;
    for (const buffer of [at.vectors, at.vectorsBefore, at.images])
      this.#kernels.exports.clear(buffer, (rowColumns(this.#experiment) / width) * panel);
    const [a, b] = [new Float64Array(slots), new Float64Array(slots)];
    const { at: from, panel: fromPanel, kind } = this.#slopes.at;
    const ofRows = { at: at.rowSlopes, panel, kind: hPanels * panel, first: 0, period: slots };
    const end = (rowColumns(this.#experiment) / width) * slots * width;
    /** v ← the next vector of a row, with β of the step before; gives α, and β of this one. */
    const lanczosStep = (row: number, last: number): [number, number] => {
      const [own, before, image] = [row0(at.vectors, row), row0(at.vectorsBefore, row), row0(at.images, row)] as const;
      let alpha = 0;
      for (let p = 0; p < end; p += slots * width)
        for (let i = p; i < p + width; i++) alpha += numbers[image + i]! * numbers[own + i]!;
      let squares = 0;
      for (let p = 0; p < end; p += slots * width)
        for (let i = p; i < p + width; i++) {
          const old = last === 0 ? 0 : last * numbers[before + i]!;
          const left = numbers[image + i]! - alpha * numbers[own + i]! - old;
          numbers[image + i] = left;
          squares += left * left;
        }
      const beta = Math.sqrt(squares);
      const factor = beta === 0 ? 0 : 1 / beta;
      for (let p = 0; p < end; p += slots * width)
        for (let i = p; i < p + width; i++) {
          numbers[before + i] = numbers[own + i]!;
          numbers[own + i] = numbers[image + i]! * factor;
        }
      return [alpha, beta];
    };
    const rows: LanczosRows = {
      a,
      b,
      begin: (row, i) => {
        for (let k = 0; k < gated.slopes; k++)
          for (let p = 0; p < hPanels; p++) {
            const own = (from + k * kind + p * fromPanel + i * rowBytes) / numberBytes;
            numbers.copyWithin(row0(at.rowSlopes + k * ofRows.kind + p * panel, row), own, own + width);
          }
        for (let j = 0; j < n; j++) numbers[row0(at.vectors, row) + columns[j]!] = this.#start[j]!;
        return true;
      },
      idle: (row) => {
        for (let j = 0; j < n; j++) numbers[row0(at.vectors, row) + columns[j]!] = 0;
      },
      step: () => {
        const images = { at: at.images, panel };
        this.#ways.forward.through({ at: at.vectors, panel }, slots, ofRows, images);
        this.#ways.back.toGates(images, slots, ofRows);
        this.#ways.back.onward(0, images, slots);
        for (let row = 0; row < slots; row++) [a[row], b[row]] = lanczosStep(row, b[row]!);
      },
    };
    const pause = Math.max(1, Math.min(mostRounds, Math.floor(pauseWork / (2 * slots * work))));
    yield* lanczosRows({ count, slots, n, pause }, rows, found);
  }
}
