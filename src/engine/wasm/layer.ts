// One recurrent layer in the kernels' memory: weights packed once, then any number of chunks forward and backward.
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import { zeros } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import { kernelOf } from '../cells/index.js';
import type { CellName } from '../cells/index.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { StateMeasures, StepNorms } from '../network/result.js';
import type { Resumable } from '../core/resumable.js';
import type { ByParameter } from '../cells/cell.js';
import type { Gradients } from '../network/rnnUnit.js';
import { bytesOf, clearResumably, packing, pitchOf, rowBytes, viewOf } from './instance.js';
import type { Kernels, Task, Team } from './instance.js';
import { ApartNorms, dotsWork, liftsApart, normsGoApart, scratchOf } from './stepNorms.js';
import { goesApart, mayBeSubnormal, pauseLimit, ranges, sumsRounds } from './workSplit.js';
import { sharedNumbers, stepSeries } from './abi.js';
import { atOnce, packSteps, unpackSteps } from './packedSteps.js';
import type { Staging } from './packedSteps.js';
import { Struct, structBytes } from './struct.js';
import type { Fields } from './struct.js';
import { share, task } from './team.js';
import type { AfterJob, JobKernel } from './team.js';
import { packWeights } from './packWeights.js';

/** Floating-point operations of a block, a few milliseconds. */
const blockWork = 2e8;
/** Of a segment that several threads share. */
const sharedWork = 6e8;
/** A run of fewer operations is over before a second thread has woken up. */
const worthSharing = 1e7;
/** Blocks that one sequence goes ahead of the thread that sums up behind it. */
const ahead = 4;
/** Numbers that cross between JavaScript's arrays and the packed layout at once, at least. */
const leastStaging = 32768;
/** Numbers of a result that are worth the calls that bring them out: each sequence takes one. */
const bulk = 131072;

export type LayerShape = {
  readonly cell: CellName;
  readonly dtype: DType;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  /** Steps of the longest chunk. */
  readonly steps: number;
  readonly truncate: number | null;
};

/** The gradient that enters the steps of a chunk: ones at the last step or at each, or values [B,steps,H]. */
export type Entering = 'last' | 'every' | 'none' | FloatArray;

/**
 * Where a piece of a longer chunk begins, when its pieces are taken back one by one from the last. `g` [B,H]: the total
 * gradient of its last step, null for the last piece. `enters` [B,H]: what enters at the step before the piece, null
 * for the first one.
 */
export type Piece = { readonly offset: number; readonly g: FloatArray | null; readonly enters: FloatArray | null };
const whole: Piece = { offset: 0, g: null, enters: null };

/** The fields of the kernels' Job that are addresses. */
export type JobBuffer = Exclude<keyof Fields<'Job'>, keyof ReturnType<typeof jobNumbers>>;

/**
 * Rows of a block, whose weight gradients are one product: few enough to stay in the cache, many enough to pay for the
 * sums' way to memory.
 */
const blockRows = 128;
/** Bytes of a thread's scratch: behind that of the norms a panel of the rows of a block. */
const scratchWith = (hPanels: number, iPanels: number, width: number, B: number): number =>
  scratchOf(hPanels, iPanels, width) + Math.max(blockRows, B) * rowBytes;

/** Bytes of what the kernels note of rows below the normal range. */
const notesOf = (B: number, steps: number): number => 8 + (1 + steps) * B;

/** What the rows of d of all steps are (../kernels/subnormal.ts) [steps,B], behind those that are watched. */
export const kindsOf = (buffer: ArrayBufferLike, small: number, B: number, steps: number): Uint8Array =>
  new Uint8Array(buffer, small + 8 + B, steps * B);

/** Bytes of the buffers of a run whose steps' d fit into `places`, with scratch for so many threads. */
export function bufferSizes(
  { dtype, B, I, H, steps }: LayerShape,
  places: number,
  threads: number,
): Readonly<Record<'job' | JobBuffer, number>> {
  const width = rowBytes / bytesOf[dtype];
  const [hPanels, iPanels] = [Math.ceil(H / width), Math.ceil(I / width)];
  return {
    job: structBytes('Job'),
    forwardWeights: hPanels * (H + I) * rowBytes,
    backwardWeights: (hPanels + iPanels) * H * rowBytes,
    bias: hPanels * rowBytes,
    xs: iPanels * steps * B * rowBytes,
    hs: hPanels * (1 + steps) * B * rowBytes,
    g: hPanels * steps * B * rowBytes,
    d: hPanels * pitchOf(places * B),
    dx: iPanels * steps * B * rowBytes,
    dh0: hPanels * B * rowBytes,
    dWx: hPanels * iPanels * width * rowBytes,
    dWh: hPanels * hPanels * width * rowBytes,
    db: hPanels * rowBytes,
    scratch: threads * scratchWith(hPanels, iPanels, width, B),
    norms: stepSeries.length * steps * 8,
    small: notesOf(B, steps),
  };
}

/** The kernels' Job but for its addresses. */
export const jobNumbers = (
  { cell, B, I, H, truncate }: LayerShape,
  rest: Pick<Fields<'Job'>, 'T' | 'blockSteps' | 'places' | 'scratchBytes'>,
) => ({ ...rest, B, I, H, cell: kernelOf(cell), truncate: truncate ?? 0, cutOffset: 0 });

/**
 * Steps whose weight gradients are one product, the same for any number of threads: it decides the order of the sums.
 */
export const blockStepsOf = ({ B, I, H, steps }: Pick<LayerShape, 'B' | 'I' | 'H' | 'steps'>): number =>
  Math.max(1, Math.min(steps, Math.floor(blockRows / B), Math.floor(blockWork / (4 * B * H * (H + I)))));

type Layout = {
  /** Those whose memory it is. */
  readonly kernels: Kernels;
  readonly team: Team | null;
  readonly at: Readonly<Record<JobBuffer | 'job' | 'staging' | 'normJob' | 'partials' | 'lifted', number>>;
  readonly stagingLength: number;
  readonly hPanels: number;
  readonly iPanels: number;
  readonly blockSteps: number;
  /** Steps that the threads are through with before they sum up: whole blocks. */
  readonly segment: number;
  readonly places: number;
  readonly scratchBytes: number;
  readonly threads: number;
};

/** Bytes of a memory once something has been laid out in it, and whose memory it is. */
export type Room = { readonly kernels: Kernels; readonly bytes: number };

/** What a layer takes; without `team` on one thread. */
export const layerRoom = (own: Kernels, shape: LayerShape, team = own.team): Room => {
  const { kernels, sizes } = measure(own, shape, team);
  return { kernels, bytes: kernels.bytesFor(Object.values(sizes)) };
};

/**
 * For how many threads a run whose longest chunk has so many steps is laid out: one where more would wake up too late.
 * Whether they are up yet changes nothing, so that the shape alone says which memory is used and how much of it.
 */
export const threadsFor = (
  team: Team | null,
  { B, I, H, steps }: Pick<LayerShape, 'B' | 'I' | 'H' | 'steps'>,
): number => (team === null || 6 * B * steps * H * (H + I) < worthSharing ? 1 : team.most);

function measure(
  own: Kernels,
  shape: LayerShape,
  team = own.team,
): Omit<Layout, 'at'> & { readonly sizes: Readonly<Record<keyof Layout['at'], number>> } {
  const { dtype, B, I, H, steps } = shape;
  const width = rowBytes / bytesOf[dtype];
  const [hPanels, iPanels] = [Math.ceil(H / width), Math.ceil(I / width)];
  const blockSteps = blockStepsOf(shape);
  const most = Math.min(threadsFor(team, shape), B === 1 ? 2 : Math.floor(B / 2));
  const threads = team === null || most === 1 ? 1 : Math.min(team.size, most);
  const kernels = team === null || most === 1 ? own : team.kernels;
  const longest = B === 1 ? ahead : Math.max(1, Math.floor(sharedWork / (4 * B * H * (H + I) * blockSteps)));
  const segmentOf = (count: number): number =>
    count === 1 ? blockSteps : Math.min(longest, Math.ceil(steps / blockSteps)) * blockSteps;
  const placesOf = (count: number): number => (B === 1 && count > 1 ? 2 : 1) * segmentOf(count);
  const [segment, places] = [segmentOf(threads), placesOf(threads)];
  const staging = Math.max(leastStaging, width * Math.max(H, I), Math.min(movedAtOnce, H * Math.max(H, I, B)));
  const sizes = {
    staging: staging * bytesOf[dtype],
    ...bufferSizes(shape, placesOf(most), most),
    ...ApartNorms.sizes(shape),
    lifted: hPanels * B * rowBytes,
  };
  return {
    kernels,
    team: threads === 1 ? null : team,
    sizes,
    stagingLength: staging,
    hPanels,
    iPanels,
    blockSteps,
    segment,
    places,
    scratchBytes: scratchWith(hPanels, iPanels, width, B),
    threads,
  };
}

function layOut(own: Kernels, shape: LayerShape): Layout | null {
  const { sizes, ...layout } = measure(own, shape);
  const names = Object.keys(sizes) as (keyof Layout['at'])[];
  const addresses = layout.kernels.layOut(names.map((name) => sizes[name]));
  if (addresses === null) return null;
  return {
    ...layout,
    at: Object.fromEntries(names.map((name, i) => [name, addresses[i]!])) as Record<keyof Layout['at'], number>,
  };
}

/**
 * What one chunk's way back leaves; everything is that of the whole run, of which the chunk fills its steps, but for
 * sequences that begin at step `at` of it.
 */
export type BackwardTarget = {
  readonly dhTotal: Sequence | null;
  readonly dxs: Sequence | null;
  readonly at?: number;
  readonly norms: StepNorms;
  readonly states: StateMeasures;
};

/** Steps t0 … t1 − 1; the d of the first goes to step `place` of its buffer. */
type Segment = { readonly t0: number; readonly t1: number; readonly place: number };

export class FastLayer {
  readonly #kernels: Kernels;
  readonly #run: ReturnType<typeof packing>;
  readonly #shape: LayerShape;
  readonly #layout: Layout;
  readonly #job: Struct<'Job'>;
  readonly #staging: Staging;
  readonly #norms: ApartNorms;

  /** Null when there is not so much memory. */
  static *create(own: Kernels, shape: LayerShape, weights: ByParameter<FloatArray>): Resumable<FastLayer | null> {
    const layout = layOut(own, shape);
    if (layout === null) return null;
    const { kernels, at } = layout;
    yield* packWeights(kernels, shape.dtype, weights, at);
    yield* clearResumably(kernels, at.dWx, at.scratch - at.dWx);
    return new FastLayer(shape, layout);
  }

  private constructor(shape: LayerShape, layout: Layout) {
    const { kernels } = layout;
    this.#kernels = kernels;
    this.#run = packing(kernels.exports, shape.dtype);
    this.#shape = shape;
    this.#layout = layout;
    const { at, blockSteps, places, scratchBytes } = layout;
    this.#job = new Struct('Job', kernels.memory.buffer, at.job);
    this.#staging = { values: viewOf(kernels, shape.dtype, at.staging, layout.stagingLength), at: at.staging };
    this.#norms = new ApartNorms(kernels, layout.team, layout.threads, shape, at, {
      at: at.scratch,
      bytes: scratchBytes,
    });
    this.#job.write({ ...jobNumbers(shape, { T: 0, blockSteps, places, scratchBytes }), ...at });
  }

  /** xs [B,steps,I] from the state `initial` [B,H] on; the states go to `hs` [B,T,H] from step `start` on. */
  *forward(xs: FloatArray, steps: number, initial: FloatArray, hs: Sequence, start: number): Resumable<void> {
    const { dtype, B, I, H } = this.#shape;
    const { at, segment, threads } = this.#layout;
    this.#job.set('T', steps);
    const hsPanel = (1 + steps) * B * rowBytes;
    yield* this.#write(initial, at.hs, hsPanel);
    yield* this.#packSteps(xs, steps, I, at.xs);
    yield 0;
    // One sequence: while the states of a segment are found, one thread prepares the inputs of the next.
    if (B === 1) {
      for (const { first, end } of ranges(Math.min(steps, segment), 2 * I * H, pauseLimit(dtype, B, false), true)) {
        this.#team([this.#task('input', first, end)]);
        yield 0;
      }
    }
    let [largest, subnormal] = [this.#largest(at.hs, hsPanel), false];
    for (let t0 = 0, known = 0; t0 < steps; t0 += segment) {
      const limit = pauseLimit(dtype, B, subnormal);
      const t1 = Math.min(steps, t0 + segment);
      if (B > 1) yield* this.#byRows('forward', { t0, t1, place: 0 }, 2 * H * (H + I), limit, t0 / steps);
      else {
        const t2 = Math.min(steps, t1 + segment);
        // Without a second thread the input of the next steps is this one's work too.
        const work = 2 * H * (threads > 1 ? Math.max(H, I) : H + I);
        for (const { first, end } of ranges(segment, work, limit, true)) {
          this.#team([
            t0 + first < t1 ? this.#task('forward', t0 + first, Math.min(t0 + end, t1), 0, 1) : null,
            t1 + first < t2 ? this.#task('input', t1 + first, Math.min(t1 + end, t2)) : null,
          ]);
          yield (t0 + first) / steps;
        }
      }
      if (t1 === steps || (t1 - known) * B * H >= bulk) {
        yield* this.#unpackSteps(at.hs + (1 + known) * B * rowBytes, hsPanel, t1 - known, hs, start + known);
        known = t1;
      }
      const now = this.#largest(at.hs + t1 * B * rowBytes, hsPanel);
      subnormal = mayBeSubnormal(dtype, largest, now);
      largest = now;
      yield t1 / steps;
    }
  }

  /** The steps t0 … t1 − 1 with `work` operations a row and step. `place`: of step t0 in d. */
  *#byRows(
    operation: 'forward' | 'backward',
    { t0, t1, place }: Segment,
    work: number,
    limit: number,
    progress: number,
  ): Resumable<void> {
    const { B } = this.#shape;
    const { threads } = this.#layout;
    const own = Math.ceil(B / threads) * work;
    // Rows never mix, so where a step is too much for one call, some rows of it are done and then the others.
    const rows = own > limit ? ranges(B, work, limit * threads, true) : [{ first: 0, end: B }];
    const steps = ranges(t1 - t0, own, limit);
    for (const { first, end } of operation === 'forward' ? steps : steps.reverse()) {
      for (const { first: b0, end: b1 } of rows) {
        this.#team(
          this.#divided(b0, b1, (from, to) =>
            operation === 'forward'
              ? this.#task('forward', t0 + first, t0 + end, from, to)
              : this.#task('backward', t0 + first, t0 + end, from, to, place + first),
          ),
        );
        yield progress;
      }
    }
  }

  /** The sums behind the way back of a segment. */
  *#sums({ t0, t1, place }: Segment, limit: number, progress: number): Resumable<void> {
    const { B, I, H } = this.#shape;
    const { threads } = this.#layout;
    const { rounds, withDx, withNorms } = this.#sumsRounds(t1 - t0, threads, limit);
    for (const { first, end } of withDx ? [] : ranges((t1 - t0) * B, 2 * H * I, limit * threads, true)) {
      this.#team(this.#divided(first, end, (r0, r1) => this.#task('inputGradient', t0, place, r0, r1)));
      yield progress;
    }
    for (let round = 0; round < rounds; round++) {
      this.#team(
        Array.from({ length: threads }, (_, thread) =>
          this.#task(
            'sums',
            t0,
            t1,
            place,
            round * threads + thread,
            rounds * threads,
            thread,
            Number(withDx) + (!withNorms ? 0 : liftsApart(this.#shape) ? 2 : 6),
          ),
        ),
      );
      yield progress;
    }
    // How far products reach is only asked once some row is small.
    const [reach] = new Float64Array(this.#kernels.memory.buffer, this.#layout.at.small, 1);
    if (withNorms && (!liftsApart(this.#shape) || reach === 0)) return;
    const { kindOf32, kindOf64 } = this.#kernels.exports;
    const kindOf = this.#shape.dtype === 'float32' ? kindOf32 : kindOf64;
    for (let t = t0; t < t1; t++) {
      const kind = kindOf(this.#layout.at.job, t);
      if (!withNorms || kind !== sharedNumbers.ORDINARY)
        yield* this.#stepNorms(t, place + t - t0, kind, limit, progress);
    }
  }

  /** The norms of dWx and dWh of step t alone, whose d is at `place`, and of this kind. */
  *#stepNorms(t: number, place: number, kind: number, limit: number, progress: number): Resumable<void> {
    const { B } = this.#shape;
    const { at, places } = this.#layout;
    const steps = this.#job.get('T');
    const [stepBytes, row] = [B * rowBytes, t * B * rowBytes];
    const found = yield* this.#norms.of(
      {
        x: at.xs + row,
        xPanel: steps * stepBytes,
        h: at.hs + row,
        hPanel: (1 + steps) * stepBytes,
        d: at.d + place * stepBytes,
        dPanel: pitchOf(places * B),
      },
      limit,
      progress,
      kind,
    );
    const first = stepSeries.indexOf('dWx');
    for (const [i, norm] of found.entries())
      new Float64Array(this.#kernels.memory.buffer, at.norms + ((first + i) * steps + t) * 8, 1)[0] = norm;
  }

  #sumsRounds(
    steps: number,
    threads: number,
    limit: number,
  ): { readonly rounds: number; readonly withDx: boolean; readonly withNorms: boolean } {
    const { B, I, H } = this.#shape;
    const { hPanels, iPanels } = this.#layout;
    const dx = 2 * B * H * I;
    const [withDx, withNorms] = [!goesApart(dx, limit), !normsGoApart(this.#shape, limit)];
    return {
      withDx,
      withNorms,
      rounds: sumsRounds(
        {
          steps,
          own: (withNorms ? dotsWork(this.#shape) : 0) + (withDx ? dx : 0),
          shared: 2 * steps * B * H * (H + I),
          threads,
        },
        limit,
        Math.max(steps, hPanels + iPanels),
      ),
    };
  }

  /** One sequence goes back on this thread; the other sums up the segment behind it. */
  *#beside(going: Segment | undefined, behind: Segment | undefined, limit: number, progress: number): Resumable<void> {
    const { H } = this.#shape;
    const all = going === undefined ? 0 : going.t1 - going.t0;
    const rounds = Math.max(
      Math.ceil((2 * H * H * all) / limit),
      behind === undefined ? 1 : this.#sumsRounds(behind.t1 - behind.t0, 1, limit).rounds,
    );
    for (let round = 0; round < rounds; round++) {
      const [first, end] = [
        Math.floor((all * (rounds - 1 - round)) / rounds),
        Math.floor((all * (rounds - round)) / rounds),
      ];
      this.#team([
        going === undefined || first === end
          ? null
          : this.#task('backward', going.t0 + first, going.t0 + end, 0, 1, going.place + first),
        behind === undefined ? null : this.#task('sums', behind.t0, behind.t1, behind.place, round, rounds, 0, 7),
      ]);
      yield progress;
    }
  }

  /** Whether rows of step t that may be below the normal range were left to the processor. */
  #leavesSmall(t: number): boolean {
    const { B } = this.#shape;
    const { buffer } = this.#kernels.memory;
    const { small } = this.#layout.at;
    const watched = new Uint8Array(buffer, small + 8, B);
    const kinds = kindsOf(buffer, small, B, t + 1).subarray(t * B);
    return kinds.some((kind, b) => watched[b] === 1 && kind === sharedNumbers.ORDINARY);
  }

  /** The largest |value| of the rows of a step. */
  #largest(from: number, panelBytes: number): number {
    return this.#run.largest(from, panelBytes, this.#layout.hPanels, this.#shape.B);
  }

  /** The chunk of the last `forward` backward; adds to the weight gradients. */
  *backward(entering: Entering, steps: number, target: BackwardTarget, start: number, piece = whole): Resumable<void> {
    const { dtype, B, I, H, truncate } = this.#shape;
    const { at, hPanels, segment, places, threads } = this.#layout;
    const gPanel = steps * B * rowBytes;
    if (entering === 'every') {
      for (const { first, end } of ranges(steps * B, H, movedAtOnce)) {
        this.#run.fill(1, H, at.g + first * rowBytes, gPanel, end - first);
        yield 0;
      }
    } else if (entering === 'last' || entering === 'none') {
      yield* clearResumably(this.#kernels, at.g, hPanels * gPanel);
      if (entering === 'last') this.#run.fill(1, H, at.g + (steps - 1) * B * rowBytes, gPanel, B);
    } else yield* this.#packSteps(entering, steps, H, at.g);
    if (piece.g !== null) yield* this.#write(piece.g, at.g + (steps - 1) * B * rowBytes, gPanel);
    if (piece.enters === null) yield* clearResumably(this.#kernels, at.dh0, hPanels * B * rowBytes);
    else yield* this.#write(piece.enters, at.dh0, B * rowBytes);
    yield* clearResumably(this.#kernels, at.small, notesOf(B, steps));
    this.#job.set('cutOffset', truncate === null ? 0 : piece.offset % truncate);
    const segments: Segment[] = [];
    for (let t1 = steps; t1 > 0; t1 -= segment)
      segments.push({ t0: Math.max(0, t1 - segment), t1, place: (segments.length * segment) % places });
    let known = steps;
    const summed = function* (this: FastLayer, { t0 }: Segment): Resumable<void> {
      if (t0 === 0 || (known - t0) * B * (H + I) >= bulk) {
        const t = start - (target.at ?? 0) + t0;
        if (target.dhTotal !== null)
          yield* this.#unpackSteps(at.g + t0 * B * rowBytes, gPanel, known - t0, target.dhTotal, t);
        if (target.dxs !== null) yield* this.#unpackSteps(at.dx + t0 * B * rowBytes, gPanel, known - t0, target.dxs, t);
        known = t0;
      }
      yield (steps - t0) / steps;
    }.bind(this);
    // The total gradient of a step is there once the step after it is done.
    const largestAt = (t: number): number => this.#largest(at.g + t * B * rowBytes, gPanel);
    let largest = largestAt(steps - 1);
    yield 0;
    // Of the segment that is summed up, and of the one that goes back.
    let [subnormalBehind, subnormal] = [false, false];
    let lifted = true;
    for (let i = 0; i <= segments.length; i++) {
      const [going, behind] = [segments[i], segments[i - 1]];
      const [limit, limitBehind] = [
        pauseLimit(dtype, B, subnormal, lifted),
        pauseLimit(dtype, B, subnormal || subnormalBehind, lifted),
      ];
      const progress = going === undefined ? 1 : (steps - going.t1) / steps;
      if (B === 1 && threads > 1) yield* this.#beside(going, behind, limitBehind, progress);
      else {
        if (behind !== undefined) yield* this.#sums(behind, limitBehind, progress);
        if (going !== undefined) yield* this.#byRows('backward', going, 2 * H * H, limit, progress);
      }
      if (behind !== undefined) yield* summed(behind);
      if (subnormal && going !== undefined) lifted = !this.#leavesSmall(going.t0);
      const now = going === undefined || going.t0 === 0 ? 0 : largestAt(going.t0 - 1);
      [subnormalBehind, subnormal] = [subnormal, mayBeSubnormal(dtype, largest, now)];
      largest = now;
    }
    const measured = new Float64Array(this.#kernels.memory.buffer, at.norms, stepSeries.length * steps);
    const { states, norms } = target;
    const { Wx, Wh, b } = norms.parameters;
    const series = { ...states, dh: norms.dh, dx: norms.dx, dWx: Wx, dWh: Wh, db: b };
    const mover = new Mover();
    for (const [i, name] of stepSeries.entries()) {
      yield* mover.copy(measured.subarray(i * steps, (i + 1) * steps), series[name], start);
    }
  }

  /**
   * [B,H]: what the last `backward` sent into the state before the chunk; before a piece that is not the first, the
   * total gradient there unless it is cut.
   */
  *dh0(): Resumable<FloatArray> {
    const { B, H } = this.#shape;
    return yield* this.#read(this.#layout.at.dh0, B * rowBytes, B, H);
  }

  /** Sums over all chunks since the layer was made. */
  *gradients(): Resumable<Gradients> {
    const { I, H } = this.#shape;
    const { at, iPanels, hPanels } = this.#layout;
    const panel = rowBytes * (rowBytes / bytesOf[this.#shape.dtype]);
    return {
      Wx: yield* this.#read(at.dWx, iPanels * panel, I, H),
      Wh: yield* this.#read(at.dWh, hPanels * panel, H, H),
      b: yield* this.#read(at.db, rowBytes, 1, H),
    };
  }

  #task<Name extends JobKernel>(name: Name, ...args: AfterJob<Name>): Task {
    return task(name, this.#shape.dtype, this.#layout.at.job, ...args);
  }

  /**
   * A task for each thread's share of the rows b0 … b1 − 1. The kernels take rows in pairs: a third goes with them,
   * because alone it would be summed in another order.
   */
  #divided(b0: number, b1: number, of: (from: number, to: number) => Task): (Task | null)[] {
    const { threads } = this.#layout;
    const pairs = Math.floor((b1 - b0) / 2);
    return Array.from({ length: threads }, (_, i) => {
      const [from, to] = [
        b0 + 2 * Math.floor((pairs * i) / threads),
        i === threads - 1 ? b1 : b0 + 2 * Math.floor((pairs * (i + 1)) / threads),
      ];
      return from === to ? null : of(from, to);
    });
  }

  #team(tasks: readonly (Task | null)[]): void {
    share(this.#layout.team, this.#kernels.exports, tasks);
  }

  /** Values [B,H] into packed rows. */
  *#write(values: FloatArray, to: number, panelBytes: number): Resumable<void> {
    const { B, H } = this.#shape;
    for (const { first, end } of ranges(B, H, atOnce(this.#staging))) {
      this.#staging.values.set(values.subarray(first * H, end * H));
      this.#run.pack(this.#layout.at.staging, end - first, H, to + first * rowBytes, panelBytes, rowBytes);
      if (end < B) yield 0;
    }
  }

  *#read(from: number, panelBytes: number, rows: number, N: number): Resumable<FloatArray> {
    const out = zeros(this.#shape.dtype, rows * N);
    for (const { first, end } of ranges(rows, N, atOnce(this.#staging))) {
      this.#run.unpack(from + first * rowBytes, panelBytes, rowBytes, end - first, N, this.#layout.at.staging);
      out.set(this.#staging.values.subarray(0, (end - first) * N), first * N);
      if (end < rows) yield 1;
    }
    return out;
  }

  #packSteps(values: FloatArray, steps: number, N: number, to: number): Resumable<void> {
    return packSteps(this.#run, this.#staging, values, { B: this.#shape.B, steps, N }, to);
  }

  /** `count` steps of packed rows from `from` on into a sequence, from step t on. */
  #unpackSteps(from: number, panelBytes: number, count: number, to: Sequence, t: number): Resumable<void> {
    return unpackSteps(this.#run, this.#staging, { from, panelBytes, count }, to, t);
  }
}
