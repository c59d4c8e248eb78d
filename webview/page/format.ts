// Numbers as people read them. Norms arrive as log10, so that 10^-451 is as good a number as 0.5.
import { t } from './l10n.js';

const superscripts: Readonly<Record<string, string>> = {
  '-': '⁻',
  '0': '⁰',
  '1': '¹',
  '2': '²',
  '3': '³',
  '4': '⁴',
  '5': '⁵',
  '6': '⁶',
  '7': '⁷',
  '8': '⁸',
  '9': '⁹',
};
const superscript = (text: string): string => text.replace(/[-\d]/g, (digit) => superscripts[digit] ?? digit);

/** `10⁻³` for −3; a fraction keeps one digit; what is no exponent by its value: 0 for −∞. */
export const powerOfTen = (exponent: number): string =>
  Number.isFinite(exponent) ? `10${superscript(String(Math.round(exponent * 10) / 10))}` : formatNumber(10 ** exponent);

/** Four significant digits: `1.901`, `5.969e-3`; not-a-number and infinity by name. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1e-2 && size < 1e5 ? size.toPrecision(digits) : size.toExponential(digits - 1);
  return (value < 0 ? '−' : '') + text.replace('e+', 'e');
}

/** A number that somebody has set: three digits, and no zeros that say nothing. */
export const formatSetting = (value: number): string =>
  formatNumber(Math.abs(value) < 1e-9 ? 0 : value, 3)
    .replace(/(\.\d*?)0+(?=$|e)/, '$1')
    .replace(/\.(?=$|e)/, '');

/** A round number on an axis: no digit more than it has. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e5)
      ? Number(value.toPrecision(3)).toExponential().replace('e+', 'e')
      : String(Number(value.toPrecision(6)));
  return text.replace(/^-/, '−');
}

/** The same of 10^log10. */
export const formatLog10Tick = (log10: number): string =>
  inDoubleRange(log10) ? formatTick(10 ** log10) : formatLog10(log10, 2);

/** Mantissa and exponent of 10^log10, for values that a double cannot hold. */
function split(log10: number, digits: number): string {
  let exponent = Math.floor(log10);
  let mantissa = (10 ** (log10 - exponent)).toFixed(digits);
  if (Number(mantissa) >= 10) {
    exponent += 1;
    mantissa = (10 ** (log10 - exponent)).toFixed(digits);
  }
  return `${mantissa}e${exponent}`;
}

/** Outside this range a double has lost digits (subnormal) or is infinite. */
const inDoubleRange = (log10: number): boolean => log10 > -307 && log10 < 308;

/** 10^log10 with a few significant digits, at any size: `5.969e-3`, `3.162e-451`, `0` for −∞. */
export function formatLog10(log10: number, digits = 4): string {
  if (Number.isNaN(log10)) return '–';
  if (log10 === -Infinity) return '0';
  if (log10 === Infinity) return '∞';
  return inDoubleRange(log10) ? formatNumber(10 ** log10, digits) : split(log10, digits - 1);
}

/** 10^log10 with every digit that log10 carries. */
export function exactLog10(log10: number): string {
  if (Number.isNaN(log10)) return 'NaN';
  if (log10 === -Infinity) return '0';
  if (log10 === Infinity) return 'Infinity';
  return inDoubleRange(log10) ? String(10 ** log10) : split(log10, 12);
}

/**
 * A share in percent, as the verdict tells it: more digits the nearer it is to 0 or to 100 %, never rounded to either.
 */
export function formatPercent(share: number): string {
  const value = share * 100;
  if (!Number.isFinite(value)) return formatNumber(value);
  if (value > 0 && value < 1e-4) return t('{0} %', powerOfTen(Math.round(Math.log10(value))));
  const digits = value < 10 ? 2 : value < 100 ? Math.max(3, Math.ceil(-Math.log10(Math.max(1 - share, 1e-8)))) : 4;
  return t('{0} %', Number(value.toPrecision(digits)));
}

export const formatMs = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;

/**
 * A factor per step: enough digits that 0.9998 does not become 1, except nearer than 1e-6, which the verdict calls no
 * change.
 */
export function formatFactor(factor: number): string {
  if (!(factor < 1e4) || (factor !== 0 && factor < 1e-3)) return formatNumber(factor, 3);
  const off = Math.abs(factor - 1);
  return factor.toFixed(off < 1e-6 ? 3 : Math.max(3, Math.ceil(-Math.log10(off))));
}

export const formatSteps = (steps: number): string => (steps < 100 ? steps.toFixed(1) : String(Math.round(steps)));

/** `0,3,7-9` → those units, each once. Null when the text is not a list of units that exist. */
export function parseUnits(text: string, H: number): number[] | null {
  const units = new Set<number>();
  for (const part of text.split(/[\s,;]+/).filter((piece) => piece !== '')) {
    const match = /^(\d+)(?:[-–](\d+))?$/.exec(part);
    if (match === null) return null;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (from >= H || to >= H || to < from) return null;
    for (let unit = from; unit <= to; unit++) units.add(unit);
  }
  return units.size === 0 ? null : [...units];
}

/** [0,3,7,8,9] → `0,3,7-9`. */
export function printUnits(units: readonly number[]): string {
  const parts: string[] = [];
  for (let start = 0; start < units.length;) {
    let end = start;
    while (end + 1 < units.length && units[end + 1] === (units[end] ?? 0) + 1) end++;
    const [from, to] = [units[start] ?? 0, units[end] ?? 0];
    parts.push(to - from >= 2 ? `${from}-${to}` : units.slice(start, end + 1).join(','));
    start = end + 1;
  }
  return parts.join(',');
}
