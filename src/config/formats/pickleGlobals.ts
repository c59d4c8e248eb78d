// The names that a pickle may use, as data. Every other name ends the reading.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import { beforeQuantising, refused } from './formatError.js';
import type { FormatError, FormatFinding } from './formatError.js';
import { bytesOf } from './storedNumbers.js';
import type { NumberType } from './storedNumbers.js';

/** What a known name is for. `storage`: a class of storage. `ignored`: calling it gives nothing of interest. */
export type GlobalUse =
  | 'dict'
  | 'tensor'
  | 'olderTensor'
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

const dtypes =
  'float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128 qint8 quint8 qint32';

const globals: ReadonlyMap<string, GlobalUse> = new Map<string, GlobalUse>([
  ['collections.OrderedDict', 'dict'],
  ['torch._utils._rebuild_tensor_v2', 'tensor'],
  ['torch._utils._rebuild_tensor', 'olderTensor'],
  ['torch._utils._rebuild_parameter', 'parameter'],
  ['torch.Size', 'size'],
  ['torch.device', 'ignored'],
  ...Object.keys(storages).map((name) => [`torch.${name}`, 'storage'] as const),
  ...dtypes.split(' ').map((name) => [`torch.${name}`, 'ignored'] as const),
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
 * `model.pt` stands for the file, whose name is known where its problem is told. `load`: how PyTorch reads it where it
 * is trusted.
 */
const exportLines = (load: string): readonly string[] => [
  'import torch; from safetensors.torch import save_file',
  `m = ${load}; m = m.state_dict() if hasattr(m, "state_dict") else m.get("model_state_dict", m.get("state_dict", m))`,
  'save_file({k: v.contiguous() for k, v in m.items() if torch.is_tensor(v)}, "model.safetensors")',
];
const plainLoad = 'torch.load("model.pt", map_location="cpu", weights_only=False)';

/** How the weights alone are exported, which needs no pickle. */
export function exportAdvice(load = plainLoad): Required<Pick<FormatFinding, 'advice' | 'fix'>> {
  const lead = t('Nothing of it is run. Export the weights alone where you trust the file:');
  return {
    advice: `${lead} ${exportLines(load).join('; ')}`,
    fix: { kind: 'copyPython', lines: `${exportLines(load).join('\n')}\n`, lead },
  };
}

/** What quantised layers are stored as: their weights are packed, and no state_dict has them as tensors. */
const quantised = /^torch\.(?:ScriptObject$|_utils\._rebuild_qtensor$|(?:ao\.)?nn\.(?:\w+\.)*quantized\.)/;

export function unknownGlobal(module: string, name: string): FormatError {
  const [shownModule, shownName] = [cut(module, 60), cut(name, 60)];
  return refused(
    t('The file wants to load {0}, which is no tensor.', `${shownModule}.${shownName}`),
    t('tensors in dicts, as torch.save(model.state_dict(), file) writes them'),
    t('the global {0}', `"${shownModule} ${shownName}"`),
    quantised.test(`${module}.${name}`) ? beforeQuantising() : exportAdvice(),
  );
}
