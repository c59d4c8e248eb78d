import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { saveReport as save } from '../panel/index.js';
import type { CommandFactory } from './commandContext.js';
import { resultMeant } from './activeTarget.js';

/** A keybinding or a script may pass the file to write. */
export const saveReport: CommandFactory = (context) => async (target) => {
  const session = await resultMeant(context, t('Save as HTML Report'));
  if (session !== undefined)
    await save(session, context.extensionUri, target instanceof vscode.Uri ? target : undefined);
};
