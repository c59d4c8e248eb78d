// JSON text of numbers, with the shortest digits that read back to the same float64.
import type { Trace } from '../../engine/index.js';
import { escapeControls } from './escapeControls.js';

/** JSON has no word for NaN, Infinity and -Infinity, so they travel as strings. */
export const number = (value: number): string =>
  Number.isFinite(value) ? String(Object.is(value, -0) ? 0 : value) : `"${String(value)}"`;

/** JSON lets most control characters stand as they are; but the text may end on a terminal. */
export const text = (value: string): string => escapeControls(JSON.stringify(value));

/**
 * A row-major tensor as nested lists, one piece for each innermost list so that no string outgrows what a string may
 * hold.
 */
export function* nested(values: Trace, shape: readonly number[], offset = 0): Generator<string, void, void> {
  const [length = 0, ...inner] = shape;
  if (inner.length === 0) {
    yield `[${Array.from(values.subarray(offset, offset + length), number).join(',')}]`;
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
