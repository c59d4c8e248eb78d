// Pieces of a layer whose cell is h = f(z).
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { cast, sequence } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import { takeStep } from '../core/tensor.js';
import { cutBefore } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Kernels } from './instance.js';
import { cutOffsetOf } from './pass.js';
import { blockStepsOf, FastLayer } from './layer.js';
import type { Entering } from './layer.js';
import { pieceStepsOf } from './pieceLayer.js';
import type { Around, PieceLayer, PieceTarget, Stretch } from './pieceLayer.js';

const longestOf = ({ chunks }: Pick<LayerExperiment, 'chunks'>): number =>
  Math.max(...chunks.map(({ steps }) => steps));

export function elementwisePieceSteps(experiment: Pick<LayerExperiment, 'chunks' | 'shapes'>): number {
  const longest = longestOf(experiment);
  return pieceStepsOf(blockStepsOf({ ...experiment.shapes, steps: longest }), longest);
}

export class ElementwisePieces implements PieceLayer {
  readonly #experiment: LayerExperiment;
  readonly #layer: FastLayer;

  static *create(kernels: Kernels, experiment: LayerExperiment): Resumable<ElementwisePieces | null> {
    const {
      cell,
      dtype,
      shapes: { B, I, H },
      layers: [{ parameters }],
      truncate,
    } = experiment;
    const shape = { cell, dtype, B, I, H, steps: elementwisePieceSteps(experiment), truncate };
    const layer = yield* FastLayer.create(kernels, shape, parameters);
    return layer === null ? null : new ElementwisePieces(experiment, layer);
  }

  private constructor(experiment: LayerExperiment, layer: FastLayer) {
    this.#experiment = experiment;
    this.#layer = layer;
  }

  *forward(
    { steps }: Stretch,
    xs: FloatArray,
    initial: FloatArray,
  ): Resumable<{ readonly states: Sequence; readonly end: FloatArray }> {
    const {
      dtype,
      shapes: { B, H },
    } = this.#experiment;
    const states = sequence(dtype, B, steps, H);
    yield* this.#layer.forward(xs, steps, initial, states, 0);
    return { states, end: takeStep(states, steps - 1).data };
  }

  /** What is carried is the total gradient of the step before. */
  *backward(
    { chunk, t0, steps }: Stretch,
    entering: Entering,
    { carried, before }: Around,
    target: PieceTarget,
  ): Resumable<{ readonly carried: FloatArray; readonly initial: FloatArray | null }> {
    const { dtype, chunks } = this.#experiment;
    const start = chunks.slice(0, chunk).reduce((sum, own) => sum + own.steps, 0) + t0;
    const enters = before === null ? null : cast(dtype, before);
    yield* this.#layer.backward(entering, steps, { ...target, at: start }, start, {
      offset: cutOffsetOf(this.#experiment, chunks[chunk]!.steps, t0),
      g: carried,
      enters,
    });
    const isCut = enters !== null && cutBefore(this.#experiment, chunks[chunk]!, t0);
    const dh0 = isCut ? enters : yield* this.#layer.dh0();
    return { carried: dh0, initial: t0 === 0 ? dh0 : null };
  }

  gradients(): ReturnType<FastLayer['gradients']> {
    return this.#layer.gradients();
  }
}
