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

const weightsChoice = (uri: vscode.Uri): Choice => {
  const { label, description } = fileItem(uri);
  const told = t('weights of a recurrent network');
  return { ...fileChoice(uri), label, description: description === '' ? told : `${told} · ${description}` };
};

/** Files are looked into in the background; most workspaces are done with by then, ms. */
const [longestLook, betweenLooks] = [1_500, 50];
async function lookedInto({ weightFiles }: Context): Promise<void> {
  const end = performance.now() + longestLook;
  while (!weightFiles.isComplete && performance.now() < end)
    await new Promise((resolve) => setTimeout(resolve, betweenLooks));
}

/**
 * Nothing that is meant is in front: the configs that are open unsaved, those of the workspace, any other file, or a
 * new one; where they are wanted, also the weights that no config names. What leads to a picture at once comes first.
 */
export async function chooseConfig(
  context: Context,
  title: string,
  { why, weights = false }: { readonly why?: string; readonly weights?: boolean } = {},
): Promise<vscode.Uri | undefined> {
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
    searchFiles(configPattern, ignored, undefined, longestSearch).then(async (found) => {
      if (weights) await lookedInto(context);
      return found;
    }),
    (found) => {
      const configs = [...unsaved, ...[...(found ?? [])].sort((a, b) => a.path.localeCompare(b.path))].map(fileChoice);
      const named = new Set(context.subjects.index.weightFiles.map(String));
      const bare = weights ? context.weightFiles.all.filter((uri) => !named.has(uri.toString())) : [];
      const files = [...configs, ...bare.map(weightsChoice)];
      return {
        items: files.length === 0 ? [example, create, open] : [...files, open, example, create],
        placeholder:
          why ??
          (found === undefined
            ? t('Which config? Still searching…')
            : files.length === 0
              ? t('No *.rnn.json found in this workspace')
              : bare.length > 0
                ? t('Which config, or which weights?')
                : t('Which config?')),
      };
    },
  );
  return answer === back ? undefined : answer?.choose();
}
