import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { retold } from '../config/edit/index.js';
import { openUntitledConfig } from '../editor/following/index.js';
import type { Context } from './commandContext.js';
import { createWeather } from './createWeather.js';

/** Opens one of the shipped examples as a new, unsaved file that runs as it is; the weather makes a folder. */
export const createExample = (context: Context) => async (): Promise<vscode.Uri | undefined> => {
  const examples = [
    {
      label: t('Vanishing'),
      file: 'vanishing',
      detail: t('The recurrent weights shrink the gradient by half at every step back.'),
    },
    {
      label: t('Exploding'),
      file: 'exploding',
      detail: t('The gradient grows at every step back, until the update destroys the weights.'),
    },
    {
      label: t('Orthogonal'),
      file: 'orthogonal',
      detail: t('An orthogonal Wh keeps the norm of the gradient: the healthy case.'),
    },
    {
      label: t('LSTM forget bias'),
      file: 'lstm-forget-bias',
      detail: t('Forget gates that are shut cut the gradient off; one bias opens them.'),
    },
    {
      label: t('Stack'),
      file: 'stack',
      detail: t('Three layers of LSTM: one of them loses the gradient. Which?'),
    },
    {
      label: t('Packed sequences'),
      file: 'packed',
      detail: t('Three lengths, two directions: each sequence has its own end.'),
    },
    {
      label: t('Weather, compared'),
      file: 'weather',
      detail: t('Writes a folder of files: tanh, LSTM and GRU, trained for one task, on the same axes.'),
    },
  ];
  const choice = await vscode.window.showQuickPick(examples, {
    title: t('Create an RNN example'),
    placeHolder: t('What should the gradient do?'),
  });
  if (choice === undefined) return undefined;
  const read = async (...path: string[]): Promise<string> =>
    new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(context.extensionUri, ...path)));
  const texts =
    vscode.l10n.bundle === undefined
      ? {}
      : (JSON.parse(await read('l10n', `examples.${vscode.env.language}.json`)) as Record<string, string>);
  if (choice.file === 'weather') return createWeather(context, texts);
  const text = await read('examples', choice.file, `${choice.file}.rnn.json`);
  return openUntitledConfig(choice.file, retold(text, texts));
};
