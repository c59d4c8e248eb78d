// What a what-if makes of the weights of one layer in one direction.
import { t as say } from '@vscode/l10n';
import type { Cell } from '../cells/cell.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { mapResumably } from '../core/resumableCopy.js';
import { largestOf } from '../core/scan.js';
import { eigenvaluesOf } from '../linalg/eigenvalues.js';
import { sigmaMaxOf } from '../linalg/lanczos.js';
import { biasesOfLayer } from './experiment.js';
import type { ByBias, LayerSpec } from './experiment.js';
import { glorot, initialiseResumably, orthogonal, uniform } from './initialise.js';
import type { Initialisation } from './initialise.js';
import type { Measure, WhatIf } from './whatIf.js';

/** What of a layer is changed; its initial states stay. */
export type LayerToChange = Pick<LayerSpec, 'H' | 'parameters'>;
type Gates = Pick<Cell, 'gates'>;

/** Measures of one gate's block of Wh; null where they were not taken. */
export type WhMeasures = Readonly<Record<Measure, number | null>>;

/** Larger matrices are not decomposed unless the spectral radius itself is asked for. */
const freelyDecomposed = 256;

/** Streams of random numbers lie so far apart that no two matrices of a network share one, whatever the seed. */
const [betweenGates, betweenTensors, betweenLayers] = [1_000, 10_000, 100_000];
/** Behind the gates, which come first. */
const streams = { input: 7, inputBias: 8, stateBias: 9 } as const;
const seedOf = (seed: number, layer: number, stream: number): number =>
  seed + betweenLayers * layer + betweenTensors * stream;

/** One gate's block [H,H] of Wh [H,G·H]; of a cell with one gate Wh itself. */
export function blockOfGate(Wh: Float64Array, H: number, gate: number): Float64Array {
  const width = Wh.length / H;
  if (width === H) return Wh;
  const block = new Float64Array(H * H);
  for (let k = 0; k < H; k++) block.set(Wh.subarray(k * width + gate * H, k * width + (gate + 1) * H), k * H);
  return block;
}

/** Wh [H,G·H] of the layer with this number as `initialise` leaves it, before it is rescaled. */
export function* recurrentOf(
  { gates }: Gates,
  { H, parameters }: LayerToChange,
  layer: number,
  anew: WhatIf['initialise'],
): Resumable<Float64Array> {
  if (anew === null) return parameters.Wh;
  const { way, seed } = anew;
  const G = gates.length;
  // Keras draws all gates as one matrix with orthonormal rows.
  if (way === 'keras') return yield* orthogonal(H, G * H, seedOf(seed, layer, 0));
  if (way === 'pytorch') return yield* uniform(H, G * H, 1 / Math.sqrt(H), seedOf(seed, layer, 0));
  // Every way has a square matrix.
  return (yield* blocksAnew(way, H, H, G, (g) => seedOf(seed, layer, g)))!;
}

/** A block [rows,H] for each gate, side by side: [rows,G·H]. Null where the way needs square ones. */
function* blocksAnew(
  way: Initialisation,
  rows: number,
  H: number,
  G: number,
  seedOfGate: (gate: number) => number,
): Resumable<Float64Array | null> {
  const whole = new Float64Array(rows * G * H);
  for (let g = 0; g < G; g++) {
    const block = yield* part(initialiseResumably(way, rows, H, seedOfGate(g)), g / G, (g + 1) / G);
    if (block === null || G === 1) return block;
    for (let k = 0; k < rows; k++) whole.set(block.subarray(k * H, (k + 1) * H), (k * G + g) * H);
  }
  return whole;
}

/** Both measures of a square matrix [H,H]; the radius of a large one only when `needed`. NaN: it is not finite. */
function* measureBlock(block: Float64Array, H: number, needed: boolean): Resumable<WhMeasures> {
  const largest = yield* largestOf(block);
  if (!Number.isFinite(largest)) return { spectralRadius: NaN, sigmaMax: NaN };
  const sigmaMax = yield* part(sigmaMaxOf(block, H), 0, 0.2);
  yield 0.2;
  if (!needed && H > freelyDecomposed) return { spectralRadius: null, sigmaMax };
  const [first] = yield* eigenvaluesOf(block, H);
  return { spectralRadius: Math.hypot(...first!), sigmaMax };
}

/**
 * Both measures of each gate's block of Wh [H,G·H], in the order of the gates; the spectral radius of large blocks only
 * where `rescale` needs it.
 */
export function* measureRecurrent(
  { gates }: Gates,
  Wh: Float64Array,
  H: number,
  { initialise, rescale, whGate }: Pick<WhatIf, 'initialise' | 'rescale' | 'whGate'>,
): Resumable<WhMeasures[]> {
  const isKnown = initialise?.way === 'orthogonal' || initialise?.way === 'identity';
  const all: WhMeasures[] = [];
  for (const [g, gate] of gates.entries()) {
    const needed = rescale?.measure === 'spectralRadius' && (whGate === null || whGate === gate);
    all.push(
      isKnown
        ? { spectralRadius: 1, sigmaMax: 1 }
        : yield* part(measureBlock(blockOfGate(Wh, H, g), H, needed), g / gates.length, (g + 1) / gates.length),
    );
  }
  return all;
}

/** The factor that gives a matrix the wanted measure, or the sentence that says why there is none. */
export function factorFor({ measure, to }: NonNullable<WhatIf['rescale']>, measures: WhMeasures): number | string {
  const now = measures[measure];
  if (now === null || Number.isNaN(now))
    return say('Wh holds numbers that are not finite, so that no factor gives it a size.');
  if (now === 0 && to !== 0)
    return measure === 'sigmaMax'
      ? say('Wh is zero, and no factor changes that.')
      : say('The spectral radius of Wh is 0, and no factor changes that.');
  if (now === 0) return 1;
  return to / now;
}

/** Wh [H,G·H] with the columns of each gate times its factor. */
function* scaled(Wh: Float64Array, H: number, factors: readonly number[]): Resumable<Float64Array> {
  const [first, ...others] = factors as readonly [number, ...number[]];
  if (factors.every((factor) => factor === 1)) return Wh;
  if (others.length === 0) return yield* mapResumably(Wh, (value) => value * first);
  let i = 0;
  const width = factors.length * H;
  return yield* mapResumably(Wh, (value) => value * factors[Math.floor((i++ % width) / H)]!);
}

/** The input matrix and the biases that `initialise` makes anew; null where it leaves them. */
function* startOf(
  { gates }: Gates,
  { H, parameters: { Wx } }: LayerToChange,
  layer: number,
  anew: WhatIf['initialise'],
): Resumable<{ readonly Wx: Float64Array; readonly biases: readonly [Float64Array, Float64Array] } | null> {
  if (anew?.way !== 'keras' && anew?.way !== 'pytorch') return null;
  const width = gates.length * H;
  const I = Wx.length / width;
  const seed = (stream: keyof typeof streams): number => seedOf(anew.seed, layer, streams[stream]);
  if (anew.way === 'pytorch') {
    const bound = 1 / Math.sqrt(H);
    return {
      Wx: yield* uniform(I, width, bound, seed('input')),
      biases: [yield* uniform(1, width, bound, seed('inputBias')), yield* uniform(1, width, bound, seed('stateBias'))],
    };
  }
  return { Wx: yield* glorot(I, width, seed('input')), biases: openForgetGate({ gates }, H) };
}

/** The forget gate's number among the gates, of a cell that has one; else −1. */
const forgetGateOf = ({ gates }: Gates): number => (gates.length > 1 ? gates.indexOf('f') : -1);

/** Biases with which a forget gate begins open (Jozefowicz et al. 2015): 1 for it, 0 for every other. */
function openForgetGate({ gates }: Gates, H: number): readonly [input: Float64Array, state: Float64Array] {
  const bias = new Float64Array(gates.length * H);
  const forget = forgetGateOf({ gates });
  if (forget >= 0) bias.fill(1, forget * H, (forget + 1) * H);
  return [bias, new Float64Array(bias.length)];
}

/** A Wh that is tried, with what was measured of its gates; null where nobody asked. */
export type Recurrent = { readonly Wh: Float64Array; readonly gates: readonly WhMeasures[] | null };

/** A layer's weights as they are tried. */
export type ChangedLayer = {
  readonly Wx: Float64Array;
  readonly Wh: Float64Array;
  /** The bias of the input and that of the state before, where both are anew. */
  readonly biases: readonly [input: Float64Array, state: Float64Array] | null;
  /** What is added to the bias of the input [G·H]; null: nothing. */
  readonly shift: Float64Array | null;
  /** Of each gate's block of Wh; null where nobody asked. */
  readonly measures: readonly WhMeasures[] | null;
};

/** What is made of a layer, or the sentence that says why it cannot be. `recurrent` is Wh before it is rescaled. */
export function* changedLayer(
  { gates }: Gates,
  spec: LayerToChange,
  layer: number,
  whatIf: WhatIf,
  { Wh, gates: measured }: Recurrent,
): Resumable<ChangedLayer | string> {
  const { H, parameters } = spec;
  const { rescale, whGate, inputScale, biasShift, biasGate } = whatIf;
  const factors: number[] = [];
  for (const [g, gate] of gates.entries()) {
    const measures = measured?.[g];
    const asked = rescale !== null && measures !== undefined && (whGate === null || whGate === gate);
    const factor = asked ? factorFor(rescale, measures) : 1;
    if (typeof factor === 'string') return factor;
    factors.push(factor);
  }
  const start = yield* startOf({ gates }, spec, layer, whatIf.initialise);
  const Wx = start?.Wx ?? parameters.Wx;
  const times = (value: number | null, g: number): number | null => (value === null ? null : value * factors[g]!);
  return {
    Wx: inputScale === null ? Wx : yield* mapResumably(Wx, (value) => value * inputScale),
    Wh: yield* scaled(Wh, H, factors),
    biases: start?.biases ?? null,
    shift:
      biasShift === null
        ? null
        : Float64Array.from(parameters.b, (_, j) => {
            const gate = gates[Math.floor(j / H)];
            return biasGate === null || gate === biasGate ? biasShift : 0;
          }),
    measures:
      measured?.map(({ spectralRadius, sigmaMax }, g) => ({
        spectralRadius: times(spectralRadius, g),
        sigmaMax: times(sigmaMax, g),
      })) ?? null,
  };
}

/** Number j of a bias [G·H] as it is tried, from the one that is there. */
export type BiasChange = (j: number, now: number) => number;

/**
 * What becomes of each bias that a layer's file has or may get; null: nothing. A shift goes to the bias of the input,
 * which of two that are added up is either. A bias of the state before that has no place goes to that of the input too.
 */
export function biasChanges(
  spec: Pick<LayerSpec, 'parameters' | 'biases'>,
  { biases: start, shift }: ChangedLayer,
): ByBias<BiasChange | null> {
  const { stored, whole } = biasesOfLayer(spec);
  const apart = spec.parameters['bh'] !== undefined;
  const holdsBoth = !apart && !whole.state;
  const shifted = !apart && !stored.input && stored.state ? 'state' : 'input';
  const [input, state] = start ?? [null, null];
  const change = (own: Float64Array | null, other: Float64Array | null, by: Float64Array | null): BiasChange | null =>
    own === null && by === null ? null : (j, now) => (own?.[j] ?? now) + (other?.[j] ?? 0) + (by?.[j] ?? 0);
  return {
    input: change(input, holdsBoth ? state : null, shifted === 'input' ? shift : null),
    state: holdsBoth ? null : change(state, null, shifted === 'state' ? shift : null),
  };
}

/** What is made anew in one part of a layer: the blocks of one gate or of all, or the biases of the forget gate. */
export type GatesAnew =
  | {
      readonly of: 'input' | 'recurrent';
      readonly gate: string | null;
      readonly way: Initialisation;
      readonly seed: number;
    }
  | { readonly of: 'forgetBias' };

/** A layer with the blocks of all gates anew, of which only those of one are meant; null: of all. */
export type LayerWithGates = { readonly layer: ChangedLayer; readonly onlyGate: number | null };

/** Each gate's block is a matrix of its own. The sentence that says why it cannot be, where it cannot. */
export function* gatesAnew(
  { name, gates }: Pick<Cell, 'name' | 'gates'>,
  spec: LayerToChange,
  index: number,
  anew: GatesAnew,
): Resumable<LayerWithGates | string> {
  const {
    H,
    parameters: { Wx, Wh },
  } = spec;
  const same = { Wx, Wh, biases: null, shift: null, measures: null };
  if (anew.of === 'forgetBias') {
    const forget = forgetGateOf({ gates });
    return forget < 0
      ? say('The cell "{0}" has no gate "{1}": its gates are {2}.', name, 'f', gates.join(', '))
      : { layer: { ...same, biases: openForgetGate({ gates }, H) }, onlyGate: forget };
  }
  const { way, seed, gate } = anew;
  const onlyGate = gate === null ? null : gates.indexOf(gate);
  if (onlyGate === -1)
    return say('The cell "{0}" has no gate "{1}": its gates are {2}.', name, gate!, gates.join(', '));
  if (anew.of === 'recurrent')
    return { layer: { ...same, Wh: yield* recurrentOf({ gates }, spec, index, { way, seed }) }, onlyGate };
  const I = Wx.length / (gates.length * H);
  const first = seedOf(seed, index, streams.input);
  const fresh = yield* blocksAnew(way, I, H, gates.length, (g) => first + betweenGates * g);
  return fresh === null
    ? say('A block of {0} inputs and {1} units has no identity: it is not square.', I, H)
    : { layer: { ...same, Wx: fresh }, onlyGate };
}
