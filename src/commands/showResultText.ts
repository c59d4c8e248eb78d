import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { TextForm } from '../panel/index.js';
import type { CommandFactory } from './commandContext.js';
import { sessionMeant } from './activeTarget.js';

/** Shows a text of the run that is meant. */
export const showText =
  (form: TextForm): CommandFactory =>
  (context) =>
  async () => {
    const session = sessionMeant(context);
    if (session === undefined || session.summary === null) {
      void vscode.window.showInformationMessage(
        t('There is no run to show yet. Open a config and choose Run RNN first.'),
      );
      return;
    }
    await context.texts.show(session, form);
  };
