// Clipping by the norm of all gradients as one vector (Pascanu et al. 2013, algorithm 1).
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { jointNormResumably, scanned } from '../core/scan.js';

/**
 * Scales the tensors so that the norm of `measured` is at most `bound`; gives the factor. `measured` are the tensors
 * themselves, or others where one counts more than once.
 */
export function* clip(
  tensors: readonly FloatArray[],
  bound: number,
  measured: readonly FloatArray[] = tensors,
): Resumable<number> {
  const total = yield* jointNormResumably(measured);
  const factor = total > bound ? bound / total : 1;
  if (factor < 1) {
    for (const tensor of tensors) {
      for (let from = 0; from < tensor.length; from += scanned) {
        const end = Math.min(tensor.length, from + scanned);
        for (let i = from; i < end; i++) tensor[i] = tensor[i]! * factor;
        if (end < tensor.length) yield 0;
      }
    }
  }
  return factor;
}
