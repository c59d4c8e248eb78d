// What is taken out of ONNX graphs: tensors that nodes only move, linear layers, what a node says of itself, and
// numbers of every type that is read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FormatError } from '../../../src/config/formats/formatError.js';
import { missingBeside, onnx } from '../../../src/config/formats/onnx.js';
import { numbersOf } from '../../../src/config/formats/storedNumbers.js';
import { bytes, float, floats, initializer, model, node, tensor, whole } from '../../support/onnxWriter.js';

type Piece = ReturnType<typeof whole>;
const quiet = (): void => undefined;
const nobody = (): null => null;

function opened(content: Uint8Array, beside: (name: string) => Uint8Array | null = nobody) {
  assert.ok(onnx.inRanges !== true);
  const { tensors, facts = [] } = onnx.open(content, quiet, beside);
  return {
    tensors: tensors.map(({ name, stored }) => ({
      name,
      shape: stored?.shape ?? null,
      numbers: stored === null ? null : [...numbersOf(stored, quiet)],
    })),
    facts: facts.map(({ name, value }) => [name, value] as const),
    refused: tensors.flatMap((one) => (one.stored === null ? [`${one.name}: ${one.refused.found}`] : [])),
  };
}
function told(content: Uint8Array, beside?: (name: string) => Uint8Array | null): string {
  try {
    opened(content, beside);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const { message, expected, found } = error.finding;
    return `${message} ${expected} ${found}`;
  }
  return assert.fail('It was read.');
}

const rnn = (...inputs: readonly string[]): Piece => node('RNN', inputs, ['y'], {}, 'rnn');
const R = initializer('R', [1, 1, 1], [7]);
/** A node whose attributes are written as they are. */
const raw = (op: string, inputs: readonly string[], output: string, ...attributes: readonly Piece[]): Piece =>
  bytes(1, [...inputs.map((input) => bytes(1, input)), bytes(2, output), bytes(4, op), ...attributes]);
const integers = (name: string, ...values: readonly number[]): Piece =>
  bytes(5, [bytes(1, name), ...values.map((value) => whole(8, value))]);
const integer = (name: string, value: number): Piece => bytes(5, [bytes(1, name), whole(3, value)]);
/** The tensor that a graph makes for W, or what is said of it. */
const made = (...graph: readonly Piece[]) =>
  opened(model([...graph, R, rnn('x', 'W', 'R')])).tensors.find(({ name }) => name === 'rnn/W');
const unknown = (...graph: readonly Piece[]): void =>
  assert.match(told(model([...graph, R, rnn('x', 'W', 'R')])), /weights of the node rnn are computed by the graph/);

const w = initializer('w', [2, 1], [1, 2]);
/** 2^63 − 1: to the end. */
const most = Buffer.from([...new Array<number>(8).fill(0xff), 0x7f]);

describe('a tensor that nodes only move', () => {
  it('is widened on the axes of an attribute or of a second input, counted from either end', () => {
    const read = { name: 'rnn/W', shape: [1, 2, 1], numbers: [1, 2] };
    assert.deepEqual(made(w, raw('Unsqueeze', ['w'], 'W', integers('axes', 0))), read);
    assert.deepEqual(made(w, raw('Unsqueeze', ['w'], 'W', integers('axes', -3))), read);
    const axes = initializer('axes', [1], [bytes(7, Buffer.from([0]))], 7);
    assert.deepEqual(made(w, axes, raw('Unsqueeze', ['w', 'axes'], 'W')), read);
    const both = made(initializer('v', [2], [1, 2]), raw('Unsqueeze', ['v'], 'W', integers('axes', 0, 2)));
    assert.deepEqual(both, read);
  });

  it('stands only where the node has it, not under the name that it is stored by', () => {
    const graph = [
      initializer('enc.weight_ih_l0', [1, 1], [3]),
      initializer('enc.weight_hh_l0', [1, 1], [7]),
      initializer('other', [1], [5]),
      raw('Unsqueeze', ['enc.weight_ih_l0'], 'W0', integers('axes', 0)),
      raw('Identity', ['W0'], 'W'),
      raw('Unsqueeze', ['enc.weight_hh_l0'], 'R', integers('axes', 0)),
      rnn('x', 'W', 'R'),
    ];
    assert.deepEqual(
      opened(model(graph)).tensors.map(({ name }) => name),
      ['rnn/W', 'rnn/R', 'other'],
    );
  });

  it('loses axes of one, and no others', () => {
    const wide = initializer('wide', [1, 2, 1, 1], [1, 2]);
    assert.deepEqual(made(wide, raw('Squeeze', ['wide'], 'W', integers('axes', 3)))?.shape, [1, 2, 1]);
    assert.deepEqual(made(wide, raw('Squeeze', ['wide'], 'W', integers('axes', -1)))?.shape, [1, 2, 1]);
    unknown(wide, raw('Squeeze', ['wide'], 'W', integers('axes', 1)));
    unknown(wide, raw('Squeeze', ['wide'], 'W', integers('axes', 3, 4)));
  });

  it('is not known where the axes are not, or do not fit', () => {
    unknown(w, raw('Unsqueeze', ['w'], 'W'));
    unknown(w, raw('Unsqueeze', ['w', 'axes'], 'W'));
    unknown(w, initializer('axes', [1, 1], [0]), raw('Unsqueeze', ['w', 'axes'], 'W'));
    unknown(w, raw('Unsqueeze', ['w'], 'W', integers('axes', 0, 0)));
    unknown(w, raw('Unsqueeze', ['w'], 'W', integers('axes', 3)));
    unknown(w, raw('Unsqueeze', ['w'], 'W', integers('axes', -4)));
    unknown(w, raw('Unsqueeze', ['w'], 'W', integers('axes', 0, 1, 2, 3, 4, 5, 6)));
    unknown(raw('Unsqueeze', [], 'W', integers('axes', 0)));
  });

  it('stands beside others on the axis that is said, the first without a word', () => {
    const a = initializer('a', [1, 2, 1], [1, 2]);
    const b = initializer('b', [1, 1, 1], [3]);
    for (const axis of [1, -2])
      assert.deepEqual(made(a, b, raw('Concat', ['a', 'b'], 'W', integer('axis', axis))), {
        name: 'rnn/W',
        shape: [1, 3, 1],
        numbers: [1, 2, 3],
      });
    assert.deepEqual(made(b, raw('Concat', ['b', 'b'], 'W'))?.shape, [2, 1, 1]);
    const rows = made(
      initializer('a', [2, 1, 1], [1, 2]),
      initializer('b', [2, 1, 1], [3, 4]),
      raw('Concat', ['a', 'b'], 'W', integer('axis', 2)),
    );
    assert.deepEqual(rows, { name: 'rnn/W', shape: [2, 1, 2], numbers: [1, 3, 2, 4] });
  });

  it('is not known where what stands beside each other does not fit', () => {
    const [a, b] = [initializer('a', [1, 2], [1, 2]), initializer('b', [2, 1], [1, 2])];
    unknown(a, b, raw('Concat', ['a', 'b'], 'W', integer('axis', 0)));
    unknown(a, raw('Concat', ['a', 'a'], 'W', integer('axis', 2)));
    unknown(a, raw('Concat', ['a', 'a'], 'W', integer('axis', -3)));
    unknown(a, raw('Concat', ['a', 'gone'], 'W'));
    unknown(a, initializer('d', [1, 2], [bytes(10, Buffer.alloc(16))], 11), raw('Concat', ['a', 'd'], 'W'));
    unknown(a, initializer('c', [1, 2, 1], [1, 2]), raw('Concat', ['a', 'c'], 'W'));
    unknown(raw('Concat', [], 'W'));
  });

  it('is not known where a constant has no tensor', () => {
    unknown(raw('Constant', [], 'W'));
    unknown(raw('Constant', [], 'W', integer('value', 1)));
  });

  const six = initializer('six', [2, 3], [1, 2, 3, 4, 5, 6]);
  const wide = (...nodes: readonly Piece[]) => made(six, ...nodes);
  const list = (name: string, ...values: readonly number[]): Piece =>
    initializer(
      name,
      [values.length],
      values.map((value) => whole(7, value)),
      7,
    );

  it('is turned around as perm says, or wholly', () => {
    assert.deepEqual(wide(raw('Transpose', ['six'], 'W')), {
      name: 'rnn/W',
      shape: [3, 2],
      numbers: [1, 4, 2, 5, 3, 6],
    });
    assert.deepEqual(wide(raw('Transpose', ['six'], 'W', integers('perm', 0, 1)))?.numbers, [1, 2, 3, 4, 5, 6]);
    for (const perm of [[0], [0, 0], [0, 2], [-1, 0]])
      unknown(six, raw('Transpose', ['six'], 'W', integers('perm', ...perm)));
    // numpy.arange(24).reshape(2, 3, 4).transpose(2, 0, 1)[1]
    const cube = made(
      initializer(
        'cube',
        [2, 3, 4],
        Array.from({ length: 24 }, (_, i) => i),
      ),
      raw('Transpose', ['cube'], 'W', integers('perm', 2, 0, 1)),
    );
    assert.deepEqual(cube?.shape, [4, 2, 3]);
    assert.deepEqual(cube.numbers?.slice(6, 12), [1, 5, 9, 13, 17, 21]);
  });

  it('has another shape with as many numbers, also when it was turned around before', () => {
    const shaped = (attributes: readonly Piece[], ...shape: readonly number[]) =>
      wide(raw('Transpose', ['six'], 't'), list('shape', ...shape), raw('Reshape', ['t', 'shape'], 'W', ...attributes));
    assert.deepEqual(shaped([], 1, 0, -1), { name: 'rnn/W', shape: [1, 2, 3], numbers: [1, 4, 2, 5, 3, 6] });
    assert.deepEqual(shaped([], 6)?.shape, [6]);
    assert.deepEqual(wide(raw('Reshape', ['six'], 'W', integers('shape', 3, 2)))?.shape, [3, 2]);
    const graph = (...shape: readonly number[]): Piece[] => [
      six,
      list('shape', ...shape),
      raw('Reshape', ['six', 'shape'], 'W'),
    ];
    for (const shape of [[5], [-1, -1], [4, -1], [2, 3, 0], [-2, -3]]) unknown(...graph(...shape));
    unknown(six, list('shape', 2, 0), raw('Reshape', ['six', 'shape'], 'W', integer('allowzero', 1)));
    unknown(six, raw('Reshape', ['six', 'gone'], 'W'));
    assert.deepEqual(wide(raw('Flatten', ['six'], 'W', integer('axis', 0)))?.shape, [1, 6]);
    assert.deepEqual(wide(raw('Flatten', ['six'], 'W', integer('axis', -1)))?.shape, [2, 3]);
    assert.deepEqual(wide(raw('Flatten', ['six'], 'W'))?.shape, [2, 3]);
    for (const axis of [3, -3]) unknown(six, raw('Flatten', ['six'], 'W', integer('axis', axis)));
  });

  it('loses every axis of one where no axes are said', () => {
    assert.deepEqual(made(initializer('v', [1, 2, 1, 1], [1, 2]), raw('Squeeze', ['v'], 'W'))?.shape, [2]);
  });

  it('is not known where the axes that it loses are not', () =>
    unknown(initializer('v', [1, 2, 1], [1, 2]), raw('Squeeze', ['v', 'gone'], 'W')));

  it('is cut out, with ends beyond the tensor and places from its end', () => {
    // numpy: six[:, 1:], six[-1:, ::2]
    const cut = (...nodes: readonly Piece[]) => wide(...nodes, raw('Identity', ['c'], 'W'));
    const end = raw('Constant', [], 'end', bytes(5, [bytes(1, 'value_ints'), bytes(8, most)]));
    assert.deepEqual(cut(list('from', 1), list('axes', 1), end, raw('Slice', ['six', 'from', 'end', 'axes'], 'c')), {
      name: 'rnn/W',
      shape: [2, 2],
      numbers: [2, 3, 5, 6],
    });
    const stepped = cut(
      list('from', -1, 0),
      list('to', 9, 9),
      list('axes', 0, -1),
      list('steps', 1, 2),
      raw('Slice', ['six', 'from', 'to', 'axes', 'steps'], 'c'),
    );
    assert.deepEqual(
      [stepped?.shape, stepped?.numbers],
      [
        [1, 2],
        [4, 6],
      ],
    );
    const older = cut(raw('Slice', ['six'], 'c', integers('starts', 1), integers('ends', 2), integers('axes', 0)));
    assert.deepEqual(older?.numbers, [4, 5, 6]);
    unknown(six, raw('Slice', ['six'], 'W', integers('starts', 1), integers('ends', 1)));
    unknown(six, raw('Slice', ['six'], 'W', integers('starts', 0), integers('ends', 1), integers('axes', 2)));
    unknown(six, list('from', 0), raw('Slice', ['six', 'from'], 'W'));
    // The axes are left out, the steps are not; or they are not known.
    const bounds = [list('from', 1), list('to', 2), list('steps', 1)];
    const noAxes = cut(...bounds, raw('Slice', ['six', 'from', 'to', '', 'steps'], 'c'));
    assert.deepEqual(noAxes?.numbers, [4, 5, 6]);
    unknown(six, ...bounds, raw('Slice', ['six', 'from', 'to', 'gone', 'steps'], 'W'));
    unknown(six, ...bounds, raw('Slice', ['six', 'from', 'to', '', 'gone'], 'W'));
  });

  const cube = initializer(
    'cube',
    [2, 3, 4],
    Array.from({ length: 24 }, (_, i) => i),
  );
  /** numpy.arange(24).reshape(2, 3, 4).transpose(2, 0, 1) */
  const turned = [cube, raw('Transpose', ['cube'], 'turned', integers('perm', 2, 0, 1))];
  /** −2^63: back to the first place, and that one too. */
  const least = (name: string): Piece =>
    raw(
      'Constant',
      [],
      name,
      bytes(5, [bytes(1, 'value_ints'), bytes(8, Buffer.from([...new Array<number>(9).fill(0x80), 1]))]),
    );

  it('is cut out in steps back, as numpy does it', () => {
    const back = (from: number[], to: number[], axes: number[], steps: number[], of = 'six') =>
      wide(
        ...turned,
        list('from', ...from),
        list('to', ...to),
        list('axes', ...axes),
        list('steps', ...steps),
        raw('Slice', [of, 'from', 'to', 'axes', 'steps'], 'W'),
      );
    // six[:, 2:0:-1], six[::-1, ::-2], six[-1:-3:-1, 5:0:-3], turned[3:0:-2, :, ::-1]
    const end = -(2 ** 40);
    assert.deepEqual(back([2], [0], [1], [-1]), { name: 'rnn/W', shape: [2, 2], numbers: [3, 2, 6, 5] });
    assert.deepEqual(back([-1, -1], [end, end], [0, 1], [-1, -2])?.numbers, [6, 4, 3, 1]);
    assert.deepEqual(back([-1, 5], [-3, 0], [0, 1], [-1, -3])?.numbers, [6, 3]);
    assert.deepEqual(back([3, -1], [0, end], [0, 2], [-2, -1], 'turned'), {
      name: 'rnn/W',
      shape: [2, 2, 3],
      numbers: [11, 7, 3, 23, 19, 15, 9, 5, 1, 21, 17, 13],
    });
    const whole = [list('from', 2), list('axes', 1), list('steps', -1), least('to')];
    assert.deepEqual(
      wide(...whole, raw('Slice', ['six', 'from', 'to', 'axes', 'steps'], 'W'))?.numbers,
      [3, 2, 1, 6, 5, 4],
    );
    const nothing = (from: number, to: number, step: number): void =>
      unknown(
        six,
        list('from', from),
        list('to', to),
        list('axes', 1),
        list('steps', step),
        raw('Slice', ['six', 'from', 'to', 'axes', 'steps'], 'W'),
      );
    nothing(0, 2, -1);
    nothing(2, -1, -1);
    nothing(-4, end, -1);
    nothing(0, 2, 0);
  });

  it('is gathered at places that are constants, of any shape, as numpy takes it', () => {
    const gathered = (of: string, shape: readonly number[], places: readonly number[], axis?: number) =>
      wide(
        ...turned,
        initializer(
          'places',
          shape,
          places.map((place) => whole(7, place)),
          7,
        ),
        raw('Gather', [of, 'places'], 'W', ...(axis === undefined ? [] : [integer('axis', axis)])),
      );
    // numpy.take(six, [2, 0], 1), take(six, 1, 0), take(turned, [[2, 0], [-1, 1]], 2)
    assert.deepEqual(gathered('six', [2], [2, 0], 1), { name: 'rnn/W', shape: [2, 2], numbers: [3, 1, 6, 4] });
    assert.deepEqual(gathered('six', [], [1]), { name: 'rnn/W', shape: [3], numbers: [4, 5, 6] });
    assert.deepEqual(gathered('turned', [2, 2], [2, 0, -1, 1], -1), {
      name: 'rnn/W',
      shape: [4, 2, 2, 2],
      numbers: [
        8, 0, 8, 4, 20, 12, 20, 16, 9, 1, 9, 5, 21, 13, 21, 17, 10, 2, 10, 6, 22, 14, 22, 18, 11, 3, 11, 7, 23, 15, 23,
        19,
      ],
    });
    const nowhere = (places: Piece, ...attributes: readonly Piece[]): void =>
      unknown(six, places, raw('Gather', ['six', 'places'], 'W', ...attributes));
    nowhere(list('places', 2));
    nowhere(list('places', -3));
    nowhere(list('places', 0), integer('axis', 2));
    nowhere(initializer('places', [1], [0]));
    nowhere(list('others', 0));
    unknown(six, raw('Gather', ['six'], 'W'));
  });

  it('is repeated along axes of one, as numpy broadcasts it', () => {
    const expanded = (of: string, ...shape: readonly number[]) =>
      wide(...turned, list('shape', ...shape), raw('Expand', [of, 'shape'], 'W'));
    const column = [initializer('column', [2, 1], [1, 2])];
    const columns = (...shape: readonly number[]) =>
      made(...column, list('shape', ...shape), raw('Expand', ['column', 'shape'], 'W'));
    assert.deepEqual(columns(2, 2), { name: 'rnn/W', shape: [2, 2], numbers: [1, 1, 2, 2] });
    assert.deepEqual(columns(2, 1, 3)?.numbers, [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
    assert.deepEqual(columns(1)?.shape, [2, 1]);
    assert.deepEqual(expanded('six', 1, 1, 1)?.shape, [1, 2, 3]);
    // broadcast_to(turned[:1], (2, 2, 3)), which is cut out of what was turned around.
    const first = [list('from', 0), list('to', 1), raw('Slice', ['turned', 'from', 'to'], 'first')];
    const rows = wide(...turned, ...first, list('shape', 2, 1, 3), raw('Expand', ['first', 'shape'], 'W'));
    assert.deepEqual(
      [rows?.shape, rows?.numbers],
      [
        [2, 2, 3],
        [0, 4, 8, 12, 16, 20, 0, 4, 8, 12, 16, 20],
      ],
    );
    for (const shape of [
      [3, 3],
      [2, 2],
      [0, 3],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ])
      unknown(six, list('shape', ...shape), raw('Expand', ['six', 'shape'], 'W'));
    unknown(six, raw('Expand', ['six', 'gone'], 'W'));
    // What a small file would make large.
    const most = told(
      model([...column, list('shape', 2, 2 ** 30), raw('Expand', ['column', 'shape'], 'W'), R, rnn('x', 'W', 'R')]),
    );
    assert.match(most, /put together again and again/);
  });

  it('is one of the pieces along an axis, of equal sizes or of those that are said', () => {
    const split = (outputs: readonly string[], inputs: readonly string[], attributes: readonly Piece[]): Piece =>
      bytes(1, [
        ...inputs.map((input) => bytes(1, input)),
        ...outputs.map((output) => bytes(2, output)),
        bytes(4, 'Split'),
        ...attributes,
      ]);
    assert.deepEqual(wide(split(['a', 'W', 'c'], ['six'], [integer('axis', 1)]))?.numbers, [2, 5]);
    assert.deepEqual(wide(split(['a', 'W'], ['six'], [integer('axis', -1)]))?.numbers, [3, 6]);
    assert.deepEqual(wide(split(['a', 'W'], ['six'], []))?.numbers, [4, 5, 6]);
    const told = [integer('axis', 1), integers('split', 1, 2)];
    assert.deepEqual(wide(split(['a', 'W'], ['six'], told))?.numbers, [2, 3, 5, 6]);
    assert.deepEqual(
      wide(list('sizes', 2, 1), split(['a', 'W'], ['six', 'sizes'], [integer('axis', 1)]))?.numbers,
      [3, 6],
    );
    unknown(six, split(['a', 'W'], ['six'], [integer('axis', 1), integers('split', 1, 1)]));
    unknown(six, split(['a', 'W'], ['six'], [integer('axis', 2)]));
  });

  it('is cast where no number changes, and to float32', () => {
    const cast = (type: number, body: readonly Piece[], to: number) =>
      made(initializer('v', [2], body, type), raw('Cast', ['v'], 'W', integer('to', to)))?.numbers;
    const doubles = bytes(10, new Uint8Array(Float64Array.of(0.1, 1 / 3).buffer));
    assert.deepEqual(cast(11, [doubles], 1), [Math.fround(0.1), Math.fround(1 / 3)]);
    assert.deepEqual(cast(11, [doubles], 11), [0.1, 1 / 3]);
    assert.deepEqual(cast(10, [whole(5, 0x3c00), whole(5, 0x3000)], 1), [1, 0.125]);
    assert.deepEqual(cast(6, [whole(5, 16_777_217), whole(5, -1)], 11), [16_777_217, -1]);
    const graph = (to: number): Piece[] => [six, raw('Cast', ['six'], 'W', integer('to', to))];
    for (const to of [10, 16, 7, 8]) unknown(...graph(to));
    unknown(six, raw('Cast', ['six'], 'W'));
  });

  it('stands in a constant as a list of numbers', () => {
    const packed = bytes(5, [bytes(1, 'value_floats'), bytes(7, floats([1, 2]))]);
    const axes = raw('Constant', [], 'axes', integer('value_int', 0));
    const read = made(raw('Constant', [], 'v', packed), axes, raw('Unsqueeze', ['v', 'axes'], 'W'));
    assert.deepEqual(read, { name: 'rnn/W', shape: [1, 2], numbers: [1, 2] });
    const one = bytes(5, [bytes(1, 'value_float'), float(2, 2.5)]);
    assert.deepEqual(made(raw('Constant', [], 'W', one)), { name: 'rnn/W', shape: [], numbers: [2.5] });
  });

  it('in a file beside the graph may be put together, too', () => {
    const outside = (name: string, at: number): Piece =>
      initializer(
        name,
        [1, 1024],
        [
          whole(14, 1),
          ...[
            ['location', 'w.data'],
            ['offset', String(at)],
            ['length', '4096'],
          ].map(([key = '', value = '']) => bytes(13, [bytes(1, key), bytes(2, value)])),
        ],
      );
    const graph = model([outside('a', 0), outside('b', 4096), raw('Concat', ['a', 'b'], 'W'), R, rnn('x', 'W', 'R')]);
    const { tensors } = opened(graph, () => floats(Array.from({ length: 2048 }, (_, i) => i)));
    assert.deepEqual(tensors.find(({ name }) => name === 'rnn/W')?.shape, [2, 1024]);
  });
});

describe('a linear layer of a graph', () => {
  const matrix = initializer('m', [2, 3], [1, 2, 3, 4, 5, 6]);
  const bias = initializer('c', [3], [7, 8, 9]);
  const weights = [initializer('W', [1, 1, 1], [1]), R, rnn('x', 'W', 'R')];
  const names = (...graph: readonly Piece[]): string[] =>
    opened(model([...weights, ...graph]))
      .tensors.map(({ name }) => name)
      .filter((name) => !name.startsWith('rnn/'));

  it('is a Gemm with its bias, by the name of the node; turned it is a weight', () => {
    assert.deepEqual(names(matrix, bias, node('Gemm', ['y', 'm', 'c'], ['o'], {}, '/head')), [
      'head/kernel',
      'head/bias',
    ]);
    assert.deepEqual(names(matrix, node('Gemm', ['y', 'm'], ['o'], { transB: 1 }, '/head')), ['head/weight']);
    assert.deepEqual(names(matrix, node('Gemm', ['y', 'm', ''], ['o'])), ['o/kernel']);
    assert.deepEqual(names(matrix, node('Gemm', ['y', 'm'], [])), ['Gemm/kernel']);
  });

  it('goes by the name of its matrix where that is one', () => {
    const named = initializer('fc.weight', [2, 3], [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(names(named, bias, node('Gemm', ['y', 'fc.weight', 'c'], ['o'], { transB: 1 })), [
      'fc/weight',
      'fc/bias',
    ]);
  });

  it('that scales or turns what it takes is none, and its tensors stand for themselves', () => {
    for (const attributes of [{ alpha: { float: 2 } }, { beta: { float: 0.5 } }, { transA: 1 }])
      assert.deepEqual(names(matrix, bias, node('Gemm', ['y', 'm', 'c'], ['o'], attributes)), ['m', 'c']);
  });

  it('may be turned around by a node, and is not told again under its own name', () => {
    const named = initializer('fc.weight', [3, 2], [1, 4, 2, 5, 3, 6]);
    const turned = node('Transpose', ['fc.weight'], ['t']);
    assert.deepEqual(names(named, turned, node('MatMul', ['y', 't'], ['o'])), ['fc/kernel']);
    const { tensors } = opened(model([...weights, named, turned, node('MatMul', ['y', 't'], ['o'])]));
    assert.deepEqual(tensors.at(-1), { name: 'fc/kernel', shape: [2, 3], numbers: [1, 2, 3, 4, 5, 6] });
  });

  it('without a matrix of two axes is none', () => {
    assert.deepEqual(names(node('MatMul', ['y', 'gone'], ['o']), node('MatMul', ['y'], ['p'])), []);
    assert.deepEqual(names(bias, node('MatMul', ['y', 'c'], ['o'])), ['c']);
  });

  it('that has no outputs has no bias', () => {
    assert.deepEqual(names(matrix, bias, node('MatMul', ['y', 'm'], [], {}, 'h'), node('Add', ['z', 'c'], ['o'])), [
      'h/kernel',
      'c',
    ]);
  });

  it('gives its name away to nobody: what is called as a part of a node stands once', () => {
    const taken = initializer('rnn/W', [1], [5]);
    const { tensors } = opened(model([...weights, taken]));
    assert.deepEqual(
      tensors.filter(({ name }) => name === 'rnn/W').map(({ numbers }) => numbers),
      [[1]],
    );
  });
});

describe('what is told of a recurrent node', () => {
  const weights = [initializer('W', [1, 1, 1], [1]), R];
  const facts = (...graph: readonly Piece[]) => opened(model([...weights, ...graph])).facts;

  it('is what it takes its inputs from, through nodes that hand numbers on, as far as that is clear', () => {
    const below = (...graph: readonly Piece[]): unknown =>
      facts(...graph).find(([name]) => name === 'rnn/layer_below')?.[1];
    assert.equal(below(rnn('x', 'W', 'R')), 'x');
    assert.equal(below(rnn('')), '');
    assert.equal(below(node('RNN', [], ['y'], {}, 'rnn')), '');
    assert.equal(below(node('Cast', [], ['x']), rnn('x', 'W', 'R')), '');
    assert.equal(below(node('Gather', ['t'], ['x']), rnn('x', 'W', 'R')), 'Gather');
    assert.equal(below(node('Gather', ['t'], ['x'], {}, 'g'), rnn('x', 'W', 'R')), 'Gather g');
    const lower = node('GRU', ['t', 'W', 'R'], ['z'], {}, '/below/');
    assert.equal(below(lower, node('Cast', ['z'], ['x']), rnn('x', 'W', 'R')), 'below');
    // A last state is no sequence of outputs.
    const states = node('LSTM', ['t', 'W', 'R'], ['z', 'z_h', 'z_c'], {}, 'lower');
    assert.equal(below(states, node('Unsqueeze', ['z_h'], ['x']), rnn('x', 'W', 'R')), 'LSTM lower, Y_h');
    assert.equal(below(states, rnn('z_c', 'W', 'R')), 'LSTM lower, Y_c');
    assert.equal(below(states, rnn('z', 'W', 'R')), 'lower');
    // In a circle there is no end.
    assert.equal(below(node('Cast', ['x'], ['x']), rnn('x', 'W', 'R')), undefined);
  });

  it('is its direction, its bound and its gates, by the attributes of its kind', () => {
    const own = (op: string, attributes: Parameters<typeof node>[3], inputs = ['x', 'W', 'R']) =>
      facts(node(op, inputs, ['y'], attributes, 'n')).filter(([name]) => name !== 'n/layer_below');
    assert.deepEqual(own('RNN', {}), [['n/activations', ['Tanh']]]);
    assert.deepEqual(own('RNN', { direction: 'reverse', clip: { float: 2 } }), [
      ['n/activations', ['Tanh']],
      ['n/direction', 'reverse'],
      ['n/clip', 2],
    ]);
    assert.deepEqual(own('GRU', {}), [['n/linear_before_reset', false]]);
    assert.deepEqual(own('GRU', { linear_before_reset: 1 }), [['n/linear_before_reset', true]]);
    assert.deepEqual(own('LSTM', { input_forget: 1 }), [['n/input_forget', true]]);
    assert.deepEqual(own('LSTM', {}, ['x', 'W', 'R', '', '', '', '', 'P']), [['n/peepholes', true]]);
    assert.deepEqual(own('LSTM', { input_forget: 0 }), []);
  });

  it('is a name of its own: without slashes around it, or what the node computes', () => {
    const name = (given: string): string | undefined =>
      opened(model([...weights, node('RNN', ['x', 'W', 'R'], [''], {}, given)])).tensors[0]?.name;
    assert.equal(name('/a/b/'), 'a/b/W');
    assert.equal(name('/'), 'RNN/W');
    assert.equal(name(''), 'RNN/W');
  });
});

describe('numbers of a tensor', () => {
  const stored = (type: number, shape: readonly number[], ...body: readonly Piece[]) =>
    opened(model([bytes(5, tensor('t', shape, body, type)), initializer('W', [1], [1]), R, rnn('x', 'W', 'R')]));
  const numbers = (type: number, shape: readonly number[], ...body: readonly Piece[]): number[] | null | undefined =>
    stored(type, shape, ...body).tensors.find(({ name }) => name === 't')?.numbers;

  it('are whole ones of each width, one by one or packed', () => {
    assert.deepEqual(numbers(3, [2], whole(5, 5), whole(5, -2)), [5, -2]);
    assert.deepEqual(numbers(2, [1], whole(5, 254)), [254]);
    assert.deepEqual(numbers(5, [1], whole(5, -300)), [-300]);
    assert.deepEqual(numbers(6, [2], bytes(5, Buffer.from([1, 2]))), [1, 2]);
    assert.deepEqual(numbers(7, [1], whole(7, -5)), [-5]);
    assert.deepEqual(numbers(12, [1], whole(11, 70_000)), [70_000]);
    assert.deepEqual(numbers(13, [1], whole(11, 70_000)), [70_000]);
    assert.deepEqual(numbers(9, [2], whole(5, 1), whole(5, 0)), [1, 0]);
  });

  it('with a point stand in one stretch, or one by one; none of them are none', () => {
    assert.deepEqual(numbers(1, [2], bytes(4, floats([1.5, -2]))), [1.5, -2]);
    assert.deepEqual(numbers(1, [2], float(4, 1.5), float(4, -2)), [1.5, -2]);
    assert.deepEqual(numbers(1, [0], whole(14, 0)), []);
  });

  it('that are texts, or of a type that is none, are told as such; the others are read', () => {
    assert.deepEqual(stored(8, [1], bytes(6, 'text')).refused, ['t: texts']);
    assert.deepEqual(stored(14, [1]).refused, ['t: the type 14']);
  });

  it('that are written as something else are damaged', () => {
    assert.match(
      told(model([bytes(5, tensor('t', [1], [float(5, 1)], 6)), R, rnn('x', 'W', 'R')])),
      /whole numbers other ones/,
    );
  });

  const outside = (...entries: readonly (readonly [string, string])[]): Uint8Array =>
    model([
      initializer(
        't',
        [1],
        [whole(14, 1), ...entries.map(([key, value]) => bytes(13, [bytes(1, key), bytes(2, value)]))],
      ),
      initializer('W', [1], [1]),
      R,
      rnn('x', 'W', 'R'),
    ]);

  it('in a file beside are all of it where nothing is said, and a range is a number', () => {
    const beside = (): Uint8Array => floats([2.5]);
    const read = (content: Uint8Array) => opened(content, beside).tensors.find(({ name }) => name === 't')?.numbers;
    assert.deepEqual(read(outside(['location', 'a'])), [2.5]);
    for (const [key, value] of [
      ['offset', 'x'],
      ['offset', '-1'],
      ['length', '99999999999999999'],
      ['offset', '5'],
    ] as const)
      assert.match(told(outside(['location', 'a'], [key, value]), beside), /a range inside of 4 bytes/);
  });

  it('in a file without a name are refused', () => {
    assert.match(told(outside()), /outside of the folder/);
    const unnamed = model([initializer('t', [1], [whole(14, 1), bytes(13, [])]), R, rnn('x', 'W', 'R')]);
    assert.match(told(unnamed), /outside of the folder/);
  });
});

describe('a file that begins as an ONNX model', () => {
  it('is known by its first fields', () => {
    assert.equal(onnx.match(model([])), true);
    for (const head of [[], [8], [8, 1], [8, 0, 0x12], [8, 0x20, 0x12], [8, 1, 0x13], [9, 1, 0x12]])
      assert.equal(onnx.match(Uint8Array.from(head)), false, String(head));
  });

  it('without a graph, or with an empty one, is told what it has', () => {
    assert.match(told(new Uint8Array(Buffer.concat([whole(1, 8), bytes(2, 'x')]))), /a graph none/);
    assert.match(told(model([])), /no recurrent node\. RNN, LSTM, GRU none/);
  });

  it('names one missing file after the other, and is told damaged only where it is opened', () => {
    const outside = (name: string, location: string): Piece =>
      initializer(name, [1], [whole(14, 1), bytes(13, [bytes(1, 'location'), bytes(2, location)])]);
    const content = model([outside('a', 'one'), outside('b', 'two'), rnn('x', 'a', 'b')]);
    const known = new Map<string, { readonly bytes: Uint8Array | null }>();
    assert.equal(missingBeside(content, known, quiet), 'one');
    known.set('one', { bytes: floats([1]) });
    assert.equal(missingBeside(content, known, quiet), 'two');
    known.set('two', { bytes: floats([1]) });
    assert.equal(missingBeside(content, known, quiet), null);
    assert.equal(missingBeside(content.slice(0, -1), known, quiet), null);
    assert.equal(missingBeside(Buffer.from('{}'), known, quiet), null);
  });

  it('is left where the reading is given up', () => {
    const stop = (): never => {
      throw new RangeError('enough');
    };
    assert.throws(() => missingBeside(model([R]), new Map(), stop), /enough/);
  });
});
