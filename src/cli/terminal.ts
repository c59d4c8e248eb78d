// What the command line prints. Text of others is escaped here; output that cannot be written is told once and counts
// as a failure.
import { once } from 'node:events';
import { fstatSync, writeFileSync } from 'node:fs';
import { t as say } from '@vscode/l10n';
import { batches } from '../report/index.js';
import { escapeControlsOfLines } from '../worker/record/index.js';
import { errorMessage } from '../protocol/index.js';

/** A reader that has seen enough (`| head`) closes the pipe: there is nothing left to tell it, and nothing failed. */
const isClosedPipe = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE';

/** Nobody takes standard output any more: its reader has left, or it has failed. */
let over = false;
let failed = false;

/** Whether something that was printed is lost, other than to a reader that has left. */
export const printingFailed = (): boolean => failed;

export function printError(text: string): void {
  process.stderr.write(escapeControlsOfLines(text));
}

function giveUp(error: unknown): void {
  if (over) return;
  over = true;
  if (isClosedPipe(error)) return;
  failed = true;
  process.exitCode = 2;
  const told = say(
    'Standard output could not be written to its end: {0}. Make room where it goes, or send it elsewhere.',
    errorMessage(error),
  );
  printError(`${told}\n`);
}

/** Errors of both streams come whenever they like, also after the last thing that was printed. */
export function watchStreams(): void {
  process.stdout.on('error', giveUp);
  process.stderr.on('error', (error) => {
    if (isClosedPipe(error)) return;
    // There is no place left to say so; only the exit code can tell.
    failed = true;
    process.exitCode = 2;
  });
}

/** Node's own stream takes what a nearly full disk has kept of a text for the whole text. */
let toFile: boolean | null = null;
const goesToFile = (): boolean => (toFile ??= !process.stdout.isTTY && fstatSync(process.stdout.fd).isFile());

export function print(text: string): void {
  if (over) return;
  const shown = escapeControlsOfLines(text);
  if (!goesToFile()) {
    process.stdout.write(shown);
    return;
  }
  try {
    writeFileSync(process.stdout.fd, shown);
  } catch (error) {
    giveUp(error);
  }
}

/** A long text, at the speed at which it is taken. */
export async function printAll(pieces: Iterable<string>): Promise<void> {
  for (const piece of batches(pieces)) {
    print(piece);
    if (over) return;
    try {
      if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
    } catch (error) {
      giveUp(error);
    }
  }
}
