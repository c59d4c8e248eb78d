// What tests of the formats' pieces share.
import assert from 'node:assert/strict';
import { FormatError } from '../../../src/config/formats/formatError.js';
import { stridesOf } from '../../../src/config/formats/storedNumbers.js';

/** What was expected and what was found. */
export function told(work: () => unknown): readonly [string, string] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return [error.finding.expected, error.finding.found];
  }
  return assert.fail('nothing was thrown');
}

/** A stored tensor of zeros. */
export const tensor = (name: string, ...shape: readonly number[]) => ({
  name,
  stored: {
    type: 'f4' as const,
    bytes: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
    little: true,
    shape,
    offset: 0,
    strides: stridesOf(shape),
  },
});
