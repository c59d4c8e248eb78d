// The one door to every file: which bytes are which format, what is told where none can be read, and numbers that are
// made later.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isReadInRanges, readDocument } from '../../../src/config/formats/index.js';
import type { Source } from '../../../src/config/formats/index.js';
import { UnreadableNumbers } from '../../../src/config/json/index.js';
import type { TensorNode } from '../../../src/config/json/index.js';
import { zipOf } from '../../support/zipWriter.js';

const quiet = (): void => undefined;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A safetensors file of one tensor w. */
function safetensors(dtype: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = utf8(JSON.stringify({ w: { dtype, shape, data_offsets: [0, data.length] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return new Uint8Array(Buffer.concat([length, header, data]));
}

function npy(descr: string, shape: string, data: Uint8Array, order = 'False'): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}}`;
  return new Uint8Array(
    Buffer.concat([Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]), Buffer.from(header), data]),
  );
}

const onDisk = (bytes: Uint8Array, capacity?: number): Source => ({
  size: bytes.length,
  read: (at, length) => bytes.slice(at, at + length),
  ...(capacity === undefined ? {} : { capacity }),
});

function tensorOf(bytes: Uint8Array | Source): TensorNode {
  const { root } = readDocument('dir/file.bin', bytes, quiet);
  const node = root?.kind === 'object' ? root.properties[0]?.value : root;
  assert.ok(node?.kind === 'tensor');
  return node;
}

function problemOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UnreadableNumbers, String(error));
    return error.problem;
  }
  return assert.fail('the numbers were read');
}

const start = { line: 0, character: 0 };

describe('numbers that are made when they are asked for', () => {
  const four = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

  it('are refused before they are read where they are more than they may take', () => {
    const wanted = {
      file: 'dir/file.bin',
      range: { start, end: start },
      path: 'w',
      severity: 'error',
      code: 'not-enough-memory',
      message: 'These numbers need 0.1 MB of memory, more than they may take here.',
      expected: 'a safetensors file: at most 0.1 MB',
      found: '0.1 MB for a tensor of shape [2, 2]',
      advice: 'Cut the tensor into smaller ones: of sequences some are enough, and "sequences" takes several files.',
    };
    const bytes = safetensors('F32', [2, 2], four);
    const tight = tensorOf(onDisk(bytes, 31));
    assert.deepEqual(
      problemOf(() => tight.data),
      wanted,
    );
    assert.deepEqual([...tensorOf(onDisk(bytes, 32)).data], [1, 2, 3, 4]);
    // Row by row they are held piece by piece.
    assert.deepEqual([...[...tight.pieces!()][0]!], [1, 2, 3, 4]);
    const large = safetensors('F64', [300_000], new Uint8Array(2_400_000));
    assert.match(problemOf(() => tensorOf(onDisk(large, 1_250_000)).data).expected, / at most 1\.3 MB$/);
    assert.match(problemOf(() => tensorOf(onDisk(large, 1_250_000)).data).message, / need 2\.4 MB of memory/);
    const turned = npy('<f4', '(2, 2)', four, 'True');
    assert.deepEqual([...[...tensorOf(onDisk(turned)).pieces!()][0]!], [1, 3, 2, 4]);
    const told = problemOf(() => [...tensorOf(onDisk(turned, 47)).pieces!()]);
    assert.deepEqual([told.code, told.path], ['not-enough-memory', '']);
    assert.equal([...tensorOf(onDisk(turned, 48)).pieces!()].length, 1);
  });

  it('are refused where no float64 holds one of them', () => {
    const bytes = onDisk(npy('<i8', '(2,)', new Uint8Array(BigInt64Array.of(1n, 2n ** 53n + 1n).buffer)));
    for (const work of [() => tensorOf(bytes).data, () => [...tensorOf(bytes).pieces!()]]) {
      const { code, found, expected } = problemOf(work);
      assert.equal(code, 'unsupported-feature');
      assert.match(found, /9007199254740993/);
      assert.match(expected, /^a NumPy \.npy file: /);
    }
    assert.deepEqual(
      [tensorOf(bytes).dtype, tensorOf(bytes).shape, tensorOf(bytes).offset, tensorOf(bytes).length],
      ['int64', [2], 0, 0],
    );
  });
});

describe('the format of a file', () => {
  it('is known by its first bytes, and so is whether it is read in ranges', () => {
    const heads: readonly (readonly [Uint8Array, string | null, boolean])[] = [
      [safetensors('F32', [1], new Uint8Array(4)), 'a safetensors file', true],
      [npy('<f4', '(1,)', new Uint8Array(4)), 'a NumPy .npy file', true],
      [
        zipOf([{ name: 'w.npy', content: npy('<f4', '(1,)', new Uint8Array(4)) }]),
        'a ZIP archive (.npz, .pt or .keras)',
        true,
      ],
      [utf8('{"a": [1]}'), null, false],
      [utf8('[[1, 2]]'), null, false],
    ];
    for (const [bytes, name, ranges] of heads) {
      const { binary, problems, text } = readDocument('a.json', bytes, quiet);
      assert.deepEqual([binary, problems], [name, []]);
      assert.equal(isReadInRanges(bytes.subarray(0, 64)), ranges);
      if (name !== null) assert.equal(text, '');
    }
    assert.equal(isReadInRanges(Uint8Array.of(0x80, 2)), false);
    assert.equal(isReadInRanges(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)), false);
    // Two zeros side by side, and then a brace: not seven numbers before it.
    const brace = (...bytes: readonly number[]): boolean => isReadInRanges(Uint8Array.of(...bytes, 0x7b));
    assert.equal(brace(9, 0, 0, 1, 1, 1, 1, 1), true);
    assert.equal(brace(9, 0, 1, 0, 1, 0, 1, 1), false);
    assert.equal(brace(9, 9, 9, 9, 9, 9, 9, 9), false);
    assert.equal(brace(9, 0, 0, 1, 1, 1, 1), false);
  });

  it('of a text goes by its name, and for .txt by its first character', () => {
    const isPlain = (id: string, text: string | Uint8Array): boolean =>
      readDocument(id, typeof text === 'string' ? utf8(text) : text, quiet).root?.kind !== 'object';
    const json = '{"a": 1}';
    for (const name of ['a.json', 'a.csv.json', 'a.txt.json', 'csv', 'a.TXT', 'a.txt'])
      assert.equal(isPlain(name, json), false, name);
    for (const name of ['a.csv', 'a.TSV', 'a.tab']) assert.equal(isPlain(name, 'x\n1\n2\n'), true, name);
    const bom = Uint8Array.of(0xef, 0xbb, 0xbf);
    for (const before of ['', ' \n\t'])
      assert.equal(isPlain('a.txt', new Uint8Array(Buffer.concat([bom, utf8(before + json)]))), false);
    const problems = (id: string, text: string): number => readDocument(id, utf8(text), quiet).problems.length;
    assert.equal(problems('a.txt', 'abc'), 0, 'a text');
    assert.equal(problems('a.json', 'abc'), 1, 'no JSON');
    assert.equal(problems('a.txt', '[1, 2'), 1, 'begins as JSON');
    assert.equal(problems('a.txt', '{'), 1, 'begins as JSON');
    assert.equal(problems('a.txt', '(1'), 0, 'a text');
  });
});

describe('a file that cannot be read', () => {
  it('has no root, and one problem at its beginning', () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n';
    const { root, problems, binary, text } = readDocument('dir/a.pt', utf8(pointer), quiet);
    assert.deepEqual([root, binary, text], [null, null, '']);
    assert.deepEqual(problems, [
      {
        file: 'dir/a.pt',
        range: { start, end: start },
        path: '',
        severity: 'error',
        code: 'unreadable-file',
        message: 'The file is a Git LFS pointer: the numbers themselves were not fetched.',
        expected: 'the file itself',
        found: 'a pointer to it',
        advice: 'Run "git lfs pull" in its repository.',
      },
    ]);
    const isPointer = (length: number): boolean =>
      readDocument('a', utf8(pointer.padEnd(length, ' ')), quiet).problems[0]!.message.includes('LFS');
    assert.deepEqual([isPointer(1_023), isPointer(1_024)], [true, false]);
    assert.doesNotMatch(readDocument('a', utf8('version'), quiet).problems[0]!.message, /LFS/);
  });

  it('tells its format before what was expected, and the tensor where it is', () => {
    const bytes = safetensors('F32', [3], new Uint8Array(4));
    const { root, problems, binary } = readDocument('dir/a', bytes, quiet);
    const [problem] = problems;
    assert.deepEqual([root, binary, problems.length], [null, 'a safetensors file', 1]);
    assert.deepEqual(
      [problem?.path, problem?.expected, problem?.found, problem?.code],
      ['w', 'a safetensors file: F32 numbers of the shape [3]', '4 bytes', 'unreadable-file'],
    );
  });
});

describe('a safetensors file of several tensors', () => {
  /** `tensors`: their entries as they stand in the header. */
  const file = (tensors: Readonly<Record<string, unknown>>, data = new Uint8Array(12)): Uint8Array => {
    const header = utf8(JSON.stringify(tensors));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return new Uint8Array(Buffer.concat([length, header, data]));
  };
  const startOf = (tensors: Readonly<Record<string, unknown>>): number => 8 + utf8(JSON.stringify(tensors)).length;
  const entry = (from: number, to: number, shape: readonly number[], dtype = 'F32') => ({
    dtype,
    shape,
    data_offsets: [from, to],
  });
  const told = (content: Uint8Array | Source): readonly unknown[] => {
    const [problem] = readDocument('f', content, quiet).problems;
    return [problem?.message, problem?.expected.replace('a safetensors file: ', ''), problem?.found];
  };

  it('has a header that ends inside of it', () => {
    const short = file({ w: entry(0, 12, [3]) }).slice(0, 64);
    new DataView(short.buffer).setBigUint64(0, 57n, true);
    assert.deepEqual(told(short), ['The file is damaged at byte 0.', 'a header of at most 56 bytes', '57 bytes']);
    const large = (length: bigint): Source => ({
      size: 2e8,
      read: (at, count) => {
        if (count > 64) throw new RangeError(`${count} bytes from ${at} on`);
        const bytes = new Uint8Array(count).fill(0x7b);
        if (count >= 8) new DataView(bytes.buffer).setBigUint64(0, length, true);
        return bytes;
      },
    });
    assert.deepEqual(told(large(100_000_001n)).slice(1), ['a header of at most 100000000 bytes', '100000001 bytes']);
    assert.throws(() => told(large(100_000_000n)), /^RangeError: 100000000 bytes from 8 on$/);
    // Without a byte behind it.
    assert.deepEqual([...tensorOf(file({ w: entry(0, 0, [0]) }, new Uint8Array())).data], []);
  });

  it('has each tensor in a range of its own', () => {
    const at = (tensors: Readonly<Record<string, unknown>>, more: number, name: string): string =>
      `The file is damaged at byte ${startOf(tensors) + more}: ${name}.`;
    for (const tensors of [
      { a: entry(0, 8, [2]), b: entry(4, 12, [2]) },
      { b: entry(4, 12, [2]), a: entry(0, 8, [2]) },
      { a: entry(0, 8, [2]), none: entry(4, 4, [0]), b: entry(4, 12, [2]) },
    ])
      assert.deepEqual(told(file(tensors)), [
        at(tensors, 4, 'b'),
        'tensors beside each other',
        'one that begins inside another one',
      ]);
    const beside = { b: entry(8, 12, [1]), none: entry(4, 4, [0]), a: entry(0, 8, [2]) };
    assert.deepEqual(readDocument('f', file(beside), quiet).problems, []);
    const whole = 'tensors one behind the other, from the header to the end of the file';
    for (const [tensors, byte, name, found] of [
      [{ a: entry(0, 4, [1]), b: entry(8, 12, [1]) }, 4, 'b', '4 bytes before it that belong to none'],
      [{ b: entry(8, 12, [1]), a: entry(1, 8, [7], 'I8') }, 0, 'a', '1 byte before it that belong to none'],
    ] as const)
      assert.deepEqual(told(file(tensors)), [at(tensors, byte, name), whole, found]);
    const short = { a: entry(0, 4, [1]), b: entry(4, 8, [1]) };
    const behind = `The file is damaged at byte ${startOf(short) + 8}.`;
    assert.deepEqual(told(file(short)), [behind, whole, '4 bytes behind the last one']);
    assert.deepEqual(told(file(short, new Uint8Array(8))), [undefined, undefined, undefined]);
    for (const [from, to] of [
      [8, 4],
      [0, 13],
    ] as const) {
      const tensors = { w: entry(from, to, [1]) };
      assert.deepEqual(told(file(tensors)), [
        at(tensors, 0, 'w'),
        'a range inside of 12 bytes',
        `the range from ${from} to ${to}`,
      ]);
    }
    for (const [shape, dtype, shown] of [
      [[3], 'F32', '[3]'],
      [[2], 'I64', '[2]'],
      [new Array<number>(33).fill(1), 'F32', '[1, 1, 1, 1, 1, 1, 1, 1]'],
      [new Array<number>(33).fill(1), 'XX', '[1, 1, 1, 1, 1, 1, 1, 1]'],
    ] as const) {
      const tensors = { w: entry(4, 12, shape, dtype) };
      assert.deepEqual(told(file(tensors)), [at(tensors, 4, 'w'), `${dtype} numbers of the shape ${shown}`, '8 bytes']);
    }
  });

  it('tells the types that hold no weights, whatever their bits', () => {
    const { root } = readDocument(
      'f',
      file({
        whole: entry(0, 8, [1], 'I64'),
        four: entry(8, 10, [4], 'F4'),
        other: entry(10, 12, [5], 'X'.repeat(30)),
      }),
      quiet,
    );
    assert.ok(root?.kind === 'object');
    assert.deepEqual(
      root.properties.map(({ key, value }) => [
        key,
        value.kind === 'unreadable' ? [value.finding.code, value.finding.found] : value.kind,
      ]),
      [
        ['whole', ['unsupported-feature', 'I64']],
        ['four', ['unsupported-feature', 'F4']],
        ['other', ['unsupported-feature', `${'X'.repeat(19)}…`]],
      ],
    );
  });

  it('has a hundred notes at most', () => {
    const notes = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`n${i}`, String(i)]));
    const document = readDocument('f', file({ __metadata__: notes, w: entry(0, 12, [3]) }), quiet);
    assert.equal(document.notes?.size, 100);
    assert.deepEqual(readDocument('f', file({ w: entry(0, 12, [3]) }), quiet).notes, new Map());
  });
});

describe('an archive of NumPy', () => {
  it('has arrays of objects refused beside others, and a damaged one as a whole', () => {
    const good = npy('<f4', '(1,)', new Uint8Array(Float32Array.of(2).buffer));
    const objects = npy('|O', '(1,)', new Uint8Array(8));
    const { root, problems } = readDocument(
      'f.npz',
      zipOf([
        { name: 'a.npy', content: objects },
        { name: 'b.npy', content: good },
      ]),
      quiet,
    );
    assert.deepEqual(problems, []);
    assert.ok(root?.kind === 'object');
    const [a, b] = root.properties;
    assert.equal(a?.value.kind === 'unreadable' && a.value.finding.code, 'unsupported-feature');
    assert.deepEqual([a?.key, b?.key, b?.value.kind === 'tensor' && [...b.value.data]], ['a', 'b', [2]]);
    const damagedOne = readDocument('f.npz', zipOf([{ name: 'a.npy', content: good.slice(0, -1) }]), quiet);
    assert.deepEqual([damagedOne.root, damagedOne.problems[0]?.code], [null, 'unreadable-file']);
    const mixed = readDocument(
      'f.zip',
      zipOf([
        { name: 'a.npy', content: good },
        { name: 'b.txt', content: good },
      ]),
      quiet,
    );
    assert.equal(mixed.root, null);
    assert.match(mixed.problems[0]?.message ?? '', /neither NumPy arrays/);
    assert.match(mixed.problems[0]?.found ?? '', /a\.npy, b\.txt/);
  });
});
