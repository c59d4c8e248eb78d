// What "Create RNN Config…" asks of a table: how its rows become sequences, and which columns of the next row are the
// targets.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { FoundBlock, SequenceOptions } from '../config/read/index.js';
import type { SequencePreviews } from '../panel/index.js';
import type { ChosenBlock, ExtraItem, MadeChoice } from './blockPicker.js';
import type { Context } from './commandContext.js';
import type { Answers, NextRow } from './configAnswers.js';
import { baseName } from './openDialog.js';
import { back, pick, pickMany } from './quickInput.js';
import type { Question } from './quickInput.js';

/** So many rows are one sequence that nobody wonders about. */
const fewRows = 200;
/** A day of hours, and what a picture shows step by step. */
const usualWindows = [24, 100];

type Table = { readonly file: vscode.Uri; readonly block: FoundBlock };

/** The table that was chosen; null where none was, or nobody has looked into it. */
function tableOf({ sequences }: Partial<Answers>): Table | null {
  if (sequences?.kind !== 'block' || sequences.block?.table !== true) return null;
  return { file: sequences.file, block: sequences.block };
}

/** What need not be asked: an open preview says it, or there is nothing to choose. */
export function settledReading(
  sequences: ChosenBlock | MadeChoice,
  previews: Pick<SequencePreviews, 'choiceFor'>,
): Pick<Partial<Answers>, 'reading' | 'normalise'> {
  const isPlain = sequences.kind === 'block' && sequences.isPlain === true;
  if (!isPlain) return { reading: {}, normalise: 'unsaid' };
  const seen = previews.choiceFor(sequences.file);
  if (seen !== null) return { reading: seen.options, normalise: 'unsaid' };
  const { block } = sequences;
  if (block === null) return { reading: {}, normalise: 'unsaid' };
  return (block.shape[0] ?? 0) > fewRows ? {} : { reading: {} };
}

/** Names that the config has to choose from, where the table has more than the weights take. */
function tooMany(answers: Partial<Answers>): readonly string[] | null {
  const names = tableOf(answers)?.block.columns?.map(({ name }) => name) ?? [];
  const I = answers.weights?.network?.I ?? names.length;
  return names.length > I ? names : null;
}

const needsColumns = (answers: Partial<Answers>): boolean =>
  answers.reading?.columns === undefined && tooMany(answers) !== null;

/** Whether the columns that are run look like what nobody has normalised. */
function isRaw(answers: Partial<Answers>): boolean {
  const chosen = answers.reading?.columns;
  const columns = tableOf(answers)?.block.columns ?? [];
  return columns.some(({ name, isRaw: is }) => is && (chosen?.includes(name) ?? true));
}

/** The next question of a table; null where there is none. */
export function tableQuestion(
  { previews }: Pick<Context, 'previews'>,
  answers: Partial<Answers>,
): Question<Answers> | null {
  const table = tableOf(answers);
  if (table === null) return null;
  if (answers.reading === undefined) return askReading(previews, table);
  if (needsColumns(answers)) return askColumns(answers);
  return answers.normalise === undefined && isRaw(answers) ? askNormalise : null;
}

/** How many questions a table has in all, as far as is known. */
export function tableQuestions(answers: Partial<Answers>): number {
  const rows = tableOf(answers)?.block.shape[0] ?? 0;
  const isSeen = answers.normalise === 'unsaid';
  const asked = [!isSeen && rows > fewRows, tooMany(answers) !== null, !isSeen && isRaw(answers)];
  return nextRowQuestions(answers) + asked.filter(Boolean).length;
}

const nextRowQuestions = ({ targets, targetColumns }: Partial<Answers>): number =>
  targets?.kind === 'nextRow' && targetColumns === undefined ? 1 : 0;

type ReadingItem = vscode.QuickPickItem & { readonly reading: SequenceOptions | 'look' };

function readings(rows: number): readonly ReadingItem[] {
  return [
    ...usualWindows
      .filter((size) => 2 * size <= rows)
      .map((size) => ({
        label: t('Windows of {0} rows that do not overlap', size),
        description: t('{0} sequences', Math.floor(rows / size)),
        reading: { window: size },
      })),
    { label: t('All {0} rows as one sequence', rows), reading: {} },
    {
      label: `$(open-preview) ${t('Look at it first…')}`,
      detail: t('What is chosen in the preview goes into the config.'),
      reading: 'look',
    },
  ];
}

const askReading =
  (previews: SequencePreviews, { file, block }: Table): Question<Answers> =>
  async (step) => {
    const answer = await pick(step, t('How is the table {0} read?', baseName(file)), readings(block.shape[0] ?? 0));
    if (answer === undefined || answer === back) return answer;
    if (answer.reading !== 'look') return { reading: answer.reading };
    await previews.show(file, null, vscode.ViewColumn.Active);
    const goOn = t('Continue');
    const told = t('Choose how {0} is read, then continue: the config takes it from the preview.', baseName(file));
    if ((await vscode.window.showInformationMessage(told, goOn)) !== goOn) return undefined;
    return { reading: previews.choiceFor(file)?.options ?? {}, normalise: 'unsaid' };
  };

const askColumns =
  (answers: Partial<Answers>): Question<Answers> =>
  async (step) => {
    const names = tooMany(answers) ?? [];
    const I = answers.weights?.network?.I ?? names.length;
    const placeholder = t('Which columns are the inputs? The weights take {0}.', I);
    const columns = await pickMany(step, placeholder, names, names.slice(0, I), I);
    if (columns === undefined || columns === back) return columns;
    return { reading: { ...answers.reading, columns } };
  };

const askNormalise: Question<Answers> = async (step) => {
  const items: readonly (vscode.QuickPickItem & { readonly normalise: Answers['normalise'] })[] = [
    {
      label: t('By mean and deviation'),
      description: 'zScore',
      detail: t('As most networks are trained; by the first 70 % of the rows.'),
      normalise: 'zScore',
    },
    { label: t('As they stand in the file'), normalise: 'none' },
  ];
  const answer = await pick(step, t('How were the inputs normalised when the network was trained?'), items);
  return answer === undefined || answer === back ? answer : { normalise: answer.normalise };
};

/** How many columns the targets have; null where the readout does not say it. */
const targetWidth = ({ above, readout }: Partial<Answers>): number | null =>
  above?.kind === 'loss' && above.loss === 'crossEntropy' ? 1 : (readout?.O ?? null);

const columnsOf = (answers: Partial<Answers>): readonly string[] =>
  tableOf(answers)?.block.columns?.map(({ name }) => name) ?? [];

/** The columns that are run. */
const inputsOf = (answers: Partial<Answers>): readonly string[] => answers.reading?.columns ?? columnsOf(answers);

/** Targets out of the table of the sequences, where it has as many columns as the readout has outputs. */
export function nextRowItems(answers: Partial<Answers>): ExtraItem<NextRow>[] {
  const table = tableOf(answers);
  if (table === null || columnsOf(answers).length < (targetWidth(answers) ?? 1)) return [];
  const settled = settledColumns(answers).targetColumns;
  return [
    {
      key: 'nextRow',
      label: t('The next row of {0}', baseName(table.file)),
      description: settled === undefined ? t('some of its columns…') : settled.join(', '),
      detail: t('What the sequences hold one step later: a forecast.'),
      choice: { kind: 'nextRow' },
    },
  ];
}

/** The columns where there is nothing to choose: the inputs, as many as the readout has outputs. */
export function settledColumns(answers: Partial<Answers>): Pick<Partial<Answers>, 'targetColumns'> {
  const inputs = inputsOf(answers);
  const all = columnsOf(answers);
  const isOnly = all.length === inputs.length || all.length === 1;
  return isOnly && inputs.length === targetWidth(answers) ? { targetColumns: inputs } : {};
}

export const askTargetColumns =
  (answers: Partial<Answers>): Question<Answers> =>
  async (step) => {
    const width = targetWidth(answers);
    const inputs = inputsOf(answers);
    const picked = inputs.slice(0, width ?? inputs.length);
    const placeholder =
      width === null
        ? t('Which columns of the next row are the targets?')
        : t('Which columns of the next row are the targets? The readout has {0} outputs.', width);
    const targetColumns = await pickMany(step, placeholder, columnsOf(answers), picked, width);
    return targetColumns === undefined || targetColumns === back ? targetColumns : { targetColumns };
  };
