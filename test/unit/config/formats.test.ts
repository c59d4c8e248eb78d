// Every file of the reference set gives its numbers bit for bit, or is refused for the reason that the set names.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readDocument } from '../../../src/config/formats/index.js';
import { Value } from '../../../src/config/json/index.js';
import { configName, readTexts } from './memory.js';

const folder = path.join('test', 'fixtures', 'files');
const bytesOf = (file: string): Buffer => readFileSync(path.join(folder, file));

type Nested = number | readonly Nested[];
type Weights = Readonly<Record<string, Nested>>;
type Expected = {
  readonly weights?: Weights;
  readonly readout?: Weights;
  readonly sequences?: Nested;
  readonly networks?: Readonly<Record<string, { readonly cell: string; readonly weights: Weights }>>;
};
type Listed = {
  readonly file: string;
  readonly format: string;
  readonly expected: string;
  readonly why?: string;
  readonly mayRefuse?: boolean;
  readonly unknownGlobal?: string;
  readonly name?: string;
  readonly readoutName?: string;
  readonly cell?: string;
  readonly directions?: number;
  readonly I?: number;
  readonly holds?: string;
  readonly line?: number;
  readonly column?: number;
};

const { files } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
  readonly files: readonly Listed[];
};
const expectedOf = ({ expected }: Listed): Expected =>
  JSON.parse(readFileSync(path.join(folder, expected), 'utf8')) as Expected;

const flat = (nested: Nested): number[] => (typeof nested === 'number' ? [nested] : nested.flatMap(flat));
const transposed = (rows: Nested): Nested => {
  const matrix = rows as readonly (readonly number[])[];
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? Number.NaN));
};
/** Object.is tells −0 from 0, and NaN is NaN. */
function sameBits(found: ArrayLike<number>, wanted: Nested, what: string): void {
  const numbers = flat(wanted);
  assert.equal(found.length, numbers.length, what);
  numbers.forEach((x, i) => {
    assert.ok(Object.is(found[i], x), `${what}[${i}]: ${found[i]} instead of ${x}`);
  });
}

const root = (file: string): Value => {
  const document = readDocument(file, bytesOf(file), () => undefined);
  const value = Value.root(document);
  assert.ok(value !== null, document.problems[0]?.message);
  return value;
};
const numbersAt = (value: Value | null, what: string): Float64Array => {
  assert.equal(value?.node.kind, 'tensor', what);
  return value.node.data;
};

const tutorialNames = (weights: Weights): Weights => ({
  Wx: transposed(weights['weight_ih_l0'] ?? []),
  Wh: transposed(weights['weight_hh_l0'] ?? []),
  b: weights['bias_ih_l0'] ?? [],
});

/** Keras and ONNX have names and an order of gates of their own: their numbers are compared as a network has them. */
const hasOwnNames = ({ format }: Listed): boolean => /^(?:keras|onnx)/.test(format);

describe('weights in files of every form', () => {
  const named = files.filter((listed) => !hasOwnNames(listed));
  for (const listed of named.filter(({ expected, holds }) => expected !== 'refused' && holds === undefined)) {
    const { file, name } = listed;
    it(file, () => {
      const whole = root(file);
      const { weights = {}, networks } = expectedOf(listed);
      const wanted: Weights =
        networks === undefined
          ? whole.get('Wx') === null
            ? weights
            : tutorialNames(weights)
          : Object.fromEntries(
              Object.entries(networks).flatMap(([prefix, network]) =>
                Object.entries(network.weights).map(([key, numbers]) => [`${prefix}.${key}`, numbers] as const),
              ),
            );
      const cellName = (key: string): string => (whole.get(key) === null ? key.replace('_l0', '') : key);
      for (const [key, numbers] of Object.entries(wanted)) {
        const found =
          whole.entries().find(([own]) => own === key || (name !== undefined && own.endsWith(`${name}.${key}`)))?.[1] ??
          whole.get(cellName(key));
        sameBits(numbersAt(found, key), numbers, key);
      }
    });
  }
});

describe('sequences in files of every form', () => {
  for (const listed of files.filter(({ holds }) => holds === 'sequences')) {
    const { file } = listed;
    it(file, async () => {
      const { sequences = [] } = expectedOf(listed);
      const { experiment, problems } = await readTexts({
        [configName]:
          '{"weights":{"Wx":[[1,2],[3,4],[5,6]],"Wh":[[0,0],[0,0]],"b":[0,0]},"dtype":"float64",' +
          `"sequences":"${file}"}`,
        [file]: bytesOf(file),
      });
      // Columns that are left out are told.
      assert.deepEqual(
        problems.filter(({ severity }) => severity !== 'info'),
        [],
      );
      const [chunk] = experiment?.chunks ?? [];
      const rows = sequences as readonly (readonly Nested[])[];
      const all = typeof rows[0]?.[0] === 'object' && typeof rows[0][0] === 'object' ? rows.map((one) => one) : rows;
      const depth = (nested: Nested): number => (typeof nested === 'number' ? 0 : 1 + depth(nested[0] ?? 0));
      const each = depth(all) === 2 ? [all as readonly Nested[]] : all;
      const steps = Math.max(...each.map((one) => one.length));
      const padded = each.flatMap((one) => [...flat(one), ...new Array<number>((steps - one.length) * 3).fill(0)]);
      sameBits(chunk?.xs ?? [], padded, 'xs');
    });
  }
});

describe('a network out of a file', () => {
  const runs = files.filter(({ expected, holds, cell }) => expected !== 'refused' && holds === undefined && cell);
  for (const listed of runs) {
    const { file, name, cell, I = 0, directions = 1 } = listed;
    it(file, async () => {
      const { weights = {} } = expectedOf(listed);
      const reference = name === undefined ? JSON.stringify(file) : JSON.stringify({ file, name });
      const { experiment, problems } = await readTexts({
        [configName]: `{"weights":${reference},"dtype":"float64","sequences":[[${new Array(I).fill(1).join()}]]}`,
        [file]: bytesOf(file),
      });
      assert.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      assert.equal(experiment?.cell, cell);
      const layers = experiment?.layers ?? [];
      assert.equal(layers.length, Object.keys(weights).filter((key) => key.startsWith('weight_hh')).length);
      for (const [i, layer] of layers.entries()) {
        const suffix = `_l${Math.floor(i / directions)}${i % directions === 1 ? '_reverse' : ''}`;
        sameBits(layer.parameters.Wx, transposed(weights[`weight_ih${suffix}`] ?? []), `Wx${suffix}`);
        sameBits(layer.parameters.Wh, transposed(weights[`weight_hh${suffix}`] ?? []), `Wh${suffix}`);
      }
    });
  }
});

describe('the readout beside a network', () => {
  for (const listed of files.filter(({ expected }) => expected !== 'refused')) {
    const { readout } = expectedOf(listed);
    const { file, name, readoutName, I = 0 } = listed;
    if (readout === undefined) continue;
    it(file, async () => {
      const [rows] = [readout['weight'] as readonly (readonly number[])[]];
      const part = (own: string | undefined): unknown => (own === undefined ? file : { file, name: own });
      const { experiment, problems } = await readTexts({
        [configName]: JSON.stringify({
          dtype: 'float64',
          weights: part(name),
          sequences: [[new Array(I).fill(1)]],
          loss: { kind: 'mse', readout: part(readoutName ?? name), targets: [rows.map(() => 0)] },
        }),
        [file]: bytesOf(file),
      });
      assert.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      sameBits(experiment?.loss?.Why ?? [], transposed(rows), 'Why');
      sameBits(experiment?.loss?.by ?? [], readout['bias'] ?? [], 'by');
    });
  }
});

/** What the problem of a refused file says, beside its sentence: message, expected and found. */
const reasons: Readonly<Record<string, RegExp>> = {
  'needs_refusal.pt': /argparse/,
  'lstm_module.pt': /torch\.nn\.modules\.rnn/,
  'lstm_script.pt': /TorchScript/,
  'lstm_projection.pt': /proj_size/,
  'hostile/object.npy': /Python objects/,
  'hostile/os_system.pt': /os\.system/,
  'hostile/os_system_in_state.pt': /posix\.system/,
  'hostile/stack_global.pt': /builtins\.eval/,
  'hostile/inst_opcode.pt': /os\.system/,
  'hostile/getattr_chain.pt': /getattr/,
  'hostile/ext_opcode.pt': /extension registry/,
  'hostile/os_system_legacy.pt': /os\.system/,
  'hostile/memo_2_31.pt': /no tensor/,
  'hostile/memo_unknown.pt': /a value that was kept before/,
  'hostile/storage_1e12.pt': /a storage of 1000000000000 numbers.*16 bytes/,
  'hostile/size_1e12.pt': /inside of its storage of 4 numbers/,
  'hostile/offset_outside.pt': /inside of its storage of 4 numbers.*from number 2 on/,
  'hostile/stride_outside.pt': /inside of its storage of 4 numbers/,
  'hostile/negative.pt': /none below zero.*-1/,
  'hostile/storage_missing.pt': /the storage 7.*none/,
  'hostile/storage_key_path.pt': /the storage [./].*none/,
  'hostile/recursion_deep.pt': /at most 60 levels/,
  'hostile/recursion_self.pt': /no tensor/,
  'hostile/unicode_2gb.pt': /2147483647 bytes.*the end of the file/,
  'hostile/dup_wide.pt': /at most 60 levels/,
  'hostile/stack_underflow.pt': /a value.*none/,
  'hostile/no_stop.pt': /the end of the file/,
  'hostile/proto_pollution.pt': /weight_ih_l0 is missing.*"__proto__"/,
  'hostile/dotdot.pt': /a name that leads out of it/,
  'hostile/bomb_claims_1gb.pt': /at most 1000 times.*1073741824 bytes from 1024/,
  'hostile/bomb_lies_small.pt': /16 bytes.*more than 16 bytes/,
  'hostile/overlap_same.pt': /the name that the directory gives/,
  'hostile/overlap_inside.pt': /one that begins inside another one/,
  'hostile/duplicate_names.pt': /the same name twice/,
  'hostile/crc_wrong.pt': /checksum/,
  'hostile/past_the_end.pt': /the entry that the directory names/,
  'hostile/truncated.pt': /the directory of the archive.*none/,
  'hostile/truncated_legacy.pt': /a storage of 100 numbers.*the end of the file/,
  'hostile/empty.pt': /empty/,
  'hostile/html.pt': /HTML/,
  'hostile/lfs_pointer.safetensors': /Git LFS pointer/,
  'hostile/header_2_63.safetensors': /a header of at most/,
  'hostile/offsets_outside.safetensors': /a range inside of 32 bytes/,
  'hostile/offsets_overlap.safetensors': /one that begins inside another one/,
  'hostile/shape_mismatch.safetensors': /of the shape \[2, 3\].*16 bytes/,
  'hostile/shape_overflow.safetensors': /4294967296/,
  'hostile/duplicate_key.safetensors': /every key once/,
  'hostile/shape_1e12.npy': /\[1000000, 1000000\].*16 bytes/,
  'hostile/expression.npy': /fortran_order.*__import__/,
  'hostile/header_long.npy': /65000 bytes/,
  'hostile/structured.npy': /plain numbers/,
  'keras3_gru_reset_before.keras': /resets h before the recurrent product/,
  'hostile/huge_sparse.h5': /a shape that fits into the file \[1000000, 1000000\]/,
  'hostile/group_cycle.h5': /holds no numbers.*no dataset/,
  'hostile/external_link.h5': /leads to another file.*the link layers/,
  'hostile/truncated.h5': /33976 bytes.*16988 bytes/,
  'gru_reset_before.onnx': /resets h before the recurrent product/,
  'lstm_hard_sigmoid.onnx': /other activations.*HardSigmoid/,
  'lstm_clip.onnx': /bounds its pre-activations \(clip\)/,
  'lstm_peephole.onnx': /peepholes/,
  'hostile/external_data.onnx': /outside of the folder.*\.\.\/\.\.\/outside\.bin/,
  'hostile/dims_1e12.onnx': /numbers of shape \[1, 1000000000000/,
  'hostile/truncated.onnx': /the end of the message/,
  'hostile/deep_if.onnx': /at most 16 levels/,
  'hostile/varint_long.onnx': /at most 64 bits/,
  'table_missing.csv': /A number is missing in the column "pressure"/,
  'table_text_cell.csv': /No number stands in the column "temperature".*"n\/a"/,
  'table_short_row.csv': /Fields in this row: 3; in the first row: 4/,
  'hostile/gzip_broken.h5': /240 bytes.*cannot be unpacked/,
};

/** Every one is looked at above, or below among those that are refused. */
it('every file of the set has numbers to be found, or a reason for which it is refused', () => {
  assert.ok(files.length >= 150);
  for (const listed of files) {
    const { file, expected } = listed;
    assert.ok(bytesOf(file).length >= 0);
    if (expected === 'refused') assert.ok(Object.hasOwn(reasons, file), file);
    else
      assert.ok(
        Object.keys(expectedOf(listed)).some((key) => kinds.includes(key)),
        file,
      );
  }
  assert.deepEqual(
    Object.keys(reasons).filter((file) => !files.some((listed) => listed.file === file)),
    [],
  );
});
/** What the tests above compare. */
const kinds = ['weights', 'networks', 'sequences', 'codePoints'];

describe('a text', () => {
  const { expected } = files.find(({ holds }) => holds === 'text') ?? { expected: '' };
  const { codePoints, distinct } = JSON.parse(readFileSync(path.join(folder, expected), 'utf8')) as {
    readonly codePoints: readonly number[];
    readonly distinct: readonly string[];
  };

  it('is one step for each code point, a one at its place among those that there are', async () => {
    const { experiment, problems } = await readTexts({
      [configName]: JSON.stringify({
        weights: { Wx: distinct.map(() => [1]), Wh: [[1]], b: [0] },
        sequences: { file: 'text.txt', tokens: 'characters' },
      }),
      'text.txt': bytesOf('text.txt'),
    });
    assert.deepEqual(
      problems.filter(({ severity }) => severity !== 'info'),
      [],
    );
    const [chunk] = experiment?.chunks ?? [];
    assert.equal(chunk?.steps, codePoints.length);
    const V = distinct.length;
    const places = codePoints.map((_, step) => chunk.xs.subarray(step * V, (step + 1) * V).indexOf(1));
    assert.deepEqual(
      places.map((place) => distinct[place]),
      codePoints.map((point) => String.fromCodePoint(point)),
    );
    assert.equal(
      chunk.xs.reduce((sum, x) => sum + x, 0),
      codePoints.length,
    );
  });
});

describe('files that are refused', () => {
  for (const listed of files.filter(({ expected }) => expected === 'refused')) {
    const { file, why = '', unknownGlobal, format, line, column } = listed;
    it(`${file}: ${why}`, async () => {
      const { experiment, problems } = await readTexts({
        [configName]:
          format === 'csv'
            ? `{"weights":{"Wx":[[1],[1],[1]],"Wh":[[1]],"b":[0]},"sequences":"${file}"}`
            : `{"weights":"${file}","sequences":[[1,1]]}`,
        [file]: bytesOf(file),
      });
      assert.equal(experiment, null);
      const [problem] = problems.filter(({ severity }) => severity === 'error');
      assert.equal(problem?.file, file);
      const told = `${problem.message} ${problem.expected} ${problem.found}`;
      assert.match(told, reasons[file] ?? /^no reason is listed$/, told);
      assert.match(problem.advice, /\w.*[.!]$|"model\.safetensors"\)$/s);
      if (line !== undefined) assert.equal(problem.range.start.line + 1, line);
      if (column !== undefined) {
        const row = bytesOf(file).toString().split('\n')[problem.range.start.line] ?? '';
        assert.equal(row.slice(0, problem.range.start.character).split(',').length, column);
      }
      if (unknownGlobal === undefined) return;
      assert.ok(problem.found.includes(unknownGlobal), problem.found);
      assert.ok(problem.message.includes(unknownGlobal.replace(' ', '.')), problem.message);
      assert.match(problem.advice, /weights_only=False[\s\S]*save_file/);
    });
  }
});
