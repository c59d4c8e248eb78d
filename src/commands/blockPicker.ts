// Which file holds the sequences, or something else that has to fit the weights: sorted by shapes, misfits last.
import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { bestBlock, fitOf, megabytes, usualSequences } from '../config/read/index.js';
import type { FileSurvey, Fit, FoundBlock, KnownPair, MadeSequences, PairRole } from '../config/read/index.js';
import type { Surveyed, Surveys } from '../editor/following/index.js';
import { counted } from '../config/json/index.js';
import { openDialog } from './openDialog.js';
import { back, fileItem, pickGrowing } from './quickInput.js';
import type { Answer, KeyedItem, Step } from './quickInput.js';
import { SurveyedFiles } from './surveyedFiles.js';
import type { SurveyedFile } from './surveyedFiles.js';

/** A block in its file; `block` null where nobody could look into it. */
export type ChosenBlock = {
  readonly kind: 'block';
  readonly file: vscode.Uri;
  readonly block: FoundBlock | null;
  /** A table or a text, of which is still to be said how it is read. */
  readonly isPlain?: boolean;
  /** It is to be looked at first. */
  readonly look?: true;
};
type Item<Extra> = KeyedItem & { readonly choice?: ChosenBlock | Extra };
/** What is offered beside files. */
export type ExtraItem<Extra> = KeyedItem & { readonly choice: Extra };

export type BlockQuestion<Extra> = {
  readonly role: PairRole;
  readonly placeholder: string;
  readonly known: KnownPair;
  /** The weights: what lies beside them comes first, and they themselves are left out. */
  readonly weights: vscode.Uri | null;
  /** Above all files. */
  readonly first: readonly ExtraItem<Extra>[];
  /** Behind the files that fit. */
  readonly then: readonly ExtraItem<Extra>[];
  /** Whether a file can be looked at before it is chosen. */
  readonly looks?: true;
};

/** Words in the names of files that hold such numbers. */
const hints: Readonly<Record<PairRole, RegExp>> = {
  sequences: /seq|inputs?|batch|(?<![a-z])xs?(?![a-z])/i,
  initialState: /state|h0|hidden|initial/i,
  upstreamGradient: /dhs|upstream|grad/i,
  targets: /target|label|(?<![a-z])ys?(?![a-z])/i,
};
const roles = Object.keys(hints) as PairRole[];
const wordsOf = (file: vscode.Uri, block: FoundBlock | null): string =>
  `${path.posix.basename(file.path)} ${block?.name ?? ''}`;

/** 0 where the name says so, 2 where it says something else. */
function hintRank(role: PairRole, words: string): number {
  if (hints[role].test(words)) return 0;
  return roles.some((other) => other !== role && hints[other].test(words)) ? 2 : 1;
}

/** `[4, 200, 8]`; of sequences of different lengths `[4, 7–200, 8]`; of a table its rows and columns. */
function describeBlock({ shape, lengths, table }: FoundBlock): string {
  if (table === true) return `${counted(shape[0] ?? 0, 'rows')}, ${counted(shape[1] ?? 0, 'columns')}`;
  const sizes = lengths === null ? shape : [shape[0], `${lengths[0]}–${lengths[1]}`, ...shape.slice(2)];
  return `[${sizes.join(', ')}]`;
}

const lookButton = (): vscode.QuickInputButton => ({
  iconPath: new vscode.ThemeIcon('open-preview'),
  tooltip: t('Look at these sequences first'),
});

type Ranked = { readonly item: Item<never>; readonly order: readonly (number | string)[]; readonly fits: boolean };

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (left === right || right === undefined) continue;
    return typeof left === 'number' && typeof right === 'number'
      ? left - right
      : String(left).localeCompare(String(right));
  }
  return 0;
}

const isBeside = (file: vscode.Uri, weights: vscode.Uri | null): boolean =>
  weights !== null && path.posix.dirname(file.path) === path.posix.dirname(weights.path);

function rankedBlock(
  uri: vscode.Uri,
  block: FoundBlock,
  { reason, rank }: Fit,
  { role, weights, looks }: BlockQuestion<unknown>,
): Ranked {
  const { label, description } = fileItem(uri);
  return {
    item: {
      key: `${uri.toString()}\n${block.name ?? ''}`,
      label: block.name === null ? label : `${label} · ${block.name}`,
      description: [describeBlock(block), description].filter((part) => part !== '').join('  '),
      ...(reason === null ? {} : { detail: `$(warning) ${reason}` }),
      ...(looks === true ? { buttons: [lookButton()] } : {}),
      choice: { kind: 'block', file: uri, block, isPlain: block.table === true },
    },
    order: [hintRank(role, wordsOf(uri, block)), rank, isBeside(uri, weights) ? 0 : 1, uri.path, block.name ?? ''],
    fits: reason === null,
  };
}

/** What nobody has looked into, because it is large, or not yet. */
function rankedUnknown(uri: vscode.Uri, surveyed: Surveyed | null, { role, weights }: BlockQuestion<unknown>): Ranked {
  const { label, description } = fileItem(uri);
  const told = surveyed?.kind === 'large' ? megabytes(surveyed.bytes) : '…';
  return {
    item: {
      key: `${uri.toString()}\n`,
      label,
      description: [told, description].filter((part) => part !== '').join('  '),
      choice: { kind: 'block', file: uri, block: null },
    },
    order: [9, hintRank(role, wordsOf(uri, null)), isBeside(uri, weights) ? 0 : 1, uri.path],
    fits: true,
  };
}

/** What frameworks call the parameters of their layers. */
const parameterName = /(?:^|[./_])(?:weight|bias|kernel|gamma|beta|running_mean|running_var)$/i;

/** Weights of whatever network are no sequences. */
const mayHold = ({ networks, blocks }: FileSurvey): boolean =>
  networks.length === 0 && !blocks.some(({ name }) => name !== null && parameterName.test(name));

function rankedOf({ uri, surveyed }: SurveyedFile, question: BlockQuestion<unknown>): Ranked[] {
  if (uri.toString() === question.weights?.toString() || uri.path.endsWith('.rnn.json')) return [];
  if (surveyed === null || surveyed.kind === 'large') return [rankedUnknown(uri, surveyed, question)];
  if (surveyed.kind !== 'known' || !mayHold(surveyed.survey)) return [];
  return surveyed.survey.blocks
    .filter(({ shape }) => question.role === 'targets' || shape.length > 1)
    .map((block) => rankedBlock(uri, block, fitOf(question.role, block, question.known), question));
}

const separator = (label: string): KeyedItem => ({ key: label, label, kind: vscode.QuickPickItemKind.Separator });

/** Files that fit, then what is offered beside them, then those that do not fit, each with the reason. */
export function blockItems<Extra>(files: readonly SurveyedFile[], question: BlockQuestion<Extra>): Item<Extra>[] {
  const ranked = files.flatMap((file) => rankedOf(file, question)).sort((a, b) => compare(a.order, b.order));
  const itemsOf = (fits: boolean): Item<never>[] => ranked.filter((one) => one.fits === fits).map(({ item }) => item);
  const misfits = itemsOf(false);
  return [
    ...question.first,
    ...itemsOf(true),
    ...question.then,
    { key: 'other', label: `$(folder-opened) ${t('Another file…')}` },
    ...(misfits.length === 0 ? [] : [separator(t('do not fit'))]),
    ...misfits,
  ];
}

/** Asks for a file; one that nobody has looked into is looked into then. */
export async function chooseBlock<Extra>(
  step: Step,
  surveys: Surveys,
  question: BlockQuestion<Extra>,
): Promise<Answer<ChosenBlock | Extra>> {
  const files = new SurveyedFiles(surveys, question.weights);
  let file: vscode.Uri | undefined;
  try {
    await files.soon();
    const list = (): { readonly items: readonly Item<Extra>[]; readonly busy: boolean } => ({
      items: blockItems(files.all, question),
      busy: !files.isComplete,
    });
    const answer = await pickGrowing(step, question.placeholder, list, files.onDidGrow, looked);
    if (answer === undefined || answer === back) return answer;
    const { choice } = answer;
    if (choice !== undefined && !isUnknown(choice)) return choice;
    file = isUnknown(choice) ? choice.file : await openDialog(question.placeholder);
  } finally {
    files.dispose();
  }
  if (file === undefined) return undefined;
  const surveyed = await surveys.of(file, { meant: true });
  const survey = surveyed.kind === 'known' ? surveyed.survey : null;
  const block = survey === null ? null : bestBlock(survey, question.role, question.known);
  return { kind: 'block', file, block, isPlain: survey?.isPlain === true };
}

/** The same item, to be looked at. */
const looked = <Extra>(item: Item<Extra>): Item<Extra> =>
  isBlock(item.choice) ? { ...item, choice: { ...item.choice, look: true } } : item;
const isBlock = (choice: unknown): choice is ChosenBlock =>
  typeof choice === 'object' && choice !== null && 'kind' in choice && choice.kind === 'block';

const isUnknown = (choice: unknown): choice is ChosenBlock => isBlock(choice) && choice.block === null;

export type MadeChoice = { readonly kind: 'made'; readonly made: MadeSequences };

/** Sequences without a file. */
export function madeItems(I: number | null): ExtraItem<MadeChoice>[] {
  const random = usualSequences(I);
  const { B, T } = random;
  const item = (label: string, made: MadeSequences): ExtraItem<MadeChoice> => ({
    key: made.made,
    label,
    choice: { kind: 'made', made },
  });
  return [
    item(t('Random sequences (B {0}, T {1})', B, T), random),
    item(t('All zeros (B {0}, T {1})', 1, T), { made: 'zeros', B: 1, T, seed: 1 }),
  ];
}
