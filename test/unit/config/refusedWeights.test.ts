// What is refused of weights by their names and shapes: matrices that do not belong together, and networks with gaps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Problem } from '../../../src/config/index.js';
import { configName, npyOf, npzOf, readTexts } from './memory.js';
import { itRefuses } from './refused.js';
import type { Refused } from './refused.js';

const X = '[[[1],[2],[3]]]';
const config = (weights: string, rest = '', sequences = X): string =>
  `{"weights":{${weights}},"sequences":${sequences}${rest === '' ? '' : `,${rest}`}}`;
const zeros = (...shape: readonly number[]): string => {
  const [size, ...rest] = shape;
  return size === undefined ? '0' : `[${new Array<string>(size).fill(zeros(...rest)).join(',')}]`;
};
const square = '"Wx":[[1,2]],"b":[0,0]';
const torch = (suffix: string, inputs = 1): string =>
  `"weight_ih${suffix}":${zeros(2, inputs)},"weight_hh${suffix}":${zeros(2, 2)},"bias_ih${suffix}":[0,0],` +
  `"bias_hh${suffix}":[0,0]`;
const keras = (prefix: string, inputs = 1): string =>
  `"${prefix}/kernel":${zeros(inputs, 2)},"${prefix}/recurrent_kernel":${zeros(2, 2)},"${prefix}/bias":[0,0]`;

const problemsOf = async (text: string): Promise<readonly Problem[]> =>
  (await readTexts({ [configName]: text })).problems;
const messages = async (text: string): Promise<string> =>
  (await problemsOf(text)).map(({ message }) => message).join('\n');

const notSquare = (rows: number, columns: number, advice: RegExp): Refused => ({
  title: `Wh of ${rows} rows and ${columns} columns`,
  text: config(`"Wx":${zeros(1, columns)},«"Wh"»:${zeros(rows, columns)},"b":${zeros(columns)}`),
  code: 'wrong-dimension',
  path: 'weights.Wh',
  message: /Wh is not square/,
  expected: /./,
  found: new RegExp(`\\[${rows}, ${columns}\\]`),
  advice,
});

const severalNetworks = (title: string, weights: string, path: string): Refused => ({
  title,
  text: config(weights),
  code: 'unsupported-feature',
  path,
  message: /more than one RNN/,
  expected: /one network/,
  found: /;/,
  advice: /a file of its own/,
});

const cases: readonly Refused[] = [
  notSquare(3, 2, /1 more column/),
  notSquare(5, 3, /2 more columns/),
  notSquare(3, 5, /2 more rows/),
  {
    title: "Keras' recurrent kernel of an LSTM that is no multiple of its gates",
    text: config(`"kernel":${zeros(1, 8)},«"recurrent_kernel"»:${zeros(2, 7)},"bias":${zeros(8)}`, '"cell":"lstm"'),
    code: 'wrong-dimension',
    path: 'weights.recurrent_kernel',
    message: /7 is no multiple of the 4 gates of the cell "lstm"/,
    expected: /^\[H, 4·H\] = \[2, 8\]$/,
    found: /\[2, 7\]/,
    advice: /./,
  },
  {
    title: "PyTorch's input matrix of an LSTM that is no multiple of its gates",
    text: config(
      `«"weight_ih_l0"»:${zeros(7, 1)},"weight_hh_l0":${zeros(8, 2)},"bias_ih_l0":${zeros(8)},"bias_hh_l0":${zeros(8)}`,
      '"cell":"lstm"',
    ),
    code: 'wrong-dimension',
    path: 'weights.weight_ih_l0',
    message: /7 is no multiple of the 4 gates of the cell "lstm"/,
    expected: /\[8, 1\]/,
    found: /\[7, 1\]/,
    advice: /4 gates × 2 units are 8/,
  },
  {
    title: "PyTorch's input matrix of another number of units",
    text: config(torch('_l0').replace(zeros(2, 1), zeros(3, 1)).replace('"weight_ih_l0"', '«"weight_ih_l0"»')),
    code: 'wrong-dimension',
    path: 'weights.weight_ih_l0',
    message: /./,
    expected: /\[2, 1\]/,
    found: /\[3, 1\]/,
    advice: /Give weight_ih_l0 2 rows/,
  },
  {
    title: 'an input matrix that is turned, beside sequences that fit it neither way',
    text: config('«"Wx"»:[[1,2,3],[4,5,6]],"Wh":[[1,0],[0,1]],"b":[0,0]', '', '[[[1,2,3,4,5]]]'),
    code: 'wrong-dimension',
    path: 'weights.Wx',
    message: /Wx/,
    expected: /\[3, 2\]/,
    found: /\[2, 3\]/,
    advice: /Transpose Wx/,
  },
  {
    title: "ONNX' input matrix that is turned",
    text: config(`«"W"»:${zeros(1, 1, 2)},"R":${zeros(1, 2, 2)},"B":${zeros(1, 4)}`),
    code: 'wrong-dimension',
    path: 'weights.W',
    message: /W/,
    expected: /./,
    found: /./,
    advice: /Transpose W/,
  },
  {
    title: 'ONNX tensors of three directions',
    text: config(`"W":${zeros(3, 2, 1)},«"R"»:${zeros(3, 2, 2)},"B":${zeros(3, 4)}`),
    code: 'wrong-dimension',
    path: 'weights.R',
    message: /the same one or two directions/,
    expected: /one or two matrices/,
    found: /\[3, 2, 2\]/,
    advice: /same node/,
  },
  {
    title: 'ONNX tensors of one direction and of two',
    text: config(`«"W"»:${zeros(1, 2, 1)},"R":${zeros(2, 2, 2)},"B":${zeros(2, 4)}`),
    code: 'wrong-dimension',
    path: 'weights.W',
    message: /the same one or two directions/,
    expected: /one or two matrices/,
    found: /\[1, 2, 1\]/,
    advice: /same node/,
  },
  {
    title: "a number in ONNX' recurrent matrix that is none",
    text: config(`"W":${zeros(1, 2, 1)},"R":[[[0,0],[0,«NaN»]]],"B":${zeros(1, 4)}`),
    code: 'not-a-number',
    path: 'weights.R[0][1][1]',
    message: /NaN/,
    expected: /finite/,
    found: /NaN/,
    advice: /diverged/,
  },
  {
    title: "a number in ONNX' input matrix that is none",
    text: config(`"W":[[[0],[«NaN»]]],"R":${zeros(1, 2, 2)},"B":${zeros(1, 4)}`),
    code: 'not-a-number',
    path: 'weights.W[0][1][0]',
    message: /NaN/,
    expected: /finite/,
    found: /NaN/,
    advice: /diverged/,
  },
  {
    title: "a number in ONNX' biases that is none",
    text: config(`"W":${zeros(1, 2, 1)},"R":${zeros(1, 2, 2)},"B":[[0,0,0,«NaN»]]`),
    code: 'not-a-number',
    path: 'weights.B[0][3]',
    message: /NaN/,
    expected: /finite/,
    found: /NaN/,
    advice: /diverged/,
  },
  {
    title: "a GRU's two biases of Keras as one row of another length",
    text: config(`"kernel":${zeros(1, 6)},"recurrent_kernel":${zeros(2, 6)},«"bias"»:${zeros(5)}`, '"cell":"gru"'),
    code: 'wrong-dimension',
    path: 'weights.bias',
    message: /bias/,
    expected: /./,
    found: /5/,
    advice: /./,
  },
  severalNetworks(
    'layers of two frameworks',
    `${torch('_l0')},"kernel":${zeros(1, 2)},«"recurrent_kernel"»:${zeros(2, 2)},"bias":[0,0]`,
    'weights.recurrent_kernel',
  ),
  severalNetworks(
    'two Keras layers of one place',
    `${keras('rnn/cell')},${keras('forward_rnn/cell').replace('"forward_rnn/cell/recurrent_kernel"', '«$&»')}`,
    'weights["forward_rnn/cell/recurrent_kernel"]',
  ),
  severalNetworks(
    'Keras layers of which the lower one has no numbers',
    `${keras('a').replace(zeros(2, 2), '[[0],[0,0]]')},${keras('b', 2).replace('"b/recurrent_kernel"', '«$&»')}`,
    'weights["b/recurrent_kernel"]',
  ),
  severalNetworks(
    'ONNX layers of which the upper one takes other inputs than the lower one gives',
    `"a/W":${zeros(1, 2, 1)},"a/R":${zeros(1, 2, 2)},"b/W":${zeros(1, 2, 3)},«"b/R"»:${zeros(1, 2, 2)}`,
    'weights["b/R"]',
  ),
  severalNetworks(
    'ONNX layers of which the lower one has no numbers',
    `"a/W":${zeros(1, 2, 1)},"a/R":[[[0],[0,0]]],"b/W":${zeros(1, 2, 2)},«"b/R"»:${zeros(1, 2, 2)}`,
    'weights["b/R"]',
  ),
  severalNetworks(
    'two networks, one without a recurrent matrix',
    `"a.weight_ih_l0":${zeros(2, 1)},«"b.weight_ih_l0"»:${zeros(2, 1)}`,
    'weights["b.weight_ih_l0"]',
  ),
  severalNetworks(
    'two networks, one with a recurrent matrix of one dimension',
    `"a.weight_hh_l0":[1,2],«"b.weight_hh_l0"»:${zeros(2, 2)}`,
    'weights["b.weight_hh_l0"]',
  ),
  {
    title: 'a layer without the reverse direction that the one below has, of Keras',
    text: config(
      `${keras('bidirectional/forward_rnn/cell')},${keras('bidirectional/backward_rnn/cell')},` +
        keras('bidirectional_1/forward_rnn/cell', 4).replace(
          '"bidirectional_1/forward_rnn/cell/recurrent_kernel"',
          '«$&»',
        ),
    ),
    code: 'missing-key',
    path: 'weights["bidirectional_1/forward_rnn/cell/recurrent_kernel"]',
    message: /Layer 1 has no reverse direction/,
    expected: /recurrent_kernel/,
    found: /bidirectional_1\/forward_rnn\/cell\.recurrent_kernel/,
    advice: /Export all weights/,
  },
  {
    title: 'a layer without its forward direction',
    text: config(
      `${torch('_l0')},${torch('_l0_reverse')},${torch('_l1_reverse', 4)}`.replace('"weight_hh_l1_reverse"', '«$&»'),
    ),
    code: 'missing-key',
    path: 'weights.weight_hh_l1_reverse',
    message: /The forward direction of layer 1 is missing/,
    expected: /weight_hh_l1/,
    found: /weight_hh_l1_reverse/,
    advice: /Export all weights/,
  },
  {
    title: 'a layer that is missing, and the one above it without a recurrent matrix',
    text: config(`${torch('_l0')},«"weight_ih_l2"»:${zeros(2, 2)}`),
    code: 'missing-key',
    path: 'weights.weight_ih_l2',
    message: /Layer 1 is missing/,
    expected: /weight_hh_l1/,
    found: /weight_hh_l2/,
    advice: /Export all weights/,
  },
  {
    title: 'a matrix of a lower layer that is not square, below one that could not be checked',
    text: config(
      `${torch('_l0').replace(zeros(2, 2), zeros(2, 5)).replace('"weight_hh_l0"', '«$&»')},${torch('_l1', 2)}`,
    ),
    code: 'wrong-dimension',
    path: 'weights.weight_hh_l0',
    message: /not square/,
    expected: /./,
    found: /\[2, 5\]/,
    advice: /./,
  },
  {
    title: 'a misspelt name with escapes, which is told and not replaced',
    text: config(`${square},«"W\\u0068h"»:[[1,0],[0,1]]`),
    code: 'missing-key',
    path: 'weights.Whh',
    message: /Wh/,
    expected: /Wh/,
    found: /W\\u0068h/,
    advice: /Did you mean "Wh" by "Whh"/,
  },
  {
    title: 'a bias of a name that is near to none of two',
    text: config(
      torch('_l0')
        .replace(/,"bias_hh_l0":.*/, '')
        .replace('"bias_ih_l0"', '"bias"')
        .replace('"weight_hh_l0"', '«$&»'),
    ),
    code: 'missing-key',
    path: 'weights.weight_hh_l0',
    severity: 'warning',
    message: /no bias/,
    expected: /bias_ih_l0/,
    found: /no bias/,
    advice: /^Add "bias_ih_l0"/,
  },
  {
    title: 'a text where a bias was meant',
    text: config('"Wx":[[1,2]],«"Wh"»:[[1,0],[0,1]],"bb":"none"'),
    code: 'missing-key',
    path: 'weights.Wh',
    severity: 'warning',
    message: /no bias/,
    expected: /"b" \[H\]/,
    found: /no bias/,
    advice: /^Add "b"/,
  },
  {
    title: 'a word that is longer than any key',
    text: `{"weights":{${square},"Wh":[[1,0],[0,1]]},"sequences":${X},«"${'x'.repeat(200)}"»:1}`,
    code: 'unknown-key',
    path: 'x'.repeat(200),
    severity: 'warning',
    message: /The key "x+…" is unknown/,
    expected: /one of name, cell/,
    found: /"x+…"/,
    advice: /^Remove it\.$/,
  },
  {
    title: 'a character by half of its code',
    text: `{"weights":{${square},"Wh":[[1,0],[0,1]]},"sequences":${X},"name":«"\\u12"»}`,
    code: 'not-json',
    path: 'name',
    message: /./,
    expected: /./,
    found: /u12/,
    advice: /./,
  },
];

describe('weights that make no network', () => {
  itRefuses(cases);

  it('are told as far as is known where the sequences cannot be read', async () => {
    const told = await problemsOf(config('"Wx":[[1,2,3]],"Wh":[[1,0],[0,1]],"b":[0,0]', '', '"none.json"'));
    const [matrix] = told.filter(({ path }) => path === 'weights.Wx');
    assert.equal(matrix?.expected, '[I, H] = [1, 2]');
  });

  it('in a file of another kind are told by their names, which nothing there can replace', async () => {
    const file = npzOf({ Wx: npyOf([1, 2], [1, 2]), Whh: npyOf([2, 2], [1, 0, 0, 1]), b: npyOf([2], [0, 0]) });
    const { problems } = await readTexts({ [configName]: `{"weights":"w.npz","sequences":${X}}`, 'w.npz': file });
    const [missing] = problems;
    assert.deepEqual([missing?.code, missing?.found, missing?.fix], ['missing-key', 'Whh', undefined]);
    assert.match(missing?.advice ?? '', /Did you mean "Wh" by "Whh"/);
  });

  it('of which a part is not read say why', async () => {
    const objects = npyOf([1, 2], [0, 0], '|O');
    const files = {
      'x.npz': npzOf({ good: npyOf([1, 2, 1], [1, 2]), bad: objects }),
      'h.npz': npzOf({ h: objects, other: npyOf([1], [1]) }),
    };
    const W = `{${square},"Wh":[[1,0],[0,1]]}`;
    const sequences = `{"weights":${W},"sequences":{"file":"x.npz","name":"bad"}}`;
    const [part] = (await readTexts({ ...files, [configName]: sequences })).problems;
    assert.match(part?.message ?? '', /object/i);
    const state = `{"weights":${W},"sequences":${X},"initialState":"h.npz"}`;
    const [h] = (await readTexts({ ...files, [configName]: state })).problems.filter(
      ({ code }) => code === 'wrong-type',
    );
    assert.match(h?.message ?? '', /"h" holds the wrong type of value/);
  });

  it('of a pair have a name of their own, and inputs that made-up sequences can have', async () => {
    const made = { made: 'random', B: 1, T: 2, seed: 1 } as const;
    const weights = `{${square},"Wh":[[1,0],[0,1]]}`;
    const pair = await readTexts({ '.json': weights }, { kind: 'pair', weights: '.json', sequences: made });
    assert.equal(pair.experiment?.name, '.json + random sequences');
    const alone = await readTexts(
      { 'w.json': '{"weight_hh_l0":[[1,0],[0,1]]}' },
      { kind: 'pair', weights: 'w.json', sequences: made },
    );
    assert.equal(alone.experiment, null);
    assert.deepEqual(
      alone.problems.map(({ severity, code }) => [severity, code]),
      [
        ['error', 'missing-key'],
        ['warning', 'missing-key'],
      ],
    );
  });

  it('may have activations that are no list, or no name, which say nothing', async () => {
    const good = async (weights: string): Promise<void> => {
      const problems = (await problemsOf(config(weights))).filter(({ severity }) => severity === 'error');
      assert.deepEqual(problems, [], weights);
    };
    const onnx = `"W":${zeros(1, 2, 1)},"R":${zeros(1, 2, 2)},"B":${zeros(1, 4)}`;
    await good(`${onnx},"activations":"Tanh"`);
    await good(`${onnx},"activations":["Tanh"]`);
    const plain = `"kernel":${zeros(1, 2)},"recurrent_kernel":${zeros(2, 2)},"bias":[0,0]`;
    await good(`${plain},"activation":1`);
    await good(`${plain},"activation":"tanh","recurrent_activation":"sigmoid"`);
    const [odd] = await problemsOf(config(`${onnx},"activations":["Relu",["Tanh"]]`, '"cell":"tanh"'));
    assert.match(odd?.found ?? '', /"Relu", /);
  });

  it('are told once where both matrices of ONNX are wrong', async () => {
    const wrong = await messages(config(`"W":[[[0],[NaN]]],"R":[[[0,0],[0,NaN]]],"B":${zeros(1, 4)}`));
    assert.equal(wrong.split('\n').length, 2);
    const three = await messages(config(`"W":${zeros(3, 2, 1)},"R":[[[0,0],[0,NaN]]],"B":${zeros(1, 4)}`));
    assert.match(three, /the same one or two directions[^]*NaN/);
    const biases = await problemsOf(config(`"W":${zeros(1, 2, 1)},"R":${zeros(1, 2, 5)},"B":${zeros(1, 4)}`));
    assert.deepEqual(
      biases.map(({ path }) => path),
      ['weights.R'],
    );
    const rows = await problemsOf(config(`"W":${zeros(2, 2, 1)},"R":${zeros(2, 2, 5)},"B":${zeros(1, 4)}`));
    assert.ok(rows.some(({ path, expected }) => path === 'weights.B' && expected === '[D][2·G·H]'));
  });
});
