// torch.save since PyTorch 1.6: a ZIP archive with the pickle data.pkl and one entry for each storage.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import type { Container } from './container.js';
import { beforeQuantising, damaged, inEntry, refused } from './formatError.js';
import { unpickle } from './pickle.js';
import { exportAdvice } from './pickleGlobals.js';
import { torchTensors } from './torchTensors.js';
import type { Zip } from './zip.js';

/** The pickle beside which the storages lie. */
const pickleOf = (zip: Zip): string | null =>
  [...zip.entries.keys()].find((name) => /^(?:[^/]*\/)?data\.pkl$/.test(name)) ?? null;

export const isTorchZip = (zip: Zip): boolean => pickleOf(zip) !== null;

/** @throws FormatError */
export function openTorchZip(zip: Zip, tick: Tick): Container {
  const pickle = pickleOf(zip)!;
  const folder = pickle.slice(0, -'data.pkl'.length);
  const read = (name: string): Uint8Array | null => {
    const entry = zip.entries.get(folder + name);
    return entry === undefined ? null : zip.read(entry, tick);
  };
  const names = [...zip.entries.keys()];
  if (zip.entries.has(`${folder}constants.pkl`) || names.some((name) => name.startsWith(`${folder}code/`)))
    throw refused(
      t('The file is a TorchScript program.'),
      t('tensors in dicts, as torch.save(model.state_dict(), file) writes them'),
      'constants.pkl',
      names.some((name) => /\/quantized\/(?:\w+\/)*rnn\.py$/.test(name))
        ? beforeQuantising()
        : exportAdvice('torch.jit.load("model.pt")'),
    );
  const little = new TextDecoder().decode(read('byteorder') ?? new Uint8Array()).trim() !== 'big';
  const { value } = inEntry(pickle, () => unpickle(read('data.pkl')!, 0, tick));
  return torchTensors(
    value,
    ({ key }) => {
      const entry = /^[\w-]{1,64}$/.test(key) ? zip.entries.get(`${folder}data/${key}`) : undefined;
      if (entry === undefined) throw damaged(t('the storage {0}', cut(key, 40)), t('none'), null, pickle);
      return { bytes: zip.content(entry, tick), little };
    },
    tick,
  );
}
