// What lies in a ZIP archive tells which format it is.
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { beginsWith } from './container.js';
import type { Container, FileFormat } from './container.js';
import { refused } from './formatError.js';
import { isNpz, openNpz } from './npz.js';
import { isTorchZip, openTorchZip } from './torchZip.js';
import { Zip } from './zip.js';

function open(bytes: Uint8Array, tick: Tick): Container {
  const zip = new Zip(bytes, tick);
  if (isTorchZip(zip)) return openTorchZip(zip, tick);
  if (isNpz(zip)) return openNpz(zip, tick);
  const isKeras = zip.entries.has('model.weights.h5');
  throw refused(
    isKeras ? t('Keras files are not read yet.') : t('The archive holds neither NumPy arrays nor PyTorch tensors.'),
    t('an .npz of NumPy or a .pt of PyTorch'),
    isKeras ? 'model.weights.h5' : [...zip.entries.keys()].slice(0, 3).join(', ') || t('no entry'),
    isKeras
      ? t('Save the weights as .npz, in Python with np.savez(file, **{w.path: w.numpy() for w in model.weights}).')
      : t('Export the weights as safetensors, or the sequences as .npy.'),
  );
}

export const archives: FileFormat = {
  name: () => t('a ZIP archive (.npz or .pt)'),
  match: (bytes) => beginsWith(bytes, 0x50, 0x4b, 3, 4) || beginsWith(bytes, 0x50, 0x4b, 5, 6),
  open,
};
