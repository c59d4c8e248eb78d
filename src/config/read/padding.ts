// Sequences of different lengths are padded with zeros, which a small file must not turn into a large block.
import { t } from '@vscode/l10n';
import type { Value } from '../json/jsonValue.js';
import type { Report } from '../problems/problemReport.js';

/** A block is padded to this many numbers, or to four times what stands in the file. */
const mostPadded = 2 ** 25;

/** Whether padding would take far more memory than the numbers themselves, which is reported. */
export function isTooUneven(padded: number, real: number, where: Value, report: Report): boolean {
  const most = Math.max(mostPadded, 4 * real);
  if (padded <= most) return false;
  report.error(where, {
    code: 'not-enough-memory',
    message: t(
      'The lengths of the sequences are too different: as long as the longest, they hold {0} numbers.',
      padded,
    ),
    expected: t('at most {0}', most),
    found: t('{0} numbers without what is filled up', real),
    advice: t('Run the long sequences and the short ones by configs of their own.'),
  });
  return true;
}
