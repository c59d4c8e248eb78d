// The float64 pass with carried exponents of a layer of LSTM or GRU in the kernels' memory, block by block going back.
import { log10Of2 } from '../core/norm.js';
import { Mover } from '../core/resumableCopy.js';
import { BesideTrace, copiedSteps, stepsOf } from '../core/rowTrace.js';
import { isHeld, rowOf } from '../core/tensor.js';
import type { SequenceTrace } from '../core/tensor.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { cutBefore, sourceIsAll } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { GateMeasures } from '../network/result.js';
import { isThere } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import type { Analysis, ByDistance, InputVisit } from '../network/scaledBackward.js';
import { sharedNumbers } from './abi.js';
import { formedNorm } from './formedNorm.js';
import { flowShapeOf, gateNumbers, measureFlow } from './gatedFlowLayout.js';
import type { FlowAddresses, FlowLayout, FlowNumbers } from './gatedFlowLayout.js';
import { gatedShapeOf } from './gatedLayout.js';
import { packGated, panelsOf } from './gatedWeights.js';
import type { GatedShape } from './gatedWeights.js';
import { rowBytes } from './instance.js';
import type { Kernels, Task } from './instance.js';
import { Struct } from './struct.js';
import { share, task } from './team.js';
import { goesApart, pauseLimit, ranges } from './workSplit.js';

const { FLOWSTATS: ofRow, STEPSTATS: ofStep } = sharedNumbers;
/** Places of a row's numbers at a step: its exponent, and relative to it squares of norms. */
const [exponentAt, all, ofH, ofC, ofD, after, paths] = [0, 1, 2, 3, 4, 5, 6] as const;

export type Kept = Omit<Analysis, 'dhScaled'> & {
  /** Null where it is computed again when it is asked for. */
  readonly dhScaled: Float64Array | null;
  /** Of each step [T] the exponent of what goes down to x, −Infinity where that is nothing; null: nobody asks. */
  readonly inputExponents: Float64Array | null;
  /** Of sequences that differ in length. */
  readonly distances: ByDistance | null;
  readonly gates: Readonly<Record<string, GateMeasures>>;
};

/** What an `InputVisit` is told of a step. */
export type Seen = Parameters<InputVisit>;

/** What goes back through a chunk leaves: see `GatedFlow.through`. */
export type Through = {
  readonly received: Float64Array;
  readonly down: { readonly data: Float64Array | null; readonly exponents: Float64Array };
};

/** What the kernels have measured of the steps of a block, `rows` rows each: see GatedFlowJob. */
type Measured = { readonly rows: number } & Readonly<Record<'rowStats' | 'stats' | 'gateStats', Float64Array>>;

/** Consecutive steps of a chunk with what flows into the last of them, from which they can be computed again. */
export type FlowPiece = {
  readonly chunk: RunChunk;
  readonly isSource: boolean;
  readonly t1: number;
  readonly flowing: Uint8Array;
  readonly exponents: Uint8Array;
};

/** Where pieces are noted, each of at least so many steps. */
export type Noting = { readonly found: FlowPiece[]; readonly steps: number };

export class GatedFlow {
  readonly #experiment: LayerExperiment;
  readonly #shape: GatedShape;
  readonly #layout: FlowLayout;
  readonly #at: FlowAddresses;
  readonly #job: Struct<'GatedFlowJob'>;
  readonly #staging: Float64Array;
  readonly #failed: Int32Array;
  readonly #limit: number;
  readonly #mover = new Mover();

  /** Null when there is not so much memory. */
  static *create(own: Kernels, experiment: LayerExperiment): Resumable<GatedFlow | null> {
    const shape = gatedShapeOf(experiment);
    const layout = measureFlow(own, shape, own.team);
    const { sizes, kernels, stagingLength } = layout;
    const names = Object.keys(sizes) as (keyof FlowAddresses)[];
    const addresses = kernels.layOut(names.map((name) => sizes[name]));
    if (addresses === null) return null;
    const at = Object.fromEntries(names.map((name, i) => [name, addresses[i]!])) as Record<keyof FlowAddresses, number>;
    yield* packGated(kernels, flowShapeOf(shape), experiment.layers[0].parameters, at, stagingLength);
    return new GatedFlow(experiment, layout, at);
  }

  private constructor(experiment: LayerExperiment, layout: FlowLayout, at: FlowAddresses) {
    const { kernels, blockSteps, scratchBytes, stagingLength } = layout;
    const { B, I, H } = experiment.shapes;
    const { buffer } = kernels.memory;
    this.#experiment = experiment;
    this.#shape = flowShapeOf(gatedShapeOf(experiment));
    this.#layout = layout;
    this.#at = at;
    this.#limit = pauseLimit('float64', B, false);
    this.#job = new Struct('GatedFlowJob', buffer, at.job);
    this.#staging = new Float64Array(buffer, at.staging, stagingLength);
    this.#failed = new Int32Array(buffer, at.failed, 1);
    this.#failed[0] = 0;
    const numbers: FlowNumbers = { B, I, H, cell: this.#shape.gated.kernel, blockSteps, rows: B, scratchBytes };
    this.#job.write({ ...numbers, ...at });
  }

  get #kernels(): Kernels {
    return this.#layout.kernels;
  }

  /** The kernels note it here. */
  #hasFailed(): boolean {
    return this.#failed[0] !== 0;
  }

  /**
   * One chunk; `isSource`: its last step is the single source. False when a number left the range: nothing counts.
   * `noting`: the pieces to compute it again from.
   */
  *chunk(
    chunk: RunChunk,
    target: Kept,
    isSource: boolean,
    seen: Seen[] | null,
    noting: Noting | null = null,
  ): Resumable<boolean> {
    const { T, H } = this.#experiment.shapes;
    const { dhScaled, inputExponents } = target;
    this.#start(chunk, isSource);
    for (let t1 = chunk.steps, t0 = 0; t1 > 0; t1 = t0) {
      this.#note(noting, chunk, isSource, t1);
      t0 = this.#blockStart(chunk, t1);
      const steps = t1 - t0;
      if (!(yield* this.#block(chunk, t0, t1))) return false;
      yield* this.#measure(steps);
      if (dhScaled !== null)
        yield* this.#takeGradient(steps, (values, b) => {
          dhScaled.set(values, (b * T + chunk.start + t0) * H);
        });
      const measured = this.#measured();
      for (let t = steps - 1; t >= 0; t--) {
        const at = chunk.start + t0 + t;
        this.#keep(t, measured, chunk, t0 + t, target, isSource);
        if (seen === null && inputExponents === null) continue;
        const step = yield* this.#inputGradient(t, at);
        seen?.push(step);
        const [, dx, exponent] = step;
        inputExponents?.fill(dx.every((value) => value === 0) ? -Infinity : exponent, at, at + 1);
      }
      yield* this.#mover.count(steps * H);
      yield (chunk.steps - t0) / chunk.steps;
    }
    return true;
  }

  /**
   * Only what goes back through a chunk and down from it: of each step log10 of the norm that the states receive from
   * the step after, and what goes down to x, whose numbers are null with `noting`. Null when a number left the range.
   */
  *through(chunk: RunChunk, noting: Noting | null = null): Resumable<Through | null> {
    const { B, I } = this.#experiment.shapes;
    const { steps: T } = chunk;
    const received = new Float64Array(T).fill(-Infinity);
    const down = { data: noting === null ? new Float64Array(B * T * I) : null, exponents: new Float64Array(T) };
    this.#start(chunk, false);
    for (let t1 = T, t0 = 0; t1 > 0; t1 = t0) {
      this.#note(noting, chunk, false, t1);
      t0 = this.#blockStart(chunk, t1);
      if (!(yield* this.#block(chunk, t0, t1))) return null;
      const { rowStats } = this.#measured();
      for (let t = t0; t < t1; t++) {
        const row = (t - t0) * B;
        if (t > 0) received[t - 1] = rowsLog10(rowStats, row, row + B, after);
        down.exponents[t] = commonExponent(rowStats, row, row + B);
        if (down.data === null) continue;
        const [, dx] = yield* this.#inputGradient(t - t0, t);
        for (let b = 0; b < B; b++) down.data.set(dx.subarray(b * I, (b + 1) * I), (b * T + t) * I);
      }
      yield (T - t0) / T;
    }
    return { received, down };
  }

  /** The gradients of h and x of a piece side by side [B,t1−t0,H+I], the same bits as the first time. */
  *again({ chunk, isSource, t1, flowing, exponents }: FlowPiece, t0: number): Resumable<Float64Array> {
    const { B, I, H } = this.#experiment.shapes;
    const { buffer } = this.#kernels.memory;
    const [at, N] = [this.#at, H + I];
    this.#start(chunk, isSource);
    new Uint8Array(buffer, at.flowing, flowing.length).set(flowing);
    new Uint8Array(buffer, at.exponents, exponents.length).set(exponents);
    const out = new Float64Array(B * (t1 - t0) * N);
    for (let end = t1, start = 0; end > t0; end = start) {
      // The run's own blocks, on more threads, may have ended elsewhere.
      start = Math.max(t0, this.#blockStart(chunk, end));
      yield* this.#block(chunk, start, end);
      const place = (b: number, t: number): number => (b * (t1 - t0) + start - t0 + t) * N;
      yield* this.#takeGradient(end - start, (values, b) => {
        for (let t = 0; t < end - start; t++) out.set(values.subarray(t * H, (t + 1) * H), place(b, t));
      });
      for (let t = 0; t < end - start; t++) {
        const [, dx] = yield* this.#inputGradient(t, t);
        for (let b = 0; b < B; b++) out.set(dx.subarray(b * I, (b + 1) * I), place(b, t) + H);
      }
    }
    return out;
  }

  /** What flows into the step before t1, where the last piece is long enough. */
  #note(noting: Noting | null, chunk: RunChunk, isSource: boolean, t1: number): void {
    if (noting === null) return;
    const { found, steps } = noting;
    const last = found.at(-1);
    if (last?.chunk === chunk && t1 > last.t1 - steps) return;
    const {
      memory: { buffer },
    } = this.#kernels;
    const rows = this.#job.get('rows');
    const panels = this.#shape.cell.states.length * panelsOf(this.#shape).hPanels;
    found.push({
      chunk,
      isSource,
      t1,
      flowing: new Uint8Array(buffer, this.#at.flowing, panels * rows * rowBytes).slice(),
      exponents: new Uint8Array(buffer, this.#at.exponents, rows * Float64Array.BYTES_PER_ELEMENT).slice(),
    });
  }

  /** Before the last step of a chunk: nothing flows but the single source. */
  #start(chunk: RunChunk, isSource: boolean): void {
    const { spans } = chunk;
    const { B, H } = this.#experiment.shapes;
    const { exports } = this.#kernels;
    const at = this.#at;
    const { hPanels } = panelsOf(this.#shape);
    const rows = isSource && !sourceIsAll(this.#experiment, chunk) ? 2 * B : B;
    this.#job.set('rows', rows);
    exports.clear(at.flowing, this.#shape.cell.states.length * hPanels * rows * rowBytes);
    exports.clear(at.exponents, 2 * B * Float64Array.BYTES_PER_ELEMENT);
    this.#job.set('spans', spans === undefined ? 0 : at.spans);
    // Of sequences that differ in length each has its source at its own last step.
    if (rows > B && spans === undefined) exports.fill64(1, H, at.flowing + B * rowBytes, rows * rowBytes, B);
  }

  /** First step of the block that ends before t1: no further than a step at which the gradient is cut. */
  #blockStart(chunk: RunChunk, t1: number): number {
    for (let t = t1 - 1; t > Math.max(0, t1 - this.#layout.blockSteps); t--)
      if (cutBefore(this.#experiment, chunk, t)) return t;
    return Math.max(0, t1 - this.#layout.blockSteps);
  }

  /** False when a number left the range. */
  *#block(all: RunChunk, t0: number, t1: number): Resumable<boolean> {
    const isWhole = isHeld(all.hs.data) || all.hs.data instanceof BesideTrace;
    const chunk = isWhole ? all : yield* windowOf(this.#experiment, all, t0, t1);
    const { B, I, H } = this.#experiment.shapes;
    const { job } = this.#at;
    const G = this.#shape.cell.gates.length;
    const steps = t1 - t0;
    const rows = this.#job.get('rows');
    yield* this.#pack(chunk, t0, t1);
    if (chunk.spans !== undefined)
      new Int32Array(this.#kernels.memory.buffer, this.#at.spans, 2 * B).set(
        chunk.spans.flatMap(({ from, to }) => [from - t0, to - t0]),
      );
    const enters = (yield* this.#enter(chunk, t0, t1)) ? 1 : 0;
    yield 0;
    const cut = cutBefore(this.#experiment, chunk, t0) ? 1 : 0;
    yield* this.#share(steps * B, 2 * G * H * (H + I), (from, to) => task('gatedFlowSlopes', 'float64', job, from, to));
    if (this.#hasFailed()) return false;
    // The kernels take two rows at once, but for every thread a row is better still.
    const pair = rows > this.#layout.threads ? 2 : 1;
    yield* this.#share(Math.ceil(rows / pair), 2 * pair * steps * G * H * H, (from, to) =>
      task('gatedFlowRows', 'float64', job, steps, enters, cut, pair * from, Math.min(rows, pair * to)),
    );
    if (this.#hasFailed()) return false;
    yield* this.#share(steps * B, 2 * G * H * I, (from, to) => task('gatedFlowInputs', 'float64', job, from, to));
    return true;
  }

  /** What comes of the flow of a block of so many steps. */
  *#measure(steps: number): Resumable<void> {
    const { B, I, H } = this.#experiment.shapes;
    const { job } = this.#at;
    const limit = this.#limit;
    const G = this.#shape.cell.gates.length;
    const grams = B === 1 ? 0 : B * B * (4 * G * H + 2 * (H + I));
    const forms = 2 * B * G * H * (H + I);
    const withGrams = !goesApart(grams, limit);
    const withForms = withGrams && !goesApart(forms, limit);
    yield* this.#share(steps, (withGrams ? grams : 0) + (withForms ? forms : 0), (from, to, thread) =>
      task('gatedFlowNorms', 'float64', job, from, to, thread, (withGrams ? 2 : 0) + (withForms ? 4 : 0)),
    );
    if (!withForms) for (let t = 0; t < steps; t++) yield* this.#fillNorms(t, limit);
  }

  /** Norms of weight gradients of step t of the block that have been left open (−1). */
  *#fillNorms(t: number, limit: number): Resumable<void> {
    const { B, I, H } = this.#experiment.shapes;
    const { blockSteps } = this.#layout;
    const { hPanels, gatePanels, width } = panelsOf(this.#shape);
    const at = this.#at;
    const stats = this.#numbers(at.stats + t * ofStep * Float64Array.BYTES_PER_ELEMENT, ofStep);
    const [row, panel] = [t * B * rowBytes, blockSteps * B * rowBytes];
    for (const { place, M, a, aPanel, block } of [
      { place: 2, M: I, a: at.xs, aPanel: panel, block: this.#shape.gated.firstOfInput },
      { place: 3, M: H, a: at.hs, aPanel: panel + B * rowBytes, block: 0 },
    ]) {
      if (stats[place] !== -1) continue;
      const d = at.aligned + block * hPanels * panel + row;
      const rows = { B, M, a: a + row, aPanel, N: gatePanels * width, d, dPanel: panel, kind: sharedNumbers.ORDINARY };
      stats[place] = yield* formedNorm({ ...this.#layout, at }, 'float64', rows, limit);
    }
  }

  /** Calls that take `from` … `to − 1` of `count` items each, with `work` operations an item at most. */
  *#share(count: number, work: number, of: (from: number, to: number, thread: number) => Task): Resumable<void> {
    const { threads, team } = this.#layout;
    for (const { first, end } of ranges(count, work, this.#limit * threads)) {
      const own = end - first;
      const parts = Math.min(own, threads);
      share(
        team,
        this.#kernels.exports,
        Array.from({ length: parts }, (_, i) =>
          of(first + Math.floor((own * i) / parts), first + Math.floor((own * (i + 1)) / parts), i),
        ),
      );
      yield 0;
    }
  }

  /** States (those before step t0 too) and inputs of a block. */
  *#pack(chunk: RunChunk, t0: number, t1: number): Resumable<void> {
    const { B, I, H } = this.#experiment.shapes;
    const { pack64, packColumns64 } = this.#kernels.exports;
    const at = this.#at;
    const count = t1 - t0;
    const N = this.#shape.cell.states.length * H;
    const numberBytes = Float64Array.BYTES_PER_ELEMENT;
    const panel = this.#layout.blockSteps * B * rowBytes;
    const { steps, initial, spans, hs } = chunk;
    const parts = hs.data instanceof BesideTrace ? hs.data.parts : [hs];
    for (let b = 0; b < B; b++) {
      let s = 0;
      for (const { data, N: width } of parts) {
        const rows = (first: number, end: number): FloatArray =>
          data.subarray((b * steps + first) * width, (b * steps + end) * width);
        const start = rowOf(initial, b).data.subarray(s * H, s * H + width);
        this.#staging.set(t0 === 0 || t0 === spans?.[b]?.from ? start : rows(t0 - 1, t0));
        this.#staging.set(rows(t0, t1), width);
        // A sequence begins with its initial states, which are not told while they wait.
        const begins = (spans?.[b]?.from ?? 0) - t0;
        if (begins > 0 && begins < count) this.#staging.set(start, begins * width);
        for (let column = 0; column < width; column += H, s++) {
          const to = (s === 0 ? at.hs : at.cs) + b * rowBytes;
          const from = at.staging + column * numberBytes;
          packColumns64(from, width * numberBytes, 1 + count, H, to, panel + B * rowBytes, B * rowBytes);
        }
      }
      const xs = chunk.xs.data.subarray((b * chunk.steps + t0) * I, (b * chunk.steps + t1) * I);
      this.#staging.set(xs);
      pack64(at.staging, count, I, at.xs + b * rowBytes, panel, B * rowBytes);
      yield* this.#mover.count((1 + count) * N + count * I);
    }
  }

  /** What enters the steps of a block; false when nothing does. */
  *#enter(chunk: RunChunk, t0: number, t1: number): Resumable<boolean> {
    const {
      shapes: { B, H },
      upstream,
      loss,
    } = this.#experiment;
    const { exports } = this.#kernels;
    const { g, staging, entering } = this.#at;
    const { hPanels } = panelsOf(this.#shape);
    const panel = this.#layout.blockSteps * B * rowBytes;
    const exponents = this.#numbers(entering, t1 - t0);
    const { scaledDhs } = chunk;
    exponents.fill(0);
    if (scaledDhs === undefined && loss === null && upstream.kind === 'every') {
      exports.fill64(1, H, g, panel, (t1 - t0) * B);
      return true;
    }
    if (scaledDhs === undefined && loss === null && upstream.kind === 'last') {
      if (t1 < chunk.steps) return false;
      exports.clear(g, hPanels * panel);
      exports.fill64(1, H, g + (t1 - 1 - t0) * B * rowBytes, panel, B);
      return true;
    }
    if (scaledDhs !== undefined) exponents.set(scaledDhs.exponents.subarray(t0, t1));
    const { data } = scaledDhs ?? chunk.dhs;
    for (let b = 0; b < B; b++) {
      this.#staging.set(data.subarray((b * chunk.steps + t0) * H, (b * chunk.steps + t1) * H));
      exports.pack64(staging, t1 - t0, H, g + b * rowBytes, panel, B * rowBytes);
      yield* this.#mover.count((t1 - t0) * H);
    }
    return true;
  }

  #numbers(at: number, length: number): Float64Array {
    return new Float64Array(this.#kernels.memory.buffer, at, length);
  }

  /** The total gradient of h of a block, sequence by sequence; the values are gone with the next one. */
  *#takeGradient(steps: number, take: (values: Float64Array, b: number) => void): Resumable<void> {
    const { B, H } = this.#experiment.shapes;
    const { g, staging } = this.#at;
    for (let b = 0; b < B; b++) {
      const panel = this.#layout.blockSteps * B * rowBytes;
      this.#kernels.exports.unpack64(g + b * rowBytes, panel, B * rowBytes, steps, H, staging);
      take(this.#staging.subarray(0, steps * H), b);
      yield* this.#mover.count(steps * H);
    }
  }

  /** dx of step t of the block, which is step `at` of the run. */
  *#inputGradient(t: number, at: number): Resumable<Seen> {
    const { B, I } = this.#experiment.shapes;
    const { dx, stats } = this.#at;
    const panel = this.#layout.blockSteps * B * rowBytes;
    const own = new Float64Array(B * I);
    const most = Math.max(1, Math.floor(this.#layout.stagingLength / I));
    for (let b = 0; b < B; b += most) {
      const count = Math.min(most, B - b);
      this.#kernels.exports.unpack64(dx + (t * B + b) * rowBytes, panel, rowBytes, count, I, this.#at.staging);
      own.set(this.#staging.subarray(0, count * I), b * I);
      yield* this.#mover.count(count * I);
    }
    return [at, own, this.#numbers(stats + t * ofStep * Float64Array.BYTES_PER_ELEMENT, 1)[0]!];
  }

  /** What the kernels have measured of all steps of the block: one window for all, because each takes its time. */
  #measured(): Measured {
    const { rowStats, stats, gateStats } = this.#at;
    const { blockSteps } = this.#layout;
    const rows = this.#job.get('rows');
    return {
      rows,
      rowStats: this.#numbers(rowStats, blockSteps * rows * ofRow),
      stats: this.#numbers(stats, blockSteps * ofStep),
      gateStats: this.#numbers(gateStats, blockSteps * this.#shape.cell.gates.length * gateNumbers),
    };
  }

  /** The numbers of step t of the block, which is step `ofChunk` of the chunk. */
  #keep(t: number, measured: Measured, chunk: RunChunk, ofChunk: number, target: Kept, isSource: boolean): void {
    const at = chunk.start + ofChunk;
    const { B, T, H } = this.#experiment.shapes;
    const { cell, gated } = this.#shape;
    const { rows, rowStats, stats, gateStats } = measured;
    const [row, step] = [t * rows, t * ofStep];
    const [E, dx, dWx, dWh, db, dbh] = [
      stats[step]!,
      stats[step + 1]!,
      stats[step + 2]!,
      stats[step + 3]!,
      stats[step + 4]!,
      stats[step + 5]!,
    ];
    const log10 = (value: number): number => Math.log10(value) + E * log10Of2;
    const { log10Norms, log10dhPerSequence, dhExponent, single, gates } = target;
    dhExponent[at] = E;
    log10Norms.dh[at] = rowsLog10(rowStats, row, row + B, ofH);
    if (log10Norms.ds !== undefined) log10Norms.ds[at] = rowsLog10(rowStats, row, row + B, all);
    if (log10Norms.dc !== undefined) log10Norms.dc[at] = rowsLog10(rowStats, row, row + B, ofC);
    log10Norms.dx[at] = log10(dx);
    const { Wx, Wh, b: bias, bh } = log10Norms.parameters;
    Wx[at] = log10(dWx);
    Wh[at] = log10(dWh);
    bias[at] = log10(db);
    if (bh !== undefined) bh[at] = log10(dbh);
    for (let b = 0; b < B; b++) log10dhPerSequence[b * T + at] = rowsLog10(rowStats, row + b, row + b + 1, all);
    let counted = 0;
    for (let b = 0; b < B; b++) if (isThere(chunk, b, ofChunk)) counted += H;
    const G = cell.gates.length;
    for (let k = 0; k < G; k++) {
      const { mean, closed, open } = gates[cell.gates[k]!]!;
      const place = (t * G + k) * gateNumbers;
      mean[at] = gateStats[place]! / counted;
      closed[at] = gateStats[place + 1]! / counted;
      open[at] = gateStats[place + 2]! / counted;
    }
    if (!isSource) return;
    const ofSource = row + rows - B;
    const source = (place: number): number => rowsLog10(rowStats, ofSource, ofSource + B, place);
    const [g, d, on] = [source(all), source(ofD), source(after)];
    single.log10[at] = g;
    target.distances?.add(
      chunk,
      ofChunk,
      Float64Array.from({ length: B }, (_, b) => rowsLog10(rowStats, ofSource + b, ofSource + b + 1, all)),
    );
    single.lnSlope[at] = (d - g) * Math.LN10;
    single.lnWh[at] = (on - d) * Math.LN10;
    const { lnPaths } = single;
    if (lnPaths === null) return;
    const lnOf = (place: number): number => (g === -Infinity ? NaN : (source(place) - g) * Math.LN10);
    lnPaths['beside']![at] = lnOf(paths);
    for (const [k, gate] of gated.ofState.entries()) lnPaths[cell.gates[gate]!]![at] = lnOf(paths + 1 + k);
  }
}

/** The exponent of a step with the rows `from` … `to − 1`: the largest of those that are not zero; 0 when all are. */
function commonExponent(rowStats: Float64Array, from: number, to: number): number {
  let exponent = -Infinity;
  for (let b = from; b < to; b++)
    if (rowStats[b * ofRow + all]! > 0) exponent = Math.max(exponent, rowStats[b * ofRow + exponentAt]!);
  return exponent === -Infinity ? 0 : exponent;
}

/** log10 of the norm of the rows `from` … `to − 1` together, with the squares at `place` of each. */
function rowsLog10(rowStats: Float64Array, from: number, to: number, place: number): number {
  let exponent = -Infinity;
  for (let b = from; b < to; b++)
    if (rowStats[b * ofRow + place]! > 0) exponent = Math.max(exponent, rowStats[b * ofRow + exponentAt]!);
  if (exponent === -Infinity) return -Infinity;
  let sum = 0;
  for (let b = from; b < to; b++) {
    const below = rowStats[b * ofRow + exponentAt]! - exponent;
    sum += below === 0 ? rowStats[b * ofRow + place]! : rowStats[b * ofRow + place]! * 4 ** below;
  }
  return 0.5 * Math.log10(sum) + exponent * log10Of2;
}

/** A chunk of which only the steps t0 − 1 … t1 − 1 are asked, computed once and held. */
export function* windowOf(
  { dtype, loss, upstream }: LayerExperiment,
  chunk: RunChunk,
  t0: number,
  t1: number,
): Resumable<RunChunk> {
  const { xs, hs, dhs, scaledDhs, steps } = chunk;
  function* window(own: DType, all: SequenceTrace, from = t0): Resumable<SequenceTrace> {
    return stepsOf(yield* copiedSteps(own, all, from, t1), steps, (t) => t - from);
  }
  const enters = loss !== null || upstream.kind === 'given';
  return {
    ...chunk,
    xs: yield* window(dtype, xs),
    hs: yield* window(dtype, hs, Math.max(0, t0 - 1)),
    dhs: enters && scaledDhs === undefined ? yield* window('float64', dhs) : dhs,
    ...(scaledDhs === undefined
      ? {}
      : {
          scaledDhs: {
            data: (yield* window('float64', { ...dhs, data: scaledDhs.data })).data,
            exponents: scaledDhs.exponents,
          },
        }),
  };
}
