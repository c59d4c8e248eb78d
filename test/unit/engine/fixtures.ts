// The stored reference cases (test/fixtures/reference/README.md) as experiments, and how far a result is from them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cellOf, mapParameters } from '../../../src/engine/index.js';
import type {
  ByParameter,
  CellName,
  DType,
  LayerExperiment,
  FloatArray,
  LayerUpstream,
} from '../../../src/engine/index.js';
import { nested } from './build.js';

type Nested = readonly (number | Nested)[];
type Nullable = readonly (number | null)[];

export type Reference = {
  readonly name: string;
  readonly cell: CellName;
  readonly shapes: { readonly B: number; readonly T: number; readonly I: number; readonly H: number };
  readonly tolerance: number;
  /** By the names of the cell's parameters, as their gradients below: `dWx`, and `d` with any other name. */
  readonly weights: ByParameter<Nested>;
  readonly xs: Nested;
  readonly h0: Nested | null;
  readonly dhs: Nested;
  readonly stateful?: { readonly h0: Nested | null; readonly chunk1: { readonly xs: Nested; readonly hs: Nested } };
  readonly expected: {
    readonly hs: Nested;
    readonly dhTotal: Nested;
    readonly dxs: Nested;
    readonly dWx: Nested;
    readonly dWh: Nested;
    readonly db: Nested;
    readonly dh0: Nested;
    readonly [gradient: `d${string}`]: Nested;
    readonly norms: {
      readonly dh: readonly number[];
      readonly dx: readonly number[];
      readonly [gradient: `d${string}`]: readonly number[];
      readonly log10dh: Nullable;
    };
    readonly float32?: { readonly dh: readonly number[]; readonly lastZeroStep: number };
    readonly spectrum: {
      readonly spectralRadiusWh: number;
      readonly sigmaMaxWh: number;
      readonly eigenvaluesWh: readonly (readonly [number, number])[];
      readonly jacobianSigmaMax: readonly number[];
      readonly lyapunov: Nullable | null;
      readonly logProductSigmaMax: number | null;
    };
  };
  readonly measuredFloat32Error: Readonly<Record<'hs' | 'dxs' | 'dWx' | 'dWh' | 'db', number>>;
};

export const fixturesAt = (...names: string[]): string => path.join(process.cwd(), 'test', 'fixtures', ...names);

export const readJson = (...names: string[]): unknown => JSON.parse(readFileSync(fixturesAt(...names), 'utf8'));

export const referenceNames = (): string[] =>
  readdirSync(fixturesAt('reference'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort();

export const reference = (name: string): Reference => readJson('reference', `${name}.json`) as Reference;

/** Those of cells that only plain arithmetic runs, or the others. */
export const isPlain = (name: string): boolean => cellOf(reference(name).cell).kernel === null;

export const flat = (nested: Nested): Float64Array =>
  Float64Array.from((nested as readonly unknown[]).flat(Infinity) as number[]);

export function experimentOf(
  ref: Reference,
  dtype: DType,
  upstream: LayerUpstream = { kind: 'given', dhs: flat(ref.dhs) },
): LayerExperiment {
  return nested({
    name: ref.name,
    cell: ref.cell,
    dtype,
    shapes: ref.shapes,
    weights: mapParameters(ref.weights, (values) => flat(values)),
    chunks: [{ steps: ref.shapes.T, xs: flat(ref.xs) }],
    h0: ref.h0 === null ? null : flat(ref.h0),
    stateful: false,
    upstream,
    loss: null,
    clipNorm: null,
    truncate: null,
  });
}

/**
 * Largest difference relative to the expected tensor's largest magnitude; absolute where that is zero. NaN counts as
 * infinitely far.
 */
export function relativeError(actual: FloatArray, expected: FloatArray): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    difference = Math.max(difference, Number.isNaN(d) ? Infinity : d);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return largest === 0 ? difference : difference / largest;
}

/** Largest relative difference, each number against itself; below 1e-290 absolute. */
export function worstOfEach(actual: FloatArray, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!) / Math.max(Math.abs(expected[i]!), 1e-290);
    worst = Math.max(worst, Number.isNaN(d) ? Infinity : d);
  }
  return worst;
}
