// How the numbers of an opened step are written: values as they are, gradients times a power of two of their own.
import { exactLog10, formatLog10, formatNumber } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { norm } from './stepGraph.js';
import { emptyField } from '../page/tablePlan.js';
import type { Field, Heading } from '../page/tablePlan.js';

const log10of2 = Math.log10(2);
/** Below it a double has lost digits. */
const leastNormal = 2 ** -1022;
/** Lists of so few numbers are written out. */
export const fewNumbers = 4;

/** log10 of the norm of values·2^exponent. */
export const gradientLog10 = (values: Float64Array, exponent: number): number =>
  Math.log10(norm(values)) + exponent * log10of2;

export const scaledText = (value: number, exponent: number): string =>
  value === 0 ? '0' : `${value < 0 ? '−' : ''}${formatLog10(Math.log10(Math.abs(value)) + exponent * log10of2, 3)}`;

/** With every digit, also where a double cannot hold it. */
const exactly = (value: number, exponent: number): string => {
  const held = value * 2 ** exponent;
  if (value === 0 || (Math.abs(held) >= leastNormal && Number.isFinite(held))) return String(value === 0 ? 0 : held);
  return `${value < 0 ? '-' : ''}${exactLog10(Math.log10(Math.abs(value)) + exponent * log10of2)}`;
};

const shortList = (values: Float64Array, print: (number: number) => string): string =>
  values.length <= fewNumbers ? [...values].map(print).join(', ') : say('{0} numbers', values.length);

/** Of a table of nodes, whose rows are `nodeCells`. */
export const nodeHeadings = (): Heading[] => [
  { title: say('‖value‖'), csv: 'value_norm' },
  { title: say('‖gradient‖'), csv: 'gradient_norm' },
  { title: say('values'), csv: 'values' },
  { title: say('gradients'), csv: 'gradients' },
];

/** A row of a table of nodes: norms, and the numbers themselves; what is not there is left empty. */
export function nodeCells(value: Float64Array | null, gradient: Float64Array | null, exponent: number): Field[] {
  const length = value === null ? NaN : norm(value);
  const log10 = gradient === null ? NaN : gradientLog10(gradient, exponent);
  return [
    value === null ? emptyField : { text: formatNumber(length), exact: String(length) },
    gradient === null ? emptyField : { text: formatLog10(log10), exact: exactLog10(log10) },
    value === null
      ? emptyField
      : { text: shortList(value, (one) => formatNumber(one, 3)), exact: [...value].map(String).join(' ') },
    gradient === null
      ? emptyField
      : {
          text: shortList(gradient, (one) => scaledText(one, exponent)),
          exact: [...gradient].map((one) => exactly(one, exponent)).join(' '),
        },
  ];
}
