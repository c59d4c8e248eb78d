// Why the system does not hand out what stands in a file: told alike of a file that is asked for as a whole and of one
// that is read in ranges, each reason with what helps against it.
import { t } from '@vscode/l10n';
import { quote } from '../json/node.js';
import type { Finding } from '../json/problem.js';

/**
 * `denied`: the user may not read it. `long`: its name is longer than the system takes. `busy`: another program holds
 * it, or its share does not answer. `memory`: there is no room for its bytes. `unreadable`: anything else.
 */
export type SystemReason = 'denied' | 'long' | 'busy' | 'memory' | 'unreadable';

type Told = { readonly message: (name: string) => string; readonly advice: () => string };
const told: Readonly<Record<SystemReason, Told>> = {
  denied: {
    message: (name) => t('The file {0} may not be read.', name),
    advice: () => t('Allow it to be read, and the folders above it to be opened, or name a copy of it.'),
  },
  long: {
    message: (name) => t('The file {0} has a name that is too long for the system.', name),
    advice: () => t('Name it by a shorter path; numbers that are meant themselves stand without quotes.'),
  },
  busy: {
    message: (name) => t('The file {0} cannot be read at the moment.', name),
    advice: () => t('Close the program that holds it, or wait until its disk or share answers; then run again.'),
  },
  memory: {
    message: (name) => t('There is not enough memory to read the file {0}.', name),
    advice: () => t('Close other panels or programs, or keep large blocks in a binary file, which is read in parts.'),
  },
  unreadable: {
    message: (name) => t('The file {0} cannot be read.', name),
    advice: () => t('The words are those of the system: check that its disk or share is there, then run again.'),
  },
};

export const isSystemReason = (reason: string): reason is SystemReason => Object.hasOwn(told, reason);

/** `detail`: the words of the system, with its code where it has one. */
export const refusedBySystem = (name: string, reason: SystemReason, detail: string): Finding => ({
  code: 'unreadable-file',
  message: told[reason].message(quote(name)),
  expected: t('a readable file'),
  found: detail === '' ? t('an unreadable file') : detail,
  advice: told[reason].advice(),
});
