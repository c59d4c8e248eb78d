// What a run takes, known from its shapes before it begins.
import { attributionMemory } from './attribution.js';
import { flowRoom } from '../wasm/scaledBackward.js';
import { gatedFlowRoom } from '../wasm/gatedFlowLayout.js';
import { gatedPieceSteps, gatedRoom, gatedShapeOf } from '../wasm/gatedLayout.js';
import type { GatedLayerShape } from '../wasm/gatedLayout.js';
import { gatedSmallRoom, isSmallGated } from '../wasm/gatedSmallRun.js';
import { jacobianSizes } from '../wasm/jacobians.js';
import type { Kernels } from '../wasm/instance.js';
import { bytesOf } from '../wasm/instance.js';
import { layerRoom } from '../wasm/layer.js';
import type { Room } from '../wasm/layer.js';
import { stateWidth } from '../network/cellRows.js';
import { denseJacobianSizes, denseSpectrumSizes } from '../wasm/denseSpectrum.js';
import { gatedSigmaSizes } from '../wasm/gatedSigma.js';
import { elementwisePieceSteps } from '../wasm/elementwisePieces.js';
import { keptPieces } from '../core/recomputedTrace.js';
import { reachSizes } from '../wasm/gradientReach.js';
import { isSmall, mayStop, smallRoom } from '../wasm/smallRun.js';
import { spectrumSizes } from '../wasm/spectrum.js';
import { cellOf } from '../cells/index.js';
import type { Experiment, LayerExperiment } from '../network/experiment.js';
import { directionsOf } from '../network/layers.js';
import { withOneItem } from '../analysis/spectrum.js';

/** Bytes, the experiment itself not counted. */
export type RunMemory = {
  /**
   * Everything held at once, as long as the run is kept: the kernels' memory, the result, and all analyses side by
   * side.
   */
  readonly whole: number;
  /** Of that, the arrays of the result with the chunks that it was computed from. */
  readonly results: number;
  /** With checkpoints instead of tensors over time. */
  readonly pieces: number;
  /**
   * The kernels' memory in both cases, and what of it the run itself takes, its own and the one that its threads share.
   */
  readonly wholeKernels: number;
  readonly pieceKernels: number;
  readonly rooms: { readonly whole: Rooms; readonly pieces: Rooms };
  /**
   * What each analysis takes while it goes on: the memory of its own kernels, and slopes and numbers of all its steps.
   */
  readonly analyses: Readonly<Record<'spectrum' | 'jacobians' | 'attribution' | 'reach', AnalysisMemory>>;
};

type AnalysisMemory = { readonly kernels: number; readonly results: number };

type Rooms = { readonly own: number; readonly shared: number };

/** What comes after each other on the same memory takes as much as the largest. */
function together(own: Kernels, rooms: readonly Room[]): Rooms {
  const largest = (mine: boolean): number =>
    rooms.reduce((most, { kernels, bytes }) => ((kernels === own) === mine ? Math.max(most, bytes) : most), 0);
  return { own: largest(true), shared: largest(false) };
}

/** Before a run: memories that are much larger than it takes, because an earlier one was, are given back. */
export function fitMemory(kernels: Kernels, experiment: LayerExperiment, way: 'whole' | 'pieces'): void {
  const { team } = kernels;
  if (!kernels.exceeds(0) && team?.kernels.exceeds(0) !== true) return;
  const { own, shared } = memoryOf(experiment, kernels).rooms[way];
  kernels.fit(own);
  team?.fit(shared);
}

/** What the passes of a gated layer take one after the other. */
const gatedRooms = (kernels: Kernels, shape: GatedLayerShape, way: 'whole' | 'pieces'): Rooms =>
  together(kernels, [
    // Which of the two it is, its chunks and lengths say too.
    ...(way === 'whole' && isSmallGated(kernels, shape) ? [gatedSmallRoom(kernels, shape)] : []),
    gatedRoom(kernels, way === 'whole' ? shape : pieceOf(shape)),
    gatedFlowRoom(kernels, shape),
  ]);

const pieceOf = (shape: GatedLayerShape): GatedLayerShape => ({ ...shape, steps: gatedPieceSteps(shape) });

/** As `fitMemory`, of a layer whose cell the kernels of gated cells run. */
export function fitGatedMemory(kernels: Kernels, experiment: LayerExperiment, way: 'whole' | 'pieces'): void {
  const { team } = kernels;
  if (!kernels.exceeds(0) && team?.kernels.exceeds(0) !== true) return;
  const { own, shared } = gatedRooms(kernels, gatedShapeOf(experiment), way);
  kernels.fit(own);
  team?.fit(shared);
}

/** Analyses through the kernels, each on a memory of its own. */
function analysesOf(experiment: LayerExperiment, kernels: Kernels): RunMemory['analyses'] {
  const { T, H } = experiment.shapes;
  const room = (sizes: Readonly<Record<string, number>>): number => kernels.bytesFor(Object.values(sizes));
  const one = withOneItem(experiment);
  const slopes = T * H * 8;
  return {
    spectrum: { kernels: room(spectrumSizes(one)), results: slopes + T * 8 },
    jacobians: { kernels: room(jacobianSizes(one)), results: slopes },
    attribution: attributionMemory(experiment, kernels),
    reach: { kernels: room(reachSizes(experiment)), results: 2 * T * 8 },
  };
}

/** What a layer's run and its analyses take through the kernels. */
export function memoryOf(experiment: LayerExperiment, kernels: Kernels): RunMemory {
  const {
    cell,
    dtype,
    shapes: { B, T, I, H },
    chunks,
    stateful,
    loss,
    upstream,
    truncate,
  } = experiment;
  const bytes = bytesOf[dtype];
  const longest = Math.max(...chunks.map(({ steps }) => steps));
  const pieceSteps = elementwisePieceSteps(experiment);
  const shape = { cell, dtype, B, I, H, steps: longest, truncate };
  const piece = { ...shape, steps: pieceSteps };
  const flow = flowRoom(kernels, experiment);
  const small = chunks.length === 1 && loss === null && isSmall(shape);
  const rooms = {
    whole: together(kernels, [
      ...(small ? [smallRoom(kernels, shape)] : []),
      ...(small && !mayStop(shape) ? [] : [layerRoom(kernels, shape)]),
      flow,
    ]),
    pieces: together(kernels, [layerRoom(kernels, piece), flow]),
  };
  const wholeKernels = rooms.whole.own + rooms.whole.shared;
  // One more for pieces of the layer, one for pieces of the flow, on one thread: they may be asked for while the next
  // run has begun.
  const pieceKernels =
    rooms.pieces.own +
    rooms.pieces.shared +
    layerRoom(kernels, piece, null).bytes +
    flowRoom(kernels, experiment, null).bytes;
  // Norms and their logarithms, ‖h‖ and the closed share, exponents, the single source; the sums.
  const series = (5 + 5 + 2 + 1 + 1) * T * 8 + B * T * 8 + (I * H + H * H + H + B * H) * bytes;
  const inputs = B * T * I * bytes;
  const states = B * T * H;
  const initials = (stateful ? chunks.length : 1) * B * H * bytes;
  // Ones are not held, and given values of a single chunk are those of the experiment.
  const upstreamBytes = loss !== null || (upstream.kind === 'given' && chunks.length > 1) ? states * 8 : 0;
  const copies = chunks.length === 1 ? 0 : states * bytes;
  const results =
    series + inputs + initials + 2 * states * bytes + copies + B * T * I * bytes + states * 8 + upstreamBytes;
  const count = chunks.reduce((sum, { steps }) => sum + Math.ceil(steps / pieceSteps), 0);
  const checkpoints = count * (2 * B * H * bytes + 4 * B * (H + 8) * 8);
  const cached = (keptPieces + 1) * B * pieceSteps * (2 * H * bytes + I * bytes + 2 * H * 8);
  const analyses = analysesOf(experiment, kernels);
  const sum = (...all: readonly AnalysisMemory[]): number =>
    all.reduce((bytes, each) => bytes + each.kernels + each.results, 0);
  const { spectrum, jacobians, attribution, reach } = analyses;
  return {
    whole: wholeKernels + results + sum(spectrum, jacobians, attribution, reach),
    results,
    wholeKernels,
    pieceKernels,
    rooms,
    analyses,
    // Where the states are not held, there is no reach.
    pieces: pieceKernels + series + inputs + initials + checkpoints + cached + sum(spectrum, jacobians, attribution),
  };
}

/**
 * Bytes of a run in plain arithmetic, the experiment itself not counted: what is kept of each layer, and what the layer
 * that takes most needs while it is under way.
 */
export const plainMemoryOf = (experiment: Experiment): number => layerByLayer(experiment, true);

/**
 * The same of a run whose gated layers go through the kernels: what the steps keep lies in the kernels' memory, which
 * is as large as the largest layer needs it.
 */
export function gatedMemoryOf(experiment: Experiment, kernels: Kernels): number {
  const rooms = layerShapes(experiment).map((shape) => gatedRooms(kernels, shape, 'whole'));
  return (
    layerByLayer(experiment, false, directionsAtOnce(experiment, kernels)) +
    largestOf(rooms, 'own') +
    largestOf(rooms, 'shared') +
    elsewhereMemoryOf(experiment, kernels) +
    denseAnalysesOf(experiment, kernels) +
    rowAnalysesOf(experiment, kernels)
  );
}

const directionsAtOnce = (experiment: Experiment, { team }: Kernels): number =>
  team === null ? 1 : directionsOf(experiment);

/**
 * What another thread takes for the second direction of a layer, or for the analyses of a stack in one direction, with
 * its copies of what it needs and with what waits for it here.
 */
function elsewhereMemoryOf(experiment: Experiment, kernels: Kernels): number {
  const { cell, shapes, layers } = experiment;
  if (kernels.team === null || layers.length === 1) return 0;
  const S = cellOf(cell).states.length;
  const isStack = directionsOf(experiment) === 1;
  const all = layerShapes(experiment);
  const taken = all.map((shape) => {
    const { B, I, H } = shape;
    const rooms =
      cellOf(shape.cell).gated === undefined
        ? elementwiseRooms(kernels, experiment, shape, null)
        : [gatedRoom(kernels, shape, null), gatedFlowRoom(kernels, shape, null)];
    // Inputs; what enters, as it is and beyond the range. Of an analysis also its states, twice, and its gradients; the
    // single source that enters; what goes down, of the gradient and of the source.
    const numbers = isStack ? 4 * I + (4 + 2 * S) * H : I + 2 * H;
    return Math.max(...rooms.map(({ bytes }) => bytes)) + B * shapes.T * numbers * 8;
  });
  // Until a layer has been concluded: the states that its inputs are not, and what the source has sent down.
  const waiting = all.reduce((sum, { B, I, H }) => sum + B * shapes.T * (I + S * H) * 8, 0);
  return Math.max(...taken) + (isStack ? waiting : 0);
}

/** Each layer in each direction by itself, as if a gradient entered at every step. */
const layersAlone = (experiment: Experiment): LayerExperiment[] =>
  layerShapes(experiment).map(({ I, H }, i) => ({
    ...experiment,
    shapes: { ...experiment.shapes, I, H },
    layers: [experiment.layers[i]!] as const,
    upstream: { kind: 'every' },
    loss: null,
  }));

/** Exponents and singular values of one of the layers, side by side: no two layers are analysed at once. */
const denseAnalysesOf = (experiment: Experiment, kernels: Kernels): number =>
  Math.max(
    ...layersAlone(experiment).map((own) => {
      const sizes = [denseSpectrumSizes(withOneItem(own)), denseJacobianSizes(stateWidth(own))];
      return kernels.bytesFor(sizes.flatMap((part) => Object.values(part)));
    }),
  );

/**
 * Attribution, reach (where the states are held) and σ_max of the steps of one of the layers, side by side; a gradient
 * that enters at every step takes most.
 */
function rowAnalysesOf(experiment: Experiment, kernels: Kernels, isHeld = true): number {
  const all = layersAlone(experiment).map((own) => {
    const attribution = attributionMemory(own, kernels);
    return [...(isHeld ? [reachSizes(own)] : []), gatedSigmaSizes(withOneItem(own))].reduce(
      (bytes, sizes) => bytes + kernels.bytesFor(Object.values(sizes)),
      attribution.kernels + attribution.results,
    );
  });
  return Math.max(...all);
}

const largestOf = (rooms: readonly Rooms[], name: keyof Rooms): number => Math.max(...rooms.map((room) => room[name]));

/** As `gatedMemoryOf`, of layers whose cells are h = f(z). */
export function elementwiseMemoryOf(experiment: Experiment, kernels: Kernels): number {
  const rooms = layerShapes(experiment).map((shape) =>
    together(kernels, elementwiseRooms(kernels, experiment, shape, kernels.team)),
  );
  return (
    layerByLayer(experiment, false, directionsAtOnce(experiment, kernels)) +
    largestOf(rooms, 'own') +
    largestOf(rooms, 'shared') +
    elsewhereMemoryOf(experiment, kernels)
  );
}

/** What the passes of such a layer take one after the other; without `team` on one thread. */
function elementwiseRooms(
  kernels: Kernels,
  { chunks }: Experiment,
  shape: GatedLayerShape,
  team: Kernels['team'],
): readonly Room[] {
  const { B, I, H, steps } = shape;
  return [layerRoom(kernels, shape, team), flowRoom(kernels, { shapes: { B, T: steps, I, H }, chunks }, team)];
}

/** The layers of a network, each as long as the longest chunk. */
function layerShapes({ cell, dtype, shapes: { B, I }, layers, chunks, truncate }: Experiment): GatedLayerShape[] {
  const steps = Math.max(...chunks.map((chunk) => chunk.steps));
  const below = [I, ...widthsOf({ layers })];
  return layers.map(({ layer, H, direction }) => ({
    cell,
    dtype,
    B,
    I: below[layer]!,
    H,
    steps,
    truncate,
    direction,
  }));
}

/** Norms of each sequence that a layer keeps of a step: of its gradient, and of the source where lengths differ. */
const normsOfSequence = ({ chunks }: Experiment): number =>
  chunks.some(({ lengths }) => lengths !== undefined) ? 2 : 1;

/** The same with checkpoints instead of tensors over time. */
export function gatedPieceMemoryOf(experiment: Experiment, kernels: Kernels): number {
  const {
    cell,
    dtype,
    shapes: { B, T, I },
    chunks,
    upstream,
    loss,
  } = experiment;
  const bytes = bytesOf[dtype];
  const { states, gates } = cellOf(cell);
  const [S, G] = [states.length, gates.length];
  const perSequence = normsOfSequence(experiment);
  const shapes = layerShapes(experiment);
  const rooms = shapes.map((shape) => gatedRooms(kernels, shape, 'pieces'));
  // Beside them two on one thread, in which pieces are computed again while the next run goes on.
  const beside = (room: (shape: GatedLayerShape) => Room): number => Math.max(...shapes.map((s) => room(s).bytes));
  let kept =
    beside((shape) => gatedRoom(kernels, pieceOf(shape), null)) +
    beside((shape) => gatedFlowRoom(kernels, shape, null)) +
    // Inputs in the dtype.
    B * T * I * bytes;
  const width = widthsOf(experiment).at(-1)!;
  // A loss reads the whole output once, and what it sends into it is kept.
  if (loss !== null) kept += B * T * width * (8 + bytes);
  if (upstream.kind === 'given') kept += B * T * width * 8;
  for (const shape of shapes) {
    const { I: inputs, H } = shape;
    const steps = gatedPieceSteps(shape);
    const count = chunks.reduce((sum, chunk) => sum + Math.ceil(chunk.steps / steps), 0);
    // States before each piece and what its way back was told; what flows into it, and once more of the single source.
    kept += count * (2 * B * S * H * bytes + 2 * 2 * B * (S * Math.ceil(H / 8) * 64 + 8));
    // Pieces that are kept, the one that is computed and its copy: states; gradients before and after they stand side
    // by side; what enters; of the gradients beyond the range those of the single source too; what all that is made of.
    kept +=
      (keptPieces + 2) * B * steps * (S * H * bytes + 2 * (H + inputs) * bytes + H * 8 + 2 * (H + inputs) * 8) +
      2 * B * steps * ((inputs + 2 * S * H) * bytes + 2 * H * 8);
    const weights = (inputs + H) * G * H;
    kept += 4 * weights * bytes + T * 8 * (24 + 6 * G) + perSequence * B * T * 8;
  }
  return (
    kept +
    largestOf(rooms, 'own') +
    largestOf(rooms, 'shared') +
    denseAnalysesOf(experiment, kernels) +
    rowAnalysesOf(experiment, kernels, false)
  );
}

/** `atOnce`: so many directions of a layer are under way side by side. */
function layerByLayer(experiment: Experiment, plain: boolean, atOnce = 1): number {
  const {
    cell,
    dtype,
    shapes: { B, T, I },
    layers,
  } = experiment;
  const bytes = bytesOf[dtype];
  const { states, gates } = cellOf(cell);
  const [S, G] = [states.length, gates.length];
  const perSequence = normsOfSequence(experiment);
  const below = [I, ...widthsOf(experiment)];
  let [kept, underWay] = [0, 0];
  for (const { layer, H } of layers) {
    const inputs = below[layer]!;
    const weights = (inputs + H) * G * H;
    // Inputs in float64 and in the dtype, and the gradient of them.
    kept += B * T * inputs * (8 + 2 * bytes);
    // States, in plain arithmetic side by side too, and the output; total gradient; upstream and scaled gradients in
    // float64.
    kept += B * T * H * (((plain ? 2 : 1) * S + 1) * bytes + bytes + 3 * 8);
    kept += weights * bytes + T * 8 * (20 + 6 * G) + perSequence * B * T * 8;
    underWay = Math.max(
      underWay,
      // What goes down, as it is and scaled, and scaled as a direction sends it, turned too; inputs of each step or
      // what goes down from it, and their gradients before they are pasted.
      B * T * inputs * (4 * 8 + 2 * bytes) +
        // What each step keeps for the way back: states before and after, pre-activations and their two parts.
        (plain ? B * T * H * (2 * S + 3 * G + 1) * bytes : 0) +
        // Of the network's single source through the kernels: what enters, and what goes down.
        (plain ? 0 : B * T * (inputs + H) * 8) +
        // Weights in the dtype, the gradients of a step, of a chunk and of all; of a step in float64.
        weights * (4 * bytes + 8),
    );
  }
  // What enters the output.
  return kept + atOnce * underWay + B * T * below.at(-1)! * 8;
}

/** Widths of the layers' outputs, from the first up. */
function widthsOf({ layers }: Pick<Experiment, 'layers'>): number[] {
  const widths: number[] = [];
  for (const { layer, H } of layers) widths[layer] = (widths[layer] ?? 0) + H;
  return widths;
}
