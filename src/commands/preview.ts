import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { isConfig } from '../editor/configIndex.js';
import { isEntry } from '../panel/panels.js';
import type { CommandFactory } from './context.js';

/** The config that is meant: what a lens or a menu passes, else the one in the active editor. */
function configOf(argument: unknown): vscode.Uri | undefined {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  return uri !== undefined && isConfig(uri) ? uri : undefined;
}

/** Opens the panel that shows whichever config is in front, beside the text. */
export const preview: CommandFactory = ({ panels }) => (argument) => {
  const config = configOf(argument);
  if (config === undefined) {
    void vscode.window.showWarningMessage(t('The preview follows configs. Open a *.rnn.json file, or create one with "RNN: Create RNN Config…".'));
    return;
  }
  panels.preview(config);
};

/** Brings the panel of an experiment to the front; opens it when it is closed. */
export const showPanel: CommandFactory = ({ panels, sessions }) => (argument) => {
  const config = configOf(argument);
  const editor = vscode.window.activeTextEditor;
  const entry = isEntry(argument) ? argument : config !== undefined ? { kind: 'config' as const, config: config.toString() } : editor === undefined ? undefined : sessions.naming(editor.document.uri)?.entry;
  if (entry === undefined) {
    void vscode.window.showWarningMessage(t('The active editor shows no config, and no file of one that has run.'));
    return;
  }
  const isNew = sessions.find(entry) === undefined;
  const session = panels.show(entry);
  // A failure is logged and shown by run itself.
  if (isNew) session.run().catch(() => undefined);
};
