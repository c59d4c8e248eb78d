// The languages of the product, for tests that speak them.
import { readFileSync } from 'node:fs';
import type { Language } from '../../src/l10n.js';

export const korean = (): Language => ({ name: 'ko', bundle: JSON.parse(readFileSync('l10n/bundle.l10n.ko.json', 'utf8')) as Record<string, string> });

/** What a Korean reader reads in Latin letters too: symbols, names of cells, number formats, files and keys. */
const latin: ReadonlySet<string> = new Set([
  'RNN', 'LSTM', 'GRU', 'BPTT', 'tanh', 'relu', 'identity', 'softmax', 'sigmoid', 'mse', 'crossEntropy', 'float32', 'float64', 'NaN', 'Infinity',
  'Wh', 'Wx', 'Why', 'dWh', 'dWx', 'dWhy', 'dhs', 'dxs', 'dh', 'dz', 'dx', 'db', 'hs', 'xs', 'hPrev', 'max', 'min', 'log', 'ln', 'det', 'diag', 'sign', 'ratio', 'lim',
  'PNG', 'CSV', 'JSON', 'HTML', 'PyTorch', 'Keras', 'NumPy', 'VS', 'Code', 'Shift', 'Escape', 'Page', 'Up', 'Down', 'Home', 'End', 'Ctrl', 'Alt', 'Enter', 'Tab', 'Esc', 'Glorot', 'He', 'Xavier',
  'B', 'T', 'I', 'H', 'O', 'ms', 's',
]);

/** English words in a text that is meant to be Korean; symbols and names do not count. */
export const englishWords = (text: string): string[] => (text.match(/[A-Za-z]{3,}\d*/g) ?? []).filter((word) => !latin.has(word));
