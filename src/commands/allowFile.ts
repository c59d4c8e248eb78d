import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandFactory, Context } from './commandContext.js';
import { configMeant } from './activeTarget.js';

/** Files outside of a workspace in Restricted Mode that the config in sight names and that are not read. */
async function refused(context: Context): Promise<string[]> {
  const config = await configMeant(context);
  const inspection = config === undefined ? null : await context.subjects.inspections.of(config);
  return [...new Set(inspection?.problems.flatMap(({ fix }) => (fix?.kind === 'allow' ? [fix.target] : [])))];
}

/** Lets a file be read in this workspace. A quick fix passes it; from the palette one of those refused is chosen. */
export const allowFile: CommandFactory = (context) => async (argument) => {
  const { doors } = context.sessions;
  if (typeof argument === 'string') {
    await doors.allow(argument);
    return;
  }
  const files = await refused(context);
  if (files.length === 0) {
    void vscode.window.showInformationMessage(
      t('The config in sight names no file outside of the workspace that is not read.'),
    );
    return;
  }
  const picks = files.map((file) => ({ label: vscode.Uri.parse(file, true).path, file }));
  const chosen = await vscode.window.showQuickPick(picks, {
    title: t('Allow reading a file'),
    placeHolder: t('A file outside of the workspace, which is in Restricted Mode'),
  });
  if (chosen !== undefined) await doors.allow(chosen.file);
};
