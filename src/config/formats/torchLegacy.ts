// torch.save before PyTorch 1.6: four pickles (a magic number, a version, facts of the machine, the value), a fifth
// with the order of the storages, and then each storage with the number of its elements before it.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { beginsWith, viewOf } from './container.js';
import type { Container, FileFormat } from './container.js';
import { damaged, FormatError, refused } from './formatError.js';
import { unpickle } from './pickle.js';
import { pickleAdvice, storageNumberBytes } from './pickleGlobals.js';
import type { Unpickled } from './pickleMachine.js';
import type { PickleValue } from './pickleValues.js';
import { itemsOf } from './pickleValues.js';
import { torchTensors } from './torchTensors.js';

const magic = 0x1950a86a20f9469cfc6cn;
const protocol = 1001;

function open(bytes: Uint8Array, tick: Tick): Container {
  const first = firstOf(bytes, tick);
  if (first.value !== magic)
    throw refused(
      t('The file is a Python pickle that torch.save has not written.'),
      t('tensors in dicts, as torch.save(model.state_dict(), file) writes them'),
      t('another pickle'),
      pickleAdvice(),
    );
  const version = unpickle(bytes, first.end, tick);
  if (version.value !== protocol) throw damaged(t('version {0}', protocol), t('another one'), first.end);
  const machine = unpickle(bytes, version.end, tick);
  const main = unpickle(bytes, machine.end, tick);
  const keys = unpickle(bytes, main.end, tick);
  const little = !isBigEndian(machine.value);
  const storages = new Map<string, Uint8Array>();
  // Storages follow each other in this order; how long one is, is known where its type is.
  let at = keys.end;
  for (const key of itemsOf(keys.value) ?? []) {
    if (storages.size % 1024 === 0) tick();
    const type = typeof key === 'string' ? main.storages.get(key)?.type : undefined;
    if (typeof key !== 'string' || type === undefined || storages.has(key))
      throw damaged(t('storages that the tensors name, each once'), t('another one'), at);
    if (at + 8 > bytes.length) throw damaged(t('a storage'), t('the end of the file'), at);
    const count = Number(viewOf(bytes).getBigUint64(at, little));
    const start = at + 8;
    at = start + count * storageNumberBytes(type);
    if (at > bytes.length) throw damaged(t('a storage of {0} numbers', count), t('the end of the file'), start);
    storages.set(key, bytes.subarray(start, at));
  }
  return torchTensors(
    main.value,
    ({ key }) => {
      const content = storages.get(key);
      if (content === undefined) throw damaged(t('the storage {0}', cut(key, 40)), t('none'), keys.end);
      return { bytes: content, little };
    },
    tick,
  );
}

/** What it names there PyTorch has not written. */
function firstOf(bytes: Uint8Array, tick: Tick): Unpickled {
  try {
    return unpickle(bytes, 0, tick);
  } catch (error) {
    if (error instanceof FormatError && error.finding.fix !== undefined)
      throw new FormatError({ ...error.finding, ...pickleAdvice() });
    throw error;
  }
}

const isBigEndian = (machine: PickleValue): boolean =>
  typeof machine === 'object' && machine?.kind === 'dict' && machine.entries.get('little_endian') === false;

export const torchLegacy: FileFormat = {
  name: () => t('a PyTorch file of the older form'),
  match: (bytes) => beginsWith(bytes, 0x80) && (bytes[1] ?? 9) <= 5,
  open,
};
