// Who runs in this process: the kernels and the reference classes.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { emptyNorms } from '../../src/engine/network/scaledBackward.js';
import { FastLayer } from '../../src/engine/wasm/layer.js';
import type { LayerShape } from '../../src/engine/wasm/layer.js';
import { isSmall, runWhole } from '../../src/engine/wasm/smallRun.js';
import { cellOf, finish, Kernels, release, Rnn, runResumably } from '../../src/engine/index.js';
import type { DType, LayerExperiment, FloatArray, Variant } from '../../src/engine/index.js';
import { norm } from '../../src/engine/core/norm.js';
import { giveBack, unfilledSequence } from '../../src/engine/core/bufferPool.js';
import { cast, zeros } from '../../src/engine/core/tensor.js';
import { WorkerTeam } from '../../src/worker/thread/threadTeam.js';
import { filled, nested, randomNumbers } from '../unit/engine/build.js';
import { peakMemory } from './memory.js';

export type Row = {
  readonly name: string;
  readonly B: number;
  readonly T: number;
  readonly I: number;
  readonly H: number;
};

export type Contestant = {
  readonly name: string;
  readonly threads: number;
  readonly dtype: DType;
  /** False when the row would take this contestant minutes, or it cannot run here. */
  prepare(row: Row): Promise<boolean>;
  /** Milliseconds a run, from the mean of `count` runs. */
  run(count: number): Promise<number>;
  /**
   * MiB that one run of this row from its very beginning takes at most, its numbers included; null where nobody counts
   * them.
   */
  memory(row: Row): Promise<number | null>;
  stop(): void;
};

const kernelBytes = { relaxed: readFileSync('out/kernels/relaxed.wasm'), simd: readFileSync('out/kernels/simd.wasm') };

type Numbers = {
  readonly Wx: FloatArray;
  readonly Wh: FloatArray;
  readonly b: FloatArray;
  readonly xs: FloatArray;
  readonly dhs: FloatArray;
  readonly h0: FloatArray;
};

function numbersFor({ B, T, I, H }: Row, dtype: DType): Numbers {
  const next = randomNumbers(1);
  const some = (length: number, scale: number): FloatArray =>
    cast(
      dtype,
      filled(length, next).map((value) => value * scale),
    );
  return {
    Wx: some(I * H, Math.sqrt(3 / I)),
    Wh: some(H * H, Math.sqrt(3 / H)),
    b: some(H, 0.1),
    xs: some(B * T * I, 1),
    dhs: some(B * T * H, 1),
    h0: zeros(dtype, B * H),
  };
}

type Made = (() => void) | null;

/** @param make what one run of a row does, all that it needs made anew */
export const inProcess = (name: string, make: (row: Row) => Made, rest: Partial<Contestant> = {}): Contestant => {
  let run: () => void = () => undefined;
  return {
    name,
    threads: 1,
    dtype: 'float32',
    prepare: (row) => {
      const made = make(row);
      run = made ?? run;
      return Promise.resolve(made !== null);
    },
    run: (count) => {
      const start = performance.now();
      for (let i = 0; i < count; i++) run();
      return Promise.resolve((performance.now() - start) / count);
    },
    memory: (row) => {
      run = () => undefined;
      return Promise.resolve(peakMemory(() => make(row)?.()));
    },
    stop: () => undefined,
    ...rest,
  };
};

const load = (variant: Variant, shared = false): Kernels | null => Kernels.load(kernelBytes, variant, shared);

/** Contestants on the kernels: every row begins with kernels that have no memory yet. */
export function onKernels(
  name: string,
  variant: Variant,
  dtype: DType,
  threads: number,
  work: (kernels: Kernels, row: Row) => () => void,
): Contestant {
  let team: WorkerTeam | null = null;
  let kernels: Kernels | null = null;
  const anew = (): Kernels | null => {
    const loaded = load(variant);
    if (loaded !== null) loaded.team = team;
    return loaded;
  };
  const contestant = inProcess(`${name}, ${dtype}${threads === 1 ? '' : `, ${threads} threads`}`, (row) => {
    kernels = anew();
    return kernels === null ? null : work(kernels, row);
  });
  const ready = async (): Promise<boolean> => {
    await team?.stop();
    const shared = threads === 1 ? null : load(variant, true);
    team = shared === null ? null : new WorkerTeam(shared, path.resolve('out', 'bench', 'worker.cjs'), threads - 1);
    await team?.up();
    return threads === 1 || team?.size === threads;
  };
  return {
    ...contestant,
    dtype,
    threads,
    prepare: async (row) => (await ready()) && contestant.prepare(row),
    memory: async (row) => ((await ready()) ? contestant.memory(row) : null),
    stop: () => void team?.stop(),
  };
}

const variantNames: Readonly<Record<Variant, string>> = { relaxed: 'relaxed SIMD', simd: 'SIMD128' };

/** From arrays to arrays: weights packed, forward, backward, all norms, everything unpacked. */
export const kernels = (variant: Variant, dtype: DType, threads = 1): Contestant =>
  onKernels(`kernels, ${variantNames[variant]}`, variant, dtype, threads, (loaded, row) => {
    const { B, T, I, H } = row;
    const numbers = numbersFor(row, dtype);
    const shape: LayerShape = { cell: 'tanh', dtype, B, I, H, steps: T, truncate: null };
    if (isSmall(shape))
      return () => {
        const whole = runWhole(loaded, shape, numbers, numbers.xs, numbers.h0, numbers.dhs);
        if (whole === null) throw new Error(`Row ${row.name} is not done in one call.`);
        // As the peers' libraries do when a result is not needed any more, and what-ifs after each of their runs.
        giveBack(whole.hs.data, whole.dhTotal.data, whole.dxs.data);
      };
    return () => {
      const layer = finish(FastLayer.create(loaded, shape, numbers));
      if (layer === null) throw new Error(`Row ${row.name} does not fit into WebAssembly's memory.`);
      const hs = unfilledSequence(dtype, B, T, H);
      const target = {
        dhTotal: unfilledSequence(dtype, B, T, H),
        dxs: unfilledSequence(dtype, B, T, I),
        norms: emptyNorms(T, cellOf('tanh')),
        states: { hNorm: new Float64Array(T), closed: new Float64Array(T) },
      };
      finish(layer.forward(numbers.xs, T, numbers.h0, hs, 0));
      finish(layer.backward(numbers.dhs, T, target, 0));
      finish(layer.gradients());
      finish(layer.dh0());
      giveBack(hs.data, target.dhTotal.data, target.dxs.data);
    };
  });

/** The experiment that a config of this row would be. */
export function experimentFor(row: Row): LayerExperiment {
  const { B, T, I, H } = row;
  const { Wx, Wh, b, xs, dhs } = numbersFor(row, 'float64');
  const wide = (values: FloatArray): Float64Array => Float64Array.from(values);
  return nested({
    name: row.name,
    cell: 'tanh',
    dtype: 'float32',
    shapes: { B, T, I, H },
    weights: { Wx: wide(Wx), Wh: wide(Wh), b: wide(b) },
    chunks: [{ steps: T, xs: wide(xs) }],
    h0: null,
    stateful: false,
    upstream: { kind: 'given', dhs: wide(dhs) },
    loss: null,
    clipNorm: null,
    truncate: null,
  });
}

/**
 * All that `Run RNN` waits for once the files are read: the run, the same in float64 with its exponents for two
 * sources, the verdict.
 */
export const wholeRun = (threads = 1): Contestant =>
  onKernels('the whole run as in the worker', 'relaxed', 'float32', threads, (loaded, row) => {
    const experiment = experimentFor(row);
    return () => release(finish(runResumably(experiment, undefined, loaded)));
  });

/** The kernels themselves, for what is measured of a single run. */
export const loadKernels = (): Kernels | null => load('relaxed');

/** The same with so many threads, that work when this resolves. */
export async function loadThreads(
  threads: number,
): Promise<{ readonly kernels: Kernels; readonly stop: () => Promise<void> } | null> {
  const [kernels, shared] = [load('relaxed'), threads === 1 ? null : load('relaxed', true)];
  if (kernels === null) return null;
  const team = shared === null ? null : new WorkerTeam(shared, path.resolve('out', 'bench', 'worker.cjs'), threads - 1);
  kernels.team = team;
  await team?.up();
  return {
    kernels,
    stop: async () => {
      await team?.stop();
    },
  };
}

/** The readable classes in plain TypeScript, with the same norms. */
export const reference = (): Contestant =>
  inProcess('reference classes, float32', (row) => {
    const { B, T, I, H } = row;
    const { xs, dhs, ...weights } = numbersFor(row, 'float32');
    const rnn = new Rnn({ cell: 'tanh', I, H, weights });
    return () => {
      const norms = emptyNorms(T, cellOf('tanh'));
      rnn.forward({ B, T, N: I, data: xs });
      rnn.backward(
        { B, T, N: H, data: dhs },
        {
          visit: ({ t, ds, dx, unit }) => {
            norms.dh[t] = norm(ds.data);
            norms.dx[t] = norm(dx.data);
            for (const [name, series] of Object.entries(norms.parameters)) series[t] = norm(unit[name]!);
          },
        },
      );
    };
  });
