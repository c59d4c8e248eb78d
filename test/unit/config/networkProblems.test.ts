// What is refused of networks, each with its place; « » mark the range of the one problem.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configName, readTexts } from './memory.js';
import { itRefuses } from './refused.js';
import type { Refused } from './refused.js';

const layer = (suffix: string, ih = '[[1]]', hh = '[[0.5]]', bias = '[0]'): string =>
  `"weight_ih${suffix}":${ih},"weight_hh${suffix}":${hh},"bias_ih${suffix}":${bias},"bias_hh${suffix}":${bias}`;
const one = layer('_l0');
const keras = '"kernel":[[1]],"recurrent_kernel":[[0.5]],"bias":[0]';
const kerasLstm = '"kernel":[[1,1,1,1]],"recurrent_kernel":[[1,1,1,1]],"bias":[0,0,0,0]';
const stack = `${one},${layer('_l1')}`;
const bi = `${one},${layer('_l0_reverse')}`;
const even = '[[[1],[2],[3]],[[4],[5],[6]]]';
const ragged = '[[[1],[2],[3]],[[4]]]';
const config = (weights: string, sequences: string, rest = ''): string =>
  `{"weights":{${weights}},"sequences":${sequences}${rest === '' ? '' : `,${rest}`}}`;
const loss = (rest: string, sequences = even): string =>
  config(stack, sequences, `"loss":{"readout":{"Why":[[1,2]],"by":[0,0]},${rest}}`);

/** Rows × columns of ones, as text. */
const ones = (rows: number, columns: number): string =>
  JSON.stringify(Array.from({ length: rows }, () => new Array<number>(columns).fill(1)));

const cases: readonly Refused[] = [
  {
    title: 'the turned recurrent matrix of an LSTM, whose cell nothing else tells',
    text: config(
      layer('_l0', ones(8, 1), ones(2, 8), `[${'1,'.repeat(7)}1]`).replace('"weight_hh_l0"', '«"weight_hh_l0"»'),
      even,
    ),
    code: 'wrong-dimension',
    path: 'weights.weight_hh_l0',
    message: /weight_hh_l0 is transposed/,
    expected: /\[8, 2\]/,
    found: /\[2, 8\]/,
    advice: /Transpose weight_hh_l0/,
  },
  {
    title: 'the bias of a CuDNN layer of Keras, whose kernels stand in another order',
    text: config(`"kernel":${ones(1, 8)},"recurrent_kernel":${ones(2, 8)},«"bias"»:[${'1,'.repeat(15)}1]`, even),
    code: 'wrong-dimension',
    path: 'weights.bias',
    message: /bias has 16 numbers/,
    expected: /^8 numbers/,
    found: /16 numbers/,
    advice: /CuDNNLSTM and CuDNNGRU .* load the weights into an LSTM/,
  },
  ...['"weight_hh_l0_v"', '"parametrizations.weight_hh_l0.original0"'].map((part) => ({
    title: `a matrix that PyTorch stores in parts: ${part}`,
    text: config(`"weight_ih_l0":[[1]],«${part}»:[[1]],"bias_ih_l0":[0],"bias_hh_l0":[0]`, even),
    code: 'missing-key' as const,
    path: part.includes('.') ? `weights[${part}]` : 'weights.weight_hh_l0_v',
    message: /weight_hh_l0 is missing/,
    expected: /"weight_hh_l0"/,
    found: /weight_hh_l0/,
    advice: /stored in parts .*remove_parametrizations/,
  })),
  {
    title: 'a layer that takes more than the one below gives',
    text: config(
      `${bi},${layer('_l1')},${layer('_l1_reverse', '[[1,1]]')}`.replace('"weight_ih_l1"', '«"weight_ih_l1"»'),
      even,
    ),
    code: 'wrong-dimension',
    path: 'weights.weight_ih_l1',
    message: /takes 1 input, but layer 0 gives 2/,
    expected: /\[H, I\] = \[1, 2\]/,
    found: /\[1, 1\]/,
    advice: /both directions side by side/,
  },
  {
    title: 'a reverse direction of other inputs',
    text: config(
      `${one},${layer('_l0_reverse', '[[1,2]]')}`
        .replace('"weight_ih_l0_r', '«"weight_ih_l0_r')
        .replace('everse":[[1,2', 'everse"»:[[1,2'),
      even,
    ),
    code: 'wrong-dimension',
    path: 'weights.weight_ih_l0_reverse',
    message: /takes 2 inputs, but the forward direction takes 1/,
    expected: /\[1, 1\]/,
    found: /\[1, 2\]/,
    advice: /same sequences/,
  },
  {
    title: 'a projection',
    text: config(`${one},«"weight_hr_l0"»:[[1]]`, even),
    code: 'unsupported-feature',
    path: 'weights.weight_hr_l0',
    message: /proj_size/,
    expected: /without "weight_hr_l0"/,
    found: /shape \[1, 1\]/,
    advice: /without it/,
  },
  {
    title: 'a clipped cell state',
    text: config(`${one},«"cell_clip"»:3`, even),
    code: 'unsupported-feature',
    path: 'weights.cell_clip',
    message: /cell_clip/,
    expected: /without "cell_clip"/,
    found: /number 3/,
    advice: /without it/,
  },
  {
    title: 'peepholes',
    text: config(`${one},«"use_peepholes"»:true`, even),
    code: 'unsupported-feature',
    path: 'weights.use_peepholes',
    message: /peepholes/,
    expected: /without "use_peepholes"/,
    found: /true/,
    advice: /without it/,
  },
  {
    title: 'another activation of the gates of a Keras layer',
    text: config(`${kerasLstm},«"recurrent_activation"»:"hard_sigmoid"`, even, '"cell":"lstm"'),
    code: 'unsupported-feature',
    path: 'weights.recurrent_activation',
    message: /has the activation "hard_sigmoid", but "lstm" has "sigmoid"/,
    expected: /"recurrent_activation": "sigmoid"/,
    found: /"hard_sigmoid"/,
    advice: /Train the network with "sigmoid"/,
  },
  {
    title: 'another activation in the configuration of a Keras layer, above its cell',
    text: config(
      `"lstm/lstm_cell":{${kerasLstm}},"lstm":{"config":{«"activation"»:"relu","recurrent_activation":"sigmoid"}}`,
      even,
      '"cell":"lstm"',
    ),
    code: 'unsupported-feature',
    path: 'weights.lstm.config.activation',
    message: /has the activation "relu", but "lstm" has "tanh"/,
    expected: /"activation": "tanh"/,
    found: /"relu"/,
    advice: /Train the network with "tanh"/,
  },
  {
    title: 'the activation of a Keras layer that the config runs as another cell',
    text: config(`${keras},«"activation"»:"relu"`, even, '"cell":"tanh"'),
    code: 'unsupported-feature',
    path: 'weights.activation',
    message: /has the activation "relu", but "tanh" has "tanh"/,
    expected: /"activation": "tanh"/,
    found: /"relu"/,
    advice: /Write "cell": "relu" into the config/,
  },
  {
    title: 'a Keras layer that runs backwards',
    text: config(`${keras},«"go_backwards"»:true`, even),
    code: 'unsupported-feature',
    path: 'weights.go_backwards',
    message: /from their end \(go_backwards\)/,
    expected: /"go_backwards": false/,
    found: /true/,
    advice: /Turn the sequences around/,
  },
  {
    title: 'dropout',
    text: config(`${one},«"dropout"»:0.2`, even),
    code: 'unsupported-feature',
    severity: 'info',
    path: 'weights.dropout',
    message: /ignored/,
    expected: /no dropout/,
    found: /0\.2/,
    advice: /evaluation/,
  },
  {
    title: 'a state carried in two directions',
    text: config(bi, even, '"stateful":«true»'),
    code: 'key-conflict',
    path: 'stateful',
    message: /the reverse one comes from the next chunk/,
    expected: /false/,
    found: /two directions/,
    advice: /initial state/,
  },
  {
    title: 'a state carried by sequences of different lengths',
    text: config(one, ragged, '"stateful":«true»'),
    code: 'key-conflict',
    path: 'stateful',
    message: /end inside a chunk/,
    expected: /false/,
    found: /different lengths/,
    advice: /initial state/,
  },
  {
    title: 'states of one layer for two',
    text: config(stack, even, '«"initialState"»:[[1],[2]]'),
    code: 'wrong-dimension',
    path: 'initialState',
    message: /two|2 dimensions/,
    expected: /\[L·D\]\[B\]\[H\]/,
    found: /\[2, 1\]/,
    advice: /layer 0 reverse/,
  },
  {
    title: 'states of too few layers',
    text: config(stack, even, '«"initialState"»:[[[1],[2]]]'),
    code: 'wrong-dimension',
    path: 'initialState',
    message: /does not fit/,
    expected: /\[2, 2, 1\]/,
    found: /\[1, 2, 1\]/,
    advice: /shape/,
  },
  {
    title: 'one width of state for layers of two',
    text: config(
      `${one},${layer('_l1', '[[1],[1]]', '[[1,0],[0,1]]', '[0,0]')}`,
      even,
      '«"initialState"»:[[[1],[2]],[[1],[2]]]',
    ),
    code: 'wrong-dimension',
    path: 'initialState',
    message: /one list for each layer/,
    expected: /2 lists/,
    found: /\[2, 2, 1\]/,
    advice: /1, 2 units/,
  },
  {
    title: 'a state that the cell does not have',
    text: config(one, even, '"initialState":{"h":[[1],[2]],«"c"»:[[1],[2]]}'),
    code: 'unknown-key',
    severity: 'warning',
    path: 'initialState.c',
    message: /"c"/,
    expected: /one of h/,
    found: /"c"/,
    advice: /Remove/,
  },
  {
    title: 'an upstream gradient behind the end of a sequence',
    text: config(one, ragged, '"upstreamGradient":[[[1],[2],[3]],[[4],[0],«[5]»]]'),
    code: 'wrong-dimension',
    path: 'upstreamGradient[1][2]',
    message: /Sequence 1 ends before step 2/,
    expected: /1 timestep/,
    found: /3 timesteps/,
    advice: /Remove/,
  },
  {
    title: 'an upstream gradient that ends before its sequence',
    text: config(one, ragged, '"upstreamGradient":[«[[1],[2]]»,[[4]]]'),
    code: 'wrong-dimension',
    path: 'upstreamGradient[0]',
    message: /of sequence 0/,
    expected: /\[3, 1\]/,
    found: /\[2, 1\]/,
    advice: /each timestep/,
  },
  {
    title: 'an upstream gradient of one direction for two',
    text: config(bi, even, '«"upstreamGradient"»:[[[1],[2],[3]],[[4],[5],[6]]]'),
    code: 'wrong-dimension',
    path: 'upstreamGradient',
    message: /does not fit/,
    expected: /\[B\]\[T\]\[2·H\] = \[2, 3, 2\]/,
    found: /\[2, 3, 1\]/,
    advice: /shape/,
  },
  {
    title: 'a target behind the end of a sequence',
    text: loss('"kind":"crossEntropy","at":"every","targets":[[1,0,1],[0,null,«1»]]', ragged),
    code: 'wrong-dimension',
    path: 'loss.targets[1][2]',
    message: /Sequence 1 has ended/,
    expected: /null/,
    found: /number 1/,
    advice: /null/,
  },
  {
    title: 'a target at a listed step that a sequence does not have',
    text: loss('"kind":"mse","at":[0,2],"targets":[[[1,2],[3,4]],[[5,6],«[7,8]»]]', ragged),
    code: 'wrong-dimension',
    path: 'loss.targets[1][1]',
    message: /Sequence 1 has ended/,
    expected: /null/,
    found: /2 elements/,
    advice: /null/,
  },
  {
    title: 'too few targets for a sequence',
    text: loss('"kind":"crossEntropy","at":"every","targets":[«[1,0]»,[1]]', ragged),
    code: 'wrong-dimension',
    path: 'loss.targets[0]',
    message: /2 timesteps, and 3/,
    expected: /3 timesteps/,
    found: /2 timesteps/,
    advice: /class index, or null/,
  },
  {
    title: 'no target at all',
    text: loss('"kind":"crossEntropy","at":"every",«"targets"»:[[null,null,null],[null,null,null]]'),
    code: 'wrong-value',
    path: 'loss.targets',
    message: /No place/,
    expected: /not null/,
    found: /\[2, 3\]/,
    advice: /at least one/,
  },
  {
    title: 'a class that is none among nulls',
    text: loss('"kind":"crossEntropy","at":"every","targets":[[1,null,«2»],[0,0,0]]'),
    code: 'wrong-value',
    path: 'loss.targets[0][2]',
    message: /2 is no class/,
    expected: /0 to 1/,
    found: /2/,
    advice: /counted from 0/,
  },
  {
    title: 'a target that is no probability',
    text: loss('"kind":"binaryCrossEntropy","targets":[[0,1],[0.5,«1.5»]]'),
    code: 'wrong-value',
    path: 'loss.targets[1][1]',
    message: /1\.5 is no probability/,
    expected: /from 0 to 1/,
    found: /1\.5/,
    advice: /0 or 1/,
  },
  {
    title: 'a text among targets that may be missing',
    text: loss('"kind":"mse","targets":[null,[1,«"2"»]]'),
    code: 'wrong-type',
    path: 'loss.targets[1][1]',
    message: /text/,
    expected: /a number/,
    found: /"2"/,
    advice: /quotes/,
  },
  {
    title: 'steps of a loss out of order',
    text: loss('"kind":"crossEntropy","at":[2,«1»],"targets":[[1,1],[0,0]]'),
    code: 'wrong-value',
    path: 'loss.at[1]',
    message: /1 is no step/,
    expected: /0 to 2, in order/,
    found: /1/,
    advice: /once, in order/,
  },
  {
    title: 'a step of a loss behind the last one',
    text: loss('"kind":"crossEntropy","at":[0,«3»],"targets":[[1,1],[0,0]]'),
    code: 'wrong-value',
    path: 'loss.at[1]',
    message: /3 is no step/,
    expected: /0 to 2/,
    found: /3/,
    advice: /once, in order/,
  },
  {
    title: 'steps of a loss that are no list of steps',
    text: loss('"kind":"crossEntropy",«"at"»:[[0],[1]],"targets":[[1,1],[0,0]]'),
    code: 'wrong-value',
    path: 'loss.at',
    message: /no list of steps/,
    expected: /\[2, 5, 11\]/,
    found: /\[2, 1\]/,
    advice: /counted from 0/,
  },
  {
    title: 'a readout of one direction for two',
    text: config(bi, even, '"loss":{"kind":"mse","readout":{«"Why"»:[[1]],"by":[0]},"targets":[[1],[1]]}'),
    code: 'wrong-dimension',
    path: 'loss.readout.Why',
    message: /does not fit/,
    expected: /2·H = 2/,
    found: /\[1, 1\]/,
    advice: /trained with this network/,
  },
];

describe('what a network cannot be has its place, and says how to mend it', () => {
  itRefuses(cases);

  it('lengths that would fill a large block from a small file are refused', async () => {
    const long = `[${new Array<string>(20_000).fill('[1]').join(',')}]`;
    const short = new Array<string>(20_000).fill('[[1]]').join(',');
    const { problems } = await readTexts({ [configName]: config(one, `[${long},${short}]`) });
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [['not-enough-memory', 'sequences']],
    );
  });

  it('of very many wrong targets the first are told, and how many more there are', async () => {
    const wrong = new Array<string>(100).fill('[null,9,9]').join(',');
    const sequences = `[${new Array<string>(100).fill('[[1],[2],[3]]').join(',')}]`;
    const text = loss(`"kind":"crossEntropy","at":"every","targets":[${wrong}]`, sequences);
    const { problems } = await readTexts({ [configName]: text });
    // And one that asks in which order a hundred sequences of three steps stand.
    assert.equal(problems.length, 22);
    assert.match(problems.map(({ message }) => message).join('\n'), /180 more places in targets/);
  });
});
