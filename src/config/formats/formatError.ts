import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Finding } from '../json/problem.js';

/** Ends the reading of a file. `part` is the tensor or the entry of an archive where that happens; empty: the file. */
export class FormatError extends Error {
  readonly finding: Finding;
  readonly part: string;

  constructor(finding: Finding, part = '') {
    super(finding.message);
    // What a damaged file holds may be nothing, or no characters.
    this.finding = { ...finding, found: finding.found.trim() === '' ? t('nothing') : visible(finding.found) };
    this.part = part;
  }
}

const longestFound = 160;
/** Characters that a screen does not show, as a sign that shows where they are. */
const visible = (text: string): string => cut(text, longestFound).replace(/\p{Cc}/gu, '\ufffd');

export const bytesText = (count: number): string => (count === 1 ? t('1 byte') : t('{0} bytes', count));

/** Something is not as the format says. `at`: where in the file, in bytes. */
export const damaged = (expected: string, found: string, at: number | null = null, part = ''): FormatError =>
  new FormatError(
    {
      code: 'unreadable-file',
      message:
        part === ''
          ? at === null
            ? t('The file is damaged.')
            : t('The file is damaged at byte {0}.', at)
          : at === null
            ? t('The file is damaged: {0}.', part)
            : t('The file is damaged at byte {0}: {1}.', at, part),
      expected,
      found,
      advice: t('Download or export it again; a file that is being written is read when it is whole.'),
    },
    part,
  );

/** Something that the format allows and this program does not take. */
export const refused = (
  message: string,
  expected: string,
  found: string,
  advice: string | Pick<Finding, 'advice' | 'fix'>,
  part = '',
): FormatError =>
  new FormatError(
    {
      code: 'unsupported-feature',
      message,
      expected,
      found,
      ...(typeof advice === 'string' ? { advice } : advice),
    },
    part,
  );

export type Advised = Required<Pick<Finding, 'advice' | 'fix'>>;

/** Lines of Python that help, each a statement. `lead`: what they do. */
export const asPython = (lead: string, lines: readonly string[]): Advised => ({
  advice: `${lead} ${lines.join('; ')}`,
  fix: { kind: 'copyPython', lines: `${lines.join('\n')}\n`, lead },
});

export const beforeQuantising = (): string => t('Take the model as it was before it was quantised.');

/** Places in an entry of an archive are told with its name. */
export function inEntry<Result>(name: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof FormatError && error.part === '') throw new FormatError(error.finding, name);
    throw error;
  }
}
