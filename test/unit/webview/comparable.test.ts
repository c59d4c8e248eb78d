// Runs of different configs over each other: where they meet, and what is said of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ComparedRun } from '../../../src/protocol/index.js';
import type { RunSummary } from '../../../webview/page/model.js';

// The page's language stands in its document.
Object.assign(globalThis, { document: { getElementById: () => null } });
const { fromSameSource, namesOf, notesOf } = await import('../../../webview/compare/comparable.js');

const floats = (...values: number[]): Float64Array => Float64Array.from(values);
const curveOf = (...values: number[]) => ({
  T: values.length,
  t: null,
  dh: floats(...values),
  singleSource: floats(...values.map((value) => value / 2)),
});
const ownRun = (direction: 'forward' | 'reverse'): RunSummary =>
  ({
    cell: { name: 'tanh' },
    shapes: { T: 4 },
    chunkStarts: [0],
    layers: [{ direction }],
  }) as unknown as RunSummary;
const own = ownRun('forward');
const compared = (
  run: Partial<NonNullable<ComparedRun['run']>> | null,
  told: Partial<ComparedRun> = {},
): ComparedRun => ({
  config: 'file:///w/b.rnn.json',
  name: 'b',
  running: false,
  problem: null,
  run:
    run === null
      ? null
      : {
          runId: 1,
          cell: 'tanh',
          network: null,
          kind: 'vanishing',
          perStepFactor: 0.5,
          log10Ratio: -1,
          curve: curveOf(0, 1, 2, 3),
          ...run,
        },
  ...told,
});

describe('a curve from the same source', () => {
  it('begins where the other one does and keeps every ratio', () => {
    const moved = fromSameSource(curveOf(-4, -2, 1), curveOf(0, 0, 5, 6));
    assert.deepEqual([...moved.dh], [1, 3, 6]);
    assert.deepEqual([...moved.singleSource], [0.5, 1.5, 3]);
    assert.equal(moved.T, 3);
  });

  it('begins at the last step where anything enters: the steps after it are exactly zero', () => {
    assert.deepEqual(
      [...fromSameSource(curveOf(-3, 0, -Infinity), curveOf(1, 2, -Infinity, -Infinity)).dh],
      [-1, 2, -Infinity],
    );
  });

  it('is left as it is where one of them is zero or not finite throughout', () => {
    assert.deepEqual([...fromSameSource(curveOf(-Infinity, -Infinity), curveOf(1, 2)).dh], [-Infinity, -Infinity]);
    assert.deepEqual([...fromSameSource(curveOf(1, 2), curveOf(NaN, NaN)).dh], [1, 2]);
  });
});

describe('what is said of a compared run', () => {
  it('is nothing where both are of the same cell and length', () => {
    assert.deepEqual(notesOf(compared({}), own), []);
  });

  it('names the other cell', () => {
    assert.match(
      notesOf(compared({ cell: 'lstm' }), own).join(),
      /^Another cell \(lstm\): .* begin where this run’s does/,
    );
  });

  it('tells where shorter and longer runs meet', () => {
    assert.deepEqual(notesOf(compared({ curve: curveOf(1, 2, 3) }), own), [
      'Both meet at their last steps: this one begins at t = 1.',
    ]);
    // A reverse direction has its last step at position 0.
    assert.deepEqual(notesOf(compared({ curve: curveOf(1, 2, 3) }), ownRun('reverse')), [
      'Both meet at their last steps: this one begins at t = 2.',
    ]);
    assert.deepEqual(notesOf(compared({ curve: curveOf(1, 2, 3, 4, 5, 6, 7) }), own), [
      'Both meet at their last steps: the first 3 of this one lie outside of the axis.',
    ]);
  });

  it('tells a problem, and that an older curve is kept', () => {
    assert.deepEqual(notesOf(compared(null, { problem: 'b.rnn.json:1:2: wrong' }), own), ['b.rnn.json:1:2: wrong']);
    assert.deepEqual(notesOf(compared({}, { problem: 'b.rnn.json:1:2: wrong' }), own), [
      'As it was before: b.rnn.json:1:2: wrong',
    ]);
  });
});

it('two configs of one name are told apart by their files', () => {
  const twin = compared({}, { config: 'file:///w/%EC%97%B4.rnn.json' });
  assert.deepEqual(namesOf([compared({}), twin, compared({}, { name: 'c' })]), [
    'b (b.rnn.json)',
    'b (열.rnn.json)',
    'c',
  ]);
});
