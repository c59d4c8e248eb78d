// ONNX Runtime as a peer, forward alone, in a process of its own: the same protocol as peers.py. It has no way back for
// recurrent layers.
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { filled, randomNumbers } from '../unit/engine/build.js';

type Tensor = object;
type Runtime = {
  readonly env: { readonly versions: Readonly<Record<string, string>> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: { readonly intraOpNumThreads: number; readonly interOpNumThreads: number },
    ): Promise<{ run(feeds: Readonly<Record<string, Tensor>>): Promise<unknown> }>;
  };
};

const home = process.argv[2];
if (home === undefined) throw new Error('The folder where ONNX Runtime is installed is missing.');
const runtime = createRequire(path.join(home, 'package.json'))('onnxruntime-node') as Runtime;

// Fields of protocol buffers, as far as onnx.proto needs them here: varints, texts and messages.
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const whole = (field: number, value: number): Uint8Array => Uint8Array.from([...varint(8 * field), ...varint(value)]);
const message = (field: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.from([...varint(8 * field + 2), ...varint(body.length)]), body]);
};
const text = (field: number, value: string): Uint8Array => message(field, Buffer.from(value));
const float = 1;

const tensor = (name: string, dims: readonly number[], values: Float32Array): Uint8Array =>
  message(
    5,
    ...dims.map((size) => whole(1, size)),
    whole(2, float),
    text(8, name),
    message(9, new Uint8Array(values.buffer)),
  );
const valueInfo = (field: number, name: string, dims: readonly number[]): Uint8Array =>
  message(
    field,
    text(1, name),
    message(2, message(1, whole(1, float), message(2, ...dims.map((size) => message(1, whole(1, size)))))),
  );
const attribute = (name: string, value: number): Uint8Array => message(5, text(1, name), whole(3, value), whole(20, 2));

/** A model of one layer of this operator (RNN, LSTM, GRU), X [T,B,I] to Y [T,1,B,H]. */
function modelOf(operator: string, [B, T, I, H]: readonly [number, number, number, number]): Uint8Array {
  const gates = { RNN: 1, GRU: 3, LSTM: 4 }[operator];
  if (gates === undefined) throw new Error(`ONNX has no recurrent layer ${operator}.`);
  const next = randomNumbers(1);
  const random = (length: number): Float32Array =>
    Float32Array.from(filled(length, next), (value) => value / Math.sqrt(H));
  const node = message(
    1,
    ...['X', 'W', 'R', 'B'].map((name) => text(1, name)),
    text(2, 'Y'),
    text(4, operator),
    attribute('hidden_size', H),
    ...(operator === 'GRU' ? [attribute('linear_before_reset', 1)] : []),
  );
  const graph = message(
    7,
    node,
    text(2, 'one layer'),
    tensor('W', [1, gates * H, I], random(gates * H * I)),
    tensor('R', [1, gates * H, H], random(gates * H * H)),
    tensor('B', [1, 2 * gates * H], random(2 * gates * H)),
    valueInfo(11, 'X', [T, B, I]),
    valueInfo(12, 'Y', [T, 1, B, H]),
  );
  return Buffer.concat([whole(1, 8), graph, message(8, whole(2, 14))]);
}

let current = (): Promise<unknown> => Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...rest] = line.split(' ');
  let answer: object = { onnxruntime: runtime.env.versions['node'] };
  if (command === 'prepare') {
    const [operator = '', ...sizes] = rest;
    const [B = 1, T = 1, I = 1, H = 1] = sizes.map(Number);
    const threads = { intraOpNumThreads: 1, interOpNumThreads: 1 };
    const session = await runtime.InferenceSession.create(modelOf(operator, [B, T, I, H]), threads);
    const X = new runtime.Tensor('float32', Float32Array.from(filled(T * B * I, randomNumbers(2))), [T, B, I]);
    current = () => session.run({ X });
    answer = { ok: true };
  } else if (command === 'run') {
    const count = Number(rest[0]);
    const start = performance.now();
    for (let i = 0; i < count; i++) await current();
    answer = { ms: (performance.now() - start) / count };
  }
  console.log(JSON.stringify(answer));
}
