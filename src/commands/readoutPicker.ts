// Which file holds the linear layer above the network.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { Surveys } from '../editor/following/index.js';
import type { ChosenReadout } from './configAnswers.js';
import { pickFound } from './pickFound.js';
import type { Answer, Step } from './quickInput.js';

/** `width`: how many numbers the network gives to it; null where that is not known. */
export const chooseReadout = (
  step: Step,
  surveys: Surveys,
  width: number | null,
  weights: vscode.Uri | null,
): Promise<Answer<ChosenReadout>> =>
  pickFound(
    step,
    t('Which file holds the readout, a linear layer?'),
    { surveys, beside: weights },
    (file, { readout }) => {
      if (readout === null) return [];
      const fits = width === null || readout.width === width;
      return [
        {
          name: null,
          description: `[${readout.width}, ${readout.O}]`,
          misfit: fits ? null : t('takes {0} numbers, and the network gives {1}', readout.width, width),
          chosen: { file, O: readout.O },
        },
      ];
    },
    (file, survey) => ({ file, O: survey?.readout?.O ?? null }),
  );
