import { t } from '@vscode/l10n';
import { counted, describeNode, describeShape, isArray } from '../json/node.js';
import type { Countable, JsonNode } from '../json/node.js';
import { checkNumbers, dimensions, reportLeaf } from './numberChecks.js';
import type { TensorSpec } from './numberChecks.js';
import { maxRepeats } from './problemReport.js';
import type { Report, Finding } from './problemReport.js';
import type { Value } from '../json/jsonValue.js';
/**
 * Tells what keeps nested lists from being one block of numbers: lists whose length differs from that of most lists on
 * their level, lists where numbers belong and the reverse, elements that are no numbers.
 */
export function reportIrregularities(value: Value, spec: TensorSpec, report: Report): void {
  const search = new Search(spec, likelyRank(value.node, spec.ranks), report);
  search.tally(value.node, 0);
  search.visit(value, 0);
  search.summarise();
}

/** The allowed number of dimensions that most of the numbers are nested in; the larger one among equals. */
function likelyRank(node: JsonNode, ranks: readonly number[]): number {
  const times: number[] = [];
  const count = (inner: JsonNode, level: number): void => {
    if (inner.kind === 'array') for (const item of inner.items) count(item, level + 1);
    else if (inner.kind === 'tensor')
      times[level + inner.shape.length] = (times[level + inner.shape.length] ?? 0) + inner.data.length;
    else if (inner.kind !== 'object') times[level] = (times[level] ?? 0) + 1;
  };
  count(node, 0);
  return ranks.toSorted((a, b) => (times[b] ?? 0) - (times[a] ?? 0) || b - a)[0] ?? 1;
}

type Length = { readonly length: number; times: number };

class Search {
  readonly #spec: TensorSpec;
  readonly #rank: number;
  readonly #report: Report;
  /** Of each level: lengths of its lists, with how often they occur, in the order of the text. */
  readonly #lengths: Length[][] = [];
  readonly #repeats = new Map<Finding['code'], { count: number; last: Value | null }>();

  constructor(spec: TensorSpec, rank: number, report: Report) {
    this.#spec = spec;
    this.#rank = rank;
    this.#report = report;
  }

  tally(node: JsonNode, level: number): void {
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

  visit(value: Value, level: number): void {
    const { node } = value;
    if (node.kind === 'object') {
      this.#add(value, {
        code: 'wrong-type',
        message: t('An object stands in {0} where numbers belong.', this.#spec.label),
        expected: this.#wanted(level),
        found: describeNode(node),
        advice: this.#spec.advice,
      });
    } else if (!isArray(node)) {
      this.#scalar(value, level);
    } else if (level >= this.#rank) {
      this.#add(value, {
        code: 'wrong-dimension',
        message: t('A list stands in {0} where a number belongs.', this.#spec.label),
        expected: t('a number, as {0} has {1}', this.#spec.label, dimensions(this.#rank)),
        found: describeNode(node),
        advice: this.#spec.advice,
      });
    } else if (node.kind === 'array') {
      this.#checkLength(value, level, node.items.length);
      for (const item of value.items()) this.visit(item, level + 1);
    } else {
      this.#block(value, level, node.shape);
      checkNumbers(value, node, this.#spec, this.#report);
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
  #block(value: Value, level: number, shape: readonly number[]): void {
    const { node } = value;
    if (node.kind !== 'tensor') return;
    if (this.#checkLength(value, level, shape[0] ?? 0)) return;
    if (level + shape.length !== this.#rank) {
      this.#add(value, {
        code: 'wrong-dimension',
        message:
          level + shape.length < this.#rank
            ? t('An element of {0} is nested less deeply than the others.', this.#spec.label)
            : t('An element of {0} is nested more deeply than the others.', this.#spec.label),
        expected: this.#wanted(level),
        found: describeNode(node),
        advice: this.#spec.advice,
      });
      return;
    }
    for (let axis = 1; axis < shape.length; axis++) {
      if (shape[axis] === this.#usual(level + axis)) continue;
      this.#checkLength(value.row(node, new Array<number>(axis).fill(0)), level + axis, shape[axis] ?? 0, shape);
      return;
    }
  }

  /** Reports a list whose length is not the usual one of its level. */
  #checkLength(value: Value, level: number, length: number, block: readonly number[] | null = null): boolean {
    const usual = this.#usual(level);
    if (level === 0 || length === usual) return false;
    const axis = this.#axis(level);
    this.#add(value, {
      code: 'ragged-array',
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
    });
    return true;
  }

  #fill(level: number): string {
    return this.#axis(level) === 'timesteps'
      ? t('Add what is missing, or cut all sequences of one run to the same number of timesteps.')
      : t('Add what is missing, or remove the list.');
  }

  #scalar(value: Value, level: number): void {
    const { node } = value;
    const text = value.document.text.slice(node.offset, node.offset + node.length);
    if (node.kind !== 'number' || level >= this.#rank) {
      if (
        node.kind !== 'number' ||
        !Number.isFinite(this.#spec.dtype === 'float32' ? Math.fround(node.value) : node.value)
      )
        reportLeaf(value, text, this.#spec, this.#report);
      return;
    }
    if (Number.isNaN(node.value)) {
      reportLeaf(value, text, this.#spec, this.#report);
      return;
    }
    this.#add(value, {
      code: 'wrong-dimension',
      message: t('A single number stands in {0} where a list belongs.', this.#spec.label),
      expected: this.#wanted(level),
      found: t('the number {0}', text),
      advice: t('Put it into a list: [{0}].', text),
    });
  }

  #wanted(level: number): string {
    const left = this.#rank - level;
    return left <= 0 ? t('a number') : t('a list of {0}', counted(this.#usual(level), left > 1 ? 'lists' : 'numbers'));
  }

  #axis(level: number): Countable {
    return this.#spec.axes[level + this.#spec.axes.length - this.#rank] ?? 'elements';
  }

  #count(level: number, length: number, times: number): void {
    const lengths = (this.#lengths[level] ??= []);
    const known = lengths.find((entry) => entry.length === length);
    if (known === undefined) lengths.push({ length, times });
    else known.times += times;
  }

  /**
   * The most frequent length of a level, the first one among equals; an empty list is never the model for the others.
   */
  #usual(level: number): number {
    const lengths = (this.#lengths[level] ?? []).filter(({ length }) => length > 0);
    return lengths.reduce<Length>((best, entry) => (entry.times > best.times ? entry : best), { length: 0, times: 0 })
      .length;
  }

  #add(value: Value, finding: Finding): void {
    const repeats = this.#repeats.get(finding.code) ?? { count: 0, last: null };
    this.#repeats.set(finding.code, repeats);
    repeats.count++;
    if (repeats.count <= maxRepeats) this.#report.error(value, finding);
    else repeats.last ??= value;
  }
}
