// Sequences before anything is run on them: what a config, or a file with what the user has chosen for it, makes of
// them.
import { t } from '@vscode/l10n';
import type { Loss } from '../../engine/index.js';
import { UnreadableNumbers } from '../json/problem.js';
import type { Problem } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import type { Value } from '../json/jsonValue.js';
import { Report } from '../problems/problemReport.js';
import { kindOf } from './classify.js';
import type { Files, SequenceOptions } from './fileAccess.js';
import { asSequences, filePart } from './fileParts.js';
import { openEntry } from './openEntry.js';
import { OpenFiles } from './openFiles.js';
import { sequencePartKeys } from './partKeys.js';
import { isProse, Options } from './plainFiles.js';
import { checkExperiment } from './readExperiment.js';
import { withLengths } from './readLengths.js';
import { readSequences } from './readSequences.js';
import type { ReadSequences } from './readSequences.js';
import { configKeys } from './schema.js';
import { optionsValue } from './sequenceOptions.js';
import { orderOf } from './sequenceOrder.js';
import { Sources } from './sourceFiles.js';
import { blocksIn } from './survey.js';
import { validateObject } from './validateObject.js';

/** `array`: of a file that holds several. */
export type PreviewChoice = { readonly options: SequenceOptions; readonly array: string | null };

export type PreviewedSequences = {
  /** A config says how; nothing can be chosen beside it. */
  readonly isConfig: boolean;
  /** Such as "a NumPy .npy file". */
  readonly format: string;
  readonly read: ReadSequences;
  /** What is in force. */
  readonly options: SequenceOptions;
  /** Arrays that could be the sequences, where the file holds several, and the one that is. */
  readonly arrays: readonly string[];
  readonly array: string | null;
  /** With its targets; null where the config has none, or none that can be read. */
  readonly loss: Loss | null;
};

export type Preview = {
  /** Null where there are no sequences, which the problems say. */
  readonly sequences: PreviewedSequences | null;
  readonly problems: readonly Problem[];
  /** Every file that was read or looked for. */
  readonly files: readonly string[];
};

/** `choice` counts where the file is no config. */
export async function previewSequences(id: string, choice: PreviewChoice, files: Files, tick: Tick): Promise<Preview> {
  const report = new Report();
  const open = new OpenFiles(files, { tick });
  const sources = new Sources(open, report);
  const root = await sources.open(id);
  if (root === null) return { sequences: null, problems: report.sorted(sources.ids), files: sources.ids };
  if (root.node.kind === 'object' && kindOf(root) === 'config') return ofConfig(id, files, tick);
  const sequences = await orProblem(report, () => ofFile(root, choice, sources, report));
  return { sequences: report.hasErrors ? null : sequences, problems: report.sorted(sources.ids), files: sources.ids };
}

/** Numbers of a file on the disk that cannot be read are a problem of the file. */
async function orProblem<Result>(report: Report, read: () => Promise<Result | null>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnreadableNumbers)) throw error;
    report.add(error.problem);
    return null;
  }
}

async function ofFile(
  root: Value,
  { options: chosen, array }: PreviewChoice,
  sources: Sources,
  report: Report,
): Promise<PreviewedSequences | null> {
  const { document } = root;
  const isPlain = root.node.kind === 'plain';
  // A text that is no table has one way to be read at all.
  const options: SequenceOptions =
    isPlain && chosen.tokens === undefined && isProse(root) ? { ...chosen, tokens: unitOfProse } : chosen;
  // An archive of one array for each sequence is all of them.
  const isParts = root.node.kind === 'object' && asSequences(root) === root;
  const blocks = isParts ? blocksIn(root).filter(({ shape }) => shape.length > 1) : [];
  const arrays = blocks.map(({ name }) => name!);
  const block = arrays.find((name) => name === array) ?? blocks.find(({ shape }) => shape.length === 3)?.name ?? null;
  const part = block === null ? root : await sources.openPart(document.id, block);
  if (part === null) return null;
  const said = isPlain ? optionsValue(document.id, options, document.tick, report) : null;
  const read = report.hasErrors ? null : await readSequences(part, 'float64', sources, report, undefined, said);
  if (read === null) return null;
  return {
    isConfig: false,
    format: formatOf(read, root),
    read,
    options: isPlain ? options : {},
    arrays: arrays.length > 1 ? arrays : [],
    array: block,
    loss: null,
  };
}

const unitOfProse = 'characters';

async function ofConfig(id: string, files: Files, tick: Tick): Promise<Preview> {
  const open = await openEntry({ kind: 'config', config: id }, files, { tick });
  const whole = await checkExperiment(open);
  // This file has been read as one.
  const config = open.config!;
  const report = new Report();
  const sources = new Sources(open.files, report);
  const sequences = await orProblem(report, () => sequencesOf(config, whole.experiment?.loss, sources, report));
  return { sequences, problems: whole.problems, files: whole.files };
}

async function sequencesOf(
  config: Value,
  loss: Loss | null | undefined,
  sources: Sources,
  report: Report,
): Promise<PreviewedSequences | null> {
  const valid = validateObject(config, configKeys(), [], report);
  const value = valid.get('sequences');
  if (value === undefined) return null;
  const order = orderOf(valid.get('sequenceOrder')) ?? undefined;
  const block = await readSequences(value, 'float64', sources, report, order);
  const read = await withLengths(block, valid.get('lengths'), sources, report);
  const root = await sources.follow(value);
  if (read === null || root === null) return null;
  return {
    isConfig: true,
    format: formatOf(read, root),
    read,
    options: read.source === null || filePart(value) === null ? {} : optionsIn(value),
    arrays: [],
    array: null,
    loss: loss ?? null,
  };
}

function formatOf({ source }: ReadSequences, { document }: Value): string {
  if (source?.kind === 'table') return t('a table');
  if (source?.kind === 'text') return t('a text file');
  return document.binary ?? 'JSON';
}

/** What a config says beside its file. */
function optionsIn(part: Value): SequenceOptions {
  const options = new Options(part, part, sequencePartKeys());
  const columns = options
    .value('columns')
    ?.items()
    .map(({ node }) => (node as { readonly value: string }).value);
  const [window, stride, share] = ['window', 'stride', 'normaliseOver'].map((key) => options.number(key));
  const kind = options.text('normalise') as Required<SequenceOptions>['normalise'] | null;
  const tokens = options.text('tokens') as Required<SequenceOptions>['tokens'] | null;
  return {
    ...(columns === undefined ? {} : { columns }),
    ...(window === null || window === undefined ? {} : { window }),
    ...(stride === null || stride === undefined ? {} : { stride }),
    ...(kind === null ? {} : { normalise: kind }),
    ...(share === null || share === undefined ? {} : { normaliseOver: share }),
    ...(tokens === null ? {} : { tokens }),
  };
}
