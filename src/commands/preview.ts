import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Entry } from '../config/read/index.js';
import { isConfig, pulse } from '../editor/following/index.js';
import { isEntry } from '../panel/index.js';
import { chooseConfig } from './chooseConfig.js';
import type { CommandFactory, Context } from './commandContext.js';
import { configMeant, sessionMeant } from './activeTarget.js';

/** The config that a lens or a menu passes, else the one that is meant, else one that the user picks. */
async function configFor(argument: unknown, context: Context, title: string): Promise<vscode.Uri | undefined> {
  if (argument instanceof vscode.Uri) return argument;
  return (await configMeant(context)) ?? chooseConfig(context, title);
}

/** Opens the panel that shows whichever config is in front, beside the text. */
export const preview: CommandFactory = (context) => async (argument) => {
  const config = await configFor(argument, context, t('Open Gradient Preview to the Side'));
  if (config === undefined) return;
  if (isConfig(config)) context.panels.preview(config);
  else
    void vscode.window.showWarningMessage(
      t('The preview follows configs. Open a *.rnn.json file, or create one with "RNN: Create RNN Config…".'),
    );
};

/**
 * The experiment that a lens or the status bar passes, or whose config stands in front although it has not run; else
 * one that is on screen, else one that the user picks.
 */
async function entryFor(argument: unknown, context: Context): Promise<Entry | undefined> {
  if (isEntry(argument)) return argument;
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (uri !== undefined && isConfig(uri)) return { kind: 'config', config: uri.toString() };
  const title = t('Show the Gradient Panel');
  const session = await sessionMeant(context, title);
  if (session !== null) return session?.entry;
  const config = await configFor(undefined, context, title);
  return config !== undefined && isConfig(config) ? { kind: 'config', config: config.toString() } : undefined;
}

/**
 * Brings the panel of an experiment to the front, with a layer of its network where a lens says which; opens it when it
 * is closed.
 */
export const showPanel: CommandFactory = (context) => async (argument, layer) => {
  const entry = await entryFor(argument, context);
  if (entry === undefined) return;
  const isNew = context.sessions.find(entry) === undefined;
  const session = context.panels.show(entry);
  void pulse('panelShown');
  const isOther = typeof layer === 'number' && layer !== session.summary?.network?.shown;
  if (isOther) session.begin(layer);
  else if (isNew) session.begin();
};
