import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { saveReport as save } from '../panel/report.js';
import type { CommandFactory } from './context.js';

/** The run of the panel in front, else of the experiment that the text in front belongs to. A keybinding or a script may pass the file to write. */
export const saveReport: CommandFactory = ({ extensionUri, panels, sessions }) => async (target) => {
  const document = vscode.window.activeTextEditor?.document;
  const session = panels.activeSession ?? (document === undefined ? undefined : sessions.naming(document.uri));
  if (session === undefined || session.summary === null) {
    void vscode.window.showInformationMessage(t('There is no run to report yet. Open a config and choose Run RNN first.'));
    return;
  }
  await save(session, extensionUri, target instanceof vscode.Uri ? target : undefined);
};
