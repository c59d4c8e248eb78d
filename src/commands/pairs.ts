// Weights that are run without a config: on which sequences.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { NewSequences } from '../config/edit/index.js';
import type { Problem } from '../config/json/index.js';
import type { FoundNetwork, MadeSequences, Pair, SequenceOptions } from '../config/read/index.js';
import type { Session } from '../editor/following/index.js';
import { applyChanges, showBehind } from '../editor/language/index.js';
import { chooseBlock, madeItems } from './blockPicker.js';
import type { ExtraItem, MadeChoice } from './blockPicker.js';
import { baseName } from './openDialog.js';
import type { Context } from './commandContext.js';
import { placeOf } from './configAnswers.js';
import type { ChosenNetwork } from './networkPicker.js';
import { back, fileItem } from './quickInput.js';
import { relativeReference } from './relativeReference.js';

export type ConfigChoice = { readonly kind: 'config'; readonly config: vscode.Uri };

/** The configs that name the file, as they are offered above everything else. */
export const configItems = (configs: readonly vscode.Uri[]): ExtraItem<ConfigChoice>[] =>
  configs.map((config) => ({
    ...fileItem(config),
    key: config.toString(),
    description: t('a config that names this file'),
    choice: { kind: 'config', config },
  }));

/**
 * What the weights are run with. `why`: what was wrong with the sequences before. Undefined when the user gives up, or
 * looks at the sequences first: their preview then runs the weights.
 */
export async function chooseSequences(
  { surveys, previews }: Context,
  { weights, network }: ChosenNetwork,
  configs: readonly vscode.Uri[],
  why?: string,
): Promise<Pair | ConfigChoice | undefined> {
  const answer = await chooseBlock<ConfigChoice | MadeChoice>(
    { title: t('Run RNN: sequences for {0}', network?.name ?? baseName(weights)) },
    surveys,
    {
      role: 'sequences',
      placeholder: why ?? t('Input sequences, [B][T][I] or [T][I]'),
      known: { network, B: null, T: null, loss: null },
      weights,
      first: configItems(configs),
      then: madeItems(network?.I ?? null),
      looks: true,
    },
  );
  if (answer === undefined || answer === back) return undefined;
  if (answer.kind === 'config') return answer;
  if (answer.kind === 'block' && (answer.look === true || answer.isPlain === true)) {
    const choice = { options: {}, array: answer.block?.name ?? null };
    await previews.show(answer.file, { weights, network, choice }, vscode.ViewColumn.Active);
    return undefined;
  }
  const sequences = answer.kind === 'made' ? answer.made : answer.file.toString();
  const array = answer.kind === 'made' ? null : (answer.block?.name ?? null);
  return pairOf(weights, network?.name ?? null, sequences, array);
}

export const pairOf = (
  weights: vscode.Uri,
  network: string | null,
  sequences: string | MadeSequences,
  array: string | null,
  options: SequenceOptions = {},
): Pair => ({
  kind: 'pair',
  weights: weights.toString(),
  ...(network === null ? {} : { network }),
  sequences,
  ...(array === null ? {} : { array }),
  ...(Object.keys(options).length === 0 ? {} : { options }),
});

/** The network of a pair, as its file is now. */
export async function networkOf({ surveys }: Context, { weights, network }: Pair): Promise<ChosenNetwork> {
  const uri = vscode.Uri.parse(weights, true);
  const surveyed = await surveys.of(uri, { meant: true });
  const networks: readonly FoundNetwork[] = surveyed.kind === 'known' ? surveyed.survey.networks : [];
  return { weights: uri, network: networks.find(({ name }) => name === (network ?? null)) ?? networks[0] ?? null };
}

/** The first problem that other sequences could mend; null where it is the weights' own. */
export const faultOfSequences = ({ sequences }: Pair, problems: readonly Problem[]): Problem | null => {
  const errors = problems.filter(({ severity }) => severity === 'error');
  return errors.every(({ file }) => file === sequences) ? (errors[0] ?? null) : null;
};

/** Other sequences for a config, as an edit of its text, which is run as every other one is. */
export async function changeSequences({ surveys, previews }: Context, session: Session): Promise<void> {
  const { entry, summary } = session;
  if (entry.kind !== 'config') return;
  const config = vscode.Uri.parse(entry.config, true);
  const I = summary === null ? null : (summary.network?.inputs ?? summary.shapes.I);
  const answer = await chooseBlock<MadeChoice>({ title: t('Choose other sequences: {0}', session.title) }, surveys, {
    role: 'sequences',
    placeholder: t('Input sequences, [B][T][I] or [T][I]'),
    known: {
      network: I === null ? null : { name: null, cell: null, layers: 1, directions: 1, I, widths: [] },
      B: null,
      T: null,
      loss: null,
    },
    weights: config,
    first: [],
    // As many inputs as the weights take, or there is nothing to make.
    then: I === null ? [] : madeItems(I),
  });
  if (answer === undefined || answer === back) return;
  const sequences: NewSequences =
    answer.kind === 'made'
      ? { kind: 'made', made: answer.made, I: I ?? 1 }
      : {
          kind: 'file',
          place: placeOf((file) => relativeReference(config, file), answer.file, answer.block?.name ?? null),
          // A preview that is open says how.
          ...(answer.isPlain === true ? { options: previews.choiceFor(answer.file)?.options ?? {} } : {}),
        };
  const files = await applyChanges(() =>
    session.request('change', {
      config: entry.config,
      file: entry.config,
      path: 'sequences',
      change: { kind: 'sequences', sequences },
    }),
  );
  if (files !== null) await showBehind(files);
}
