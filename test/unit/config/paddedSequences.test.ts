// Sequences of different lengths in one padded block: read as lists of their own lengths are, and noticed where nothing
// tells their lengths.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Problem, ReadResult } from '../../../src/config/index.js';
import { configName, npyOf, readTexts } from './memory.js';
import type { Texts } from './memory.js';

type Sequences = readonly (readonly (readonly number[])[])[];
const weights = { Wx: [[0.5], [0.4]], Wh: [[0.3]], b: [0] };
const ragged: Sequences = [
  [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
  ],
  [[9, 10]],
  [
    [11, 12],
    [13, 14],
  ],
];
const lengths = ragged.map((sequence) => sequence.length);
const padded = (sequences: Sequences, steps: number, by: number): number[][][] =>
  sequences.map((sequence) =>
    Array.from({ length: steps }, (_, t) => [...(sequence[t] ?? sequence[0]!.map(() => by))]),
  );
const stepByStep = (block: readonly number[][][]): number[][][] =>
  block[0]!.map((_, t) => block.map((sequence) => sequence[t]!));

const read = (config: object, files: Texts = {}): Promise<ReadResult> =>
  readTexts({ ...files, [configName]: JSON.stringify({ weights, ...config }) });
async function problemOf(config: object, files: Texts = {}): Promise<Problem> {
  const { experiment, problems } = await read(config, files);
  assert.equal(experiment, null);
  const [problem, ...others] = problems;
  assert.ok(problem !== undefined);
  assert.deepEqual(others, []);
  return problem;
}

describe('sequences in a padded block', () => {
  for (const [how, config] of [
    ['with zeros behind', { sequences: padded(ragged, 4, 0), lengths }],
    ['with other numbers behind, which are not read', { sequences: padded(ragged, 4, 99), lengths }],
    ['padded further than the longest', { sequences: padded(ragged, 7, 0), lengths }],
    ['step by step', { sequences: stepByStep(padded(ragged, 4, 99)), sequenceOrder: 'TBI', lengths }],
    ['with their lengths in a file', { sequences: padded(ragged, 4, 99), lengths: 'lengths.npy' }],
  ] as const)
    it(`are read as lists of their own lengths: ${how}`, async () => {
      const files = { 'lengths.npy': npyOf([3], lengths) };
      const [own, expected] = [await read(config, files), await read({ sequences: ragged })];
      assert.deepEqual([own.problems, expected.problems], [[], []]);
      assert.deepEqual(own.experiment, expected.experiment);
      assert.deepEqual(expected.experiment?.chunks[0]?.lengths, lengths);
    });

  it('are read as the reference cases of PyTorch have them, which are packed there', async () => {
    type Case = Record<string, unknown> & { readonly sequences: Sequences };
    for (const name of ['gru_2layer_ragged_last', 'lstm_bi_2layer_ragged', 'lstm_ce_every_ragged_null']) {
      const stored = JSON.parse(readFileSync(`test/fixtures/reference/networks/${name}.json`, 'utf8')) as Case;
      const keys = ['cell', 'dtype', 'weights', 'sequences', 'initialState', 'upstreamGradient', 'loss', 'truncate'];
      const config = Object.fromEntries(Object.entries(stored).filter(([key]) => keys.includes(key)));
      const steps = stored.sequences.map(({ length }) => length);
      const block = { ...config, sequences: padded(stored.sequences, Math.max(...steps) + 3, -7), lengths: steps };
      const [own, expected] = [await read(block), await read(config)];
      assert.ok(own.experiment !== null, JSON.stringify(own.problems));
      assert.deepEqual(own, expected, name);
    }
  });

  describe('with an upstream gradient in a padded block, too', () => {
    const dhs: Sequences = [[[1], [2], [3], [4]], [[5]], [[6], [7]]];
    for (const [how, steps, blockSteps] of [
      ['as long as the block', 7, 7],
      ['as long as the longest sequence', 4, 7],
      ['of the longest sequence', 4, 4],
    ] as const)
      it(`is read as lists of their own lengths: ${how}`, async () => {
        const sequences = padded(ragged, blockSteps, 99);
        const expected = await read({ sequences: ragged, upstreamGradient: dhs });
        assert.ok(expected.experiment !== null, JSON.stringify(expected.problems));
        const block = padded(dhs, steps, 0);
        const turned = { sequences: stepByStep(sequences), sequenceOrder: 'TBI', lengths };
        assert.deepEqual(await read({ sequences, lengths, upstreamGradient: block }), expected);
        assert.deepEqual(await read({ ...turned, upstreamGradient: stepByStep(block) }), expected);
        assert.deepEqual(await read({ ...turned, upstreamGradient: block }), expected);
        const inFile = { 'dhs.npy': npyOf([steps, 3, 1], stepByStep(block).flat(2)) };
        const { experiment } = await read({ ...turned, upstreamGradient: 'dhs.npy' }, inFile);
        assert.deepEqual(experiment, expected.experiment);
      });

    it('may be longer than sequences that are all equally long', async () => {
      const even = ragged.map(() => ragged[0]!);
      const own = even.map((sequence, b) => sequence.map((_, t) => [b + t]));
      const config = { sequences: padded(even, 6, 99), lengths: even.map(() => 4) };
      const expected = await read({ sequences: even, upstreamGradient: own });
      assert.ok(expected.experiment !== null, JSON.stringify(expected.problems));
      const { experiment } = await read({ ...config, upstreamGradient: padded(own, 6, 0) });
      assert.deepEqual(experiment, expected.experiment);
    });

    it('of a single sequence may be a list of its steps, and is refused at one of them', async () => {
      const config = { sequences: padded([ragged[0]!], 6, 99), lengths: [4] };
      const [own] = dhs;
      const expected = await read({ ...config, upstreamGradient: [own] });
      assert.ok(expected.experiment !== null, JSON.stringify(expected.problems));
      const { experiment } = await read({ ...config, upstreamGradient: [...own!, [0], [0]] });
      assert.deepEqual(experiment, expected.experiment);
      const place = async (upstreamGradient: object): Promise<readonly [path: string, text: string]> => {
        const { path, range } = await problemOf({ ...config, upstreamGradient });
        const line = JSON.stringify({ weights, ...config, upstreamGradient });
        return [path, line.slice(range.start.character, range.end.character)];
      };
      assert.deepEqual(await place([...own!, [0], [3]]), ['upstreamGradient[5]', '[3]']);
      assert.deepEqual(await place([[1], [2]]), ['upstreamGradient', '[[1],[2]]']);
    });

    it('is refused where a step behind the end of its sequence has one, at that step', async () => {
      const block = stepByStep(padded(dhs, 4, 0));
      block[2]![1] = [3];
      const config = { sequences: stepByStep(padded(ragged, 4, 99)), sequenceOrder: 'TBI', lengths };
      const { message, range } = await problemOf({ ...config, upstreamGradient: block });
      assert.equal(message, 'Sequence 1 ends before step 2, so no gradient can enter there.');
      const line = JSON.stringify({ weights, ...config, upstreamGradient: block });
      assert.equal(line.slice(range.start.character, range.end.character), '[3]');
    });
  });

  describe('with targets in a padded block, too', () => {
    const loss = (targets: unknown, more: object = {}): object => ({
      loss: { kind: 'mse', at: 'every', readout: { Why: [[1]], by: [0] }, targets, ...more },
    });
    const own: Sequences = [[[1], [2], [3], [4]], [[5]], [[6], [7]]];
    for (const [how, steps, blockSteps] of [
      ['as long as the block', 7, 7],
      ['as long as the longest sequence', 4, 7],
      ['of the longest sequence', 4, 4],
    ] as const)
      it(`are read as lists of their own lengths: ${how}`, async () => {
        const sequences = padded(ragged, blockSteps, 99);
        const expected = await read({ sequences: ragged, ...loss(own) });
        assert.ok(expected.experiment !== null, JSON.stringify(expected.problems));
        const block = padded(own, steps, -100);
        assert.deepEqual(await read({ sequences, lengths, ...loss(block) }), expected);
        const flat = block.flat(2);
        const inFile = await read(
          { sequences, lengths, ...loss('targets.npy') },
          { 'targets.npy': npyOf([3, steps, 1], flat) },
        );
        assert.deepEqual(inFile.experiment, expected.experiment);
        const turned = { sequences: stepByStep(sequences), sequenceOrder: 'TBI', lengths };
        assert.deepEqual(await read({ ...turned, ...loss(stepByStep(block)) }), expected);
        assert.deepEqual(await read({ ...turned, ...loss(block) }), expected);
      });

    it('are read as the reference case of PyTorch has them, whose loss leaves padding and nulls out', async () => {
      type Case = Record<string, unknown> & {
        readonly sequences: Sequences;
        readonly loss: { readonly targets: readonly (readonly (number | null)[])[] };
      };
      const name = 'test/fixtures/reference/networks/lstm_ce_every_ragged_null.json';
      const stored = JSON.parse(readFileSync(name, 'utf8')) as Case;
      const { cell, dtype, weights: layers } = stored;
      const steps = stored.sequences.map(({ length }) => length);
      const most = Math.max(...steps) + 2;
      const targets = stored.loss.targets.map((one) =>
        Array.from({ length: most }, (_, t) => one[t] ?? (t < one.length ? null : -100)),
      );
      const common = { cell, dtype, weights: layers };
      const expected = await read({ ...common, sequences: stored.sequences, loss: stored.loss });
      const block = { ...common, sequences: padded(stored.sequences, most, 3), lengths: steps };
      const result = await read({ ...block, loss: { ...stored.loss, targets } });
      assert.ok(expected.experiment !== null, JSON.stringify(expected.problems));
      assert.deepEqual(result, expected);
      const ignored = (lists: typeof targets): number[][] => lists.map((one) => one.map((place) => place ?? -100));
      assert.deepEqual(await read({ ...block, loss: { ...stored.loss, targets: ignored(targets) } }), expected);
      const own = { ...stored.loss, targets: ignored(stored.loss.targets.map((one) => [...one])) };
      assert.deepEqual(await read({ ...common, sequences: stored.sequences, loss: own }), expected);
    });

    it('have none where a class is -100, which the loss of PyTorch leaves out, in a tensor too', async () => {
      const sequences = padded(ragged, 4, 5);
      const classes = { kind: 'crossEntropy', readout: { Why: [[1, 2]], by: [0, 0] } };
      const expected = await read({
        sequences,
        ...loss(
          [
            [0, 1, null, 1],
            [null, null, null, null],
            [1, 1, 1, 0],
          ],
          classes,
        ),
      });
      assert.ok(expected.experiment !== null, JSON.stringify(expected.problems));
      const flat = [0, 1, -100, 1, -100, -100, -100, -100, 1, 1, 1, 0];
      const inFile = await read({ sequences, ...loss('classes.npy', classes) }, { 'classes.npy': npyOf([3, 4], flat) });
      assert.deepEqual(inFile.experiment, expected.experiment);
    });

    it('are cut where every length is the same', async () => {
      const sequences = padded(ragged, 7, 5);
      const same = { lengths: [4, 4, 4], ...loss(padded(own, 7, 8)) };
      const expected = await read({ sequences: padded(ragged, 4, 5), ...loss(padded(own, 4, 8)) });
      assert.ok(expected.experiment !== null);
      assert.deepEqual(await read({ sequences, ...same }), expected);
    });

    it('have none of the steps that are listed behind the end of a sequence', async () => {
      const at = { at: [0, 3] };
      const expected = await read({
        sequences: ragged,
        ...loss(
          [
            [[1], [2]],
            [[3], null],
            [[4], null],
          ],
          at,
        ),
      });
      assert.ok(expected.experiment !== null, JSON.stringify(expected.problems));
      const block = { sequences: padded(ragged, 4, 0), lengths };
      assert.deepEqual(
        await read({
          ...block,
          ...loss(
            [
              [[1], [2]],
              [[3], [9]],
              [[4], [9]],
            ],
            at,
          ),
        }),
        expected,
      );
    });

    it('are refused with another number of steps, and without "lengths" where a sequence has ended', async () => {
      const { problems } = await read({ sequences: padded(ragged, 7, 0), lengths, ...loss(padded(own, 6, 0)) });
      assert.deepEqual(
        problems.map(({ path, message }) => [path, message]),
        [0, 1, 2].map((b) => [`loss.targets[${b}]`, 'This list in targets has 6 timesteps, and 7 are wanted.']),
      );
      const problem = await problemOf({
        sequences: [ragged[0]!.slice(0, 2), ragged[1]],
        ...loss([
          [[1], [2]],
          [[3], [4]],
        ]),
      });
      assert.match(problem.message, /Sequence 1 has ended here/);
    });
  });

  it('whose lengths are all the same, or null, are the block', async () => {
    const sequences = padded(ragged, 4, 5);
    const expected = await read({ sequences });
    assert.deepEqual(expected.problems, []);
    for (const same of [[4, 4, 4], null]) assert.deepEqual(await read({ sequences, lengths: same }), expected);
  });

  it('have a length each', async () => {
    const problem = await problemOf({ sequences: padded(ragged, 4, 0), lengths: [4, 1] });
    assert.deepEqual([problem.code, problem.path], ['wrong-dimension', 'lengths']);
    assert.match(problem.expected, /3 sequences/);
    const turned = await problemOf({ sequences: padded(ragged, 4, 0), lengths: [1, 2, 3, 4] });
    assert.match(turned.advice, /"sequenceOrder": "TBI"/);
  });

  for (const wrong of [0, 5, 1.5, -1])
    it(`have no length ${wrong} of 4 steps`, async () => {
      const problem = await problemOf({ sequences: padded(ragged, 4, 0), lengths: [4, wrong, 2] });
      assert.deepEqual(
        [problem.code, problem.path, problem.found, problem.expected],
        ['wrong-value', 'lengths[1]', String(wrong), 'a whole number from 1 to 4'],
      );
    });

  it('have no length that is no number', async () => {
    const problem = await problemOf({ sequences: padded(ragged, 4, 0), lengths: [4, 'two', 2] });
    assert.deepEqual([problem.code, problem.path, problem.found], ['wrong-type', 'lengths[1]', 'the text "two"']);
    assert.equal(problem.expected, 'a number');
  });

  it('are told up to a bound where very many of them have a wrong length', async () => {
    const B = 250;
    const sequences = new Array<number[][]>(B).fill([[1, 2]]);
    const { experiment, problems } = await read({ sequences, lengths: new Array<number>(B).fill(2) });
    assert.equal(experiment, null);
    assert.deepEqual(
      problems.map(({ path }) => path),
      Array.from({ length: 200 }, (_, b) => `lengths[${b}]`),
    );
    assert.equal(problems[0]?.expected, 'a whole number from 1 to 1');
    assert.match(problems.at(-1)?.message ?? '', /^More problems of this kind follow/);
  });

  for (const [what, config] of [
    ['chunks', { sequences: ['a.json', 'a.json'] }],
    ['windows of a table', { sequences: { file: 'a.csv', window: 2, normalise: 'none' } }],
    ['lists of their own lengths', { sequences: ragged }],
  ] as const)
    it(`are no ${what}`, async () => {
      const files = { 'a.json': JSON.stringify(padded(ragged, 4, 1)), 'a.csv': 'x,y\n1,2\n2,3\n3,4\n4,5\n' };
      const problem = await problemOf({ ...config, lengths }, files);
      assert.deepEqual([problem.code, problem.path], ['key-conflict', 'lengths']);
    });

  it('without lengths are noticed by the zeros at their ends, with the lengths that would be', async () => {
    const sequences = padded(ragged, 5, 0);
    const { experiment, problems } = await read({ sequences });
    assert.ok(experiment !== null);
    assert.deepEqual(
      problems.map(({ severity, code, path }) => [severity, code, path]),
      [['info', 'padded-sequences', 'sequences']],
    );
    assert.match(problems[0]?.message ?? '', /^2 of 3 sequences end in steps of zeros, up to 4 of them/);
    assert.equal(
      problems[0]?.advice,
      'Write "lengths": [4, 1, 2] in the config if that is padding; "lengths": null says that it is none.',
    );
    assert.deepEqual((await read({ sequences, lengths: null })).problems, []);
    assert.deepEqual((await read({ sequences, lengths: [4, 1, 2] })).problems, []);
    const texts = { 'w.json': JSON.stringify(weights), 'x.json': JSON.stringify(sequences) };
    const pair = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: 'x.json' });
    assert.deepEqual(
      pair.problems.map(({ code }) => code),
      ['padded-sequences'],
    );
  });

  it('without lengths get them by a quick fix, beside what names them', async () => {
    const sequences = JSON.stringify(padded(ragged, 5, 0));
    for (const named of [
      '{\n  "weights": W,\n  "sequences": "x.json",\n  "stateful": false\n}',
      '{ "weights": W, "sequences": "x.json" }',
      '{\n  "weights": W,\n  "sequences": { "file": "x.json" }\n}',
      `{\n  "sequences": ${sequences},\n  "weights": W\n}`,
    ]) {
      const text = named.replace('W', JSON.stringify(weights));
      const { problems } = await readTexts({ [configName]: text, 'x.json': sequences });
      const [note] = problems;
      assert.deepEqual([note?.code, problems.length], ['padded-sequences', 1]);
      assert.ok(note?.fix?.kind === 'replace');
      const { start, end } = note.range;
      const lines = text.split('\n');
      assert.equal(start.line, end.line);
      const line = lines[start.line]!;
      lines[start.line] = line.slice(0, start.character) + note.fix.text + line.slice(end.character);
      const mended = await readTexts({ [configName]: lines.join('\n'), 'x.json': sequences });
      assert.deepEqual([mended.problems, mended.experiment?.chunks[0]?.lengths], [[], lengths]);
    }
  });

  it('of more than 16 are not written out in the advice, and are by the quick fix', async () => {
    const many = Array.from({ length: 17 }, (_, b) => ragged[b % 3]!);
    const text = JSON.stringify({ weights, sequences: 'x.json' });
    const { problems } = await readTexts({ [configName]: text, 'x.json': JSON.stringify(padded(many, 20, 0)) });
    const [note] = problems;
    assert.equal(
      note?.advice,
      'Write "lengths": […] in the config if that is padding; "lengths": null says that it is none.',
    );
    assert.ok(note.fix?.kind === 'replace');
    assert.ok(note.fix.text.endsWith(`"lengths": [${many.map(({ length }) => length).join(', ')}]`), note.fix.text);
  });

  it('are noticed by the zeros before them, too, which Keras runs over without a mask', async () => {
    const sequences = ragged.map((one) => [...new Array<number[]>(5 - one.length).fill([0, 0]), ...one]);
    const { experiment, problems } = await read({ sequences });
    assert.ok(experiment !== null);
    assert.deepEqual(
      problems.map(({ severity, code, path }) => [severity, code, path]),
      [['info', 'padded-sequences', 'sequences']],
    );
    assert.match(problems[0]?.message ?? '', /^2 of 3 sequences begin with steps of zeros, up to 4 of them/);
    assert.match(problems[0]?.advice ?? '', /padding="post"\), and write "lengths": \[4, 1, 2\] in the config;/);
    const texts = { 'w.json': JSON.stringify(weights), 'x.json': JSON.stringify(sequences) };
    const pair = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: 'x.json' });
    assert.match(
      pair.problems[0]?.advice ?? '',
      /save the two files as a config, and write "lengths": \[4, 1, 2\] there/,
    );
  });

  for (const [what, sequences] of [
    [
      'inputs are zero now and then',
      [
        [0, 0, 1, 0, 1],
        [1, 0, 0, 1, 1],
      ].map((one) => one.map((x) => [x, 0])),
    ],
    ['all of them end in as many zeros', ragged.map(() => padded([ragged[1]!], 4, 0)[0]!)],
    ['one of them is nothing but zeros', [padded(ragged, 4, 0)[0]!, [0, 0, 0, 0].map(() => [0, 0])]],
    ['a single step is zero', [padded(ragged, 4, 0)[0]!, padded([ragged[0]!.slice(0, 3)], 4, 0)[0]!]],
  ] as const)
    it(`are not thought of where ${what}`, async () => assert.deepEqual((await read({ sequences })).problems, []));
});
