// What is told of a tensor of PyTorch whose numbers are not read; what stands beside it is.
import { t } from '@vscode/l10n';
import type { Finding } from '../json/problem.js';

/** `type`: of its numbers, as PyTorch calls it. */
export const otherType = (type: string): Finding => ({
  code: 'unsupported-feature',
  message: t('The tensor holds numbers of a type that is not read.'),
  expected: t('floating-point numbers, whole numbers or bool'),
  found: type,
  advice: t('Save it as float32, in Python with tensor.float(); a quantised network has to be dequantised first.'),
});

const notDense = (found: string, advice: string): Finding => ({
  code: 'unsupported-feature',
  message: t('The tensor is not stored as one block of numbers.'),
  expected: t('a dense tensor'),
  found,
  advice,
});

export const sparse = (): Finding =>
  notDense(t('a sparse tensor'), t('Save it as a dense one, in Python with tensor.to_dense().'));
export const nested = (): Finding =>
  notDense(
    t('a nested tensor'),
    t('Save it padded with zeros, in Python with torch.nested.to_padded_tensor(tensor, 0.0).'),
  );

export const withoutNumbers = (): Finding => ({
  code: 'unsupported-feature',
  message: t('The tensor was saved without its numbers.'),
  expected: t('numbers of its shape'),
  found: t('a tensor of the device "{0}"', 'meta'),
  advice: t('Save the model once its weights are loaded or initialised.'),
});
