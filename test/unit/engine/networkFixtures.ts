// The stored reference cases of networks (test/fixtures/reference/networks/README.md, and the gated ones of
// test/fixtures/reference/README.md) as experiments: read here by hand, so that the engine is held against the files
// alone.
import { readdirSync } from 'node:fs';
import { cellOf } from '../../../src/engine/index.js';
import type { ByParameter, CellName, DType, Experiment, LayerSpec, Loss, Upstream } from '../../../src/engine/index.js';
import { fixturesAt, readJson } from './fixtures.js';

type Rows = readonly (readonly number[])[];
type Cube = readonly Rows[];

export type NetworkCase = {
  readonly name: string;
  readonly cell: CellName;
  readonly weights: Readonly<Record<string, Rows | readonly number[]>>;
  readonly sequences: Cube;
  readonly initialState: { readonly h: Cube; readonly c?: Cube | null } | null;
  readonly upstreamGradient?: 'last' | 'final' | 'every' | number | Cube;
  readonly loss?: {
    readonly kind: Loss['kind'];
    readonly readout: { readonly Why: Rows; readonly by: readonly number[] };
    readonly targets: readonly (number | null | readonly (number | null | readonly number[])[])[];
    readonly at: Loss['at'];
  };
  readonly truncate: number | null;
  readonly clip: { readonly norm: number } | null;
  readonly measuredFloat32Error: Readonly<Record<string, number | null>>;
  readonly expected: unknown;
};

/** Cases of `networks`, and those of `gated` in the same form. */
export const networkNames = (folder: 'networks' | 'gated'): string[] =>
  readdirSync(fixturesAt('reference', folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -5))
    .sort();

export const networkCase = (name: string): NetworkCase =>
  readJson('reference', 'networks', `${name}.json`) as NetworkCase;

export type GatedCase = {
  readonly name: string;
  readonly cell: CellName;
  readonly weights: NetworkCase['weights'];
  readonly xs: Cube;
  readonly h0: Cube | null;
  readonly c0?: Cube | null;
  readonly dhs: Cube;
  readonly expected: {
    readonly hs: unknown;
    readonly dxs: unknown;
    readonly dh0: unknown;
    readonly dc0?: unknown;
    readonly grads: Readonly<Record<string, unknown>>;
    readonly norms: {
      readonly dx: readonly number[];
      readonly layers: readonly { readonly dh: readonly number[]; readonly dc?: readonly number[] }[];
    };
  };
};

export const gatedCase = (name: string): GatedCase => readJson('reference', 'gated', `${name}.json`) as GatedCase;

const flat = (nested: unknown): Float64Array => Float64Array.from((nested as unknown[]).flat(Infinity) as number[]);

/** [rows,columns] → [columns,rows] */
function transposed(rows: Rows): Float64Array {
  const [height, width] = [rows.length, rows[0]!.length];
  return Float64Array.from({ length: height * width }, (_, i) => rows[i % height]![Math.floor(i / height)]!);
}

/** Ragged [B][steps][N] padded with zeros to [B,T,N]. */
function padded(cube: Cube, T: number, N: number): Float64Array {
  const out = new Float64Array(cube.length * T * N);
  for (const [b, rows] of cube.entries()) for (const [t, row] of rows.entries()) out.set(row, (b * T + t) * N);
  return out;
}

function layersOf({ cell, weights, initialState }: Pick<NetworkCase, 'cell' | 'weights' | 'initialState'>) {
  const { parameters, states } = cellOf(cell);
  const layers: LayerSpec[] = [];
  for (let layer = 0; weights[`weight_ih_l${layer}`] !== undefined; layer++) {
    for (const direction of ['forward', 'reverse'] as const) {
      const of = (name: string): Rows =>
        weights[`${name}_l${layer}${direction === 'reverse' ? '_reverse' : ''}`] as Rows;
      if ((of('weight_ih') as unknown) === undefined) continue;
      const [bi, bh] = [flat(of('bias_ih')), flat(of('bias_hh'))];
      const twoBiases = parameters.some(({ name }) => name === 'bh');
      const own: ByParameter<Float64Array> = {
        Wx: transposed(of('weight_ih')),
        Wh: transposed(of('weight_hh')),
        b: twoBiases ? bi : bi.map((value, i) => value + bh[i]!),
        ...(twoBiases ? { bh } : {}),
      };
      const index = layers.length;
      const initial = Object.fromEntries(
        states.map((state) => {
          const given = initialState?.[state as 'h' | 'c']?.[index];
          return [state, given === undefined ? null : flat(given)];
        }),
      ) as LayerSpec['initial'];
      layers.push({ layer, direction, H: of('weight_hh')[0]!.length, parameters: own, initial });
    }
  }
  return layers as [LayerSpec, ...LayerSpec[]];
}

function lossOf({ loss, sequences }: NetworkCase, T: number): Loss | null {
  if (loss === undefined) return null;
  const { kind, at, readout } = loss;
  const O = readout.by.length;
  const S = at === 'every' ? T : Array.isArray(at) ? at.length : 1;
  const width = kind === 'crossEntropy' ? 1 : O;
  const targets = new Float64Array(sequences.length * S * width);
  const present = new Uint8Array(sequences.length * S);
  for (const [b, own] of loss.targets.entries()) {
    const places = (Array.isArray(own) && (S > 1 || Array.isArray(own[0]) || width === 1) ? own : [own]) as unknown[];
    for (const [s, place] of places.entries()) {
      if (place === null || place === undefined) continue;
      present[b * S + s] = 1;
      targets.set([place].flat(Infinity) as number[], (b * S + s) * width);
    }
  }
  return { kind, at, Why: flat(readout.Why), by: flat(readout.by), targets, present };
}

export function experimentOfCase(ref: NetworkCase, dtype: DType): Experiment {
  const layers = layersOf(ref);
  const lengths = ref.sequences.map((sequence) => sequence.length);
  const T = Math.max(...lengths);
  const I = ref.sequences[0]![0]!.length;
  const last = layers.at(-1)!;
  const width = layers.filter(({ layer }) => layer === last.layer).reduce((sum, { H }) => sum + H, 0);
  const above = ref.upstreamGradient ?? 'last';
  const upstream: Upstream =
    typeof above === 'number'
      ? { kind: 'step', t: above }
      : typeof above === 'string'
        ? { kind: above }
        : { kind: 'given', dhs: padded(above, T, width) };
  return {
    name: ref.name,
    cell: ref.cell,
    dtype,
    shapes: { B: lengths.length, T, I, H: last.H },
    layers,
    chunks: [
      {
        steps: T,
        xs: padded(ref.sequences, T, I),
        ...(lengths.every((length) => length === T) ? {} : { lengths }),
      },
    ],
    stateful: false,
    upstream,
    loss: lossOf(ref, T),
    clipNorm: ref.clip?.norm ?? null,
    truncate: ref.truncate,
  };
}

export const experimentOfGated = (ref: GatedCase, dtype: DType): Experiment =>
  experimentOfCase(
    {
      ...ref,
      sequences: ref.xs,
      initialState: ref.h0 === null ? null : { h: ref.h0, c: ref.c0 ?? null },
      upstreamGradient: ref.dhs,
      truncate: null,
      clip: null,
      measuredFloat32Error: {},
    },
    dtype,
  );
