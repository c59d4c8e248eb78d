// A run with its verdict.
import type { FloatArray, Trace } from '../core/dtypes.js';
import { giveBack } from '../core/bufferPool.js';
import type { RunTensors } from '../network/result.js';
import type { Verdict } from '../verdict/verdict.js';

export type RunResult<States extends Trace = FloatArray, Scaled extends Trace = Float64Array> = RunTensors<
  States,
  Scaled
> & {
  /** t in it is the order in which the layer computes; its reason tells positions in the sequence. */
  readonly verdict: Verdict;
  /** The same with t as positions too, which differ for a reverse direction. */
  readonly positionVerdict: Verdict;
  /**
   * The first step at which more than 1 % of the source arrives, counted from the end as the verdict counts; null where
   * more does everywhere, or nobody can say.
   */
  readonly onePercentAt: number | null;
};

/** A result whose tensors over time are held whole or computed again piece by piece when they are asked for. */
export type AnyRun = RunResult<Trace, Trace>;

/** Gives back the tensors of a run over time; norms and gradients of a small run lie beside them. */
export const release = ({ layers, dxs }: AnyRun): void =>
  giveBack(
    ...layers.flatMap(({ states, dhTotal }) => [...Object.values(states), dhTotal]),
    dxs,
    ...layers.map(({ dhScaled }) => dhScaled),
  );
