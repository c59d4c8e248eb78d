// What an editor tells of the gates in a layer's weights, in every layout, and what its changes of gates do to the
// text: their numbers alone are others.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Inspector } from '../../../src/worker/answers/inspector.js';
import type { Change, GateFacts, Inspection, PartGates } from '../../../src/protocol/messages.js';
import { edited } from '../../support/edited.js';
import { configName, memoryFiles, positionIn, readConfigText } from '../config/memory.js';

class Probe {
  readonly inspector: Inspector;

  constructor(readonly text: string) {
    this.inspector = new Inspector(({ reference, from }) => memoryFiles({ [configName]: text }).read(reference, from));
  }

  async inspect(): Promise<Inspection> {
    const inspection = await this.inspector.inspect({ config: configName, cancel: null });
    assert.ok(inspection);
    return inspection;
  }

  #at(needle: string): { config: string; file: string; position: ReturnType<typeof positionIn>; cancel: null } {
    const at = this.text.indexOf(needle);
    assert.ok(at >= 0, needle);
    return { config: configName, file: configName, position: positionIn(this.text, at), cancel: null };
  }

  async gates(needle: string): Promise<readonly GateFacts[]> {
    return (await this.inspector.facts(this.#at(needle)))?.gates ?? [];
  }

  async gateAt(needle: string): Promise<string | null> {
    const found = await this.inspector.gateAt(this.#at(needle));
    return found === null ? null : [found.gate, found.direction ?? '', found.bias ?? ''].join(' ').trim();
  }

  async places(from = 0, to = 1e6): Promise<readonly PartGates[]> {
    const places = await this.inspector.gatePlaces({
      config: configName,
      file: configName,
      lines: { from, to },
      cancel: null,
    });
    assert.ok(places);
    return places;
  }

  async changed(path: string, change: Change): Promise<string> {
    const outcome = await this.inspector.change({ config: configName, file: configName, path, change });
    assert.ok(outcome.ok, outcome.ok ? '' : outcome.message);
    return edited(this.text, outcome.changes);
  }
}

const textOf = (weights: object, more: object = {}): string =>
  JSON.stringify({ dtype: 'float64', weights, sequences: [[[1], [2]]], ...more });
const matrix = (rows: number, columns: number, of = (r: number, c: number): number => 100 * (r + 1) + c): number[][] =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => of(r, c)));
const list = (length: number, of: (i: number) => number): number[] => Array.from({ length }, (_, i) => of(i));
const round = (x: number | null | undefined): number => Math.round((x ?? NaN) * 1e9) / 1e9;

/** Blocks [2,2] below one another: 2·Q, 3·Q, 4·Q, 5·Q of a rotation Q, whose singular values are all the factor. */
const rotated = (factor: number): number[][] => [
  [0.6 * factor, 0.8 * factor],
  [-0.8 * factor, 0.6 * factor],
];
const lstm = (suffix: string, inputs = 1): Record<string, unknown> => ({
  [`rnn.weight_ih_${suffix}`]: matrix(8, inputs),
  [`rnn.weight_hh_${suffix}`]: [2, 1, 4, 5].flatMap(rotated),
  [`rnn.bias_ih_${suffix}`]: [1, 2, 3, 5, 0, 0, 0, 0],
  [`rnn.bias_hh_${suffix}`]: [0, 0, 10, 20, 0, 0, 0, -3],
});
const bothWays = { ...lstm('l0'), ...lstm('l0_reverse'), ...lstm('l1', 4), ...lstm('l1_reverse', 4) };

describe('gates of weights', () => {
  it('tell rows, mean bias, σ_max and orthogonality of each block of PyTorch', async () => {
    const gates = await new Probe(textOf(lstm('l0'))).gates('"rnn.weight_hh_l0"');
    assert.deepEqual(
      gates.map(({ gate, lies, from, to, biases, matrix: facts }) => [
        `${gate} ${lies} ${from}-${to}`,
        [biases.input, biases.state, biases.addUp],
        [round(facts?.sigmaMax), round(facts?.spectralRadius), round(facts?.orthogonalityError)],
      ]),
      // ‖WᵀW − I‖ of factor·Q is |factor² − 1|·√2.
      [
        ['i rows 0-2', [1.5, 0, true], [2, 2, round(3 * Math.SQRT2)]],
        ['f rows 2-4', [4, 15, true], [1, 1, 0]],
        ['g rows 4-6', [0, 0, true], [4, 4, round(15 * Math.SQRT2)]],
        ['o rows 6-8', [0, -1.5, true], [5, 5, round(24 * Math.SQRT2)]],
      ],
    );
  });

  it('of more than 128 units tell no radius, which takes long, but how far from orthogonal they are', async () => {
    const H = 129;
    const eye = (factor: number): number[][] => matrix(H, H, (r, c) => (r === c ? factor : 0));
    const weights = { weight_ih_l0: matrix(4 * H, 1), weight_hh_l0: [1, 3, 1, 0].flatMap(eye) };
    const gates = await new Probe(textOf(weights)).gates('"weight_hh_l0"');
    assert.deepEqual(
      gates.map(({ matrix: facts }) => [
        round(facts?.sigmaMax),
        facts?.spectralRadius,
        round(facts?.orthogonalityError),
      ]),
      [
        [1, null, 0],
        [3, null, round(8 * Math.sqrt(H))],
        [1, null, 0],
        [0, null, round(Math.sqrt(H))],
      ],
    );
  });

  it('of a bias tell its own means, and of an input matrix no radius', async () => {
    const probe = new Probe(textOf(lstm('l0')));
    assert.deepEqual(
      (await probe.gates('"rnn.bias_hh_l0"')).map(({ gate, lies, mean, biases }) => [gate, lies, mean, biases.input]),
      [
        ['i', 'numbers', 0, 1.5],
        ['f', 'numbers', 15, 4],
        ['g', 'numbers', 0, 0],
        ['o', 'numbers', -1.5, 0],
      ],
    );
    const [first] = await probe.gates('"rnn.weight_ih_l0"');
    assert.equal(round(first?.matrix?.sigmaMax), round(Math.hypot(100, 200)));
    assert.equal(first?.matrix?.spectralRadius, null);
    assert.equal(first.mean, null);
  });

  it('keep the two biases of a GRU’s candidate apart, in the order of Keras', async () => {
    const keras = {
      kernel: matrix(1, 6),
      recurrent_kernel: matrix(2, 6),
      bias: [list(6, (i) => i), list(6, (i) => 10 * i)],
    };
    const probe = new Probe(textOf({ gru: keras }));
    assert.deepEqual(
      (await probe.gates('"recurrent_kernel"')).map(({ gate, from, biases }) => [gate, from, ...Object.values(biases)]),
      [
        ['z', 0, 0.5, 5, true],
        ['r', 2, 2.5, 25, true],
        ['n', 4, 4.5, 45, false],
      ],
    );
    assert.deepEqual(
      (await probe.gates('"bias"')).map(({ gate, bias, mean }) => [gate, bias, mean]),
      [
        ['z', 'input', 0.5],
        ['r', 'input', 2.5],
        ['n', 'input', 4.5],
        ['z', 'state', 5],
        ['r', 'state', 25],
        ['n', 'state', 45],
      ],
    );
  });

  it('of ONNX say which direction and which bias', async () => {
    const onnx = {
      W: [matrix(8, 1), matrix(8, 1)],
      R: [matrix(8, 2), [3, 1, 1, 1].flatMap(rotated)],
      B: [list(16, (i) => i), list(16, (i) => 100 + i)],
    };
    const probe = new Probe(textOf(onnx, { upstreamGradient: 'final' }));
    const gates = await probe.gates('"R"');
    assert.deepEqual(
      gates.map(({ gate, direction, from }) => `${gate} ${direction} ${from}`),
      ['i', 'o', 'f', 'g']
        .flatMap((gate, g) => [`${gate} forward ${2 * g}`])
        .concat(['i', 'o', 'f', 'g'].map((gate, g) => `${gate} reverse ${2 * g}`)),
    );
    assert.deepEqual(
      gates.slice(4).map(({ matrix: facts, biases }) => [round(facts?.sigmaMax), biases.input, biases.state]),
      [
        [3, 100.5, 108.5],
        [1, 102.5, 110.5],
        [1, 104.5, 112.5],
        [1, 106.5, 114.5],
      ],
    );
    const { parts } = await probe.inspect();
    assert.deepEqual(
      parts.flatMap(({ layer }) => (layer === null ? [] : [[layer.index, layer.direction, layer.directions]])),
      [
        [0, null, 2],
        [0, null, 2],
        [0, null, 2],
      ],
    );
  });

  it('belong to a layer and a direction, under the names of PyTorch and in the order of Keras', async () => {
    const layersOf = async (weights: object): Promise<string[]> =>
      (await new Probe(textOf(weights)).inspect()).parts.flatMap(({ role, name, layer }) =>
        role !== 'recurrent' || layer === null
          ? []
          : [`${name}: ${layer.layer} ${layer.direction} ${layer.index} of ${layer.layers}·${layer.directions}`],
      );
    assert.deepEqual(await layersOf(bothWays), [
      'weight_hh_l0: 0 forward 0 of 2·2',
      'weight_hh_l0_reverse: 0 reverse 1 of 2·2',
      'weight_hh_l1: 1 forward 2 of 2·2',
      'weight_hh_l1_reverse: 1 reverse 3 of 2·2',
    ]);
    const keras = (inputs: number): object => ({ kernel: matrix(inputs, 8), recurrent_kernel: matrix(2, 8) });
    assert.deepEqual(await layersOf({ lstm: keras(1), lstm_1: keras(2) }), [
      'recurrent_kernel: 0 forward 0 of 2·1',
      'recurrent_kernel: 1 forward 1 of 2·1',
    ]);
    // Two networks in one file are no layers of one.
    assert.deepEqual(await layersOf({ 'a.weight_hh_l0': [[1]], 'b.weight_hh_l0': [[1]] }), []);
  });

  it('stand where their first rows and numbers do, and rows end with their last', async () => {
    const probe = new Probe(textOf(lstm('l0')));
    const { text } = probe;
    const found = (await probe.places()).map(({ key, gates }) => [
      text.slice(key.start.character, key.end.character),
      ...gates.map(({ gate, start, range }) => {
        const end = range?.end.character ?? -1;
        assert.deepEqual(range?.start, start);
        return `${gate} ${text.slice(start.character, end)}`;
      }),
    ]);
    assert.deepEqual(found, [
      ['"rnn.weight_ih_l0"', 'i [100],[200]', 'f [300],[400]', 'g [500],[600]', 'o [700],[800]'],
      [
        '"rnn.weight_hh_l0"',
        'i [1.2,1.6],[-1.6,1.2]',
        'f [0.6,0.8],[-0.8,0.6]',
        'g [2.4,3.2],[-3.2,2.4]',
        'o [3,4],[-4,3]',
      ],
      ['"rnn.bias_ih_l0"', 'i 1,2', 'f 3,5', 'g 0,0', 'o 0,0'],
      ['"rnn.bias_hh_l0"', 'i 0,0', 'f 10,20', 'g 0,0', 'o 0,-3'],
    ]);
  });

  it('of columns begin in the first row and have no end of their own', async () => {
    const probe = new Probe(textOf({ Wx: matrix(1, 8), Wh: matrix(2, 8), b: list(8, (i) => i) }));
    const [Wx, Wh, b] = await probe.places();
    const firsts = (gates: PartGates | undefined): string[] =>
      (gates?.gates ?? []).map(
        ({ gate, start, range }) =>
          `${gate} ${/^[\d.]+/.exec(probe.text.slice(start.character))?.[0] ?? ''}${range === null ? '' : ' …'}`,
      );
    assert.deepEqual(firsts(Wx), ['i 100', 'f 102', 'g 104', 'o 106']);
    assert.deepEqual(firsts(Wh), ['i 100', 'f 102', 'g 104', 'o 106']);
    assert.deepEqual(firsts(b), ['i 0 …', 'f 2 …', 'g 4 …', 'o 6 …']);
  });

  it('are looked for only in the lines that somebody sees', async () => {
    const lines = `{\n"weights": {\n${Object.entries(lstm('l0'))
      .map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
      .join(',\n')}\n},\n"sequences": [[[1]]]\n}`;
    assert.equal((await new Probe(lines).places(3, 4)).length, 2);
    assert.equal((await new Probe(lines).places(6, 6)).length, 0);
  });

  it('are told of the number under the cursor, in every layout', async () => {
    const torch = new Probe(textOf(lstm('l0')));
    for (const [needle, gate] of [
      ['[0.6,0.8]', 'f'],
      ['-0.8', 'f'],
      ['[3,4]', 'o'],
      ['20,', 'f'],
      ['"rnn.weight_hh_l0"', null],
    ] as const)
      assert.equal(await torch.gateAt(needle), gate, needle);
    const keras = new Probe(textOf({ gru: { kernel: matrix(1, 6), recurrent_kernel: matrix(2, 6) } }));
    for (const [needle, gate] of [
      ['103]', 'n'],
      ['104', 'n'],
      ['200', 'z'],
      ['203', 'r'],
      ['205', 'n'],
    ] as const)
      assert.equal(await keras.gateAt(needle.replace('103]', '105')), gate, needle);
    const onnx = new Probe(
      textOf({
        W: [matrix(8, 1), matrix(8, 1, (r) => 9000 + r)],
        R: [matrix(8, 2), matrix(8, 2)],
        B: [list(16, (i) => 50 + i), list(16, (i) => 70 + i)],
      }),
    );
    for (const [needle, gate] of [
      ['9004', 'f reverse'],
      ['58,', 'i forward input'],
      ['74', 'f reverse input'],
      ['82', 'f reverse state'],
    ] as const)
      assert.equal(await onnx.gateAt(needle), gate === 'i forward input' ? 'i forward state' : gate, needle);
  });
});

/** Numbers of a text in their order, as they are written. */
const written = (text: string): string[] => text.match(/(?<![\w.])-?\d[\d.eE+-]*/g) ?? [];
/** Places of the numbers that are others. */
function changedAt(before: string, after: string): number[] {
  const [was, is] = [written(before), written(after)];
  assert.equal(is.length, was.length);
  return is.flatMap((number, i) => (number === was[i] ? [] : [i]));
}
/** The text between its numbers. */
const between = (text: string): string => text.replaceAll(/(?<![\w.])-?\d[\d.eE+-]*/g, '#');
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

async function layersRead(text: string): Promise<readonly { Wx: Float64Array; Wh: Float64Array; b: Float64Array }[]> {
  const { experiment, problems } = await readConfigText(text);
  assert.ok(experiment !== null, JSON.stringify(problems));
  return experiment.layers.map(({ parameters }) => parameters);
}

/** Layouts with an LSTM of two inputs and two units, all numbers alike. */
const shell = (weights: string, dtype = 'float64'): string =>
  `{\n  "dtype": "${dtype}",\n  "weights": { // mine\n    ${weights}\n  },\n` +
  `  "sequences": [[[1.50, 2], [0.250, 1e0]]]\n}\n`;
const rows = (count: number, columns: number): string =>
  `[${list(count, (r) => r)
    .map(
      (r) =>
        `[${list(columns, (c) => c)
          .map((c) => `${r}.${c}0`)
          .join(', ')}]`,
    )
    .join(', ')}]`;
const numbers = (count: number): string =>
  `[${list(count, (i) => i)
    .map((i) => i.toFixed(2))
    .join(', ')}]`;
const layouts: Readonly<Record<string, { text: string; input: string; recurrent: string; fBlock: number }>> = {
  PyTorch: {
    text: shell(
      `"weight_ih_l0": ${rows(8, 2)}, "weight_hh_l0": ${rows(8, 2)},\n    "bias_ih_l0": ${numbers(8)}, ` +
        `"bias_hh_l0": ${numbers(8)}`,
    ),
    input: 'weights.weight_ih_l0',
    recurrent: 'weights.weight_hh_l0',
    fBlock: 1,
  },
  Keras: {
    text: shell(`"kernel": ${rows(2, 8)}, "recurrent_kernel": ${rows(2, 8)}, "bias": ${numbers(8)}`),
    input: 'weights.kernel',
    recurrent: 'weights.recurrent_kernel',
    fBlock: 1,
  },
  tutorial: {
    text: shell(`"Wx": ${rows(2, 8)}, "Wh": ${rows(2, 8)}, "b": ${numbers(8)}`),
    input: 'weights.Wx',
    recurrent: 'weights.Wh',
    fBlock: 1,
  },
  ONNX: {
    text: shell(`"W": [${rows(8, 2)}], "R": [${rows(8, 2)}], "B": [${numbers(16)}]`),
    input: 'weights.W',
    recurrent: 'weights.R',
    fBlock: 2,
  },
};

describe('a change of gates', () => {
  for (const [name, { text, input, recurrent }] of Object.entries(layouts)) {
    it(`opens the forget gate under the names of ${name}, and touches no other number`, async () => {
      const after = await new Probe(text).changed('', { kind: 'forgetBias', layers: [0] });
      assert.equal(between(after), between(text));
      const [[was], [is]] = [await layersRead(text), await layersRead(after)];
      assert.ok(was && is);
      assert.deepEqual([...is.b].slice(2, 4), [1, 1]);
      assert.deepEqual(
        [...is.b].filter((_, i) => i < 2 || i > 3),
        [...was.b].filter((_, i) => i < 2 || i > 3),
      );
      // One bias of the file holds the sum, or two do.
      assert.equal(changedAt(text, after).length, name === 'PyTorch' || name === 'ONNX' ? 4 : 2);
      assert.deepEqual(is.Wh, was.Wh);
      const again = await new Probe(after).inspector.change({
        config: configName,
        file: configName,
        path: '',
        change: { kind: 'forgetBias', layers: null },
      });
      assert.deepEqual(again, { ok: false, message: 'Everything is already as it would be written.' });
    });

    it(`makes the block of one gate orthogonal under the names of ${name}`, async () => {
      const change = { kind: 'initialiseGates', way: 'orthogonal', seed: 7, gate: 'f', direction: null } as const;
      const after = await new Probe(text).changed(recurrent, change);
      const [[was], [is]] = [await layersRead(text), await layersRead(after)];
      assert.ok(was && is);
      // Columns 2 and 3 of the row-vector form are the gate f, in whatever order its file has them.
      const column = (Wh: Float64Array, c: number): number[] => [Wh[c]!, Wh[8 + c]!];
      const dot = (a: readonly number[], b: readonly number[]): number => a[0]! * b[0]! + a[1]! * b[1]!;
      const [first, second] = [column(is.Wh, 2), column(is.Wh, 3)];
      for (const [value, wanted] of [
        [dot(first, first), 1],
        [dot(second, second), 1],
        [dot(first, second), 0],
      ] as const)
        assert.ok(Math.abs(value - wanted) < 1e-12, `${value}`);
      for (const c of [0, 1, 4, 5, 6, 7]) assert.deepEqual(column(is.Wh, c), column(was.Wh, c));
      assert.deepEqual([is.Wx, is.b], [was.Wx, was.b]);
      assert.match(after, /\/\* \w+: gate f orthogonal, seed 7 \*\/|\/\/ \w+: gate f orthogonal, seed 7/);
      // The same block as when all are made anew, and every gate's block is orthogonal then.
      const all = await layersRead(await new Probe(text).changed(recurrent, { ...change, gate: null }));
      assert.deepEqual(column(all[0]!.Wh, 2), first);
      for (const c of list(8, (i) => i))
        assert.ok(Math.abs(dot(column(all[0]!.Wh, c), column(all[0]!.Wh, c)) - 1) < 1e-12);
    });

    it(`draws each gate's block of the inputs within Glorot's bound under the names of ${name}`, async () => {
      const change = { kind: 'initialiseGates', way: 'glorot', seed: 3, gate: null, direction: null } as const;
      const [[was], [is]] = [await layersRead(text), await layersRead(await new Probe(text).changed(input, change))];
      assert.ok(was && is);
      // √(6 / (fan in + fan out)) of a block [2,2].
      assert.ok(is.Wx.every((x) => Math.abs(x) <= Math.sqrt(1.5)));
      assert.equal(new Set(is.Wx).size, is.Wx.length);
      assert.deepEqual([is.Wh, is.b], [was.Wh, was.b]);
    });
  }

  it('keeps the text of numbers that float32 rounds', async () => {
    const text = layouts['PyTorch']!.text.replace('float64', 'float32');
    const after = await new Probe(text).changed('', { kind: 'forgetBias', layers: null });
    // After 16 numbers of each matrix: f of bias_ih, and of bias_hh.
    assert.deepEqual(changedAt(text, after), [...range(34, 36), ...range(42, 44)]);
  });

  it('sets the forget bias of one layer of a stack, of its other direction, and of all', async () => {
    const text = textOf(bothWays, { upstreamGradient: 'final' });
    const opened = async (layers: readonly number[] | null): Promise<boolean[]> =>
      (await layersRead(await new Probe(text).changed('', { kind: 'forgetBias', layers }))).map(
        ({ b }) => b[2] === 1 && b[3] === 1,
      );
    assert.deepEqual(await opened([3]), [false, false, false, true]);
    assert.deepEqual(await opened([1]), [false, true, false, false]);
    assert.deepEqual(await opened(null), [true, true, true, true]);
  });

  it('adds the biases that a layer was made without', async () => {
    const text = shell(`"weight_ih_l0": ${rows(8, 2)},\n    "weight_hh_l0": ${rows(8, 2)}`);
    const after = await new Probe(text).changed('', { kind: 'forgetBias', layers: null });
    assert.match(after, /"bias_ih_l0": \[0, 0, 1, 1, 0, 0, 0, 0\]/);
    assert.deepEqual([...(await layersRead(after))[0]!.b], [0, 0, 1, 1, 0, 0, 0, 0]);
  });

  it('of one direction leaves the other in the same tensor alone', async () => {
    const onnx = { W: [matrix(8, 1), matrix(8, 1)], R: [matrix(8, 2), matrix(8, 2)] };
    const text = textOf(onnx, { upstreamGradient: 'final' });
    const change = { kind: 'initialiseGates', way: 'identity', seed: 0, gate: 'o', direction: 'reverse' } as const;
    const after = await new Probe(text).changed('weights.R', change);
    const [was, is] = [await layersRead(text), await layersRead(after)];
    assert.deepEqual(is[0], was[0]);
    assert.deepEqual([is[1]!.Wh[6], is[1]!.Wh[7], is[1]!.Wh[14], is[1]!.Wh[15]], [1, 0, 0, 1]);
  });

  it('says why it cannot be', async () => {
    const message = async (weights: object, path: string, change: Change): Promise<string> => {
      const outcome = await new Probe(textOf(weights)).inspector.change({
        config: configName,
        file: configName,
        path,
        change,
      });
      assert.ok(!outcome.ok);
      return outcome.message;
    };
    const gru = { weight_ih_l0: matrix(6, 1), weight_hh_l0: matrix(6, 2) };
    assert.match(await message(gru, '', { kind: 'forgetBias', layers: null }), /no gate "f": its gates are r, z, n/);
    const anew = { kind: 'initialiseGates', way: 'identity', seed: 0, gate: 'f', direction: null } as const;
    assert.match(await message(gru, 'weights.weight_hh_l0', anew), /no gate "f": its gates are r, z, n/);
    assert.match(
      await message(gru, 'weights.weight_ih_l0', { ...anew, gate: 'r' }),
      /1 inputs and 2 units has no identity/,
    );
    assert.match(await message(gru, 'weights.other', anew), /no weights of several gates here/);
    assert.match(await message({ weight_hh_l0: [[1, 2]] }, '', { kind: 'forgetBias', layers: null }), /cannot be read/);
  });

  it('is offered where it makes sense', async () => {
    const offers = async (weights: object): Promise<string[]> =>
      (await new Probe(textOf(weights)).inspect()).offers
        .filter(({ kind }) => ['initialiseGates', 'forgetBias', 'initialise', 'rescale'].includes(kind))
        .map(({ kind, name, gates, layer }) => `${kind} ${name} ${gates.join('')}${layer === null ? '' : layer.index}`);
    assert.deepEqual(await offers(lstm('l0')), [
      'initialiseGates weight_hh_l0 ifgo0',
      'initialiseGates weight_ih_l0 ifgo0',
      'forgetBias weight_hh_l0 0',
    ]);
    const open = { ...lstm('l0'), 'rnn.bias_ih_l0': [0, 0, 1, 1, 0, 0, 0, 0], 'rnn.bias_hh_l0': list(8, () => 0) };
    assert.ok(!(await offers(open)).some((offer) => offer.startsWith('forgetBias')));
    assert.deepEqual(
      (await offers(bothWays)).filter((offer) => offer.startsWith('forgetBias')),
      ['weight_hh_l0 0', 'weight_hh_l0_reverse 1', 'weight_hh_l1 2', 'weight_hh_l1_reverse 3', 'weights '].map(
        (offer) => `forgetBias ${offer}`,
      ),
    );
    assert.deepEqual(await offers({ weight_ih_l0: matrix(6, 1), weight_hh_l0: matrix(6, 2) }), [
      'initialiseGates weight_hh_l0 rzn0',
      'initialiseGates weight_ih_l0 rzn0',
    ]);
    assert.deepEqual(await offers({ Wx: [[1, 2]], Wh: matrix(2, 2), b: [0, 0] }), [
      'rescale Wh ',
      'initialise Wh ',
      'initialise Wx ',
    ]);
  });
});
