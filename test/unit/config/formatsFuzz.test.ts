// Mutated files of each format: tensors or a problem, and no more work or memory than the file has bytes for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { isReadInRanges, readDocument } from '../../../src/config/formats/index.js';
import { UnreadableNumbers } from '../../../src/config/json/index.js';
import type { Document, Problem, TensorNode } from '../../../src/config/json/index.js';
import { Zip } from '../../../src/config/formats/zip.js';
import { Value } from '../../../src/config/json/jsonValue.js';
import { Report } from '../../../src/config/problems/problemReport.js';
import { plainTable } from '../../../src/config/read/plainSequences.js';
import { readTokens } from '../../../src/config/read/tokens.js';
import { Dice } from '../../fuzz/dice.js';
import { takenBy } from '../../support/allocations.js';
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

const cases = long ? 100_000 : 1_500;
const quiet = (): void => undefined;

/** Bytes that mean something: signs of numbers, of fields and rows, opcodes of pickles that call, keep and count. */
const telling = [
  ...[0, 1, 0x7f, 0x80, 0xff, 0x8a, 0x8d, 0x93, 0x95],
  ...Buffer.from('(.012NKXcRbiopqrhjtuse}])Q\'"{[,:;\t\r\n'),
];

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

/** Each number of a root: its tensors one after the other. */
function* tensorsOf({ root }: Document): Generator<TensorNode> {
  const nodes = root === null ? [] : root.kind === 'object' ? root.properties.map(({ value }) => value) : [root];
  for (const node of nodes) if (node.kind === 'tensor') yield node;
}
const countOf = ({ shape }: TensorNode): number => shape.reduce((product, size) => product * size, 1);

/** `block`: bytes of the largest block of numbers that was asked for. */
type Outcome = { readonly kind: 'tensors' | 'problem'; readonly block: number };
type Examine = (bytes: Uint8Array, isPacked: boolean) => Outcome;
const problem: Outcome = { kind: 'problem', block: 0 };

/** A number in the file takes a byte at least; tensors that share them may ask for each eight times. */
function examine(bytes: Uint8Array, isPacked: boolean): Outcome {
  let ticks = 0;
  const document = readDocument('file', bytes, () => ticks++);
  let [numbers, most] = [0, 0];
  const { root, problems } = document;
  assert.ok((root === null) === problems.length > 0 || document.binary === null);
  areTold(problems);
  for (const node of document.binary === null ? [] : tensorsOf(document)) {
    assert.equal(node.data.length, countOf(node));
    numbers += node.data.length;
    most = Math.max(most, node.data.byteLength);
  }
  assert.ok(numbers <= 8 * (isPacked ? 1_000 : 1) * bytes.length, `${numbers} numbers of ${bytes.length} bytes`);
  assert.ok(ticks <= 64 + bytes.length, `${ticks} pauses for ${bytes.length} bytes`);
  return root === null ? problem : { kind: 'tensors', block: most };
}

function areTold(problems: readonly Problem[]): void {
  for (const { message, expected, found, advice } of problems)
    for (const text of [message, expected, found, advice]) assert.ok(text.length > 0 && text.length < 2_000);
}

/** A table as a config without more words takes it; what is wrong is told at its place. */
function examineTable(bytes: Uint8Array): Outcome {
  const report = new Report();
  const root = plainRoot('file.csv', bytes, report);
  const table = root === null ? null : plainTable(root, report);
  if (table === null) return refused(bytes, report, 'file.csv');
  assert.ok(table.node.kind === 'tensor' && table.node.data.length > 0);
  assert.equal(table.node.data.length, countOf(table.node));
  assert.ok(table.node.data.every(Number.isFinite));
  return { kind: 'tensors', block: table.node.data.byteLength };
}

/** A text by its own characters, and by the words of another one: few of them are there. */
function examineText(bytes: Uint8Array): Outcome {
  const report = new Report();
  const root = plainRoot('file.txt', bytes, report);
  if (root === null) return refused(bytes, report, 'file.txt');
  const characters = readTokens(root, 'characters', null, report);
  if (characters === null) return refused(bytes, report, 'file.txt');
  const { tokens } = characters.vocabulary;
  assert.equal([...characters.ids].map((id) => tokens[id]).join(''), root.document.text);
  const listed = plainRoot('vocabulary.txt', bytes, report);
  const words = readTokens(root, 'words', listed, report);
  return words === null ? refused(bytes, report, 'file.txt') : { kind: 'tensors', block: words.ids.byteLength };
}

function plainRoot(id: string, bytes: Uint8Array, report: Report): Value | null {
  const document = readDocument(id, bytes, quiet);
  for (const problem of document.problems) report.add(problem);
  return document.root?.kind === 'plain' ? Value.root(document) : null;
}

/** Each problem stands inside of the file. */
function refused(bytes: Uint8Array, report: Report, id: string): Outcome {
  const problems = report.sorted([id]);
  areTold(problems);
  for (const { range } of problems) assert.ok(range.start.line <= bytes.length && range.end.line <= bytes.length);
  return problem;
}

/** The same file between other bytes, in the same buffer: nothing of them is seen. */
function examineNeighbours(bytes: Uint8Array): void {
  const room = new Uint8Array(bytes.length + 2 * margin).fill(0x31);
  room.set(bytes, margin);
  const [alone, between] = [bytes.slice(), room.subarray(margin, margin + bytes.length)].map((own) => {
    const document = readDocument('file', own, quiet);
    return { problems: document.problems, tensors: [...tensorsOf(document)].map(({ shape, data }) => [shape, data]) };
  });
  assert.deepEqual(between, alone);
}
const margin = 4_096;

/** In ranges: none of them outside of the file, and numbers or a problem where they are asked for. */
function examineRanges(bytes: Uint8Array): void {
  const source = {
    size: bytes.length,
    read(offset: number, length: number): Uint8Array {
      assert.ok(offset >= 0 && length >= 0 && offset + length <= bytes.length, `${offset} + ${length}`);
      return bytes.slice(offset, offset + length);
    },
  };
  const document = readDocument('file', source, quiet);
  assert.ok((document.root === null) === document.problems.length > 0);
  for (const node of tensorsOf(document)) {
    try {
      assert.equal(node.data.length, countOf(node));
    } catch (error) {
      if (!(error instanceof UnreadableNumbers)) throw error;
    }
  }
}

type Corpus = {
  readonly title: string;
  readonly seeds: readonly Uint8Array[];
  readonly mutate?: typeof mutated;
  readonly examine?: Examine;
  /** Bytes that it unpacks are more than those of the file. */
  readonly packed?: boolean;
};

/** Room for small files: what is read begins with room for 1,024 numbers. */
const slack = 10_000;

describe('mutated files', () => {
  const corpora: readonly Corpus[] = [
    { title: 'safetensors', seeds: seedsOf('safetensors') },
    { title: 'npy', seeds: seedsOf('npy') },
    { title: 'npz', seeds: seedsOf('npz'), packed: true },
    { title: 'arrays in npz', seeds: seedsOf('npz').filter(isArchive), mutate: entryMutated },
    {
      title: 'PyTorch archives',
      seeds: seedsOf('pytorch-zip').filter(({ length }) => length > 30),
      packed: true,
    },
    {
      title: 'pickles in PyTorch archives',
      seeds: seedsOf('pytorch-zip').filter(isArchive),
      mutate: entryMutated,
    },
    { title: 'older PyTorch files', seeds: seedsOf('pytorch-legacy') },
    { title: 'HDF5 files', seeds: seedsOf('keras2-h5', 'keras3-h5'), packed: true },
    { title: 'ONNX models', seeds: seedsOf('onnx') },
    {
      title: 'HDF5 files in Keras archives',
      seeds: seedsOf('keras3-zip'),
      mutate: entryMutated,
      packed: true,
    },
    { title: 'tables', seeds: seedsOf('csv', 'tsv', 'txt'), examine: examineTable },
    { title: 'texts', seeds: seedsOf('text', 'csv'), examine: examineText },
  ];
  for (const [stream, { title, seeds, mutate = mutated, examine: look = examine, packed = false }] of corpora.entries())
    it(title, (test) => {
      const outcomes = { tensors: 0, problem: 0 };
      let [slowest, most] = [0, 0];
      for (let number = 0; number < cases; number++) {
        const dice = new Dice(16, number, stream);
        const bytes = mutate(dice, dice.pick(seeds), dice.pick(seeds));
        const start = process.cpuUsage();
        try {
          let outcome = problem;
          const { largest } = takenBy(() => (outcome = look(bytes, packed)));
          // Of the processor: other programs may run meanwhile.
          const { user, system } = process.cpuUsage(start);
          slowest = Math.max(slowest, (user + system) / 1e3);
          outcomes[outcome.kind]++;
          // What unpacks may be a thousand times the file; its numbers take eight bytes each.
          const bound = Math.max(2 * bytes.length * (packed ? 1_000 : 1), outcome.block) + slack;
          assert.ok(largest <= bound, `a block of ${largest} bytes for ${bytes.length}`);
          most = Math.max(most, largest);
          if (look !== examine) continue;
          if (number % 4 === 0 && isReadInRanges(bytes.subarray(0, 64))) examineRanges(bytes);
          if (number % 4 === 2) examineNeighbours(bytes);
        } catch (error) {
          throw new Error(`mutation ${number} of ${title}`, { cause: error });
        }
      }
      test.diagnostic(
        `${title}: ${outcomes.tensors} read, ${outcomes.problem} refused; the slowest ${slowest.toFixed(0)} ms, ` +
          `the largest block ${Math.ceil(most / 1e3)} kB`,
      );
      // Mutations that nothing survives, or that change nothing, would test nothing.
      assert.ok(outcomes.problem > cases / 10, JSON.stringify(outcomes));
      assert.ok(outcomes.tensors > cases / 100, JSON.stringify(outcomes));
    });
});
