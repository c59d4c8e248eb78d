// Clipping by the norm of all gradients as one vector (Pascanu et al. 2013, algorithm 1).
import type { ByParameter } from '../cells/cell.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { jointNormResumably, scanned } from '../core/scan.js';
import { biasesOfLayer } from '../network/experiment.js';
import type { Experiment, LayerSpec } from '../network/experiment.js';
import type { NetworkLoss } from '../network/networkLoss.js';

type Trained = {
  readonly spec: Pick<LayerSpec, 'parameters' | 'biases'>;
  readonly gradients: ByParameter<FloatArray>;
};

/** The gradients of what a framework trains: of a sum of two biases each one's, none of a bias that is not stored. */
function trainedGradients({ spec, gradients: { b, bh, ...others } }: Trained): FloatArray[] {
  const { input, state } = biasesOfLayer(spec).stored;
  return [...Object.values(others), ...(input ? [b] : []), ...(state ? [bh ?? b] : [])];
}

/**
 * Scales the gradients of layers and readout so that the norm of all that are trained is at most `bound`; gives the
 * factor.
 */
export function* clip(
  layers: readonly Trained[],
  { loss }: Pick<Experiment, 'loss'>,
  found: NetworkLoss | null,
  bound: number,
): Resumable<number> {
  const readout = found === null ? [] : [found.readout.weight, found.readout.bias];
  const trained = loss?.withoutBias === true ? readout.slice(0, 1) : readout;
  const total = yield* jointNormResumably([...layers.flatMap(trainedGradients), ...trained]);
  const factor = total > bound ? bound / total : 1;
  if (factor < 1) {
    for (const tensor of [...layers.flatMap(({ gradients }) => Object.values(gradients)), ...readout]) {
      for (let from = 0; from < tensor.length; from += scanned) {
        const end = Math.min(tensor.length, from + scanned);
        for (let i = from; i < end; i++) tensor[i] = tensor[i]! * factor;
        if (end < tensor.length) yield 0;
      }
    }
  }
  return factor;
}
