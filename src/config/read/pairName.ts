// What an experiment is called that has no name of its own: after its files.
import { t } from '@vscode/l10n';
import { fileName } from '../json/fileName.js';
import type { Pair } from './fileAccess.js';
import { tensorExtensions } from './readableNames.js';

const extension = new RegExp(`(?:\\.rnn)?\\.jsonc?$|(?:\\.weights)?\\.(?:${tensorExtensions.join('|')})$`, 'i');

/** `…/weather.rnn.json` → `weather`. */
export function bareName(id: string): string {
  const name = fileName(id);
  return name.replace(extension, '') || name;
}

/** Of several networks in a file the one that is run is named. */
const weightsName = ({ weights, network }: Pair): string =>
  network === undefined ? bareName(weights) : `${bareName(weights)} · ${network}`;

/** What is run without a config, by what its files are called. */
export const pairName = (pair: Pair): string => `${weightsName(pair)} + ${sequencesName(pair)}`;

function sequencesName({ sequences, array }: Pair): string {
  if (typeof sequences === 'string') return array ?? bareName(sequences);
  return sequences.made === 'random' ? t('random sequences') : t('zeros');
}
