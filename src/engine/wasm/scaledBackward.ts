// The float64 pass with carried exponents (../network/scaledBackward.ts) through the kernels, block by block going
// back.
import type { Analysis, SentDown } from '../network/scaledBackward.js';
import { cutBefore, sourceIsAll } from '../network/chunks.js';
import type { RunChunk } from '../network/runChunk.js';
import { nothingMeasured } from '../network/scaledBackward.js';
import { Mover } from '../core/resumableCopy.js';
import { log10Of2 } from '../core/norm.js';
import { unfilled } from '../core/bufferPool.js';
import { part } from '../core/resumable.js';
import { kernelOf } from '../cells/index.js';
import type { DescendingSource } from '../network/descendingSource.js';
import type { LayerExperiment, ScaledSteps } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import type { Trace } from '../core/dtypes.js';
import { pitchOf, rowBytes } from './instance.js';
import { gather, insideFlowRange, passOn, sourceBeside, throughChunks } from './flowBack.js';
import type { SourceBeside } from './flowBack.js';
import type { Kernels, Task, Team } from './instance.js';
import { threadsFor } from './layer.js';
import type { Room } from './layer.js';
import { ApartNorms, dotsWork, normsGoApart, scratchOf } from './stepNorms.js';
import { stagingBytes } from './packedMatrix.js';
import { OneAtATime, PiecedTrace, ready } from '../core/recomputedTrace.js';
import { goesApart, pauseLimit, ranges } from './workSplit.js';
import { share, task } from './team.js';
import { sharedNumbers } from './abi.js';
import { Struct, structBytes } from './struct.js';
import type { Fields } from './struct.js';
import { packWeights } from './packWeights.js';

const width = rowBytes / Float64Array.BYTES_PER_ELEMENT;
/** Numbers of a step in the kernels' FlowJob.stats, before two for each sequence. */
const statsOf = sharedNumbers.STATS;
/** Numbers of a row at a step in FlowJob.rowStats, and the place of the square of what goes on. */
const ofRow = sharedNumbers.ROWSTATS / Float64Array.BYTES_PER_ELEMENT;
const after = 3;
/** Rows of a block; nothing here is summed over them, so they only have to be enough to make calls rare. */
const blockRows = 64;
/** Floating-point operations between two pauses, a few milliseconds. */
const blockWork = 5e7;
/** The same for several threads, which meet three times in a block. */
const sharedRows = 256;
const sharedWork = 1.5e8;

/** The fields of the kernels' FlowJob that are no addresses. */
type FlowNumbers = Pick<Fields<'FlowJob'>, 'B' | 'I' | 'H' | 'cell' | 'blockSteps' | 'rows' | 'scratchBytes'>;
type FlowBuffer = Exclude<keyof Fields<'FlowJob'>, keyof FlowNumbers>;
type Addresses = Readonly<
  Record<
    FlowBuffer | 'job' | 'staging' | 'normJob' | 'partials' | 'beside' | 'besideFlowing' | 'besideExponents',
    number
  >
>;
/** Addresses, and lengths of the two arrays that JavaScript sees. */
type Layout = {
  readonly kernels: Kernels;
  readonly team: Team | null;
  readonly threads: number;
  readonly at: Addresses;
  readonly blockSteps: number;
  readonly sizes: Addresses;
};

/** What this pass takes; without `team` on one thread. */
export const flowRoom = (
  own: Kernels,
  experiment: Pick<LayerExperiment, 'shapes' | 'chunks'>,
  team = own.team,
): Room => {
  const { kernels, sizes } = measure(own, experiment, team);
  return { kernels, bytes: kernels.bytesFor(Object.values(sizes)) };
};

function measure(
  own: Kernels,
  experiment: Pick<LayerExperiment, 'shapes' | 'chunks'>,
  team = own.team,
): Omit<Layout, 'at'> {
  const { B, I, H } = experiment.shapes;
  const longest = Math.max(...experiment.chunks.map(({ steps }) => steps));
  const most = threadsFor(team, { B, I, H, steps: longest });
  const threads = team === null || most === 1 ? 1 : team.size;
  const blockStepsOf = (count: number): number => {
    const [mostRows, mostWork] = count === 1 ? [blockRows, blockWork] : [sharedRows, sharedWork];
    return Math.max(1, Math.min(longest, Math.floor(mostRows / B), Math.floor(mostWork / (4 * B * H * (H + I)))));
  };
  const blockSteps = blockStepsOf(most);
  const [hPanels, iPanels] = [Math.ceil(H / width), Math.ceil(I / width)];
  const sizes = {
    job: structBytes('FlowJob'),
    staging: Math.max(
      stagingBytes(Math.max(H, I), H),
      (blockSteps + 1) * Math.max(H, I) * Float64Array.BYTES_PER_ELEMENT,
    ),
    forwardWeights: hPanels * (H + I) * rowBytes,
    backwardWeights: (hPanels + iPanels) * H * rowBytes,
    bias: hPanels * rowBytes,
    hs: hPanels * (1 + blockSteps) * B * rowBytes,
    xs: iPanels * blockSteps * B * rowBytes,
    g: hPanels * blockSteps * B * rowBytes,
    entering: blockSteps * Float64Array.BYTES_PER_ELEMENT,
    slopes: hPanels * blockSteps * B * rowBytes,
    flowing: hPanels * 2 * B * rowBytes,
    d: hPanels * pitchOf(blockSteps * 2 * B),
    aligned: hPanels * pitchOf(blockSteps * B),
    dx: iPanels * blockSteps * B * rowBytes,
    scratch: most * scratchOf(hPanels, iPanels, width),
    exponents: 2 * B * Float64Array.BYTES_PER_ELEMENT,
    rowStats: blockSteps * 2 * B * sharedNumbers.ROWSTATS,
    stats: blockSteps * (statsOf + 2 * B) * Float64Array.BYTES_PER_ELEMENT,
    failed: 2 * Int32Array.BYTES_PER_ELEMENT,
    // What the network's single source has for itself.
    beside: structBytes('FlowJob'),
    besideFlowing: hPanels * B * rowBytes,
    besideExponents: B * Float64Array.BYTES_PER_ELEMENT,
    ...ApartNorms.sizes({ dtype: 'float64', B, I, H }),
  } satisfies Addresses;
  return {
    kernels: team === null || most === 1 ? own : team.kernels,
    team: threads === 1 ? null : team,
    threads,
    sizes,
    blockSteps: blockStepsOf(threads),
  };
}

/** Consecutive steps of a chunk with what flows into the last of them, from which they can be computed again. */
type FlowPiece = {
  readonly chunk: RunChunk;
  readonly single: boolean;
  readonly t1: number;
  readonly flowing: Uint8Array;
  readonly exponents: Uint8Array;
};

class FastFlow {
  readonly #kernels: Kernels;
  readonly #team: Team | null;
  readonly #threads: number;
  readonly #experiment: LayerExperiment;
  readonly #at: Addresses;
  readonly #job: Struct<'FlowJob'>;
  /** Of the network's single source beside the layer's rows: what flows is its own, the rest it takes from them. */
  readonly #besideJob: Struct<'FlowJob'>;
  readonly #staging: Float64Array;
  readonly #stats: Float64Array;
  readonly #failed: Int32Array;
  readonly #blockSteps: number;
  readonly #limit: number;
  readonly #mover = new Mover();
  readonly #norms: ApartNorms;

  static *create(own: Kernels, experiment: LayerExperiment): Resumable<FastFlow | null> {
    const measured = measure(own, experiment);
    const { sizes, kernels } = measured;
    const names = Object.keys(sizes) as (keyof Addresses)[];
    const addresses = kernels.layOut(names.map((name) => sizes[name]));
    if (addresses === null) return null;
    const at = Object.fromEntries(names.map((name, i) => [name, addresses[i]!])) as Record<keyof Addresses, number>;
    yield* packWeights(kernels, 'float64', experiment.layers[0].parameters, at);
    return new FastFlow(experiment, { ...measured, at });
  }

  private constructor(experiment: LayerExperiment, { kernels, team, threads, at, blockSteps, sizes }: Layout) {
    this.#kernels = kernels;
    this.#team = team;
    this.#threads = threads;
    this.#experiment = experiment;
    this.#at = at;
    this.#blockSteps = blockSteps;
    this.#limit = pauseLimit('float64', experiment.shapes.B, false);
    const { buffer } = kernels.memory;
    this.#job = new Struct('FlowJob', buffer, at.job);
    this.#besideJob = new Struct('FlowJob', buffer, at.beside);
    this.#staging = new Float64Array(buffer, at.staging, sizes.staging / 8);
    this.#stats = new Float64Array(buffer, at.stats, sizes.stats / 8);
    this.#failed = new Int32Array(buffer, at.failed, 2);
    this.#failed.fill(0);
    const {
      cell,
      shapes: { B, I, H },
    } = experiment;
    const scratchBytes = scratchOf(Math.ceil(H / width), Math.ceil(I / width), width);
    const numbers: FlowNumbers = { B, I, H, cell: kernelOf(cell), blockSteps, rows: B, scratchBytes };
    this.#job.write({ ...numbers, ...at });
    this.#besideJob.write({ ...numbers, ...at, failed: at.failed + Int32Array.BYTES_PER_ELEMENT });
    this.#norms = new ApartNorms(kernels, team, threads, { dtype: 'float64', B, I, H }, at, {
      at: at.scratch,
      bytes: scratchBytes,
    });
  }

  /**
   * One chunk; `single`: its last step is the single source. False when a number left the range: then nothing counts.
   * With `pieces` the gradient itself is not kept, but at least every `pieceSteps` steps what flows. `descending` takes
   * the network's single source through too.
   */
  *chunk(
    chunk: RunChunk,
    target: Omit<Analysis, 'dhScaled'>,
    single: boolean,
    dhScaled: Float64Array | null,
    pieces: { readonly found: FlowPiece[]; readonly steps: number } | null,
    down: SentDown | null,
    descending: DescendingSource | null,
  ): Resumable<boolean> {
    const { T, I, H } = this.#experiment.shapes;
    this.#start(chunk, single);
    let beside = single && descending?.isKnown === true ? this.#startBeside(chunk, descending.above) : null;
    let border = chunk.steps;
    for (let t1 = chunk.steps, t0 = 0; t1 > 0; t1 = t0) {
      if (pieces !== null && t1 <= border) {
        pieces.found.push({ chunk, single, t1, ...this.#state() });
        border = t1 - pieces.steps;
      }
      t0 = this.#blockStart(chunk, t1);
      if (!(yield* this.#block(chunk, t0, t1, (chunk.steps - t1) / chunk.steps))) return false;
      if (dhScaled !== null)
        yield* this.#take(this.#at.g, t1 - t0, H, (values, b) => {
          dhScaled.set(values, (b * T + chunk.start + t0) * H);
        });
      for (let t = t1 - 1; t >= t0; t--) this.#keep(t - t0, chunk.start + t, target, single);
      if (down !== null) {
        const first = chunk.start + t0;
        yield* this.#take(this.#at.dx, t1 - t0, I, (values, b) => {
          down.data.set(values, (b * T + first) * I);
        });
        down.exponents.set(target.dhExponent.subarray(first, first + t1 - t0), first);
      }
      if (beside !== null && !(yield* this.#blockBeside(beside, chunk, t0, t1))) {
        beside = null;
        descending?.lose();
      }
      yield (chunk.steps - t0) / chunk.steps;
    }
    if (beside !== null) passOn(descending, this.#experiment, chunk, beside.through);
    return true;
  }

  /** The gradient of a piece [B,steps,H], the same bits as the first time. */
  *again({ chunk, single, t1, flowing, exponents }: FlowPiece, t0: number): Resumable<Float64Array> {
    const { B, H } = this.#experiment.shapes;
    const {
      memory: { buffer },
    } = this.#kernels;
    this.#start(chunk, single);
    new Uint8Array(buffer, this.#at.flowing, flowing.length).set(flowing);
    new Uint8Array(buffer, this.#at.exponents, exponents.length).set(exponents);
    const g = new Float64Array(B * (t1 - t0) * H);
    for (let end = t1, start = 0; end > t0; end = start) {
      // The run's own blocks, on more threads, may have ended elsewhere.
      start = Math.max(t0, this.#blockStart(chunk, end));
      yield* this.#block(chunk, start, end, (t1 - end) / (t1 - t0));
      yield* this.#take(this.#at.g, end - start, H, (values, b) => {
        g.set(values, (b * (t1 - t0) + start - t0) * H);
      });
    }
    return g;
  }

  #state(): Pick<FlowPiece, 'flowing' | 'exponents'> {
    const {
      memory: { buffer },
    } = this.#kernels;
    const { B, H } = this.#experiment.shapes;
    return {
      flowing: new Uint8Array(
        buffer,
        this.#at.flowing,
        Math.ceil(H / width) * this.#job.get('rows') * rowBytes,
      ).slice(),
      exponents: new Uint8Array(buffer, this.#at.exponents, 16 * B).slice(),
    };
  }

  /** Before the last step of a chunk: nothing flows but the single source. */
  #start(chunk: RunChunk, single: boolean): void {
    const { B, H } = this.#experiment.shapes;
    const { exports } = this.#kernels;
    const at = this.#at;
    const hPanels = Math.ceil(H / width);
    const separate = single && !sourceIsAll(this.#experiment, chunk);
    const rows = separate ? 2 * B : B;
    this.#job.set('rows', rows);
    exports.clear(at.flowing, hPanels * rows * rowBytes);
    exports.clear(at.exponents, 16 * B);
    if (separate) exports.fill64(1, H, at.flowing + B * rowBytes, rows * rowBytes, B);
  }

  /** Before the last step of a chunk: the network's single source, which enters from `above`. */
  #startBeside(chunk: RunChunk, above: ScaledSteps | null): SourceBeside {
    const { B, H } = this.#experiment.shapes;
    const at = this.#at;
    const rows = this.#job.get('rows');
    const first = rows - B;
    const job = this.#besideJob;
    if (above === null) {
      // The rows of the layer's own single source are the last ones.
      job.set('rows', rows);
      job.set('d', at.d + first * rowBytes);
      job.set('rowStats', at.rowStats + first * sharedNumbers.ROWSTATS);
    } else {
      job.set('flowing', at.besideFlowing);
      job.set('exponents', at.besideExponents);
    }
    const { clear } = this.#kernels.exports;
    clear(at.besideFlowing, Math.ceil(H / width) * B * rowBytes);
    clear(at.besideExponents, B * Float64Array.BYTES_PER_ELEMENT);
    return sourceBeside(this.#experiment, chunk, above);
  }

  /** The network's single source back through a block whose own rows are done; false when a number left the range. */
  *#blockBeside(
    { entering, through }: SourceBeside,
    { steps: T }: RunChunk,
    t0: number,
    t1: number,
  ): Resumable<boolean> {
    const { B, I } = this.#experiment.shapes;
    const [job, steps, progress] = [this.#at.beside, t1 - t0, (T - t1) / T];
    const [rows, stats] = [this.#besideJob.get('rows'), this.#besideJob.get('rowStats')];
    if (entering !== null) {
      const enters = (yield* this.#enter(entering, t0, t1)) ? 1 : 0;
      yield* this.#goBack(job, rows, steps, enters, 0, progress);
      if (this.#failed[1] !== 0) return false;
    }
    const numbers = new Float64Array(this.#kernels.memory.buffer, stats, ((steps - 1) * rows + B) * ofRow);
    gather({ numbers, rows, stride: ofRow }, after, B, t0, t1, through);
    const { data } = through;
    if (data === null) return true;
    yield* this.#goDown(job, steps, progress);
    yield* this.#take(this.#at.dx, steps, I, (values, b) => data.set(values, (b * T + t0) * I));
    return true;
  }

  /** First step of the block that ends before t1: no further than a step at which the gradient is cut. */
  #blockStart({ steps }: RunChunk, t1: number): number {
    const { truncate, layers } = this.#experiment;
    const k = truncate ?? Infinity;
    const cut =
      layers[0].direction === 'forward' ? Math.floor((t1 - 1) / k) * k : steps - (Math.floor((steps - t1) / k) + 1) * k;
    return Math.max(0, t1 - this.#blockSteps, truncate === null ? 0 : cut);
  }

  /** False when a number left the range. */
  *#block(chunk: RunChunk, t0: number, t1: number, progress: number): Resumable<boolean> {
    const {
      shapes: { B, I, H },
      upstream,
      loss,
    } = this.#experiment;
    for (const t of [t0 - 1, t0, t1 - 1]) if (t >= 0) yield* ready(t, chunk.hs);
    if (loss !== null || upstream.kind === 'given') for (const t of [t0, t1 - 1]) yield* ready(t, chunk.dhs);
    yield* this.#packBlock(chunk, t0, t1);
    const enters = (yield* this.#enter(chunk, t0, t1)) ? 1 : 0;
    yield progress;
    const cut = cutBefore(this.#experiment, chunk, t0) ? 1 : 0;
    const steps = t1 - t0;
    const { job } = this.#at;
    yield* this.#share(steps * B, 2 * H * (H + I), progress, (from, to, thread) =>
      task('flowSlopes', 'float64', job, from, to, thread),
    );
    yield* this.#goBack(job, this.#job.get('rows'), steps, enters, cut, progress);
    if (this.#failed[0] !== 0) return false;
    const dx = 2 * B * H * I;
    const together = !goesApart(dx, this.#limit);
    const withNorms = !normsGoApart({ B, I, H }, this.#limit);
    if (!together) yield* this.#goDown(job, steps, progress);
    yield* this.#share(
      steps,
      (withNorms ? dotsWork({ B, I, H }) : 0) + (together ? dx : 0),
      progress,
      (from, to, thread) => task('flowNorms', 'float64', job, from, to, thread, Number(together) + (withNorms ? 2 : 0)),
    );
    for (let t = 0; t < steps && !withNorms; t++) yield* this.#stepNorms(t, progress);
    return true;
  }

  /** The rows of a job back through a block. */
  *#goBack(job: number, rows: number, steps: number, enters: number, cut: number, progress: number): Resumable<void> {
    const { H } = this.#experiment.shapes;
    // The kernels take two rows at once, but for every thread a row is better still.
    const pair = rows > this.#threads ? 2 : 1;
    yield* this.#share(Math.ceil(rows / pair), 2 * pair * steps * H * H, progress, (from, to) =>
      task('flowRows', 'float64', job, steps, enters, cut, pair * from, Math.min(rows, pair * to)),
    );
  }

  /** What the first rows of a job send to x. */
  *#goDown(job: number, steps: number, progress: number): Resumable<void> {
    const { B, I, H } = this.#experiment.shapes;
    yield* this.#share(steps * B, 2 * H * I, progress, (from, to) => task('flowInputs', 'float64', job, from, to));
  }

  /** ‖dWx‖ and ‖dWh‖ of step t of the block. */
  *#stepNorms(t: number, progress: number): Resumable<void> {
    const { B } = this.#experiment.shapes;
    const at = this.#at;
    const [stepBytes, row] = [B * rowBytes, t * B * rowBytes];
    const blockPanel = this.#blockSteps * stepBytes;
    const found = yield* this.#norms.of(
      {
        x: at.xs + row,
        xPanel: blockPanel,
        h: at.hs + row,
        hPanel: blockPanel + stepBytes,
        d: at.aligned + row,
        dPanel: pitchOf(this.#blockSteps * B),
      },
      this.#limit,
      progress,
    );
    this.#stats.set(found, t * (statsOf + 2 * B) + 3);
  }

  /** Calls that take `from` … `to − 1` of `count` items each, with `work` operations an item at most. */
  *#share(
    count: number,
    work: number,
    progress: number,
    of: (from: number, to: number, thread: number) => Task,
  ): Resumable<void> {
    for (const { first, end } of ranges(count, work, this.#limit * this.#threads)) {
      const own = end - first;
      const parts = Math.min(own, this.#threads);
      share(
        this.#team,
        this.#kernels.exports,
        Array.from({ length: parts }, (_, part) =>
          of(first + Math.floor((own * part) / parts), first + Math.floor((own * (part + 1)) / parts), part),
        ),
      );
      yield progress;
    }
  }

  /** N numbers a row of a block, at `from`, sequence by sequence; the values are gone with the next one. */
  *#take(from: number, steps: number, N: number, keep: (values: Float64Array, b: number) => void): Resumable<void> {
    const { B } = this.#experiment.shapes;
    const panel = this.#blockSteps * B * rowBytes;
    for (let b = 0; b < B; b++) {
      this.#kernels.exports.unpack64(from + b * rowBytes, panel, B * rowBytes, steps, N, this.#at.staging);
      keep(this.#staging.subarray(0, steps * N), b);
      yield* this.#mover.count(steps * N);
    }
  }

  /** States (that before step t0 too) and inputs of a block. */
  *#packBlock(chunk: RunChunk, t0: number, t1: number): Resumable<void> {
    const { B, I, H } = this.#experiment.shapes;
    const { pack64 } = this.#kernels.exports;
    const at = this.#at;
    const { steps } = chunk;
    const count = t1 - t0;
    const [hsPanel, xsPanel] = [(1 + this.#blockSteps) * B * rowBytes, this.#blockSteps * B * rowBytes];
    for (let b = 0; b < B; b++) {
      this.#staging.set(
        t0 === 0
          ? chunk.initial.data.subarray(b * H, (b + 1) * H)
          : chunk.hs.data.subarray((b * steps + t0 - 1) * H, (b * steps + t0) * H),
      );
      this.#staging.set(chunk.hs.data.subarray((b * steps + t0) * H, (b * steps + t1) * H), H);
      pack64(at.staging, 1 + count, H, at.hs + b * rowBytes, hsPanel, B * rowBytes);
      this.#staging.set(chunk.xs.data.subarray((b * steps + t0) * I, (b * steps + t1) * I));
      pack64(at.staging, count, I, at.xs + b * rowBytes, xsPanel, B * rowBytes);
      yield* this.#mover.count((1 + count) * H + count * I);
    }
  }

  /** dhs of a block; false when nothing enters there. */
  *#enter(chunk: RunChunk, t0: number, t1: number): Resumable<boolean> {
    const {
      shapes: { B, H },
      upstream,
      loss,
    } = this.#experiment;
    const { exports } = this.#kernels;
    const { g, staging } = this.#at;
    const panel = this.#blockSteps * B * rowBytes;
    const { scaledDhs } = chunk;
    const exponents = new Float64Array(this.#kernels.memory.buffer, this.#at.entering, t1 - t0).fill(0);
    if (scaledDhs !== undefined) exponents.set(scaledDhs.exponents.subarray(t0, t1));
    if (scaledDhs === undefined && loss === null && upstream.kind === 'every') {
      exports.fill64(1, H, g, panel, (t1 - t0) * B);
      return true;
    }
    if (scaledDhs === undefined && loss === null && upstream.kind === 'last') {
      if (t1 < chunk.steps) return false;
      exports.clear(g, Math.ceil(H / width) * panel);
      exports.fill64(1, H, g + (t1 - 1 - t0) * B * rowBytes, panel, B);
      return true;
    }
    const { data } = scaledDhs ?? chunk.dhs;
    for (let b = 0; b < B; b++) {
      this.#staging.set(data.subarray((b * chunk.steps + t0) * H, (b * chunk.steps + t1) * H));
      exports.pack64(staging, t1 - t0, H, g + b * rowBytes, panel, B * rowBytes);
      yield* this.#mover.count((t1 - t0) * H);
    }
    return true;
  }

  #keep(
    place: number,
    t: number,
    { log10Norms, log10dhPerSequence, dhExponent, single }: Omit<Analysis, 'dhScaled'>,
    isSource: boolean,
  ): void {
    const { B, T } = this.#experiment.shapes;
    const stats = this.#stats;
    const from = place * (statsOf + 2 * B);
    const E = stats[from]!;
    dhExponent[t] = E;
    const { Wx, Wh, b: bias } = log10Norms.parameters;
    log10Norms.dh[t] = log10(stats[from + 1]!, E);
    log10Norms.dx[t] = log10(stats[from + 2]!, E);
    Wx[t] = log10(stats[from + 3]!, E);
    Wh[t] = log10(stats[from + 4]!, E);
    bias[t] = log10(stats[from + 5]!, E);
    for (let b = 0, at = from + statsOf; b < B; b++, at += 2)
      log10dhPerSequence[b * T + t] = log10(stats[at]!, stats[at + 1]!);
    if (!isSource) return;
    const own = stats[from + 6]!;
    const g = log10(stats[from + 7]!, own);
    const d = log10(stats[from + 8]!, own);
    const dh = log10(stats[from + 9]!, own);
    single.log10[t] = g;
    single.lnSlope[t] = (d - g) * Math.LN10;
    single.lnWh[t] = (dh - d) * Math.LN10;
  }
}

/** log10 of value·2^exponent */
const log10 = (value: number, exponent: number): number => Math.log10(value) + exponent * log10Of2;

/**
 * What `analyse` gives, from the kernels. Null when they cannot say: not enough memory, weights near the ends of
 * float64, or a number that left its range; then `analyse` has to, and fills `down` anew.
 */
export function* fastAnalyse(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  down: SentDown | null = null,
  descending: DescendingSource | null = null,
): Resumable<Analysis | null> {
  const { B, T, H } = experiment.shapes;
  const dhScaled = unfilled('float64', B * T * H);
  const rest = yield* flowBack(kernels, experiment, chunks, dhScaled, null, down, descending);
  if (rest === null) return null;
  return { ...rest, dhScaled };
}

/** The same without holding the gradient, which is computed again in pieces of at least so many steps. */
export function* longAnalyse(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  pieceSteps: number,
): Resumable<Analysis<Trace> | null> {
  const { B, T, H } = experiment.shapes;
  const found: FlowPiece[] = [];
  const rest = yield* flowBack(kernels, experiment, chunks, null, { found, steps: pieceSteps }, null, null);
  if (rest === null) return null;
  const pieces = found
    .map((piece, i) => ({ piece, t0: found[i + 1]?.chunk === piece.chunk ? found[i + 1]!.t1 : 0 }))
    .sort((a, b) => a.piece.chunk.start + a.t0 - b.piece.chunk.start - b.t0);
  let beside: FastFlow | null = null;
  const turns = new OneAtATime();
  const dhScaled = new PiecedTrace(
    { B, T, N: H },
    pieces.map(({ piece, t0 }) => piece.chunk.start + t0),
    (i) =>
      turns.run(function* () {
        const apart = beside === null ? kernels.apart() : null;
        if (apart !== null) beside = yield* FastFlow.create(apart, experiment);
        if (beside === null) throw new RangeError('no memory to compute a piece of the gradient again');
        return yield* beside.again(pieces[i]!.piece, pieces[i]!.t0);
      }),
  );
  return { ...rest, dhScaled };
}

function* flowBack(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  dhScaled: Float64Array | null,
  pieces: { readonly found: FlowPiece[]; readonly steps: number } | null,
  down: SentDown | null,
  descending: DescendingSource | null,
): Resumable<Omit<Analysis, 'dhScaled'> | null> {
  const { T } = experiment.shapes;
  if (!(yield* insideFlowRange(experiment.layers[0].parameters))) return null;
  const flow = yield* part(FastFlow.create(kernels, experiment), 0, 0);
  if (flow === null) return null;
  const result = nothingMeasured(experiment);
  const known = yield* throughChunks(chunks, T, (chunk) =>
    flow.chunk(chunk, result, chunk === chunks.at(-1), dhScaled, pieces, down, descending),
  );
  return known ? result : null;
}
