// What the history is drawn along.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { versionAxisOf } from '../../../webview/cards/versionAxis.js';

type Count = number | null;
const along = (steps: readonly Count[], epochs: readonly Count[] = steps.map(() => null)): unknown =>
  versionAxisOf(
    steps.map((step, i) => ({ training: { step, epoch: epochs[i] ?? null, loss: null } })),
    (place) => place + 4,
  );

it('counts the steps of the script where every version has one', () => {
  assert.deepEqual(along([0, 100, 100, 300], [0, 1, 1, 2]), { by: 'step', at: [0, 100, 100, 300] });
});

it('counts its epochs where there are no steps', () => {
  assert.deepEqual(along([null, null, null], [1, 1.5, 2]), { by: 'epoch', at: [1, 1.5, 2] });
  assert.deepEqual(along([7, 7, 7], [1, 2, 3]), { by: 'epoch', at: [1, 2, 3] });
});

it('counts versions where a version has none, or the script has begun again', () => {
  const versions = { by: 'version', at: [4, 5, 6] };
  assert.deepEqual(along([null, 100, 200]), versions);
  assert.deepEqual(along([100, 200, 0]), versions);
  assert.deepEqual(along([5, 5, 5]), versions);
  assert.deepEqual(
    versionAxisOf([{ training: null }, { training: null }, { training: null }], (place) => place + 4),
    versions,
  );
});
