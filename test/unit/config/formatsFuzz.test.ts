// Mutated files of each format: tensors or a problem, and no more work or memory than the file has bytes for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { isReadInRanges, readDocument } from '../../../src/config/formats/index.js';
import { UnreadableNumbers } from '../../../src/config/json/index.js';
import { Zip } from '../../../src/config/formats/zip.js';
import { Dice } from '../../fuzz/dice.js';
import { long } from '../../support/long.js';
import { zipOf } from '../../support/zipWriter.js';

const folder = path.join('test', 'fixtures', 'files');
const { files } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
  readonly files: readonly { readonly file: string; readonly format: string; readonly bytes: number }[];
};
const seedsOf = (...formats: readonly string[]): Uint8Array[] =>
  files
    .filter(({ format, bytes }) => formats.includes(format) && bytes < 40_000)
    .map(({ file }) => new Uint8Array(readFileSync(path.join(folder, file))));

const cases = long ? 20_000 : 1_500;
const quiet = (): void => undefined;

/** Bytes that mean something: signs of numbers, opcodes of pickles that call, keep and count. */
const telling = [0, 1, 0x7f, 0x80, 0xff, ...Buffer.from('(.012NKXcRbiopqrhjtuse}])Q\'"{[,:'), 0x8a, 0x8d, 0x93, 0x95];

function mutated(dice: Dice, seed: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = seed.slice();
  for (let n = dice.spread(1, 8); n > 0; n--) {
    const at = dice.below(bytes.length + 1);
    const kind = dice.below(7);
    if (kind === 0) bytes[at] = dice.pick(telling);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
    else if (kind === 2) bytes.fill(dice.pick([0, 0xff, 0x7f]), at, at + dice.pick([2, 4, 8]));
    else if (kind === 3) bytes = bytes.slice(0, at);
    else {
      // A stretch of this file or of another one, in the place of another or between two bytes.
      const from = kind === 4 ? other : bytes;
      const start = dice.below(from.length + 1);
      const piece = from.slice(start, start + dice.spread(1, 200));
      const rest = bytes.slice(kind === 5 ? at + piece.length : at);
      bytes = new Uint8Array(Buffer.concat([bytes.slice(0, at), piece, rest]));
    }
  }
  return bytes;
}

/** The same archive with one entry mutated and all checksums right, so that what reads the entry is reached. */
function entryMutated(dice: Dice, seed: Uint8Array, other: Uint8Array): Uint8Array {
  const zip = new Zip(seed, quiet);
  const entries = [...zip.entries.values()].map((entry) => ({ name: entry.name, content: zip.read(entry, quiet) }));
  const [first] = entries;
  const chosen = dice.chance(0.8)
    ? (entries.find(({ name }) => /\.(?:pkl|h5)$/.test(name)) ?? first)
    : dice.pick(entries);
  return zipOf(
    entries.map((entry) => (entry === chosen ? { ...entry, content: mutated(dice, entry.content, other) } : entry)),
  );
}

const isArchive = (bytes: Uint8Array): boolean => {
  try {
    const zip = new Zip(bytes, quiet);
    for (const entry of zip.entries.values()) zip.read(entry, quiet);
    return zip.entries.size > 0;
  } catch {
    return false;
  }
};

/** A number in the file takes a byte at least; tensors that share them may ask for each eight times. */
function examine(bytes: Uint8Array, isPacked: boolean): 'tensors' | 'problem' {
  let ticks = 0;
  const document = readDocument('file', bytes, () => ticks++);
  let numbers = 0;
  const { root, problems } = document;
  assert.ok((root === null) === problems.length > 0 || document.binary === null);
  for (const { message, expected, found, advice } of problems)
    for (const text of [message, expected, found, advice]) assert.ok(text.length > 0 && text.length < 2_000);
  const nodes = root === null ? [] : root.kind === 'object' ? root.properties.map(({ value }) => value) : [root];
  for (const node of document.binary === null ? [] : nodes) {
    if (node.kind !== 'tensor') continue;
    const count = node.shape.reduce((product, size) => product * size, 1);
    assert.equal(node.data.length, count);
    numbers += count;
  }
  assert.ok(numbers <= 8 * (isPacked ? 1_000 : 1) * bytes.length, `${numbers} numbers of ${bytes.length} bytes`);
  assert.ok(ticks <= 64 + bytes.length, `${ticks} pauses for ${bytes.length} bytes`);
  return root === null ? 'problem' : 'tensors';
}

/** In ranges: none of them outside of the file, and numbers or a problem where they are asked for. */
function examineRanges(bytes: Uint8Array): void {
  const source = {
    size: bytes.length,
    read(offset: number, length: number): Uint8Array {
      assert.ok(offset >= 0 && length >= 0 && offset + length <= bytes.length, `${offset} + ${length}`);
      return bytes.slice(offset, offset + length);
    },
  };
  const { root, problems } = readDocument('file', source, quiet);
  assert.ok((root === null) === problems.length > 0);
  const nodes = root === null ? [] : root.kind === 'object' ? root.properties.map(({ value }) => value) : [root];
  for (const node of nodes) {
    if (node.kind !== 'tensor') continue;
    try {
      assert.equal(
        node.data.length,
        node.shape.reduce((product, size) => product * size, 1),
      );
    } catch (error) {
      if (!(error instanceof UnreadableNumbers)) throw error;
    }
  }
}

describe('mutated files', () => {
  const corpora: readonly (readonly [string, Uint8Array[], typeof mutated])[] = [
    ['safetensors', seedsOf('safetensors'), mutated],
    ['npy', seedsOf('npy'), mutated],
    ['npz', seedsOf('npz'), mutated],
    ['arrays in npz', seedsOf('npz').filter(isArchive), entryMutated],
    ['PyTorch archives', seedsOf('pytorch-zip').filter(({ length }) => length > 30), mutated],
    ['pickles in PyTorch archives', seedsOf('pytorch-zip').filter(isArchive), entryMutated],
    ['older PyTorch files', seedsOf('pytorch-legacy'), mutated],
    ['HDF5 files', seedsOf('keras2-h5', 'keras3-h5'), mutated],
    ['ONNX models', seedsOf('onnx'), mutated],
    ['HDF5 files in Keras archives', seedsOf('keras3-zip'), entryMutated],
  ];
  for (const [stream, [title, seeds, mutate]] of corpora.entries()) {
    it(title, () => {
      const isPacked = /^(?:npz|PyTorch archives|HDF5 files)$/.test(title);
      const outcomes = { tensors: 0, problem: 0 };
      for (let number = 0; number < cases; number++) {
        const dice = new Dice(16, number, stream);
        const bytes = mutate(dice, dice.pick(seeds), dice.pick(seeds));
        try {
          outcomes[examine(bytes, isPacked)]++;
          if (number % 4 === 0 && isReadInRanges(bytes.subarray(0, 64))) examineRanges(bytes);
        } catch (error) {
          throw new Error(`mutation ${number} of ${title}`, { cause: error });
        }
      }
      // Mutations that nothing survives, or that change nothing, would test nothing.
      assert.ok(outcomes.problem > cases / 10, JSON.stringify(outcomes));
      assert.ok(outcomes.tensors > cases / 100, JSON.stringify(outcomes));
    });
  }
});
