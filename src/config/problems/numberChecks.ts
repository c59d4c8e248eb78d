import { t } from '@vscode/l10n';
import type { DType } from '../../engine/index.js';
import { notFiniteAdvice } from './formatAdvice.js';
import type { Countable, TensorNode } from '../json/node.js';
import { maxRepeats } from './problemReport.js';
import type { Finding, Report } from './problemReport.js';
import type { Value } from '../json/jsonValue.js';

export type TensorSpec = {
  /** As the user calls it: `Wx`, `sequences`. */
  readonly label: string;
  /** Allowed numbers of dimensions, the usual one first. */
  readonly ranks: readonly number[];
  /** What it should look like, as `[B][T][I] or [T][I]`. */
  readonly form: string;
  /** What one level of nesting counts, outermost first, for the usual rank. */
  readonly axes: readonly Countable[];
  /** How to mend a wrong number of dimensions. */
  readonly advice: string;
  /** Numbers must fit it; null for class indices. */
  readonly dtype: DType | null;
};

export const dimensions = (rank: number): string => (rank === 1 ? t('one dimension') : t('{0} dimensions', rank));

/** Whether all numbers are finite in the dtype; reports those that are not, each at its place. */
export function checkNumbers(value: Value, node: TensorNode, spec: TensorSpec, report: Report): boolean {
  const fits =
    spec.dtype === 'float32'
      ? (x: number): boolean => Number.isFinite(Math.fround(x))
      : (x: number): boolean => Number.isFinite(x);
  const summary = (count: number, text: string): Finding | null => {
    const code = leafCode(text);
    return code === null
      ? null
      : {
          code,
          message: t('{0} more elements of {1} are no usable numbers.', count, spec.label),
          expected: t('finite numbers'),
          found: t('elements that are not'),
          advice: t('Mend the way the file is exported; the first ones show what is wrong.'),
        };
  };
  return checkLeaves(value, node, fits, (where, text) => reportLeaf(where, text, spec, report), summary, report);
}

/** Whether all numbers pass; the first that do not are told singly, the rest in one summary at the next one. */
export function checkLeaves(
  value: Value,
  node: TensorNode,
  passes: (x: number) => boolean,
  tell: (where: Value, text: string) => void,
  summary: (count: number, text: string) => Finding | null,
  report: Report,
): boolean {
  const { data } = node;
  const bad: number[] = [];
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (i % 65536 === 0) value.document.tick();
    if (passes(data[i] ?? 0)) continue;
    count++;
    if (bad.length <= maxRepeats) bad.push(i);
  }
  if (count === 0) return true;
  const leaves = value.leaves(node, bad);
  for (const { where, text } of leaves.slice(0, maxRepeats)) tell(where, text);
  const next = leaves[maxRepeats];
  const rest = next === undefined ? null : summary(count - maxRepeats, next.text);
  if (next !== undefined && rest !== null) report.error(next.where, rest);
  return false;
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Null for words that are not JSON, which the parser has reported. */
const leafCode = (text: string): 'wrong-type' | 'number-overflow' | null =>
  jsonNumber.test(text) ? 'number-overflow' : /^["']|^(?:null|true|false)$/.test(text) ? 'wrong-type' : null;

/** One element that is no number, or one too large. Words that are not JSON have been reported by the parser. */
export function reportLeaf(where: Value, text: string, spec: TensorSpec, report: Report): void {
  const shown = text.length > 40 ? `${text.slice(0, 37)}…` : text;
  if (jsonNumber.test(text)) {
    const value = Number(text);
    const tooLarge = Number.isFinite(value);
    report.error(where, {
      code: 'number-overflow',
      message: tooLarge
        ? t('{0} in {1} is too large for float32, it would become infinity.', shown, spec.label)
        : t('{0} in {1} is too large for any number type.', shown, spec.label),
      expected: tooLarge ? t('a magnitude below 3.4028235e38') : t('a magnitude below 1.7976931348623157e308'),
      found: shown,
      advice: tooLarge
        ? t('Write "dtype": "float64" in the config, or a smaller number.')
        : t('Write a smaller number; the training that produced it has probably diverged.'),
    });
  } else if (text.startsWith('"') || text.startsWith("'")) {
    const number = text.slice(1, -1).trim();
    const numeric = number !== '' && Number.isFinite(Number(number));
    report.error(where, {
      code: 'wrong-type',
      message: t('A text stands in {0} where a number belongs.', spec.label),
      expected: t('a number'),
      found: t('the text {0}', shown),
      advice:
        notFiniteAdvice(number) ??
        (numeric ? t('Remove the quotes: write {0}.', number) : t('Write a number instead.')),
      ...(numeric && jsonNumber.test(number) ? { fix: { kind: 'replace', text: number } } : {}),
    });
  } else if (text === 'null') {
    report.error(where, {
      code: 'wrong-type',
      message: t('{0} stands in {1} where a number belongs.', 'null', spec.label),
      expected: t('a number'),
      found: 'null',
      advice: t('Some exporters write null for NaN: check the source of this number, then write a finite one.'),
    });
  } else if (text === 'true' || text === 'false') {
    report.error(where, {
      code: 'wrong-type',
      message: t('{0} stands in {1} where a number belongs.', text, spec.label),
      expected: t('a number'),
      found: text,
      advice: t('Write {0} if that is what is meant.', text === 'true' ? 1 : 0),
      fix: { kind: 'replace', text: text === 'true' ? '1' : '0' },
    });
  }
}
