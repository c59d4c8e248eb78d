// Sources on their way through a layer of a network, all of them together through the kernels.
import { positionOf } from '../analysis/networkAttribution.js';
import type { OnTheWay } from '../analysis/networkAttribution.js';
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import type { Resumable } from '../core/resumable.js';
import { part } from '../core/resumable.js';
import { cutBefore } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { LayerChunks } from '../network/networkSource.js';
import { beginsAt } from '../network/runChunk.js';
import { settleRows } from './gradientRows.js';
import { clearResumably, rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { columnAt, insideRange, layOut, numbersAt, packedBytes } from './packedMatrix.js';
import { elementwiseRows, FlowingRows, gatedRows, isGated, rowColumns, rowsAtOnce } from './rowsBack.js';
import type { RowsPlan } from './rowsBack.js';
import { noMemory } from './workspaces.js';
import { ranges } from './workSplit.js';

const flowSizes = (experiment: LayerExperiment, count: number, atOnce: number) => ({
  g: packedBytes(count, rowColumns(experiment)),
  dx: packedBytes(atOnce, experiment.shapes.I),
  exponents: count * Float64Array.BYTES_PER_ELEMENT,
  squares: count * Float64Array.BYTES_PER_ELEMENT,
});

/** False where a number is not finite or could leave its range; then plain arithmetic has to. */
export function fastThroughLayer(
  kernels: Kernels,
  layer: LayerChunks,
  way: OnTheWay,
): Resumable<boolean | typeof noMemory> {
  const { experiment } = layer;
  const inputs = way.below !== null;
  const atOnce = rowsAtOnce(experiment, way.S * experiment.shapes.B, inputs);
  return isGated(experiment)
    ? goThrough(kernels, layer, way, atOnce, gatedRows(experiment, atOnce, inputs))
    : goThrough(kernels, layer, way, atOnce, elementwiseRows(experiment, atOnce, inputs));
}

function* goThrough<Name extends string>(
  kernels: Kernels,
  { experiment, chunks }: LayerChunks,
  { S, above, from, below, heard }: OnTheWay,
  atOnce: number,
  plan: RowsPlan<Name>,
): Resumable<boolean | typeof noMemory> {
  const { B, T, I, H } = experiment.shapes;
  const { Wx, Wh } = experiment.layers[0].parameters;
  if (!(yield* insideRange(Wx, Wh))) return false;
  const count = S * B;
  const columns = rowColumns(experiment);
  const at = layOut(kernels, { ...plan.sizes, ...flowSizes(experiment, count, atOnce) });
  if (at === null) return noMemory;
  const { exports } = kernels;
  const back = yield* plan.create(kernels, at);
  const flow = new FlowingRows(kernels, at.g, at.exponents, count, columns, H);
  const squares = numbersAt(kernels, at.squares, count);
  const toInput = below === null ? null : { at: at.dx, panel: atOnce * rowBytes };
  const dx = new Float64Array(I);
  const dxNumbers = numbersAt(kernels, at.dx, packedBytes(atOnce, I) / Float64Array.BYTES_PER_ELEMENT);
  const dxColumns = Int32Array.from({ length: I }, (_, i) => columnAt(i, atOnce * rowBytes));
  const clearRow = (row: number): void =>
    exports.clearRow(at.g + row * rowBytes, flow.panelBytes, columns, at.exponents + row * 8);
  const mover = new Mover();
  let done = 0;
  for (const chunk of chunks) {
    yield* part(clearResumably(kernels, at.g, packedBytes(count, columns)), done / T, done / T);
    flow.exponents.fill(-Infinity);
    for (let end = chunk.steps; end > 0; end = Math.max(0, end - back.steps)) {
      const start = Math.max(0, end - back.steps);
      if (!(yield* part(back.block(chunk, start, end), done / T, done / T))) return false;
      for (let step = end - 1; step >= start; step--) {
        const position = positionOf(experiment, chunk, step);
        for (let s = 0; s < S; s++)
          for (let b = 0; b < B; b++) {
            const entering = above.row(s, b, position);
            if (above.rows.isZero(entering)) continue;
            const values = above.rows.row(entering).subarray(from, from + H);
            flow.add(s * B + b, values, above.rows.exponents[entering]!);
            yield* part(mover.count(4 * H), done / T, done / T);
          }
        for (const { first, end: to } of ranges(count, columns, movedAtOnce)) {
          const rows = { at: at.g + first * rowBytes, panel: flow.panelBytes };
          settleRows(kernels, rows, [to - first, columns], at.exponents + first * 8, at.squares + first * 8);
          yield done / T;
        }
        for (let s = 0; s < S; s++) heard(s, position, flow.log10Norm(squares, s * B, B));
        yield* part(back.ready(step - start), done / T, done / T);
        const cut = cutBefore(experiment, chunk, step) || step === 0;
        for (let row = 0; row < count; row += atOnce) {
          const some = Math.min(atOnce, count - row);
          const g = { at: at.g + row * rowBytes, panel: flow.panelBytes };
          back.through(step - start, g, some, row % B, { toInput, cut });
          yield done / T;
          for (let r = 0; below !== null && r < some; r++) {
            const exponent = flow.exponents[row + r]!;
            if (exponent === -Infinity) continue;
            for (let i = 0; i < I; i++) dx[i] = dxNumbers[r * 8 + dxColumns[i]!]!;
            below.rows.add(below.row(Math.floor((row + r) / B), (row + r) % B, position), dx, exponent);
            yield* part(mover.count(4 * I), done / T, done / T);
          }
        }
        for (let row = 0; row < count; row++) if (cut || beginsAt(chunk, row % B, step)) clearRow(row);
        yield ++done / T;
      }
    }
  }
  return true;
}
