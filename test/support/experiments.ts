// Configs that page tests run: the reference cases and the weather network, everything inline.
import { readFileSync } from 'node:fs';

export const readFixture = (file: string): unknown => JSON.parse(readFileSync(`test/fixtures/${file}`, 'utf8'));

export type ReferenceCase = {
  readonly name: string;
  readonly cell: string;
  readonly shapes: { readonly B: number; readonly T: number; readonly I: number; readonly H: number };
  readonly weights: unknown;
  readonly xs: number[][][];
  readonly h0: number[][] | null;
  readonly dhs: number[][][];
  readonly expected: {
    readonly hs: number[][][];
    readonly dhTotal: number[][][];
    readonly norms: {
      readonly dh: number[];
      readonly dx: number[];
      readonly dWx: number[];
      readonly dWh: number[];
      readonly db: number[];
      readonly log10dh: (number | null)[];
    };
    readonly spectrum: {
      readonly spectralRadiusWh: number;
      readonly sigmaMaxWh: number;
      readonly jacobianSigmaMax: number[];
      readonly lyapunov: (number | null)[] | null;
      readonly eigenvaluesWh: (readonly [number, number])[];
    };
  };
};

export const referenceCase = (name: string): ReferenceCase => readFixture(`reference/${name}.json`) as ReferenceCase;

export const configOf = (
  { name, cell, weights, xs, h0, dhs }: ReferenceCase,
  more: Record<string, unknown> = {},
): string =>
  JSON.stringify({
    name,
    cell,
    dtype: 'float64',
    weights,
    sequences: xs,
    initialState: h0,
    upstreamGradient: dhs,
    ...more,
  });

/** A reference case of a network as a config with everything inline. */
export function networkConfigOf(reference: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const keys = ['name', 'cell', 'weights', 'sequences', 'initialState', 'upstreamGradient', 'loss', 'truncate', 'clip'];
  const given = Object.entries(reference).filter(([key, value]) => keys.includes(key) && value !== null);
  return { dtype: 'float64', ...Object.fromEntries(given) };
}

/** The trained network on real weather: B 4, T 100, I 4, H 32. */
export const weatherConfig = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    name: 'tanh RNN on daily weather',
    dtype: 'float32',
    weights: readFixture('weather/weights.json'),
    sequences: readFixture('weather/sequences.json'),
    upstreamGradient: readFixture('weather/dhs.json'),
    ...more,
  });

/**
 * A ring of H units without input whose recurrent weights scale by `rho` and turn by one unit: the norm changes by ρ on
 * each step while h stays small.
 */
export function ringConfig(rho: number, H: number, T: number, more: Record<string, unknown> = {}): string {
  const Wh = Array.from({ length: H }, (_, i) => Array.from({ length: H }, (__, j) => (j === (i + 1) % H ? rho : 0)));
  const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);
  return JSON.stringify({
    name: `ring ${rho}`,
    cell: 'tanh',
    dtype: 'float32',
    weights: { Wx: [zeros(H)], Wh, b: [zeros(H)] },
    sequences: [Array.from({ length: T }, () => [0])],
    ...more,
  });
}

/**
 * Wh doubles and moves every unit to the next, and forgets the last: all eigenvalues are 0, and the gradient doubles on
 * every step until it has left the chain.
 */
export function shiftConfig(H: number, T: number, more: Record<string, unknown> = {}): string {
  const Wh = Array.from({ length: H }, (_, i) => Array.from({ length: H }, (__, j) => (j === i + 1 ? 2 : 0)));
  const zeros = Array.from({ length: H }, () => 0);
  return JSON.stringify({
    name: 'shift',
    cell: 'tanh',
    dtype: 'float64',
    weights: { Wx: [zeros], Wh, b: [zeros] },
    sequences: [Array.from({ length: T }, () => [0])],
    ...more,
  });
}

/** A question that a thread answers without reading anything. */
export const newConfig = {
  name: 'x',
  source: {
    kind: 'files',
    cell: 'tanh',
    weights: { file: 'w.json', name: null },
    sequences: { kind: 'file', place: { file: 'x.json', name: null } },
    initialState: null,
    above: { kind: 'ones', at: 'last' },
  },
} as const;
