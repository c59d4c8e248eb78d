// The files that the command line writes: what stands in their way is told before a run, and an interrupt leaves
// nothing half written.
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { t as say } from '@vscode/l10n';
import { isOutOfMemory } from '../engine/index.js';
import { errorMessage } from '../protocol/index.js';
import { placeOf, removeUnfinished, whyNotWritten } from '../report/index.js';
import { escapeControls } from '../worker/record/index.js';
import { isOfSystem } from '../worker/thread/index.js';
import { printError } from './terminal.js';

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/**
 * Why nothing can be written there, as far as that can be told without writing; null when nothing stands in the way.
 */
export async function whyUnwritable(target: string): Promise<string | null> {
  const nameAFile = say('it is a folder. Name a file in it.');
  if (target.endsWith('/') || target.endsWith(path.sep)) return nameAFile;
  try {
    const place = await placeOf(target);
    if (place === null) {
      if ((await stat(target)).isDirectory()) return nameAFile;
      await access(target, constants.W_OK);
      return null;
    }
    const folder = path.dirname(place.file);
    if (place.before === null) {
      await access(folder, constants.W_OK);
      return null;
    }
    await access(place.file, constants.W_OK);
    try {
      await access(folder, constants.W_OK);
    } catch (error) {
      return say(
        'until it is complete it stands beside the old file, but this folder takes no new file ({0}). Name ' +
          'a file in another folder.',
        errorMessage(error),
      );
    }
    return null;
  } catch (error) {
    return isMissing(error) ? say('there is no such folder. Make it first.') : whyNotWritten(error);
  }
}

/**
 * The same for every name of one file, through links and hard links; of a file that is not there yet, its folder's and
 * its name.
 * Null for what is no file, such as `/dev/null`: writing there replaces nothing.
 */
async function identityOf(file: string): Promise<string | null> {
  const numbered = async (at: string): Promise<string | null> => {
    const found = await stat(at, { bigint: true });
    if (found.isFile() || found.isDirectory()) {
      // Where the file system numbers nothing, the name behind all links has to do.
      return found.ino === 0n ? ((await placeOf(at))?.file ?? path.resolve(at)) : `${found.dev} ${found.ino}`;
    }
    return null;
  };
  try {
    return await numbered(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const place = await placeOf(file);
  if (place === null) return null;
  const name = path.basename(place.file);
  const capitalsCount = process.platform !== 'win32' && process.platform !== 'darwin';
  return `${(await numbered(path.dirname(place.file))) ?? ''} ${capitalsCount ? name : name.toLowerCase()}`;
}

/** Whether both are names of one file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const identity = await identityOf(one);
  return identity !== null && identity === (await identityOf(other));
}

/** Why writing to `target` would destroy what the run was made of; null when it would not. */
export async function whyInput(target: string, inputs: readonly string[]): Promise<string | null> {
  for (const input of inputs) {
    if (await isSameFile(target, input))
      return say('the run reads this file ("{0}"). Name another one, so that it stays.', input);
  }
  return null;
}

/** Tells that nothing was written there; the exit code. */
export function refuse(target: string, reason: string): number {
  printError(`${escapeControls(`${target}:1:1: ${say('The result could not be written: {0}', reason)}`)}\n`);
  return 2;
}

/**
 * Writes a file and tells why it could not; the exit code, null where it is there.
 * @throws what is no refusal of the system and no lack of memory: a fault of ours is no reason why nothing was written
 */
export async function written(target: string, write: () => Promise<void>): Promise<number | null> {
  try {
    await withoutLeftovers(write);
    return null;
  } catch (error) {
    if (!isOfSystem(error) && !isOutOfMemory(error)) throw error;
    return refuse(target, whyNotWritten(error));
  }
}

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * While `write` is at work, an interrupt removes what is half written and then ends the process as it would without us.
 * Only then: Node hears a signal between two pieces of work, and a run is one piece, which an interrupt has to end at
 * once.
 */
async function withoutLeftovers(write: () => Promise<void>): Promise<void> {
  const stopListening = (): void => {
    for (const interrupt of interrupts) process.removeListener(interrupt, end);
  };
  const end = (interrupt: NodeJS.Signals): void => {
    removeUnfinished();
    stopListening();
    process.kill(process.pid, interrupt);
  };
  for (const interrupt of interrupts) process.on(interrupt, end);
  try {
    await write();
  } finally {
    stopListening();
  }
}
