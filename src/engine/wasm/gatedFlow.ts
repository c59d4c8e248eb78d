// The float64 pass with carried exponents of a layer of LSTM or GRU in the kernels' memory, block by block going back.
import { log10Of2 } from '../core/norm.js';
import { Mover } from '../core/resumableCopy.js';
import type { Resumable } from '../core/resumable.js';
import { cutBefore, sourceIsAll } from '../network/chunks.js';
import type { DescendingSource } from '../network/descendingSource.js';
import type { LayerExperiment, ScaledSteps } from '../network/experiment.js';
import { isThere } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import type { Analysis, ByDistance, SentDown } from '../network/scaledBackward.js';
import { sharedNumbers } from './abi.js';
import { gather, passOn, sourceBeside, rowsLog10, unknownThrough } from './flowBack.js';
import type { SourceBeside, RowNumbers, Through } from './flowBack.js';
import { formedNorm } from './formedNorm.js';
import { flowShapeOf, gateNumbers, measureFlow } from './gatedFlowLayout.js';
import type { FlowAddresses, FlowLayout, FlowNumbers } from './gatedFlowLayout.js';
import { gatedShapeOf } from './gatedLayout.js';
import { isHere, packSteps, windowOf } from './gatedSteps.js';
import { packGated, panelsOf } from './gatedWeights.js';
import type { GatedShape } from './gatedWeights.js';
import { pitchOf, rowBytes } from './instance.js';
import type { Kernels, Task } from './instance.js';
import { Struct } from './struct.js';
import { share, task } from './team.js';
import { goesApart, pauseLimit, ranges } from './workSplit.js';

const { FLOWSTATS: ofRow, STEPSTATS: ofStep } = sharedNumbers;
/** Places of a row's numbers at a step behind its exponent: squares of norms relative to that. */
const [all, ofH, ofC, ofD, after, paths] = [1, 2, 3, 4, 5, 6] as const;

export type Kept = Omit<Analysis, 'dhScaled'> & {
  /** Null where it is computed again when it is asked for. */
  readonly dhScaled: Float64Array | null;
  /** Of each step [T] the exponent of what goes down to x, −Infinity where that is nothing; null: nobody asks. */
  readonly inputExponents: Float64Array | null;
  /** The same with its numbers, of steps that send nothing too; null: nobody asks. */
  readonly down: SentDown | null;
  /** Of sequences that differ in length. */
  readonly distances: ByDistance | null;
};

/** What the kernels have measured of the steps of a block: see GatedFlowJob. */
type Measured = { readonly ofRows: RowNumbers } & Readonly<Record<'stats' | 'gateStats', Float64Array>>;

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
  /** Of the network's single source beside the layer's rows: what flows is its own, the rest it takes from them. */
  readonly #besideJob: Struct<'GatedFlowJob'>;
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
    this.#besideJob = new Struct('GatedFlowJob', buffer, at.beside);
    this.#staging = new Float64Array(buffer, at.staging, stagingLength);
    this.#failed = new Int32Array(buffer, at.failed, 2);
    this.#failed.fill(0);
    const numbers: FlowNumbers = { B, I, H, cell: this.#shape.gated.kernel, blockSteps, rows: B, scratchBytes };
    this.#job.write({ ...numbers, ...at });
    this.#besideJob.write({ ...numbers, ...at, failed: at.failed + Int32Array.BYTES_PER_ELEMENT });
  }

  get #kernels(): Kernels {
    return this.#layout.kernels;
  }

  /** The kernels note it here, of the network's single source at place 1. */
  #hasFailed(place: 0 | 1 = 0): boolean {
    return this.#failed[place] !== 0;
  }

  /**
   * One chunk; `isSource`: its last step is the single source. False when a number left the range: nothing counts.
   * `noting`: the pieces to compute it again from. `descending`: takes the network's single source through too.
   */
  *chunk(
    chunk: RunChunk,
    target: Kept,
    isSource: boolean,
    noting: Noting | null = null,
    descending: DescendingSource | null = null,
  ): Resumable<boolean> {
    const { T, I, H } = this.#experiment.shapes;
    const { dhScaled, inputExponents, down } = target;
    this.#start(chunk, isSource);
    let beside = isSource && descending?.isKnown === true ? this.#startBeside(chunk, descending.above) : null;
    for (let t1 = chunk.steps, t0 = 0; t1 > 0; t1 = t0) {
      this.#note(noting, chunk, isSource, t1);
      t0 = this.#blockStart(chunk, t1);
      const steps = t1 - t0;
      if (!(yield* this.#block(chunk, t0, t1))) return false;
      yield* this.#measure(steps);
      if (dhScaled !== null)
        yield* this.#take(this.#at.g, steps, H, (values, b) => {
          dhScaled.set(values, (b * T + chunk.start + t0) * H);
        });
      const measured = this.#measured();
      for (let t = steps - 1; t >= 0; t--) this.#keep(t, measured, chunk, t0 + t, target, isSource);
      if (down !== null) {
        yield* this.#take(this.#at.dx, steps, I, (values, b) => {
          down.data.set(values, (b * T + chunk.start + t0) * I);
        });
        const first = chunk.start + t0;
        down.exponents.set(target.dhExponent.subarray(first, first + steps), first);
      }
      if (inputExponents !== null)
        yield* this.#exponentsDown(chunk.start + t0, steps, target.dhExponent, inputExponents);
      yield* this.#mover.count(steps * H);
      if (beside !== null && !(yield* this.#blockBeside(beside, chunk, t0, t1))) {
        beside = null;
        descending?.lose();
      }
      yield (chunk.steps - t0) / chunk.steps;
    }
    if (beside !== null) passOn(descending, this.#experiment, chunk, beside.through);
    return true;
  }

  /**
   * Only what goes back through a chunk, and down from it where somebody asks; with `noting` its numbers are not held.
   * Null when a number left the range.
   */
  *through(chunk: RunChunk, goesDown: boolean, noting: Noting | null = null): Resumable<Through | null> {
    const { B, I } = this.#experiment.shapes;
    const { steps: T } = chunk;
    const through = unknownThrough(chunk, goesDown && noting === null ? B * I : null);
    this.#start(chunk, false);
    for (let t1 = T, t0 = 0; t1 > 0; t1 = t0) {
      this.#note(noting, chunk, false, t1);
      t0 = this.#blockStart(chunk, t1);
      if (!(yield* this.#block(chunk, t0, t1, through.data !== null))) return null;
      yield* this.#gather(this.#job, chunk, t0, t1, through);
      yield (T - t0) / T;
    }
    return through;
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
      yield* this.#take(at.g, end - start, H, (values, b) => {
        for (let t = 0; t < end - start; t++) out.set(values.subarray(t * H, (t + 1) * H), place(b, t));
      });
      yield* this.#take(at.dx, end - start, I, (values, b) => {
        for (let t = 0; t < end - start; t++) out.set(values.subarray(t * I, (t + 1) * I), place(b, t) + H);
      });
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

  /** Before the last step of a chunk: the network's single source, which enters from `above`. */
  #startBeside(chunk: RunChunk, above: ScaledSteps | null): SourceBeside {
    const { B } = this.#experiment.shapes;
    const at = this.#at;
    const rows = this.#job.get('rows');
    const first = rows - B;
    const job = this.#besideJob;
    job.set('spans', this.#job.get('spans'));
    if (above === null) {
      // The rows of the layer's own single source are the last ones.
      job.set('rows', rows);
      job.set('d', at.d + first * rowBytes);
      job.set('rowStats', at.rowStats + first * ofRow * Float64Array.BYTES_PER_ELEMENT);
    } else {
      job.set('flowing', at.besideFlowing);
      job.set('exponents', at.besideExponents);
    }
    const { clear } = this.#kernels.exports;
    clear(at.besideFlowing, this.#layout.sizes.besideFlowing);
    clear(at.besideExponents, this.#layout.sizes.besideExponents);
    return sourceBeside(this.#experiment, chunk, above);
  }

  /** The network's single source back through a block whose own rows are done; false when a number left the range. */
  *#blockBeside({ entering, through }: SourceBeside, chunk: RunChunk, t0: number, t1: number): Resumable<boolean> {
    const { beside: job } = this.#at;
    if (entering !== null) {
      const enters = (yield* this.#enter(entering, t0, t1)) ? 1 : 0;
      yield* this.#goBack(job, this.#besideJob.get('rows'), t1 - t0, enters, 0);
      if (this.#hasFailed(1)) return false;
    }
    if (through.data !== null) yield* this.#goDown(job, t1 - t0);
    yield* this.#gather(this.#besideJob, chunk, t0, t1, through);
    return true;
  }

  /** What the first rows of a job leave of a block. */
  *#gather(
    job: Struct<'GatedFlowJob'>,
    { steps: T }: RunChunk,
    t0: number,
    t1: number,
    through: Through,
  ): Resumable<void> {
    const { B, I } = this.#experiment.shapes;
    gather(this.#ofRows(job), after, B, t0, t1, through);
    const { data } = through;
    if (data !== null) yield* this.#take(this.#at.dx, t1 - t0, I, (values, b) => data.set(values, (b * T + t0) * I));
  }

  /** First step of the block that ends before t1: no further than a step at which the gradient is cut. */
  #blockStart(chunk: RunChunk, t1: number): number {
    for (let t = t1 - 1; t > Math.max(0, t1 - this.#layout.blockSteps); t--)
      if (cutBefore(this.#experiment, chunk, t)) return t;
    return Math.max(0, t1 - this.#layout.blockSteps);
  }

  /** False when a number left the range. Without `goesDown` nothing goes to x. */
  *#block(all: RunChunk, t0: number, t1: number, goesDown = true): Resumable<boolean> {
    const chunk = isHere(all) ? all : yield* windowOf(this.#experiment, all, t0, t1);
    const { B, I, H } = this.#experiment.shapes;
    const { job } = this.#at;
    const G = this.#shape.cell.gates.length;
    const steps = t1 - t0;
    yield* packSteps(this.#kernels, this.#experiment, this.#at, this.#layout, chunk, t0, t1);
    if (chunk.spans !== undefined)
      new Int32Array(this.#kernels.memory.buffer, this.#at.spans, 2 * B).set(
        chunk.spans.flatMap(({ from, to }) => [from - t0, to - t0]),
      );
    const enters = (yield* this.#enter(chunk, t0, t1)) ? 1 : 0;
    yield 0;
    const cut = cutBefore(this.#experiment, chunk, t0) ? 1 : 0;
    yield* this.#share(steps * B, 2 * G * H * (H + I), (from, to) => task('gatedFlowSlopes', 'float64', job, from, to));
    if (this.#hasFailed()) return false;
    yield* this.#goBack(job, this.#job.get('rows'), steps, enters, cut);
    if (this.#hasFailed()) return false;
    if (goesDown) yield* this.#goDown(job, steps);
    return true;
  }

  /** The rows of a job back through a block. */
  *#goBack(job: number, rows: number, steps: number, enters: number, cut: number): Resumable<void> {
    const { H } = this.#experiment.shapes;
    const G = this.#shape.cell.gates.length;
    // The kernels take two rows at once, but for every thread a row is better still.
    const pair = rows > this.#layout.threads ? 2 : 1;
    yield* this.#share(Math.ceil(rows / pair), 2 * pair * steps * G * H * H, (from, to) =>
      task('gatedFlowRows', 'float64', job, steps, enters, cut, pair * from, Math.min(rows, pair * to)),
    );
  }

  /** What the first rows of a job send to x. */
  *#goDown(job: number, steps: number): Resumable<void> {
    const { B, I, H } = this.#experiment.shapes;
    const G = this.#shape.cell.gates.length;
    yield* this.#share(steps * B, 2 * G * H * I, (from, to) => task('gatedFlowInputs', 'float64', job, from, to));
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
    const [row, panel, dPanel] = [t * B * rowBytes, blockSteps * B * rowBytes, pitchOf(blockSteps * B)];
    for (const { place, M, a, aPanel, block } of [
      { place: 2, M: I, a: at.xs, aPanel: panel, block: this.#shape.gated.firstOfInput },
      { place: 3, M: H, a: at.hs, aPanel: panel + B * rowBytes, block: 0 },
    ]) {
      if (stats[place] !== -1) continue;
      const d = at.aligned + block * hPanels * dPanel + row;
      const rows = { B, M, a: a + row, aPanel, N: gatePanels * width, d, dPanel, kind: sharedNumbers.ORDINARY };
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

  /** N numbers a row of a block, at `from`, sequence by sequence; the values are gone with the next one. */
  *#take(from: number, steps: number, N: number, take: (values: Float64Array, b: number) => void): Resumable<void> {
    const { B } = this.#experiment.shapes;
    const panel = this.#layout.blockSteps * B * rowBytes;
    for (let b = 0; b < B; b++) {
      this.#kernels.exports.unpack64(from + b * rowBytes, panel, B * rowBytes, steps, N, this.#at.staging);
      take(this.#staging.subarray(0, steps * N), b);
      yield* this.#mover.count(steps * N);
    }
  }

  /** The exponents of what the block, which begins at step `first` of the run, sends down; −Infinity of nothing. */
  *#exponentsDown(first: number, steps: number, own: Float64Array, to: Float64Array): Resumable<void> {
    const { I } = this.#experiment.shapes;
    to.fill(-Infinity, first, first + steps);
    yield* this.#take(this.#at.dx, steps, I, (values) => {
      for (let t = 0; t < steps; t++)
        if (to[first + t] === -Infinity && values.subarray(t * I, (t + 1) * I).some((value) => value !== 0))
          to[first + t] = own[first + t]!;
    });
  }

  /** What the kernels have measured of all steps of the block: one window for all, because each takes its time. */
  #measured(): Measured {
    const { stats, gateStats } = this.#at;
    const { blockSteps } = this.#layout;
    return {
      ofRows: this.#ofRows(this.#job),
      stats: this.#numbers(stats, blockSteps * ofStep),
      gateStats: this.#numbers(gateStats, blockSteps * this.#shape.cell.gates.length * gateNumbers),
    };
  }

  /** Numbers of a job's rows at the steps of a block. */
  #ofRows(job: Struct<'GatedFlowJob'>): RowNumbers {
    const [rows, from] = [job.get('rows'), job.get('rowStats')];
    const before = (from - this.#at.rowStats) / Float64Array.BYTES_PER_ELEMENT;
    const numbers = this.#numbers(from, this.#layout.blockSteps * rows * ofRow - before);
    return { numbers, rows, stride: ofRow };
  }

  /** The numbers of step t of the block, which is step `ofChunk` of the chunk. */
  #keep(t: number, measured: Measured, chunk: RunChunk, ofChunk: number, target: Kept, isSource: boolean): void {
    const at = chunk.start + ofChunk;
    const { B, T, H } = this.#experiment.shapes;
    const { cell, gated } = this.#shape;
    const { ofRows, stats, gateStats } = measured;
    const { rows } = ofRows;
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
    log10Norms.dh[at] = rowsLog10(ofRows, row, B, ofH);
    if (log10Norms.ds !== undefined) log10Norms.ds[at] = rowsLog10(ofRows, row, B, all);
    if (log10Norms.dc !== undefined) log10Norms.dc[at] = rowsLog10(ofRows, row, B, ofC);
    log10Norms.dx[at] = log10(dx);
    const { Wx, Wh, b: bias, bh } = log10Norms.parameters;
    Wx[at] = log10(dWx);
    Wh[at] = log10(dWh);
    bias[at] = log10(db);
    if (bh !== undefined) bh[at] = log10(dbh);
    for (let b = 0; b < B; b++) log10dhPerSequence[b * T + at] = rowsLog10(ofRows, row + b, 1, ofH);
    let counted = 0;
    for (let b = 0; b < B; b++) if (isThere(chunk, b, ofChunk)) counted += H;
    const G = cell.gates.length;
    for (let k = 0; k < G; k++) {
      const { mean, closed, open } = gates![cell.gates[k]!]!;
      const place = (t * G + k) * gateNumbers;
      mean[at] = gateStats[place]! / counted;
      closed[at] = gateStats[place + 1]! / counted;
      open[at] = gateStats[place + 2]! / counted;
    }
    if (!isSource) return;
    const ofSource = row + rows - B;
    const source = (place: number): number => rowsLog10(ofRows, ofSource, B, place);
    const [g, d, on] = [source(all), source(ofD), source(after)];
    single.log10[at] = g;
    target.distances?.add(
      chunk,
      ofChunk,
      Float64Array.from({ length: B }, (_, b) => rowsLog10(ofRows, ofSource + b, 1, all)),
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
