import { t } from '@vscode/l10n';
import type { DType } from '../../engine/index.js';
import { notFiniteAdvice } from './formatAdvice.js';
import type { Countable, TensorNode } from '../json/node.js';
import type { Tick } from '../json/scanner.js';
import { cut } from '../json/problem.js';
import type { ProblemCode } from '../json/problem.js';
import { maxRepeats } from './problemReport.js';
import type { LateFinding, Report } from './problemReport.js';
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
  /** Lists of timesteps may have different lengths, but none is empty. */
  readonly ragged?: boolean;
  /** How to mend a wrong number of dimensions. */
  readonly advice: string;
  /** Numbers must fit it; null for class indices. */
  readonly dtype: DType | null;
  /** Of what was measured, not trained: sequences and targets. */
  readonly isData?: boolean;
};

export const dimensions = (rank: number): string => (rank === 1 ? t('one dimension') : t('{0} dimensions', rank));

/** Whether all numbers are finite in the dtype; reports those that are not, each at its place. */
export function checkNumbers(
  place: () => Value,
  node: TensorNode,
  spec: TensorSpec,
  report: Report,
  tick: Tick,
): boolean {
  const fits =
    spec.dtype === 'float32'
      ? (x: number): boolean => Number.isFinite(Math.fround(x))
      : (x: number): boolean => Number.isFinite(x);
  const summary = (count: number, text: string): LateFinding | null => {
    const code = leafCode(text) ?? (place().document.binary === null ? null : 'not-a-number');
    return code === null
      ? null
      : {
          code,
          tell: () => ({
            message: t('{0} more elements of {1} are no usable numbers.', count, spec.label),
            expected: t('finite numbers'),
            found: t('elements that are not'),
            advice: t('Mend the way the file is exported; the first ones show what is wrong.'),
          }),
        };
  };
  return checkLeaves(
    place,
    node,
    fits,
    { codes: leafCodes, tell: (where, text) => reportLeaf(where, text, spec, report), summary },
    report,
    tick,
  );
}

/** What is told of elements that do not pass: one at its place, and a number of others in one sentence. */
type Telling = {
  readonly codes: (where: Value) => readonly ProblemCode[];
  readonly tell: (where: Value, text: string) => void;
  readonly summary: (count: number, text: string) => LateFinding | null;
};

/** Whether all numbers pass; the first that do not are told singly, the rest in one summary at the next one. */
export function checkLeaves(
  place: () => Value,
  node: TensorNode,
  passes: (x: number) => boolean,
  { codes, tell, summary }: Telling,
  report: Report,
  tick: Tick,
): boolean {
  const { data } = node;
  const bad: number[] = [];
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    if (i % 65536 === 65535) tick();
    if (passes(data[i]!)) continue;
    count++;
    if (bad.length <= maxRepeats) bad.push(i);
  }
  if (count === 0) return true;
  const value = place();
  if (!report.hasRoom(codes(value), value.document.id)) return false;
  const leaves = value.leaves(node, bad);
  for (const { where, text } of leaves.slice(0, maxRepeats)) tell(where, text);
  const next = leaves[maxRepeats];
  const rest = next === undefined ? null : summary(count - maxRepeats, next.text);
  if (next !== undefined && rest !== null) report.error(next.where, rest);
  return false;
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What `reportLeaf` tells of a file. */
export const leafCodes = ({ document: { binary } }: Value): readonly ProblemCode[] =>
  binary === null ? ['number-overflow', 'wrong-type'] : ['number-overflow', 'not-a-number'];
/** Null for words that are not JSON, which the parser has reported. */
const leafCode = (text: string): 'wrong-type' | 'number-overflow' | null =>
  jsonNumber.test(text) ? 'number-overflow' : /^["']|^(?:null|true|false)$/.test(text) ? 'wrong-type' : null;

/** One element that is no number, or one too large. Words that are not JSON have been reported by the parser. */
export function reportLeaf(where: Value, text: string, spec: TensorSpec, report: Report): void {
  const shown = cut(text, 38);
  const inQuotes = text.startsWith('"') || text.startsWith("'");
  if (where.document.binary !== null && !jsonNumber.test(text)) {
    // Numbers of such a file are NaN or infinite where they are nothing else.
    report.error(where, {
      code: 'not-a-number',
      tell: () => ({
        message: t('{0} stands in {1} where a number belongs.', text, spec.label),
        expected: t('a number'),
        found: text,
        advice: notFiniteAdvice(text, spec.isData === true)!,
      }),
    });
  } else if (jsonNumber.test(text)) {
    report.error(where, {
      code: 'number-overflow',
      tell: () => tooLarge(shown, Number.isFinite(Number(text)), spec, report),
    });
  } else if (inQuotes) {
    report.error(where, { code: 'wrong-type', tell: () => textAmongNumbers(text.slice(1, -1).trim(), shown, spec) });
  } else if (text === 'null') {
    report.error(where, {
      code: 'wrong-type',
      tell: () => ({
        message: t('{0} stands in {1} where a number belongs.', 'null', spec.label),
        expected: t('a number'),
        found: 'null',
        advice: t('Some exporters write null for NaN: check the source of this number, then write a finite one.'),
      }),
    });
  } else if (text === 'true' || text === 'false') {
    report.error(where, {
      code: 'wrong-type',
      tell: () => ({
        message: t('{0} stands in {1} where a number belongs.', text, spec.label),
        expected: t('a number'),
        found: text,
        advice: t('Write {0} if that is what is meant.', text === 'true' ? 1 : 0),
        fix: { kind: 'replace', text: text === 'true' ? '1' : '0' },
      }),
    });
  }
}

type Told = ReturnType<LateFinding['tell']>;

const tooLarge = (shown: string, isDouble: boolean, spec: TensorSpec, { byOption }: Report): Told => ({
  message: isDouble
    ? t('{0} in {1} is too large for float32, it would become infinity.', shown, spec.label)
    : t('{0} in {1} is too large for any number type.', shown, spec.label),
  expected: isDouble ? t('a magnitude below 3.4028235e38') : t('a magnitude below 1.7976931348623157e308'),
  found: shown,
  advice: isDouble
    ? byOption
      ? t('Write a smaller number, or save the two files as a config, and write "dtype": "float64" there.')
      : t('Write "dtype": "float64" in the config, or a smaller number.')
    : spec.isData === true
      ? t('Write a smaller number.')
      : t('Write a smaller number; the training that produced it has probably diverged.'),
});

function textAmongNumbers(number: string, shown: string, spec: TensorSpec): Told {
  const numeric = number !== '' && Number.isFinite(Number(number));
  return {
    message: t('A text stands in {0} where a number belongs.', spec.label),
    expected: t('a number'),
    found: t('the text {0}', shown),
    advice:
      notFiniteAdvice(number, spec.isData === true) ??
      (numeric ? t('Remove the quotes: write {0}.', cut(number, 38)) : t('Write a number instead.')),
    ...(numeric && jsonNumber.test(number) ? { fix: { kind: 'replace', text: number } } : {}),
  };
}
