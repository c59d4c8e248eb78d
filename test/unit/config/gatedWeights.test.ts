// Cells with gates under the names and in the orders of each framework.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { describeProblem, findParts, openEntry } from '../../../src/config/index.js';
import { gateBlocksOf } from '../../../src/config/read/gateParts.js';
import { cellOf } from '../../../src/engine/index.js';
import type { CellName, Experiment } from '../../../src/engine/index.js';
import { configEntry, configName, memoryFiles, readConfigText, readTexts, unmark, withoutBiases } from './memory.js';

type Matrix = number[][];
type Stored = {
  readonly cell: CellName;
  readonly weights: {
    readonly weight_ih_l0: Matrix;
    readonly weight_hh_l0: Matrix;
    readonly bias_ih_l0: number[];
    readonly bias_hh_l0: number[];
  };
  readonly xs: number[][][];
  readonly keras: { readonly kernel: Matrix; readonly recurrent_kernel: Matrix; readonly bias: number[] | Matrix };
};
const stored = (name: string): Stored =>
  JSON.parse(readFileSync(`test/fixtures/reference/gated/${name}.json`, 'utf8')) as Stored;

async function good(config: object): Promise<Experiment> {
  const { experiment, problems } = await readConfigText(JSON.stringify(config));
  assert.deepEqual(problems, []);
  assert.ok(experiment !== null);
  return experiment;
}

const turned = (matrix: Matrix): Matrix => (matrix[0] ?? []).map((_, c) => matrix.map((row) => row[c] ?? Number.NaN));
/** The blocks of H rows in another order. */
function reordered<T>(rows: readonly T[], order: readonly number[]): T[] {
  const H = rows.length / order.length;
  return order.flatMap((gate) => rows.slice(gate * H, (gate + 1) * H));
}

/** Of each cell, where ONNX has its blocks: iofc, and zrh. */
const onnxOrders: Partial<Record<CellName, readonly number[]>> = { lstm: [0, 3, 1, 2], gru: [1, 0, 2] };

for (const name of ['lstm_1layer', 'gru_1layer']) {
  describe(`${name} is the same network`, () => {
    const { cell, weights, xs, keras } = stored(name);
    const order = onnxOrders[cell] ?? [];
    const { weight_ih_l0: ih, weight_hh_l0: hh, bias_ih_l0: bi, bias_hh_l0: bh } = weights;
    const pytorch = (): Promise<Experiment> => good({ dtype: 'float64', weights, sequences: xs });

    it('whether its cell is named or told by the shapes', async () => {
      const told = await pytorch();
      assert.equal(told.cell, cell);
      assert.deepEqual(await good({ cell, dtype: 'float64', weights, sequences: xs }), told);
    });

    it('as Keras has it', async () => {
      const { kernel, recurrent_kernel, bias } = keras;
      const read = await good({ dtype: 'float64', weights: { kernel, recurrent_kernel, bias }, sequences: xs });
      const expected = await pytorch();
      assert.deepEqual(withoutBiases(read), withoutBiases(expected));
    });

    it('as ONNX has it', async () => {
      const onnx = {
        W: [reordered(ih, order)],
        R: [reordered(hh, order)],
        B: [[...reordered(bi, order), ...reordered(bh, order)]],
        activations: cell === 'lstm' ? ['Sigmoid', 'Tanh', 'Tanh'] : ['Sigmoid', 'Tanh'],
      };
      assert.deepEqual(await good({ dtype: 'float64', weights: onnx, sequences: xs }), await pytorch());
    });

    it('as a tutorial has it, whose one bias is that of the input', async () => {
      const plain = { Wx: turned(ih), Wh: turned(hh), b: bi };
      const alone = { weight_ih_l0: ih, weight_hh_l0: hh, bias_ih_l0: bi };
      const read = await good({ dtype: 'float64', weights: plain, sequences: xs });
      const same = await good({ dtype: 'float64', weights: alone, sequences: xs });
      assert.deepEqual(withoutBiases(read), withoutBiases(same));
      assert.deepEqual([...read.layers[0].parameters.b], bi);
    });

    it('as a PyTorch cell has it', async () => {
      const alone = { weight_ih: ih, weight_hh: hh, bias_ih: bi, bias_hh: bh };
      assert.deepEqual(await good({ dtype: 'float64', weights: alone, sequences: xs }), await pytorch());
    });

    it('with zeros where it has no bias, which is told', async () => {
      const { experiment, problems } = await readConfigText(
        JSON.stringify({ weights: { weight_ih_l0: ih, weight_hh_l0: hh }, sequences: xs }),
      );
      assert.deepEqual(
        problems.map(({ severity, expected }) => [severity, expected]),
        [['warning', `"bias_ih_l0" [${order.length}·H], "bias_hh_l0" [${order.length}·H]`]],
      );
      const parameters = experiment?.layers[0].parameters;
      for (const { name: parameter, role } of cellOf(cell).parameters)
        if (role !== 'input' && role !== 'recurrent') assert.ok(parameters?.[parameter]?.every((x) => x === 0));
    });
  });
}

type Case = {
  readonly title: string;
  readonly text: string;
  readonly path: string;
  readonly message: RegExp;
  readonly expected: RegExp;
  readonly found: RegExp;
  readonly advice: RegExp;
};
/** Zeros of a shape, as text. */
const zeros = (...shape: readonly number[]): string => {
  const [length = 0, ...inner] = shape;
  return `[${new Array<string>(length).fill(inner.length === 0 ? '0' : zeros(...inner)).join(',')}]`;
};
const config = (weights: string, rest = ''): string => `{${rest}"weights":{${weights}},"sequences":[[[1,2]]]}`;
const lstm = (H: number, suffix = '_l0', I = 2): string =>
  `"weight_ih${suffix}":${zeros(4 * H, I)},"weight_hh${suffix}":${zeros(4 * H, H)},` +
  `"bias_ih${suffix}":${zeros(4 * H)},"bias_hh${suffix}":${zeros(4 * H)}`;

const cases: readonly Case[] = [
  {
    title: 'a recurrent matrix of another layer',
    text: config(
      `${lstm(12)},"weight_ih_l1":${zeros(48, 12)},«"weight_hh_l1"»:${zeros(40, 12)},"bias_ih_l1":${zeros(48)},` +
        `"bias_hh_l1":${zeros(48)}`,
    ),
    path: 'weights.weight_hh_l1',
    message: /weight_hh_l1 is \[40, 12\]: a multiple of 4 gates × H = 10; is H = 12\?/,
    expected: /\[4·H, H\] = \[48, 12\]/,
    found: /\[40, 12\]/,
    advice: /H = 12 it has the shape \[48, 12\]/,
  },
  {
    title: 'a recurrent matrix that no gates make',
    text: config(
      `"weight_ih_l0":${zeros(8, 2)},«"weight_hh_l0"»:${zeros(9, 2)},"bias_ih_l0":${zeros(8)}`,
      '"cell":"lstm",',
    ),
    path: 'weights.weight_hh_l0',
    message: /9 is no multiple of the 4 gates of the cell "lstm"/,
    expected: /\[8, 2\]/,
    found: /\[9, 2\]/,
    advice: /H = 2/,
  },
  {
    title: 'a plain RNN that is called an LSTM',
    text: config(
      `"weight_ih_l0":${zeros(2, 2)},«"weight_hh_l0"»:${zeros(2, 2)},"bias_ih_l0":${zeros(2)}`,
      '"cell":"lstm",',
    ),
    path: 'weights.weight_hh_l0',
    message: /no multiple of the 4 gates/,
    expected: /\[8, 2\]/,
    found: /\[2, 2\]/,
    advice: /"cell": "tanh"/,
  },
  ...['', '"cell":"tanh",', '"cell":"gru",'].map((cell) => ({
    title: `layers of different cells, ${cell === '' ? 'none named' : cell}`,
    text: config(
      `"weight_ih_l0":${zeros(6, 2)},"weight_hh_l0":${zeros(6, 2)},"bias_ih_l0":${zeros(6)},` +
        `"weight_ih_l1":${zeros(2, 2)},«"weight_hh_l1"»:${zeros(2, 2)},"bias_ih_l1":${zeros(2)}`,
      cell,
    ),
    code: 'unsupported-cell' as const,
    path: 'weights.weight_hh_l1',
    message: /The layers hold different cells, and one network has one cell/,
    expected: /the same cell in every layer/,
    found: /layer 0: GRU; layer 1: a plain RNN/,
    advice: /a file and a config of their own/,
  })),
  {
    title: 'an LSTM that is called a plain RNN',
    text: config(lstm(2).replace('"weight_hh_l0"', '«"weight_hh_l0"»'), '"cell":"tanh",'),
    path: 'weights.weight_hh_l0',
    message: /weights of an LSTM, and the cell is "tanh"/,
    expected: /\[H, H\]/,
    found: /4 gates of 2 units/,
    advice: /Remove "cell"/,
  },
  {
    title: 'a GRU that is called a plain RNN',
    text: config(`"kernel":${zeros(2, 3)},«"recurrent_kernel"»:${zeros(1, 3)},"bias":${zeros(2, 3)}`, '"cell":"relu",'),
    path: 'weights.recurrent_kernel',
    message: /weights of a GRU, and the cell is "relu"/,
    expected: /\[H, H\]/,
    found: /3 gates of 1 units/,
    advice: /Remove "cell"/,
  },
  {
    title: 'an input matrix of other units',
    text: config(lstm(3).replace(`"weight_ih_l0":${zeros(12, 2)}`, `«"weight_ih_l0"»:${zeros(8, 2)}`)),
    path: 'weights.weight_ih_l0',
    message: /\[8, 2\]: 4 gates × H = 2, but weight_hh_l0 has H = 3/,
    expected: /\[4·H, I\] = \[12, 2\]/,
    found: /\[8, 2\]/,
    advice: /4 gates × 3 units are 12/,
  },
  {
    title: 'a kernel that is stored the other way round',
    text: config(`«"kernel"»:${zeros(12, 2)},"recurrent_kernel":${zeros(3, 12)},"bias":${zeros(12)}`),
    path: 'weights.kernel',
    message: /transposed/,
    expected: /\[I, 4·H\] = \[2, 12\]/,
    found: /\[12, 2\]/,
    advice: /Transpose/,
  },
  {
    title: 'a recurrent kernel that is stored the other way round',
    text: config(`"kernel":${zeros(2, 12)},«"recurrent_kernel"»:${zeros(12, 3)},"bias":${zeros(12)}`),
    path: 'weights.recurrent_kernel',
    message: /transposed/,
    expected: /\[3, 12\]/,
    found: /\[12, 3\]/,
    advice: /Transpose/,
  },
  {
    title: 'a bias of one gate',
    text: config(lstm(3).replace(`"bias_hh_l0":${zeros(12)}`, `«"bias_hh_l0"»:${zeros(3)}`)),
    path: 'weights.bias_hh_l0',
    message: /3 numbers, but weight_hh_l0 has 4 gates × 3 units/,
    expected: /12 numbers/,
    found: /3 numbers/,
    advice: /per gate/,
  },
  {
    title: 'a GRU of Keras that resets before the product',
    text: config(`"kernel":${zeros(2, 6)},"recurrent_kernel":${zeros(2, 6)},«"bias"»:${zeros(6)}`),
    path: 'weights.bias',
    message: /resets h before the recurrent product/,
    expected: /r ⊙ \(h·Whn \+ bhn\)/,
    found: /6 numbers/,
    advice: /reset_after=True.*second one/,
  },
  {
    title: 'a GRU of ONNX that says so',
    text: config(`"W":${zeros(1, 6, 2)},"R":${zeros(1, 6, 2)},"B":${zeros(1, 12)},«"linear_before_reset"»:0`),
    path: 'weights.linear_before_reset',
    message: /resets h before/,
    expected: /resets after/,
    found: /number 0/,
    advice: /linear_before_reset=1/,
  },
  {
    title: 'a GRU of Keras that says so',
    text: config(
      `"kernel":${zeros(2, 6)},"recurrent_kernel":${zeros(2, 6)},"bias":${zeros(2, 6)},«"reset_after"»:false`,
    ),
    path: 'weights.reset_after',
    message: /resets h before/,
    expected: /resets after/,
    found: /false/,
    advice: /reset_after=True/,
  },
  {
    title: 'other activations in a node of ONNX',
    text: config(
      `"W":${zeros(1, 8, 2)},"R":${zeros(1, 8, 2)},"B":${zeros(1, 16)},«"activations"»:["Sigmoid","Relu","Tanh"]`,
    ),
    path: 'weights.activations',
    message: /other activations than sigmoid, tanh/,
    expected: /without "activations"/,
    found: /"Sigmoid", "Relu", "Tanh"/,
    advice: /without it/,
  },
  {
    title: 'biases of ONNX that are too short',
    text: config(`"W":${zeros(1, 8, 2)},"R":${zeros(1, 8, 2)},«"B"»:${zeros(1, 8)}`),
    path: 'weights.B',
    message: /does not fit/,
    expected: /\[1, 16\]/,
    found: /\[1, 8\]/,
    advice: /one row/,
  },
  {
    title: 'tensors of ONNX of other directions',
    text: config(`«"W"»:${zeros(2, 8, 2)},"R":${zeros(1, 8, 2)},"B":${zeros(1, 16)}`),
    path: 'weights.W',
    message: /directions/,
    expected: /one or two/,
    found: /\[2, 8, 2\]/,
    advice: /same node/,
  },
];

describe('a wrong shape is told with the gates that it belongs to', () => {
  for (const { title, text, path, message, expected, found, advice } of cases) {
    it(title, async () => {
      const { texts, range } = unmark({ [configName]: text });
      const { experiment, problems } = await readTexts(texts);
      const [problem] = problems;
      assert.equal(problems.length, 1, problems.map(describeProblem).join('\n'));
      assert.ok(problem !== undefined);
      assert.deepEqual([problem.range, problem.path], [range, path], describeProblem(problem));
      assert.match(problem.message, message);
      assert.match(problem.expected, expected);
      assert.match(problem.found, found);
      assert.match(problem.advice, advice);
      assert.equal(experiment, null);
    });
  }

  it('blocks of gates are those of weights that fit their recurrent matrix, and of nothing else', async () => {
    const text =
      `{"cell":"lstm","weights":{"weight_ih_l0":[1,2],"weight_hh_l0":${JSON.stringify(new Array(8).fill([1, 2]))},` +
      '"bias_ih_l0":[1,2,3,4,5,6,7,8],"bias_hh_l0":[1,2]},"sequences":[[[1]]]}';
    const { parts } = await findParts(await openEntry(configEntry, memoryFiles({ [configName]: text })));
    assert.deepEqual(
      parts.map((part) => [
        part.name,
        gateBlocksOf(part)
          .map(({ gate }) => gate)
          .join(''),
      ]),
      [
        ['weight_ih_l0', ''],
        ['weight_hh_l0', 'ifgo'],
        ['bias_ih_l0', 'ifgo'],
        ['bias_hh_l0', ''],
        ['sequences', ''],
      ],
    );
    const [, recurrent] = parts;
    assert.ok(recurrent);
    assert.deepEqual(gateBlocksOf({ ...recurrent, role: 'parameter' }), []);
  });

  it('an initial state names h and c, as numbers or as files', async () => {
    const { experiment, problems } = await readTexts({
      [configName]: config(lstm(1), '"initialState":{"h":[[1]],"c":"c.json"},'),
      'c.json': '[[2]]',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(experiment?.layers[0].initial, { h: Float64Array.of(1), c: Float64Array.of(2) });
    const bare = await readTexts({ [configName]: config(lstm(1), '"initialState":[[3]],') });
    assert.deepEqual(bare.experiment?.layers[0].initial, { h: Float64Array.of(3), c: null });
  });
});
