// One door to every file: what its bytes say it is, decides who reads it. Text is JSON.
import { t } from '@vscode/l10n';
import { fileName } from '../json/fileName.js';
import { appendKey } from '../json/jsonPath.js';
import { beginsAsPage, firstByteOf, plainDocument, readDocument as readText } from '../json/jsonDocument.js';
import type { Document } from '../json/jsonDocument.js';
import { Lines } from '../json/lineIndex.js';
import type { JsonNode, Property, TensorNode } from '../json/node.js';
import { UnreadableNumbers } from '../json/problem.js';
import type { Finding, Problem } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { archives } from './archives.js';
import { headBytes } from './container.js';
import type { Container, Fact, FileFormat, FoundTensor } from './container.js';
import { bytesText, FormatError } from './formatError.js';
import { hdf5 } from './hdf5.js';
import { npy, tooPrecise } from './npy.js';
import { onnx } from './onnx.js';
import { safetensors } from './safetensors.js';
import { isNoText, isPage, otherFormat, pageForTable, unknownFormat } from './otherFormats.js';
import { allOf, areHere, capacityOf, readRange, sizeOf } from './source.js';
import type { Bytes } from './source.js';
import { heldBytes, inexactInteger, isRowMajor, numbersInPieces, numbersOf, typeName } from './storedNumbers.js';
import type { Stored } from './storedNumbers.js';
import { torchLegacy } from './torchLegacy.js';

/** A file of the same folder that another one names; without bytes where it cannot be read. */
export type BesideFile = { readonly id: string; readonly bytes: Uint8Array | null };

/** A new format is one file and its line here. */
const formats: readonly FileFormat[] = [safetensors, npy, archives, torchLegacy, hdf5, onnx];

/** Nothing has a place in a text. */
const nowhere = { offset: 0, length: 0 };

/** Numbers are made when they are first asked for: most tensors of a checkpoint never are. */
class StoredTensorNode implements TensorNode {
  readonly kind = 'tensor';
  readonly offset = 0;
  readonly length = 0;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly #stored: Stored;
  readonly #capacity: number;
  readonly #tick: Tick;
  readonly #wrong: (error: unknown) => unknown;
  #data: Float64Array | null = null;

  /** `wrong`: what an error of the format is for whoever asks for numbers. */
  constructor(stored: Stored, capacity: number, tick: Tick, wrong: (error: unknown) => unknown) {
    this.shape = stored.shape;
    this.dtype = typeName(stored.type);
    this.#stored = stored;
    this.#capacity = capacity;
    this.#tick = tick;
    this.#wrong = wrong;
  }

  /** @throws UnreadableNumbers where they are on a disk and are not what the file says, or are too many to be held */
  get data(): Float64Array {
    try {
      return (this.#data ??= checkedNumbers(this.#stored, this.#capacity, this.#tick));
    } catch (error) {
      throw this.#wrong(error);
    }
  }

  /** @throws UnreadableNumbers as `data` does */
  readonly pieces = (): Iterable<Float64Array> => this.#pieces();

  *#pieces(): Generator<Float64Array> {
    try {
      if (!isRowMajor(this.#stored)) refuseBeyond(this.#stored, this.#capacity);
      yield* numbersInPieces(this.#stored, this.#tick, (inexact) => {
        throw new FormatError(tooPrecise(inexact));
      });
    } catch (error) {
      throw this.#wrong(error);
    }
  }
}

/** What was checked of bytes that are here when the file was opened is checked of others when they are read. */
function checkedNumbers(stored: Stored, capacity: number, tick: Tick): Float64Array {
  refuseBeyond(stored, capacity);
  const inexact = areHere(stored.bytes) ? null : inexactInteger(stored, tick);
  if (inexact !== null) throw new FormatError(tooPrecise(inexact));
  return numbersOf(stored, tick);
}

/** Before any of it is read: the numbers of a file in ranges may be more than the machine has memory for. */
function refuseBeyond(stored: Stored, capacity: number): void {
  const held = heldBytes(stored);
  if (held <= capacity) return;
  throw new FormatError({
    code: 'not-enough-memory',
    message: t('These numbers need {0} of memory, more than they may take here.', megabytes(held)),
    expected: t('at most {0}', megabytes(capacity)),
    found: t('{0} for a tensor of shape {1}', megabytes(held), `[${stored.shape.join(', ')}]`),
    advice: t('Cut the tensor into smaller ones: of sequences some are enough, and "sequences" takes several files.'),
  });
}

const megabytes = (bytes: number): string => t('{0} MB', Math.ceil(bytes / 1e5) / 10);

/** Whether files that begin so are read in ranges, as far as that can be said of their first `headBytes`. */
export const isReadInRanges = (head: Uint8Array): boolean =>
  formats.find(({ match }) => match(head))?.inRanges === true;

/** The bytes of a file as a document: a file of tensors has no text, and its root is an object of them. */
export function readDocument(
  id: string,
  bytes: Bytes,
  tick: Tick,
  beside: ReadonlyMap<string, BesideFile> = new Map(),
): Document {
  let format: FileFormat | undefined;
  try {
    const head = readRange(bytes, 0, Math.min(headBytes, sizeOf(bytes)));
    format = formats.find(({ match }) => match(head));
    if (format === undefined) {
      const all = allOf(bytes);
      const other = isLfsPointer(all) ? lfsPointer() : otherFormat(all);
      return other === null ? textDocument(id, all, tick) : broken(id, null, forFile(other, fileName(id)), '', tick);
    }
    const fileBeside = (name: string): Uint8Array | null => beside.get(name)?.bytes ?? null;
    const container = format.inRanges === true ? format.open(bytes, tick) : format.open(allOf(bytes), tick, fileBeside);
    const { notes } = container;
    const root = rootOf(id, format.name(), container, capacityOf(bytes), tick);
    return {
      id,
      text: '',
      lines: new Lines('', tick),
      root,
      problems: [],
      tick,
      binary: format.name(),
      ...(notes === undefined ? {} : { notes }),
    };
  } catch (error) {
    if (error instanceof FormatError) return broken(id, format?.name() ?? null, error.finding, error.part, tick);
    throw error;
  }
}

/** By its name alone: what stands in a table or a text may be anything. A .txt may hold JSON as well. */
function textDocument(id: string, bytes: Uint8Array, tick: Tick): Document {
  const isTable = /\.(?:csv|tsv|tab)$/i.test(id);
  if (isTable && isPage(bytes)) return broken(id, null, pageForTable(), '', tick);
  if (isTable || (/\.txt$/i.test(id) && !beginsAsJson(bytes))) return plainDocument(id, bytes, tick);
  const named = beginsAsJson(bytes) ? undefined : formatsByName.find(({ pattern }) => pattern.test(id));
  if (named !== undefined && !beginsAsPage(bytes))
    return broken(id, null, otherThanNamed(named.name(), bytes.length), '', tick);
  return named === undefined && !beginsAsJson(bytes) && isNoText(bytes.subarray(0, headBytes))
    ? broken(id, null, unknownFormat(bytes.length), '', tick)
    : readText(id, bytes, tick);
}

/** What files are called that hold tensors. JSON may stand in any of them, and a page that was saved instead. */
const formatsByName = [
  { pattern: /\.npy$/i, name: npy.name },
  { pattern: /\.npz$/i, name: () => t('a NumPy .npz file') },
  { pattern: /\.safetensors$/i, name: safetensors.name },
  { pattern: /\.(?:pt|pth|ckpt)$/i, name: () => t('a PyTorch file') },
  { pattern: /\.(?:h5|hdf5|keras)$/i, name: () => t('a Keras file') },
  { pattern: /\.onnx$/i, name: onnx.name },
];

const otherThanNamed = (expected: string, size: number): Finding => ({
  code: 'unreadable-file',
  message: size === 0 ? t('The file is empty.') : t('The file does not hold what its name says.'),
  expected,
  found: size === 0 ? t('nothing') : t('{0} of something else', bytesText(size)),
  advice: t('Download or export it again; a file that is being written is read when it is whole.'),
});

function beginsAsJson(bytes: Uint8Array): boolean {
  const first = firstByteOf(bytes);
  return first === 0x5b || first === 0x7b;
}

function rootOf(
  id: string,
  binary: string,
  { tensors, facts = [], isOne }: Container,
  capacity: number,
  tick: Tick,
): JsonNode {
  const wrong = (name: string) => (error: unknown) =>
    error instanceof FormatError ? new UnreadableNumbers(problemOf(id, binary, error.finding, name)) : error;
  const node = ({ name, stored, refused }: FoundTensor): JsonNode =>
    stored === null
      ? { kind: 'unreadable', finding: forFile(refused, fileName(id)), ...nowhere }
      : new StoredTensorNode(stored, capacity, tick, wrong(name));
  const [first] = tensors;
  if (isOne && first !== undefined) return node(first);
  const properties = tensors.map((tensor): Property => ({ key: tensor.name, keySpan: nowhere, value: node(tensor) }));
  const told = facts.map(({ name, value }): Property => ({ key: name, keySpan: nowhere, value: factNode(value) }));
  return { kind: 'object', properties: [...properties, ...told], ...nowhere };
}

function factNode(value: Fact['value']): JsonNode {
  if (typeof value === 'string') return { kind: 'string', value, ...nowhere };
  if (typeof value === 'number') return { kind: 'number', value, ...nowhere };
  if (typeof value === 'boolean') return { kind: 'boolean', value, ...nowhere };
  return { kind: 'array', items: value.map(factNode), ...nowhere };
}

function problemOf(id: string, binary: string | null, found: Finding, part: string): Problem {
  const start = { line: 0, character: 0 };
  const finding = forFile(found, fileName(id));
  return {
    file: id,
    range: { start, end: start },
    path: part === '' ? '' : appendKey('', part),
    severity: 'error',
    ...finding,
    ...(binary === null ? {} : { expected: `${binary}: ${finding.expected}` }),
  };
}

/** Lines of Python load the file by its own name. */
function forFile(finding: Finding, name: string): Finding {
  if (finding.fix?.kind !== 'copyPython') return finding;
  const named = (lines: string): string => lines.replaceAll('"model.pt"', () => JSON.stringify(name));
  return { ...finding, advice: named(finding.advice), fix: { ...finding.fix, lines: named(finding.fix.lines) } };
}

function broken(id: string, binary: string | null, finding: Finding, part: string, tick: Tick): Document {
  const problems = [problemOf(id, binary, finding, part)];
  return { id, text: '', lines: new Lines('', tick), root: null, problems, tick, binary };
}

const lfsHead = new TextEncoder().encode('version https://git-lfs.github.com/spec/');
const isLfsPointer = (bytes: Uint8Array): boolean =>
  bytes.length < 1024 && lfsHead.every((byte, i) => bytes[i] === byte);

/** What Git has instead of a large file that was not fetched. */
const lfsPointer = (): Finding => ({
  code: 'unreadable-file',
  message: t('The file is a Git LFS pointer: the numbers themselves were not fetched.'),
  expected: t('the file itself'),
  found: t('a pointer to it'),
  advice: t('Run "git lfs pull" in its repository.'),
});
