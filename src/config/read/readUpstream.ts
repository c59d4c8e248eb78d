// What flows into the output of a network from above.
import { t } from '@vscode/l10n';
import type { DType, Upstream } from '../../engine/index.js';
import { counted, describeShape, isArray } from '../json/node.js';
import { nearest } from '../problems/editDistance.js';
import type { TensorSpec } from '../problems/numberChecks.js';
import type { Report } from '../problems/problemReport.js';
import { onlyTensor } from './fileParts.js';
import { fits } from './fits.js';
import { ownStepsOf, widthName } from './knownSizes.js';
import type { KnownSizes } from './knownSizes.js';
import { isTooUneven } from './padding.js';
import { readTensor } from './readTensor.js';
import { noteStepByStep, standsStepByStep, turned } from './sequenceOrder.js';
import type { SequenceOrder } from './sequenceOrder.js';
import type { Tensor } from './readTensor.js';
import type { Sources } from './sourceFiles.js';
import type { Value } from '../json/jsonValue.js';

const words = ['last', 'final', 'every'] as const;

export async function readUpstream(
  value: Value | undefined,
  sizes: KnownSizes,
  dtype: DType,
  sources: Sources,
  report: Report,
  order: SequenceOrder = 'BTI',
): Promise<Upstream> {
  const node = value?.node;
  if (value === undefined || node === undefined) return { kind: 'last' };
  if (node.kind === 'number') return atStep(value, node.value, sizes, report);
  const word = node.kind === 'string' ? words.find((one) => one === node.value) : undefined;
  // In one direction the last processed step of a sequence is its last one.
  if (word !== undefined) return { kind: word === 'final' && sizes.directions === 1 ? 'last' : word };
  const form = `[B][T][${widthName(sizes)}]`;
  const followed = await sources.follow(value, (reference) => {
    const meant = nearest(reference, words);
    return meant === null
      ? t('Write "last", "final", "every", or the path of a file with numbers {0}.', form)
      : t('Did you mean "{0}"? Any other text is the path of a file.', meant);
  });
  if (followed === null) return { kind: 'last' };
  const root = onlyTensor(followed);
  const spec: TensorSpec = {
    label: 'upstreamGradient',
    ranks: sizes.B === null || sizes.B === 1 ? [3, 2] : [3],
    form,
    axes: ['sequences', 'timesteps', 'numbers'],
    advice: t('Write a list of sequences, each a list of timesteps, each a list of H numbers.'),
    dtype,
  };
  const own = ownStepsOf(sizes);
  const dhs =
    own === null ? readEven(root, sizes, spec, order, report) : readRagged(root, own, sizes, spec, order, report);
  return dhs === null ? { kind: 'last' } : { kind: 'given', dhs };
}

/** Ones at one step of every sequence that has it. */
function atStep(value: Value, step: number, sizes: KnownSizes, report: Report): Upstream {
  const { B, T, H, directions, widths, realSteps } = sizes;
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
  if (directions === 2 || widths.length > 1 || realSteps !== null) return { kind: 'step', t: step };
  const dhs = new Float64Array(B * T * H);
  for (let b = 0; b < B; b++) dhs.fill(1, (b * T + step) * H, (b * T + step + 1) * H);
  return { kind: 'given', dhs };
}

const turnedForm = '[T][B][H]';
const isTurned = ({ shape }: Tensor, order: SequenceOrder, B: number, steps: readonly (number | null)[]): boolean =>
  shape.length === 3 && standsStepByStep(order, B, shape, steps);

/** Beside sequences that stand step by step it may do so too, or stand sequence by sequence: its shape tells. */
function readEven(
  root: Value,
  { B, T, H }: KnownSizes,
  spec: TensorSpec,
  order: SequenceOrder,
  report: Report,
): Float64Array | null {
  const tensor = readTensor(root, spec, report);
  if (tensor !== null && B !== null && T !== null && H !== null && isTurned(tensor, order, B, [T])) {
    if (!fits(tensor, [T, B, H], turnedForm, spec.label, report)) return null;
    if (T === B) noteStepByStep(spec.label, tensor.where, { data: tensor.data, B }, report);
    return turned(tensor.data, T, B, H, root.document.tick);
  }
  return tensor !== null && fits(tensor, [B, T, H], spec.form, spec.label, report) ? tensor.data : null;
}

/** One list for each sequence, as long as that is; padded with zeros up to T. */
function readRagged(
  root: Value,
  realSteps: readonly Int32Array[],
  { T, H, padded }: KnownSizes,
  spec: TensorSpec,
  order: SequenceOrder,
  report: Report,
): Float64Array | null {
  const B = realSteps.length;
  const sequences = sequencesOf(root, B, { ...spec, ragged: true }, { order, steps: [T, padded] }, report);
  if (sequences === null || T === null || H === null) return null;
  const real = realSteps.reduce((sum, { length }) => sum + length, 0);
  if (isTooUneven(B * T * H, real * H, root, report)) return null;
  const dhs = new Float64Array(B * T * H);
  let isRight = true;
  for (const [b, sequence] of sequences.entries()) {
    const steps = realSteps[b];
    if (sequence === null || steps === undefined || !fitsSequence(sequence, b, steps.length, H, spec, report)) {
      isRight = false;
      continue;
    }
    steps.forEach((t, i) => dhs.set(sequence.data.subarray(i * H, (i + 1) * H), (b * T + t) * H));
  }
  return isRight ? dhs : null;
}

/** What is given for one sequence [steps,H]; `at`: where it stands, or one of its steps. */
type GivenSequence = Pick<Tensor, 'shape' | 'data'> & {
  readonly file: string;
  readonly at: (step: number | null) => Value;
};

/**
 * One for each sequence, null where its numbers are wrong; null as a whole where they are not so many. `steps`: of a
 * block in the order of the sequences.
 */
function sequencesOf(
  root: Value,
  B: number,
  spec: TensorSpec,
  { order, steps }: { readonly order: SequenceOrder; readonly steps: readonly (number | null)[] },
  report: Report,
): (GivenSequence | null)[] | null {
  const { node } = root;
  if (node.kind === 'array' && node.items.every(isArray)) {
    if (node.items.length === B) return root.items().map((item) => readSequence(item, spec, report));
    report.error(root, {
      code: 'wrong-dimension',
      message: t('{0} does not fit the experiment.', spec.label),
      expected: `${spec.form}: ${counted(B, 'sequences')}`,
      found: counted(node.items.length, 'sequences'),
      advice: t('Write one list for each sequence.'),
    });
    return null;
  }
  const tensor = readTensor(root, spec, report);
  if (tensor === null || node.kind !== 'tensor') return null;
  const isByStep = isTurned(tensor, order, B, steps);
  if (!isByStep && !fits(tensor, [B, null, null], spec.form, spec.label, report)) return null;
  if (isByStep && tensor.shape[0] === B) noteStepByStep(spec.label, tensor.where, { data: tensor.data, B }, report);
  const [count, H] = isByStep ? [tensor.shape[0]!, tensor.shape[2]!] : [tensor.shape.at(-2)!, tensor.shape.at(-1)!];
  const data = isByStep ? turned(tensor.data, count, B, H, root.document.tick) : tensor.data;
  // A single sequence may stand without a list around it.
  const hasOwnList = !isByStep && tensor.shape.length === 3;
  const placeOf = (b: number, step: number | null): number[] => [
    ...(hasOwnList ? [b] : []),
    ...(step === null ? [] : isByStep ? [step, b] : [step]),
  ];
  return Array.from({ length: B }, (_, b) => ({
    shape: [count, H],
    data: data.subarray(b * count * H, (b + 1) * count * H),
    file: root.document.id,
    at: (step) => root.row(node, placeOf(b, step)),
  }));
}

function readSequence(item: Value, spec: TensorSpec, report: Report): GivenSequence | null {
  const tensor = readTensor(item, { ...spec, ranks: [2] }, report);
  const { node } = item;
  if (tensor === null || node.kind !== 'tensor') return null;
  return { ...tensor, file: item.document.id, at: (step) => (step === null ? item : item.row(node, [step])) };
}

/** Behind the end of a sequence there may be zeros, as padding leaves them. */
function fitsSequence(
  { shape, data, file, at }: GivenSequence,
  b: number,
  length: number,
  H: number,
  spec: TensorSpec,
  report: Report,
): boolean {
  const [steps, width] = shape as readonly [number, number];
  const behind = width === H && steps >= length ? data.subarray(length * H).findIndex((x) => x !== 0) : null;
  if (behind === -1) return true;
  if (!report.hasRoom(['wrong-dimension'], file)) return false;
  const step = behind === null ? null : length + Math.floor(behind / H);
  report.error(
    at(step),
    step === null
      ? {
          code: 'wrong-dimension',
          message: t('{0} of sequence {1} does not fit the experiment.', spec.label, b),
          expected: describeShape([length, H]),
          found: describeShape(shape),
          advice: t('Write one list of H numbers for each timestep of the sequence.'),
        }
      : {
          code: 'wrong-dimension',
          message: t('Sequence {0} ends before step {1}, so no gradient can enter there.', b, step),
          expected: counted(length, 'timesteps'),
          found: counted(steps, 'timesteps'),
          advice: t('Remove what stands behind the end of the sequence.'),
        },
  );
  return false;
}
