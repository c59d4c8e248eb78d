// Every variant of the kernels that this machine can run, and experiments at random.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { cellNames, cellOf, Kernels, supportedVariants, Workspaces } from '../../../src/engine/index.js';
import type {
  CellName,
  DType,
  FloatArray,
  LayerExperiment,
  LayerUpstream,
  Trace,
  Variant,
} from '../../../src/engine/index.js';
import { Struct } from '../../../src/engine/wasm/struct.js';
import { long } from '../../support/long.js';
import { filled, nested, randomNumbers } from '../engine/build.js';

export const wasmAt = (name: Variant | 'numbers'): string => path.join(process.cwd(), 'out', 'kernels', `${name}.wasm`);

const bytes = { relaxed: readFileSync(wasmAt('relaxed')), simd: readFileSync(wasmAt('simd')) };

export function kernelsOf(variant: Variant, shared = false): Kernels {
  const kernels = Kernels.load(bytes, variant, shared);
  if (kernels === null) throw new Error(`The kernels for ${variant} did not load.`);
  return kernels;
}

/**
 * Kernels that cannot say where the network's single source goes on its way beside a layer's own rows. `told` hears of
 * each time.
 */
export function failingBeside(
  kernels: Kernels,
  operation: 'flowRows' | 'gatedFlowRows',
  job: 'FlowJob' | 'GatedFlowJob',
  told: () => void,
): Kernels {
  const { exports, memory } = kernels;
  const flags = new Set<number>();
  const failing = (...args: Parameters<typeof exports.flowRows>): void => {
    exports[operation](...args);
    const flag = new Struct(job, memory.buffer, args[0]).get('failed');
    flags.add(flag);
    // That of the layer's own rows stands before it.
    if (!flags.has(flag - Int32Array.BYTES_PER_ELEMENT)) return;
    new Int32Array(memory.buffer, flag, 1)[0] = 1;
    told();
  };
  return Object.assign(kernels, { exports: { ...exports, [operation]: failing } });
}

/** Cells that the kernels run; the others take the plain path. */
export const kernelCells = cellNames.filter((name) => cellOf(name).kernel !== null);

/** The fastest first. Node has all of them, and memory that threads share; tests of fewer would try nothing, unseen. */
export const variants: readonly [Variant, ...Variant[]] = ['relaxed', 'simd'];
assert.deepEqual(supportedVariants(), variants, 'This Node does not run every variant of the kernels.');
assert.equal(typeof SharedArrayBuffer, 'function', 'This Node has no memory that threads share.');

/** For what takes long: the variant that this machine runs, and all of them in the long form. */
export const heavyVariants = long ? variants : variants.slice(0, 1);

export type RandomShape = {
  readonly seed: number;
  readonly B: number;
  readonly T: number;
  readonly I: number;
  readonly H: number;
  readonly cell: CellName;
  readonly dtype: DType;
  readonly upstream: 'last' | 'every' | 'given';
  readonly truncate: number | null;
  readonly chunks: 1 | 2;
  readonly stateful: boolean;
  readonly initial: boolean;
};

/** What most experiments have beside their sizes. */
export const plainLayer = {
  cell: 'tanh',
  dtype: 'float32',
  upstream: 'last',
  truncate: null,
  chunks: 1,
  stateful: false,
  initial: false,
} as const satisfies Partial<RandomShape>;

/**
 * Weights as a careful initialisation makes them: variances 0.8/H and 0.8/I, so that rounding is not amplified beyond
 * what the dtype can say.
 */
export function randomExperiment({
  seed,
  B,
  T,
  I,
  H,
  cell,
  dtype,
  upstream,
  truncate,
  chunks,
  stateful,
  initial,
}: RandomShape): LayerExperiment {
  const next = randomNumbers(seed);
  const scaled = (length: number, scale: number): Float64Array => filled(length, next).map((value) => value * scale);
  const weights = { Wx: scaled(I * H, Math.sqrt(2.4 / I)), Wh: scaled(H * H, Math.sqrt(2.4 / H)), b: scaled(H, 0.3) };
  const first = chunks === 1 ? T : Math.max(1, Math.floor(T / 3));
  const steps = first === T ? [T] : [first, T - first];
  const entering: LayerUpstream =
    upstream === 'given' ? { kind: 'given', dhs: filled(B * T * H, next) } : { kind: upstream };
  return nested({
    name: 'random',
    cell,
    dtype,
    shapes: { B, T, I, H },
    weights,
    chunks: steps.map((count) => ({ steps: count, xs: filled(B * count * I, next) })),
    h0: initial ? filled(B * H, next) : null,
    stateful,
    upstream: entering,
    loss: null,
    clipNorm: null,
    truncate,
  });
}

/**
 * What is made of each thing, made once: every way is held against the same numbers in plain arithmetic, which take
 * longer than all of the ways.
 */
export function oncePer<Thing, Made>(make: (thing: Thing) => Made): (thing: Thing) => Made {
  const known = new Map<string, Made>();
  return (thing) => {
    const key = JSON.stringify(thing);
    if (!known.has(key)) known.set(key, make(thing));
    return known.get(key)!;
  };
}

/** Where the draws of this process begin, so that each way is tried on the same ones; others the next time. */
export const drawnFrom = fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 31);

/** The ways an analysis can be computed here: in plain arithmetic, and through each variant of the kernels. */
export const ways: readonly (readonly [name: string, workspaces: Workspaces | null])[] = [
  ['plain', null],
  ...variants.map((variant) => [variant, new Workspaces(kernelsOf(variant))] as const),
];

/**
 * As deepEqual; what differs is told by its name alone, because a picture of all numbers takes minutes and all the
 * memory.
 */
export function same(found: unknown, known: unknown, name = 'run'): void {
  if (isDeepStrictEqual(found, known)) return;
  const isBranch = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  if (!isBranch(found) || !isBranch(known)) return assert.fail(`${name} differs`);
  for (const key of new Set([...Object.keys(found), ...Object.keys(known)]))
    same(Reflect.get(found, key), Reflect.get(known, key), `${name}.${key}`);
  assert.fail(`${name} differs in kind`);
}

/**
 * Every number of a trace [B,T,N], asked for row by row: step by step, because what is computed again would be so for
 * each sequence otherwise.
 */
export function everything(trace: Trace, { B, T }: { readonly B: number; readonly T: number }): FloatArray {
  const N = trace.length / (B * T);
  const out =
    trace.subarray(0, 1) instanceof Float32Array ? new Float32Array(trace.length) : new Float64Array(trace.length);
  for (let t = 0; t < T; t++)
    for (let at = t * N; at < trace.length; at += T * N) out.set(trace.subarray(at, at + N), at);
  return out;
}

/** Largest difference; equal infinities and NaN in the same place do not differ. */
export function difference(actual: Float64Array, expected: Float64Array): number {
  assert.equal(actual.length, expected.length);
  return actual.reduce(
    (worst, value, i) =>
      Object.is(value, expected[i])
        ? worst
        : Math.max(worst, Number.isNaN(value - expected[i]!) ? Infinity : Math.abs(value - expected[i]!)),
    0,
  );
}

/**
 * Bytes of every array that can be reached from these values, each buffer once; those of the experiment do not count.
 */
export function bytesIn(values: unknown, experiment: unknown): number {
  const seen = new Set<unknown>();
  let bytes = 0;
  const visit = (value: unknown, counts: boolean): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      if (seen.has(value.buffer)) return;
      seen.add(value.buffer);
      if (counts) bytes += value.buffer.byteLength;
    } else for (const inner of Object.values(value)) visit(inner, counts);
  };
  visit(experiment, false);
  visit(values, true);
  return bytes;
}
