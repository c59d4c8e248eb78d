// Which network of a file is meant, and which file of weights.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import { describeNetwork } from '../config/read/index.js';
import type { FoundNetwork } from '../config/read/index.js';
import type { Surveys } from '../editor/following/index.js';
import { back, fileItem, pick, pickGrowing } from './quickInput.js';
import type { Answer, KeyedItem, Step } from './quickInput.js';
import { openDialog } from './openDialog.js';
import { SurveyedFiles } from './surveyedFiles.js';

/** A network in its file; `network` null where nobody could look into it. */
export type ChosenNetwork = { readonly weights: vscode.Uri; readonly network: FoundNetwork | null };

/** The only network of a file, or the one that the user picks; `last`: the name of the one that stands first. */
export async function chooseNetwork(
  step: Step,
  weights: vscode.Uri,
  networks: readonly FoundNetwork[],
  last: string | null = null,
): Promise<Answer<ChosenNetwork>> {
  const [first, ...others] = networks;
  if (first === undefined || others.length === 0) return { weights, network: first ?? null };
  const sorted = networks.toSorted((a, b) => Number(b.name === last) - Number(a.name === last));
  const items = sorted.map((network) => ({
    label: network.name ?? '',
    description: describeNetwork(network),
    network,
  }));
  const answer = await pick(step, t('{0} holds several networks. Which one?', fileItem(weights).label), items);
  return answer === undefined || answer === back ? answer : { weights, network: answer.network };
}

type Item = KeyedItem & { readonly chosen?: ChosenNetwork };

/** One of the workspace's networks, or another file. `fits`: whether it may be the one. */
export async function chooseWeights(
  step: Step,
  surveys: Surveys,
  placeholder: string,
  beside: vscode.Uri | null,
  misfit: (network: FoundNetwork) => string | null,
): Promise<Answer<ChosenNetwork>> {
  const files = new SurveyedFiles(surveys, beside);
  try {
    await files.soon();
    const list = (): { readonly items: readonly Item[]; readonly busy: boolean } => {
      const found = files.all.flatMap(({ uri, surveyed }) =>
        surveyed?.kind === 'known' ? surveyed.survey.networks.map((network) => ({ uri, network })) : [],
      );
      const items = found.map(({ uri, network }): Item & { readonly rank: number } => {
        const { label, description } = fileItem(uri);
        const reason = misfit(network);
        return {
          key: `${uri.toString()}\n${network.name ?? ''}`,
          label: network.name === null ? label : `${label} · ${network.name}`,
          description: [describeNetwork(network), description].filter((part) => part !== '').join('  '),
          ...(reason === null ? {} : { detail: `$(warning) ${reason}` }),
          chosen: { weights: uri, network },
          rank: reason === null ? 0 : 1,
        };
      });
      items.sort((a, b) => a.rank - b.rank || a.key.localeCompare(b.key));
      return {
        items: [...items, { key: 'other', label: `$(folder-opened) ${t('Another file…')}` }],
        busy: !files.isComplete,
      };
    };
    const answer = await pickGrowing(step, placeholder, list, files.onDidGrow);
    if (answer === undefined || answer === back) return answer;
    if (answer.chosen !== undefined) return answer.chosen;
  } finally {
    files.dispose();
  }
  const other = await openDialog(placeholder);
  if (other === undefined) return undefined;
  const surveyed = await surveys.of(other, { meant: true });
  return chooseNetwork(step, other, surveyed.kind === 'known' ? surveyed.survey.networks : []);
}
