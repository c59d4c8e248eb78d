// Where the gradient enters the layer: ones at one step or at each, given values, or a loss.
import { lossAtStep, readoutOf } from './loss.js';
import { Mover } from '../core/resumableCopy.js';
import { finish } from '../core/resumable.js';
import { stepsOf } from '../core/rowTrace.js';
import { putStep, sequence } from '../core/tensor.js';
import type { Sequence, SequenceTrace } from '../core/tensor.js';
import type { LayerExperiment } from './experiment.js';
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';

/** A chunk of consecutive steps, `start` counted on the whole time axis. */
export type Chunk = { readonly start: number; readonly steps: number };

/**
 * dhs of a chunk [B,steps,H] in float64, and the chunk's share of the loss (null without one), added to `before`: that
 * of steps of the chunk that come earlier.
 */
function upstreamOf(
  experiment: LayerExperiment,
  chunk: Chunk,
  hs: SequenceTrace,
): { readonly dhs: Sequence; readonly loss: number | null } {
  return finish(upstreamResumably(experiment, chunk, hs));
}

/** The same with a pause after each step that carries a loss. */
export function* upstreamResumably(
  experiment: LayerExperiment,
  { start, steps }: Chunk,
  hs: SequenceTrace,
  before = 0,
): Resumable<{ readonly dhs: Sequence; readonly loss: number | null }> {
  const {
    shapes: { B, T, H },
    upstream,
    loss,
    dtype,
  } = experiment;
  // Nobody writes to what enters, so the values of the whole run need no copy.
  if (loss === null && upstream.kind === 'given' && steps === T)
    return { dhs: { B, T, N: H, data: upstream.dhs }, loss: null };
  const dhs = sequence('float64', B, steps, H);
  if (loss !== null) {
    const S = loss.at === 'every' ? T : 1;
    let value = before;
    const readout = yield* readoutOf(loss, dtype);
    for (let t = 0; t < steps; t++) {
      if (loss.at === 'last' && start + t !== T - 1) continue;
      const step = yield* lossAtStep(loss, readout, hs, t, loss.at === 'every' ? start + t : 0, S);
      value += step.value;
      putStep(dhs, t, step.dh);
      yield (t + 1) / steps;
    }
    return { dhs, loss: value };
  }
  const mover = new Mover();
  for (let b = 0; b < B; b++) {
    if (upstream.kind === 'every') dhs.data.fill(1, b * steps * H, (b + 1) * steps * H);
    if (upstream.kind === 'last') dhs.data.fill(1, ((b + 1) * steps - 1) * H, (b + 1) * steps * H);
    if (upstream.kind === 'given')
      yield* mover.copy(
        upstream.dhs.subarray((b * T + start) * H, (b * T + start + steps) * H),
        dhs.data,
        b * steps * H,
      );
  }
  return { dhs, loss: null };
}

/** Ones at the last step, or at each, of every sequence [B,T,H]: their places say all, so that nothing is held. */
class Ones implements Trace {
  readonly length: number;
  readonly #row: number;
  readonly #from: number;

  constructor(B: number, T: number, H: number, kind: 'last' | 'every') {
    this.length = B * T * H;
    this.#row = T * H;
    this.#from = kind === 'every' ? 0 : (T - 1) * H;
  }

  at(index: number): number | undefined {
    return index < 0 || index >= this.length ? undefined : index % this.#row >= this.#from ? 1 : 0;
  }

  subarray(from: number, to: number): FloatArray {
    const values = new Float64Array(to - from);
    for (let row = Math.floor(from / this.#row) * this.#row; row < to; row += this.#row)
      values.fill(1, Math.max(0, row + this.#from - from), Math.max(0, row + this.#row - from));
    return values;
  }
}

/** `upstreamOf` for who only reads it. */
export function entering(experiment: LayerExperiment, place: Chunk, hs: SequenceTrace): SequenceTrace {
  const {
    shapes: { B, H },
    upstream,
    loss,
  } = experiment;
  const above = experiment.computed?.dhs ?? null;
  if (above !== null) return stepsOf(above, place.steps, (t) => place.start + t);
  if (loss !== null || upstream.kind === 'given') return upstreamOf(experiment, place, hs).dhs;
  return { B, T: place.steps, N: H, data: new Ones(B, place.steps, H, upstream.kind) };
}
