// One layer of LSTM or GRU in the kernels' memory: weights packed once, then any number of chunks forward and backward.
import type { ByParameter } from '../cells/cell.js';
import { movedAtOnce } from '../core/resumableCopy.js';
import { sequence, zeros } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import type { Span } from '../network/experiment.js';
import { sideBySide } from '../network/layers.js';
import type { StepNorms } from '../network/result.js';
import type { Gradients } from '../network/rnnUnit.js';
import { clearResumably, packing, pitchOf, rowBytes, viewOf } from './instance.js';
import type { Kernels, Task } from './instance.js';
import { gatedSeries, sharedNumbers } from './abi.js';
import { formedNorm } from './formedNorm.js';
import { cutOffsetOf, gatedNumbers, measureGated, sumsOf, wholeOf, workOf } from './gatedLayout.js';
import type { GatedAddresses, GatedLayerShape, GatedLayout, WholeShape } from './gatedLayout.js';
import { packGated, panelsOf, unpackGated } from './gatedWeights.js';
import type { Entering } from './layer.js';
import { packSteps, unpackSteps } from './packedSteps.js';
import type { Staging } from './packedSteps.js';
import { Struct } from './struct.js';
import { share, task } from './team.js';
import type { AfterJob } from './team.js';
import { pauseLimit, ranges, sumsRounds } from './workSplit.js';

/** What one chunk's way back leaves, in the places of the whole run. */
export type GatedTarget = {
  /** Null where they are not kept. */
  readonly dhTotal: Sequence | null;
  readonly dxs: Sequence | null;
  /** The step of the run at which those two begin. */
  readonly at?: number;
  readonly norms: StepNorms;
  readonly hNorm: Float64Array;
};

/** Steps of a chunk that are computed alone: the first of them, and how many steps the chunk has. */
export type PieceOfChunk = { readonly t0: number; readonly of: number };

/**
 * What a piece is told of the steps around it: the total gradients of h and c at its last step [B,S·H], null where it
 * ends its chunk, and what enters at the step before it [B,H], of which the kernels make the total gradient there.
 */
export type GradientsAround = { readonly carried: FloatArray | null; readonly before: FloatArray | null };
const nothingAround: GradientsAround = { carried: null, before: null };

/** Steps t0 … t1 − 1; the d of the first goes to step `place` of its buffer. */
type Block = { readonly t0: number; readonly t1: number; readonly place: number };

export class GatedLayer {
  readonly #shape: WholeShape;
  readonly #layout: GatedLayout;
  readonly #at: GatedAddresses;
  readonly #job: Struct<'GatedJob'>;
  readonly #staging: Staging;
  readonly #packing: ReturnType<typeof packing>;
  readonly #limit: number;
  #spans: readonly Span[] | null = null;

  /** Null when there is not so much memory. */
  static *create(
    own: Kernels,
    layerShape: GatedLayerShape,
    parameters: ByParameter<FloatArray>,
  ): Resumable<GatedLayer | null> {
    const shape = wholeOf(layerShape);
    const layout = measureGated(own, shape, own.team);
    const { kernels, sizes, stagingLength } = layout;
    const names = Object.keys(sizes) as (keyof GatedAddresses)[];
    const addresses = kernels.layOut(names.map((name) => sizes[name]));
    if (addresses === null) return null;
    const at = Object.fromEntries(names.map((name, i) => [name, addresses[i]!])) as Record<
      keyof GatedAddresses,
      number
    >;
    yield* packGated(kernels, shape, parameters, at, stagingLength);
    for (const name of ['dWx', 'dWh', 'db'] as const) yield* clearResumably(kernels, at[name], sizes[name]);
    return new GatedLayer(shape, layout, at);
  }

  private constructor(shape: WholeShape, layout: GatedLayout, at: GatedAddresses) {
    const { kernels, blockSteps, places, scratchBytes, stagingLength } = layout;
    const { dtype, B } = shape;
    this.#shape = shape;
    this.#layout = layout;
    this.#at = at;
    this.#packing = packing(kernels.exports, dtype);
    this.#limit = pauseLimit(dtype, B, false);
    this.#staging = { values: viewOf(kernels, dtype, at.staging, stagingLength), at: at.staging };
    this.#job = new Struct('GatedJob', kernels.memory.buffer, at.job);
    const numbers = gatedNumbers(shape, { T: 0, cutOffset: 0, blockSteps, places, scratchBytes });
    this.#job.write({ ...numbers, ...at });
  }

  get #kernels(): Kernels {
    return this.#layout.kernels;
  }

  /**
   * xs [B,steps,I] from the states `initial` [B,S·H] on; the states stay in the kernels' memory. `spans`: the steps at
   * which each sequence is there, where they differ. `piece`: these are not all steps of the chunk.
   */
  *forward(
    xs: FloatArray,
    steps: number,
    initial: FloatArray,
    spans: readonly Span[] | null = null,
    { t0, of }: PieceOfChunk = { t0: 0, of: steps },
  ): Resumable<void> {
    const { B, I, H, cell } = this.#shape;
    this.#job.set('T', steps);
    this.#spans = spans;
    this.#job.set('spans', spans === null ? 0 : this.#at.spans);
    if (spans !== null)
      new Int32Array(this.#kernels.memory.buffer, this.#at.spans, 2 * B).set(
        spans.flatMap(({ from, to }) => [from, to]),
      );
    this.#job.set('cutOffset', cutOffsetOf(this.#shape, of, t0));
    const stateRow = cell.states.length * H;
    const panelBytes = (1 + steps) * B * rowBytes;
    for (const [s, to] of this.#states().entries()) yield* this.#packRows(initial, stateRow, s * H, to, panelBytes);
    yield* this.#packSteps(xs, steps, I, this.#at.xs);
    yield 0;
    const work = workOf(this.#shape).forward;
    yield* this.#byRows(steps, work, false, (t0, t1, b0, b1) => this.#task('gatedForward', t0, t1, b0, b1));
  }

  #states(): readonly number[] {
    const { hs, cs } = this.#at;
    return [hs, cs].slice(0, this.#shape.cell.states.length);
  }

  /** The states of the last `forward`, into the places of the run from step `start` on. */
  *states(steps: number, targets: readonly Sequence[], start: number): Resumable<void> {
    const { B, H } = this.#shape;
    for (const [s, from] of this.#states().entries()) {
      const target = targets[s]!;
      yield* this.#unpackSteps(from + B * rowBytes, (1 + steps) * B * rowBytes, steps, target, start);
      // States that wait are told as zeros.
      for (const [b, { from: begins }] of this.#spans?.entries() ?? []) {
        const first = b * target.T + start;
        target.data.fill(0, first * H, (first + Math.max(0, Math.min(steps, begins))) * H);
      }
    }
  }

  /** [B,S·H] behind the last step of the last `forward`; of a sequence that has not begun, its initial ones. */
  *endStates(): Resumable<FloatArray> {
    const { dtype, B, H } = this.#shape;
    const steps = this.#job.get('T');
    const own: Sequence[] = [];
    for (const from of this.#states()) {
      const out = sequence(dtype, B, 1, H);
      yield* this.#unpackSteps(from + steps * B * rowBytes, (1 + steps) * B * rowBytes, 1, out, 0);
      own.push(out);
    }
    return (yield* sideBySide(dtype, own as [Sequence, ...Sequence[]])).data;
  }

  /**
   * Calls for the steps of a range, in order or from the last on, cut into pieces that are short enough. Rows never
   * mix, so where a step is too much for one call, some rows of it are done and then the others.
   */
  *#byRows(
    count: number,
    work: number,
    back: boolean,
    of: (t0: number, t1: number, b0: number, b1: number) => Task,
  ): Resumable<void> {
    const { B } = this.#shape;
    const { threads, team } = this.#layout;
    const own = Math.ceil(B / threads) * work;
    const rows = own > this.#limit ? ranges(B, work, this.#limit * threads, true) : [{ first: 0, end: B }];
    const steps = ranges(count, own, this.#limit);
    for (const { first, end } of back ? steps.reverse() : steps) {
      for (const { first: b0, end: b1 } of rows) {
        const pairs = Math.floor((b1 - b0) / 2);
        const border = (i: number): number => (i === threads ? b1 : b0 + 2 * Math.floor((pairs * i) / threads));
        share(
          team,
          this.#kernels.exports,
          Array.from({ length: threads }, (_, i) =>
            border(i) === border(i + 1) ? null : of(first, end, border(i), border(i + 1)),
          ),
        );
        yield back ? (count - first) / count : end / count;
      }
    }
  }

  /**
   * The chunk of the last `forward` backward; adds to the gradients of the parameters. Without `target` there are those
   * of the states alone.
   */
  *backward(
    entering: Entering,
    steps: number,
    target: GatedTarget | null,
    start: number,
    { carried, before } = nothingAround,
  ): Resumable<void> {
    const { B, I, H } = this.#shape;
    const at = this.#at;
    const { hPanels } = panelsOf(this.#shape);
    const stepBytes = B * rowBytes;
    const gPanel = steps * stepBytes;
    if (entering === 'every') {
      for (const { first, end } of ranges(steps * B, H, movedAtOnce)) {
        this.#packing.fill(1, H, at.g + first * rowBytes, gPanel, end - first);
        yield 0;
      }
    } else if (entering === 'last' || entering === 'none') {
      yield* clearResumably(this.#kernels, at.g, hPanels * gPanel);
      if (entering === 'last') this.#packing.fill(1, H, at.g + (steps - 1) * stepBytes, gPanel, B);
    } else yield* this.#packSteps(entering, steps, H, at.g);
    if (this.#states().length > 1) yield* clearResumably(this.#kernels, at.gc, hPanels * gPanel);
    for (const from of [at.dh0, at.dc0]) yield* clearResumably(this.#kernels, from, hPanels * stepBytes);
    if (carried !== null) {
      const S = this.#states().length;
      const last = (steps - 1) * stepBytes;
      for (const [s, from] of [at.g, at.gc].slice(0, S).entries())
        yield* this.#packRows(carried, S * H, s * H, from + last, gPanel);
    }
    if (before !== null) yield* this.#packRows(before, H, 0, at.dh0, stepBytes);
    yield* clearResumably(this.#kernels, at.small, 8);
    yield 0;
    const { back } = workOf(this.#shape);
    const blocks = this.#blocks(steps);
    const goesBeside = target !== null && this.#goesBeside();
    // The sums of a block follow it, or go on beside the next one.
    const lag = goesBeside ? 1 : 0;
    // Steps from here on have been told, many at once.
    let told = steps;
    for (let i = 0; i < blocks.length + lag; i++) {
      const [going, done] = [blocks[i], blocks[i - lag]];
      if (goesBeside) yield* this.#beside(going, done);
      else if (going !== undefined) {
        yield* this.#byRows(going.t1 - going.t0, back, true, (from, to, b0, b1) =>
          this.#task('gatedBackward', going.t0 + from, going.t0 + to, b0, b1, going.place + from),
        );
        if (target !== null) yield* this.#sums(going);
      }
      if (target === null || done === undefined) continue;
      const { t0 } = done;
      if (t0 > 0 && (told - t0) * B * Math.max(H, I) < movedAtOnce) continue;
      const [rows, count] = [t0 * stepBytes, told - t0];
      const to = start - (target.at ?? 0) + t0;
      if (target.dhTotal !== null) yield* this.#unpackSteps(at.g + rows, gPanel, count, target.dhTotal, to);
      if (target.dxs !== null) yield* this.#unpackSteps(at.dx + rows, gPanel, count, target.dxs, to);
      told = t0;
      yield (steps - t0) / steps;
    }
    if (target !== null) this.#keepNorms(steps, target, start);
  }

  /** Blocks of so many steps, from the last on. */
  #blocks(steps: number): Block[] {
    const { blockSteps, places } = this.#layout;
    const blocks: Block[] = [];
    for (let t1 = steps; t1 > 0; t1 -= blockSteps)
      blocks.push({ t0: Math.max(0, t1 - blockSteps), t1, place: (blocks.length * blockSteps) % places });
    return blocks;
  }

  /** Whether one thread goes back while the other sums up: of a single sequence whose sums are one call. */
  #goesBeside(): boolean {
    const { withDx, withForms } = sumsOf(this.#shape, this.#limit);
    return this.#shape.B === 1 && this.#layout.threads > 1 && withDx && withForms;
  }

  /** One sequence goes back on this thread; the other sums up the block behind it. */
  *#beside(going: Block | undefined, behind: Block | undefined): Resumable<void> {
    const { team } = this.#layout;
    const all = going === undefined ? 0 : going.t1 - going.t0;
    const rounds = Math.max(
      1,
      Math.ceil((workOf(this.#shape).back * all) / this.#limit),
      behind === undefined ? 1 : this.#roundsOf(behind, 1),
    );
    for (let round = 0; round < rounds; round++) {
      const [first, end] = [
        Math.floor((all * (rounds - 1 - round)) / rounds),
        Math.floor((all * (rounds - round)) / rounds),
      ];
      share(team, this.#kernels.exports, [
        going === undefined || first === end
          ? null
          : this.#task('gatedBackward', going.t0 + first, going.t0 + end, 0, 1, going.place + first),
        behind === undefined ? null : this.#task('gatedSums', behind.t0, behind.t1, behind.place, round, rounds, 0, 7),
      ]);
      yield 0;
    }
  }

  /** In how many calls of each thread the sums of a block are done. */
  #roundsOf({ t0, t1 }: Block, threads: number): number {
    const { B } = this.#shape;
    const { hPanels, iPanels } = panelsOf(this.#shape);
    const steps = t1 - t0;
    const { columns, toInput, grams, forms, withDx, withGrams, withForms } = sumsOf(this.#shape, this.#limit);
    const own = (withDx ? B * toInput : 0) + (withGrams ? grams : 0) + (withForms ? forms : 0) + 16 * B * columns;
    return sumsRounds({ steps, own, shared: steps * forms, threads }, this.#limit, Math.max(steps, hPanels + iPanels));
  }

  /** What comes of the d of a block. */
  *#sums(block: Block): Resumable<void> {
    const { B } = this.#shape;
    const { threads, team } = this.#layout;
    const limit = this.#limit;
    const { t0, t1, place } = block;
    const { toInput, withDx, withGrams, withForms } = sumsOf(this.#shape, limit);
    if (!withDx) {
      for (const { first, end } of ranges((t1 - t0) * B, toInput, limit * threads, true)) {
        const border = (i: number): number => first + Math.floor(((end - first) * i) / threads);
        share(
          team,
          this.#kernels.exports,
          Array.from({ length: threads }, (_, i) => this.#task('gatedInputs', t0, place, border(i), border(i + 1))),
        );
        yield 0;
      }
    }
    const rounds = this.#roundsOf(block, threads);
    const flags = Number(withDx) + (withGrams ? 2 : 0) + (withForms ? 4 : 0);
    for (let round = 0; round < rounds; round++) {
      share(
        team,
        this.#kernels.exports,
        Array.from({ length: threads }, (_, thread) =>
          this.#task('gatedSums', t0, t1, place, round * threads + thread, rounds * threads, thread, flags),
        ),
      );
      yield 0;
    }
    if (!withForms) yield* this.#fillNorms(block, limit);
  }

  /** The norms of the steps of a block that the sums have left open (−1). */
  *#fillNorms({ t0, t1, place: first }: Block, limit: number): Resumable<void> {
    const { cell, gated, dtype, B, I, H } = this.#shape;
    const { places } = this.#layout;
    const { buffer } = this.#kernels.memory;
    const { width, hPanels } = panelsOf(this.#shape);
    const at = this.#at;
    const T = this.#job.get('T');
    const norms = new Float64Array(buffer, at.norms, gatedSeries.length * T);
    const stepBytes = B * rowBytes;
    const dPanel = pitchOf(places * B);
    for (let t = t0; t < t1; t++) {
      // Lifted where none of the rows is ORDINARY.
      const kinds = new Uint8Array(buffer, at.small + 8 + t * B, B);
      const kind = kinds.includes(sharedNumbers.ORDINARY) ? sharedNumbers.ORDINARY : sharedNumbers.MIXED;
      for (const { name, M, a, aPanel, block } of [
        { name: 'dWx', M: I, a: at.xs, aPanel: T * stepBytes, block: gated.firstOfInput },
        { name: 'dWh', M: H, a: at.hs, aPanel: (1 + T) * stepBytes, block: 0 },
      ] as const) {
        const place = gatedSeries.indexOf(name) * T + t;
        if (norms[place] !== -1) continue;
        const rows = {
          B,
          M,
          a: a + t * stepBytes,
          aPanel,
          N: cell.gates.length * hPanels * width,
          d: at.d + block * hPanels * dPanel + (first + t - t0) * stepBytes,
          dPanel,
          kind,
        };
        norms[place] = yield* formedNorm({ ...this.#layout, at }, dtype, rows, limit);
      }
      yield 0;
    }
  }

  #keepNorms(steps: number, { norms, hNorm }: GatedTarget, start: number): void {
    const measured = new Float64Array(this.#kernels.memory.buffer, this.#at.norms, gatedSeries.length * steps);
    const { Wx, Wh, b, bh } = norms.parameters;
    const { dh, ds, dc, dx } = norms;
    const series = { hNorm, dh, ds, dc, dx, dWx: Wx, dWh: Wh, db: b, dbh: bh };
    for (const [i, name] of gatedSeries.entries())
      series[name]?.set(measured.subarray(i * steps, (i + 1) * steps), start);
  }

  /** The largest magnitude in the gradient of the states of step t; NaN where there is one. */
  largestGradient(t: number): number {
    const { B } = this.#shape;
    const { hPanels } = panelsOf(this.#shape);
    const panelBytes = this.#job.get('T') * B * rowBytes;
    const all = [this.#at.g, this.#at.gc].slice(0, this.#states().length);
    return Math.max(...all.map((from) => this.#packing.largest(from + t * B * rowBytes, panelBytes, hPanels, B)));
  }

  /** [B,H] of each state: what the last `backward` sent into those before the chunk. */
  *initialGradients(): Resumable<readonly FloatArray[]> {
    const { dtype, B, H } = this.#shape;
    const all: FloatArray[] = [];
    for (const from of [this.#at.dh0, this.#at.dc0].slice(0, this.#states().length)) {
      const out = { B, T: 1, N: H, data: zeros(dtype, B * H) };
      yield* this.#unpackSteps(from, B * rowBytes, 1, out, 0);
      all.push(out.data);
    }
    return all;
  }

  /** Sums over all chunks since the layer was made. */
  gradients(): Resumable<Gradients> {
    return unpackGated(this.#kernels, this.#shape, this.#at, this.#layout.stagingLength);
  }

  #task<Name extends 'gatedForward' | 'gatedBackward' | 'gatedInputs' | 'gatedSums'>(
    name: Name,
    ...args: AfterJob<Name>
  ): Task {
    return task(name, this.#shape.dtype, this.#at.job, ...args);
  }

  /** H numbers from `from` on of each of the B rows of `width` numbers, as one step. */
  *#packRows(values: FloatArray, width: number, from: number, to: number, panelBytes: number): Resumable<void> {
    const { B, H } = this.#shape;
    for (let b = 0; b < B; b++) {
      this.#staging.values.set(values.subarray(b * width + from, b * width + from + H));
      this.#packing.pack(this.#staging.at, 1, H, to + b * rowBytes, panelBytes, rowBytes);
    }
    yield 0;
  }

  #packSteps(values: FloatArray, steps: number, N: number, to: number): Resumable<void> {
    return packSteps(this.#packing, this.#staging, values, { B: this.#shape.B, steps, N }, to);
  }

  /** `count` steps of packed rows from `from` on into a sequence, from step t on. */
  #unpackSteps(from: number, panelBytes: number, count: number, to: Sequence, t: number): Resumable<void> {
    return unpackSteps(this.#packing, this.#staging, { from, panelBytes, count }, to, t);
  }
}
