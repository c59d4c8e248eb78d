// What a gated layer takes of the kernels' memory, and how its work is cut.
import { cellOf } from '../cells/index.js';
import type { CellName } from '../cells/index.js';
import { movedAtOnce } from '../core/resumableCopy.js';
import type { DType } from '../core/dtypes.js';
import type { LayerExperiment } from '../network/experiment.js';
import { gatedSeries, sharedNumbers } from './abi.js';
import { formSizes } from './formedNorm.js';
import { gatedWeightSizes, leastStagingOf, panelsOf } from './gatedWeights.js';
import type { GatedShape } from './gatedWeights.js';
import { bytesOf, pitchOf, rowBytes } from './instance.js';
import type { Kernels, Team } from './instance.js';
import type { Room } from './layer.js';
import { pieceStepsOf } from './pieceLayer.js';
import { structBytes } from './struct.js';
import type { Fields } from './struct.js';
import { goesApart, pauseLimit } from './workSplit.js';

/** Rows of a block, whose weight gradients are one product. */
const blockRows = 128;
/** Floating-point operations of a block, a few milliseconds. */
const blockWork = 2e8;
/** A run of fewer operations is over before a second thread has woken up. */
const worthSharing = 1e7;
/** Numbers that cross between JavaScript's arrays and the packed layout at once, at least. */
const leastStaging = 32768;
/** Bytes of a sequence's span. */
const spanBytes = 2 * Int32Array.BYTES_PER_ELEMENT;
/** What the gates of one unit take, in operations of a product. */
const gatesWork = 200;

export type GatedLayerShape = {
  readonly cell: CellName;
  readonly dtype: DType;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  /** Steps of the longest chunk. */
  readonly steps: number;
  readonly truncate: number | null;
  /** Truncation counts positions: of a reverse direction from the last step on. */
  readonly direction: 'forward' | 'reverse';
};

/** The layer of an experiment, as long as its longest chunk. */
export const gatedShapeOf = ({
  cell,
  dtype,
  shapes: { B, I, H },
  chunks,
  truncate,
  layers: [{ direction }],
}: LayerExperiment): GatedLayerShape => ({
  cell,
  dtype,
  B,
  I,
  H,
  steps: Math.max(...chunks.map(({ steps }) => steps)),
  truncate,
  direction,
});

/** The same with the cell itself. */
export type WholeShape = Omit<GatedLayerShape, 'cell'> & GatedShape;

/** The fields of the kernels' GatedJob that are no addresses. */
export type GatedNumbers = Pick<
  Fields<'GatedJob'>,
  'B' | 'T' | 'I' | 'H' | 'cell' | 'truncate' | 'cutOffset' | 'blockSteps' | 'places' | 'scratchBytes'
>;
type Buffer = Exclude<keyof Fields<'GatedJob'>, keyof GatedNumbers>;
export type GatedAddresses = Readonly<Record<Buffer | 'job' | 'staging' | 'normJob' | 'partials', number>>;

export type GatedLayout = {
  readonly kernels: Kernels;
  readonly team: Team | null;
  readonly threads: number;
  readonly sizes: GatedAddresses;
  readonly stagingLength: number;
  readonly blockSteps: number;
  /** Steps whose d are there at once. */
  readonly places: number;
  readonly scratchBytes: number;
};

/** What the kernels of gated cells can run. @throws for any other cell, which must not get there */
export function wholeOf({ cell: name, ...rest }: GatedLayerShape): WholeShape {
  const cell = cellOf(name);
  if (cell.gated === undefined) throw new Error(`The kernels of gated cells do not know the cell ${name}.`);
  return { ...rest, cell, gated: cell.gated };
}

/** Operations of a row at one step: forward, and back through Wh, through Wx. */
export const workOf = ({ cell, I, H }: WholeShape) => {
  const columns = 2 * cell.gates.length * H;
  return { forward: columns * (H + I) + gatesWork * H, back: columns * H + 8 * H, toInput: columns * I };
};

/**
 * Steps whose weight gradients are one product, the same for any number of threads: it decides the order of the sums.
 */
export const gatedBlockSteps = (shape: WholeShape): number =>
  Math.max(
    1,
    Math.min(
      shape.steps,
      Math.floor(blockRows / shape.B),
      Math.floor(blockWork / (2 * shape.B * workOf(shape).forward)),
    ),
  );

/** Steps of the pieces of a run with checkpoints. */
export const gatedPieceSteps = (shape: GatedLayerShape): number =>
  pieceStepsOf(gatedBlockSteps(wholeOf(shape)), shape.steps);

/** Bytes of the scratch of a thread. */
const scratchOf = (shape: WholeShape): number => {
  const { width, hPanels, iPanels, gatePanels } = panelsOf(shape);
  return (
    (Math.max(hPanels, iPanels) * width +
      gatePanels +
      sharedNumbers.BLOCKS * hPanels +
      Math.max(blockRows, shape.B) +
      sharedNumbers.BLOCKS * hPanels * shape.B) *
    rowBytes
  );
};

/** Whether several threads may share the work of such a layer. */
const isWorthSharing = (shape: WholeShape): boolean =>
  3 * shape.B * shape.steps * workOf(shape).forward >= worthSharing;

/** Of a single sequence one thread goes back through a block while another sums up that behind it. */
const placesOf = (shape: WholeShape, most: number): number =>
  (shape.B === 1 && most > 1 ? 2 : 1) * gatedBlockSteps(shape);

/** What the kernels compute with, but for the spans, with scratch for so many threads. */
export function buffersOf(shape: WholeShape, most: number) {
  const { cell, gated, B, steps } = shape;
  const { width, hPanels, iPanels, gatePanels } = panelsOf(shape);
  const rows = B * rowBytes;
  const hasC = cell.states.length > 1;
  return {
    ...gatedWeightSizes(shape),
    xs: iPanels * steps * rows,
    hs: hPanels * (1 + steps) * rows,
    cs: hasC ? hPanels * (1 + steps) * rows : 0,
    slopes: gated.slopes * hPanels * steps * rows,
    z: sharedNumbers.BLOCKS * (B === 1 ? hPanels * sharedNumbers.AHEAD : 1) * rows,
    g: hPanels * steps * rows,
    gc: hasC ? hPanels * steps * rows : 0,
    d: sharedNumbers.BLOCKS * hPanels * pitchOf(placesOf(shape, most) * B),
    dx: iPanels * steps * rows,
    dh0: hPanels * rows,
    dc0: hPanels * rows,
    dWx: gatePanels * iPanels * width * rowBytes,
    dWh: gatePanels * hPanels * width * rowBytes,
    db: sharedNumbers.BLOCKS * hPanels * rowBytes,
    scratch: most * scratchOf(shape),
    norms: gatedSeries.length * steps * Float64Array.BYTES_PER_ELEMENT,
    small: 8 + steps * B,
  };
}

export function measureGated(own: Kernels, shape: WholeShape, team: Team | null): GatedLayout {
  const { dtype, B, I, H } = shape;
  const { gatePanels } = panelsOf(shape);
  const most = team === null || !isWorthSharing(shape) ? 1 : Math.min(team.most, B === 1 ? 2 : Math.floor(B / 2));
  const threads = team === null || most === 1 ? 1 : Math.min(team.size, most);
  const stagingLength = Math.max(leastStaging, leastStagingOf(shape), Math.min(movedAtOnce, H * Math.max(H, I, B)));
  return {
    kernels: team === null || most === 1 ? own : team.kernels,
    team: threads === 1 ? null : team,
    threads,
    stagingLength,
    blockSteps: gatedBlockSteps(shape),
    places: placesOf(shape, most),
    scratchBytes: scratchOf(shape),
    sizes: {
      job: structBytes('GatedJob'),
      staging: stagingLength * bytesOf[dtype],
      ...buffersOf(shape, most),
      spans: spanBytes * B,
      ...formSizes(gatePanels, structBytes('NormJob')),
    },
  };
}

/** The fields of the kernels' job that are no addresses, of `steps` steps. */
export const gatedNumbers = (
  { gated, B, I, H, truncate }: WholeShape,
  rest: Pick<GatedNumbers, 'T' | 'cutOffset' | 'blockSteps' | 'places' | 'scratchBytes'>,
): GatedNumbers => ({ ...rest, B, I, H, cell: gated.kernel, truncate: truncate ?? 0 });

/** What is added to t so that multiples of the truncation are the steps before which the gradient is cut. */
export const cutOffsetOf = (
  { truncate, direction }: Pick<WholeShape, 'truncate' | 'direction'>,
  steps: number,
  t0 = 0,
): number =>
  // Of a reverse direction t counts from the last position.
  truncate === null ? 0 : direction === 'forward' ? t0 % truncate : truncate - ((steps - t0) % truncate);

/** What comes of the d of a step beside the sums: the operations of each, and which of them are cheap. */
export function sumsOf(shape: WholeShape, limit: number) {
  const { cell, B, I, H } = shape;
  const columns = cell.gates.length * H;
  const { toInput } = workOf(shape);
  const grams = B === 1 ? 0 : B * B * (4 * columns + 2 * (H + I));
  const forms = 2 * B * columns * (H + I);
  const [withDx, withGrams] = [!goesApart(B * toInput, limit), !goesApart(grams, limit)];
  return { columns, toInput, grams, forms, withDx, withGrams, withForms: withGrams && !goesApart(forms, limit) };
}

/** Whether a thread computes a layer in one go, `most` operations at most, and every norm with the sums. */
export const goesAtOnce = (shape: WholeShape, team: Team | null, most: number): boolean => {
  const { dtype, B, steps } = shape;
  if (3 * B * steps * workOf(shape).forward > most || (team !== null && isWorthSharing(shape))) return false;
  const { withDx, withForms } = sumsOf(shape, pauseLimit(dtype, B, false));
  return withDx && withForms;
};

/** What such a layer takes; without `team` on one thread. */
export function gatedRoom(own: Kernels, shape: GatedLayerShape, team = own.team): Room {
  const { kernels, sizes } = measureGated(own, wholeOf(shape), team);
  return { kernels, bytes: kernels.bytesFor(Object.values(sizes)) };
}
