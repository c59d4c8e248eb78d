// What "Create RNN Config…" asks of files that are there: which network, which sequences, and what flows in from above.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { PairRole } from '../config/read/index.js';
import type { Surveys } from '../editor/following/index.js';
import { chooseBlock, madeItems } from './blockPicker.js';
import type { BlockQuestion, ChosenBlock, ExtraItem } from './blockPicker.js';
import { knownOf } from './configAnswers.js';
import type { Context } from './commandContext.js';
import type { AboveChoice, Answers } from './configAnswers.js';
import { chooseWeights } from './networkPicker.js';
import { back, pick } from './quickInput.js';
import type { Answer, Question, Step } from './quickInput.js';
import { chooseReadout } from './readoutPicker.js';
import { nextRowItems, settledColumns, settledReading } from './tableQuestions.js';

export const askWeights =
  (surveys: Surveys): Question<Answers> =>
  async (step) => {
    const answer = await chooseWeights(step, surveys, t('Which file holds the weights?'), null, () => null);
    if (answer === undefined || answer === back) return answer;
    // Gates tell the cell; of a single one the user does.
    const cell = answer.network?.cell ?? null;
    return { weights: answer, ...(cell === null ? {} : { cell }) };
  };

const askBlock = <Extra>(
  step: Step,
  surveys: Surveys,
  answers: Partial<Answers>,
  role: PairRole,
  placeholder: string,
  extra: Pick<BlockQuestion<Extra>, 'first' | 'then'>,
): Promise<Answer<ChosenBlock | Extra>> =>
  chooseBlock(step, surveys, {
    role,
    placeholder,
    known: knownOf(answers),
    weights: answers.weights?.weights ?? null,
    ...extra,
  });

const nothingElse = { first: [], then: [] };

export const askSequences =
  ({ surveys, previews }: Pick<Context, 'surveys' | 'previews'>, answers: Partial<Answers>): Question<Answers> =>
  async (step) => {
    const placeholder = t('Which file holds the sequences, [B][T][I] or [T][I]?');
    const then = madeItems(answers.weights?.network?.I ?? null);
    const answer = await askBlock(step, surveys, answers, 'sequences', placeholder, { first: [], then });
    if (answer === undefined || answer === back) return answer;
    return { sequences: answer, ...settledReading(answer, previews) };
  };

const aboves = (): readonly (vscode.QuickPickItem & { readonly above: AboveChoice })[] => [
  {
    label: t('Ones at the last step'),
    above: { kind: 'ones', at: 'last' },
    detail: t('The pure trip back through time.'),
  },
  { label: t('Ones at every step'), above: { kind: 'ones', at: 'every' } },
  {
    label: t('Ones on what each direction computes last'),
    above: { kind: 'ones', at: 'final' },
    detail: t('Of a bidirectional classifier.'),
  },
  { label: t('A gradient from a file'), above: { kind: 'file' }, detail: 'dhs = ∂L/∂h, [B][T][H]' },
  { label: t('Mean squared error at the last step'), above: { kind: 'loss', loss: 'mse', at: 'last' } },
  { label: t('Mean squared error at every step'), above: { kind: 'loss', loss: 'mse', at: 'every' } },
  { label: t('Cross entropy at the last step'), above: { kind: 'loss', loss: 'crossEntropy', at: 'last' } },
  { label: t('Cross entropy at every step'), above: { kind: 'loss', loss: 'crossEntropy', at: 'every' } },
  {
    label: t('Binary cross entropy at the last step'),
    above: { kind: 'loss', loss: 'binaryCrossEntropy', at: 'last' },
  },
  { label: t('Binary cross entropy at every step'), above: { kind: 'loss', loss: 'binaryCrossEntropy', at: 'every' } },
];

export const askAbove: Question<Answers> = async (step) => {
  const answer = await pick(step, t('What flows in from above?'), aboves());
  return answer === undefined || answer === back ? answer : { above: answer.above };
};

export const askUpstream =
  (surveys: Surveys, answers: Partial<Answers>): Question<Answers> =>
  async (step) => {
    const placeholder = t('Which file holds the upstream gradient, [B][T][H]?');
    const answer = await askBlock<never>(step, surveys, answers, 'upstreamGradient', placeholder, nothingElse);
    return answer === undefined || answer === back ? answer : { upstream: answer };
  };

export const askReadout =
  (surveys: Surveys, answers: Partial<Answers>): Question<Answers> =>
  async (step) => {
    const network = answers.weights?.network ?? null;
    const width = network?.widths.slice(-network.directions).reduce((sum, H) => sum + H, 0) ?? null;
    const answer = await chooseReadout(step, surveys, width, answers.weights?.weights ?? null);
    return answer === undefined || answer === back ? answer : { readout: answer };
  };

export const askTargets =
  (surveys: Surveys, answers: Partial<Answers>): Question<Answers> =>
  async (step) => {
    const placeholder = t('Which file holds the targets?');
    const answer = await askBlock(step, surveys, answers, 'targets', placeholder, {
      first: nextRowItems(answers),
      then: [],
    });
    if (answer === undefined || answer === back) return answer;
    return { targets: answer, ...(answer.kind === 'nextRow' ? settledColumns(answers) : {}) };
  };

export const askState =
  (surveys: Surveys, answers: Partial<Answers>): Question<Answers> =>
  async (step) => {
    const zeros: ExtraItem<{ readonly kind: 'zeros' }> = {
      key: 'zeros',
      label: t('Zeros'),
      choice: { kind: 'zeros' },
    };
    const placeholder = t('Where does the state begin?');
    const answer = await askBlock(step, surveys, answers, 'initialState', placeholder, { first: [zeros], then: [] });
    if (answer === undefined || answer === back) return answer;
    return { state: answer.kind === 'zeros' ? null : answer };
  };
