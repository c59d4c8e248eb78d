// The Python function of a notebook, and the example that it has written: what the engine makes of its output is held
// against numbers of others. torch is replaced by what the function asks of it (test/support/python/stand_in.py); what
// torch itself has made of some calls is stored (test/notebook/check.ts).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { finish, runExperiment } from '../../../src/engine/index.js';
import type { Experiment } from '../../../src/engine/index.js';
import { allowed, distances, experimentOf, mime, readOutput } from '../../support/notebookOutputs.js';
import type { Displayed, TorchCase } from '../../support/notebookOutputs.js';
import { heavyVariants, kernelsOf } from '../wasm/support.js';
import { readJson, worstOfEach } from '../engine/fixtures.js';

const source = 'media/notebook/show_gradients.py';
const stored = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

type Call = {
  readonly mode: string;
  readonly batch_first: boolean;
  readonly weights: Readonly<Record<string, unknown>>;
  readonly x: unknown;
  readonly options: Readonly<Record<string, unknown>>;
};

const hasPython = spawnSync('python3', ['-c', 'import numpy']).status === 0;
const withPython = { skip: hasPython ? false : 'python3 with numpy is not here' };

type Files = ReadonlyMap<string, Buffer>;
type Called = { status: number | null; stdout: string; stderr: string; files: Files };

/** What Python prints of these calls, beside files that stand in their folder before, and what stands there then. */
function called(calls: readonly Call[], before: Files): Called {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-notebook-'));
  try {
    for (const [name, content] of before) writeFileSync(path.join(folder, name), content);
    const cases = path.join(folder, 'calls.json');
    writeFileSync(cases, JSON.stringify(calls));
    const { status, stdout, stderr } = spawnSync('python3', [path.resolve('test/support/python/stand_in.py'), cases], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    const names = readdirSync(folder).filter((name) => name !== 'calls.json');
    const files = new Map(names.map((name) => [name, readFileSync(path.join(folder, name))] as const));
    return { status, stdout, stderr, files };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What each call displays, and the files that the calls have written. */
function displayed(calls: readonly Call[], before: Files = new Map()): { outputs: Displayed[]; files: Files } {
  const { status, stdout, stderr, files } = called(calls, before);
  assert.equal(status, 0, stderr);
  return { outputs: JSON.parse(stdout) as Displayed[], files };
}

const tensor = (values: unknown, dtype = 'float32') => ({ dtype, values });
const tensors = (of: unknown, dtype = 'float32') =>
  Object.fromEntries(Object.entries(of as object).map(([name, values]) => [name, tensor(values, dtype)]));
const weather = (name: string): unknown => stored(`examples/weather/${name}`);

/** The call of the example notebook. */
const exampleCall = (): Call => ({
  mode: 'LSTM',
  batch_first: true,
  weights: tensors(weather('lstm.state_dict.json')),
  x: tensor(weather('sequences.json')),
  options: {
    name: 'lstm-on-weather',
    loss: {
      kind: 'mse',
      readout: { module: tensors(weather('lstm.readout.json')) },
      targets: tensor(weather('targets.json')),
      at: 'last',
    },
  },
});

type Notebook = {
  readonly cells: readonly { readonly source: readonly string[]; readonly outputs?: { readonly data: Displayed }[] }[];
};
const example = stored('examples/notebook/gradients.ipynb') as Notebook;
const exampleOutput = example.cells.flatMap(({ outputs = [] }) => outputs)[0]?.data;

/** Weights of a tanh layer of two units, as PyTorch keeps them. */
const small = {
  weight_ih_l0: [[0.5], [-0.25]],
  weight_hh_l0: [
    [0.5, 0.25],
    [-0.125, 0.5],
  ],
  bias_ih_l0: [0, 0],
  bias_hh_l0: [0.125, 0],
};
const call = (x: unknown, options: Call['options'] = {}, more: Partial<Call> = {}): Call => ({
  mode: 'RNN_TANH',
  batch_first: true,
  weights: tensors(small),
  x,
  options,
  ...more,
});

describe('the Python function of a notebook', () => {
  it('has at most 40 lines and stands in the example as it is copied', () => {
    const text = readFileSync(source, 'utf8');
    const lines = text.trimEnd().split('\n');
    assert.ok(lines.length <= 40, `${lines.length} lines`);
    assert.deepEqual(
      lines.filter((line) => line.length > 118),
      [],
    );
    assert.equal(example.cells[1]?.source.join(''), text.trimEnd());
  });

  it('hands over layouts, states, losses and gradients as PyTorch has them', withPython, async () => {
    const timeFirst = [
      [[1], [2]],
      [[3], [4]],
      [[5], [6]],
    ];
    const state = [
      [
        [0.5, 1],
        [1.5, 2],
      ],
    ];
    const gradient = [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
      [
        [9, 10],
        [11, 12],
      ],
    ];
    const { outputs } = displayed([
      call(tensor(timeFirst), { upstream: tensor(gradient), state: tensor(state) }, { batch_first: false }),
      call({ packed: [tensor([[1], [2], [3]]), tensor([[4]])] }, { upstream: 'every' }),
      call(tensor([[1], [2]], 'float64'), { upstream: 1 }, { weights: tensors(small, 'float64'), mode: 'RNN_RELU' }),
      call(tensor([[[1], [2]]]), {
        loss: {
          kind: 'crossEntropy',
          readout: {
            module: tensors({
              weight: [
                [1, 0],
                [0, 1],
                [1, 1],
              ],
              bias: [0, 0, 0.5],
            }),
          },
          targets: tensor([2], 'int64'),
          at: 'last',
        },
      }),
    ]);
    const [turned, packed, one, classes] = await Promise.all(outputs.map((output) => experimentOf(output)));
    assert.ok(turned !== undefined && packed !== undefined && one !== undefined && classes !== undefined);
    assert.deepEqual(turned.shapes, { B: 2, T: 3, I: 1, H: 2 });
    assert.equal(turned.dtype, 'float32');
    assert.ok(turned.upstream.kind === 'given');
    // [T][B][H] in PyTorch, [B][T][H] here.
    assert.deepEqual([...turned.upstream.dhs], [1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12]);
    assert.deepEqual([...finish(runExperiment(Infinity, packed)).lengths], [3, 1]);
    assert.equal(packed.upstream.kind, 'every');
    assert.deepEqual([one.dtype, one.cell, one.shapes.T], ['float64', 'relu', 2]);
    // h_1 by hand, softmax of its three outputs, −log of the third one's share.
    const h0 = [Math.tanh(0.5 + 0.125), Math.tanh(-0.25)];
    const h1 = [Math.tanh(1 + 0.5 * h0[0]! + 0.25 * h0[1]! + 0.125), Math.tanh(-0.5 - 0.125 * h0[0]! + 0.5 * h0[1]!)];
    const outs = [h1[0]!, h1[1]!, h1[0]! + h1[1]! + 0.5];
    const expected = Math.log(outs.reduce((sum, out) => sum + Math.exp(out), 0)) - outs[2]!;
    const { lossValue } = finish(runExperiment(Infinity, { ...classes, dtype: 'float64' }));
    assert.ok(Math.abs((lossValue ?? NaN) - expected) < 1e-12, `${lossValue} is not ${expected}`);
  });

  it('writes what is large beside the notebook, and what it is told to', withPython, async () => {
    const steps = Array.from({ length: 100_000 }, (_, t) => [t % 3, 0, 1]);
    const wide = {
      ...small,
      weight_ih_l0: [
        [0.5, 0, 1],
        [-0.25, 1, 0],
      ],
    };
    const { outputs, files } = displayed([
      call(tensor([steps]), {}, { weights: tensors(wide) }),
      call(tensor([[[1], [2]]]), { name: 'run 1/2: small', write: true }),
    ]);
    assert.deepEqual(
      outputs.map((output) => output[mime]),
      [
        { version: 1, file: 'gradients.rnn.json' },
        { version: 1, file: 'run 1-2- small.rnn.json' },
      ],
    );
    for (const [name, T] of [
      ['gradients', 100_000],
      ['run 1-2- small', 2],
    ] as const) {
      const output = outputs.find((one) => JSON.stringify(one[mime]).includes(`${name}.rnn.json`));
      const { shapes } = await experimentOf(output, (file) => {
        const bytes = files.get(file);
        assert.ok(bytes, file);
        return bytes;
      });
      assert.equal(shapes.T, T);
    }
  });

  it('replaces what it has written itself', withPython, async () => {
    const [first, second] = [2, 3].map((T) =>
      call(tensor([Array.from({ length: T }, (_, t) => [t])]), { name: 'mine', write: true }),
    );
    const { files } = displayed([first!]);
    const { outputs, files: after } = displayed([second!], files);
    assert.deepEqual([...after.keys()].sort(), ['mine.rnn.json', 'mine.safetensors']);
    assert.equal((await experimentOf(outputs[0], (file) => after.get(file)!)).shapes.T, 3);
  });

  for (const yours of ['gradients.rnn.json', 'gradients.safetensors'])
    it(`leaves a ${yours} that it has not written as it is, and says what to do`, withPython, () => {
      const steps = Array.from({ length: 300_000 }, (_, t) => [t % 3]);
      const before = new Map([[yours, Buffer.from('{ "weights": "mine.pt" }')]]);
      for (const one of [call(tensor([steps])), call(tensor([[[1]]]), { write: true })]) {
        const { status, stderr, files } = called([one], before);
        assert.equal(status, 1);
        const said = `FileExistsError: ${yours} is not by show_gradients, so it stays: pass another name=, or move it.`;
        assert.ok(stderr.includes(said), stderr);
        assert.deepEqual(files, before);
      }
    });

  it('leaves tensors that it has not written as they are beside a config that it has', withPython, () => {
    const one = call(tensor([[[1]]]), { write: true });
    const { files } = called([one], new Map());
    const before = new Map([...files, ['gradients.safetensors', Buffer.from('mine')]]);
    const { status, stderr, files: after } = called([one], before);
    assert.equal(status, 1);
    assert.ok(stderr.includes('FileExistsError: gradients.safetensors is not by show_gradients'), stderr);
    assert.deepEqual(after, before);
  });

  it('says what it takes when it gets a whole model', withPython, () => {
    const modules = "import sys, types; sys.modules |= dict.fromkeys(['torch', 'IPython'], types.ModuleType('torch'))";
    const ask = `sys.modules['IPython.display'] = sys.modules['torch']; exec(open('${source}').read())`;
    const { stderr } = spawnSync('python3', ['-c', `${modules}; ${ask}; show_gradients(types.SimpleNamespace(), [])`], {
      encoding: 'utf8',
    });
    assert.match(stderr, /Expected nn\.RNN, nn\.LSTM or nn\.GRU \(model\.lstm\?\), found .*SimpleNamespace/);
  });
});

describe('calls of torch itself', () => {
  const { cases, projected } = readJson('notebook', 'torch.json') as {
    readonly cases: readonly (TorchCase & { readonly call: Call })[];
    readonly projected: Displayed;
  };

  for (const one of cases)
    it(`${one.name}: states and gradients are those of its autograd`, async () => {
      for (const kernels of [null, ...heavyVariants.map((variant) => kernelsOf(variant))])
        for (const [tensor, distance] of await distances(one, kernels))
          assert.ok(distance <= allowed[one.dtype], `${tensor} differs by ${distance}`);
    });

  it('displayed what they display without it, and what stands in the example', withPython, () => {
    assert.ok(cases.length >= 9);
    const { outputs } = displayed([exampleCall(), ...cases.map(({ call }) => call)]);
    const expected = [exampleOutput, ...cases.map(({ output }) => output)];
    for (const [i, output] of outputs.entries()) assert.deepEqual(output, expected[i]);
  });

  it('with projections are refused, because no cell has them', async () => {
    const { experiment, problems } = await readOutput(projected);
    assert.equal(experiment, null);
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['This LSTM projects its hidden state (proj_size), which cannot be run.'],
    );
  });
});

describe('the stored output of the example', () => {
  it('has the loss, the norms and the gradient of an independent implementation', async () => {
    const expected = readJson('weather', 'lstm.json') as {
      readonly meanTaskLoss: number;
      readonly dhsLast: number[][];
      readonly norms: { readonly dh: number[]; readonly dx: number[] };
    };
    const experiment: Experiment = { ...(await experimentOf(exampleOutput)), dtype: 'float64' };
    const { lossValue } = finish(runExperiment(Infinity, experiment));
    assert.ok(worstOfEach(Float64Array.of(lossValue ?? NaN), [expected.meanTaskLoss]) < 1e-11);
    const { B, T, H } = experiment.shapes;
    const dhs = new Float64Array(B * T * H);
    for (const [b, row] of expected.dhsLast.entries()) dhs.set(row, (b * T + T - 1) * H);
    const { layers, norms } = finish(
      runExperiment(Infinity, { ...experiment, loss: null, upstream: { kind: 'given', dhs } }),
    );
    assert.ok(worstOfEach(layers[0].result.layers[0].norms.dh, expected.norms.dh) < 1e-11);
    assert.ok(worstOfEach(norms.dx, expected.norms.dx) < 1e-11);
  });
});
