// dWh by distance through the kernels: what entered at every step, taken one step further back at a time, all steps in
// one product of matrices.
import { stateBefore } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { cutBefore } from '../network/chunks.js';
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import type { Reach } from '../analysis/gradientReach.js';
import { nothing, worthIt } from '../analysis/gradientReach.js';
import { allFinite, jointNormResumably, sequenceFinite } from '../core/scan.js';
import type { ComputedRun } from '../network/result.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import type { Kernels } from './instance.js';
import { clearResumably, rowBytes } from './instance.js';
import { insideRange, layOut, numbersAt, packedBytes, packInto } from './packedMatrix.js';
import { panelsOf, stagingBytes, width } from './packedMatrix.js';
import { settleRows, throughWeights } from './gradientRows.js';
import { ranges } from './workSplit.js';
import { SlopeBlocks } from './slopes.js';
import { packTwice } from './packWeights.js';
import { call, inParts, threadsOf } from './team.js';
import { noMemory } from './workspaces.js';

/** Multiplications of one thread between two pauses, two or three milliseconds. */
const pauseWork = 2e7;
/** About so many rows are skipped together when nothing is left of them. */
export const blockRows = 128;
/** Between these a sum of squares has lost nothing at either end of float64. */
const [leastSquares, mostSquares] = [1e-200, 1e200];
/** After this many multiplications, what is missing has to be worth going on for. */
const quickBudget = 1e9;

/** Rows that are skipped together: whole steps, so that what leaves a block lands in the block before at most. */
const blockOf = ({ shapes: { B } }: LayerExperiment): number => B * Math.max(1, Math.round(blockRows / B));

/** Buffers of the whole pass. */
export function reachSizes(experiment: LayerExperiment) {
  const { B, T, H } = experiment.shapes;
  const count = T * B;
  const block = blockOf(experiment);
  return {
    ...SlopeBlocks.sizes(experiment, B),
    transposed: packedBytes(H, H),
    before: packedBytes(count, H),
    slopes: packedBytes(count, H),
    // Row (t + 1)·B + b is that of step t: what leaves step 0 falls before the first.
    g: packedBytes(count + B, H),
    d: packedBytes(block, H),
    sum: packedBytes(H + (H % 2), H),
    exponents: (count + B) * 8,
    squares: block * 8,
    rows: stagingBytes(Math.max(1, T), H),
  };
}

/** √`squares`, the sum of the squares of these; anew where that has lost something. */
const normOf = function* (values: Float64Array, squares: number): Resumable<number> {
  return squares > leastSquares && squares < mostSquares ? Math.sqrt(squares) : yield* jointNormResumably([values]);
};

/** Null when a number is not finite or could leave its range; then plain arithmetic has to. */
export function* fastReach(
  kernels: Kernels,
  experiment: LayerExperiment,
  result: ComputedRun,
  chunks: readonly RunChunk[],
  reach: Reach,
): Resumable<Reach | typeof noMemory | null> {
  const { share, missing } = reach;
  const {
    shapes: { B, T, H },
    layers: [
      {
        parameters: { Wx, Wh },
      },
    ],
  } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const count = T * B;
  const even = H + (H % 2);
  const block = blockOf(experiment);
  const at = layOut(kernels, reachSizes(experiment));
  if (at === null) return noMemory;
  const { exports } = kernels;
  const [panel, gPanel, dPanel] = [count * rowBytes, (count + B) * rowBytes, block * rowBytes];
  yield* clearResumably(kernels, at.g, packedBytes(count + B, H));
  yield* packTwice(kernels, 'float64', Wh, H, H, at.slopeStaging, null, at.transposed);
  const exponents = numbersAt(kernels, at.exponents, count + B);
  const squares = numbersAt(kernels, at.squares, block);
  const staging = numbersAt(kernels, at.rows, stagingBytes(Math.max(1, T), H) / 8);
  const mover = new Mover();
  /** Item b of `steps` steps from `start` on, from row-major numbers. */
  const packItem = function* (
    data: FloatArray,
    b: number,
    start: number,
    steps: number,
    to: number,
    toPanel: number,
    firstRow: number,
  ): Resumable<void> {
    for (const { first, end } of ranges(steps, H, staging.length)) {
      staging.set(data.subarray(first * H, end * H));
      exports.pack64(
        at.rows,
        end - first,
        H,
        to + (firstRow + (start + first) * B + b) * rowBytes,
        toPanel,
        B * rowBytes,
      );
      yield* mover.count((end - first) * H);
    }
  };

  const passes = new Uint8Array(T + 1);
  const blocks = yield* SlopeBlocks.create(kernels, experiment, { first: 0, count: B }, at);
  for (const chunk of chunks) {
    const { start, steps } = chunk;
    for (let t0 = 0; t0 < steps; t0 += blocks.steps) {
      const t1 = Math.min(steps, t0 + blocks.steps);
      const own = yield* blocks.block(chunk, t0, t1);
      if (!(yield* allFinite([own]))) return null;
      yield* packInto(kernels, at.slopeStaging, own, (t1 - t0) * B, H, at.slopes + (start + t0) * B * rowBytes, panel);
    }
    if (!(yield* sequenceFinite(chunk.dhs))) return null;
    const initial = stateBefore(chunk, 0).data;
    for (let b = 0; b < B; b++) {
      yield* packItem(initial.subarray(b * H, (b + 1) * H), b, start, 1, at.before, panel, 0);
      if (steps > 1)
        yield* packItem(
          chunk.hs.data.subarray(b * steps * H, (b * steps + steps - 1) * H),
          b,
          start + 1,
          steps - 1,
          at.before,
          panel,
          0,
        );
    }
    for (let step = 1; step < steps; step++) passes[start + step] = cutBefore(experiment, { steps }, step) ? 0 : 1;
  }

  const atOnce = pauseWork * threadsOf(kernels, pauseWork);
  /**
   * d of rows from … from + some − 1, their outer product added to the sum; before that, where wanted, on to the row of
   * the step before.
   */
  const work = function* (from: number, some: number, E: number, back: boolean, progress: number): Resumable<void> {
    inParts(kernels, { count: some, work: H }, (r0, r1) => {
      const [own, slopes] = [at.g + (from + B + r0) * rowBytes, at.slopes + (from + r0) * rowBytes];
      const count = r1 - r0;
      return call('throughSlopes', own, gPanel, H, count, slopes, panel, 0, count, at.d + r0 * rowBytes, dPanel);
    });
    for (const { first, end } of back ? ranges(some, H * H, atOnce, true) : []) {
      const [own, to] = [at.d + first * rowBytes, at.g + (from + first) * rowBytes];
      throughWeights(kernels, { at: own, panel: dPanel }, [end - first, H], at.transposed, { at: to, panel: gPanel });
      yield progress;
    }
    // Each panel of the sum by one thread and for all rows of the block, so that its terms are added in one order.
    const ofPanel = width * some * H;
    for (const { first, end } of ranges(panelsOf(H), ofPanel, atOnce)) {
      inParts(kernels, { count: end - first, work: ofPanel }, (n0, n1) =>
        call(
          'addOuter',
          at.before + from * rowBytes,
          panel,
          at.d + (first + n0) * dPanel,
          dPanel,
          H,
          n1 - n0,
          some,
          at.exponents + (from + B) * 8,
          E,
          at.sum + (first + n0) * even * rowBytes,
          even * rowBytes,
        ),
      );
      yield progress;
    }
  };
  const settle = (from: number, some: number): boolean => {
    const row = from + B;
    const rows = { at: at.g + row * rowBytes, panel: gPanel };
    settleRows(kernels, rows, [some, H], at.exponents + row * 8, at.squares);
    for (let i = 0; i < some; i++) if (squares[i] !== 0) return true;
    return false;
  };
  /** As it is packed: what stands beside its numbers is zero. */
  const sum = (): Float64Array => numbersAt(kernels, at.sum, packedBytes(even, H) / 8);

  // The whole dWh once from the run's own g_t, under one exponent that all distances are measured with.
  for (let b = 0; b < B; b++)
    yield* packItem(result.layers[0].dhScaled.subarray(b * T * H, (b + 1) * T * H), b, 0, T, at.g, gPanel, B);
  let E = -Infinity;
  for (let row = 0; row < count; row++) exponents[row + B] = result.layers[0].dhExponent[Math.floor(row / B)]!;
  for (let from = 0; from < count; from += block) {
    const some = Math.min(block, count - from);
    settle(from, some);
    for (let i = 0; i < some; i++)
      if (squares[i]! > 0) E = Math.max(E, exponents[from + B + i]! + Math.ceil(Math.log2(squares[i]!) / 2));
    yield 0;
  }
  if (!Number.isFinite(E)) return E === -Infinity ? nothing(reach) : null;
  yield* clearResumably(kernels, at.sum, packedBytes(even, H));
  for (let from = 0; from < count; from += block) yield* work(from, Math.min(block, count - from), E, false, 0);
  const rest = sum().slice();
  const total = yield* jointNormResumably([rest]);
  if (total === 0) return nothing(reach);
  if (!Number.isFinite(total)) return reach;

  for (const { start, steps, dhs } of chunks)
    for (let b = 0; b < B; b++)
      yield* packItem(dhs.data.subarray(b * steps * H, (b + 1) * steps * H), b, start, steps, at.g, gPanel, B);
  exponents.fill(0);
  const blockCount = Math.ceil(count / block);
  const clearRows = (from: number, to: number): void => {
    for (let row = from; row < to; row++) exports.clearRow(at.g + row * rowBytes, gPanel, H, at.exponents + row * 8);
  };
  let alive = new Uint8Array(blockCount + 1).fill(1, 0, blockCount);
  let spent = 0;
  for (let k = 0; k < share.length; k++) {
    yield* clearResumably(kernels, at.sum, packedBytes(even, H));
    const next = new Uint8Array(blockCount + 1);
    let any = false;
    for (let i = 0; i < blockCount; i++) {
      if (alive[i] === 0) continue;
      const [from, to] = [i * block, Math.min(count, (i + 1) * block)];
      if (!settle(from, to - from)) {
        // The block before counted on these rows to be written.
        clearRows(from, from + B);
        continue;
      }
      any = true;
      next[i] = 1;
      if (i > 0) next[i - 1] = 1;
      yield* work(from, to - from, E, true, k / share.length);
      exponents.copyWithin(from, from + B, to + B);
      spent += 2 * (to - from) * H * H;
      // Nothing comes from a block that is gone.
      if (alive[i + 1] === 0) clearRows(to, to + B);
    }
    for (let t = 0; t < T; t++) {
      if (passes[t + 1] === 1) continue;
      clearRows((t + 1) * B, (t + 2) * B);
      yield* mover.count(B * H);
    }
    alive = next;
    const D = sum();
    let [squaresOfD, squaresOfRest] = [0, 0];
    for (const { first, end } of ranges(rest.length, 1, movedAtOnce)) {
      for (let i = first; i < end; i++) {
        const own = D[i]!;
        const left = rest[i]! - own;
        rest[i] = left;
        squaresOfD += own * own;
        squaresOfRest += left * left;
      }
      if (end < rest.length) yield k / share.length;
    }
    share[k] = (yield* normOf(D, squaresOfD)) / total;
    missing[k] = (yield* normOf(rest, squaresOfRest)) / total;
    if (!any) {
      share.fill(0, k);
      missing.fill(missing[k]!, k);
      return reach;
    }
    if (missing[k]! < worthIt && spent > quickBudget) return reach;
    yield (k + 1) / share.length;
  }
  return reach;
}
