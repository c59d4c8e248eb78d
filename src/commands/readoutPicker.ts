// Which file holds the linear layer above the network.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { Surveys } from '../editor/following/index.js';
import { openDialog } from './openDialog.js';
import type { ChosenReadout } from './configAnswers.js';
import { back, fileItem, pickGrowing } from './quickInput.js';
import type { Answer, KeyedItem, Step } from './quickInput.js';
import { SurveyedFiles } from './surveyedFiles.js';

type Item = KeyedItem & { readonly chosen?: ChosenReadout; readonly rank?: number };

/** `width`: how many numbers the network gives to it; null where that is not known. */
export async function chooseReadout(
  step: Step,
  surveys: Surveys,
  width: number | null,
  weights: vscode.Uri | null,
): Promise<Answer<ChosenReadout>> {
  const files = new SurveyedFiles(surveys, weights);
  const placeholder = t('Which file holds the readout, a linear layer?');
  try {
    await files.soon();
    const list = (): { readonly items: readonly Item[]; readonly busy: boolean } => {
      const items = files.all.flatMap(({ uri, surveyed }): Item[] => {
        const readout = surveyed?.kind === 'known' ? surveyed.survey.readout : null;
        if (readout === null) return [];
        const { label, description } = fileItem(uri);
        const fits = width === null || readout.width === width;
        return [
          {
            key: uri.toString(),
            label,
            description: [`[${readout.width}, ${readout.O}]`, description].filter((part) => part !== '').join('  '),
            ...(fits
              ? {}
              : { detail: `$(warning) ${t('takes {0} numbers, and the network gives {1}', readout.width, width)}` }),
            chosen: { file: uri, O: readout.O },
            rank: fits ? 0 : 1,
          },
        ];
      });
      items.sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.key.localeCompare(b.key));
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
  const file = await openDialog(placeholder);
  if (file === undefined) return undefined;
  const surveyed = await surveys.of(file, { meant: true });
  return { file, O: surveyed.kind === 'known' ? (surveyed.survey.readout?.O ?? null) : null };
}
