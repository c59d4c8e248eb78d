// Which axis of the sequences is time: they may stand sequence by sequence, or step by step as PyTorch has them without
// `batch_first`. Numbers alone cannot tell, and a network that is fed the wrong way round answers all the same.
import { t } from '@vscode/l10n';
import { counted, describeShape } from '../json/node.js';
import type { Report } from '../problems/problemReport.js';
import type { Value } from '../json/jsonValue.js';

/** `BTI`: sequence by sequence. `TBI`: step by step. */
export const sequenceOrders = ['BTI', 'TBI'] as const;
export type SequenceOrder = (typeof sequenceOrders)[number];

/** Of a value of the key; null where it says neither. */
export function orderOf(value: Value | null | undefined): SequenceOrder | null {
  const node = value?.node;
  return (node?.kind === 'string' ? sequenceOrders.find((order) => order === node.value) : undefined) ?? null;
}

/** Numbers moved between two looks at whether anybody still waits. */
const movedPerTick = 1 << 20;

/** [T,B,N] as [B,T,N]; the other way round it is the same. */
export function turned(data: Float64Array, T: number, B: number, N: number, tick: () => void): Float64Array {
  const out = new Float64Array(data.length);
  let moved = 0;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) out.set(data.subarray((t * B + b) * N, (t * B + b + 1) * N), (b * T + t) * N);
    moved += B * N;
    if (moved < movedPerTick) continue;
    moved = 0;
    tick();
  }
  return out;
}

/**
 * Whether lists of these lengths stand step by step, as the sequences do; with another number of steps too, where they
 * cannot be one for each sequence. `steps`: how many there may be.
 */
export const standsStepByStep = (
  order: SequenceOrder,
  B: number | null,
  [first, second]: readonly (number | undefined)[],
  steps: readonly (number | null)[],
): boolean => order === 'TBI' && second === B && (first !== B || steps.some((count) => count === first));

/** Numbers [B,B,N], and which of them [B,B] are there; null where all are. */
type Square = {
  readonly data: ArrayLike<number>;
  readonly present?: ArrayLike<number> | undefined;
  readonly B: number;
};

/**
 * Notes that what has as many steps as sequences was taken step by step, unless it is the same sequence by sequence.
 * `square`: null where that need not be asked.
 */
export function noteStepByStep(label: string, where: Value, square: Square | null, report: Report): void {
  if (report.guards(where)) return;
  const { tick } = where.document;
  if (square !== null && [square.data, square.present ?? []].every((data) => isSymmetric(data, square.B, tick))) return;
  report.info(where, {
    code: 'unsupported-feature',
    message: t(
      'Of {0} both orders fit, with as many steps as sequences: it is read step by step, as the sequences are.',
      label,
    ),
    expected: t('the steps first, as "sequenceOrder": "TBI" says'),
    found: t('numbers that fit both orders'),
    advice: t('If the sequences stand first here, turn the two axes, in Python with x.swapaxes(0, 1).'),
  });
}

/** Whether [B,B,N] is the same with its first two axes turned. */
function isSymmetric(data: ArrayLike<number>, B: number, tick: () => void): boolean {
  const N = data.length / (B * B);
  for (let b = 1; b < B; b++) {
    tick();
    for (let i = 0; i < b * N; i++) {
      const [s, n] = [Math.floor(i / N), i % N];
      if (data[b * B * N + i] !== data[(s * B + b) * N + n]) return false;
    }
  }
  return true;
}

/** Sizes of the sequences as they were read, sequence by sequence. */
export type ReadSizes = { readonly B: number; readonly T: number; readonly I: number };

/** Shapes of what else a config gives, as they stand there; null where there is nothing. */
export type Witnesses = { readonly state: readonly number[] | null; readonly upstream: readonly number[] | null };

/**
 * Whether the sequences may stand step by step although nobody says so: there are twice as many of them as each has
 * steps, or a state or an upstream gradient fits that order and not this one.
 */
export function mayBeStepByStep({ B, T }: ReadSizes, { state, upstream }: Witnesses): boolean {
  if (B >= 2 * T) return true;
  if (B === T) return false;
  const [rows = null] = state === null ? [] : state.slice(-2);
  if (state !== null && state.length >= 2 && rows === T) return true;
  return upstream?.length === 3 && upstream[0] === T && upstream[1] === B;
}

/** Asks which of the two it is: at the key of the sequences, where an editor can answer it for good. */
export function askForOrder(where: Value, { B, T, I }: ReadSizes, inConfig: boolean, report: Report): void {
  const shape = describeShape([B, T, I]);
  report.warning(where, {
    code: 'unclear-order',
    message: t(
      'The sequences {0} are read as [B][T][I]: {1} of {2}. Step by step, [T][B][I], they would be {3} of {4}.',
      shape,
      counted(B, 'sequences'),
      counted(T, 'timesteps'),
      counted(T, 'sequences'),
      counted(B, 'timesteps'),
    ),
    expected: t('"sequenceOrder", which says which of the two it is'),
    found: t('no "sequenceOrder"'),
    advice: inConfig
      ? t(
          'PyTorch without batch_first has the steps first: write "sequenceOrder": "TBI". If these are {0} short ' +
            'sequences, write "sequenceOrder": "BTI", and this is not asked again.',
          B,
        )
      : t(
          'PyTorch without batch_first has the steps first: say --order TBI on the command line, or save the two ' +
            'files as a config, and write "sequenceOrder": "TBI" there.',
        ),
    ...(inConfig ? { fix: { kind: 'sequenceOrder' } as const } : {}),
  });
}
