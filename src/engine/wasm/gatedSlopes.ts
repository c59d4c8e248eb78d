// Slopes of many steps of a layer of LSTM or GRU at once, with all their digits, for analyses that take gradients of
// their own back through them.
import { cellOf } from '../cells/index.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import type { RunChunk } from '../network/runChunk.js';
import { sharedNumbers } from './abi.js';
import { flowBlockSteps, flowShapeOf } from './gatedFlowLayout.js';
import { gatedShapeOf } from './gatedLayout.js';
import { isHere, packSteps, statesOf } from './gatedSteps.js';
import { gatedWeightSizes, leastStagingOf, packGated, panelsOf } from './gatedWeights.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { panelsOf as hPanelsOf } from './packedMatrix.js';
import { Struct, structBytes } from './struct.js';
import { inParts, task } from './team.js';
import { pauseLimit, ranges } from './workSplit.js';

type Addresses = Readonly<Record<keyof ReturnType<typeof GatedSlopes.sizes>, number>>;

/** Numbers that cross between JavaScript's arrays and the packed layout at once. */
const stagingOf = (experiment: LayerExperiment): number => {
  const { I, H } = experiment.shapes;
  const shape = flowShapeOf(gatedShapeOf(experiment));
  const steps = 1 + flowBlockSteps(gatedShapeOf(experiment));
  return Math.max(leastStagingOf(shape), steps * Math.max(shape.cell.states.length * H, I));
};

/**
 * Slopes of a block of steps in packed layout [kinds][H/8][steps·B][8], of each row (t, b) those that
 * ../kernels/gates.ts makes of its pre-activations.
 */
export class GatedSlopes {
  readonly #kernels: Kernels;
  readonly #experiment: LayerExperiment;
  readonly #at: Addresses;
  /** Steps of a block. */
  readonly steps: number;

  /** Buffers that belong into the layout of whoever uses this. */
  static sizes(experiment: LayerExperiment) {
    const { B } = experiment.shapes;
    const shape = flowShapeOf(gatedShapeOf(experiment));
    const { hPanels, iPanels, gatePanels } = panelsOf(shape);
    const rows = flowBlockSteps(gatedShapeOf(experiment)) * B * rowBytes;
    const states = hPanels * (rows + B * rowBytes);
    return {
      job: structBytes('GatedFlowJob'),
      staging: stagingOf(experiment) * Float64Array.BYTES_PER_ELEMENT,
      ...gatedWeightSizes(shape),
      hs: states,
      cs: shape.cell.states.length === 1 ? 0 : states,
      xs: iPanels * rows,
      z: sharedNumbers.BLOCKS * rows,
      slopes: shape.gated.slopes * hPanels * rows,
      values: gatePanels * rows,
      failed: Int32Array.BYTES_PER_ELEMENT,
    };
  }

  static *create(kernels: Kernels, experiment: LayerExperiment, at: Addresses): Resumable<GatedSlopes> {
    const { layers } = experiment;
    const shape = flowShapeOf(gatedShapeOf(experiment));
    yield* packGated(kernels, shape, layers[0].parameters, at, stagingOf(experiment));
    return new GatedSlopes(kernels, experiment, at);
  }

  private constructor(kernels: Kernels, experiment: LayerExperiment, at: Addresses) {
    const { B, I, H } = experiment.shapes;
    this.#kernels = kernels;
    this.#experiment = experiment;
    this.#at = at;
    this.steps = flowBlockSteps(gatedShapeOf(experiment));
    const { gated } = flowShapeOf(gatedShapeOf(experiment));
    const numbers = { B, I, H, cell: gated.kernel, blockSteps: this.steps };
    new Struct('GatedFlowJob', kernels.memory.buffer, at.job).writeSome({ ...numbers, ...at });
  }

  /** Where the slopes stand; bytes from one panel to the next, and from one kind to the next. */
  get at(): { readonly at: number; readonly panel: number; readonly kind: number } {
    const { B, H } = this.#experiment.shapes;
    const panel = this.steps * B * rowBytes;
    return { at: this.#at.slopes, panel, kind: hPanelsOf(H) * panel };
  }

  /** The states before each step of the block, row (t, b) as that of its slopes, with a step more in each panel. */
  get before(): { readonly at: number; readonly panel: number } {
    return { at: this.#at.hs, panel: (this.steps + 1) * this.#experiment.shapes.B * rowBytes };
  }

  /** The inputs of the block. */
  get inputs(): { readonly at: number; readonly panel: number } {
    return { at: this.#at.xs, panel: this.steps * this.#experiment.shapes.B * rowBytes };
  }

  /** Steps t0 ≤ t < t1 (at most `steps` of them) of a chunk; false where plain arithmetic has to make them. */
  *block(chunk: RunChunk, t0: number, t1: number): Resumable<boolean> {
    const { cell, shapes } = this.#experiment;
    const { B, I, H } = shapes;
    const kernels = this.#kernels;
    const at = this.#at;
    const layout = { blockSteps: this.steps, stagingLength: stagingOf(this.#experiment) };
    const held = isHere(chunk) ? chunk : yield* statesOf(this.#experiment, chunk, t0, t1);
    yield* packSteps(kernels, this.#experiment, at, layout, held, t0, t1);
    const failed = new Int32Array(kernels.memory.buffer, at.failed, 1);
    failed[0] = 0;
    const work = cellOf(cell).gates.length * H * (H + I);
    const limit = pauseLimit('float64', B, false) * (kernels.team?.size ?? 1);
    for (const { first, end } of ranges((t1 - t0) * B, 2 * work, limit)) {
      inParts(kernels, { count: end - first, work }, (r0, r1) =>
        task('gatedFlowSlopes', 'float64', at.job, first + r0, first + r1),
      );
      yield 0;
    }
    return failed[0] === 0;
  }
}
