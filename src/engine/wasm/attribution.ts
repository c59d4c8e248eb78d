// All losses on their way back together through the kernels: one product of matrices a step, which grows by a row for
// every loss it passes.
import type { RunChunk } from '../network/runChunk.js';
import type { Attribution } from '../analysis/attribution.js';
import { cutBefore } from '../network/chunks.js';
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import { exponentOf, log10Of2, maxAbs } from '../core/norm.js';
import { allFinite, sequenceFinite } from '../core/scan.js';
import { part } from '../core/resumable.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import type { Kernels } from './instance.js';
import { clearResumably, rowBytes } from './instance.js';
import { ready } from '../core/recomputedTrace.js';
import { columnAt, insideRange, layOut, numbersAt, packedBytes, packInto, panelsOf, width } from './packedMatrix.js';
import { ranges } from './workSplit.js';
import { SlopeBlocks } from './slopes.js';
import { packTwice } from './packWeights.js';
import { settleRows, throughWeights } from './gradientRows.js';
import { call, inParts } from './team.js';
import { noMemory } from './workspaces.js';

const pauseWork = 2e7;

/** Rows [count,H] in packed layout at `at`, each with an exponent of its own. */
class Rows {
  readonly panelBytes: number;
  readonly exponents: Float64Array;
  readonly #numbers: Float64Array;
  readonly #columns: Int32Array;

  constructor(kernels: Kernels, at: number, exponents: number, count: number, H: number) {
    this.panelBytes = count * rowBytes;
    this.exponents = numbersAt(kernels, exponents, count);
    this.#numbers = numbersAt(kernels, at, panelsOf(H) * count * width);
    this.#columns = Int32Array.from({ length: H }, (_, j) => columnAt(j, this.panelBytes));
  }

  /** row += values */
  add(row: number, values: FloatArray): void {
    const largest = maxAbs(values);
    if (largest === 0) return;
    const old = this.exponents[row]!;
    const together = Math.max(exponentOf(largest), old);
    // What lies 2^−1070 below cannot change a double.
    const [own, entering] = [
      old - together < -1070 ? 0 : 2 ** (old - together),
      -together < -1070 ? 0 : 2 ** -together,
    ];
    this.#columns.forEach((column, j) => {
      const place = row * width + column;
      this.#numbers[place] = (own === 0 ? 0 : this.#numbers[place]! * own) + values[j]! * entering;
    });
    this.exponents[row] = together;
  }
}

/** Rows on their way, and those that are taken back at once. */
function rowsFor(
  { shapes: { B, H } }: LayerExperiment,
  S: number,
): { readonly count: number; readonly atOnce: number } {
  const count = Math.max(1, S * B);
  return { count, atOnce: Math.min(count + (count % 2), Math.max(2, 2 * Math.floor(pauseWork / (2 * H * H)))) };
}

/** Buffers of an attribution to S sources. */
export function attributionSizes(experiment: LayerExperiment, S: number) {
  const { B, H } = experiment.shapes;
  const { count, atOnce } = rowsFor(experiment, S);
  return {
    ...SlopeBlocks.sizes(experiment, B),
    transposed: packedBytes(H, H),
    g: packedBytes(count, H),
    d: packedBytes(atOnce, H),
    stepSlopes: packedBytes(B, H),
    exponents: count * 8,
    squares: count * 8,
  };
}

/** Null when a number is not finite or could leave its range; then plain arithmetic has to. */
export function* fastAttribution(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  attribution: Attribution,
): Resumable<Attribution | typeof noMemory | null> {
  const { sources, t: rows, log10 } = attribution;
  const {
    shapes: { B, T, H },
    layers: [
      {
        parameters: { Wx, Wh },
      },
    ],
  } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const S = sources.length;
  const { count, atOnce } = rowsFor(experiment, S);
  const at = layOut(kernels, attributionSizes(experiment, S));
  if (at === null) return noMemory;
  const { exports } = kernels;
  yield* clearResumably(kernels, at.g, packedBytes(count, H));
  yield* packTwice(kernels, 'float64', Wh, H, H, at.slopeStaging, null, at.transposed);
  const blocks = yield* SlopeBlocks.create(kernels, experiment, { first: 0, count: B }, at);
  const flow = new Rows(kernels, at.g, at.exponents, count, H);
  const squares = numbersAt(kernels, at.squares, count);
  flow.exponents.fill(-Infinity);
  const mover = new Mover();
  let row = rows.length - 1;
  // The latest source has the first rows, so that those under way stand together.
  let last = S;
  for (const chunk of [...chunks].reverse()) {
    if (!(yield* sequenceFinite(chunk.dhs))) return null;
    const firstRow = (S - last) * B;
    let first = last;
    for (let end = chunk.steps; end > 0; end = Math.max(0, end - blocks.steps)) {
      const start = Math.max(0, end - blocks.steps);
      for (const t of [start - 1, start, end - 1]) if (t >= 0) yield* ready(t, chunk.hs, chunk.dhs);
      const slopes = yield* blocks.block(chunk, start, end);
      if (!(yield* allFinite([slopes]))) return null;
      for (let step = end - 1; step >= start; step--) {
        const t = chunk.start + step;
        while (first > 0 && sources[first - 1]!.to >= t && sources[first - 1]!.from >= chunk.start) first--;
        const entered = first < last && sources[first]!.from <= t ? first : -1;
        for (let b = 0; b < B && entered >= 0; b++) {
          flow.add(
            (S - 1 - entered) * B + b,
            chunk.dhs.data.subarray((b * chunk.steps + step) * H, (b * chunk.steps + step + 1) * H),
          );
          yield* mover.count(4 * H);
        }
        const under = (last - first) * B;
        for (const { first: from, end: to } of ranges(under, H, movedAtOnce)) {
          const place = firstRow + from;
          settleRows(
            kernels,
            { at: at.g + place * rowBytes, panel: flow.panelBytes },
            [to - from, H],
            at.exponents + place * 8,
            at.squares + place * 8,
          );
          if (to < under) yield (T - 1 - t) / T;
        }
        if (rows[row] === t) {
          log10.fill(-Infinity, row * S, (row + 1) * S);
          for (let s = first; s < last; s++)
            log10[row * S + s] = log10Norm(squares, flow.exponents, (S - 1 - s) * B, B);
          row--;
        }
        if (cutBefore(experiment, chunk, step)) {
          for (let i = firstRow; i < firstRow + under; i++)
            exports.clearRow(at.g + i * rowBytes, flow.panelBytes, H, at.exponents + i * 8);
          yield (T - t) / T;
          continue;
        }
        yield* part(
          packInto(
            kernels,
            at.slopeStaging,
            slopes.subarray((step - start) * B * H, (step - start + 1) * B * H),
            B,
            H,
            at.stepSlopes,
          ),
          (T - 1 - t) / T,
          (T - 1 - t) / T,
        );
        for (let from = 0; from < under; from += atOnce) {
          const some = Math.min(atOnce, under - from);
          const g = at.g + (firstRow + from) * rowBytes;
          inParts(kernels, { count: some, work: H }, (r0, r1) => {
            const [own, to, turn] = [g + r0 * rowBytes, at.d + r0 * rowBytes, (from + r0) % B];
            const panel = B * rowBytes;
            return call(
              'throughSlopes',
              own,
              flow.panelBytes,
              H,
              r1 - r0,
              at.stepSlopes,
              panel,
              turn,
              B,
              to,
              atOnce * rowBytes,
            );
          });
          const d = { at: at.d, panel: atOnce * rowBytes };
          throughWeights(kernels, d, [some, H], at.transposed, { at: g, panel: flow.panelBytes });
          yield (T - 1 - t) / T;
        }
        if (under === 0) yield (T - t) / T;
      }
    }
    last = first;
  }
  return attribution;
}

/** log10 of the norm of `count` rows as one vector, from the sums of their squares. */
function log10Norm(squares: Float64Array, exponents: Float64Array, from: number, count: number): number {
  let most = -Infinity;
  for (let i = from; i < from + count; i++) most = Math.max(most, exponents[i]!);
  if (most === -Infinity) return -Infinity;
  let sum = 0;
  for (let i = from; i < from + count; i++)
    if (exponents[i] !== -Infinity) sum += squares[i]! * 2 ** (2 * (exponents[i]! - most));
  return Math.log10(sum) / 2 + most * log10Of2;
}
