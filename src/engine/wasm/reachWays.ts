// What the reach asks of a layer's cell: all rows of a run to their gates, back to the step before, and into the sums
// of every gradient that it splits. Row (t, b) of what is kept of all steps is row t·B + b.
import { allFinite } from '../core/scan.js';
import type { Resumable } from '../core/resumable.js';
import type { LayerExperiment } from '../network/experiment.js';
import { stateBefore } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { flowShapeOf } from './gatedFlowLayout.js';
import { GatedBack } from './gatedBack.js';
import { gatedShapeOf } from './gatedLayout.js';
import { GatedSlopes } from './gatedSlopes.js';
import { multiply, throughSlopes } from './gradientRows.js';
import type { PackedRows } from './gradientRows.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { numbersAt, packedBytes, packInto, panelsOf, width } from './packedMatrix.js';
import { packTwice } from './packWeights.js';
import { SlopeBlocks } from './slopes.js';

/** Numbers of item b from step `start` on, row-major, into rows of `to` from row `firstRow` on. */
export type PackItem = (
  data: RunChunk['dhs']['data'],
  b: number,
  start: number,
  steps: number,
  to: PackedRows,
) => Resumable<void>;

/** Panels of d that belong to a gradient, from `d` on; `aligned`: an earlier sum has them under its exponent. */
type Part = { readonly panels: number; readonly d: number; readonly aligned: boolean };

/** Σ factorᵀ·d over rows: the gradient of a parameter, gate by gate. */
export type ReachSum = {
  readonly parameter: string;
  /** Packed [panels][rows, made even][8]. */
  readonly at: number;
  readonly rows: number;
  readonly parts: readonly Part[];
  /** The gate of each equal share of its panels; null: there is only one. */
  readonly gates: readonly (string | null)[];
  /** The factors of the rows from this one on. */
  readonly factors: (row: number) => PackedRows;
};

export type ReachWay = {
  readonly sums: readonly ReachSum[];
  /** Bytes from one panel of d to the next. */
  readonly dPanel: number;
  /** Multiplications of a row on its way back. */
  readonly back: number;
  /** d of `some` rows g from row `from` on. */
  toGates(g: PackedRows, from: number, some: number): void;
  /** What d of rows first … end − 1 of them send to the states before, into `to`. */
  onward(first: number, end: number, to: PackedRows): void;
};

/** The same before there is memory for it. */
export type ReachPlan<Name extends string> = {
  readonly sizes: Readonly<Record<Name, number>>;
  /** Null where plain arithmetic has to do it. */
  create(
    kernels: Kernels,
    at: Readonly<Record<Name, number>>,
    chunks: readonly RunChunk[],
    packItem: PackItem,
  ): Resumable<ReachWay | null>;
};

export const evenRows = (rows: number): number => rows + (rows % 2);

/** Bytes of a sum. */
const sumBytes = (rows: number, columns: number): number => packedBytes(evenRows(rows), columns);

type Elementwise = keyof ReturnType<typeof elementwiseSizes>;
function elementwiseSizes(experiment: LayerExperiment, block: number) {
  const { B, T, H } = experiment.shapes;
  return {
    ...SlopeBlocks.sizes(experiment, B),
    transposed: packedBytes(H, H),
    before: packedBytes(T * B, H),
    slopes: packedBytes(T * B, H),
    d: packedBytes(block, H),
    sum: sumBytes(H, H),
  };
}

/** Of cells that are h = f(z): dWh, with at most `block` rows on their way at once. */
export const elementwiseReach = (experiment: LayerExperiment, block: number): ReachPlan<Elementwise> => ({
  sizes: elementwiseSizes(experiment, block),
  *create(kernels, at, chunks, packItem) {
    const { B, T, H } = experiment.shapes;
    const { Wh } = experiment.layers[0].parameters;
    const [panel, dPanel] = [T * B * rowBytes, block * rowBytes];
    yield* packTwice(kernels, 'float64', Wh, H, H, at.slopeStaging, null, at.transposed);
    const blocks = yield* SlopeBlocks.create(kernels, experiment, { first: 0, count: B }, at);
    const before = { at: at.before, panel };
    for (const chunk of chunks) {
      const { start, steps } = chunk;
      for (let t0 = 0; t0 < steps; t0 += blocks.steps) {
        const t1 = Math.min(steps, t0 + blocks.steps);
        const own = yield* blocks.block(chunk, t0, t1);
        if (!(yield* allFinite([own]))) return null;
        const to = at.slopes + (start + t0) * B * rowBytes;
        yield* packInto(kernels, at.slopeStaging, own, (t1 - t0) * B, H, to, panel);
      }
      const initial = stateBefore(chunk, 0).data;
      for (let b = 0; b < B; b++) {
        yield* packItem(initial.subarray(b * H, (b + 1) * H), b, start, 1, before);
        if (steps === 1) continue;
        const states = chunk.hs.data.subarray(b * steps * H, (b * steps + steps - 1) * H);
        yield* packItem(states, b, start + 1, steps - 1, before);
      }
    }
    return {
      sums: [
        {
          parameter: 'Wh',
          at: at.sum,
          rows: H,
          parts: [{ panels: panelsOf(H), d: at.d, aligned: false }],
          gates: [null],
          factors: (row) => ({ at: at.before + row * rowBytes, panel }),
        },
      ],
      dPanel,
      back: H * H,
      toGates(g, from, some) {
        const slopes = { at: at.slopes + from * rowBytes, panel, first: 0, period: some };
        throughSlopes(kernels, g, [some, H], slopes, { at: at.d, panel: dPanel });
      },
      onward: (first, end, to) =>
        multiply(kernels, { at: at.d + first * rowBytes, panel: dPanel }, [end - first, H, H], at.transposed, to),
    };
  },
});

type Gated = keyof ReturnType<typeof gatedSizes>;
function gatedSizes(experiment: LayerExperiment, block: number) {
  const { B, T, I, H } = experiment.shapes;
  const { cell, gated } = flowShapeOf(gatedShapeOf(experiment));
  const columns = panelsOf(H) * width;
  const all = cell.gates.length * columns;
  const count = T * B;
  return {
    ...GatedSlopes.sizes(experiment),
    ...GatedBack.sizes(experiment, block, true),
    allSlopes: packedBytes(count, gated.slopes * columns),
    before: packedBytes(count, H),
    inputs: packedBytes(count, I),
    ones: packedBytes(block, 1),
    dWh: sumBytes(H, all),
    dWx: sumBytes(I, all),
    db: sumBytes(1, all),
    dbh: cell.parameters.some(({ role }) => role === 'other') ? sumBytes(1, all) : 0,
  };
}

/** Of LSTM and GRU: every parameter by gates. */
export const gatedReach = (experiment: LayerExperiment, block: number): ReachPlan<Gated> => ({
  sizes: gatedSizes(experiment, block),
  *create(kernels, at, chunks) {
    const { B, T, I, H } = experiment.shapes;
    const { cell, gated } = flowShapeOf(gatedShapeOf(experiment));
    const hPanels = panelsOf(H);
    const panel = T * B * rowBytes;
    const source = yield* GatedSlopes.create(kernels, experiment, at);
    const back = yield* GatedBack.create(kernels, experiment, at, block, true);
    const copy = (from: PackedRows, panels: number, rows: number, to: number): void => {
      const numbers = numbersAt(kernels, 0, kernels.memory.buffer.byteLength / Float64Array.BYTES_PER_ELEMENT);
      for (let n = 0; n < panels; n++) {
        const own = (from.at + n * from.panel) / Float64Array.BYTES_PER_ELEMENT;
        numbers.copyWithin((to + n * panel) / Float64Array.BYTES_PER_ELEMENT, own, own + rows * width);
      }
    };
    for (const chunk of chunks)
      for (let t0 = 0; t0 < chunk.steps; t0 += source.steps) {
        const t1 = Math.min(chunk.steps, t0 + source.steps);
        if (!(yield* source.block(chunk, t0, t1))) return null;
        const [row, rows] = [(chunk.start + t0) * B * rowBytes, (t1 - t0) * B];
        copy(source.at, gated.slopes * hPanels, rows, at.allSlopes + row);
        copy(source.before, hPanels, rows, at.before + row);
        copy(source.inputs, panelsOf(I), rows, at.inputs + row);
        yield 0;
      }
    kernels.exports.clear(at.ones, block * rowBytes);
    kernels.exports.fill64(1, 1, at.ones, block * rowBytes, block);

    const gates = cell.gates.length;
    const ofGate = hPanels * back.panel;
    const state = { d: at.d, panels: gates * hPanels };
    const stateGates = gated.ofState.map((gate) => cell.gates[gate]!);
    // What meets the input lies some blocks further; those that meet the state too are aligned with it by then.
    const own = gated.firstOfInput;
    const input = [
      { d: at.d + own * ofGate, panels: (gates - own) * hPanels, aligned: true },
      { d: at.d + gates * ofGate, panels: own * hPanels, aligned: false },
    ].filter(({ panels }) => panels > 0);
    const aligned = (parts: readonly Part[]): Part[] => parts.map((part) => ({ ...part, aligned: true }));
    const ones = (): PackedRows => ({ at: at.ones, panel: block * rowBytes });
    const sums: ReachSum[] = [
      {
        parameter: 'Wh',
        at: at.dWh,
        rows: H,
        parts: [{ ...state, aligned: false }],
        gates: stateGates,
        factors: (row) => ({ at: at.before + row * rowBytes, panel }),
      },
      {
        parameter: 'Wx',
        at: at.dWx,
        rows: I,
        parts: input,
        gates: cell.gates,
        factors: (row) => ({ at: at.inputs + row * rowBytes, panel }),
      },
      { parameter: 'b', at: at.db, rows: 1, parts: aligned(input), gates: cell.gates, factors: ones },
      ...cell.parameters
        .filter(({ role }) => role === 'other')
        .map(({ name }) => ({
          parameter: name,
          at: at.dbh,
          rows: 1,
          parts: [{ ...state, aligned: true }],
          gates: stateGates,
          factors: ones,
        })),
    ];
    const kind = hPanels * panel;
    return {
      sums,
      dPanel: back.panel,
      back: gates * H * H,
      toGates(g, from, some) {
        const slopes = { at: at.allSlopes + from * rowBytes, panel, kind, first: 0, period: some };
        back.toGates(g, some, slopes);
      },
      onward: (first, end, to) => back.onward(first, to, end - first),
    };
  },
});
