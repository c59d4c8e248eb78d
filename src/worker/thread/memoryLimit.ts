// How much memory a run may take here, and what is told when it needs more.
import { t as say } from '@vscode/l10n';
import type { Problem } from '../../config/index.js';
import {
  asLayer,
  cellOf,
  elementwiseMemoryOf,
  gatedMemoryOf,
  gatedPieceMemoryOf,
  memoryOf,
  plainMemoryOf,
} from '../../engine/index.js';
import type { Experiment, Kernels } from '../../engine/index.js';
import { machineMemory } from './machineMemory.js';

/**
 * Bytes: a run that needs more than `whole` keeps checkpoints instead of its tensors over time, one that needs more
 * than `most` even so is refused.
 */
export type Capacity = { readonly whole: number; readonly most: number };

const gibibyte = 2 ** 30;

/**
 * A quarter of the machine's memory, at most 4 GiB, for a run that is held; half of it for any run. The last run,
 * what-ifs and the editor are there too.
 */
export function capacityHere(): Capacity {
  const there = machineMemory();
  return { whole: Math.min(there / 4, 4 * gibibyte), most: there / 2 };
}

const told = (bytes: number): string =>
  bytes < 0.95 * gibibyte ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / gibibyte).toFixed(1)} GiB`;

function gatedNeed(experiment: Experiment, kernels: Kernels, whole: number): number {
  const held = gatedMemoryOf(experiment, kernels);
  // Where the kernels cannot say, plain arithmetic takes a run over that is held.
  return held <= whole
    ? Math.max(plainMemoryOf(experiment), held)
    : Math.min(held, gatedPieceMemoryOf(experiment, kernels));
}

function neededFor(experiment: Experiment, kernels: Kernels | null, whole: number): number {
  const layer = asLayer(experiment);
  if (kernels !== null && cellOf(experiment.cell).gated !== undefined) return gatedNeed(experiment, kernels, whole);
  if (kernels === null || cellOf(experiment.cell).kernel === null) return plainMemoryOf(experiment);
  if (layer === null) return Math.max(plainMemoryOf(experiment), elementwiseMemoryOf(experiment, kernels));
  const memory = memoryOf(layer, kernels);
  return memory.whole <= whole ? memory.whole : Math.min(memory.whole, memory.pieces);
}

/**
 * Why the run cannot begin: it would not fit even with checkpoints. `file` is the one that was run. Null when it fits.
 */
export function tooLarge(
  experiment: Experiment,
  kernels: Kernels | null,
  { whole, most }: Capacity,
  file: string,
): Problem | null {
  const needed = neededFor(experiment, kernels, whole);
  if (needed <= most) return null;
  const { B, T, I, H } = experiment.shapes;
  const start = { line: 0, character: 0 };
  return {
    file,
    range: { start, end: start },
    path: '',
    severity: 'error',
    code: 'not-enough-memory',
    message: say('This run needs {0} of memory, more than it may take here.', told(needed)),
    expected: say('at most {0}, half of what this machine has', told(most)),
    found: say('{0} with B = {1}, T = {2}, I = {3}, H = {4}', told(needed), B, T, I, H),
    advice: say(
      'Run fewer or shorter sequences, or a smaller hidden size; a list of paths as "sequences" cuts long ones ' +
        'into chunks.',
    ),
  };
}
