// What somebody surely meant who wrote something that cannot be read: advice that fits better than the general one.
import { t } from '@vscode/l10n';
import { isArray } from '../json/node.js';
import { Scanner } from '../json/scanner.js';
import { token } from '../json/token.js';
import { weightNames } from '../layouts/weightNames.js';
import { cut } from '../json/problem.js';
import type { Value } from '../json/jsonValue.js';

/** For a path that leads nowhere; null when nothing about the way it is written explains that. */
export function pathAdvice(reference: string): string | null {
  if (reference.includes('\0')) return t('No name of a file holds the character U+0000: remove it.');
  if (/^file:/i.test(reference)) return t('Write a plain path instead of a file: address.');
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(reference))
    return t('Nothing is fetched from a network: download the file, and write its path.');
  if (reference.startsWith('~')) return t('"~" means nothing here: write the whole path of the folder.');
  if (reference.includes('\\')) return t('Check its name, and write "/" between folders: that works on every system.');
  return null;
}

/** For a "name" without the file in which it is looked for. */
export function fileMissingAdvice(value: Value): string | null {
  const name = value.get('name');
  if (name?.node.kind !== 'string' || value.get('file') !== null || value.path === '') return null;
  return t(
    '"file" is missing beside "name": write {0}.',
    `{ "file": "…", "name": ${JSON.stringify(cut(name.node.value, 40))} }`,
  );
}

/** For an object that stands where one block of numbers belongs. */
export function objectAdvice(value: Value): string | null {
  if (value.node.kind !== 'object') return null;
  const fileMissing = fileMissingAdvice(value);
  if (fileMissing !== null) return fileMissing;
  if (value.get('weights') !== null && value.get('sequences') !== null)
    return t('This is a config: name the file that holds the numbers.');
  if (weightNames(value).groups.length > 0) return t('These are weights: name them under "weights".');
  const lists = value.entries().filter(([, { node }]) => isArray(node));
  const [only] = lists;
  return only !== undefined && lists.length === 1
    ? t('Take the list of "{0}" out of the braces, and leave nothing else there.', cut(only[0], 58))
    : null;
}

/** For a list that stands where named weights belong. */
export function listAdvice({ node }: Value): string | null {
  if (!isArray(node)) return null;
  const ranks = node.kind === 'array' ? node.items.map((item) => (item.kind === 'tensor' ? item.shape.length : 0)) : [];
  if (['2,2', '2,2,1'].includes(ranks.join())) {
    return t(
      'This looks like get_weights() of Keras, which drops the names. Write them down: ' +
        'json.dump(dict(zip(["kernel", "recurrent_kernel", "bias"], (w.tolist() for w in layer.get_weights()))), ' +
        'file).',
    );
  }
  return node.kind === 'tensor' && node.shape.length > 1
    ? t('Numbers without names are read as sequences: name them under "sequences", and give weights their names.')
    : null;
}

/** For an object without the names of a layer. */
export const configAsWeightsAdvice = (value: Value): string | null =>
  value.get('weights') !== null && value.get('sequences') !== null
    ? t('This is a config: name the file that holds the numbers.')
    : null;

/** For a text among numbers. `isData`: they come from no training. */
export function notFiniteAdvice(text: string, isData: boolean): string | null {
  if (!/^[+-]?(?:nan|inf(?:inity)?)$/i.test(text.trim())) return null;
  return isData
    ? t('In data this usually stands for a missing value: fill in a finite number, or leave that sequence out.')
    : t(
        'A NaN or an infinity usually means that the training diverged: export a checkpoint from before it, or ' +
          'write a finite number.',
      );
}

/** For a config that holds nothing yet; null when it holds something. */
export function emptyConfigAdvice(text: string): string | null {
  const isEmpty =
    text.length > longestComments ? text.trim() === '' : new Scanner(text, () => undefined).scan() === token.end;
  return isEmpty ? t('Write an object with "weights" and "sequences"; Ctrl+Space offers one in the editor.') : null;
}

/** Comments alone, as a new config may begin, are not longer than this. */
const longestComments = 10_000;
