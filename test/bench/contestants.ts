// Who runs: the kernels and the reference classes in this process, peers in processes of their own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { emptyNorms } from '../../src/engine/analyse.js';
import { FastLayer } from '../../src/engine/fast/layer.js';
import type { LayerShape } from '../../src/engine/fast/layer.js';
import { isSmall, runWhole } from '../../src/engine/fast/small.js';
import { finish, Kernels, Rnn } from '../../src/engine/index.js';
import type { DType, FloatArray, Variant } from '../../src/engine/index.js';
import { norm } from '../../src/engine/norm.js';
import { cast, sequence, zeros } from '../../src/engine/tensor.js';
import { WorkerTeam } from '../../src/worker/team.js';
import { filled, randomNumbers } from '../unit/engine/build.js';

export type Row = { readonly name: string; readonly B: number; readonly T: number; readonly I: number; readonly H: number };

export type Contestant = {
  readonly name: string;
  /** Null when the row would take this contestant minutes. */
  prepare(row: Row): Promise<boolean>;
  /** Milliseconds a run, from the mean of `count` runs. */
  run(count: number): Promise<number>;
  stop(): void;
};

const kernelBytes = { relaxed: readFileSync('out/kernels/relaxed.wasm'), simd: readFileSync('out/kernels/simd.wasm') };

type Numbers = { readonly Wx: FloatArray; readonly Wh: FloatArray; readonly b: FloatArray; readonly xs: FloatArray; readonly dhs: FloatArray; readonly h0: FloatArray };

function numbersFor({ B, T, I, H }: Row, dtype: DType): Numbers {
  const next = randomNumbers(1);
  const some = (length: number, scale: number): FloatArray => cast(dtype, filled(length, next).map((value) => value * scale));
  return { Wx: some(I * H, Math.sqrt(3 / I)), Wh: some(H * H, Math.sqrt(3 / H)), b: some(H, 0.1), xs: some(B * T * I, 1), dhs: some(B * T * H, 1), h0: zeros(dtype, B * H) };
}

const inProcess = (name: string, make: (row: Row) => (() => void) | null): Contestant => {
  let run: () => void = () => undefined;
  return {
    name,
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
    stop: () => undefined,
  };
};

/** From arrays to arrays: weights packed, forward, backward, all norms, everything unpacked. */
export function kernels(variant: Variant, dtype: DType, threads = 1): Contestant {
  const loaded = Kernels.load(kernelBytes, variant);
  const shared = threads === 1 ? null : Kernels.load(kernelBytes, variant, true);
  const team = loaded === null || shared === null ? null : new WorkerTeam(shared, path.resolve('out', 'bench', 'worker.cjs'), threads - 1);
  if (loaded !== null && team !== null) loaded.team = team;
  const contestant = inProcess(`kernels, ${variant === 'relaxed' ? 'relaxed SIMD' : 'SIMD128'}, ${dtype}${threads === 1 ? '' : `, ${threads} threads`}`, (row) => {
    if (loaded === null) return null;
    const { B, T, I, H } = row;
    const numbers = numbersFor(row, dtype);
    const shape: LayerShape = { cell: 'tanh', dtype, B, I, H, steps: T, truncate: null };
    if (isSmall(shape)) return () => void runWhole(loaded, shape, numbers, numbers.xs, numbers.h0, numbers.dhs);
    return () => {
      const layer = FastLayer.create(loaded, shape, numbers);
      if (layer === null) throw new Error(`Row ${row.name} does not fit into WebAssembly's memory.`);
      const hs = sequence(dtype, B, T, H);
      const target = { dhTotal: sequence(dtype, B, T, H), dxs: sequence(dtype, B, T, I), norms: emptyNorms(T), states: { hNorm: new Float64Array(T), closed: new Float64Array(T) } };
      finish(layer.forward(numbers.xs, T, numbers.h0, hs, 0));
      finish(layer.backward(numbers.dhs, T, target, 0));
      layer.gradients();
      layer.dh0();
    };
  });
  return {
    ...contestant,
    prepare: async (row) => {
      // Helpers count once they are up; where they cannot start there is nothing to measure.
      for (let tries = 0; team !== null && team.size < threads; tries++) {
        if (tries === 200) return false;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return contestant.prepare(row);
    },
    stop: () => void team?.stop(),
  };
}

/** The readable classes in plain TypeScript, with the same norms. */
export const reference = (): Contestant => inProcess('reference classes, float32', (row) => {
  const { B, T, I, H } = row;
  const { xs, dhs, ...weights } = numbersFor(row, 'float32');
  const rnn = new Rnn({ cell: 'tanh', I, H, weights });
  return () => {
    const norms = emptyNorms(T);
    rnn.forward({ B, T, N: I, data: xs });
    rnn.backward({ B, T, N: H, data: dhs }, {
      visit: ({ t, dhTotal, dx, unit }) => {
        for (const [name, values] of [['dh', dhTotal.data], ['dx', dx.data], ['dWx', unit.dWx], ['dWh', unit.dWh], ['db', unit.db]] as const) norms[name][t] = norm(values);
      },
    });
  };
});

/** A process that answers one line of JSON to each line. */
export class Peer {
  readonly #child;
  readonly #answers: AsyncIterator<string>;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<Readonly<Record<string, unknown>>> {
    if (!this.#child.stdin.write(`${line}\n`)) await once(this.#child.stdin, 'drain');
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`The peer ended at "${line}".`);
    return JSON.parse(answer.value) as Readonly<Record<string, unknown>>;
  }

  stop(): void {
    this.#child.kill();
  }

  contestant(name: string, key: string, skips: readonly string[] = []): Contestant {
    return {
      name,
      prepare: async ({ name: row, B, T, I, H }) => {
        if (skips.includes(row)) return false;
        await this.ask(`prepare ${key} ${B} ${T} ${I} ${H}`);
        return true;
      },
      run: async (count) => Number((await this.ask(`run ${count}`))['ms']),
      stop: () => this.stop(),
    };
  }
}

/** A Python that has NumPy, with one thread each; null when there is none. `avx2` keeps both libraries from wider vectors. */
export async function pythonPeer(avx2: boolean): Promise<{ readonly peer: Peer; readonly about: Readonly<Record<string, unknown>> } | null> {
  const having = (modules: string): string | undefined => ['python3', '/usr/bin/python3'].find((command) => spawnSync(command, ['-c', `import ${modules}`]).status === 0);
  const python = having('numpy, torch') ?? having('numpy');
  if (python === undefined) return null;
  const env = { ...process.env };
  // The library chooses for this machine, whatever the shell says.
  delete env['OPENBLAS_CORETYPE'];
  const narrow = avx2 ? { OPENBLAS_CORETYPE: 'Haswell', ATEN_CPU_CAPABILITY: 'avx2', ONEDNN_MAX_CPU_ISA: 'AVX2' } : {};
  const peer = new Peer(python, ['test/bench/peers.py'], { ...env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', ...narrow });
  return { peer, about: await peer.ask('about') };
}

/**
 * TensorFlow.js lives in the cache folder and not among the project's packages: 30 MB that only this comparison needs.
 * Null when it cannot be installed.
 */
export async function tfjsPeer(): Promise<{ readonly peer: Peer; readonly about: Readonly<Record<string, unknown>> } | null> {
  const home = path.resolve('.vscode-test', 'bench-tfjs');
  if (!existsSync(path.join(home, 'node_modules', '@tensorflow', 'tfjs-backend-wasm'))) {
    mkdirSync(home, { recursive: true });
    writeFileSync(path.join(home, 'package.json'), '{ "private": true }');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const { status } = spawnSync(npm, ['install', '--ignore-scripts', '--no-audit', '--no-fund', '@tensorflow/tfjs-core@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0', '@tensorflow/tfjs-backend-cpu@4.22.0'], { cwd: home, stdio: 'ignore' });
    if (status !== 0) return null;
  }
  const peer = new Peer(process.execPath, ['out/bench/tfjs.mjs', home], process.env);
  return { peer, about: await peer.ask('about') };
}
