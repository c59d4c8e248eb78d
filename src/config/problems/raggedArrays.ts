import { t } from '@vscode/l10n';
import { counted, describeNode, describeShape, isArray } from '../json/node.js';
import type { Countable, JsonNode, ScalarNode, TensorNode } from '../json/node.js';
import type { Tick } from '../json/scanner.js';
import { checkNumbers, dimensions, leafCodes, reportLeaf } from './numberChecks.js';
import type { TensorSpec } from './numberChecks.js';
import { cut } from '../json/problem.js';
import type { Finding } from '../json/problem.js';
import { maxRepeats } from './problemReport.js';
import type { LateFinding, Report } from './problemReport.js';
import type { Value } from '../json/jsonValue.js';

/**
 * Tells what keeps nested lists from being one block of numbers: lists whose length differs from that of most lists on
 * their level, lists where numbers belong and the reverse, elements that are no numbers.
 */
export function reportIrregularities(value: Value, spec: TensorSpec, report: Report): void {
  const tick = sparingly(value.document.tick);
  const search = new Search(spec, likelyRank(value.node, spec.ranks, tick), tick, report);
  search.tally(value.node, 0);
  search.visit(value.node, () => value, 0);
  search.summarise();
}

/** The allowed number of dimensions that most of the numbers are nested in; the larger one among equals. */
function likelyRank(node: JsonNode, ranks: readonly number[], tick: Tick): number {
  const times: number[] = [];
  const count = (inner: JsonNode, level: number): void => {
    tick();
    if (inner.kind === 'array') for (const item of inner.items) count(item, level + 1);
    else if (inner.kind === 'tensor')
      times[level + inner.shape.length] = (times[level + inner.shape.length] ?? 0) + inner.data.length;
    else if (inner.kind !== 'object') times[level] = (times[level] ?? 0) + 1;
  };
  count(node, 0);
  return ranks.toSorted((a, b) => (times[b] ?? 0) - (times[a] ?? 0) || b - a)[0]!;
}

const nodesPerTick = 1024;

/** Calls `tick` once in so many calls. */
function sparingly(tick: Tick): Tick {
  let calls = 0;
  return () => {
    if (++calls % nodesPerTick === 0) tick();
  };
}

class Search {
  readonly #spec: TensorSpec;
  readonly #rank: number;
  readonly #tick: Tick;
  readonly #report: Report;
  /** Of each level: lengths of its lists, with how often they occur, in the order of the text. */
  readonly #lengths: Map<number, number>[] = [];
  /** Of each level: its usual length, once all are counted. */
  readonly #usualLengths: number[] = [];
  /** No element that is no number would be told any more. */
  #isFull = false;
  readonly #repeats = new Map<Finding['code'], { count: number; last: Value | null }>();

  constructor(spec: TensorSpec, rank: number, tick: Tick, report: Report) {
    this.#spec = spec;
    this.#rank = rank;
    this.#tick = tick;
    this.#report = report;
  }

  tally(node: JsonNode, level: number): void {
    this.#tick();
    if (node.kind === 'tensor') {
      let lists = 1;
      node.shape.forEach((length, axis) => {
        this.#count(level + axis, length, lists);
        lists *= length;
      });
    } else if (node.kind === 'array') {
      this.#count(level, node.items.length, 1);
      for (const item of node.items) this.tally(item, level + 1);
    }
  }

  /** Most of a large list is in order: places are only made of what is told. */
  visit(node: JsonNode, place: () => Value, level: number): void {
    this.#tick();
    if (node.kind === 'object' || node.kind === 'plain' || node.kind === 'unreadable') {
      this.#add(place, {
        code: 'wrong-type',
        tell: () => ({
          message: t('An object stands in {0} where numbers belong.', this.#spec.label),
          expected: this.#wanted(level),
          found: describeNode(node),
          advice: this.#spec.advice,
        }),
      });
    } else if (!isArray(node)) {
      this.#scalar(node, place, level);
    } else if (level >= this.#rank) {
      this.#add(place, {
        code: 'wrong-dimension',
        tell: () => ({
          message: t('A list stands in {0} where a number belongs.', this.#spec.label),
          expected: t('a number, as {0} has {1}', this.#spec.label, dimensions(this.#rank)),
          found: describeNode(node),
          advice: this.#spec.advice,
        }),
      });
    } else if (node.kind === 'array') {
      this.#checkLength(place, level, node.items.length);
      let value: Value | null = null;
      node.items.forEach((item, i) => this.visit(item, () => (value ??= place()).item(i), level + 1));
    } else {
      this.#block(node, place, level);
      checkNumbers(place, node, this.#spec, this.#report, this.#tick);
    }
  }

  summarise(): void {
    for (const [code, { count, last }] of this.#repeats) {
      if (count <= maxRepeats || last === null) continue;
      this.#report.error(last, {
        code,
        message: t('{0} more places in {1} are wrong in the same way.', count - maxRepeats, this.#spec.label),
        expected: this.#spec.form,
        found: t('{0} such places', count),
        advice: t('Mend the way the file is made; the first ones show what is wrong.'),
      });
    }
  }

  /** A regular block inside an irregular list: of the wrong depth, or with lists of another length than the rest. */
  #block(node: TensorNode, place: () => Value, level: number): void {
    const { shape } = node;
    if (this.#checkLength(place, level, shape[0]!)) return;
    if (level + shape.length !== this.#rank) {
      this.#add(place, {
        code: 'wrong-dimension',
        tell: () => ({
          message:
            level + shape.length < this.#rank
              ? t('An element of {0} is nested less deeply than the others.', this.#spec.label)
              : t('An element of {0} is nested more deeply than the others.', this.#spec.label),
          expected: this.#wanted(level),
          found: describeNode(node),
          advice: this.#spec.advice,
        }),
      });
      return;
    }
    for (let axis = 1; axis < shape.length; axis++) {
      if (shape[axis] === this.#usual(level + axis)) continue;
      this.#checkLength(() => place().row(node, new Array<number>(axis).fill(0)), level + axis, shape[axis]!, shape);
      return;
    }
  }

  /** Reports a list whose length is not the usual one of its level. */
  #checkLength(place: () => Value, level: number, length: number, block: readonly number[] | null = null): boolean {
    const usual = this.#usual(level);
    if (level === 0 || length === usual) return false;
    const axis = this.#axis(level);
    if (this.#spec.ragged === true && axis === 'timesteps') return length === 0 && this.#emptySequence(place);
    this.#add(place, {
      code: 'ragged-array',
      tell: () => ({
        message:
          block === null
            ? t('This list in {0} has {1} where the others have {2}.', this.#spec.label, counted(length, axis), usual)
            : t(
                'This list in {0} has {1} where the others have {2}, and so do the others of its block of shape {3}.',
                this.#spec.label,
                counted(length, axis),
                usual,
                describeShape(block),
              ),
        expected: counted(usual, axis),
        found: counted(length, axis),
        advice: length < usual ? this.#fill(level) : t('Remove what is too much, or check the rows before it.'),
      }),
    });
    return true;
  }

  #fill(level: number): string {
    return this.#axis(level) === 'timesteps'
      ? t('Add what is missing, or cut all sequences of one run to the same number of timesteps.')
      : t('Add what is missing, or remove the list.');
  }

  #emptySequence(place: () => Value): true {
    this.#add(place, {
      code: 'empty-sequence',
      tell: () => ({
        message: t('This sequence holds no timestep.'),
        expected: t('at least one timestep'),
        found: t('an empty list'),
        advice: t('Fill in at least one timestep, or remove the sequence.'),
      }),
    });
    return true;
  }

  #scalar(node: ScalarNode, place: () => Value, level: number): void {
    const isNumber = node.kind === 'number' && !Number.isNaN(node.value);
    if (!isNumber || level >= this.#rank) {
      if (!isNumber || !Number.isFinite(this.#spec.dtype === 'float32' ? Math.fround(node.value) : node.value))
        this.#leaf(place);
      return;
    }
    this.#add(place, {
      code: 'wrong-dimension',
      tell: () => {
        const text = cut(place().document.text.slice(node.offset, node.offset + node.length), 38);
        return {
          message: t('A single number stands in {0} where a list belongs.', this.#spec.label),
          expected: this.#wanted(level),
          found: t('the number {0}', text),
          advice: t('Put it into a list: [{0}].', text),
        };
      },
    });
  }

  #leaf(place: () => Value): void {
    if (this.#isFull) return;
    const value = place();
    const {
      document: { id, text },
      node,
    } = value;
    this.#isFull = !this.#report.hasRoom(leafCodes(value), id);
    if (!this.#isFull) reportLeaf(value, text.slice(node.offset, node.offset + node.length), this.#spec, this.#report);
  }

  #wanted(level: number): string {
    const left = this.#rank - level;
    return left <= 0 ? t('a number') : t('a list of {0}', counted(this.#usual(level), left > 1 ? 'lists' : 'numbers'));
  }

  #axis(level: number): Countable {
    return this.#spec.axes[level + this.#spec.axes.length - this.#rank]!;
  }

  #count(level: number, length: number, times: number): void {
    const lengths = (this.#lengths[level] ??= new Map<number, number>());
    lengths.set(length, (lengths.get(length) ?? 0) + times);
  }

  /**
   * The most frequent length of a level, the first one among equals; an empty list is never the model for the others.
   */
  #usual(level: number): number {
    const known = this.#usualLengths[level];
    if (known !== undefined) return known;
    let [usual, most] = [0, 0];
    for (const [length, times] of this.#lengths[level] ?? [])
      if (length > 0 && times > most) [usual, most] = [length, times];
    this.#usualLengths[level] = usual;
    return usual;
  }

  #add(place: () => Value, finding: LateFinding): void {
    const repeats = this.#repeats.get(finding.code) ?? { count: 0, last: null };
    this.#repeats.set(finding.code, repeats);
    repeats.count++;
    if (repeats.count <= maxRepeats) this.#report.error(place(), finding);
    else repeats.last ??= place();
  }
}
