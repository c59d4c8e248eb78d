// dWh by distance through the kernels: what entered at every step, taken one step further back at a time, all steps in one product of matrices.
import { stateBefore } from '../analyse.js';
import type { RunChunk } from '../analyse.js';
import { cutBefore } from '../chunks.js';
import { norm } from '../norm.js';
import type { Reach } from '../reach.js';
import { nothing, worthIt } from '../reach.js';
import { allFinite, sequenceFinite } from '../scan.js';
import type { AnyRun, Experiment, FloatArray, Steps } from '../types.js';
import type { Kernels } from './kernels.js';
import { rowBytes } from './kernels.js';
import { insideRange, layOut, numbersAt, packedBytes } from './packed.js';
import { SlopeBlocks } from './slopes.js';
import { noMemory } from './workspaces.js';

const pauseWork = 2e7;
/** About so many rows are skipped together when nothing is left of them. */
const blockRows = 128;
/** After this many multiplications, what is missing has to be worth going on for. */
const quickBudget = 1e9;

/** Null when a number is not finite or could leave its range; then plain arithmetic has to. */
export function* fastReach(kernels: Kernels, experiment: Experiment, result: AnyRun, chunks: readonly RunChunk[], reach: Reach): Steps<Reach | typeof noMemory | null> {
  const { share, missing } = reach;
  const { shapes: { B, T, H }, weights: { Wx, Wh } } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const count = T * B;
  const even = H + (H % 2);
  // A block holds whole steps, so that what leaves it lands in the block before at most; it is computed in pieces.
  const block = B * Math.max(1, Math.round(blockRows / B));
  const piece = Math.min(block, Math.max(2, 2 * Math.floor(pauseWork / (4 * H * H))));
  const at = layOut(kernels, {
    ...SlopeBlocks.sizes(experiment, B), transposed: packedBytes(H, H), before: packedBytes(count, H), slopes: packedBytes(count, H),
    // Row (t + 1)·B + b is that of step t: what leaves step 0 falls before the first.
    g: packedBytes(count + B, H), d: packedBytes(piece, H), sum: packedBytes(even, H), sumStaging: H * H * 8, exponents: (count + B) * 8, squares: block * 8, rows: Math.max(1, T) * H * 8,
  });
  if (at === null) return noMemory;
  const { exports } = kernels;
  const [panel, gPanel, dPanel] = [count * rowBytes, (count + B) * rowBytes, piece * rowBytes];
  exports.clear(at.g, packedBytes(count + B, H));
  numbersAt(kernels, at.slopeStaging, H * H).set(Wh);
  exports.packTransposed64(at.slopeStaging, H, H, at.transposed);
  const exponents = numbersAt(kernels, at.exponents, count + B);
  const squares = numbersAt(kernels, at.squares, block);
  const staging = numbersAt(kernels, at.rows, T * H);
  /** Item b of `steps` steps from `start` on, from row-major numbers. */
  const packItem = (data: FloatArray, b: number, start: number, steps: number, to: number, toPanel: number, firstRow: number): void => {
    staging.set(data);
    exports.pack64(at.rows, steps, H, to + (firstRow + start * B + b) * rowBytes, toPanel, B * rowBytes);
  };

  const passes = new Uint8Array(T + 1);
  const blocks = new SlopeBlocks(kernels, experiment, { first: 0, count: B }, at);
  for (const chunk of chunks) {
    const { start, steps } = chunk;
    for (let t0 = 0; t0 < steps; t0 += blocks.steps) {
      const t1 = Math.min(steps, t0 + blocks.steps);
      const own = blocks.block(chunk, t0, t1);
      if (!(yield* allFinite([own]))) return null;
      numbersAt(kernels, at.slopeStaging, own.length).set(own);
      exports.pack64(at.slopeStaging, (t1 - t0) * B, H, at.slopes + (start + t0) * B * rowBytes, panel, rowBytes);
      yield 0;
    }
    if (!(yield* sequenceFinite(chunk.dhs))) return null;
    const initial = stateBefore(chunk, 0).data;
    for (let b = 0; b < B; b++) {
      packItem(initial.subarray(b * H, (b + 1) * H), b, start, 1, at.before, panel, 0);
      if (steps > 1) packItem(chunk.hs.data.subarray(b * steps * H, (b * steps + steps - 1) * H), b, start + 1, steps - 1, at.before, panel, 0);
      yield 0;
    }
    for (let step = 1; step < steps; step++) passes[start + step] = cutBefore(experiment, step) ? 0 : 1;
  }

  /** d of rows from … from + some − 1, their outer product added to the sum; before that, where wanted, on to the row of the step before. */
  const work = (from: number, some: number, E: number, back: boolean): void => {
    exports.throughSlopes(at.g + (from + B) * rowBytes, gPanel, H, some, at.slopes + from * rowBytes, panel, some, at.d, dPanel);
    if (back) exports.throughWeights(at.d, dPanel, H, some, at.transposed, at.g + from * rowBytes, gPanel);
    exports.addOuter(at.before + from * rowBytes, panel, at.d, dPanel, H, some, at.exponents + (from + B) * 8, E, at.sum, even * rowBytes);
  };
  const settle = (from: number, some: number): boolean => {
    exports.settleRows(at.g + (from + B) * rowBytes, gPanel, H, some, at.exponents + (from + B) * 8, at.squares);
    for (let i = 0; i < some; i++) if (squares[i] !== 0) return true;
    return false;
  };
  const takeSum = (): Float64Array => {
    exports.unpack64(at.sum, even * rowBytes, rowBytes, H, H, at.sumStaging);
    return numbersAt(kernels, at.sumStaging, H * H).slice();
  };

  // The whole dWh once from the run's own g_t, under one exponent that all distances are measured with.
  for (let b = 0; b < B; b++) packItem(result.dhScaled.subarray(b * T * H, (b + 1) * T * H), b, 0, T, at.g, gPanel, B);
  let E = -Infinity;
  for (let row = 0; row < count; row++) exponents[row + B] = result.dhExponent[Math.floor(row / B)]!;
  for (let from = 0; from < count; from += block) {
    const some = Math.min(block, count - from);
    settle(from, some);
    for (let i = 0; i < some; i++) if (squares[i]! > 0) E = Math.max(E, exponents[from + B + i]! + Math.ceil(Math.log2(squares[i]!) / 2));
    yield 0;
  }
  if (!Number.isFinite(E)) return E === -Infinity ? nothing(reach) : null;
  exports.clear(at.sum, packedBytes(even, H));
  for (let from = 0; from < count; from += piece) {
    work(from, Math.min(piece, count - from), E, false);
    yield 0;
  }
  const rest = takeSum();
  const total = norm(rest);
  if (total === 0) return nothing(reach);
  if (!Number.isFinite(total)) return reach;

  for (const { start, steps, dhs } of chunks) for (let b = 0; b < B; b++) packItem(dhs.data.subarray(b * steps * H, (b + 1) * steps * H), b, start, steps, at.g, gPanel, B);
  exponents.fill(0);
  const blockCount = Math.ceil(count / block);
  const clearRows = (from: number, to: number): void => {
    for (let row = from; row < to; row++) exports.clearRow(at.g + row * rowBytes, gPanel, H, at.exponents + row * 8);
  };
  let alive = new Uint8Array(blockCount + 1).fill(1, 0, blockCount);
  let spent = 0;
  for (let k = 0; k < share.length; k++) {
    exports.clear(at.sum, packedBytes(even, H));
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
      for (let row = from; row < to; row += piece) {
        const some = Math.min(piece, to - row);
        work(row, some, E, true);
        exponents.copyWithin(row, row + B, row + B + some);
        spent += 2 * some * H * H;
        yield k / share.length;
      }
      // Nothing comes from a block that is gone.
      if (alive[i + 1] === 0) clearRows(to, to + B);
    }
    for (let t = 0; t < T; t++) {
      if (passes[t + 1] !== 1) clearRows((t + 1) * B, (t + 2) * B);
    }
    alive = next;
    const D = takeSum();
    for (let i = 0; i < rest.length; i++) rest[i] = rest[i]! - D[i]!;
    share[k] = norm(D) / total;
    missing[k] = norm(rest) / total;
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
