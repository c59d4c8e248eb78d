// Which axis of the sequences is time: asked where numbers leave it open, answered by a key, and never asked again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Problem } from '../../../src/config/index.js';
import { turned as turnedBlock } from '../../../src/config/read/sequenceOrder.js';
import { Random } from '../../../src/engine/core/random.js';
import { readConfigText, readTexts } from './memory.js';

const weights = { Wx: [[1], [0.5]], Wh: [[0.3]], b: [0] };
const row = (random: Random): number[] => [random.normal(), random.normal()];
const block = (first: number, second: number, random = new Random(1)): number[][][] =>
  Array.from({ length: first }, () => Array.from({ length: second }, () => row(random)));
const turned = (sequences: number[][][]): number[][][] =>
  (sequences[0] ?? []).map((_, j) => sequences.map((one) => one[j] ?? []));

const read = (config: object) => readConfigText(JSON.stringify({ weights, ...config }));
const bothFit = (label: string): string =>
  `info: Of ${label} both orders fit, with as many steps as sequences: it is read step by step, as the sequences are.`;
const asked = (problems: readonly Problem[]): Problem[] => problems.filter(({ code }) => code === 'unclear-order');

describe('two axes that change places', () => {
  it('look now and then whether anybody still waits', () => {
    const [T, B, N] = [3, 2, 2 ** 19];
    let ticks = 0;
    const data = Float64Array.from({ length: T * B * N }, (_, i) => Math.floor(i / N));
    const out = turnedBlock(data, T, B, N, () => ticks++);
    assert.equal(ticks, T);
    assert.deepEqual(
      Array.from({ length: B * T }, (_, row) => out[row * N]),
      [0, 2, 4, 1, 3, 5],
    );
  });
});

describe('the order in which the sequences stand', () => {
  const random = new Random(7);
  const upTo = (n: number): number => 1 + Math.floor(random.uniform() * n);
  const sizes = Array.from({ length: 200 }, () => {
    const B = upTo(12);
    return { B, T: 2 * B + upTo(30) - 1 };
  });

  it('is asked for in each of 200 files that have the steps first, with both readings', async () => {
    for (const { B, T } of sizes) {
      const { problems, experiment } = await read({ sequences: block(T, B) });
      const [problem, ...others] = asked(problems);
      assert.ok(problem !== undefined && others.length === 0, `B ${B}, T ${T}`);
      assert.equal(problem.severity, 'warning');
      assert.equal(problem.path, 'sequences');
      assert.deepEqual(problem.fix, { kind: 'sequenceOrder' });
      const said = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
      for (const [sequences, steps] of [
        [T, B],
        [B, T],
      ] as const)
        assert.ok(
          problem.message.includes(`${said(sequences, 'sequence')} of ${said(steps, 'timestep')}`),
          problem.message,
        );
      assert.ok(experiment !== null, 'it runs all the same');
    }
  });

  it('is never asked for where there are at least as many steps as sequences', async () => {
    for (const { B } of sizes) {
      const T = B + upTo(40) - 1;
      assert.deepEqual(asked((await read({ sequences: block(B, T) })).problems), [], `B ${B}, T ${T}`);
    }
  });

  it('is not asked for again once it is said, and then read so', async () => {
    const [short, long] = [block(40, 3), turned(block(40, 3))];
    const stepFirst = await read({ sequences: short, sequenceOrder: 'TBI' });
    assert.deepEqual(stepFirst.problems, []);
    const sequenceFirst = await read({ sequences: long });
    assert.deepEqual(stepFirst.experiment, sequenceFirst.experiment);
    assert.deepEqual(stepFirst.experiment?.shapes, { B: 3, T: 40, I: 2, H: 1 });
    const kept = await read({ sequences: short, sequenceOrder: 'BTI' });
    assert.deepEqual(kept.problems, []);
    assert.deepEqual(kept.experiment?.shapes, { B: 40, T: 3, I: 2, H: 1 });
  });

  it('is asked for where a state or an upstream gradient fits the other order alone', async () => {
    const sequences = block(5, 4);
    const state = await read({ sequences, initialState: [[1], [2], [3], [4]] });
    assert.equal(asked(state.problems).length, 1);
    const dhs = block(4, 5).map((one) => one.map(([x = 0]) => [x]));
    assert.equal(asked((await read({ sequences, upstreamGradient: dhs })).problems).length, 1);
    const fitting = await read({ sequences, initialState: [[1], [2], [3], [4], [5]] });
    assert.deepEqual(fitting.problems, []);
  });

  it('of an upstream gradient is that of the sequences, or sequence by sequence', async () => {
    const sequences = block(6, 2);
    const dhs = block(6, 2, new Random(3)).map((one) => one.map(([x = 0]) => [x]));
    const first = await read({ sequences, sequenceOrder: 'TBI', upstreamGradient: dhs });
    const second = await read({ sequences, sequenceOrder: 'TBI', upstreamGradient: turned(dhs) });
    assert.deepEqual(first.problems, []);
    assert.deepEqual(first.experiment?.upstream, second.experiment?.upstream);
    assert.deepEqual(first.experiment?.upstream, {
      kind: 'given',
      dhs: Float64Array.from(turned(dhs).flat(2)),
    });
  });

  describe('of targets is that of the sequences, or sequence by sequence', () => {
    const sequences = block(6, 2);
    const vectors = block(6, 2, new Random(3));
    const classes = Array.from({ length: 6 }, (_, t) => [t % 2, (t + 1) % 2]);
    const both = { Why: [[1, 2]], by: [0, 0] };
    for (const [what, loss, targets] of [
      ['vectors', { kind: 'mse', at: 'every' }, vectors],
      ['classes', { kind: 'crossEntropy', at: 'every' }, classes],
      ['vectors at chosen steps', { kind: 'mse', at: [0, 2, 5] }, [vectors[0], vectors[2], vectors[5]]],
      ['classes, some of which are null', { kind: 'crossEntropy', at: 'every' }, [[0, null], ...classes.slice(1)]],
      ['classes, none at one step', { kind: 'crossEntropy', at: 'every' }, [null, ...classes.slice(1)]],
      ['as many steps as sequences', { kind: 'mse', at: [1, 2] }, [vectors[1], vectors[2]]],
    ] as const)
      it(what, async () => {
        const withTargets = (given: unknown): ReturnType<typeof read> =>
          read({ sequences, sequenceOrder: 'TBI', loss: { ...loss, readout: both, targets: given } });
        const first = await withTargets(targets);
        const isSquare = targets.length === 2;
        // Both orders fit, and which one is taken is said.
        assert.deepEqual(
          first.problems.map(({ severity, message }) => `${severity}: ${message}`),
          isSquare ? [bothFit('targets')] : [],
        );
        const bySequence = [0, 1].map((b) => targets.map((step) => step?.[b] ?? null));
        const usual = await read({
          sequences: turned(sequences),
          loss: { ...loss, readout: both, targets: bySequence },
        });
        assert.deepEqual(first.experiment, usual.experiment);
        if (!isSquare) assert.deepEqual(await withTargets(bySequence), usual);
      });
  });

  it('is told of what fits both orders, with as many steps as sequences', async () => {
    const sequences = block(3, 3);
    const readout = { Why: [[1]], by: [0] };
    const targets = [1, 2, 3].map((t) => [t, t * t, t ** 3]);
    const loss = { kind: 'mse', at: 'every', readout };
    const said = async (config: object): Promise<string[]> =>
      (await read({ sequences, ...config })).problems.map(({ severity, message }) => `${severity}: ${message}`);
    const stepByStep = { sequenceOrder: 'TBI' };
    assert.deepEqual(await said({ ...stepByStep, loss: { ...loss, targets } }), [bothFit('targets')]);
    // A null has made it a list of lists.
    const sparse = [[null, 2, 3], ...targets.slice(1)];
    assert.deepEqual(await said({ ...stepByStep, loss: { ...loss, targets: sparse } }), [bothFit('targets')]);
    const padded = { ...stepByStep, lengths: [3, 1, 2] };
    assert.deepEqual(await said({ ...padded, loss: { ...loss, targets } }), [bothFit('targets')]);
    // A block of as many steps as sequences, of which no sequence is as long.
    const short = { ...stepByStep, lengths: [2, 1, 2] };
    assert.deepEqual(await said({ ...short, loss: { ...loss, targets } }), [bothFit('targets')]);
    const dhs = targets.map((step) => step.map((x) => [x]));
    assert.deepEqual(await said({ ...stepByStep, upstreamGradient: dhs }), [bothFit('upstreamGradient')]);
    const zeros = dhs.map((step, t) => step.map((x, b) => (t < [3, 1, 2][b]! ? x : [0])));
    assert.deepEqual(await said({ ...padded, upstreamGradient: zeros }), [bothFit('upstreamGradient')]);
    // The same in both orders, or read as they are anyway.
    const symmetric = [1, 2, 3].map((t) => [1, 2, 3].map((b) => t * b));
    assert.deepEqual(await said({ ...stepByStep, loss: { ...loss, targets: symmetric } }), []);
    assert.deepEqual(
      await said({
        ...stepByStep,
        loss: {
          ...loss,
          targets: [
            [1, null, 2],
            [null, 1, 5],
            [2, 5, 1],
          ],
        },
      }),
      [],
    );
    assert.deepEqual(await said({ loss: { ...loss, targets } }), []);
    assert.deepEqual(await said({ ...stepByStep, loss: { ...loss, at: 'last', targets: [1, 2, 3] } }), []);
  });

  it('is step by step for each chunk of a list', async () => {
    const [a, b] = [block(5, 2), block(7, 2, new Random(2))];
    const texts = {
      'a.json': JSON.stringify(a),
      'b.json': JSON.stringify(b),
      'test.rnn.json': JSON.stringify({ weights, sequences: ['a.json', 'b.json'], sequenceOrder: 'TBI' }),
    };
    const { experiment, problems } = await readTexts(texts);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      experiment?.chunks.map(({ steps, xs }) => [steps, [...xs]]),
      [a, b].map((chunk) => [chunk.length, turned(chunk).flat(2)]),
    );
  });

  it('is sequence by sequence where their lengths differ', async () => {
    const ragged = [block(1, 4)[0], block(1, 2)[0]];
    const { experiment, problems } = await read({ sequences: ragged, sequenceOrder: 'TBI' });
    assert.equal(experiment, null);
    assert.ok(problems.some(({ severity, advice }) => severity === 'error' && advice.includes('"BTI"')));
  });

  it('is told of a pair of files too, whose config has still to be made', async () => {
    const texts = { 'w.json': JSON.stringify(weights), 's.json': JSON.stringify(block(9, 3)) };
    const { problems } = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: 's.json' });
    const [problem, ...others] = asked(problems);
    assert.ok(problem !== undefined && others.length === 0);
    assert.equal(problem.file, 's.json');
    assert.equal(problem.fix, undefined);
    // One click answers, and the pair is run so.
    for (const [order, T] of [
      ['TBI', 9],
      ['BTI', 3],
    ] as const) {
      const told = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: 's.json', order });
      assert.deepEqual(asked(told.problems), []);
      assert.equal(told.experiment?.shapes.T, T);
    }
    assert.ok(problem.advice.includes('save the two files as a config'));
  });
});
