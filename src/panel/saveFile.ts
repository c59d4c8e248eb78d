// Files that the user asked for: where to, written, and shown when they want.
import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { diskOf, homeFolder } from '../editor/context/index.js';
import { folderOf } from '../editor/files/index.js';
import { entryUri, withLateProgress } from '../editor/following/index.js';
import type { Session } from '../editor/following/index.js';
import { whyNotWritten } from '../report/index.js';
import { errorMessage, errorStack } from '../protocol/index.js';
import { Stop } from '../worker/scheduling/index.js';

/** The message is for the user; where in the program it was stands in the log. */
export function reportFailure(error: unknown, log: Session['log']): void {
  log.error(errorStack(error));
  void vscode.window.showErrorMessage(t('Run RNN: {0}', errorMessage(error)));
}

/**
 * VS Code empties an old file before it writes the new one into it; on this machine's disk the old one stays until the
 * new one is whole.
 * @throws with the place, the reason and the remedy
 */
export async function write(target: vscode.Uri, bytes: Uint8Array): Promise<void> {
  const disk = diskOf(target);
  try {
    if (disk === null) await vscode.workspace.fs.writeFile(target, bytes);
    else await disk.write(target.fsPath, bytes);
  } catch (error) {
    const why = whyNotWritten(error);
    throw new Error(
      disk === null
        ? t('{0} could not be written: {1}', target.toString(true), why)
        : t('{0} could not be written, and what stood there is as it was: {1}', target.fsPath, why),
      { cause: error },
    );
  }
}

/**
 * Asks where, beside the config (one that is not saved yet stands nowhere: where it would be saved, else in the user's
 * own folder), unless a target is given; writes, and offers to open it.
 */
export async function saveBytes(
  { entry, log }: Pick<Session, 'entry' | 'log'>,
  suggestedName: string,
  bytes: Uint8Array,
  given?: vscode.Uri,
): Promise<void> {
  const safeName = suggestedName.replaceAll(/[\\/:*?"<>|]/g, '-');
  const home = homeFolder();
  const folder = folderOf(entryUri(entry)) ?? (home === null ? null : vscode.Uri.file(home));
  const beside = folder === null ? {} : { defaultUri: vscode.Uri.joinPath(folder, safeName) };
  const target = given ?? (await vscode.window.showSaveDialog(beside));
  if (target === undefined) return;
  try {
    await write(target, bytes);
  } catch (error) {
    reportFailure(error, log);
    return;
  }
  const open = t('Open');
  const saved = vscode.window.showInformationMessage(t('Saved {0}.', path.posix.basename(target.path)), open);
  // The file is there: whoever waits for it need not wait for the user to close the message.
  void saved
    .then(async (choice) => {
      if (choice !== open) return;
      // A browser opens files of the disk, and none of a virtual workspace: that shows its text.
      if (target.path.endsWith('.html') && diskOf(target) !== null) await vscode.env.openExternal(target);
      else await vscode.commands.executeCommand('vscode.open', target);
    })
    .then(undefined, (error: unknown) => reportFailure(error, log));
}

/**
 * What the worker makes of the finished run on screen, once its analyses are complete; null when the user gave up,
 * there is no run, or a newer one came in between.
 */
export async function ofFinishedRun<Result>(
  session: Session,
  title: string,
  ask: (runId: number, stop: Stop) => Promise<Result | null>,
): Promise<Result | null> {
  const { summary } = session;
  if (summary === null) return null;
  const stop = new Stop();
  const given = new Promise<'given up'>((resolve) => {
    stop.onAsked(() => resolve('given up'));
  });
  const asked = ask(summary.runId, stop);
  const answer = await withLateProgress(title, Promise.race([given, asked]), () => stop.ask());
  if (answer === 'given up') return null;
  if (answer === null) throw new Error(t('The run was replaced by a newer one meanwhile. Try again.'));
  return answer;
}
