// A layer of LSTM or GRU as its reference classes run it: a cell for each step, so that what each step adds to a
// gradient can be told apart.
import { GruCell, LstmCell } from '../../../src/engine/index.js';
import type { LayerExperiment, Matrix } from '../../../src/engine/index.js';

export const matrixOf = (rows: number, cols: number, data: ArrayLike<number>): Matrix => ({
  rows,
  cols,
  data: Float64Array.from(data),
});

/** Columns from … to − 1 of a matrix [rows,N]. */
const columns = (data: Float64Array, rows: number, N: number, from: number, to: number): Matrix =>
  matrixOf(
    rows,
    to - from,
    Array.from(
      { length: rows * (to - from) },
      (_, i) => data[Math.floor(i / (to - from)) * N + from + (i % (to - from))]!,
    ),
  );

/** Step t of values [B,T,N]. */
export const stepOf = (data: ArrayLike<number>, B: number, T: number, N: number, t: number): Matrix =>
  matrixOf(
    B,
    N,
    Array.from({ length: B * N }, (_, i) => data[(Math.floor(i / N) * T + t) * N + (i % N)]!),
  );

/** What one step sends back and adds: gradients of blocks by parameter and gate, `Wh i`. */
type Back = {
  readonly dhPrev: Matrix;
  readonly dcPrev: Matrix | null;
  readonly dx: Matrix;
  readonly blocks: Readonly<Record<string, Float64Array>>;
};
export type GatedStep = {
  readonly h: Matrix;
  readonly c: Matrix | null;
  readonly back: (dh: Matrix, dc: Matrix) => Back;
};

/** Every step of a layer in one chunk, forward. */
export function gatedSteps(experiment: LayerExperiment): readonly GatedStep[] {
  const {
    cell,
    shapes: { B, T, I, H },
    layers: [{ parameters, initial }],
    chunks: [chunk],
  } = experiment;
  const names = cell === 'lstm' ? (['i', 'f', 'g', 'o'] as const) : (['r', 'z', 'n'] as const);
  const N = names.length * H;
  const block = (parameter: 'Wx' | 'Wh' | 'b' | 'bh', rows: number, g: number): Matrix =>
    columns(parameters[parameter]!, rows, N, g * H, (g + 1) * H);
  let h = matrixOf(B, H, initial.h ?? new Float64Array(B * H));
  let c = matrixOf(B, H, initial['c'] ?? new Float64Array(B * H));
  return Array.from({ length: T }, (_, t): GatedStep => {
    const x = stepOf(chunk!.xs, B, T, I, t);
    if (cell === 'lstm') {
      const weights = Object.fromEntries(
        names.map((gate, g) => [gate, { Wx: block('Wx', I, g), Wh: block('Wh', H, g), b: block('b', 1, g) }]),
      ) as unknown as LstmCell['weights'];
      const own = new LstmCell(weights);
      ({ h, c } = own.forward(x, h, c));
      return {
        h,
        c,
        back: (dh, dc) => {
          const { dhPrev, dcPrev, dx, weights: gradients } = own.backward(dh, dc);
          const blocks = Object.entries(gradients).flatMap(([gate, { Wx, Wh, b }]) =>
            Object.entries({ Wx, Wh, b }).map(
              ([name, { data }]) => [`${name} ${gate}`, Float64Array.from(data)] as const,
            ),
          );
          return { dhPrev, dcPrev, dx, blocks: Object.fromEntries(blocks) };
        },
      };
    }
    const weights = Object.fromEntries(
      names.map((gate, g) => [
        gate,
        { Wx: block('Wx', I, g), Wh: block('Wh', H, g), bx: block('b', 1, g), bh: block('bh', 1, g) },
      ]),
    ) as unknown as GruCell['weights'];
    const own = new GruCell(weights);
    h = own.forward(x, h);
    return {
      h,
      c: null,
      back: (dh) => {
        const { dhPrev, dx, weights: gradients } = own.backward(dh);
        const blocks = Object.entries(gradients).flatMap(([gate, { Wx, Wh, bx, bh }]) =>
          Object.entries({ Wx, Wh, b: bx, bh }).map(
            ([name, { data }]) => [`${name} ${gate}`, Float64Array.from(data)] as const,
          ),
        );
        return { dhPrev, dcPrev: null, dx, blocks: Object.fromEntries(blocks) };
      },
    };
  });
}
