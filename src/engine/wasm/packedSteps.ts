// Tensors over time on their way between JavaScript's arrays and the kernels' packed rows (t, b), with pauses.
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import type { FloatArray } from '../core/dtypes.js';
import { write } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import type { Resumable } from '../core/resumable.js';
import { rowBytes } from './instance.js';
import type { packing } from './instance.js';

/** Where numbers cross: an array of its own in the kernels' memory, and its address there. */
export type Staging = { readonly values: FloatArray; readonly at: number };

/** Numbers that go through it at once. */
export const atOnce = ({ values }: Staging): number => Math.min(movedAtOnce, values.length);

type Kernel = ReturnType<typeof packing>;

/** `values` [B,steps,N] into rows (t, b) from `to` on. */
export function* packSteps(
  { pack }: Kernel,
  staging: Staging,
  values: FloatArray,
  { B, steps, N }: { readonly B: number; readonly steps: number; readonly N: number },
  to: number,
): Resumable<void> {
  const most = Math.floor(atOnce(staging) / N);
  const mover = new Mover();
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < steps; t += most) {
      const count = Math.min(most, steps - t);
      const from = (b * steps + t) * N;
      write(values.subarray(from, from + count * N), staging.values, 0);
      pack(staging.at, count, N, to + (t * B + b) * rowBytes, steps * B * rowBytes, B * rowBytes);
      if (mover.isTime(count * N)) yield 0;
    }
  }
}

/** Packed rows (t, b), of so many steps and with panels so far apart, from the first on. */
export type PackedSteps = { readonly from: number; readonly panelBytes: number; readonly count: number };

/** Those rows into the steps of a sequence from t on. */
export function* unpackSteps(
  { unpack }: Kernel,
  staging: Staging,
  { from, panelBytes, count }: PackedSteps,
  { B, T, N, data }: Sequence,
  t: number,
): Resumable<void> {
  const most = Math.floor(atOnce(staging) / N);
  const mover = new Mover();
  for (let b = 0; b < B; b++) {
    for (let done = 0; done < count; done += most) {
      const rows = Math.min(most, count - done);
      unpack(from + (done * B + b) * rowBytes, panelBytes, B * rowBytes, rows, N, staging.at);
      data.set(staging.values.subarray(0, rows * N), (b * T + t + done) * N);
      if (mover.isTime(rows * N)) yield 0;
    }
  }
}
