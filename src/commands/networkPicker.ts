// Which network of a file is meant, and which file of weights.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import { describeNetwork } from '../config/read/index.js';
import type { FoundNetwork } from '../config/read/index.js';
import type { Surveys } from '../editor/following/index.js';
import { pickFound } from './pickFound.js';
import { back, fileItem, pick } from './quickInput.js';
import type { Answer, Step } from './quickInput.js';

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

/** One of the workspace's networks, or another file. `misfit`: why a network is not the one that is meant. */
export const chooseWeights = (
  step: Step,
  surveys: Surveys,
  placeholder: string,
  beside: vscode.Uri | null,
  misfit: (network: FoundNetwork) => string | null,
): Promise<Answer<ChosenNetwork>> =>
  pickFound(
    step,
    placeholder,
    { surveys, beside },
    (weights, { networks }) =>
      networks.map((network) => ({
        name: network.name,
        description: describeNetwork(network),
        misfit: misfit(network),
        chosen: { weights, network },
      })),
    (weights, survey) => chooseNetwork(step, weights, survey?.networks ?? []),
  );
