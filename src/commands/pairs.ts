// Weights that are run without a config: on which sequences, and how such a pair is saved as one.
import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { NewSequences } from '../config/edit/index.js';
import type { Problem } from '../config/json/index.js';
import type { FoundNetwork, MadeSequences, Pair, SequenceOptions } from '../config/read/index.js';
import { textColumn } from '../editor/context/index.js';
import { isConfig } from '../editor/following/index.js';
import type { Session } from '../editor/following/index.js';
import { applyChanges, showBehind } from '../editor/language/index.js';
import { writtenAt } from '../editor/files/index.js';
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

/** The name of a config for files of numbers. */
const asConfig = (file: vscode.Uri): vscode.Uri => {
  const name = path.posix.basename(file.path);
  return vscode.Uri.joinPath(file, '..', `${name.replace(/(?!^)(?:\.rnn)?\.[^.]*$/, '')}.rnn.json`);
};

/**
 * Where the config goes: only by its name is it one in the editor. What is there already is written over when the user
 * has picked it, and only then.
 */
async function nameFor(picked: vscode.Uri): Promise<vscode.Uri> {
  if (isConfig(picked) || (await writtenAt(picked)) !== null) return picked;
  const named = picked.with({ path: picked.path.replace(/(?:\.jsonc?)?$/, '.rnn.json') });
  return (await writtenAt(named)) === null ? named : picked;
}

/** Writes a pair down as a config where the user wants it; its panel is then the config's. */
export async function saveAsConfig(context: Context, session: Session): Promise<void> {
  const { entry } = session;
  if (entry.kind !== 'pair') return;
  const weights = vscode.Uri.parse(entry.weights, true);
  // The first one is appended to a name that has neither; of "weights.rnn.json" VS Code's own dialog (remote windows,
  // the web) sees the second one alone.
  const extensions = ['rnn.json', 'json'];
  const picked = await vscode.window.showSaveDialog({
    defaultUri: asConfig(weights),
    filters: { [t('RNN config (*.rnn.json)')]: extensions },
  });
  if (picked === undefined) return;
  const target = await nameFor(picked);
  const { network } = await networkOf(context, entry);
  const refer = (file: vscode.Uri): string => relativeReference(target, file);
  const sequences: NewSequences =
    typeof entry.sequences === 'string'
      ? {
          kind: 'file',
          place: placeOf(refer, vscode.Uri.parse(entry.sequences, true), entry.array ?? null),
          ...(entry.options === undefined ? {} : { options: entry.options }),
        }
      : { kind: 'made', made: entry.sequences, I: network?.I ?? session.summary?.shapes.I ?? 1 };
  const text = await context.subjects.inspections.newConfig({
    name: session.title,
    cell: session.summary?.cell.name ?? network?.cell ?? 'tanh',
    source: {
      kind: 'files',
      weights: placeOf(refer, weights, entry.network ?? null),
      sequences,
      ...(entry.order === undefined ? {} : { order: entry.order }),
      initialState: null,
      above: { kind: 'ones', at: 'last' },
    },
  });
  await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  const shown = vscode.window.showTextDocument(target, { viewColumn: textColumn() });
  context.panels
    .become(session, { kind: 'config', config: target.toString() })
    .run()
    .catch(() => undefined);
  await shown;
}
