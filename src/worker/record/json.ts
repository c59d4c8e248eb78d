// Pieces of JSON text: numbers with the shortest digits that read back to the same float64.
import type { Trace } from '../../engine/index.js';
import { escapeControls } from './escapeControls.js';

/** JSON has no word for NaN, Infinity and -Infinity, so they travel as strings. */
export const number = (value: number): string =>
  Number.isFinite(value) ? String(Object.is(value, -0) ? 0 : value) : `"${String(value)}"`;
export const scalar = (value: number | null): string => (value === null ? 'null' : number(value));
export const vector = (values: ArrayLike<number> | null): string =>
  values === null ? 'null' : `[${Array.from(values, number).join(',')}]`;

/** JSON lets most control characters stand as they are; but the text may end on a terminal. */
export const text = (value: string): string => escapeControls(JSON.stringify(value));

/** Numbers of one piece. */
const atOnce = 2 ** 16;

/** A list as long as a run, likewise in pieces. */
export function* series(values: Float64Array): Generator<string, void, void> {
  yield '[';
  for (let from = 0; from < values.length; from += atOnce)
    yield `${from === 0 ? '' : ','}${Array.from(values.subarray(from, from + atOnce), number).join(',')}`;
  yield ']';
}

/**
 * A row-major tensor as nested lists, one piece for each innermost list so that no string outgrows what a string may
 * hold.
 */
export function* nested(values: Trace, shape: readonly number[], offset = 0): Generator<string, void, void> {
  const [length = 0, ...inner] = shape;
  if (inner.length === 0) {
    yield vector(values.subarray(offset, offset + length));
    return;
  }
  const stride = inner.reduce((a, b) => a * b, 1);
  yield '[';
  for (let i = 0; i < length; i++) {
    if (i > 0) yield ',';
    yield* nested(values, inner, offset + i * stride);
  }
  yield ']';
}
