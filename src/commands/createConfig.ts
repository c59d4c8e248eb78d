import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { openUntitledConfig } from '../editor/following/index.js';
import type { Shapes } from '../engine/index.js';
import { errorMessage, errorStack } from '../protocol/index.js';
import type { CellChoice } from '../protocol/index.js';
import type { CommandFactory, Context } from './commandContext.js';
import { configOf } from './configAnswers.js';
import type { Answers } from './configAnswers.js';
import { askAbove, askReadout, askSequences, askState, askTargets, askUpstream, askWeights } from './fileQuestions.js';
import { askAll, back, pick, type } from './quickInput.js';
import type { Question } from './quickInput.js';
import { askTargetColumns, tableQuestion, tableQuestions } from './tableQuestions.js';
import { ways, wholeNumber } from './initialisationQuestions.js';

/** More numbers than this are no text that somebody reads and changes; they belong in files of their own. */
const mostNumbers = 100_000;

const kinds = (): readonly (vscode.QuickPickItem & { readonly source: Answers['kind'] })[] => [
  {
    label: t('Made-up weights and sequences'),
    source: 'random',
    detail: t('Written into the config, from a seed: runs at once.'),
  },
  {
    label: t('Existing files'),
    source: 'files',
    detail: t("Files with weights (Wx, Wh, b, or PyTorch's or Keras' names), and sequences that fit them."),
  },
];

/** More layers than this are not one network that somebody looks at layer by layer. */
const mostLayers = 100;

/** What decides how many numbers the sizes make. */
type Network = { readonly gates: number; readonly layers: number; readonly directions: number };

/** Numbers of the matrices and biases; a layer above another takes the outputs of all directions below it. */
function weightCount({ gates, layers, directions }: Network, { I, H }: Shapes): number {
  const one = (inputs: number): number => directions * gates * H * (H + inputs + 1);
  return one(I) + (layers - 1) * one(directions * H);
}

/** Sizes as they are typed: four whole numbers, with anything between them. Or what is wrong. */
function readShapes(text: string, network: Network): Shapes | string {
  const numbers = text
    .trim()
    .split(/[\s,;×x]+/)
    .map(Number);
  const [B = 0, T = 0, I = 0, H = 0] = numbers;
  if (numbers.length !== 4 || numbers.some((n) => !Number.isInteger(n) || n < 1))
    return t('Four whole numbers from 1: sequences, timesteps, inputs, units. Such as 1, 50, 2, 16.');
  const count = B * T * I + weightCount(network, { B, T, I, H });
  return count > mostNumbers
    ? t(
        'These are {0} numbers; a config that can be read and changed holds up to {1}. Put larger ones in files.',
        count.toLocaleString('en'),
        mostNumbers.toLocaleString('en'),
      )
    : { B, T, I, H };
}

const askCell =
  (choices: readonly CellChoice[]): Question<Answers> =>
  async (step) => {
    const answer = await pick(
      step,
      t('Which cell?'),
      choices.map(({ cell, detail }) => ({ label: cell, cell, detail })),
    );
    return answer === undefined || answer === back ? answer : { cell: answer.cell };
  };

const askKind: Question<Answers> = async (step) => {
  const answer = await pick(step, t('Where do the numbers come from?'), kinds());
  return answer === undefined || answer === back ? answer : { kind: answer.source };
};

const askLayers: Question<Answers> = async (step) => {
  const answer = await type(step, t('Layers, one above the other'), '2', (text) =>
    /^\d+$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= mostLayers
      ? null
      : t('A whole number from 1 to {0}.', mostLayers),
  );
  return answer === undefined || answer === back ? answer : { layers: Number(answer) };
};

type NetworkChoice = vscode.QuickPickItem & Pick<Answers, 'directions' | 'isStack'>;

const networks = (): readonly NetworkChoice[] => [
  { label: t('One layer'), directions: 1, isStack: false },
  {
    label: t('One layer, both directions'),
    directions: 2,
    isStack: false,
    detail: t('One reads from the first step to the last, the other from the last to the first.'),
  },
  { label: t('Several layers…'), directions: 1, isStack: true, detail: t('Each takes the outputs of the one below.') },
  {
    label: t('Several layers, both directions…'),
    directions: 2,
    isStack: true,
    detail: t('Each takes the outputs of both directions below.'),
  },
];

const askNetwork: Question<Answers> = async (step) => {
  const answer = await pick(step, t('How many layers, in which directions?'), networks());
  if (answer === undefined || answer === back) return answer;
  const { directions, isStack } = answer;
  return { directions, isStack, ...(isStack ? {} : { layers: 1 }) };
};

const askShapes =
  (network: Network): Question<Answers> =>
  async (step) => {
    const answer = await type(
      step,
      t('Sizes B, T, I, H: sequences, timesteps, inputs, hidden units'),
      '1, 50, 2, 16',
      (text) => {
        const shapes = readShapes(text, network);
        return typeof shapes === 'string' ? shapes : null;
      },
    );
    if (answer === undefined || answer === back) return answer;
    const shapes = readShapes(answer, network);
    return typeof shapes === 'string' ? undefined : { shapes };
  };

const askInitialisation: Question<Answers> = async (step) => {
  const answer = await pick(step, t('How do the recurrent weights Wh start?'), ways());
  return answer === undefined || answer === back ? answer : { initialisation: answer.way };
};

const askSeed: Question<Answers> = async (step) => {
  const answer = await type(step, t('Seed: the same one gives the same numbers'), '1', wholeNumber);
  return answer === undefined || answer === back ? answer : { seed: Number(answer) };
};

type Parts = Pick<Context, 'surveys' | 'previews'>;

/** What is asked of files; the last of them is where the state begins. */
function nextOfFiles(
  parts: Parts,
  choices: readonly CellChoice[],
  answers: Partial<Answers>,
): { readonly ask: Question<Answers>; readonly of: number } | null {
  const { surveys } = parts;
  const { cell, weights, sequences, above, upstream, readout, targets, state } = answers;
  const gates = weights?.network?.cell ?? null;
  const table = tableQuestion(parts, answers);
  const of =
    5 +
    (gates === null ? 1 : 0) +
    (above?.kind === 'file' ? 1 : above?.kind === 'loss' ? 2 : 0) +
    tableQuestions(answers);
  const asked = (ask: Question<Answers>): { readonly ask: Question<Answers>; readonly of: number } => ({ ask, of });
  if (weights === undefined) return asked(askWeights(surveys));
  if (cell === undefined) return asked(askCell(choices.filter((choice) => choice.gates === 1)));
  if (sequences === undefined) return asked(askSequences(parts, answers));
  if (table !== null) return asked(table);
  if (above === undefined) return asked(askAbove);
  if (above.kind === 'file' && upstream === undefined) return asked(askUpstream(surveys, answers));
  if (above.kind === 'loss' && readout === undefined) return asked(askReadout(surveys, answers));
  if (above.kind === 'loss' && targets === undefined) return asked(askTargets(surveys, answers));
  if (targets?.kind === 'nextRow' && answers.targetColumns === undefined) return asked(askTargetColumns(answers));
  return state === undefined ? asked(askState(surveys, answers)) : null;
}

function next(
  parts: Parts,
  choices: readonly CellChoice[],
  answers: Partial<Answers>,
): { readonly ask: Question<Answers>; readonly of: number } | null {
  const { cell, kind, layers, directions, isStack, shapes, initialisation, seed } = answers;
  const of = isStack === true ? 7 : 6;
  if (kind === undefined) return { ask: askKind, of };
  if (kind === 'files') return nextOfFiles(parts, choices, answers);
  if (cell === undefined) return { ask: askCell(choices), of };
  if (directions === undefined) return { ask: askNetwork, of };
  if (layers === undefined) return { ask: askLayers, of };
  const gates = choices.find((choice) => choice.cell === cell)?.gates ?? 1;
  if (shapes === undefined) return { ask: askShapes({ gates, layers, directions }), of };
  if (initialisation === undefined) return { ask: askInitialisation, of };
  return seed === undefined ? { ask: askSeed, of } : null;
}

/**
 * Asks what the network should be and opens its config as a new, unsaved file. Nothing is written until the user saves
 * it.
 */
export async function askForConfig({ subjects, surveys, previews, log }: Context): Promise<vscode.Uri | undefined> {
  try {
    const choices = await subjects.inspections.cells();
    const answers = await askAll<Answers>(t('Create RNN Config'), (known) =>
      next({ surveys, previews }, choices, known),
    );
    const config = answers === undefined ? null : configOf(answers);
    if (config === null) return undefined;
    return await openUntitledConfig('network', await subjects.inspections.newConfig(config));
  } catch (error) {
    const message = errorMessage(error);
    log.error(errorStack(error));
    void vscode.window.showErrorMessage(t('Create RNN Config: {0}', message));
    return undefined;
  }
}

/** The config is run at once: its panel opens beside the text. */
export const createConfig: CommandFactory = (context) => async () => {
  const config = await askForConfig(context);
  if (config === undefined) return undefined;
  context.panels.show({ kind: 'config', config: config.toString() }).begin();
  return config;
};
