import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandFactory } from './commandContext.js';
import { sessionMeant } from './activeTarget.js';

export const showResultText: CommandFactory = (context) => async () => {
  const session = sessionMeant(context);
  if (session === undefined || session.summary === null) {
    void vscode.window.showInformationMessage(
      t('There is no run to show yet. Open a config and choose Run RNN first.'),
    );
    return;
  }
  await context.texts.show(session);
};
