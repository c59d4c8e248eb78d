// What is said when an analysis could not be computed, with the way to try again.
import { textButton } from './dom.js';
import { t } from '../page/l10n.js';
import type { Failure } from '../page/model.js';

export const failureText = ({ detail, retry }: Failure): (Node | string)[] => [
  t('Could not be computed: {0}', detail),
  ' ',
  textButton(t('try again'), t('Ask for this analysis again'), retry),
];
