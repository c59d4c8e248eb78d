import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { saveReport as save } from '../panel/index.js';
import type { CommandFactory } from './commandContext.js';
import { sessionMeant } from './activeTarget.js';

/** A keybinding or a script may pass the file to write. */
export const saveReport: CommandFactory = (context) => async (target) => {
  const session = sessionMeant(context);
  if (session === undefined || session.summary === null) {
    void vscode.window.showInformationMessage(
      t('There is no run to report yet. Open a config and choose Run RNN first.'),
    );
    return;
  }
  await save(session, context.extensionUri, target instanceof vscode.Uri ? target : undefined);
};
