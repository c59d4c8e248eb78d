// f'(z_t) of many steps at once, with all its digits: where h alone has lost them, z is computed anew as a product of
// matrices. And z for itself.
import { activationOf } from '../cells/index.js';
import type { RunChunk } from '../network/runChunk.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { numbersAt, packedBytes, packInto, panelsOf, stagingBytes } from './packedMatrix.js';
import { ranges } from './workSplit.js';

/** Rows computed together: enough to make calls rare, few enough to stay in the cache. */
const mostRows = 64;
const pauseWork = 2e7;

type Addresses = Readonly<Record<keyof ReturnType<typeof SlopeBlocks.sizes>, number>>;
/** Items first … first + count − 1 of a run's batch. */
type Items = { readonly first: number; readonly count: number };

/** Slopes of some items of a run's batch. */
export class SlopeBlocks {
  readonly #kernels: Kernels;
  readonly #experiment: LayerExperiment;
  readonly #items: Items;
  readonly #at: Addresses;
  /** Steps of a block. */
  readonly steps: number;

  /** Buffers that belong into the layout of whoever uses this. */
  static sizes({ shapes: { I, H } }: LayerExperiment, count = 1) {
    return {
      // Whole blocks of slopes go through it too.
      slopeStaging: Math.max(
        stagingBytes(H, H),
        stagingBytes(I, H),
        stagingBytes(Math.max(mostRows, count), H),
        mostRows * Math.max(H, I) * 8,
      ),
      slopeWh: packedBytes(H, H),
      slopeWx: packedBytes(I, H),
      slopeStates: packedBytes(mostRows, H),
      slopeInputs: packedBytes(mostRows, I),
      slopeZ: packedBytes(mostRows, H),
      slopeZx: packedBytes(mostRows, H),
    };
  }

  static *create(kernels: Kernels, experiment: LayerExperiment, items: Items, at: Addresses): Resumable<SlopeBlocks> {
    const {
      shapes: { I, H },
      layers: [
        {
          parameters: { Wx, Wh },
        },
      ],
    } = experiment;
    yield* packInto(kernels, at.slopeStaging, Wh, H, H, at.slopeWh);
    yield* packInto(kernels, at.slopeStaging, Wx, I, H, at.slopeWx);
    return new SlopeBlocks(kernels, experiment, items, at);
  }

  private constructor(kernels: Kernels, experiment: LayerExperiment, items: Items, at: Addresses) {
    const { I, H } = experiment.shapes;
    this.#kernels = kernels;
    this.#experiment = experiment;
    this.#items = items;
    this.#at = at;
    this.steps = Math.max(1, Math.floor(Math.min(mostRows, pauseWork / (H * (H + I))) / items.count));
  }

  /** Steps t0 ≤ t < t1 (at most `steps` of them) of a chunk, [steps,count,H]. */
  *block(chunk: RunChunk, t0: number, t1: number): Resumable<Float64Array> {
    return yield* this.#filled(t0, t1, (start, slopes) => this.#rows(chunk, t0, start, slopes));
  }

  /** z of the same steps, [steps,count,H]. */
  *preActivations(chunk: RunChunk, t0: number, t1: number): Resumable<Float64Array> {
    return yield* this.#filled(t0, t1, (start, z) =>
      z.set(this.#preActivations(chunk, t0, start, z.length / this.#experiment.shapes.H)),
    );
  }

  /** Numbers of the steps t0 ≤ t < t1, [steps,count,H]; `fill` writes those of some rows from row `start` on. */
  *#filled(t0: number, t1: number, fill: (start: number, numbers: Float64Array) => void): Resumable<Float64Array> {
    const { I, H } = this.#experiment.shapes;
    const rows = (t1 - t0) * this.#items.count;
    const numbers = new Float64Array(rows * H);
    for (const { first, end } of ranges(rows, H * (H + I), Math.min(pauseWork, mostRows * H * (H + I)))) {
      fill(first, numbers.subarray(first * H, end * H));
      if (end < rows) yield end / rows;
    }
    return numbers;
  }

  /** Rows of a block from row `start` on, in the order (t, b). */
  #rows(chunk: RunChunk, t0: number, start: number, slopes: Float64Array): void {
    const {
      cell,
      shapes: { H },
    } = this.#experiment;
    const { hs } = chunk;
    const rows = slopes.length / H;
    const h = new Float64Array(rows * H);
    for (let row = 0; row < rows; row++) {
      const { item, t } = this.#placeOf(t0, start + row);
      h.set(hs.data.subarray((item * hs.T + t) * H, (item * hs.T + t + 1) * H), row * H);
    }
    const { exactSlope } = activationOf(cell);
    let z: Float64Array | null = null;
    let place = 0;
    const zHere = (): number => (z ??= this.#preActivations(chunk, t0, start, rows))[place]!;
    for (place = 0; place < slopes.length; place++) slopes[place] = exactSlope(h[place]!, zHere);
  }

  #placeOf(t0: number, row: number): { readonly item: number; readonly t: number } {
    const { first, count } = this.#items;
    return { item: first + (row % count), t: t0 + Math.floor(row / count) };
  }

  /** z of `rows` rows of a block from row `start` on, [rows,H]. */
  #preActivations(chunk: RunChunk, t0: number, start: number, rows: number): Float64Array {
    const {
      shapes: { I, H },
      layers: [
        {
          parameters: { b: bias },
        },
      ],
    } = this.#experiment;
    const { hs, xs, initial } = chunk;
    const kernels = this.#kernels;
    const { exports } = kernels;
    const at = this.#at;
    const panel = rows * rowBytes;
    const staging = numbersAt(kernels, at.slopeStaging, rows * Math.max(H, I));
    for (let row = 0; row < rows; row++) {
      const { item, t } = this.#placeOf(t0, start + row);
      staging.set(
        t === 0
          ? initial.data.subarray(item * H, (item + 1) * H)
          : hs.data.subarray((item * hs.T + t - 1) * H, (item * hs.T + t) * H),
        row * H,
      );
    }
    exports.pack64(at.slopeStaging, rows, H, at.slopeStates, panel, rowBytes);
    for (let row = 0; row < rows; row++) {
      const { item, t } = this.#placeOf(t0, start + row);
      staging.set(xs.data.subarray((item * xs.T + t) * I, (item * xs.T + t + 1) * I), row * I);
    }
    exports.pack64(at.slopeStaging, rows, I, at.slopeInputs, panel, rowBytes);
    exports.multiplyRows(at.slopeStates, panel, H, at.slopeWh, H, at.slopeZ, panel, rows, 0);
    exports.multiplyRows(at.slopeInputs, panel, I, at.slopeWx, H, at.slopeZx, panel, rows, 0);
    const sum = numbersAt(kernels, at.slopeZ, panelsOf(H) * rows * (rowBytes / 8));
    const inputPart = numbersAt(kernels, at.slopeZx, sum.length);
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + inputPart[i]!;
    exports.unpack64(at.slopeZ, panel, rowBytes, rows, H, at.slopeStaging);
    const all = numbersAt(kernels, at.slopeStaging, rows * H).slice();
    for (let i = 0; i < all.length; i++) all[i] = all[i]! + bias[i % H]!;
    return all;
  }
}
