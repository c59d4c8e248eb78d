// Who runs in processes of their own: NumPy, PyTorch, TensorFlow.js, ONNX Runtime.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Contestant, Row } from './contestants.js';

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

  /** @param threads those that the process was started with */
  contestant(name: string, key: string, threads = 1, skips: readonly string[] = []): Contestant {
    const prepare = async ({ name: row, B, T, I, H }: Row): Promise<boolean> => {
      if (skips.includes(row)) return false;
      await this.ask(`prepare ${key} ${B} ${T} ${I} ${H}`);
      return true;
    };
    return {
      name,
      threads,
      dtype: 'float32',
      prepare,
      run: async (count) => Number((await this.ask(`run ${count}`))['ms']),
      memory: async (row) => {
        await this.ask('forget');
        if (!(await prepare(row))) return null;
        await this.ask('run 1');
        const { mib } = await this.ask('memory');
        return typeof mib === 'number' ? mib : null;
      },
      stop: () => this.stop(),
    };
  }
}

export type Entrants = { readonly contestants: readonly Contestant[]; readonly about: string };

type Terms = { readonly threads: number; readonly avx2: boolean };

const titles = {
  numpy: 'NumPy, as tutorials write it',
  torch: 'torch nn.RNN',
  torchSteps: 'torch, step by step',
} as const;

/** Where Debian keeps the BLAS that shares torch's own threads. */
const openmpBlas = '/usr/lib/x86_64-linux-gnu/openblas-openmp';

/** A Python that has these modules. */
const pythonWith = (modules: string): string | undefined =>
  ['python3', '/usr/bin/python3'].find((command) => spawnSync(command, ['-c', `import ${modules}`]).status === 0);

/** peers.py for this peer, on so many threads. */
function startPython(python: string, key: string, { threads, avx2 }: Terms): Peer {
  const env = { ...process.env };
  // The library chooses for this machine, whatever the shell says.
  delete env['OPENBLAS_CORETYPE'];
  const narrow = avx2
    ? {
        OPENBLAS_CORETYPE: 'Haswell',
        ATEN_CPU_CAPABILITY: 'avx2',
        ONEDNN_MAX_CPU_ISA: 'AVX2',
        MKL_ENABLE_INSTRUCTIONS: 'AVX2',
      }
    : {};
  const shared = { ...env, OPENBLAS_NUM_THREADS: String(threads), OMP_NUM_THREADS: String(threads), ...narrow };
  const openmp = key !== 'numpy' && threads > 1 && existsSync(openmpBlas) ? { LD_LIBRARY_PATH: openmpBlas } : {};
  return new Peer(python, ['test/bench/peers.py', key], { ...shared, ...openmp });
}

/** PyTorch on so many threads, for any of its layers; null where there is none. */
export async function torchPeer(threads: number): Promise<{ readonly peer: Peer; readonly about: string } | null> {
  const python = pythonWith('torch');
  if (python === undefined) return null;
  const peer = startPython(python, 'torch', { threads, avx2: false });
  const { torch, blas } = await peer.ask('about');
  const on = threads === 1 ? '1 thread' : `${threads} threads`;
  return { peer, about: `torch ${String(torch)}, ${on}; BLAS ${String(blas)}` };
}

/**
 * A Python that has NumPy, and PyTorch where there is one: each in a process of its own, with so many threads. Empty
 * when there is none. `avx2` keeps the libraries from wider vectors.
 */
export async function pythonPeers({ threads, avx2 }: Terms): Promise<Entrants> {
  const both = pythonWith('numpy, torch');
  const python = both ?? pythonWith('numpy');
  if (python === undefined) return { contestants: [], about: 'No Python with NumPy here.' };
  const suffix = `${threads === 1 ? '' : `, ${threads} threads`}${avx2 ? ', kept to AVX2' : ''}`;
  const contestants: Contestant[] = [];
  const libraries: string[] = [];
  let about: Readonly<Record<string, unknown>> = {};
  for (const key of both === undefined ? (['numpy'] as const) : (['numpy', 'torch', 'torchSteps'] as const)) {
    const peer = startPython(python, key, { threads, avx2 });
    about = { ...about, ...(await peer.ask('about')) };
    libraries.push(`${key}: ${String(about['blas'])}`);
    contestants.push(peer.contestant(`${titles[key]}${suffix}`, key, threads));
  }
  const torch = both === undefined ? '' : `, torch ${String(about['torch'])}`;
  return {
    contestants,
    about:
      `Python ${String(about['python'])}, NumPy ${String(about['numpy'])}${torch}` +
      `${suffix === '' ? ', 1 thread' : suffix}. BLAS of ${libraries.join('; ')}.`,
  };
}

/**
 * The folder in the cache where these packages are, and not among the project's: up to 190 MB that only a comparison
 * needs. Null when they cannot be installed.
 */
function installed(name: string, packages: Readonly<Record<string, string>>): string | null {
  const home = path.resolve('.vscode-test', `bench-${name}`);
  if (Object.keys(packages).every((one) => existsSync(path.join(home, 'node_modules', one)))) return home;
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'package.json'), '{ "private": true }');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const wanted = Object.entries(packages).map(([one, version]) => `${one}@${version}`);
  const { status } = spawnSync(npm, ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...wanted], {
    cwd: home,
    stdio: 'ignore',
  });
  return status === 0 ? home : null;
}

/** Empty when it cannot be installed. */
export async function tfjsPeer(): Promise<Entrants> {
  const home = installed('tfjs', {
    '@tensorflow/tfjs-core': '4.22.0',
    '@tensorflow/tfjs-backend-wasm': '4.22.0',
    '@tensorflow/tfjs-backend-cpu': '4.22.0',
  });
  if (home === null) return { contestants: [], about: 'TensorFlow.js could not be installed.' };
  const peer = new Peer(process.execPath, ['out/bench/tfjs.mjs', home], process.env);
  const about = await peer.ask('about');
  return {
    contestants: [peer.contestant('TensorFlow.js wasm', 'tfjs', 1, ['XL', 'LONG'])],
    about: `TensorFlow.js ${String(about['tfjs'])} on its ${String(about['backend'])} backend, 1 thread.`,
  };
}

/** ONNX Runtime on one thread, which has the way forward of RNN, LSTM and GRU alone; null where there is none. */
export async function onnxruntimePeer(): Promise<{ readonly peer: Peer; readonly about: string } | null> {
  const home = installed('onnxruntime', { 'onnxruntime-node': '1.20.1' });
  if (home === null) return null;
  const peer = new Peer(process.execPath, ['out/bench/onnxruntime.mjs', home], process.env);
  const { onnxruntime } = await peer.ask('about');
  return { peer, about: `ONNX Runtime ${String(onnxruntime)}, 1 thread, forward alone` };
}
