// TensorFlow.js on its WebAssembly backend as a peer, in a process of its own: the same protocol as peers.py.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';

type Tensor = { dispose(): void };
type Tf = {
  readonly setBackend: (name: string) => Promise<boolean>;
  readonly ready: () => Promise<void>;
  readonly getBackend: () => string;
  readonly version_core: string;
  readonly tidy: <R>(run: () => R) => R;
  readonly randomNormal: (shape: number[], mean?: number, deviation?: number) => Tensor;
  readonly zeros: (shape: number[]) => Tensor;
  readonly tanh: (x: Tensor) => Tensor;
  readonly add: (x: Tensor, y: Tensor) => Tensor;
  readonly sub: (x: number, y: Tensor) => Tensor;
  readonly mul: (x: Tensor, y: Tensor) => Tensor;
  readonly sum: (x: Tensor, axis: number) => Tensor;
  readonly norm: (x: Tensor) => Tensor;
  readonly stack: (tensors: Tensor[]) => Tensor & { dataSync(): Float32Array };
  readonly matMul: (x: Tensor, y: Tensor, transposeX?: boolean, transposeY?: boolean) => Tensor;
};

const home = process.argv[2];
if (home === undefined) throw new Error('The folder where TensorFlow.js is installed is missing.');
const require = createRequire(path.join(home, 'package.json'));
const tf = require('@tensorflow/tfjs-core') as Tf;
const wasm = require('@tensorflow/tfjs-backend-wasm') as {
  setWasmPaths: (folder: string) => void;
  setThreadsCount: (count: number) => void;
};
wasm.setWasmPaths(`${path.join(home, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
wasm.setThreadsCount(1);
await tf.setBackend('wasm');
await tf.ready();

/**
 * The same loops as the NumPy peer, tensor by tensor; the gradients of every step are formed, their norms read at the
 * end.
 */
function prepare(B: number, T: number, I: number, H: number): () => void {
  const normal = (shape: number[], deviation = 1): Tensor => tf.randomNormal(shape, 0, deviation);
  const xs = Array.from({ length: T }, () => normal([B, I]));
  const dhs = Array.from({ length: T }, () => normal([B, H]));
  const [Wx, Wh, b] = [normal([I, H], I ** -0.5), normal([H, H], H ** -0.5), tf.zeros([1, H])];
  return () =>
    tf.tidy(() => {
      const hs: Tensor[] = [tf.zeros([B, H])];
      for (const x of xs) hs.push(tf.tanh(tf.add(tf.add(tf.matMul(hs.at(-1) ?? b, Wh), tf.matMul(x, Wx)), b)));
      let sums: [Tensor, Tensor, Tensor] = [tf.zeros([I, H]), tf.zeros([H, H]), tf.zeros([H])];
      let dh = tf.zeros([B, H]);
      const norms: Tensor[] = [];
      for (let t = T - 1; t >= 0; t--) {
        const [x, h, hPrev, up] = [xs[t], hs[t + 1], hs[t], dhs[t]];
        if (x === undefined || h === undefined || hPrev === undefined || up === undefined)
          throw new Error(`Step ${t} is missing.`);
        const g = tf.add(up, dh);
        const d = tf.mul(g, tf.sub(1, tf.mul(h, h)));
        const step: [Tensor, Tensor, Tensor] = [tf.matMul(x, d, true), tf.matMul(hPrev, d, true), tf.sum(d, 0)];
        sums = [tf.add(sums[0], step[0]), tf.add(sums[1], step[1]), tf.add(sums[2], step[2])];
        const dx = tf.matMul(d, Wx, false, true);
        dh = tf.matMul(d, Wh, false, true);
        norms.push(...[g, dx, ...step].map((tensor) => tf.norm(tensor)));
      }
      tf.stack(norms).dataSync();
    });
}

const resident = (field: 'VmRSS' | 'VmHWM'): number =>
  existsSync('/proc/self/status')
    ? Number(new RegExp(`${field}:\\s*(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? NaN) / 1024
    : NaN;
let before = NaN;
let current: () => void = () => undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...rest] = line.split(' ');
  let answer: object = { tfjs: tf.version_core, backend: tf.getBackend() };
  if (command === 'forget') {
    current = () => undefined;
    before = resident('VmRSS');
    if (!Number.isNaN(before)) writeFileSync('/proc/self/clear_refs', '5');
    answer = { ok: true };
  } else if (command === 'memory') {
    const mib = resident('VmHWM') - before;
    answer = { mib: Number.isNaN(mib) ? null : Math.max(0, mib) };
  } else if (command === 'prepare') {
    const [B = 1, T = 1, I = 1, H = 1] = rest.slice(1).map(Number);
    current = prepare(B, T, I, H);
    answer = { ok: true };
  } else if (command === 'run') {
    const count = Number(rest[0]);
    const start = performance.now();
    for (let i = 0; i < count; i++) current();
    answer = { ms: (performance.now() - start) / count };
  }
  console.log(JSON.stringify(answer));
}
