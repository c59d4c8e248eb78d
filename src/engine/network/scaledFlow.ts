// The backward pass of one chunk in float64 with its exponents carried: feed it the steps from the last to the first.
import { log10Norm, ScaledRows } from '../core/blockFloat.js';
import type { Aligned } from '../core/blockFloat.js';
import type { FloatArray } from '../core/dtypes.js';
import type { StepJacobian } from './stepJacobian.js';

/**
 * What one step back gave: ds_t [B,S·H], dz_t [B,G·H], what goes on to the states before [B,S·H], and log10 of the norm
 * of each row of ds_t, and of h alone.
 */
export type ScaledStep = {
  readonly g: Aligned;
  readonly dz: Aligned;
  /** dz on the way to x and b, where that is another. */
  readonly dzInput: Aligned;
  readonly dhPrev: Aligned;
  readonly log10Rows: Float64Array;
  readonly log10RowsOfH: Float64Array;
};

export class ScaledFlow {
  readonly #flowing: ScaledRows;
  readonly #gates: ScaledRows;
  readonly #inputGates: ScaledRows;

  constructor(B: number, stateWidth: number, gateWidth: number) {
    this.#flowing = new ScaledRows(B, stateWidth);
    this.#gates = new ScaledRows(B, gateWidth);
    this.#inputGates = new ScaledRows(B, gateWidth);
  }

  /**
   * Adds `dhs`·2^`exponent` [B,H] (null: nothing enters here) to what flows, then goes back through the step of each
   * row.
   */
  step(dhs: FloatArray | null, jacobians: readonly StepJacobian[], exponent = 0): ScaledStep {
    const [flowing, gates] = [this.#flowing, this.#gates];
    if (dhs !== null) flowing.add(dhs, dhs.length / jacobians.length, exponent);
    flowing.normalise();
    const g = flowing.aligned();
    const log10Rows = Float64Array.from(jacobians, (_, b) => log10Norm(flowing.row(b), flowing.exponents[b]!));
    const log10RowsOfH = Float64Array.from(jacobians, ({ H }, b) =>
      log10Norm(flowing.row(b).subarray(0, H), flowing.exponents[b]!),
    );
    gates.exponents.set(flowing.exponents);
    for (const [b, jacobian] of jacobians.entries()) jacobian.toGates(flowing.row(b), gates.row(b));
    gates.normalise();
    const dz = gates.aligned();
    const dzInput = jacobians[0]?.hasAx === true ? this.#throughInput(jacobians) : dz;
    for (const [b, jacobian] of jacobians.entries()) {
      const beside = jacobian.hasD ? new Float64Array(jacobian.width) : null;
      if (beside !== null) jacobian.besideWeights(flowing.row(b), beside);
      const exponent = flowing.exponents[b]!;
      flowing.exponents[b] = gates.exponents[b]!;
      flowing.row(b).fill(0);
      jacobian.throughWeights(gates.row(b), flowing.row(b));
      if (beside !== null) flowing.addRow(b, beside, exponent);
    }
    flowing.normalise();
    return { g, dz, dzInput, dhPrev: flowing.aligned(), log10Rows, log10RowsOfH };
  }

  #throughInput(jacobians: readonly StepJacobian[]): Aligned {
    const [flowing, gates] = [this.#flowing, this.#inputGates];
    gates.exponents.set(flowing.exponents);
    for (const [b, jacobian] of jacobians.entries()) jacobian.toInputGates(flowing.row(b), gates.row(b));
    gates.normalise();
    return gates.aligned();
  }

  /** Nothing flows on from here for one sequence: it has reached its initial states. */
  cutRow(b: number): void {
    this.#flowing.row(b).fill(0);
    this.#flowing.exponents[b] = 0;
  }

  /** Nothing flows on from here: the border of truncated backpropagation. */
  cut(): void {
    this.#flowing.clear();
  }
}
