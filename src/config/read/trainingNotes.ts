// What a training script leaves beside the weights: how far it was, and its loss.
import type { Value } from '../json/jsonValue.js';

export type TrainingNotes = {
  readonly step: number | null;
  readonly epoch: number | null;
  readonly loss: number | null;
};

/** Under which names scripts and frameworks keep them, the first that is there counts. */
const names: Readonly<Record<keyof TrainingNotes, readonly string[]>> = {
  step: ['step', 'global_step', 'iteration', 'iter'],
  epoch: ['epoch'],
  loss: ['loss', 'train_loss'],
};

/** A number, or an array of one; what is anything else is the weights' own affair. */
function numberAt(root: Value, key: string): number | null {
  const node = root.node.kind === 'object' ? root.get(key)?.node : undefined;
  const found =
    node?.kind === 'number'
      ? node.value
      : node?.kind === 'tensor' && node.shape.every((length) => length === 1)
        ? node.data[0]
        : root.document.notes?.get(key);
  return found !== undefined && Number.isFinite(found) ? found : null;
}

/** Of the root of a weights file, or of the object of weights in a config. Null where there is nothing of it. */
export function trainingNotes(root: Value): TrainingNotes | null {
  const first = (keys: readonly string[]): number | null =>
    keys.map((key) => numberAt(root, key)).find((value) => value !== null) ?? null;
  const notes = { step: first(names.step), epoch: first(names.epoch), loss: first(names.loss) };
  return Object.values(notes).every((value) => value === null) ? null : notes;
}
