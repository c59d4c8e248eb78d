// Files of other programs in the place of one that is read: what they are by their first bytes, and what helps.
import { t } from '@vscode/l10n';
import { isUtf16, pageAdvice } from '../json/jsonDocument.js';
import { beginsWith } from './container.js';
import { asPython, bytesText } from './formatError.js';
import type { Advised } from './formatError.js';
import type { Finding } from '../json/problem.js';

type Other = {
  readonly match: (bytes: Uint8Array) => boolean;
  /** As people call it, with its article. */
  readonly name: () => string;
  readonly help: () => Pick<Finding, 'advice'> | Advised;
};

const textAt = (bytes: Uint8Array, text: string, at: number): boolean =>
  new TextEncoder().encode(text).every((byte, i) => bytes[at + i] === byte);

const fromTrainer = (): Pick<Finding, 'advice'> => ({
  advice: t('Export the weights as safetensors from the program that has trained the network.'),
});

const asNpz = (lines: readonly string[]): Advised => asPython(t('Save its arrays as .npz:'), lines);

/** Heads of gzip, xz, zstd and 7-Zip. */
const compressed = [
  [0x1f, 0x8b],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c],
];

/** Schema 1, then a graph that begins with what is said about it; an ONNX model names its producer there. */
export function isSavedModel(bytes: Uint8Array): boolean {
  if (!beginsWith(bytes, 0x08, 0x01, 0x12)) return false;
  // Behind the length of the graph, whose last byte alone is below 128.
  const end = bytes.subarray(3, 13).findIndex((byte) => byte < 0x80);
  return end >= 0 && bytes[3 + end + 1] === 0x0a;
}

const others: readonly Other[] = [
  {
    match: (bytes) => textAt(bytes, 'GGUF', 0) && bytes.subarray(4, 8).includes(0),
    name: () => t('a GGUF model'),
    help: fromTrainer,
  },
  {
    match: (bytes) => textAt(bytes, 'TFL3', 4) && bytes[3] === 0,
    name: () => t('a TensorFlow Lite model'),
    help: fromTrainer,
  },
  {
    match: isSavedModel,
    name: () => t('a TensorFlow SavedModel'),
    help: () => ({
      advice: t('Its numbers stand in other files: save the model as one, in Python with model.save("model.keras").'),
    }),
  },
  {
    match: (bytes) => textAt(bytes, 'MATLAB 5.0 MAT-file', 0),
    name: () => t('a MATLAB file'),
    help: () =>
      asNpz([
        'import numpy; import scipy.io',
        'm = scipy.io.loadmat("model.pt")',
        'numpy.savez("model.npz", **{k: v for k, v in m.items() if k[0] != "_"})',
      ]),
  },
  {
    match: (bytes) => textAt(bytes, 'MATLAB 7.3 MAT-file', 0),
    name: () => t('a MATLAB file'),
    // What MATLAB keeps column by column stands there turned.
    help: () =>
      asNpz([
        'import h5py, numpy; m = h5py.File("model.pt")',
        'numpy.savez("model.npz", **{k: v[()].T for k, v in m.items() if hasattr(v, "shape")})',
      ]),
  },
  {
    match: (bytes) => textAt(bytes, 'PAR1', 0) && textAt(bytes, 'PAR1', bytes.length - 4),
    name: () => t('a Parquet table'),
    help: () =>
      asPython(t('Save it as .csv:'), [
        'import pandas',
        'pandas.read_parquet("model.pt").to_csv("table.csv", index=False)',
      ]),
  },
  {
    match: (bytes) => compressed.some((head) => beginsWith(bytes, ...head)) || textAt(bytes, 'ustar', 257),
    name: () => t('a packed file'),
    help: () => ({ advice: t('Unpack it, and name the file inside.') }),
  },
];

/** Whether a table is a page that was saved in its place: one < alone may be that of a column's name in brackets. */
export const isPage = (bytes: Uint8Array): boolean =>
  /^\s*<(?:!doctype\s|html[\s>]|\?xml\s)/i.test(new TextDecoder().decode(bytes.subarray(0, 1024)));

export const pageForTable = (): Finding => ({
  code: 'unsupported-feature',
  message: t('The file is HTML or XML, not a table.'),
  expected: t('a row of names, and rows of numbers below it'),
  found: '<',
  advice: pageAdvice(),
});

const expected = (): string => t('a file of PyTorch, Keras, ONNX, NumPy or safetensors, or JSON');

/** What a file of another program is told; null where it is none that is known. */
export function otherFormat(bytes: Uint8Array): Finding | null {
  const other = others.find(({ match }) => match(bytes));
  if (other === undefined) return null;
  const name = other.name();
  return {
    code: 'unsupported-feature',
    message: t('The file is {0}, which is not read.', name),
    expected: expected(),
    found: name,
    ...other.help(),
  };
}

/** Bytes that stand in no text of any encoding but UTF-16. */
const isControl = (byte: number): boolean => byte < 0x09 || (byte > 0x0d && byte < 0x1b);

/** Whether the first bytes are those of no text. */
export const isNoText = (head: Uint8Array): boolean => !isUtf16(head) && head.some(isControl);

/** What bytes of no known form are told. */
export const unknownFormat = (size: number): Finding => ({
  code: 'unsupported-feature',
  message: t('The file is in no form that is known here.'),
  expected: expected(),
  found: t('{0} of something else', bytesText(size)),
  advice: t('Export the weights as safetensors, or the sequences as .npy.'),
});
