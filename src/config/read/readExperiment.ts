import { t } from '@vscode/l10n';
import type { CellName, Experiment, LayerSpec } from '../../engine/index.js';
import { cellOf } from '../../engine/index.js';
import { emptyConfigAdvice } from '../problems/formatAdvice.js';
import type { Entry, Files, MadeSequences, Pair } from './fileAccess.js';
import { kindOf } from './classify.js';
import { makeSequences } from './madeSequences.js';
import { fileName } from '../json/fileName.js';
import { counted, describeNode, describeShape, quote } from '../json/node.js';
import { networkNames } from '../layouts/networkGroups.js';
import { weightNames } from '../layouts/weightNames.js';
import { reportOlder, toldOf } from './keyNames.js';
import { realStepsOf } from './knownSizes.js';
import type { KnownSizes } from './knownSizes.js';
import { notePadding, withLengths } from './readLengths.js';
import { readLoss } from './readLoss.js';
import { cut, UnreadableNumbers } from '../json/problem.js';
import type { Problem } from '../json/problem.js';
import { notePart, refuseListOfParts } from '../problems/modelParts.js';
import { optionText, Report, wordOf } from '../problems/problemReport.js';
import { arraysOf, onlyTensor } from './fileParts.js';
import { openEntry } from './openEntry.js';
import type { OpenEntry } from './openEntry.js';
import type { ReadOptions } from './openFiles.js';
import { configKeys, requiredKeys, stateKeys } from './schema.js';
import type { ConfigKey } from './schema.js';
import { readSequences } from './readSequences.js';
import type { ReadSequences } from './readSequences.js';
import { optionsValue } from './sequenceOptions.js';
import { readStates } from './readState.js';
import { askForOrder, mayBeStepByStep, orderOf } from './sequenceOrder.js';
import type { InitialStates } from './readState.js';
import { readUpstream } from './readUpstream.js';
import { noteReverseStep } from './reverseOneStep.js';
import type { Entrance } from './reverseOneStep.js';
import { bareName, pairName } from './pairName.js';
import { Sources } from './sourceFiles.js';
import { trainingNotes } from './trainingNotes.js';
import type { StepLabels } from './stepLabels.js';
import type { TrainingNotes } from './trainingNotes.js';
import { validateObject } from './validateObject.js';
import type { Value } from '../json/jsonValue.js';
import { readWeights } from './readWeights.js';
import type { LayerWeights, ReadWeights, WeightsContext } from './readWeights.js';

export type ReadResult = {
  /** Null when there is at least one error. */
  readonly experiment: Experiment | null;
  /** That of the config, or the one that the weights tell; null where neither can be read. */
  readonly cell: CellName | null;
  /** What a training script has left beside the weights; null where they cannot be read, or hold nothing of it. */
  readonly training: TrainingNotes | null;
  /** What the sequences' file calls their steps; null where it does not. */
  readonly labels: StepLabels | null;
  /** All of them, by file and place. */
  readonly problems: Problem[];
  /** Ids of every file that was read or looked for, missing ones too, so that they can be watched. */
  readonly files: string[];
};

/**
 * From a config, or a pair of a weights and a sequences file, to a checked experiment. Bad input never throws: it
 * becomes problems. What `files` throws passes through.
 */
export const readExperiment = async (entry: Entry, files: Files, options: ReadOptions = {}): Promise<ReadResult> =>
  checkExperiment(await openEntry(entry, files, options));

/** The same of an entry that is open already, as where its parts are wanted too. */
export async function checkExperiment(open: OpenEntry): Promise<ReadResult> {
  const report = new Report(open.byOption);
  const sources = new Sources(open.files, report);
  const { entry } = open;
  const { experiment, cell, training, labels } = await orProblem(report, () =>
    entry.kind === 'config' ? readConfig(entry.config, open, sources, report) : readPair(entry, sources, report),
  );
  return {
    experiment: report.hasErrors ? null : experiment,
    cell,
    training,
    labels,
    problems: sources.named(report.sorted(sources.ids)),
    files: sources.ids,
  };
}

type Read = Pick<ReadResult, 'experiment' | 'cell' | 'training' | 'labels'>;
const nothing: Read = { experiment: null, cell: null, training: null, labels: null };

/** Numbers of a file on the disk are read where they are wanted; when they cannot be, nothing else can be said. */
async function orProblem(report: Report, read: () => Promise<Read>): Promise<Read> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnreadableNumbers)) throw error;
    report.add(error.problem);
    return nothing;
  }
}

async function readPair(entry: Pair, sources: Sources, report: Report): Promise<Read> {
  const weightsRoot = await sources.openPart(entry.weights, entry.network);
  const given = typeof entry.sequences === 'string' ? await sources.openPart(entry.sequences, entry.array) : null;
  if (weightsRoot !== null && given !== null && areSwapped(weightsRoot, given)) {
    refuseSwapped(weightsRoot, report);
    return nothing;
  }
  const { order } = entry;
  const options =
    given === null || entry.options === undefined
      ? null
      : optionsValue(given.document.id, entry.options, given.document.tick, report);
  const read = given === null ? null : await readSequences(given, 'float32', sources, report, order, options);
  const context = { cell: null, dtype: 'float32', inputs: read?.I ?? null } as const;
  const weights = weightsRoot === null ? null : readWeights(weightsRoot, context, report);
  const sequences = typeof entry.sequences === 'string' ? read : madeFor(weights, entry.sequences);
  checkInputs(sequences, weights, weightsRoot, report);
  const isUnclear = order === undefined && sequences?.isBlock === true;
  if (isUnclear && mayBeStepByStep(sequences, { state: null, upstream: null }))
    askForOrder(sequences.where, sequences, false, report);
  const experiment = assemble(sequences, weights, [], {
    name: pairName(entry),
    dtype: 'float32',
    stateful: false,
    upstream: { kind: 'last' },
    loss: null,
    clipNorm: null,
    truncate: null,
  });
  if (weights?.isAssumed === true && !report.hasErrors) noteAssumedCell(weightsRoot!, false, report);
  if (experiment !== null && !report.hasErrors) {
    notePart(weightsRoot!, report);
    if (typeof entry.sequences === 'string') notePadding(sequences!, sequences!.where, false, report);
    noteReverseStep(experiment, weightsRoot!, null, report);
  }
  const labels = sequences?.labels ?? null;
  return { experiment, cell: weights?.cell ?? null, training: notesOf(weightsRoot), labels };
}

/** Whether each of the two files of a pair stands in the place of the other. */
const areSwapped = (weights: Value, sequences: Value): boolean =>
  kindOf(weights) === 'sequences' && kindOf(sequences) === 'weights';

function refuseSwapped(where: Value, report: Report): void {
  report.error(where, {
    code: 'wrong-value',
    message: t('The weights and the sequences are each in the place of the other.'),
    expected: t('first the weights, then the sequences'),
    found: t('first the sequences, then the weights'),
    advice: report.byOption
      ? t('Name the weights first: {0}', 'rnn-gradients run WEIGHTS SEQUENCES')
      : t('Choose each of the two files for what it holds.'),
  });
}

/** Null where the weights do not tell their inputs; that has been reported. */
function madeFor(weights: ReadWeights | null, made: MadeSequences): ReadSequences | null {
  if (weights === null) return null;
  const { B, T } = made;
  const { I, input } = weights;
  if (input === null || I === null) return null;
  const xs = makeSequences(made, I);
  const chunks = [{ steps: T, xs }];
  return {
    B,
    T,
    I,
    chunks,
    ragged: null,
    padded: null,
    where: input.where,
    isBlock: false,
    windows: null,
    labels: null,
    source: null,
  };
}

/** Whether an object is no config that has its faults, but a file of tensors, or weights and nothing else. */
function isOtherFile(root: Value): boolean {
  if (root.document.binary !== null) return true;
  const keys = configKeys();
  return kindOf(root) === 'weights' && root.entries().every(([key]) => !Object.hasOwn(keys, key));
}

/** Of a file that was meant for another key of a config, how a config names it. */
function reportNoConfig(root: Value, atCommandLine: boolean, report: Report): void {
  const kind = kindOf(root);
  const { groups, network } = kind === 'weights' ? weightNames(root) : { groups: [], network: null };
  const file = fileName(root.document.id);
  const name = network?.kind === 'several' ? networkNames(groups).get(groups[0]!)! : null;
  const named = name === null ? file : { file, name };
  const config = `{ "weights": ${JSON.stringify(named)}, "sequences": … }`;
  const given = wordOf(root.document.id);
  report.error(root, {
    code: 'wrong-type',
    message: kind === 'weights' ? t('This is a file of weights, and no config.') : t('A config is an object.'),
    expected: t('an object such as { "weights": "weights.json", "sequences": "sequences.json" }'),
    found: describeNode(root.node),
    advice:
      kind === 'weights'
        ? atCommandLine
          ? t(
              'Run it on sequences: {0}, or write a config beside it that names it: {1}.',
              `rnn-gradients run ${given} SEQUENCES${name === null ? '' : ` ${optionText('--name', name)}`}`,
              config,
            )
          : t('Write a config beside it that names it: {0}.', config)
        : kind === 'sequences'
          ? atCommandLine
            ? t(
                'This looks like sequences: run weights on them, {0}, or name this file in a config under "sequences".',
                `rnn-gradients run WEIGHTS ${given}`,
              )
            : t('This looks like sequences: name this file in a config under "sequences".')
          : root.document.binary === null
            ? t('Put the keys "weights" and "sequences" into braces.')
            : t('Name a JSON file with the keys "weights" and "sequences".'),
  });
}

async function readConfig(
  id: string,
  { config, older, cell, dtype, files, atCommandLine }: OpenEntry,
  sources: Sources,
  report: Report,
): Promise<Read> {
  const root = await sources.open(id, emptyConfigAdvice);
  if (root === null) return nothing;
  if (refuseListOfParts(root, report)) return nothing;
  if (config === null || isOtherFile(root)) {
    reportNoConfig(root, atCommandLine, report);
    return nothing;
  }
  reportOlder(older, report);
  const keys = configKeys();
  const valid = validateObject(
    config,
    keys,
    requiredKeys,
    report,
    new Set([...toldOf(older), ...cellStates(config, report)]),
  );

  const sequencesValue = valid.get('sequences');
  const weightsValue = valid.get('weights');
  const order = orderOf(valid.get('sequenceOrder'));
  const lengthsValue = valid.get('lengths');
  const block =
    sequencesValue === undefined
      ? null
      : await readSequences(sequencesValue, dtype, sources, report, order ?? undefined);
  const sequences = await withLengths(block, lengthsValue, sources, report);
  const weightsRoot = weightsValue === undefined ? null : await sources.follow(weightsValue);
  const context: WeightsContext = { cell, dtype, inputs: sequences?.I ?? null };
  const weights = weightsRoot === null ? null : readWeights(weightsRoot, context, report);
  checkInputs(sequences, weights, weightsRoot, report);
  checkStateful(valid.get('stateful'), sequences, weights, report);
  if (sequencesValue !== undefined && sequences?.isBlock === true && order === null) {
    const shapeOf = async (key: ConfigKey): Promise<readonly number[] | null> => {
      const root = await files.follow(valid.get(key) ?? null);
      const node = root === null ? null : onlyTensor(root).node;
      return node?.kind === 'tensor' ? node.shape : null;
    };
    const witnesses = { state: await shapeOf('initialState'), upstream: await shapeOf('upstreamGradient') };
    if (mayBeStepByStep(sequences, witnesses)) askForOrder(sequencesValue, sequences, true, report);
  }

  const sizes = sizesOf(sequences, weights);
  const stateValue = valid.get('initialState');
  if (stateValue === undefined && weightsRoot !== null) noteStoredStates(weightsRoot, report);
  const states = await readStates(stateValue, sizes, dtype, sources, report);
  const lossValue = valid.get('loss');
  const upstreamValue = valid.get('upstreamGradient');
  if (lossValue !== undefined && upstreamValue !== undefined) {
    report.error(upstreamValue, {
      code: 'key-conflict',
      message: t('"upstreamGradient" and "loss" both say what flows in from above.'),
      expected: t('one of the two'),
      found: t('both'),
      advice: t('Remove "upstreamGradient" to use the loss, or write "loss": null.'),
    });
  }
  const upstream = await readUpstream(upstreamValue, sizes, dtype, sources, report, order ?? undefined);
  const loss =
    lossValue === undefined ? null : await readLoss(lossValue, sizes, dtype, sources, report, order ?? undefined);
  const clip = valid.get('clip');
  const norm =
    clip === undefined ? undefined : validateObject(clip, keys.clip.keys, keys.clip.required, report).get('norm');
  const experiment = assemble(sequences, weights, states, {
    name: textOf(valid.get('name')) ?? bareName(id),
    dtype,
    stateful: booleanOf(valid.get('stateful')),
    upstream,
    loss,
    clipNorm: numberOf(norm),
    truncate: numberOf(valid.get('truncate')),
  });
  if (weights?.isAssumed === true && !report.hasErrors) noteAssumedCell(weightsValue!.itself(), true, report);
  if (experiment !== null && !report.hasErrors) {
    notePart(weightsRoot!, report);
    if (config.get('lengths') === null) notePadding(sequences!, sequencesValue!, true, report);
    const entrance: Entrance =
      lossValue === undefined
        ? { key: '"upstreamGradient"', value: upstreamValue ?? null }
        : { key: '"at"', value: lossValue.get('at') ?? null };
    noteReverseStep(experiment, weightsValue!, entrance, report);
  }
  const labels = sequences?.labels ?? null;
  return { experiment, cell: weights?.cell ?? cell, training: notesOf(weightsRoot), labels };
}

/** Tells an LSTM's c beside the keys of a config, and which names that are. */
function cellStates(config: Value, report: Report): readonly string[] {
  const names: readonly string[] = stateKeys().c.deprecated;
  const found = config.entries().filter(([key]) => names.includes(key));
  for (const [key, entry] of found)
    report.warning(entry, {
      code: 'unknown-key',
      message: t('The key {0} is unknown and is ignored.', quote(key)),
      expected: '"initialState": { "h": …, "c": … }',
      found: quote(key),
      advice: t('An LSTM\'s cell state stands beside its hidden state, under "initialState".'),
    });
  return found.map(([key]) => key);
}

/** Of a run that nothing else is wrong with: the shapes of tanh and relu are the same. */
function noteAssumedCell(where: Value, hasConfig: boolean, report: Report): void {
  if (report.guards(where)) return;
  report.info(where, {
    code: 'unsupported-cell',
    message: t('These are the weights of a plain RNN, and nothing tells its activation: tanh is assumed.'),
    expected: t('"cell" in the config'),
    found: t('weights alone, whose shapes are the same with every activation'),
    advice: hasConfig
      ? t('Write "cell": "tanh" if that is right, or "cell": "relu" if the network was trained with relu.')
      : t('If the network was trained with relu, save the two files as a config, and write "cell": "relu" there.'),
  });
}

/** The states with which a graph of ONNX begins: a run has its own. */
function noteStoredStates(weights: Value, report: Report): void {
  for (const { name, value } of weights.node.kind === 'object' ? weightNames(weights).named : []) {
    const { node } = value;
    if ((name !== 'initial_h' && name !== 'initial_c') || node.kind !== 'tensor') continue;
    if (report.guards(value) || !node.data.some((number) => number !== 0)) continue;
    report.warning(value, {
      code: 'unsupported-feature',
      message: t('The file holds initial states, and the run begins with zeros.'),
      expected: t('"initialState" in the config'),
      found: describeNode(node),
      advice: t('Write these numbers under "initialState", or zeros there if the run is to begin with them.'),
    });
    return;
  }
}

const notesOf = (weights: Value | null): TrainingNotes | null => (weights === null ? null : trainingNotes(weights));

type Rest = Omit<Experiment, 'cell' | 'shapes' | 'layers' | 'chunks'>;

function assemble(
  sequences: ReadSequences | null,
  weights: ReadWeights | null,
  states: readonly InitialStates[],
  rest: Rest,
): Experiment | null {
  const { H } = sizesOf(sequences, weights);
  if (sequences === null || weights === null || H === null) return null;
  const { B, T, I, chunks } = sequences;
  const { cell, layers, widths } = weights;
  if (layers === null) return null;
  const withStates = (layer: LayerWeights, i: number): LayerSpec => ({
    ...layer,
    initial: states[i] ?? zeroStates(cell),
  });
  const [first, ...others] = layers;
  return {
    ...rest,
    cell,
    shapes: { B, T, I, H: widths.at(-1)! },
    layers: [withStates(first, 0), ...others.map((layer, i) => withStates(layer, i + 1))],
    chunks,
  };
}

const zeroStates = (cell: CellName): InitialStates => ({
  ...Object.fromEntries(cellOf(cell).states.map((name) => [name, null])),
  h: null,
});

function sizesOf(sequences: ReadSequences | null, weights: ReadWeights | null): KnownSizes {
  const directions = weights?.directions ?? 1;
  const widths = weights?.widths ?? [];
  const last = widths.slice(-directions);
  return {
    cell: weights?.cell ?? null,
    B: sequences?.B ?? null,
    T: sequences?.T ?? null,
    H: last.length === 0 ? null : last.reduce((sum, H) => (sum === null || H === null ? null : sum + H), 0),
    directions,
    widths,
    realSteps: sequences === null ? null : realStepsOf(sequences.B, sequences.chunks),
    padded: sequences?.padded ?? null,
    windows: sequences?.windows ?? null,
  };
}

/** A state crosses the borders of chunks only forward, and only where every sequence reaches them. */
function checkStateful(
  value: Value | undefined,
  sequences: ReadSequences | null,
  weights: ReadWeights | null,
  report: Report,
): void {
  if (value === undefined || !booleanOf(value)) return;
  const refuse = (message: string, found: string): void =>
    report.error(value.itself(), {
      code: 'key-conflict',
      message,
      expected: '"stateful": false',
      found,
      advice: t('Write "stateful": false: each chunk then starts at the initial state.'),
    });
  if (weights?.directions === 2)
    refuse(
      t(
        'Two directions cannot carry their state from chunk to chunk: the reverse one comes from the next chunk, ' +
          'which is not known yet.',
      ),
      t('two directions'),
    );
  if (sequences !== null && sequences.ragged !== null)
    refuse(
      t('Sequences of different lengths cannot carry their state from chunk to chunk: some end inside a chunk.'),
      t('sequences of different lengths'),
    );
}

/** The weights say how many inputs a timestep has. */
function checkInputs(
  sequences: ReadSequences | null,
  weights: ReadWeights | null,
  weightsRoot: Value | null,
  report: Report,
): void {
  if (sequences === null || weights === null) return;
  const { I, input } = weights;
  if (I === null || input === null || I === sequences.I) return;
  const isGuarded = report.guards(input.where);
  const named = isGuarded ? 'Wx' : input.where.path;
  const embedding = isGuarded || weightsRoot === null ? null : embeddingOf(weightsRoot, I);
  report.error(sequences.where, {
    code: 'wrong-dimension',
    message: t('The timesteps have {0}, but the weights take {1}.', counted(sequences.I, 'inputs'), I),
    expected: t(
      '{0} per timestep, as {1} has the shape {2}',
      counted(I, 'numbers'),
      cut(named, 60),
      describeShape(input.shape),
    ),
    found: t('{0} per timestep', counted(sequences.I, 'numbers')),
    advice:
      embedding === null
        ? t('Give every timestep {0}, or use weights with I = {1}.', counted(I, 'numbers'), sequences.I)
        : t(
            'If these are tokens, save what {0} makes of them, with {1} for each token.',
            quote(cut(embedding, 60)),
            counted(I, 'numbers'),
          ),
  });
}

/** The name of a layer beside the network that makes `width` numbers of each token. */
function embeddingOf(weights: Value, width: number): string | null {
  const found = arraysOf(weights).find(
    ({ name, rank, named: { value } }) =>
      rank === 2 && /emb/i.test(name) && value.node.kind === 'tensor' && value.node.shape[1] === width,
  );
  if (found === undefined) return null;
  return found.named.prefix === '' ? found.name : found.named.prefix;
}

const textOf = (value: Value | undefined): string | null => (value?.node.kind === 'string' ? value.node.value : null);
const numberOf = (value: Value | undefined): number | null => (value?.node.kind === 'number' ? value.node.value : null);
const booleanOf = (value: Value | undefined): boolean => value?.node.kind === 'boolean' && value.node.value;
