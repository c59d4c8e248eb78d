// What the outputs should be: vectors, probabilities or class numbers, at every place of the loss that has one.
import { t as say } from '@vscode/l10n';
import type { DType, Loss } from '../../engine/index.js';
import { counted, describeNode, isArray } from '../json/node.js';
import type { Countable } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Finding } from '../json/problem.js';
import { checkLeaves } from '../problems/numberChecks.js';
import type { TensorSpec } from '../problems/numberChecks.js';
import { maxRepeats } from '../problems/problemReport.js';
import type { Report } from '../problems/problemReport.js';
import { fits } from './fits.js';
import type { KnownSizes } from './knownSizes.js';
import { isTooUneven } from './padding.js';
import { readTensor } from './readTensor.js';
import { noteStepByStep, standsStepByStep, turned } from './sequenceOrder.js';
import type { SequenceOrder } from './sequenceOrder.js';
import { depthOf, mayHoldNull, sparse } from './sparseNumbers.js';
import type { Sparse } from './sparseNumbers.js';
import type { Places } from './targetPlaces.js';
import type { Value } from '../json/jsonValue.js';

export type Targets = Pick<Loss, 'targets' | 'present'>;

/** What is wanted of the targets of one kind of loss. */
type Wanted = {
  readonly kind: Loss['kind'];
  /** Outputs of the readout; null where that could not be read. */
  readonly O: number | null;
  readonly dtype: DType;
  readonly places: Places;
  /** Of the sequences: targets beside them may stand in the same order, or sequence by sequence. */
  readonly order: SequenceOrder;
};

/** `isFlat`: a number at each place, instead of a vector. */
type Form = Wanted & { readonly isFlat: boolean };

/** [B,S,O], or class numbers [B,S]. Null after a report. */
export function readTargets(root: Value, wanted: Wanted, sizes: KnownSizes, report: Report): Targets | null {
  const form = { ...wanted, isFlat: wanted.kind === 'crossEntropy' || leavesOutputOut(root, wanted, sizes) };
  const spec = specOf(form, sizes);
  if (!isArray(root.node) || (wanted.places.own === null && !mayHoldNull(root) && !holdsIgnored(root, wanted.kind)))
    return readBlock(root, spec, form, sizes, report);
  return readSparse(root, spec, form, sizes, report);
}

/** A number in the place of a vector of one, as a readout of one output has it (`head(h).squeeze(-1)` in PyTorch). */
function leavesOutputOut(root: Value, { O, places: { isSingle, S } }: Wanted, { B }: KnownSizes): boolean {
  if (O !== 1 || !isArray(root.node)) return false;
  const depth = depthOf(root);
  if (depth !== (isSingle ? 1 : 2)) return B === 1 && depth === 1;
  // Of one sequence the list of the sequences may be missing instead.
  const { node } = root;
  return B !== 1 || (S !== 1 && (node.kind === 'tensor' ? node.shape[0] : node.items.length) === 1);
}

/** The class that PyTorch leaves out of a cross-entropy loss (`ignore_index`): a tensor of classes cannot hold null. */
const ignoredClass = -100;
export const isIgnored = (kind: Loss['kind'], x: number): boolean => kind === 'crossEntropy' && x === ignoredClass;

const holdsIgnored = ({ node }: Value, kind: Loss['kind']): boolean =>
  node.kind === 'tensor' && node.data.some((x) => isIgnored(kind, x));

function specOf({ kind, dtype, places, isFlat }: Form, { B }: KnownSizes): TensorSpec {
  const classes = kind === 'crossEntropy';
  const { isSingle, form } = places;
  const rank = (isSingle ? 1 : 2) + (isFlat ? 0 : 1);
  const axes: Countable[] = [
    'sequences',
    ...(isSingle ? [] : ['timesteps' as const]),
    ...(isFlat ? [] : ['outputs' as const]),
  ];
  const short = B === 1 && rank > 1 ? [rank - 1] : [];
  return {
    label: 'targets',
    isData: true,
    ranks: [rank, ...short, ...(isSingle ? [rank + 1] : [])],
    form: `[B]${form}${isFlat ? '' : '[O]'}`,
    axes,
    advice: classes
      ? isSingle
        ? say('Write one class index per sequence.')
        : say('Write one class index per timestep.')
      : isSingle
        ? say('Write one target per sequence, each a list of O numbers.')
        : say('Write one target per timestep, each a list of O numbers.'),
    dtype: classes ? null : dtype,
  };
}

/** A padded block has as many steps as that of the sequences. */
const isStepByStep = ({ order, places }: Wanted, B: number | null, lengths: readonly (number | undefined)[]): boolean =>
  !places.isSingle && standsStepByStep(order, B, lengths, [places.S, places.padded]);

const turnedForm = (form: string): string => form.replace(/^\[B\](\[\w\])/, '$1[B]');

/** A regular block without gaps. */
function readBlock(root: Value, spec: TensorSpec, wanted: Form, { B }: KnownSizes, report: Report): Targets | null {
  const { kind, O, places, isFlat } = wanted;
  const tensor = readTensor(root, spec, report);
  if (tensor === null) return null;
  const usual = spec.ranks[0]!;
  const outputs = isFlat ? [] : [O];
  const withPlaces = places.isSingle && tensor.shape.length <= usual ? [] : [places.S];
  const form = places.isSingle && tensor.shape.length > usual ? spec.form.replace('[B]', '[B][1]') : spec.form;
  const { where, shape } = tensor;
  const isTurned = shape.length === usual && isStepByStep(wanted, B, shape);
  const [first, second] = isTurned ? [[places.S], [B]] : [[B], withPlaces];
  if (!fits(tensor, [...first, ...second, ...outputs], isTurned ? turnedForm(form) : form, 'targets', report))
    return null;
  const data = isTurned ? turned(tensor.data, shape[0]!, shape[1]!, shape[2] ?? 1, where.document.tick) : tensor.data;
  if (isTurned && shape[0] === B) noteStepByStep('targets', where, { data, B }, report);
  const { passes, tell } = valueChecks(kind, O);
  if (where.node.kind !== 'tensor' || kind === 'mse') return { targets: data };
  const good = checkLeaves(
    () => where,
    where.node,
    passes,
    {
      codes: () => ['wrong-value'],
      tell: (leaf, text) => report.error(leaf, tell(text)),
      summary: (count) => ({
        code: 'wrong-value',
        tell: () => ({
          ...tell(''),
          message:
            kind === 'crossEntropy'
              ? say('{0} more targets are no classes of this readout.', count)
              : say('{0} more targets are no probabilities.', count),
          found: say('other numbers'),
        }),
      }),
    },
    report,
    where.document.tick,
  );
  return good ? { targets: data } : null;
}

/** What a single number of a target may be. */
export function valueChecks(
  kind: Loss['kind'],
  O: number | null,
): { readonly passes: (x: number) => boolean; readonly tell: (text: string) => Finding } {
  if (kind === 'mse')
    return {
      passes: Number.isFinite,
      tell: (text) =>
        notOne(say('A number belongs here in targets.'), text, say('a number'), say('Write a number instead.')),
    };
  if (kind === 'binaryCrossEntropy')
    return {
      passes: (x) => x >= 0 && x <= 1,
      tell: (text) =>
        notOne(
          say('{0} is no probability.', visible(text)),
          text,
          say('a number from 0 to 1'),
          say('Targets of this loss are 0 or 1, or a probability between them.'),
        ),
    };
  return {
    passes: (x) => Number.isInteger(x) && x >= 0 && (O === null || x < O),
    tell: (text) =>
      notOne(
        say('{0} is no class of this readout.', visible(text)),
        text,
        O === null ? say('a whole number from 0') : say('a whole number from 0 to {0}', O - 1),
        say('Classes are counted from 0, one per output of the readout.'),
      ),
  };
}

/** Separators that no eye sees have stood in the place of a number: they are told by their code. */
const visible = (text: string): string =>
  /\S/.test(text) ? cut(text, 38) : `U+${text.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

export const noTargets = (found: string): Finding => ({
  code: 'wrong-value',
  message: say('No place has a target.'),
  expected: say('at least one target that is not null'),
  found,
  advice: say('Write the target of at least one place, or remove the loss.'),
});

const notOne = (message: string, text: string, expected: string, advice: string): Finding => ({
  code: 'wrong-value',
  message,
  expected,
  found: visible(text),
  advice,
});

/** Targets of sequences of different lengths, or with places that have none. */
function readSparse(root: Value, spec: TensorSpec, wanted: Form, { B }: KnownSizes, report: Report): Targets | null {
  const { kind, O, places, isFlat } = wanted;
  const { S } = places;
  if (B === null || S === null || O === null) return null;
  const full = isFlat ? 2 : 3;
  const missing = full - depthOf(root);
  // Without any number the depth says nothing, and there is nothing to read.
  const skipsPlaces = places.isSingle && missing >= 1;
  const skipsSequences = B === 1 && missing === (skipsPlaces ? 2 : 1);
  if (missing > (skipsPlaces ? 1 : 0) + (skipsSequences ? 1 : 0) || missing < 0) {
    report.error(root.itself(), {
      code: 'wrong-dimension',
      message: say('{0} does not fit the experiment.', 'targets'),
      expected: spec.form,
      found: describeNode(root.node),
      advice: spec.advice,
    });
    return null;
  }
  const width = kind === 'crossEntropy' ? 1 : O;
  const real = places.own?.reduce((sum, { slots }) => sum + slots.length, 0) ?? B * S;
  if (isTooUneven(B * S * width, real * width, root, report)) return null;
  const filling = new Filling(B, wanted, S, O, report);
  // A list is one.
  const whole = sparse(root, spec, report) as Filled;
  let isSquare = false;
  if (skipsSequences) filling.sequence(whole, 0, skipsPlaces);
  else {
    const turnedOver = missing === 0 && whole.kind === 'list' ? sequenceBySequence(whole, wanted, B, filling) : null;
    const lists = turnedOver === null ? whole : turnedOver.list;
    isSquare = turnedOver?.isTurned === true && whole.kind === 'list' && whole.length === B;
    if (lists !== null)
      filling.each(lists, B, 'sequences', (one, b) => {
        filling.sequence(one, b, skipsPlaces);
      });
  }
  const targets = filling.result(root, real);
  if (targets !== null && isSquare)
    noteStepByStep('targets', root, S === B ? { data: targets.targets, present: targets.present, B } : null, report);
  return targets;
}

type TurnedOver = { readonly list: List | null; readonly isTurned: boolean };

/** A list that stands step by step as one that does not; others as they are. Null where a step was reported. */
function sequenceBySequence(whole: List, wanted: Wanted, B: number, filling: Filling): TurnedOver {
  // Each is taken once: what is wrong in it is reported when it is.
  const steps = Array.from({ length: whole.length }, (_, t) => whole.item(t));
  // Its depth says that there is one.
  const inner = steps.find((step): step is List => step.kind === 'list')!;
  if (!isStepByStep(wanted, B, [steps.length, inner.length]))
    return { list: { ...whole, item: (b) => steps[b]! }, isTurned: false };
  const areRight = steps.filter((step) => step.kind === 'null' || filling.isListOf(step, B, 'sequences'));
  if (areRight.length < steps.length) return { list: null, isTurned: true };
  const sequence = (b: number): List => ({
    kind: 'list',
    length: steps.length,
    place: whole.place,
    item: (t) => {
      const step = steps[t]!;
      return step.kind === 'list' ? step.item(b) : step;
    },
  });
  return { list: { kind: 'list', length: B, place: whole.place, item: sequence }, isTurned: true };
}

type List = Extract<Sparse, { readonly kind: 'list' }>;
/** A place that holds something. */
type Filled = Exclude<Sparse, { readonly kind: 'null' }>;

/** Fills [B,S,O] place by place. */
class Filling {
  readonly #wanted: Form;
  readonly #S: number;
  readonly #O: number;
  readonly #width: number;
  readonly #targets: Float64Array;
  readonly #present: Uint8Array;
  readonly #report: Report;
  readonly #checks: ReturnType<typeof valueChecks>;
  #isWrong = false;
  #told = 0;

  constructor(B: number, wanted: Form, S: number, O: number, report: Report) {
    this.#wanted = wanted;
    this.#S = S;
    this.#O = O;
    this.#width = wanted.kind === 'crossEntropy' ? 1 : O;
    this.#targets = new Float64Array(B * S * this.#width);
    this.#present = new Uint8Array(B * S);
    this.#report = report;
    this.#checks = valueChecks(wanted.kind, O);
  }

  /** Null after a report. `real`: how many places there are. */
  result(root: Value, real: number): Targets | null {
    if (this.#told > maxRepeats)
      this.#report.error(root, {
        code: 'wrong-value',
        message: say('{0} more places in {1} are wrong in the same way.', this.#told - maxRepeats, 'targets'),
        expected: this.#advice(),
        found: say('{0} such places', this.#told),
        advice: say('Mend the way the file is made; the first ones show what is wrong.'),
      });
    if (this.#isWrong) return null;
    const there = this.#present.reduce((sum, one) => sum + one, 0);
    if (there === real) return { targets: this.#targets };
    if (there > 0) return { targets: this.#targets, present: this.#present };
    this.#wrong(() => root, noTargets(describeNode(root.node)));
    return null;
  }

  /** Each element of a list of `length`; a list that is another one is reported. */
  each(list: Filled, length: number, what: Countable, visit: (item: Sparse, index: number) => void): void {
    if (this.isListOf(list, length, what)) for (let i = 0; i < length; i++) visit(list.item(i), i);
  }

  /** What is none is reported. */
  isListOf(list: Filled, length: number, what: Countable): list is List {
    if (list.kind === 'list' && list.length === length) return true;
    // What is no number has been reported.
    if (list.kind === 'number' && Number.isNaN(list.value)) {
      this.#isWrong = true;
      return false;
    }
    this.#wrong(list.place, {
      code: 'wrong-dimension',
      message:
        list.kind === 'list'
          ? say('This list in targets has {0}, and {1} are wanted.', counted(list.length, what), length)
          : say('A list belongs here in targets.'),
      expected: say('a list of {0}', counted(length, what)),
      found: list.kind === 'list' ? counted(list.length, what) : describeSparse(list),
      advice: this.#advice(),
    });
    return false;
  }

  sequence(one: Sparse, b: number, isPlace: boolean): void {
    if (one.kind === 'null') return;
    const own = this.#wanted.places.own?.[b] ?? null;
    if (isPlace) this.#place(one, b, own === null ? 0 : (own.slots[0] ?? null));
    else if (own === null) {
      this.each(one, this.#S, 'timesteps', (place, s) => {
        this.#place(place, b, s);
      });
    } else this.#raggedSequence(one, b, own);
  }

  /** Behind its end a sequence may have nulls, and no targets but those of a padded block. */
  #raggedSequence(one: Filled, b: number, { slots, listed }: { slots: Int32Array; listed: number }): void {
    const { form, padded } = this.#wanted.places;
    const isList = form !== '[T]';
    const isLonger = one.kind === 'list' && !isList && one.length > listed;
    const length = isLonger ? (padded !== null && one.length !== this.#S ? padded : one.length) : listed;
    const real = new Set(slots);
    this.each(one, length, 'timesteps', (place, i) => {
      this.#place(place, b, isList ? (real.has(i) ? i : null) : (slots[i] ?? null));
    });
  }

  /** `s`: the place, or null where the sequence has ended before it. */
  #place(one: Sparse, b: number, s: number | null): void {
    if (one.kind === 'null') return;
    if (s === null) {
      if (this.#wanted.places.padded !== null) return;
      this.#wrong(one.place, {
        code: 'wrong-dimension',
        message: say('Sequence {0} has ended here, so this place can have no target.', b),
        expected: 'null',
        found: describeSparse(one),
        advice: say('Write null, or remove what stands behind the end of the sequence.'),
      });
      return;
    }
    const at = b * this.#S + s;
    if (this.#wanted.isFlat) {
      if (one.kind === 'number' && isIgnored(this.#wanted.kind, one.value)) return;
      if (this.#number(one, at)) this.#present[at] = 1;
      return;
    }
    let nulls = 0;
    this.each(one, this.#O, 'outputs', (number, o) => {
      if (number.kind === 'null') nulls++;
      else this.#number(number, at * this.#width + o);
    });
    // One null in a vector leaves nothing to compare with.
    if (nulls === 0) this.#present[at] = 1;
    else this.#targets.fill(0, at * this.#width, (at + 1) * this.#width);
  }

  #number(one: Filled, index: number): boolean {
    if (one.kind === 'number' && this.#checks.passes(one.value)) {
      this.#targets[index] = one.value;
      return true;
    }
    // What is no number has been reported.
    if (one.kind === 'number' && Number.isNaN(one.value)) this.#isWrong = true;
    else
      this.#wrong(
        one.place,
        one.kind === 'number'
          ? this.#checks.tell(String(one.value))
          : {
              code: 'wrong-type',
              message: say('A number belongs here in targets.'),
              expected: say('a number'),
              found: describeSparse(one),
              advice: this.#advice(),
            },
      );
    return false;
  }

  #advice(): string {
    return this.#wanted.kind === 'crossEntropy'
      ? say('Write one class index, or null, for each place that has a loss.')
      : say('Write one list of O numbers, or null, for each place that has a loss.');
  }

  /** Each place is looked for by reading the text again, so only the first ones are. */
  #wrong(place: () => Value, finding: Finding): void {
    this.#isWrong = true;
    if (this.#told++ < maxRepeats) this.#report.error(place(), finding);
  }
}

function describeSparse(one: Filled): string {
  switch (one.kind) {
    case 'list':
      return say('a list of {0}', counted(one.length, 'elements'));
    case 'number':
      return say('the number {0}', String(one.value));
    case 'other':
      return describeNode(one.node);
  }
}
