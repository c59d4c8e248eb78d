// The names that a pickle may use, as data. Every other name ends the reading.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import { asPython, beforeQuantising, refused } from './formatError.js';
import type { Advised, FormatError } from './formatError.js';
import { bytesOf } from './storedNumbers.js';
import type { NumberType } from './storedNumbers.js';

/** What a known name is for. `storage`: a class of storage. `ignored`: calling it gives nothing of interest. */
export type GlobalUse =
  | 'dict'
  | 'list'
  | 'tensor'
  | 'olderTensor'
  | 'typedTensor'
  | 'sparseTensor'
  | 'nestedTensor'
  | 'emptyTensor'
  | 'taggedTensor'
  | 'parameter'
  | 'size'
  | 'storage'
  | 'encode'
  | 'scalar'
  | 'emptyArray'
  | 'arrayType'
  | 'ignored';

/** The type of a storage's numbers; of one that is known and not read, so that a network beside it is, their bytes. */
const storages: Readonly<Record<string, NumberType | number>> = {
  FloatStorage: 'f4',
  DoubleStorage: 'f8',
  HalfStorage: 'f2',
  BFloat16Storage: 'bf16',
  LongStorage: 'i8',
  IntStorage: 'i4',
  ShortStorage: 'i2',
  CharStorage: 'i1',
  ByteStorage: 'u1',
  BoolStorage: 'bool',
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  // Its tensors say of which type their numbers are.
  'storage.UntypedStorage': 1,
};

const storage = (name: string): NumberType | number | undefined => storages[name.slice('torch.'.length)];

/** Null: a type that is known and not read. */
export const storageType = (name: string): NumberType | null => {
  const type = storage(name);
  return typeof type === 'string' ? type : null;
};

/** How many bytes a number of a storage has. */
export const storageNumberBytes = (name: string): number => {
  const type = storage(name);
  return typeof type === 'string' ? bytesOf(type) : type!;
};

/** PyTorch's names of types, with that of the numbers; null for one that is known and not read. */
const dtypes: Readonly<Record<string, NumberType | null>> = {
  float32: 'f4',
  float64: 'f8',
  float16: 'f2',
  bfloat16: 'bf16',
  int64: 'i8',
  int32: 'i4',
  int16: 'i2',
  int8: 'i1',
  uint64: 'u8',
  uint32: 'u4',
  uint16: 'u2',
  uint8: 'u1',
  bool: 'bool',
  complex32: null,
  complex64: null,
  complex128: null,
  qint8: null,
  quint8: null,
  qint32: null,
  float8_e4m3fn: null,
  float8_e4m3fnuz: null,
  float8_e5m2: null,
  float8_e5m2fnuz: null,
  float8_e8m0fnu: null,
  float4_e2m1fn_x2: null,
};

/** Undefined: no name of a type. */
export const dtypeNumbers = (name: string): NumberType | null | undefined =>
  name.startsWith('torch.') ? dtypes[name.slice('torch.'.length)] : undefined;

const inEach = (modules: readonly string[], names: readonly string[]): string[] =>
  modules.flatMap((module) => names.map((name) => `${module}.${name}`));

/** Plain data of Python's own, as a training script keeps it beside its weights. */
const plain = [
  ...inEach(['builtins', '__builtin__'], ['set', 'frozenset', 'bytearray', 'complex']),
  // What a defaultdict makes.
  ...inEach(['builtins', '__builtin__'], ['list', 'dict', 'tuple', 'int', 'float', 'str', 'bool']),
  ...inEach(['pathlib', 'pathlib._local'], ['PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath']),
  ...inEach(['datetime'], ['datetime', 'date', 'time', 'timedelta', 'timezone']),
  'collections.Counter',
];

const globals: ReadonlyMap<string, GlobalUse> = new Map<string, GlobalUse>([
  ['collections.OrderedDict', 'dict'],
  ['collections.defaultdict', 'dict'],
  ['collections.deque', 'list'],
  ...plain.map((name) => [name, 'ignored'] as const),
  ['torch._utils._rebuild_tensor_v2', 'tensor'],
  ['torch._utils._rebuild_tensor', 'olderTensor'],
  ['torch._utils._rebuild_tensor_v3', 'typedTensor'],
  ['torch._utils._rebuild_sparse_tensor', 'sparseTensor'],
  ['torch._utils._rebuild_nested_tensor', 'nestedTensor'],
  ['torch._utils._rebuild_meta_tensor_no_storage', 'emptyTensor'],
  // What has attributes of its own: (function, class, arguments, attributes).
  ['torch._tensor._rebuild_from_type_v2', 'taggedTensor'],
  ...inEach(['torch'], ['Tensor', 'nn.parameter.Parameter']).map((name) => [name, 'ignored'] as const),
  ['torch._utils._rebuild_parameter', 'parameter'],
  ['torch._utils._rebuild_parameter_with_state', 'parameter'],
  ['torch.Size', 'size'],
  ['torch.device', 'ignored'],
  ['torch.serialization._get_layout', 'ignored'],
  ['torch.torch_version.TorchVersion', 'ignored'],
  ...Object.keys(storages).map((name) => [`torch.${name}`, 'storage'] as const),
  ...Object.keys(dtypes).map((name) => [`torch.${name}`, 'ignored'] as const),
  ['_codecs.encode', 'encode'],
  ['numpy.dtype', 'arrayType'],
  ['numpy.ndarray', 'ignored'],
  ...['numpy.core.multiarray', 'numpy._core.multiarray'].flatMap((module) => [
    [`${module}.scalar`, 'scalar'] as const,
    [`${module}._reconstruct`, 'emptyArray'] as const,
  ]),
]);

export const useOf = (name: string): GlobalUse | null => globals.get(name) ?? null;

/**
 * `model.pt` stands for the file, whose name is known where its problem is told. `load`: how it is read where it is
 * trusted. Scripts keep weights below names of their own, in dicts of any depth, beside what is no tensor, and modules
 * as they are: every tensor is written under the name that it has. Tied weights lie apart in safetensors. A problem has
 * room for the lines and for a file's name of 80 characters.
 */
const exportLines = (load: string, module = 'torch', isNumbers = 'torch.is_tensor(v)'): readonly string[] => [
  `import ${module}; from safetensors.torch import save_file`,
  `m = ${load}; f = lambda v, n="": {n: v} if ${isNumbers} else {p: w for k, d in ` +
    '(v.state_dict() if isinstance(v, torch.nn.Module) else v if isinstance(v, dict) else {}).items() ' +
    'for p, w in f(d, f"{n}.{k}").items()}',
  'save_file({n[1:]: torch.as_tensor(v).contiguous().clone() for n, v in f(m).items()}, "model.safetensors")',
];
const plainLoad = 'torch.load("model.pt", map_location="cpu", weights_only=False)';

/** A whole model of dynamically quantised layers, each of which unpacks its own weights. */
const dequantisingLines: readonly string[] = [
  'import torch; from safetensors.torch import save_file',
  `m = ${plainLoad}; m = next(v for v in m.values() if hasattr(v, "modules")) if isinstance(m, dict) else m`,
  'w = {f"{n}.{k}".lstrip("."): v for n, r in m.named_modules() if hasattr(r, "get_bias") ' +
    'for k, v in {**r.get_weight(), **r.get_bias()}.items()}',
  'save_file({k: v.dequantize().float().contiguous() for k, v in w.items()}, "model.safetensors")',
];

const exported = (lines: readonly string[]): Advised =>
  asPython(t('Nothing of it is run. Export the weights alone where you trust the file:'), lines);

/** Modules that Python has, or that the lines import. */
const alwaysThere: ReadonlySet<string> = new Set(
  [
    'torch,numpy,builtins,__builtin__,_codecs,_io,argparse,base64,code,codecs,collections,copy,copyreg',
    'ctypes,datetime,decimal,enum,fractions,functools,importlib,inspect,io,itertools,logging,math,nt',
    'operator,os,pathlib,pickle,posix,random,re,runpy,shutil,socket,string,subprocess,sys',
    'threading,time,types,typing,uuid,warnings,weakref,webbrowser,zlib',
  ].flatMap((names) => names.split(',')),
);

/** The same of an object of a class, without which Python does not load the file. */
function exportedWith(module: string, name: string): Advised {
  const root = module.replace(/\..*/s, '');
  if (alwaysThere.has(root)) return exportAdvice();
  const lines = exportLines(plainLoad);
  return root === '__main__'
    ? asPython(t('Export the weights alone in the script that defines {0}, where you trust it:', cut(name, 18)), lines)
    : asPython(t('Export the weights alone where you trust the file and have {0}:', cut(root, 30)), lines);
}

/** Datasets of PyTorch, whose items are a sequence and its target. */
const datasetLines: readonly string[] = [
  `import torch; d = ${plainLoad}`,
  'd = next(v for v in d.values() if isinstance(v, torch.utils.data.Dataset)) if isinstance(d, dict) else d',
  '[torch.save(torch.stack(x), f) for x, f in zip(zip(*d), ["sequences.pt", "targets.pt"])]',
];

/** One tensor for each sequence. */
const packedLines: readonly string[] = [
  `import torch; p = ${plainLoad}`,
  'p = next(v for v in p.values() if hasattr(v, "batch_sizes")) if isinstance(p, dict) else p',
  'torch.save(torch.nn.utils.rnn.unpack_sequence(p), "sequences.pt")',
];

/** Objects that hold sequences, where nothing beside them is called a weight. */
function dataAdvice(global: string, text: string): Advised | null {
  const lines =
    global === 'torch.nn.utils.rnn.PackedSequence'
      ? packedLines
      : /^torch\.utils\.data\.dataset\.(?:Tensor|Concat)?(?:Dataset|Subset)$/.test(global)
        ? datasetLines
        : null;
  return lines === null || text.includes('weight')
    ? null
    : asPython(t('Nothing of it is run. Save its tensors as sequences where you trust the file:'), lines);
}

/** What stands beside a model and holds no weights. */
const settingsAdvice = (global: string): string | null =>
  /^transformers\.\S*TrainingArguments$/.test(global)
    ? t('It holds the settings of a training: name the weights beside it, model.safetensors or pytorch_model.bin.')
    : null;

/** How the weights alone are exported, which needs no pickle. */
export const exportAdvice = (load = plainLoad): Advised => exported(exportLines(load));

/** The same of a pickle that Python alone has written, which `torch.load` takes no more than we do. */
export const pickleAdvice = (): Advised =>
  exported(exportLines('pickle.load(open("model.pt", "rb"))', 'pickle, torch', 'hasattr(v, "__array__")'));

/** What quantised layers are stored as: their weights are packed, and no state_dict has them as tensors. */
const quantised = /^torch\.(?:ScriptObject$|_utils\._rebuild_qtensor$|(?:ao\.)?nn\.(?:\w+\.)*quantized\.)/;

/** Quantised recurrent layers as a whole model names them. */
const quantisedLayers = /torch\.(?:ao\.)?nn\.quantized\.(dynamic\.)?modules\.rnn\b/;

/** Null where `text` names none of them. */
function quantisedAdvice(text: string): string | Advised | null {
  const found = quantisedLayers.exec(text);
  if (found === null) return null;
  const lead = t('Nothing of it is run, and no state_dict has its weights. Dequantise them where you trust the file:');
  return found[1] === undefined ? beforeQuantising() : asPython(lead, dequantisingLines);
}

/** `text`: the pickle around it, in which a whole model names the modules of its layers. */
export function unknownGlobal(module: string, name: string, text = ''): FormatError {
  const [shownModule, shownName] = [cut(module, 60), cut(name, 60)];
  const full = `${module}.${name}`;
  return refused(
    t('The file wants to load {0}, which is no tensor.', `${shownModule}.${shownName}`),
    t('tensors in dicts, as torch.save(model.state_dict(), file) writes them'),
    t('the global {0}', `"${shownModule} ${shownName}"`),
    settingsAdvice(full) ??
      dataAdvice(full, text) ??
      quantisedAdvice(`${full}\n${text}`) ??
      (quantised.test(full) ? beforeQuantising() : exportedWith(shownModule, shownName)),
  );
}
