import type { DType } from '../../engine/index.js';
import { leafSpans } from '../json/locateNumbers.js';
import type { TensorNode } from '../json/node.js';
import type { Document } from '../json/jsonDocument.js';

/** Numbers that are looked at to learn how a file writes them. */
const sample = 4096;
/** A float32 is told apart from its neighbours by this many digits. */
const float32Digits = 9;

/** Writes numbers as the others in the same block are written. */
export type NumberStyle = (x: number) => string;

/**
 * The style of a block: whether whole numbers carry `.0`, and whether float32 values are written with the digits they
 * need (0.1) or as the float64 that they are (0.10000000149011612), as Python writes them. Values always read back
 * exactly in the dtype.
 */
export function styleOf(document: Document, node: TensorNode, dtype: DType): NumberStyle {
  let [count, fractions, digits] = [0, 0, 0];
  for (const { offset, length } of leafSpans(document.text, node.offset, document.tick)) {
    const text = document.text.slice(offset, offset + length);
    if (/[.e]/i.test(text)) fractions++;
    digits = Math.max(digits, text.replace(/e.*$/i, '').replace(/^[-0.]+|[-.]/g, '').length);
    if (++count >= sample) break;
  }
  const alwaysFraction = count > 0 && fractions === count;
  const short = dtype === 'float32' && digits <= float32Digits;
  return (x) => {
    const value = dtype === 'float32' ? Math.fround(x) : x;
    const text = String(short ? shortestFloat32(value) : value);
    return alwaysFraction && /^-?\d+$/.test(text) ? `${text}.0` : text;
  };
}

/** The number with the fewest decimal digits that rounds to the same float32. */
function shortestFloat32(value: number): number {
  for (let precision = 1; precision < float32Digits; precision++) {
    const candidate = Number(value.toPrecision(precision));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(float32Digits));
}
