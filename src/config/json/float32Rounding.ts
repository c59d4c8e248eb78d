// Decimal to float32 with one rounding, where the way over float64 would round twice.
import { locateLeaves } from './locateNumbers.js';
import type { TensorNode } from './node.js';
import type { Value } from './jsonValue.js';

/** Half-way between the largest float32 and what would come after it: from here on rounding gives infinity. */
const halfToInfinity = 2 ** 128 - 2 ** 103;

/** Significant decimal digits of a float64: 767 at most. */
const mostDigits = 768;
/** Texts that are compared between two ticks: a microsecond or two each. */
const comparedPerTick = 256;

/** Whether x lies exactly half-way between two float32. */
function isHalfway(x: number): boolean {
  const near = Math.fround(x);
  if (!Number.isFinite(near)) return Math.abs(x) === halfToInfinity;
  // Mirrored at x, the nearest float32 is the other neighbour only if x lies in the middle.
  return near !== x && Math.fround(2 * x - near) === 2 * x - near;
}

/**
 * The numbers of a block, such that `Math.fround` gives the float32 that is nearest to the text (IEEE 754, ties to
 * even). A float64 half-way between two float32 has forgotten on which side of it the text lies; it is replaced by its
 * neighbour on that side. All others stay as they are.
 */
export function roundableOnce(value: Value, node: TensorNode): Float64Array {
  const { data } = node;
  const doubtful: number[] = [];
  for (let i = 0; i < data.length; i++) {
    if (i % 65536 === 0) value.document.tick();
    if (isHalfway(data[i]!)) doubtful.push(i);
  }
  if (doubtful.length === 0) return data;
  let mended: Float64Array | null = null;
  const { text, tick } = value.document;
  for (const [n, { offset, length }] of locateLeaves(text, node, doubtful, tick).entries()) {
    if (n % comparedPerTick === 0) tick();
    const i = doubtful[n]!;
    const x = data[i]!;
    const side = compare(text.slice(offset, offset + length), x);
    if (side === 0) continue;
    mended ??= data.slice();
    mended[i] = neighbour(x, side);
  }
  return mended ?? data;
}

/**
 * Whether the number in a text is larger (1), smaller (−1) in magnitude than a finite float64, or the same (0). Both
 * have the same sign.
 */
function compare(text: string, x: number): -1 | 0 | 1 {
  // What is no number of JSON is NaN, which lies half-way between nothing.
  const [, whole, fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const all = `${whole}${fraction}`.replace(/^0+(?=\d)/, '');
  // No float64 has more digits. Of those behind them counts only whether one is not zero.
  const rest = all.length > mostDigits ? (/[1-9]/.test(all.slice(mostDigits)) ? '1' : '0') : '';
  const digits = all.slice(0, mostDigits) + rest;
  const q = Number(exponent) - fraction.length + all.length - digits.length;
  const [mantissa, e] = parts(x);
  // digits·10^q against mantissa·2^e, negative powers on the other side.
  const left = (BigInt(digits) * 10n ** BigInt(Math.max(0, q))) << BigInt(Math.max(0, -e));
  const right = (mantissa * 10n ** BigInt(Math.max(0, -q))) << BigInt(Math.max(0, e));
  return left > right ? 1 : left < right ? -1 : 0;
}

/** |x| = mantissa·2^exponent. What lies between two float32 is no subnormal float64. */
function parts(x: number): readonly [mantissa: bigint, exponent: number] {
  const bits = bitsOf(x);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return [fraction | (1n << 52n), exponent - 1075];
}

function bitsOf(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0);
}

/** The float64 next to x, away from zero (1) or towards it (−1). */
function neighbour(x: number, side: -1 | 1): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bitsOf(x) + BigInt(side));
  return view.getFloat64(0);
}
