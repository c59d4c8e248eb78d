import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Entry } from '../config/read/index.js';
import { isConfig } from '../editor/following/index.js';
import { isEntry } from '../panel/index.js';
import { chooseBlock } from './blockPicker.js';
import type { CommandFactory, Context } from './commandContext.js';
import { networkOf } from './pairs.js';
import { back } from './quickInput.js';

/** The file in front, if sequences could be in it: a config, or what is no config of anything. */
function inFront(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  if (uri !== undefined) return /\.(?:jsonc?|csv|tsv|tab|txt)$/i.test(uri.path) ? uri : undefined;
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom ? input.uri : undefined;
}

async function ofEntry(entry: Entry, context: Context): Promise<void> {
  const { previews } = context;
  const column = vscode.ViewColumn.Active;
  if (entry.kind === 'config') await previews.show(vscode.Uri.parse(entry.config, true), null, column);
  else if (typeof entry.sequences === 'string') {
    const { weights, network } = await networkOf(context, entry);
    const choice = { options: entry.options ?? {}, array: entry.array ?? null };
    await previews.show(vscode.Uri.parse(entry.sequences, true), { weights, network, choice }, column);
  } else void vscode.window.showInformationMessage(t('These sequences were made up: no file holds them.'));
}

/** Shows what sequences are before they are run: of the run that a panel passes, of a file, or of one to be chosen. */
export const previewSequences: CommandFactory = (context) => async (argument) => {
  if (isEntry(argument)) return ofEntry(argument, context);
  const session = argument === undefined ? context.panels.activeSession : undefined;
  if (session !== undefined) return ofEntry(session.entry, context);
  const uri = argument instanceof vscode.Uri ? argument : inFront();
  if (uri !== undefined)
    // Beside a text that is being written; a file that is only looked at needs no text.
    return context.previews.show(uri, null, isConfig(uri) ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active);
  const answer = await chooseBlock<never>({ title: t('Preview Sequences') }, context.surveys, {
    role: 'sequences',
    placeholder: t('Which file holds the sequences, [B][T][I] or [T][I]?'),
    known: { network: null, B: null, T: null, loss: null },
    weights: null,
    first: [],
    then: [],
  });
  if (answer === undefined || answer === back) return undefined;
  return context.previews.show(answer.file, null, vscode.ViewColumn.Active);
};
