import { t } from '@vscode/l10n';
import type { CellName, DType, Experiment, Loss, Upstream } from '../../engine/index.js';
import { singleGateCells, defaultCell } from '../../engine/index.js';
import type { Entry, Files } from './fileAccess.js';
import type { Tick } from '../json/locateNumbers.js';
import { counted, describeNode, describeShape } from '../json/node.js';
import { fits, readLoss } from './readLoss.js';
import type { KnownSizes } from './readLoss.js';
import { underItsKeys } from './keyNames.js';
import { nearest } from '../problems/editDistance.js';
import { cut } from '../json/problem.js';
import type { Problem } from '../json/problem.js';
import { Report } from '../problems/problemReport.js';
import { configKeys, requiredKeys } from './schema.js';
import type { ConfigKey } from './schema.js';
import { readSequences } from './readSequences.js';
import type { ReadSequences } from './readSequences.js';
import { Sources, fileName } from './sourceFiles.js';
import type { ReadDocument } from './sourceFiles.js';
import { readTensor } from './readTensor.js';
import { validateObject } from './validateObject.js';
import type { Valid } from './validateObject.js';
import type { Value } from '../json/jsonValue.js';
import { readWeights } from './readWeights.js';
import type { ReadWeights } from './readWeights.js';

export type ReadResult = {
  /** Null when there is at least one error. */
  readonly experiment: Experiment | null;
  /** All of them, by file and place. */
  readonly problems: Problem[];
  /** Ids of every file that was read or looked for, missing ones too, so that they can be watched. */
  readonly files: string[];
};

/**
 * From a config, or a pair of a weights and a sequences file, to a checked experiment. Bad input never throws: it
 * becomes problems. `tick` is called about every millisecond of work and may throw to give up; what it throws passes
 * through, as does what `files` throws.
 */
export async function readExperiment(
  entry: Entry,
  files: Files,
  options: { readonly tick?: Tick; readonly readDocument?: ReadDocument } = {},
): Promise<ReadResult> {
  const report = new Report();
  const sources = new Sources(files, report, options.tick ?? (() => undefined), options.readDocument);
  const experiment =
    entry.kind === 'config'
      ? await readConfig(entry.config, sources, report)
      : await readPair(entry.weights, entry.sequences, sources, report);
  return { experiment: report.hasErrors ? null : experiment, problems: report.sorted(sources.ids), files: sources.ids };
}

async function readPair(
  weightsId: string,
  sequencesId: string,
  sources: Sources,
  report: Report,
): Promise<Experiment | null> {
  const weightsRoot = await sources.open(weightsId);
  const sequencesRoot = await sources.open(sequencesId);
  const sequences = sequencesRoot === null ? null : await readSequences(sequencesRoot, 'float32', sources, report);
  const weights =
    weightsRoot === null ? null : readWeights(weightsRoot, 'float32', sequences?.I ?? null, false, report);
  checkInputs(sequences, weights, report);
  return assemble(sequences, weights, null, {
    name: `${bareName(weightsId)} + ${bareName(sequencesId)}`,
    cell: defaultCell,
    dtype: 'float32',
    stateful: false,
    upstream: { kind: 'last' },
    loss: null,
    clipNorm: null,
    truncate: null,
  });
}

async function readConfig(id: string, sources: Sources, report: Report): Promise<Experiment | null> {
  const opened = await sources.open(id);
  if (opened === null) return null;
  const root = underItsKeys(opened, report);
  if (root.node.kind !== 'object') {
    report.error(root, {
      code: 'wrong-type',
      message: t('A config is an object.'),
      expected: t('an object such as { "weights": "weights.json", "sequences": "sequences.json" }'),
      found: describeNode(root.node),
      advice:
        root.node.kind === 'tensor'
          ? t('This looks like sequences: name this file in a config under "sequences".')
          : t('Put the keys "weights" and "sequences" into braces.'),
    });
    return null;
  }
  const keys = configKeys();
  const valid = validateObject(root, keys, requiredKeys, report);
  const cell = oneOf(valid, 'cell', singleGateCells) ?? defaultCell;
  const dtype = oneOf<DType>(valid, 'dtype', ['float32', 'float64']) ?? 'float32';

  const sequencesValue = valid.get('sequences');
  const weightsValue = valid.get('weights');
  const sequences = sequencesValue === undefined ? null : await readSequences(sequencesValue, dtype, sources, report);
  const weightsRoot = weightsValue === undefined ? null : await sources.follow(weightsValue);
  const weights =
    weightsRoot === null ? null : readWeights(weightsRoot, dtype, sequences?.I ?? null, wantsGates(root), report);
  checkInputs(sequences, weights, report);

  const sizes: KnownSizes = { B: sequences?.B ?? null, T: sequences?.T ?? null, H: weights?.H ?? null };
  const h0 = await readState(valid.get('initialState'), sizes, dtype, sources, report);
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
  const upstream = await readUpstream(upstreamValue, sizes, dtype, sources, report);
  const loss = lossValue === undefined ? null : await readLoss(lossValue, sizes, dtype, sources, report);
  const clip = valid.get('clip');
  const norm =
    clip === undefined ? undefined : validateObject(clip, keys.clip.keys, keys.clip.required, report).get('norm');
  return assemble(sequences, weights, h0, {
    name: textOf(valid.get('name')) ?? bareName(id),
    cell,
    dtype,
    stateful: booleanOf(valid.get('stateful')),
    upstream,
    loss,
    clipNorm: numberOf(norm),
    truncate: numberOf(valid.get('truncate')),
  });
}

type Rest = Omit<Experiment, 'shapes' | 'layers' | 'chunks'> & { readonly loss: Loss | null };

function assemble(
  sequences: ReadSequences | null,
  weights: ReadWeights | null,
  h0: Float64Array | null,
  rest: Rest,
): Experiment | null {
  if (sequences === null || weights === null) return null;
  const { B, T, I, chunks } = sequences;
  const { H, weights: parameters } = weights;
  if (parameters === null || H === null) return null;
  return {
    ...rest,
    shapes: { B, T, I, H },
    layers: [{ layer: 0, direction: 'forward', H, parameters, initial: { h: h0 } }],
    chunks,
  };
}

/** The weights say how many inputs a timestep has. */
function checkInputs(sequences: ReadSequences | null, weights: ReadWeights | null, report: Report): void {
  if (sequences === null || weights === null) return;
  const { I, input } = weights;
  if (I === null || input === null || I === sequences.I) return;
  const named = report.guards(input.where) ? 'Wx' : input.where.path;
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
    advice: t('Give every timestep {0}, or use weights with I = {1}.', counted(I, 'numbers'), sequences.I),
  });
}

async function readState(
  value: Value | undefined,
  sizes: KnownSizes,
  dtype: DType,
  sources: Sources,
  report: Report,
): Promise<Float64Array | null> {
  const root = value === undefined ? null : await sources.follow(value);
  if (root === null) return null;
  const tensor = readTensor(
    root,
    {
      label: 'initialState',
      ranks: sizes.B === null || sizes.B === 1 ? [2, 1] : [2],
      form: '[B][H]',
      axes: ['sequences', 'numbers'],
      advice: t('Write one list of H numbers per sequence.'),
      dtype,
    },
    report,
  );
  return tensor !== null && fits(tensor, [sizes.B, sizes.H], '[B][H]', 'initialState', report) ? tensor.data : null;
}

async function readUpstream(
  value: Value | undefined,
  sizes: KnownSizes,
  dtype: DType,
  sources: Sources,
  report: Report,
): Promise<Upstream> {
  if (value === undefined) return { kind: 'last' };
  const step = numberOf(value);
  if (step !== null) return upstreamAtStep(value, step, sizes, report);
  const word = textOf(value);
  if (word === 'last' || word === 'every') return { kind: word };
  const root = await sources.follow(value, (reference) => {
    const meant = nearest(reference, ['last', 'every']);
    return meant === null
      ? t('Write "last", "every", or the path of a file with numbers [B][T][H].')
      : t('Did you mean "{0}"? Any other text is the path of a file.', meant);
  });
  const tensor =
    root === null
      ? null
      : readTensor(
          root,
          {
            label: 'upstreamGradient',
            ranks: sizes.B === null || sizes.B === 1 ? [3, 2] : [3],
            form: '[B][T][H]',
            axes: ['sequences', 'timesteps', 'numbers'],
            advice: t('Write a list of sequences, each a list of timesteps, each a list of H numbers.'),
            dtype,
          },
          report,
        );
  return tensor !== null && fits(tensor, [sizes.B, sizes.T, sizes.H], '[B][T][H]', 'upstreamGradient', report)
    ? { kind: 'given', dhs: tensor.data }
    : { kind: 'last' };
}

/** Ones at one step of every sequence. */
function upstreamAtStep(value: Value, step: number, { B, T, H }: KnownSizes, report: Report): Upstream {
  if (B === null || T === null || H === null) return { kind: 'last' };
  if (step >= T) {
    report.error(value.itself(), {
      code: 'wrong-value',
      message: t('There is no step {0} for the upstream gradient.', step),
      expected: t('a step from 0 to {0}', T - 1),
      found: String(step),
      advice: t('Write a step that the sequences have, or "last".'),
    });
    return { kind: 'last' };
  }
  const dhs = new Float64Array(B * T * H);
  for (let b = 0; b < B; b++) dhs.fill(1, (b * T + step) * H, (b * T + step + 1) * H);
  return { kind: 'given', dhs };
}

/** Whether the config asks for an LSTM or GRU, which has then been reported already. */
const wantsGates = (root: Value): boolean => /^(?:lstm|gru)$/i.test(textOf(root.get('cell') ?? undefined) ?? '');

const textOf = (value: Value | undefined): string | null => (value?.node.kind === 'string' ? value.node.value : null);
const numberOf = (value: Value | undefined): number | null => (value?.node.kind === 'number' ? value.node.value : null);
const booleanOf = (value: Value | undefined): boolean => value?.node.kind === 'boolean' && value.node.value;

function oneOf<T extends CellName | DType>(valid: Valid<ConfigKey>, key: ConfigKey, choices: readonly T[]): T | null {
  const word = textOf(valid.get(key));
  return choices.find((choice) => choice === word) ?? null;
}

/** `…/weather.rnn.json` → `weather`. */
function bareName(id: string): string {
  const name = fileName(id);
  return name.replace(/(?:\.rnn)?\.jsonc?$/i, '') || name;
}
