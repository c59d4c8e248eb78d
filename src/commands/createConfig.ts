import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { NewConfig } from '../config/edit/index.js';
import { longestSearch, searchFiles } from '../editor/files/index.js';
import { openUntitledConfig } from '../editor/following/index.js';
import type { CellName, Initialisation, Shapes } from '../engine/index.js';
import type { CellChoice } from '../protocol/index.js';
import type { CommandFactory, Context } from './commandContext.js';
import { askAll, back, fileItem, pick, pickFound, type } from './quickInput.js';
import type { Question, Step } from './quickInput.js';
import { ways, wholeNumber } from './initialisationQuestions.js';
import { relativeReference } from './saveAsConfig.js';

/** More numbers than this are no text that somebody reads and changes; they belong in files of their own. */
const mostNumbers = 100_000;
const mostFiles = 500;
const ignored = '**/{node_modules,.git,.vscode}/**';

type Answers = {
  readonly cell: CellName;
  readonly kind: NewConfig['source']['kind'];
  readonly shapes: Shapes;
  readonly initialisation: Initialisation;
  readonly seed: number;
  readonly weights: vscode.Uri;
  readonly sequences: vscode.Uri;
};

const kinds = (): readonly (vscode.QuickPickItem & { readonly source: Answers['kind'] })[] => [
  {
    label: t('Made-up weights and sequences'),
    source: 'random',
    detail: t('Written into the config, from a seed: runs at once.'),
  },
  {
    label: t('Existing files'),
    source: 'files',
    detail: t("JSON files with weights (Wx, Wh, b, or PyTorch's or Keras' names) and sequences."),
  },
];

/** Sizes as they are typed: four whole numbers, with anything between them. Or what is wrong. */
function readShapes(text: string, gates: number): Shapes | string {
  const numbers = text
    .trim()
    .split(/[\s,;×x]+/)
    .map(Number);
  const [B = 0, T = 0, I = 0, H = 0] = numbers;
  if (numbers.length !== 4 || numbers.some((n) => !Number.isInteger(n) || n < 1))
    return t('Four whole numbers from 1: sequences, timesteps, inputs, units. Such as 1, 50, 2, 16.');
  const count = B * T * I + gates * H * (H + I);
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

const askShapes =
  (gates: number): Question<Answers> =>
  async (step) => {
    const answer = await type(
      step,
      t('Sizes B, T, I, H: sequences, timesteps, inputs, hidden units'),
      '1, 50, 2, 16',
      (text) => {
        const shapes = readShapes(text, gates);
        return typeof shapes === 'string' ? shapes : null;
      },
    );
    if (answer === undefined || answer === back) return answer;
    const shapes = readShapes(answer, gates);
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

/** One of the workspace's JSON files, those with a likely name first, or any other. */
async function askFile(
  step: Step,
  placeholder: string,
  likely: RegExp,
  not: vscode.Uri | undefined,
): Promise<vscode.Uri | typeof back | undefined> {
  const rank = (uri: vscode.Uri): number =>
    (likely.test(path.posix.basename(uri.path)) ? 0 : 2) +
    (not !== undefined && path.posix.dirname(uri.path) === path.posix.dirname(not.path) ? 0 : 1);
  type Item = vscode.QuickPickItem & { readonly uri?: vscode.Uri };
  const answer = await pickFound<Item>(
    step,
    searchFiles('**/*.{json,jsonc}', ignored, mostFiles, longestSearch),
    (found) => {
      const files = (found ?? []).filter(
        (uri) => !uri.path.endsWith('.rnn.json') && uri.toString() !== not?.toString(),
      );
      files.sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
      const items = files.map((uri): Item => ({ ...fileItem(uri), uri }));
      return {
        placeholder: found === undefined ? t('{0} Still searching…', placeholder) : placeholder,
        items: [...items, { label: `$(folder-opened) ${t('Another file…')}` }],
      };
    },
  );
  if (answer === undefined || answer === back) return answer;
  return (
    answer.uri ??
    (
      await vscode.window.showOpenDialog({
        title: placeholder,
        canSelectMany: false,
        filters: { JSON: ['json', 'jsonc'] },
      })
    )?.[0]
  );
}

const askWeights: Question<Answers> = async (step) => {
  const answer = await askFile(step, t('Which file holds the weights?'), /weight|state|model|param/i, undefined);
  return answer === undefined || answer === back ? answer : { weights: answer };
};

const askSequences =
  (weights: vscode.Uri): Question<Answers> =>
  async (step) => {
    const answer = await askFile(
      step,
      t('Which file holds the sequences, [B][T][I] or [T][I]?'),
      /seq|xs|input/i,
      weights,
    );
    return answer === undefined || answer === back ? answer : { sequences: answer };
  };

function next(
  choices: readonly CellChoice[],
  { cell, kind, shapes, initialisation, seed, weights, sequences }: Partial<Answers>,
): { readonly ask: Question<Answers>; readonly of: number } | null {
  if (cell === undefined) return { ask: askCell(choices), of: 5 };
  if (kind === undefined) return { ask: askKind, of: 5 };
  if (kind === 'files')
    return weights === undefined
      ? { ask: askWeights, of: 4 }
      : sequences === undefined
        ? { ask: askSequences(weights), of: 4 }
        : null;
  const gates = choices.find((choice) => choice.cell === cell)?.gates ?? 1;
  if (shapes === undefined) return { ask: askShapes(gates), of: 5 };
  if (initialisation === undefined) return { ask: askInitialisation, of: 5 };
  return seed === undefined ? { ask: askSeed, of: 5 } : null;
}

/**
 * As it stands in a config at the top of the workspace, where the new one is put; the full path without a workspace.
 */
function reference(file: vscode.Uri): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return folder === undefined ? file.fsPath : relativeReference(vscode.Uri.joinPath(folder, 'network.rnn.json'), file);
}

function request({ cell, shapes, initialisation, seed, weights, sequences }: Partial<Answers>): NewConfig | null {
  if (cell === undefined) return null;
  if (weights !== undefined && sequences !== undefined) {
    return {
      name: path.posix.basename(weights.path).replace(/\.jsonc?$/, ''),
      cell,
      source: { kind: 'files', weights: reference(weights), sequences: reference(sequences) },
    };
  }
  if (shapes === undefined || initialisation === undefined || seed === undefined) return null;
  return {
    name: `${cell}, ${initialisation} Wh, seed ${seed}`,
    cell,
    source: { kind: 'random', shapes, initialisation, seed },
  };
}

/**
 * Asks what the network should be and opens its config as a new, unsaved file. Nothing is written until the user saves
 * it.
 */
export async function askForConfig({ subjects, log }: Context): Promise<vscode.Uri | undefined> {
  try {
    const choices = await subjects.inspections.cells();
    const answers = await askAll<Answers>(t('Create RNN Config'), (known) => next(choices, known));
    const config = answers === undefined ? null : request(answers);
    if (config === null) return undefined;
    return await openUntitledConfig('network', await subjects.inspections.newConfig(config));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error(message);
    void vscode.window.showErrorMessage(t('Create RNN Config: {0}', message));
    return undefined;
  }
}

export const createConfig: CommandFactory = (context) => () => askForConfig(context);
