// What flows into the output from above, as a word, a step or numbers in any order that a config may have them in.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Upstream } from '../../../src/engine/index.js';
import { readConfigText, withoutAssumedCell } from './memory.js';

const weights = {
  Wx: [[1, 1]],
  Wh: [
    [0.5, 0],
    [0, 0.5],
  ],
  b: [0, 0],
};
const gates = (suffix: string): object => ({
  [`weight_ih_${suffix}`]: [[1], [1]],
  [`weight_hh_${suffix}`]: [
    [0.5, 0],
    [0, 0.5],
  ],
  [`bias_ih_${suffix}`]: [0, 0],
  [`bias_hh_${suffix}`]: [0, 0],
});
const bothWays = { ...gates('l0'), ...gates('l0_reverse') };
const above = {
  weight_ih_l1: [
    [1, 1],
    [1, 1],
  ],
  weight_hh_l1: [
    [0.5, 0],
    [0, 0.5],
  ],
  bias_ih_l1: [0, 0],
  bias_hh_l1: [0, 0],
};
const sequences = [
  [[1], [2], [3]],
  [[4], [5], [6]],
];

const read = async (upstreamGradient: unknown, rest: object = {}) => {
  const { experiment, problems } = await readConfigText(
    JSON.stringify({ weights, sequences, upstreamGradient, ...rest }),
  );
  return { upstream: experiment?.upstream ?? null, problems: withoutAssumedCell(problems) };
};
const good = async (upstreamGradient: unknown, rest: object = {}): Promise<Upstream | null> => {
  const { upstream, problems } = await read(upstreamGradient, rest);
  assert.deepEqual(problems, []);
  return upstream;
};
/** What is told of it, where it has a problem: expected, and found. */
const refused = async (upstreamGradient: unknown, rest: object = {}): Promise<readonly string[]> => {
  const { problems } = await read(upstreamGradient, rest);
  return problems.filter(({ path }) => path === 'upstreamGradient').flatMap(({ expected, found }) => [expected, found]);
};
/** [first][second][2]: 1, 2, 3, … */
const numbers = (first: number, second: number): number[][][] =>
  Array.from({ length: first }, (_, i) =>
    Array.from({ length: second }, (_, j) => [1, 2].map((k) => 2 * (i * second + j) + k)),
  );
const given = (...dhs: number[]): Upstream => ({ kind: 'given', dhs: Float64Array.from(dhs) });

describe('an upstream gradient', () => {
  it('that is a word is that kind', async () => {
    assert.deepEqual(await good('last'), { kind: 'last' });
    assert.deepEqual(await good('every'), { kind: 'every' });
    assert.deepEqual(await good('final'), { kind: 'last' });
    assert.deepEqual(await good('final', { weights: bothWays }), { kind: 'final' });
    assert.deepEqual((await read('last', { weights: bothWays })).upstream, { kind: 'last' });
  });

  it('that is a step are ones there, in every sequence and unit', async () => {
    assert.deepEqual(await good(0), given(1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0));
    assert.deepEqual(await good(1), given(0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0));
    assert.deepEqual(await good(2), given(0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1));
  });

  it('that is a step of several layers or directions, or of sequences of different lengths, stays one', async () => {
    assert.deepEqual(await good(1, { weights: bothWays }), { kind: 'step', t: 1 });
    assert.deepEqual(await good(1, { weights: { ...gates('l0'), ...above } }), { kind: 'step', t: 1 });
    assert.deepEqual(await good(1, { sequences: [sequences[0], [[4], [5]]] }), { kind: 'step', t: 1 });
  });

  it('of a single sequence may stand without a list around it, of several not', async () => {
    const one = { sequences: [sequences[0]] };
    const [steps] = numbers(1, 3);
    assert.deepEqual(await good(steps, one), given(1, 2, 3, 4, 5, 6));
    assert.deepEqual(await good([steps], one), given(1, 2, 3, 4, 5, 6));
    assert.deepEqual(await refused(steps), ['[B][T][H]', 'a list of shape [3, 2]']);
  });

  it('stands step by step only where the sequences do', async () => {
    const turned = numbers(3, 2);
    const stepByStep = { sequences: [0, 1, 2].map((t) => sequences.map((one) => one[t])), sequenceOrder: 'TBI' };
    assert.deepEqual(await good(turned, stepByStep), given(1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12));
    assert.deepEqual(await refused(turned), ['[B][T][H] = [2, 3, 2]', '[3, 2, 2]']);
    assert.deepEqual(await good(numbers(2, 3), stepByStep), await good(numbers(2, 3)));
  });

  it('of another shape is told the order that it stands in', async () => {
    const stepByStep = { sequences: [0, 1, 2].map((t) => sequences.map((one) => one[t])), sequenceOrder: 'TBI' };
    const byStep = '[T][B][H] = [3, 2, 2]';
    const bySequence = '[B][T][H] = [2, 3, 2]';
    assert.deepEqual(await refused(numbers(4, 2), stepByStep), [byStep, '[4, 2, 2]']);
    assert.deepEqual(await refused(numbers(1, 2), stepByStep), [byStep, '[1, 2, 2]']);
    assert.deepEqual(await refused(numbers(3, 4), stepByStep), [bySequence, '[3, 4, 2]']);
    // As many lists as sequences.
    assert.deepEqual(await refused(numbers(2, 2), stepByStep), [bySequence, '[2, 2, 2]']);
    assert.deepEqual(await refused(numbers(2, 4), stepByStep), [bySequence, '[2, 4, 2]']);
  });

  it('of as many steps as sequences stands as these do', async () => {
    const square = { sequences: [...sequences, [[7], [8], [9]]] };
    const own = await good(numbers(3, 3), square);
    assert.deepEqual(own, given(...numbers(3, 3).flat(2)));
    const { upstream: turned, problems } = await read(numbers(3, 3), { ...square, sequenceOrder: 'TBI' });
    // Both orders fit, which is said.
    assert.deepEqual(
      problems.map(({ severity, path }) => [severity, path]),
      [['info', 'upstreamGradient']],
    );
    assert.deepEqual(turned, given(1, 2, 7, 8, 13, 14, 3, 4, 9, 10, 15, 16, 5, 6, 11, 12, 17, 18));
  });
});
