// Lyapunov exponents by their definition, with integers of any length: QR step by step from Q = I has in all the
// diagonal of the R of the whole product, and R_ii² is the quotient of two leading minors of its Gram matrix. No step
// of it looks like what the engine does.
import type { AnyRun, LayerExperiment } from '../../../src/engine/index.js';

/** m·2^e with `bits` bits of m at most. */
type Long = { readonly m: bigint; readonly e: number };

const bits = 60_000;
const zero: Long = { m: 0n, e: 0 };

const lengthOf = (m: bigint): number => (m === 0n ? 0 : (m < 0n ? -m : m).toString(16).length * 4);

function shortened({ m, e }: Long): Long {
  const extra = lengthOf(m) - bits;
  return extra > 0 ? { m: m >> BigInt(extra), e: e + extra } : { m, e };
}

const times = (a: Long, b: Long): Long => shortened({ m: a.m * b.m, e: a.e + b.e });

function plus(a: Long, b: Long, sign = 1n): Long {
  if (a.m === 0n) return { m: sign * b.m, e: b.e };
  if (b.m === 0n) return a;
  const e = Math.min(a.e, b.e);
  return shortened({ m: (a.m << BigInt(a.e - e)) + sign * (b.m << BigInt(b.e - e)), e });
}

const over = (a: Long, b: Long): Long => shortened({ m: (a.m << BigInt(bits)) / b.m, e: a.e - b.e - bits });

/** A float64 as it is. */
function exactly(value: number): Long {
  if (value === 0) return zero;
  const e = Math.max(-1074, Math.floor(Math.log2(Math.abs(value))) - 54);
  return { m: BigInt(value / 2 ** (e < -1000 ? -1000 : e) / 2 ** (e < -1000 ? e + 1000 : 0)), e };
}

/** e^x, with the digits of a float64. */
function powerOfE(x: number): Long {
  if (x === -Infinity) return zero;
  const n = Math.floor(x / Math.LN2);
  const { m, e } = exactly(Math.exp(x - n * Math.LN2));
  return { m, e: e + n };
}

function lnOf({ m, e }: Long): number {
  const drop = Math.max(0, lengthOf(m) - 60);
  return Math.log(Number(m >> BigInt(drop))) + (e + drop) * Math.LN2;
}

/** ln f'(z_t) of batch item 0 at every step [T][H], from the run's own states. */
export function lnSlopesOf(
  {
    cell,
    shapes: { T, I, H },
    layers: [
      {
        parameters: { Wx, Wh, b },
        initial: { h: h0 },
      },
    ],
    chunks,
    stateful,
  }: LayerExperiment,
  {
    layers: [
      {
        states: { h: hs },
      },
    ],
  }: AnyRun,
): number[][] {
  let t = 0;
  return chunks
    .flatMap(({ steps, xs }) =>
      Array.from({ length: steps }, (_, step) => {
        const own = Array.from({ length: H }, (__, j) => {
          let z = b[j]!;
          for (let i = 0; i < I; i++) z += xs[step * I + i]! * Wx[i * H + j]!;
          for (let k = 0; k < H; k++)
            z += (step > 0 || (stateful && t > 0) ? hs.at((t - 1) * H + k)! : (h0?.[k] ?? 0)) * Wh[k * H + j]!;
          if (cell === 'relu') return z > 0 ? 0 : -Infinity;
          return cell === 'identity' ? 0 : 2 * (Math.LN2 - Math.abs(z) - Math.log1p(Math.exp(-2 * Math.abs(z))));
        });
        t++;
        return own;
      }),
    )
    .slice(0, T);
}

/** Descending; −Infinity for what is lost. One chunk, H and T small. */
export function exactExponents(experiment: LayerExperiment, result: AnyRun): number[] {
  const { H, T } = experiment.shapes;
  const { Wh } = experiment.layers[0].parameters;
  const W = Array.from(Wh, exactly);
  // Column i of the product so far.
  let columns = Array.from({ length: H }, (_, i) =>
    Array.from({ length: H }, (__, j) => (i === j ? exactly(1) : zero)),
  );
  for (const slopes of lnSlopesOf(experiment, result)) {
    const s = slopes.map(powerOfE);
    columns = columns.map((v) =>
      s.map((slope, j) =>
        times(
          slope,
          v.reduce((sum, value, k) => plus(sum, times(value, W[k * H + j]!)), zero),
        ),
      ),
    );
  }
  return gramPivots(columns)
    .map((pivot) => (pivot === null ? -Infinity : lnOf(pivot) / 2 / T))
    .sort((a, b) => b - a);
}

/** R_ii² of the columns; null where a column depends on those before it. */
function gramPivots(columns: readonly (readonly Long[])[]): (Long | null)[] {
  const G = columns.map((a) => columns.map((b) => a.reduce((sum, value, i) => plus(sum, times(value, b[i]!)), zero)));
  return G.map((row, k) => {
    const pivot = row[k]!;
    const whole = columns[k]!.reduce((sum, value) => plus(sum, times(value, value)), zero);
    // What is left of a dependent column is the rounding of `bits` digits.
    if (pivot.m <= 0n || lnOf(pivot) - lnOf(whole) < -0.4 * bits * Math.LN2) {
      for (let i = k; i < G.length; i++) G[i]![k] = zero;
      return null;
    }
    for (let i = k + 1; i < G.length; i++) {
      const factor = over(G[i]![k]!, pivot);
      for (let j = k + 1; j < G.length; j++) G[i]![j] = plus(G[i]![j]!, times(factor, row[j]!), -1n);
    }
    return pivot;
  });
}
