// What is said of a check of gradients: good, not so good, wrong, nothing to compare.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckedTensor, Experiment, GradientCheck } from '../../../src/engine/index.js';
import { gradientCheckText, isWrong } from '../../../src/worker/record/index.js';
import { randomNetwork } from '../engine/networks.js';

const shape = { seed: 1, cell: 'lstm', B: 1, T: 3, I: 2, directions: ['forward', 'reverse'] } as const;
const network = randomNetwork({ ...shape, widths: [2, 2] });
const alone = randomNetwork({ ...shape, widths: [2], directions: ['forward'] });

const tensor = (name: string, error: number | null, rest: Partial<CheckedTensor> = {}): CheckedTensor => ({
  layer: null,
  name,
  size: 12,
  compared: error === null ? 0 : 9,
  worst: error === null ? null : { at: 3, gradient: 0.5, difference: 0.5 * (1 + error), error },
  kinks: 0,
  unclear: 0,
  ...rest,
});
const found = (...tensors: CheckedTensor[]): GradientCheck => ({ value: 1, isAsRun: true, tensors });
const said = (experiment: Experiment, check: GradientCheck | null): string[] =>
  gradientCheckText(experiment, check).split('\n');

describe('the text of a gradient check', () => {
  it('names the furthest of good gradients, with layer and direction in a network', () => {
    const inLayer = { layer: { layer: 1, direction: 'reverse' } as const };
    const check = found(tensor('x', 1e-12), tensor('Wh', 2.5e-9, inLayer), tensor('c', 1e-10, inLayer));
    const [title, verdict, , header, ...rows] = said(network, check);
    assert.equal(title, 'Gradient check  random');
    assert.equal(
      verdict,
      'Every gradient agrees with centred differences of the loss: the largest relative error is 2.5e-9, ' +
        'at layer 1, reverse: Wh.',
    );
    assert.deepEqual(header?.split(/ {2,}/), ['tensor', 'numbers', 'compared', 'relative error']);
    assert.deepEqual(
      rows.slice(0, 3).map((row) => row.split(/ {2,}/)),
      [
        ['x', '12', '9', '1.0e-12'],
        ['layer 1, reverse: Wh', '12', '9', '2.5e-9'],
        ['layer 1, reverse: c0', '12', '9', '1.0e-10'],
      ],
    );
    assert.ok(!isWrong(check));
  });

  it('calls none wrong between the bounds, and one above them', () => {
    const near = found(tensor('Wx', 1e-12), tensor('Wh', 1e-5));
    assert.match(said(alone, near)[1]!, /^No gradient is wrong, but Wh agrees .* 1\.0e-5 alone \(0\.500000000 by/);
    assert.ok(!isWrong(near));
    for (const error of [2e-4, NaN]) {
      const wrong = found(tensor('Wh', error), tensor('Wx', 1e-12));
      assert.match(said(alone, wrong)[1]!, /^A gradient is wrong: Wh differs .* please report it\.$/);
      assert.ok(isWrong(wrong));
    }
  });

  it('says what was left out, and why', () => {
    const text = said(alone, found(tensor('Wx', 0, { kinks: 2 }), tensor('Wh', null, { unclear: 3 })));
    assert.deepEqual(text[3]?.split(/ {2,}/), [
      'tensor',
      'numbers',
      'compared',
      'at a kink',
      'too small',
      'relative error',
    ]);
    assert.deepEqual(text[5]?.split(/ {2,}/), ['Wh', '12', '0', '0', '3', '–']);
    assert.ok(text.some((line) => line.startsWith('Left out at a kink: 2.')));
    assert.ok(text.some((line) => line.startsWith('Left out as too small: 3.')));
    assert.equal(said(alone, found(tensor('Wx', null)))[1], 'Nothing could be compared.');
    assert.match(said(alone, null)[1]!, /not finite/);
    assert.ok(!isWrong(null));
  });

  it('says what was checked instead of the run', () => {
    const plain = gradientCheckText(alone, found(tensor('x', 0)));
    assert.match(plain, /Without a loss/);
    assert.doesNotMatch(plain, /float32|clipping|truncation/);
    const other = { ...alone, dtype: 'float32', clipNorm: 1, truncate: 2 } as const;
    const text = gradientCheckText(other, { ...found(tensor('x', 0)), isAsRun: false });
    assert.match(text, /the run itself is in float32\.\nChecked before clipping\.\nChecked without truncation/);
  });
});
