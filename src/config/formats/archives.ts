// What lies in a ZIP archive tells which format it is.
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { beginsWith } from './container.js';
import type { Container, FileFormat } from './container.js';
import { refused } from './formatError.js';
import { isKerasZip, openKerasZip } from './kerasZip.js';
import { isNpz, openNpz } from './npz.js';
import { isTorchZip, openTorchZip } from './torchZip.js';
import type { Bytes } from './source.js';
import { Zip } from './zip.js';

function open(bytes: Bytes, tick: Tick): Container {
  const zip = new Zip(bytes, tick);
  if (isTorchZip(zip)) return openTorchZip(zip, tick);
  if (isNpz(zip)) return openNpz(zip, tick);
  if (isKerasZip(zip)) return openKerasZip(zip, tick);
  throw refused(
    t('The archive holds neither NumPy arrays nor tensors of PyTorch or Keras.'),
    t('an .npz of NumPy, a .pt of PyTorch or a .keras of Keras'),
    [...zip.entries.keys()].slice(0, 3).join(', ') || t('no entry'),
    t('Export the weights as safetensors, or the sequences as .npy.'),
  );
}

export const archives: FileFormat = {
  name: () => t('a ZIP archive (.npz, .pt or .keras)'),
  match: (bytes) => beginsWith(bytes, 0x50, 0x4b, 3, 4) || beginsWith(bytes, 0x50, 0x4b, 5, 6),
  inRanges: true,
  open,
};
