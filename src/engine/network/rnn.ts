import { finish } from '../core/resumable.js';
import { accumulate, cast, dtypeOf, matrix, putStep, rowOf, sequence, takeStep } from '../core/tensor.js';
import type { Matrix, Sequence } from '../core/tensor.js';
import type { DType } from '../core/dtypes.js';
import type { Span } from './experiment.js';
import type { Resumable } from '../core/resumable.js';
import { mapParameters } from '../cells/cell.js';
import { emptyGradients, RnnUnit, stateWidth } from './rnnUnit.js';
import type { Gradients, Parameters } from './rnnUnit.js';

/**
 * What backward knows at step t. `unit` holds the contribution of this step alone; it is overwritten at the next step.
 */
export type BackwardVisit = {
  readonly t: number;
  /** The total gradient of the states [B,S·H], h first. */
  readonly ds: Matrix;
  readonly dx: Matrix;
  readonly unit: Gradients;
  /** ∂L/∂c_t over all paths [B,H], of a cell with a second state. */
  readonly overAllPaths: () => Matrix;
};

export type BackwardOptions = {
  /** Truncated backpropagation: whether what flows from step t to the step before is set to zero. */
  readonly isCut?: (t: number) => boolean;
  readonly visit?: (step: BackwardVisit) => void;
};

/**
 * A recurrent layer over time: T steps that share one set of weights (Elman 1990), trained by backpropagation through
 * time (Werbos 1990). States are [B,S·H], h first; most cells have h alone. float32 unless asked otherwise. Everything
 * else in this room is held against these two classes.
 */
export class Rnn {
  /** Sum over all timesteps of the last `backward`, because every timestep shares the weights. */
  gradients: Gradients;
  /** [B,S·H]: what the last `backward` sent into the state before the first step; null before that. */
  dh: Matrix | null = null;
  stateful: boolean;
  readonly parameters: Parameters;
  #units: RnnUnit[] = [];
  #h: Matrix | null = null;
  #spans: readonly Span[] | null = null;

  constructor(
    parameters: Parameters,
    { stateful = false, dtype = 'float32' }: { readonly stateful?: boolean; readonly dtype?: DType } = {},
  ) {
    const weights = mapParameters(parameters.weights, (values) => cast(dtype, values));
    this.parameters = { ...parameters, weights };
    this.gradients = emptyGradients(this.parameters);
    this.stateful = stateful;
  }

  /**
   * The state that a stateful layer starts its next call from [B,S·H]; without `stateful` every call starts from zeros.
   */
  setState(h: Matrix): void {
    this.#h = { ...h, data: cast(this.#dtype, h.data) };
  }

  resetState(): void {
    this.#h = null;
  }

  /** xs [B,T,I] → the states of every step [B,T,S·H]. */
  forward(xs: Sequence): Sequence {
    return finish(this.forwardResumably(xs));
  }

  /**
   * dhs [B,T,H], the upstream gradient of every h_t → dxs [B,T,I]. @throws when `forward` has not been called on as
   * many steps
   */
  backward(dhs: Sequence, options: BackwardOptions = {}): Sequence {
    return finish(this.backwardResumably(dhs, options));
  }

  /**
   * `forward`, with a pause after each timestep. Outside of its span a sequence gives zeros: its state waits before it.
   */
  *forwardResumably(xs: Sequence, spans: readonly Span[] | null = null): Resumable<Sequence> {
    const { B, T } = xs;
    const width = stateWidth(this.parameters);
    const inputs = { ...xs, data: cast(this.#dtype, xs.data) };
    const states = sequence(this.#dtype, B, T, width);
    // One place for the gradients of all units: T copies of dWh would be the largest thing in memory.
    const shared = emptyGradients(this.parameters);
    this.#units = Array.from({ length: T }, () => new RnnUnit(this.parameters, shared));
    this.#spans = spans;
    let h = (this.stateful ? this.#h : null) ?? matrix(this.#dtype, B, width);
    for (const [t, unit] of this.#units.entries()) {
      const before = h;
      h = unit.forward(takeStep(inputs, t), before);
      for (const [b, { from, to }] of spans?.entries() ?? []) {
        if (t < from) rowOf(h, b).data.set(rowOf(before, b).data);
        if (t >= to) rowOf(h, b).data.fill(0);
      }
      putStep(states, t, spans === null ? h : told(h, t, spans));
      yield (t + 1) / T;
    }
    this.#h = h;
    return states;
  }

  /** `backward`, with a pause after each timestep. */
  *backwardResumably(dhs: Sequence, { isCut = () => false, visit }: BackwardOptions): Resumable<Sequence> {
    const { B, T } = dhs;
    if (T !== this.#units.length)
      throw new Error(`Rnn.backward got ${T} steps, but the last forward ran ${this.#units.length}.`);
    const { I } = this.parameters;
    const width = stateWidth(this.parameters);
    const upstream = { ...dhs, data: cast(this.#dtype, dhs.data) };
    const dxs = sequence(this.#dtype, B, T, I);
    this.gradients = emptyGradients(this.parameters);
    let dhNext = matrix(this.#dtype, B, width);
    // A sequence that begins later has reached its initial states before the others.
    const dInitial = matrix(this.#dtype, B, width);
    for (let t = T - 1; t >= 0; t--) {
      // h_t went to two places, up and on to the next step: their gradients add.
      const ds = entering(takeStep(upstream, t), width);
      accumulate(ds.data, dhNext.data);
      const unit = this.#units[t]!;
      const { dx, dhPrev } = unit.backward(ds);
      putStep(dxs, t, dx);
      for (const [name, values] of Object.entries(unit.gradients)) accumulate(this.gradients[name]!, values);
      visit?.({ t, ds, dx, unit: unit.gradients, overAllPaths: () => unit.overAllPaths(ds) });
      dhNext = isCut(t) ? matrix(this.#dtype, B, width) : dhPrev;
      for (const [b, { from }] of this.#spans?.entries() ?? []) {
        if (t !== from || t === 0) continue;
        const [row, first] = [rowOf(dhNext, b).data, rowOf(dInitial, b).data];
        first.set(rowOf(dhPrev, b).data);
        row.fill(0);
      }
      yield (T - t) / T;
    }
    accumulate(dInitial.data, dhNext.data);
    this.dh = dInitial;
    return dxs;
  }

  get #dtype(): DType {
    return dtypeOf(this.parameters.weights.Wh);
  }
}

/** States [B,S·H] without those that wait for their sequence to begin. */
function told(states: Matrix, t: number, spans: readonly Span[]): Matrix {
  const out = { ...states, data: states.data.slice() };
  for (const [b, { from }] of spans.entries()) if (t < from) rowOf(out, b).data.fill(0);
  return out;
}

/** What enters h [B,H], as a gradient of all states [B,S·H]. */
function entering(dh: Matrix, width: number): Matrix {
  if (width === dh.cols) return dh;
  const ds = matrix(dtypeOf(dh.data), dh.rows, width);
  for (let b = 0; b < dh.rows; b++) rowOf(ds, b).data.set(rowOf(dh, b).data);
  return ds;
}
