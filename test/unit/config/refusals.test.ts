// Layers that the list of a file names and a run refuses: the list says so with the run's own sentences, and without
// reading a number.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeProblem } from '../../../src/config/json/index.js';
import { contentsOf } from '../../../src/config/read/contents.js';
import { openTensorFile } from '../../../src/config/read/tensorFile.js';
import { FormatError } from '../../../src/config/formats/formatError.js';
import { unpickle } from '../../../src/config/formats/pickle.js';
import { unknownGlobal } from '../../../src/config/formats/pickleGlobals.js';
import { floats, safetensorsParts, torchParts } from '../../support/largeFiles.js';
import { configName, memoryFiles, readTexts } from './memory.js';

type Shapes = Readonly<Record<string, readonly number[]>>;
const quiet = (): void => undefined;
const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const bytesOf = (shapes: Shapes, parts: typeof torchParts = (tensors) => safetensorsParts(tensors).parts): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      parts(
        Object.entries(shapes).map(([name, shape]) => ({ name, shape, data: floats(size(shape), (i) => i / 100) })),
      ).map((part) => (typeof part === 'number' ? Buffer.alloc(part) : part)),
    ),
  );

/** What a run with one step of three inputs says, every error once. */
async function runErrors(bytes: Uint8Array): Promise<string[]> {
  const { experiment, problems } = await readTexts({
    [configName]: '{"dtype":"float64","weights":"m","sequences":[[[1,2,3]]]}',
    m: bytes,
  });
  assert.equal(experiment, null);
  return problems.filter(({ severity }) => severity === 'error').map(describeProblem);
}
async function listed(bytes: Uint8Array): Promise<readonly string[]> {
  const { contents } = await contentsOf('m', memoryFiles({ m: bytes }));
  const { file } = await openTensorFile('m', memoryFiles({ m: bytes }), quiet);
  assert.deepEqual(file?.refused, contents?.refused);
  return contents?.refused ?? [];
}

const lstm = { bias_ih_l0: [16], bias_hh_l0: [16] };
const cases: readonly (readonly [string, Shapes, RegExp])[] = [
  [
    'CuDNNLSTM of Keras 2',
    { 'layer.kernel': [3, 16], 'layer.recurrent_kernel': [4, 16], 'layer.bias': [32] },
    /bias has 32 numbers.* CuDNNLSTM and CuDNNGRU have such a bias/,
  ],
  [
    'weight_norm on one matrix',
    { ...lstm, weight_ih_l0: [16, 3], weight_hh_l0_g: [16, 1], weight_hh_l0_v: [16, 4] },
    /^weight_hh_l0 is missing.* stored in parts \(weight_norm/,
  ],
  [
    'weight_norm on both matrices',
    { ...lstm, weight_hh_l0_g: [16, 1], weight_hh_l0_v: [16, 4], weight_ih_l0_g: [16, 1], weight_ih_l0_v: [16, 3] },
    /^weight_hh_l0 is missing.* stored in parts \(weight_norm/,
  ],
  [
    'a parametrization of both matrices',
    {
      'rnn.bias_ih_l0': [16],
      'rnn.parametrizations.weight_ih_l0.original0': [16, 1],
      'rnn.parametrizations.weight_ih_l0.original1': [16, 3],
      'rnn.parametrizations.weight_hh_l0.original': [16, 4],
    },
    /^weight_ih_l0 is missing.* expected "weight_ih_l0" \[H\]\[I\].* stored in parts/i,
  ],
  [
    'a projection',
    { weight_ih_l0: [16, 3], weight_hh_l0: [16, 2], weight_hr_l0: [2, 4] },
    /^This LSTM projects its hidden state/,
  ],
  ['a layer that is missing', { weight_ih_l1: [16, 3], weight_hh_l1: [16, 4] }, /^Layer 0 is missing/],
  ['matrices of two networks', { weight_ih_l0: [20, 3], weight_hh_l0: [16, 4] }, /but weight_hh_l0 has H = 4/],
];

describe('a layer that no run takes', () => {
  for (const [name, shapes, reason] of cases)
    it(`${name} is listed with the reason that the run gives`, async () => {
      const bytes = bytesOf(shapes);
      const told = await listed(bytes);
      assert.match(told[0] ?? '', reason);
      assert.deepEqual(told, await runErrors(bytes));
      assert.deepEqual(await listed(bytesOf(shapes, torchParts)), told);
    });

  it('of a file in ranges costs no number', async () => {
    for (const [name, shapes] of cases) {
      const bytes = bytesOf(shapes);
      const header = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
      const source = {
        size: bytes.length,
        read(offset: number, length: number): Uint8Array {
          assert.ok(offset + length <= Math.max(header, 64), `${name}: ${offset} + ${length}`);
          return bytes.slice(offset, offset + length);
        },
      };
      const files = { read: () => Promise.resolve({ ok: true as const, id: 'm', bytes: source }) };
      const { contents } = await contentsOf('m', files);
      assert.deepEqual(contents?.refused, await listed(bytes));
    }
  });

  it('of several networks stands behind its name; those that run are not told', async () => {
    const fine = { 'fine.weight_ih_l0': [16, 3], 'fine.weight_hh_l0': [16, 4] };
    assert.deepEqual(await listed(bytesOf(fine)), []);
    const told = await listed(bytesOf({ ...fine, 'odd.weight_ih_l0': [16, 3], 'odd.weight_hh_l0_g': [16, 1] }));
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^odd: weight_hh_l0 is missing/);
    // One without a name, and two whose names cannot be told apart, cannot be chosen for a run.
    const odd = (prefix: string): Shapes => ({ [`${prefix}weight_ih_l0`]: [16, 3] });
    const unnamed = await listed(bytesOf({ ...odd(''), ...odd('a.b.'), ...odd('c.') }));
    assert.deepEqual(
      unnamed.map((reason) => reason.replace(/:.*/, '')),
      ['a.b', 'c'],
    );
    assert.deepEqual(await listed(bytesOf({ ...odd('a.b.'), ...odd('a/b/') })), []);
  });

  it('is called RNN, GRU or LSTM only where its recurrent matrix says so', async () => {
    const { contents } = await contentsOf('m', memoryFiles({ m: bytesOf({ weight_ih_l0: [16, 3] }) }));
    assert.deepEqual(contents?.networks, ['recurrent layer [16, 3]']);
  });

  it('in a pickle of quantised layers is advised to be taken before that; no state_dict has its weights', () => {
    for (const [module, name] of [
      ['torch', 'ScriptObject'],
      ['torch._utils', '_rebuild_qtensor'],
      ['torch.ao.nn.quantized.modules.rnn', 'LSTM'],
      ['torch.nn.quantized.dynamic', 'GRU'],
    ] as const)
      assert.equal(unknownGlobal(module, name).finding.advice, 'Take the model as it was before it was quantised.');
    for (const [module, name] of [
      ['torch.nn.modules.rnn', 'LSTM'],
      ['torch', 'ScriptObjects'],
    ] as const)
      assert.match(unknownGlobal(module, name).finding.advice, /save_file/);
  });

  it('of a whole model with quantised recurrent layers is advised by lines that dequantise them', () => {
    const layer = 'torch.ao.nn.quantized.dynamic.modules.rnn';
    const adviceOf = (...globals: readonly (readonly [module: string, name: string])[]): string => {
      const pickle = globals.map(([module, name]) => `c${module}\n${name}\nq\u0001)\u0081`).join('');
      try {
        unpickle(Buffer.from(`\u0080\u0002${pickle}.`, 'latin1'), 0, () => undefined);
      } catch (error) {
        assert.ok(error instanceof FormatError);
        return error.finding.advice;
      }
      return assert.fail('It was read.');
    };
    for (const globals of [
      [[layer, 'LSTM']],
      [
        ['__main__', 'Net'],
        ['torch.nn.modules.container', 'ModuleList'],
        [layer, 'GRU'],
      ],
      [
        ['__main__', 'Net'],
        [layer.replace('.ao', ''), 'LSTM'],
      ],
    ] as const) {
      const advice = adviceOf(...globals);
      assert.match(advice, /Dequantise them .*r\.get_weight\(\), \*\*r\.get_bias\(\)/);
      assert.ok(advice.length <= 600, 'a longer one would be cut');
    }
    // Weights of layers beside it are in the state_dict.
    assert.match(adviceOf(['__main__', 'Net'], [layer.replace('rnn', 'linear'), 'Linear']), /Export the weights alone/);
    assert.match(adviceOf(['__main__', 'Net'], [layer.replace('.dynamic', ''), 'LSTM']), /before it was quantised/);
  });
});
