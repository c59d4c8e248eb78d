// A gradient by distance through the kernels: what entered at every step, taken one step further back at a time, all
// steps in one product of matrices.
import { beginsAt } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { cutBefore } from '../network/chunks.js';
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import { nothing, workOfDistance, worthIt } from '../analysis/gradientReach.js';
import type { Reach, ReachShares } from '../analysis/gradientReach.js';
import { jointNormResumably, sequenceFinite } from '../core/scan.js';
import type { ComputedRun } from '../network/result.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import type { Kernels } from './instance.js';
import { clearResumably, rowBytes } from './instance.js';
import { insideRange, layOut, numbersAt, packedBytes, stagingBytes, width } from './packedMatrix.js';
import { settleRows } from './gradientRows.js';
import type { PackedRows } from './gradientRows.js';
import { elementwiseReach, evenRows, gatedReach } from './reachWays.js';
import type { PackItem, ReachPlan, ReachSum, ReachWay } from './reachWays.js';
import { isGated, rowColumns } from './rowsBack.js';
import { ranges } from './workSplit.js';
import { call, inParts, threadsOf } from './team.js';
import { noMemory } from './workspaces.js';

/** Multiplications of one thread between two pauses, two or three milliseconds. */
const pauseWork = 2e7;
/** About so many rows are skipped together when nothing is left of them. */
export const blockRows = 128;
/** Between these a sum of squares has lost nothing at either end of float64. */
const [leastSquares, mostSquares] = [1e-200, 1e200];
/** After this many multiplications, what is missing has to be worth going on for. */
const quickBudget = 1e9;

const numberBytes = Float64Array.BYTES_PER_ELEMENT;

/** Rows that are skipped together: whole steps, so that what leaves a block lands in the block before at most. */
const blockOf = ({ shapes: { B } }: LayerExperiment): number => B * Math.max(1, Math.round(blockRows / B));

const flowSizes = (experiment: LayerExperiment) => {
  const { B, T, H } = experiment.shapes;
  const columns = rowColumns(experiment);
  return {
    // Row (t + 1)·B + b is that of step t: what leaves step 0 falls before the first.
    g: packedBytes(T * B + B, columns),
    carry: packedBytes(B, columns),
    exponents: (T * B + B) * numberBytes,
    squares: blockOf(experiment) * numberBytes,
    aligned: blockOf(experiment) * numberBytes,
    rows: stagingBytes(Math.max(1, T), H),
  };
};

/** Buffers of the whole pass. */
export function reachSizes(experiment: LayerExperiment): Readonly<Record<string, number>> {
  const { sizes } = (isGated(experiment) ? gatedReach : elementwiseReach)(experiment, blockOf(experiment));
  return { ...sizes, ...flowSizes(experiment) };
}

/** √`squares`, the sum of the squares of these; anew where that has lost something. */
const normOf = function* (values: readonly Float64Array[], squares: number): Resumable<number> {
  return squares > leastSquares && squares < mostSquares ? Math.sqrt(squares) : yield* jointNormResumably(values);
};

/** Null when a number is not finite or could leave its range; then plain arithmetic has to. */
export const fastReach = (
  kernels: Kernels,
  experiment: LayerExperiment,
  result: ComputedRun,
  chunks: readonly RunChunk[],
  reach: Reach,
): Resumable<Reach | typeof noMemory | null> =>
  isGated(experiment)
    ? reached(kernels, experiment, result, chunks, reach, gatedReach(experiment, blockOf(experiment)))
    : reached(kernels, experiment, result, chunks, reach, elementwiseReach(experiment, blockOf(experiment)));

/** A sum with what is left of it, as both are packed, gate after gate. */
type Split = {
  readonly sum: ReachSum;
  readonly own: Float64Array;
  readonly rest: Float64Array;
  /** Numbers of a gate. */
  readonly ofGate: number;
};
/** A gradient that is split by distance: all gates of a sum, or one. */
type Measured = {
  readonly split: number;
  readonly gate: number | null;
  readonly total: number;
  readonly shares: ReachShares;
};

function* reached<Name extends string>(
  kernels: Kernels,
  experiment: LayerExperiment,
  result: ComputedRun,
  chunks: readonly RunChunk[],
  reach: Reach,
  plan: ReachPlan<Name>,
): Resumable<Reach | typeof noMemory | null> {
  const {
    shapes: { B, T, H },
    layers: [
      {
        parameters: { Wx, Wh },
      },
    ],
  } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const count = T * B;
  const columns = rowColumns(experiment);
  const block = blockOf(experiment);
  const at = layOut(kernels, { ...plan.sizes, ...flowSizes(experiment) });
  if (at === null) return noMemory;
  const { exports } = kernels;
  const gPanel = (count + B) * rowBytes;
  const rowsFrom = (row: number): PackedRows => ({ at: at.g + row * rowBytes, panel: gPanel });
  yield* clearResumably(kernels, at.g, packedBytes(count + B, columns));
  const exponents = numbersAt(kernels, at.exponents, count + B);
  const squares = numbersAt(kernels, at.squares, block);
  const staging = numbersAt(kernels, at.rows, stagingBytes(Math.max(1, T), H) / numberBytes);
  const mover = new Mover();
  const packItem: PackItem = function* (data, b, start, steps, to) {
    for (const { first, end } of ranges(steps, H, staging.length)) {
      staging.set(data.subarray(first * H, end * H));
      const place = to.at + ((start + first) * B + b) * rowBytes;
      exports.pack64(at.rows, end - first, H, place, to.panel, B * rowBytes);
      yield* mover.count((end - first) * H);
    }
  };

  const passes = new Uint8Array(count + B);
  for (const chunk of chunks) {
    if (!(yield* sequenceFinite(chunk.dhs))) return null;
    for (let step = 1; step < chunk.steps; step++)
      for (let b = 0; b < B; b++)
        if (!cutBefore(experiment, chunk, step) && !beginsAt(chunk, b, step)) passes[(chunk.start + step) * B + b] = 1;
  }
  const way = yield* plan.create(kernels, at, chunks, packItem);
  if (way === null) return null;

  const settle = (from: number, some: number): boolean => {
    const row = from + B;
    settleRows(kernels, rowsFrom(row), [some, columns], at.exponents + row * numberBytes, at.squares);
    for (let i = 0; i < some; i++) if (squares[i] !== 0) return true;
    return false;
  };
  const atOnce = pauseWork * threadsOf(kernels, pauseWork);
  /**
   * d of rows from … from + some − 1, their outer products added to the sums; before that, where wanted, on to the row
   * of the step before.
   */
  const work = function* (from: number, some: number, E: number, back: boolean, progress: number): Resumable<void> {
    way.toGates(rowsFrom(from + B), from, some);
    for (const { first, end } of back ? ranges(some, way.back, atOnce, true) : []) {
      way.onward(first, end, rowsFrom(from + first));
      yield progress;
    }
    numbersAt(kernels, at.aligned, block).fill(E);
    for (const sum of way.sums) yield* addRows(sum, from, some, E, progress);
  };
  const addRows = function* (
    { at: to, rows, parts, factors }: ReachSum,
    from: number,
    some: number,
    E: number,
    progress: number,
  ): Resumable<void> {
    const [own, toPanel] = [factors(from), evenRows(rows) * rowBytes];
    // Each panel of the sum by one thread and for all rows of the block, so that its terms are added in one order.
    const ofPanel = width * some * rows;
    let place = to;
    for (const { panels, d, aligned: isAligned } of parts) {
      const exponent = isAligned ? at.aligned : at.exponents + (from + B) * numberBytes;
      const target = place;
      for (const { first, end } of ranges(panels, ofPanel, atOnce)) {
        inParts(kernels, { count: end - first, work: ofPanel }, (n0, n1) =>
          call(
            'addOuter',
            own.at,
            own.panel,
            d + (first + n0) * way.dPanel,
            way.dPanel,
            rows,
            n1 - n0,
            some,
            exponent,
            E,
            target + (first + n0) * toPanel,
            toPanel,
          ),
        );
        yield progress;
      }
      place += panels * toPanel;
    }
  };
  const clearRows = (from: number, to: number): void => {
    for (let row = from; row < to; row++)
      exports.clearRow(at.g + row * rowBytes, gPanel, columns, at.exponents + row * numberBytes);
  };
  /** What enters every row. */
  const enter = function* (): Resumable<void> {
    if (isGated(experiment)) yield* clearResumably(kernels, at.g, packedBytes(count + B, columns));
    for (const { start, steps, dhs, scaledDhs } of chunks) {
      const data = scaledDhs?.data ?? dhs.data;
      for (let b = 0; b < B; b++)
        yield* packItem(data.subarray(b * steps * H, (b + 1) * steps * H), b, start, steps, rowsFrom(B));
      for (let row = start * B; row < (start + steps) * B; row++)
        exponents[row + B] = scaledDhs?.exponents[Math.floor(row / B) - start] ?? 0;
    }
  };
  const splits = way.sums.map((sum): Split => {
    const panels = sum.parts.reduce((most, part) => most + part.panels, 0);
    const numbers = panels * evenRows(sum.rows) * width;
    const own = numbersAt(kernels, sum.at, numbers);
    return { sum, own, rest: new Float64Array(numbers), ofGate: numbers / sum.gates.length };
  });
  const clearSums = function* (): Resumable<void> {
    for (const { sum, own } of splits) yield* clearResumably(kernels, sum.at, own.byteLength);
  };
  const partsOf = (values: Float64Array, ofGate: number, gate: number | null): Float64Array[] =>
    gate === null ? [values] : [values.subarray(gate * ofGate, (gate + 1) * ofGate)];

  // The whole gradients once from the run's own g_t, under one exponent that all distances are measured with.
  if (isGated(experiment)) {
    yield* enter();
    yield* throughSteps(experiment, passes, way, { at, rowsFrom, exponents, settle, kernels, atOnce });
  } else {
    const { dhScaled, dhExponent } = result.layers[0];
    for (let b = 0; b < B; b++) yield* packItem(dhScaled.subarray(b * T * H, (b + 1) * T * H), b, 0, T, rowsFrom(B));
    for (let row = 0; row < count; row++) exponents[row + B] = dhExponent[Math.floor(row / B)]!;
  }
  let E = -Infinity;
  for (let from = 0; from < count; from += block) {
    const some = Math.min(block, count - from);
    settle(from, some);
    for (let i = 0; i < some; i++)
      if (squares[i]! > 0) E = Math.max(E, exponents[from + B + i]! + Math.ceil(Math.log2(squares[i]!) / 2));
    yield 0;
  }
  const all: readonly ReachShares[] = [reach, ...(reach.blocks ?? [])];
  const noGradient = (): Reach => {
    for (const shares of all) nothing(shares);
    return reach;
  };
  if (!Number.isFinite(E)) return E === -Infinity ? noGradient() : null;
  yield* clearSums();
  for (let from = 0; from < count; from += block) yield* work(from, Math.min(block, count - from), E, false, 0);
  for (const { own, rest } of splits) rest.set(own);
  const measured: Measured[] = [];
  for (const { parameter, gate, shares } of [
    { parameter: 'Wh', gate: null, shares: reach },
    ...(reach.blocks ?? []).map((shares) => ({ ...shares, shares })),
  ]) {
    const split = splits.findIndex(({ sum }) => sum.parameter === parameter);
    const { sum, rest, ofGate } = splits[split]!;
    const place = gate === null ? null : sum.gates.indexOf(gate);
    const total = yield* jointNormResumably(partsOf(rest, ofGate, place));
    if (total === 0) nothing(shares);
    else if (Number.isFinite(total)) measured.push({ split, gate: place, total, shares });
  }
  if (measured.length === 0) return reach;

  yield* enter();
  const blockCount = Math.ceil(count / block);
  let alive = new Uint8Array(blockCount + 1).fill(1, 0, blockCount);
  let spent = 0;
  const distances = reach.share.length;
  for (let k = 0; k < distances; k++) {
    yield* clearSums();
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
      yield* work(from, to - from, E, true, k / distances);
      exponents.copyWithin(from, from + B, to + B);
      spent += (to - from) * workOfDistance(experiment);
      // Nothing comes from a block that is gone.
      if (alive[i + 1] === 0) clearRows(to, to + B);
    }
    for (let row = B; row < count + B; row++) {
      if (passes[row] === 1) continue;
      clearRows(row, row + 1);
      yield* mover.count(columns);
    }
    alive = next;
    const found: (readonly [own: Float64Array, rest: Float64Array])[] = [];
    for (const { own, rest, ofGate, sum } of splits) {
      const gates = sum.gates.length;
      const [squaresOfOwn, squaresOfRest] = [new Float64Array(gates), new Float64Array(gates)];
      for (let gate = 0; gate < gates; gate++) {
        let [ofOwn, ofRest] = [0, 0];
        for (const { first, end } of ranges(ofGate, 1, movedAtOnce)) {
          for (let i = gate * ofGate + first; i < gate * ofGate + end; i++) {
            const part = own[i]!;
            const left = rest[i]! - part;
            rest[i] = left;
            ofOwn += part * part;
            ofRest += left * left;
          }
          if (end < ofGate) yield k / distances;
        }
        [squaresOfOwn[gate], squaresOfRest[gate]] = [ofOwn, ofRest];
      }
      found.push([squaresOfOwn, squaresOfRest]);
    }
    const sumOf = (squares: Float64Array, gate: number | null): number =>
      gate === null ? squares.reduce((all, one) => all + one, 0) : squares[gate]!;
    for (const { split, gate, total, shares } of measured) {
      const { own, rest, ofGate } = splits[split]!;
      const [squaresOfOwn, squaresOfRest] = found[split]!;
      shares.share[k] = (yield* normOf(partsOf(own, ofGate, gate), sumOf(squaresOfOwn, gate))) / total;
      shares.missing[k] = (yield* normOf(partsOf(rest, ofGate, gate), sumOf(squaresOfRest, gate))) / total;
    }
    if (!any) {
      for (const { shares } of measured) {
        shares.share.fill(0, k);
        shares.missing.fill(shares.missing[k]!, k);
      }
      return reach;
    }
    if (spent > quickBudget && measured.every(({ shares }) => shares.missing[k]! < worthIt)) return reach;
    yield (k + 1) / distances;
  }
  return reach;
}

type Rows = {
  readonly at: Readonly<Record<'carry', number>>;
  readonly rowsFrom: (row: number) => PackedRows;
  readonly exponents: Float64Array;
  readonly settle: (from: number, some: number) => boolean;
  readonly kernels: Kernels;
  /** Multiplications between two pauses. */
  readonly atOnce: number;
};

/**
 * Of what enters every row the gradient of the states there: step by step, because what goes on to a state besides h is
 * not kept of a run.
 */
function* throughSteps(
  experiment: LayerExperiment,
  passes: Uint8Array,
  way: ReachWay,
  { at, rowsFrom, exponents, settle, kernels, atOnce }: Rows,
): Resumable<void> {
  const { B, T } = experiment.shapes;
  const panels = rowColumns(experiment) / width;
  const carry = { at: at.carry, panel: B * rowBytes };
  const carried = new Float64Array(B).fill(-Infinity);
  const numbers = numbersAt(kernels, 0, kernels.memory.buffer.byteLength / numberBytes);
  const placeOf = ({ at: from, panel }: PackedRows, n: number): number => (from + n * panel) / numberBytes;
  for (let t = T - 1; t >= 0; t--) {
    const own = rowsFrom((t + 1) * B);
    settle(t * B, B);
    for (let b = 0; b < B; b++) {
      const row = (t + 1) * B + b;
      if (passes[row] !== 1 || carried[b] === -Infinity) continue;
      const together = Math.max(exponents[row]!, carried[b]!);
      const [kept, added] = [powerOf(exponents[row]! - together), powerOf(carried[b]! - together)];
      for (let n = 0; n < panels; n++) {
        const [to, from] = [placeOf(own, n) + b * width, placeOf(carry, n) + b * width];
        for (let i = 0; i < width; i++) numbers[to + i] = numbers[to + i]! * kept + numbers[from + i]! * added;
      }
      exponents[row] = together;
    }
    settle(t * B, B);
    for (let n = 0; n < panels; n++) {
      const from = placeOf(own, n);
      numbers.copyWithin(placeOf(carry, n), from, from + B * width);
    }
    carried.set(exponents.subarray((t + 1) * B, (t + 2) * B));
    way.toGates(carry, t * B, B);
    for (const { first, end } of ranges(B, way.back, atOnce, true)) {
      way.onward(first, end, { at: carry.at + first * rowBytes, panel: carry.panel });
      yield 0;
    }
  }
}

/** 2^k; what lies 2^−1070 below cannot change a double. */
const powerOf = (k: number): number => (k < -1070 ? 0 : 2 ** k);
