// f'(z_t) of many steps at once, with all its digits: where h alone has lost them, z is computed anew as a product of matrices.
import { activations } from '../activation.js';
import type { RunChunk } from '../analyse.js';
import type { Experiment } from '../types.js';
import { rowBytes } from './kernels.js';
import type { Kernels } from './kernels.js';
import { numbersAt, packedBytes, packInto, panelsOf } from './packed.js';

/** Rows computed together: enough to make calls rare, few enough to stay in the cache. */
const mostRows = 64;
const pauseWork = 2e7;

/** Slopes of items first … first + count − 1 of a run's batch. */
export class SlopeBlocks {
  readonly #kernels: Kernels;
  readonly #experiment: Experiment;
  readonly #first: number;
  readonly #count: number;
  readonly #at: Readonly<Record<keyof ReturnType<typeof SlopeBlocks.sizes>, number>>;
  /** Steps of a block. */
  readonly steps: number;

  /** Buffers that belong into the layout of whoever uses this. */
  static sizes({ shapes: { I, H } }: Experiment, count: number) {
    const rows = Math.max(count, mostRows);
    return {
      slopeStaging: Math.max(H * Math.max(H, I), rows * Math.max(H, I)) * Float64Array.BYTES_PER_ELEMENT,
      slopeWh: packedBytes(H, H), slopeWx: packedBytes(I, H),
      slopeStates: packedBytes(rows, H), slopeInputs: packedBytes(rows, I), slopeZ: packedBytes(rows, H), slopeZx: packedBytes(rows, H),
    };
  }

  constructor(kernels: Kernels, experiment: Experiment, items: { readonly first: number; readonly count: number }, at: Readonly<Record<keyof ReturnType<typeof SlopeBlocks.sizes>, number>>) {
    const { shapes: { I, H }, weights: { Wx, Wh } } = experiment;
    this.#kernels = kernels;
    this.#experiment = experiment;
    this.#first = items.first;
    this.#count = items.count;
    this.#at = at;
    this.steps = Math.max(1, Math.floor(Math.min(mostRows, pauseWork / (H * (H + I))) / items.count));
    packInto(kernels, at.slopeStaging, Wh, H, H, at.slopeWh);
    packInto(kernels, at.slopeStaging, Wx, I, H, at.slopeWx);
  }

  /** Steps t0 ≤ t < t1 (at most `steps` of them) of a chunk, [steps,count,H]. */
  block(chunk: RunChunk, t0: number, t1: number): Float64Array {
    const { cell, shapes: { I, H }, weights: { b: bias } } = this.#experiment;
    const { hs, xs, initial } = chunk;
    const count = this.#count;
    const rows = (t1 - t0) * count;
    const h = new Float64Array(rows * H);
    for (let row = 0; row < rows; row++) {
      const from = ((this.#first + (row % count)) * hs.T + t0 + Math.floor(row / count)) * H;
      h.set(hs.data.subarray(from, from + H), row * H);
    }
    const { exactSlope } = activations[cell];
    let z: Float64Array | null = null;
    const preActivation = (): Float64Array => {
      const before = new Float64Array(rows * H);
      const inputs = new Float64Array(rows * I);
      for (let row = 0; row < rows; row++) {
        const [item, t] = [this.#first + (row % count), t0 + Math.floor(row / count)];
        before.set(t === 0 ? initial.data.subarray(item * H, (item + 1) * H) : hs.data.subarray((item * hs.T + t - 1) * H, (item * hs.T + t) * H), row * H);
        inputs.set(xs.data.subarray((item * xs.T + t) * I, (item * xs.T + t + 1) * I), row * I);
      }
      const kernels = this.#kernels;
      const at = this.#at;
      const panel = rows * rowBytes;
      packInto(kernels, at.slopeStaging, before, rows, H, at.slopeStates);
      packInto(kernels, at.slopeStaging, inputs, rows, I, at.slopeInputs);
      kernels.exports.multiplyRows(at.slopeStates, panel, H, at.slopeWh, H, at.slopeZ, panel, rows, 0);
      kernels.exports.multiplyRows(at.slopeInputs, panel, I, at.slopeWx, H, at.slopeZx, panel, rows, 0);
      const sum = numbersAt(kernels, at.slopeZ, panelsOf(H) * rows * (rowBytes / 8));
      const inputPart = numbersAt(kernels, at.slopeZx, sum.length);
      for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + inputPart[i]!;
      kernels.exports.unpack64(at.slopeZ, panel, rowBytes, rows, H, at.slopeStaging);
      const all = numbersAt(kernels, at.slopeStaging, rows * H).slice();
      for (let i = 0; i < all.length; i++) all[i] = all[i]! + bias[i % H]!;
      return all;
    };
    let place = 0;
    const zHere = (): number => (z ??= preActivation())[place]!;
    const slopes = new Float64Array(rows * H);
    for (place = 0; place < slopes.length; place++) slopes[place] = exactSlope(h[place]!, zHere);
    return slopes;
  }
}
