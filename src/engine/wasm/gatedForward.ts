// Rows of changes of all states of LSTM or GRU, h first, forward through a step: through the weights, and then through
// the gates. ../kernels/gates.ts (`throughGates`) says what the slopes are; back it goes in gatedBack.ts.
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import { ofKind, paddedGates } from './gatedBack.js';
import type { KindsOfSlopes } from './gatedBack.js';
import { flowShapeOf } from './gatedFlowLayout.js';
import { gatedShapeOf } from './gatedLayout.js';
import { panelsOf } from './gatedWeights.js';
import type { GatedShape } from './gatedWeights.js';
import { multiply, throughSlopes } from './gradientRows.js';
import type { PackedRows } from './gradientRows.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { packedBytes, stagingBytes, width } from './packedMatrix.js';
import { packTwice } from './packWeights.js';

export class GatedForward {
  readonly #kernels: Kernels;
  readonly #shape: GatedShape;
  readonly #at: Readonly<Record<keyof ReturnType<typeof GatedForward.sizes>, number>>;
  /** Bytes from one panel of what the weights make of rows to the next. */
  readonly #panel: number;

  /** Buffers that belong into the layout of whoever uses this, for `rows` rows at once. */
  static sizes(experiment: LayerExperiment, rows: number) {
    const { H } = experiment.shapes;
    const columns = panelsOf(flowShapeOf(gatedShapeOf(experiment))).gatePanels * width;
    return {
      forwardStaging: stagingBytes(H, columns),
      forward: packedBytes(H, columns),
      gates: packedBytes(rows, columns),
    };
  }

  static *create(
    kernels: Kernels,
    experiment: LayerExperiment,
    at: Readonly<Record<keyof ReturnType<typeof GatedForward.sizes>, number>>,
    rows: number,
  ): Resumable<GatedForward> {
    const shape = flowShapeOf(gatedShapeOf(experiment));
    const { H, gated } = shape;
    const Wh = paddedGates(shape, experiment.layers[0].parameters.Wh, H, gated.ofState);
    yield 0;
    const to = { at: at.forward, panelBytes: H * rowBytes };
    yield* packTwice(kernels, 'float64', Wh, H, panelsOf(shape).gatePanels * width, at.forwardStaging, to, null);
    return new GatedForward(kernels, shape, at, rows);
  }

  private constructor(
    kernels: Kernels,
    shape: GatedShape,
    at: Readonly<Record<keyof ReturnType<typeof GatedForward.sizes>, number>>,
    rows: number,
  ) {
    this.#kernels = kernels;
    this.#shape = shape;
    this.#at = at;
    this.#panel = rows * rowBytes;
  }

  /** to ← `rows` rows at `from` through a step; each state in whole panels. */
  through(from: PackedRows, rows: number, slopes: KindsOfSlopes, to: PackedRows): void {
    const { H, cell, gated } = this.#shape;
    const { hPanels, gatePanels } = panelsOf(this.#shape);
    const gates = { at: this.#at.gates, panel: this.#panel };
    multiply(this.#kernels, from, [rows, H, gatePanels * width], this.#at.forward, gates);
    const through = (own: PackedRows, kind: number, target: PackedRows, more: boolean): void =>
      throughSlopes(this.#kernels, own, [rows, H], ofKind(slopes, kind), target, more);
    const gate = (q: number): PackedRows => ({ ...gates, at: gates.at + q * hPanels * this.#panel });
    const last = (all: PackedRows): PackedRows => ({
      ...all,
      at: all.at + (cell.states.length - 1) * hPanels * all.panel,
    });
    const hasC = cell.states.length === 2;
    // The last kind is what keeps a state; of LSTM the one before takes dc to dh.
    const keeping = gated.slopes - 1;
    through(last(from), keeping, last(to), false);
    // Of LSTM the output gate alone acts on h beside c.
    const toLast = cell.gates.length - (hasC ? 1 : 0);
    for (let q = 0; q < toLast; q++) through(gate(q), q, last(to), true);
    if (!hasC) return;
    through(gate(toLast), toLast, to, false);
    through(last(to), keeping - 1, to, true);
  }
}
