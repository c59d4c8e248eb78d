// Problems of a file that nobody may be told more of than that it is wrong: a config in a workspace that is not trusted
// can name any file of the machine, and what is told of it travels further, into reports and screenshots.
import { t } from '@vscode/l10n';
import type { Problem, ProblemCode } from '../json/problem.js';

const messages: Readonly<Record<ProblemCode, () => string>> = {
  'not-json': () => t('The file is not JSON here.'),
  'missing-file': () => t('The file names another one that is not there.'),
  'unreadable-file': () => t('The file names another one that cannot be read.'),
  'outside-workspace': () => t('The file names another one that may not be read.'),
  'ragged-array': () => t('A list has not the length of the others.'),
  'wrong-dimension': () => t('The numbers have not the shape that fits.'),
  'wrong-type': () => t('Another kind of value belongs here.'),
  'not-a-number': () => t('A number belongs here.'),
  'number-overflow': () => t('A number is too large.'),
  'wrong-value': () => t('Another value belongs here.'),
  'unknown-key': () => t('A key is not known.'),
  'deprecated-key': () => t('A key has another name here.'),
  'duplicate-key': () => t('A key stands here a second time.'),
  'missing-key': () => t('A key is missing.'),
  'empty-sequence': () => t('The sequences are empty.'),
  'unsupported-cell': () => t('The kind of network is not supported.'),
  'unsupported-feature': () => t('The kind of file is not supported.'),
  'unknown-weights': () => t('The weights have no names that are known.'),
  'key-conflict': () => t('Two keys contradict each other.'),
  'unclear-order': () => t('It is not clear whether the steps or the sequences come first.'),
  'not-normalised': () => t('The inputs are not normalised.'),
  'reverse-one-step': () => t('The reverse direction makes one step only.'),
  'padded-sequences': () => t('The sequences look padded.'),
  'not-enough-memory': () => t('There is not enough memory for these numbers.'),
};

/** The same problem at the same place, without a word of the file: no key, no value, no fix that names one. */
export const unquoted = ({ file, range, severity, code }: Problem): Problem => ({
  file,
  range,
  severity,
  code,
  path: '',
  message: messages[code](),
  expected: t('what a file of its kind holds'),
  found: t('something else'),
  advice: t(
    'Of a file outside of the workspace nothing is quoted in Restricted Mode, and to an assistant: run it yourself ' +
      'in a trusted workspace to see more.',
  ),
});
