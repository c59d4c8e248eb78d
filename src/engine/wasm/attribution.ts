// All losses on their way back together through the kernels: one product of matrices a step, which grows by a row for
// every loss it passes.
import type { RunChunk } from '../network/runChunk.js';
import type { Attribution } from '../analysis/attribution.js';
import { beginsAt, enteringReady, enteringRow } from '../network/runChunk.js';
import { cutBefore } from '../network/chunks.js';
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import { sequenceFinite } from '../core/scan.js';
import { part } from '../core/resumable.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import type { Kernels } from './instance.js';
import { clearResumably, rowBytes } from './instance.js';
import { insideRange, layOut, numbersAt, packedBytes } from './packedMatrix.js';
import { ranges } from './workSplit.js';
import { elementwiseRows, FlowingRows, gatedRows, isGated, rowColumns, rowsAtOnce } from './rowsBack.js';
import type { RowsPlan } from './rowsBack.js';
import { settleRows } from './gradientRows.js';
import { noMemory } from './workspaces.js';

/** Rows on their way, and those that are taken back at once. */
function rowsFor(experiment: LayerExperiment, S: number): { readonly count: number; readonly atOnce: number } {
  const count = Math.max(1, S * experiment.shapes.B);
  return { count, atOnce: rowsAtOnce(experiment, count) };
}

const flowSizes = (experiment: LayerExperiment, S: number) => {
  const { count } = rowsFor(experiment, S);
  return { g: packedBytes(count, rowColumns(experiment)), exponents: count * 8, squares: count * 8 };
};

/** Buffers of an attribution to S sources. */
export function attributionSizes(experiment: LayerExperiment, S: number): Readonly<Record<string, number>> {
  const { atOnce } = rowsFor(experiment, S);
  const { sizes } = (isGated(experiment) ? gatedRows : elementwiseRows)(experiment, atOnce);
  return { ...sizes, ...flowSizes(experiment, S) };
}

/** Null when a number is not finite or could leave its range; then plain arithmetic has to. */
export function fastAttribution(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  attribution: Attribution,
): Resumable<Attribution | typeof noMemory | null> {
  const { atOnce } = rowsFor(experiment, attribution.sources.length);
  return isGated(experiment)
    ? attributed(kernels, experiment, chunks, attribution, gatedRows(experiment, atOnce))
    : attributed(kernels, experiment, chunks, attribution, elementwiseRows(experiment, atOnce));
}

function* attributed<Name extends string>(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  attribution: Attribution,
  plan: RowsPlan<Name>,
): Resumable<Attribution | typeof noMemory | null> {
  const { sources, t: rows, log10 } = attribution;
  const {
    shapes: { B, T, H },
    layers: [
      {
        parameters: { Wx, Wh },
      },
    ],
  } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const S = sources.length;
  const { count, atOnce } = rowsFor(experiment, S);
  const columns = rowColumns(experiment);
  const at = layOut(kernels, { ...plan.sizes, ...flowSizes(experiment, S) });
  if (at === null) return noMemory;
  const { exports } = kernels;
  yield* clearResumably(kernels, at.g, packedBytes(count, columns));
  const back = yield* plan.create(kernels, at);
  const flow = new FlowingRows(kernels, at.g, at.exponents, count, columns, H);
  const squares = numbersAt(kernels, at.squares, count);
  flow.exponents.fill(-Infinity);
  const mover = new Mover();
  let row = rows.length - 1;
  // The latest source has the first rows, so that those under way stand together.
  let last = S;
  for (const chunk of [...chunks].reverse()) {
    if (!(yield* sequenceFinite(chunk.dhs))) return null;
    const firstRow = (S - last) * B;
    let first = last;
    for (let end = chunk.steps; end > 0; end = Math.max(0, end - back.steps)) {
      const start = Math.max(0, end - back.steps);
      if (!(yield* back.block(chunk, start, end))) return null;
      for (let step = end - 1; step >= start; step--) {
        const t = chunk.start + step;
        while (first > 0 && sources[first - 1]!.to >= t && sources[first - 1]!.from >= chunk.start) first--;
        const entered = first < last && sources[first]!.from <= t ? first : -1;
        if (entered >= 0) yield* enteringReady(chunk, step);
        for (let b = 0; b < B && entered >= 0; b++) {
          const { values, exponent } = enteringRow(chunk, b, step);
          flow.add((S - 1 - entered) * B + b, values, exponent);
          yield* mover.count(4 * H);
        }
        const under = (last - first) * B;
        for (const { first: from, end: to } of ranges(under, columns, movedAtOnce)) {
          const place = firstRow + from;
          settleRows(
            kernels,
            { at: at.g + place * rowBytes, panel: flow.panelBytes },
            [to - from, columns],
            at.exponents + place * 8,
            at.squares + place * 8,
          );
          if (to < under) yield (T - 1 - t) / T;
        }
        if (rows[row] === t) {
          log10.fill(-Infinity, row * S, (row + 1) * S);
          for (let s = first; s < last; s++) log10[row * S + s] = flow.log10Norm(squares, (S - 1 - s) * B, B);
          row--;
        }
        const isCut = cutBefore(experiment, chunk, step);
        for (let i = firstRow; i < firstRow + under; i++)
          if (isCut || (chunk.spans !== undefined && beginsAt(chunk, i % B, step)))
            exports.clearRow(at.g + i * rowBytes, flow.panelBytes, columns, at.exponents + i * 8);
        if (isCut) {
          yield (T - t) / T;
          continue;
        }
        yield* part(back.ready(step - start), (T - 1 - t) / T, (T - 1 - t) / T);
        for (let from = 0; from < under; from += atOnce) {
          const g = { at: at.g + (firstRow + from) * rowBytes, panel: flow.panelBytes };
          back.through(step - start, g, Math.min(atOnce, under - from), from % B);
          yield (T - 1 - t) / T;
        }
        if (under === 0) yield (T - t) / T;
      }
    }
    last = first;
  }
  return attribution;
}
