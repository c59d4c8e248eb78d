import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { configPattern, ignored } from '../editor/following/index.js';
import { longestSearch, searchFiles } from '../editor/files/index.js';
import type { Context } from './commandContext.js';
import { askForConfig } from './createConfig.js';
import { createExample } from './createExample.js';
import { openDialog } from './openDialog.js';
import { back, fileItem, pickFound } from './quickInput.js';

type Choice = vscode.QuickPickItem & { readonly choose: () => Thenable<vscode.Uri | undefined> };

const fileChoice = (uri: vscode.Uri): Choice => ({ ...fileItem(uri), choose: () => Promise.resolve(uri) });

/**
 * Nothing that is meant is in front: the configs that are open unsaved, those of the workspace, any other file, or a
 * new one. What leads to a picture at once comes first.
 */
export async function chooseConfig(context: Context, title: string, why?: string): Promise<vscode.Uri | undefined> {
  const unsaved = vscode.workspace.textDocuments
    .filter(({ isUntitled, uri }) => isUntitled && uri.path.endsWith('.rnn.json'))
    .map(({ uri }) => uri);
  const open: Choice = {
    label: `$(folder-opened) ${t('Open a config or weights file…')}`,
    choose: () => openDialog(title),
  };
  const example: Choice = {
    label: `$(add) ${t('Create an example')}`,
    description: t('a small config that runs as it is'),
    choose: () => createExample(context)(),
  };
  const create: Choice = {
    label: `$(edit) ${t('Create RNN Config…')}`,
    description: t('asks for a cell, sizes or files'),
    choose: () => askForConfig(context),
  };
  const answer = await pickFound<Choice>(
    { title },
    searchFiles(configPattern, ignored, undefined, longestSearch),
    (found) => {
      const configs = [...unsaved, ...[...(found ?? [])].sort((a, b) => a.path.localeCompare(b.path))].map(fileChoice);
      return {
        items: configs.length === 0 ? [example, create, open] : [...configs, open, example, create],
        placeholder:
          why ??
          (found === undefined
            ? t('Which config? Still searching…')
            : configs.length === 0
              ? t('No *.rnn.json found in this workspace')
              : t('Which config?')),
      };
    },
  );
  return answer === back ? undefined : answer?.choose();
}
