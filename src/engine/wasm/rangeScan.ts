// Where the single source ends in plain arithmetic (../network/scaledBackward.ts, `plainRange`), through the kernels.
import type { PlainRange } from '../network/scaledBackward.js';
import type { RunChunk } from '../network/runChunk.js';
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import { maxAbs } from '../core/norm.js';
import { kernelOf } from '../cells/index.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import { bytesOf, packing, rowBytes, viewOf } from './instance.js';
import type { Kernels } from './instance.js';
import { layOut } from './packedMatrix.js';
import { ready } from '../core/recomputedTrace.js';
import { mayBeSubnormal, pauseLimit, ranges } from './workSplit.js';
import { packTwice } from './packWeights.js';

/** Operations of a block of steps, two or three milliseconds. */
const blockWork = 4e7;
const mostRows = 256;

/**
 * Null when the memory does not suffice. The run before has left one that does, its own or the one that all its threads
 * share.
 */
export function* fastPlainRange(
  own: Kernels,
  experiment: LayerExperiment,
  chunk: RunChunk,
): Resumable<PlainRange | null> {
  const {
    cell,
    dtype,
    shapes: { B, H },
    layers: [
      {
        parameters: { Wh },
      },
    ],
  } = experiment;
  const { steps, hs, start } = chunk;
  const panels = Math.ceil((H * bytesOf[dtype]) / rowBytes);
  const atOnce = Math.max(1, Math.min(steps, Math.floor(mostRows / B), Math.floor(blockWork / (2 * B * H * H))));
  const rows = panels * B * rowBytes;
  const sizes = {
    staging:
      Math.max(Math.min(H * H, Math.max(movedAtOnce, (H * rowBytes) / bytesOf[dtype])), atOnce * H) * bytesOf[dtype],
    weights: panels * H * rowBytes,
    g: rows,
    d: 2 * rows,
    hs: atOnce * rows,
  };
  const suffices = ({ memory }: Kernels): boolean => memory.buffer.byteLength >= own.bytesFor(Object.values(sizes));
  const kernels = own.team !== null && !suffices(own) && suffices(own.team.kernels) ? own.team.kernels : own;
  const at = layOut(kernels, sizes);
  if (at === null) return null;
  const { exports } = kernels;
  const { pack, fill } = packing(exports, dtype);
  const plainBack = dtype === 'float32' ? exports.plainBack32 : exports.plainBack64;
  yield* packTwice(kernels, dtype, Wh, H, H, at.staging, null, at.weights);
  exports.clear(at.g, rows);
  fill(1, H, at.g, B * rowBytes, B);
  const staging = viewOf(kernels, dtype, at.staging, atOnce * H);
  const g = viewOf(kernels, dtype, at.g, rows / bytesOf[dtype]);
  const mover = new Mover();
  let largest = 1;
  let subnormal = false;
  for (let end = steps; end > 0;) {
    const limit = Math.min(blockWork, pauseLimit(dtype, B, subnormal));
    const first = Math.max(0, end - Math.min(atOnce, Math.max(1, Math.floor(limit / (2 * B * H * H)))));
    for (const t of [end - 1, first]) yield* ready(t, hs);
    for (let b = 0; b < B; b++) {
      staging.set(hs.data.subarray((b * steps + first) * H, (b * steps + end) * H));
      pack(at.staging, end - first, H, at.hs + b * rowBytes, (end - first) * B * rowBytes, B * rowBytes);
      yield* mover.count((end - first) * H);
    }
    for (const { first: r0, end: r1 } of end - first > 1 ? [{ first: 0, end: B }] : ranges(B, 2 * H * H, limit, true)) {
      const stopped = plainBack(
        kernelOf(cell),
        at.g,
        at.d,
        B,
        H,
        at.hs,
        (end - first) * B * rowBytes,
        at.weights,
        end - first,
        r0,
        r1,
      );
      if (stopped >= 0)
        return maxAbs(g) === 0
          ? { zeroAt: start + first + stopped, infiniteAt: null }
          : { zeroAt: null, infiniteAt: start + first + stopped };
      yield (steps - end) / steps;
    }
    end = first;
    const now = maxAbs(g);
    subnormal = mayBeSubnormal(dtype, largest, now);
    largest = now;
  }
  return { zeroAt: null, infiniteAt: null };
}
