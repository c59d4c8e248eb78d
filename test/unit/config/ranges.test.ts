// Files that are read in ranges: the same numbers and the same refusals as of files that are here as a whole, and
// nothing read but what is asked for.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { isReadInRanges, readDocument } from '../../../src/config/formats/index.js';
import type { Source } from '../../../src/config/formats/index.js';
import { UnreadableNumbers } from '../../../src/config/json/index.js';
import type { Document, Problem, TensorNode } from '../../../src/config/json/index.js';
import { readExperiment } from '../../../src/config/index.js';
import { surveyFile } from '../../../src/config/read/index.js';
import { takenBy } from '../../support/allocations.js';
import { floats, safetensorsParts, torchParts } from '../../support/largeFiles.js';
import type { Part, Tensor } from '../../support/largeFiles.js';
import { zipOf } from '../../support/zipWriter.js';
import { configEntry, configName, memoryFiles, withoutAssumedCell } from './memory.js';

const quiet = (): void => undefined;
const folder = path.join('test', 'fixtures', 'files');
const fixtures = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(path.sep, '/'))
  .filter((file) => /\.[a-z0-9]+$/.test(file) && !/(?:^|\/)expected\//.test(file));
const inRanges = fixtures
  .map((file) => [file, new Uint8Array(readFileSync(path.join(folder, file)))] as const)
  .filter(([, bytes]) => isReadInRanges(bytes.subarray(0, 64)));

/** A file that counts what is read of it, and hands out copies: nothing else of it can be seen. */
function counted(bytes: Uint8Array): Source & { readonly ranges: [from: number, to: number][] } {
  const ranges: [number, number][] = [];
  return {
    ranges,
    size: bytes.length,
    read(offset, length) {
      assert.ok(offset >= 0 && length >= 0 && offset + length <= bytes.length, `${offset} + ${length}`);
      ranges.push([offset, offset + length]);
      return bytes.slice(offset, offset + length);
    },
  };
}
const bytesRead = ({ ranges }: ReturnType<typeof counted>): number =>
  ranges.reduce((sum, [from, to]) => sum + to - from, 0);
const joined = (parts: readonly Part[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part) : part))));

type Told = Pick<Problem, 'message' | 'expected' | 'found'>;
const finding = ({ message, expected, found }: Told): Told => ({ message, expected, found });
/** Everything that a document holds, or the first thing that is wrong with it. */
function contents({ root, problems }: Document): unknown {
  const [problem] = problems;
  if (root === null) return problem === undefined ? null : finding(problem);
  const nodes =
    root.kind === 'object' ? root.properties.map(({ key, value }) => [key, value] as const) : [['', root] as const];
  try {
    return nodes.map(([key, node]) =>
      node.kind === 'tensor'
        ? [key, node.shape, [...node.data].map((x) => (Object.is(x, -0) ? '-0' : x))]
        : node.kind === 'unreadable'
          ? [key, finding(node.finding)]
          : [key, node],
    );
  } catch (error) {
    assert.ok(error instanceof UnreadableNumbers, String(error));
    return finding(error.problem);
  }
}

describe('a file in ranges is the file as a whole', () => {
  it('there are such files of each form', () => {
    for (const ending of ['.safetensors', '.npy', '.npz', '.pt', '.pth', '.keras'])
      assert.ok(
        inRanges.some(([file]) => file.endsWith(ending)),
        ending,
      );
  });

  for (const [file, bytes] of inRanges) {
    it(file, () => {
      const source = counted(bytes);
      const wanted = contents(readDocument('file', bytes, quiet));
      const found = contents(readDocument('file', source, quiet));
      assert.deepEqual(found, wanted);
      assert.ok(source.ranges.length > 1 || bytes.length < 64);
    });
  }
});

const H = 8;
const layer: readonly Tensor[] = [
  { name: 'encoder.rnn.weight_ih_l0', shape: [H, 3], data: floats(H * 3, (i) => i / 100) },
  { name: 'encoder.rnn.weight_hh_l0', shape: [H, H], data: floats(H * H, (i) => 0.3 - i / 200) },
  { name: 'encoder.rnn.bias_ih_l0', shape: [H], data: floats(H, () => 0) },
  { name: 'encoder.rnn.bias_hh_l0', shape: [H], data: floats(H, () => 0) },
];
const before: Tensor = { name: 'embedding.weight', shape: [1_000_000, 4], data: 16_000_000 };
const behind: Tensor = { name: 'head.weight', shape: [500_000, 10], data: 20_000_000 };
const tensors = [before, ...layer, behind];
const layerBytes = (H * 3 + H * H + 2 * H) * 4;

const filesWith = (source: Source): Parameters<typeof readExperiment>[1] => {
  const rest = memoryFiles({ [configName]: '{ "weights": "model", "sequences": [[[1, 2, 3], [4, 5, 6]]] }' });
  return {
    read: (reference, from) =>
      reference === 'model' ? Promise.resolve({ ok: true, id: 'model', bytes: source }) : rest.read(reference, from),
  };
};
const run = (source: Source): ReturnType<typeof readExperiment> => readExperiment(configEntry, filesWith(source));

describe('of a large file', () => {
  it('safetensors: what it holds takes the header, a run the numbers of its layer', async () => {
    const { header, parts } = safetensorsParts(tensors);
    const bytes = joined(parts);
    const looked = counted(bytes);
    assert.deepEqual(
      surveyFile(looked, quiet).networks.map(({ name, I, widths }) => [name, I, widths]),
      [[null, 3, [H]]],
    );
    assert.ok(bytesRead(looked) <= header + 8 + 64, `${bytesRead(looked)} bytes`);
    const source = counted(bytes);
    const { experiment, problems } = await run(source);
    assert.deepEqual(withoutAssumedCell(problems), []);
    assert.ok(experiment !== null);
    assert.ok(bytesRead(source) <= header + 8 + 64 + layerBytes, `${bytesRead(source)} bytes`);
    assert.ok(Math.abs((experiment.layers[0].parameters.Wh[1] ?? 0) - (0.3 - H / 200)) < 1e-7);
  });

  it('PyTorch: the directory and the pickle, then the storages of the layer', async () => {
    const bytes = joined(torchParts(tensors));
    const looked = counted(bytes);
    assert.equal(surveyFile(looked, quiet).networks.length, 1);
    // The end of the archive is looked through for its directory.
    const atMost = 70_000;
    assert.ok(bytesRead(looked) <= atMost, `${bytesRead(looked)} bytes`);
    const source = counted(bytes);
    const { experiment, problems } = await run(source);
    assert.deepEqual(withoutAssumedCell(problems), []);
    assert.ok(experiment !== null);
    assert.ok(bytesRead(source) <= bytesRead(looked) + layerBytes, `${bytesRead(source)} bytes`);
  });

  it('an entry too large to be held is compared with its checksum before any of it is given', () => {
    const bytes = joined(torchParts(tensors));
    // A number in the middle of the largest entry.
    const at = bytes.length - 10_000_000;
    bytes[at] = 1;
    const { root, problems } = readDocument('model.pt', counted(bytes), quiet);
    assert.deepEqual(problems, []);
    const numbers = (name: string): unknown => {
      const node = root?.kind === 'object' ? root.properties.find(({ key }) => key === name)?.value : undefined;
      assert.equal(node?.kind, 'tensor');
      return node.data.length;
    };
    assert.equal(numbers('encoder.rnn.weight_hh_l0'), H * H);
    assert.throws(
      () => numbers('head.weight'),
      (error) =>
        error instanceof UnreadableNumbers &&
        error.problem.file === 'model.pt' &&
        error.problem.code === 'unreadable-file' &&
        error.problem.expected.includes('checksum'),
    );
  });

  const wide = 4_500_000;
  type Large = { readonly content: Uint8Array; readonly deflated: Uint8Array };
  let large: Large | null = null;
  /** An array of 18 MB: more than is held. It is made and packed once, which takes seconds. */
  function largeArray(): Large {
    const header = Buffer.from(`{'descr': '<f4', 'fortran_order': False, 'shape': (${wide},)}`.padEnd(118));
    const magic = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0]);
    if (large === null) {
      const content = joined([new Uint8Array(Buffer.concat([magic, header])), floats(wide, (i) => i % 1000)]);
      large = { content, deflated: deflateRawSync(content) };
    }
    return large;
  }
  function nodeOf(source: Source, name: string): TensorNode {
    const { root } = readDocument('x', source, quiet);
    const node = root?.kind === 'object' ? root.properties.find(({ key }) => key === name)?.value : undefined;
    assert.ok(node?.kind === 'tensor');
    return node;
  }
  const refusesEachTime = (node: TensorNode, pattern: RegExp): void => {
    for (const read of [() => node.data, () => [...(node.pieces?.() ?? [])], () => node.data])
      assert.throws(read, (error) => error instanceof UnreadableNumbers && pattern.test(error.problem.expected));
  };

  it('an entry too large to be held is read once, and refused again when it is asked for again', () => {
    const { content } = largeArray();
    const npz = zipOf([{ name: 'a.npy', content }]);
    for (const [bytes, name, most] of [
      [npz, 'a', content.length],
      [joined(torchParts(tensors)), 'head.weight', 20_000_000],
    ] as const) {
      const source = counted(bytes);
      const node = nodeOf(source, name);
      const before = bytesRead(source);
      const sum = node.data.reduce((a, b) => a + b, 0);
      assert.ok(bytesRead(source) - before <= most, `${bytesRead(source) - before} bytes of ${name}`);
      if (name === 'a') assert.equal(sum, 499.5 * wide);
      // A second look in pieces reads it again, and knows that it is sound.
      assert.equal(
        [...(node.pieces?.() ?? [])].reduce((count, piece) => count + piece.length, 0),
        node.data.length,
      );
      assert.ok(bytesRead(source) - before <= 2 * most);
    }
    npz[npz.length - 1_000_000] = (npz[npz.length - 1_000_000] ?? 0) ^ 1;
    refusesEachTime(nodeOf(counted(npz), 'a'), /checksum/);
  });

  it('a packed one is unpacked as far as it is asked for, a few times, and nothing of it is held', () => {
    const npz = zipOf([
      { name: 'a.npy', ...largeArray() },
      { name: 'b.npy', ...largeArray() },
    ]);
    const source = counted(npz);
    const node = nodeOf(source, 'a');
    // For the header of each array a few kilobytes, and the directory.
    assert.ok(bytesRead(source) < 90_000, `${bytesRead(source)} bytes`);
    const stored = npz.length / 2;
    const look = (): void => {
      let sum = 0;
      const { largest } = takenBy(() => {
        for (const piece of node.pieces?.() ?? []) for (const x of piece) sum += x;
      });
      assert.equal(sum, 499.5 * wide);
      assert.ok(largest < 1_000_000, `a block of ${largest} bytes`);
    };
    const before = bytesRead(source);
    look();
    assert.ok(bytesRead(source) - before <= stored + 10_000, `${bytesRead(source) - before} of ${stored} bytes`);
    look();
    // Whoever comes back again and again does not have it unpacked each time.
    for (let i = 0; i < 12; i++) [...(node.pieces?.() ?? [])].at(0);
    assert.ok(bytesRead(source) - before <= 10 * stored, `${bytesRead(source) - before} of ${stored} bytes`);
    assert.equal(node.data.length, wide);
  });

  it('a packed one that is damaged, or holds less than it says, is refused before any of it is given', () => {
    const { content, deflated } = largeArray();
    const wrongSum = zipOf([{ name: 'a.npy', content, deflated }]);
    const view = new DataView(wrongSum.buffer, wrongSum.byteOffset);
    const directory = wrongSum.length - 22 - 46 - 'a.npy'.length;
    for (const at of [14, directory + 16]) view.setUint32(at, view.getUint32(at, true) ^ 1, true);
    refusesEachTime(nodeOf(counted(wrongSum), 'a'), /checksum/);
    const short = zipOf([{ name: 'a.npy', content, deflated }]);
    new DataView(short.buffer, short.byteOffset).setUint32(directory + 24, content.length + 4_000_000, true);
    refusesEachTime(nodeOf(counted(short), 'a'), /22000128 bytes/);
  });

  it('npz: a header of each array, then the numbers of one', () => {
    const npy = new Uint8Array(readFileSync(path.join(folder, 'seq_f4.npy')));
    const bytes = zipOf([
      { name: 'a.npy', content: npy },
      { name: 'filler.bin.npy', content: joined([npy.subarray(0, 128), new Uint8Array(2_000_000)]) },
    ]);
    const source = counted(bytes);
    const { root } = readDocument('x.npz', source, quiet);
    const seen = bytesRead(source);
    assert.ok(seen < 70_000, `${seen} bytes`);
    assert.ok(root?.kind === 'object');
    const [first] = root.properties;
    assert.ok(first?.value.kind === 'tensor' && first.value.data.length > 0);
    assert.equal(bytesRead(source) - seen, npy.length);
  });
});

describe('what is wrong with numbers is told when they are read', () => {
  it('a layer whose storage is damaged: a problem of the file, at the tensor', async () => {
    const bytes = joined(torchParts(layer));
    const { data } = layer[1] ?? { data: 0 };
    const at = Buffer.from(bytes).indexOf(data);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const { experiment, problems } = await run(counted(bytes));
    assert.equal(experiment, null);
    const [problem] = problems;
    assert.equal(problem?.file, 'model');
    assert.equal(problem.code, 'unreadable-file');
    assert.match(problem.message, /damaged/);
  });

  it('whole numbers that no float64 holds', () => {
    const data = new Uint8Array(BigInt64Array.from([1n, 2n ** 53n + 1n]).buffer);
    const bytes = joined(torchParts([{ name: 'steps', shape: [2], data }], 'LongStorage', 8));
    const whole = readDocument('x.pt', bytes, quiet);
    assert.ok(whole.root?.kind === 'object' && whole.root.properties[0]?.value.kind === 'unreadable');
    const { root } = readDocument('x.pt', counted(bytes), quiet);
    const node = root?.kind === 'object' ? root.properties[0]?.value : undefined;
    assert.throws(
      () => (node?.kind === 'tensor' ? node.data : null),
      (error) => error instanceof UnreadableNumbers && error.problem.found === '9007199254740993',
    );
  });

  it('whole numbers that no float64 holds are not given in pieces either', () => {
    const data = new Uint8Array(BigInt64Array.from([1n, 2n ** 53n + 1n]).buffer);
    const bytes = joined(torchParts([{ name: 'steps', shape: [2], data }], 'LongStorage', 8));
    const { root } = readDocument('x.pt', counted(bytes), quiet);
    const node = root?.kind === 'object' ? root.properties[0]?.value : undefined;
    assert.throws(
      () => (node?.kind === 'tensor' ? [...(node.pieces?.() ?? [])] : null),
      (error) => error instanceof UnreadableNumbers && error.problem.found === '9007199254740993',
    );
  });

  it('more numbers than may be held are refused before any of them is read, and pass by in pieces', () => {
    const name = 'seq_f4.npy';
    const bytes = new Uint8Array(readFileSync(path.join(folder, name)));
    const [count, header] = [36, 128];
    for (const [capacity, isHeld] of [
      [8 * count, true],
      [8 * count - 1, false],
    ] as const) {
      const source = counted(bytes);
      const { root } = readDocument(name, { ...source, capacity }, quiet);
      assert.ok(root?.kind === 'tensor');
      assert.deepEqual(root.shape, [2, 6, 3]);
      if (isHeld) {
        assert.equal(root.data.length, count);
        continue;
      }
      const before = bytesRead(source);
      assert.throws(
        () => root.data,
        (error) =>
          error instanceof UnreadableNumbers &&
          error.problem.file === name &&
          error.problem.code === 'not-enough-memory' &&
          error.problem.found.includes('[2, 6, 3]'),
      );
      assert.equal(bytesRead(source), before);
      assert.ok(before <= 2 * header);
      assert.equal(
        [...(root.pieces?.() ?? [])].reduce((sum, piece) => sum + piece.length, 0),
        count,
      );
    }
  });

  it('numbers in another order than they are stored in are held for both, and counted so', () => {
    const name = 'seq_f4_fortran.npy';
    const bytes = new Uint8Array(readFileSync(path.join(folder, name)));
    const open = (capacity: number) => {
      const { root } = readDocument(name, { ...counted(bytes), capacity }, quiet);
      assert.ok(root?.kind === 'tensor');
      return root;
    };
    const needed = (8 + 4) * 36;
    assert.equal([...(open(needed).pieces?.() ?? [])][0]?.length, 36);
    const reads = [
      (node: TensorNode): unknown => node.data,
      (node: TensorNode): unknown => [...(node.pieces?.() ?? [])],
    ];
    for (const read of reads)
      assert.throws(
        () => read(open(needed - 1)),
        (error) => error instanceof UnreadableNumbers && error.problem.code === 'not-enough-memory',
      );
  });

  it('a run of more numbers than may be held says so at the file', async () => {
    const bytes = joined(safetensorsParts(layer).parts);
    const { experiment, problems } = await run({ ...counted(bytes), capacity: 100 });
    assert.equal(experiment, null);
    assert.deepEqual(
      problems.map(({ file, code }) => [file, code]),
      [['model', 'not-enough-memory']],
    );
  });
});
