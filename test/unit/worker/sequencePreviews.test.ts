// What the preview tells of sequences: rows, windows, what normalising did, names and targets, against numbers by hand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readExperiment } from '../../../src/config/index.js';
import { newConfigText } from '../../../src/config/edit/index.js';
import { fitOf, surveyFile } from '../../../src/config/read/index.js';
import type { SequenceOptions } from '../../../src/config/read/index.js';
import type { WorkerContract, WorkerHostContract } from '../../../src/protocol/messages.js';
import { Channel } from '../../../src/protocol/rpc.js';
import type { PreviewLines, SequenceFacts, SequenceList } from '../../../src/protocol/sequenceMessages.js';
import { Service } from '../../../src/worker/thread/service.js';
import { zipOf } from '../../support/zipWriter.js';
import { wire } from '../../support/wire.js';
import { memoryFiles } from '../config/memory.js';

type Content = string | Uint8Array;
const bytesOf = (content: Content): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

class Worker {
  readonly #channel: Channel<WorkerHostContract, WorkerContract>;
  #reading = 0;

  constructor(files: Readonly<Record<string, Content>>) {
    const [here, there] = wire();
    new Service(there, null);
    this.#channel = new Channel<WorkerHostContract, WorkerContract>(
      here,
      {
        readFile: ({ reference }) => {
          const content = files[reference];
          return content === undefined
            ? { ok: false, id: reference, reason: 'missing', detail: 'none' }
            : { ok: true, id: reference, bytes: bytesOf(content).slice() };
        },
      },
      {
        progress: () => undefined,
        problems: () => undefined,
        summary: () => undefined,
        spectrum: () => undefined,
        begun: () => undefined,
        failed: ({ message }) => assert.fail(message),
      },
      { checks: 'trusted', onFault: ({ message }) => assert.fail(message) },
    );
  }

  async list(file: string, options: SequenceOptions = {}, array: string | null = null): Promise<SequenceList> {
    const list = await this.#channel.request('sequences', { file, reading: ++this.#reading, options, array });
    assert.ok(list !== null);
    return list;
  }

  async facts(file: string, options: SequenceOptions = {}, array: string | null = null): Promise<SequenceFacts> {
    const { sequences, problems } = await this.list(file, options, array);
    assert.deepEqual(problems, []);
    assert.ok(sequences !== null);
    return sequences;
  }

  async lines(input: number, first: number, count: number, maxPoints = 100): Promise<PreviewLines> {
    const lines = await this.#channel.request('previewLines', {
      reading: this.#reading,
      input,
      first,
      count,
      maxPoints,
    });
    assert.ok(lines !== null);
    return lines;
  }
}

// Of the first 7 of 10 rows: a has the mean 4 and the deviation 2, b the minimum 0 and the range 60.
const a = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100];
const table = ['day,a,b', ...a.map((x, i) => `d${i},${x},${i * 10}`)].join('\n');

describe('the preview of a table', () => {
  it('tells its columns, its rows as they stand and as they are run, and their names', async () => {
    const facts = await new Worker({ 't.csv': table }).facts('t.csv');
    assert.deepEqual([facts.B, facts.T, facts.I, facts.isConfig], [1, 10, 2, false]);
    assert.deepEqual(facts.table?.columns, [
      { name: 'day', numeric: false, chosen: false },
      { name: 'a', numeric: true, chosen: true },
      { name: 'b', numeric: true, chosen: true },
    ]);
    assert.deepEqual(facts.rows.slice(0, 2), [
      { label: 'd0', stored: ['1', '0'], run: [1, 0] },
      { label: 'd1', stored: ['2', '10'], run: [2, 10] },
    ]);
    assert.equal(facts.rows.length, 8);
    assert.equal(facts.table.normalise, 'none');
  });

  it('tells what z-scores did, before and after, of the rows that count and of all', async () => {
    const facts = await new Worker({ 't.csv': table }).facts('t.csv', { columns: ['a'], normalise: 'zScore' });
    assert.deepEqual(
      facts.table?.columns.map(({ chosen }) => chosen),
      [false, true, false],
    );
    assert.equal(facts.table.first, 7);
    const [column, ...others] = facts.table.scaled;
    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...column },
      {
        name: 'a',
        shift: 4,
        by: 2,
        before: { mean: 4, deviation: 2, min: 1, max: 7 },
        after: { mean: 0, deviation: 1, min: -1.5, max: 1.5 },
        all: { mean: 5.25, deviation: column?.all.deviation, min: -1.5, max: 48 },
      },
    );
    // By hand: the mean of (x − 4) / 2 is (145 / 10 − 4) / 2.
    const scaled = a.map((x) => (x - 4) / 2);
    const variance = scaled.reduce((sum, x) => sum + (x - 5.25) ** 2, 0) / 10;
    assert.ok(Math.abs((column?.all.deviation ?? 0) - Math.sqrt(variance)) < 1e-12);
    assert.deepEqual(facts.rows[2], { label: 'd2', stored: ['3'], run: [-0.5] });
  });

  it('says of inputs that nobody has normalised what they are, until somebody does', async () => {
    const worker = new Worker({ 't.csv': table });
    const raw = async (options: object): Promise<string | null | undefined> =>
      (await worker.facts('t.csv', options)).table?.raw;
    // All ten numbers of a: mean 14.5.
    assert.match((await raw({ columns: ['a'] })) ?? '', /"a" have mean 15 and deviation/);
    assert.equal(await raw({ columns: ['a'], normalise: 'zScore' }), null);
    assert.equal(await raw({ columns: ['a'], normalise: 'none' }), null);
  });

  it('tells what minimum and range did, over the share that is chosen', async () => {
    const options = { columns: ['b'], normalise: 'minMax', normaliseOver: 0.5 } as const;
    const facts = await new Worker({ 't.csv': table }).facts('t.csv', options);
    const [column] = facts.table?.scaled ?? [];
    assert.deepEqual([facts.table?.first, column?.shift, column?.by], [5, 0, 40]);
    assert.deepEqual([column?.after.min, column?.after.max, column?.all.max], [0, 1, 90 / 40]);
  });

  it('draws windows as they are cut, with their names, and where they lie', async () => {
    const worker = new Worker({ 't.csv': table });
    const facts = await worker.facts('t.csv', { columns: ['a'], window: 4, stride: 3 });
    assert.deepEqual([facts.B, facts.T], [3, 4]);
    assert.deepEqual(facts.windows, { size: 4, stride: 3, left: 0 });
    const lines = await worker.lines(0, 1, 24);
    assert.deepEqual(
      lines.lines.map(({ values }) => [...values]),
      [
        [4, 5, 6, 7],
        [7, 8, 9, 100],
      ],
    );
    assert.deepEqual(lines.names, [
      ['d3', 'd6'],
      ['d6', 'd9'],
    ]);
    assert.deepEqual([...(lines.whole?.values ?? [])], a);
    assert.deepEqual([lines.least, lines.most], [1, 100]);
  });

  it('tells windows that do not fit, and takes nothing that a config would refuse', async () => {
    const worker = new Worker({ 't.csv': table });
    for (const [options, told] of [
      [{ window: 11 }, /A window of 11 timesteps does not fit into 10 rows/],
      [{ stride: 0.5 }, /"stride"/],
      [{ columns: ['c'] }, /no column "c"/],
      [{ columns: ['day'] }, /day/],
      [{ normaliseOver: 2, normalise: 'zScore' }, /"normaliseOver"/],
    ] as const) {
      const { sequences, problems } = await worker.list('t.csv', options);
      assert.equal(sequences, null, JSON.stringify(options));
      assert.match(problems[0]?.text ?? '', told);
    }
  });

  it('draws a long column by its least and most numbers', async () => {
    const long = ['x', ...Array.from({ length: 5_000 }, (_, i) => (i === 2_345 ? 900 : i % 10))].join('\n');
    const worker = new Worker({ 'long.csv': long });
    await worker.facts('long.csv', { window: 2_500 });
    const { lines, whole } = await worker.lines(0, 0, 2, 200);
    assert.deepEqual(
      lines.map(({ values }) => values.length),
      [200, 200],
    );
    assert.equal(Math.max(...(lines[0]?.values ?? [])), 900);
    assert.equal(Math.max(...(whole?.values ?? [])), 900);
  });
});

describe('the preview of other files', () => {
  it('of a text: its tokens, the vocabulary, and each window as it reads', async () => {
    const worker = new Worker({ 'book.txt': 'abcab cab' });
    const facts = await worker.facts('book.txt', { window: 4, stride: 4 });
    assert.deepEqual([facts.B, facts.T, facts.I], [2, 4, 4]);
    assert.deepEqual(facts.text, {
      unit: 'characters',
      tokens: 9,
      vocabulary: [' ', 'a', 'b', 'c'],
      size: 4,
      made: true,
      embedded: false,
    });
    assert.deepEqual(facts.options, { window: 4, stride: 4, tokens: 'characters' });
    assert.deepEqual((await worker.lines(0, 0, 5)).texts, ['abca', 'b ca']);
    assert.equal((await worker.facts('book.txt', { tokens: 'words' })).I, 2);
  });

  it('of arrays: the one that is chosen, of several', async () => {
    const npy = new Uint8Array(readFileSync(path.join('test', 'fixtures', 'files', 'seq_f4.npy')));
    const worker = new Worker({
      'x.npy': npy,
      'x.npz': zipOf([
        { name: 'first.npy', content: npy },
        { name: 'second.npy', content: npy },
      ]),
      'ragged.json': '[[[1], [2]], [[3], [4], [5]]]',
    });
    const one = await worker.facts('x.npy');
    assert.deepEqual([one.B, one.T, one.I, one.table, one.arrays], [2, 6, 3, null, []]);
    const { values } = (await worker.lines(1, 1, 1)).lines[0] ?? {};
    const floats = new Float32Array(npy.slice(128).buffer);
    assert.deepEqual(
      [...(values ?? [])],
      [0, 1, 2, 3, 4, 5].map((t) => floats[(6 + t) * 3 + 1]),
    );
    const several = await worker.facts('x.npz', {}, 'second');
    assert.deepEqual([several.arrays, several.array], [['first', 'second'], 'second']);
    const ragged = await worker.facts('ragged.json');
    assert.deepEqual([ragged.T, ragged.shortest], [3, 2]);
    assert.deepEqual(
      (await worker.lines(0, 0, 2)).lines.map((line) => [...line.values]),
      [
        [1, 2, NaN],
        [3, 4, 5],
      ],
    );
  });
});

describe('the preview of a config', () => {
  const config = (sequences: object, rest = ''): string =>
    `{ "weights": { "Wx": [[1]], "Wh": [[0.5]], "b": [0] }, "sequences": ${JSON.stringify(sequences)}${rest} }`;

  it('shows the sequences as it says, and the targets of its loss', async () => {
    const loss =
      ', "loss": { "kind": "mse", "readout": { "Why": [[1]], "by": [0] }, "at": "every", ' +
      '"targets": { "file": "t.csv", "columns": ["b"], "ahead": 2 } }';
    const worker = new Worker({
      'a.rnn.json': config({ file: 't.csv', columns: ['a'], window: 5, stride: 5, normalise: 'zScore' }, loss),
      't.csv': table,
    });
    const facts = await worker.facts('a.rnn.json');
    assert.equal(facts.isConfig, true);
    assert.deepEqual(facts.options, { columns: ['a'], window: 5, stride: 5, normalise: 'zScore' });
    assert.deepEqual([facts.B, facts.table?.scaled[0]?.shift], [2, 4]);
    // Row t + 2 of b; of the second window the last two lie behind the table.
    assert.deepEqual(facts.targets?.steps.slice(0, 2), [
      { step: 0, values: [20] },
      { step: 1, values: [30] },
    ]);
    assert.deepEqual([facts.targets.places, facts.targets.present], [10, 8]);
  });

  it('shows sequences whose weights do not fit, and tells what is wrong', async () => {
    const worker = new Worker({ 'a.rnn.json': config({ file: 't.csv' }), 't.csv': table });
    const { sequences, problems } = await worker.list('a.rnn.json');
    assert.equal(sequences?.I, 2);
    assert.match(problems[0]?.text ?? '', /2 inputs, but the weights take 1/);
  });
});

describe('what was chosen in a preview', () => {
  const weights = '{ "Wx": [[1]], "Wh": [[0.5]], "b": [0] }';
  const options = { columns: ['a'], window: 4, stride: 3, normalise: 'zScore' } as const;
  const files = (config: string) => memoryFiles({ 't.csv': table, 'w.json': weights, 'c.rnn.json': config });

  it('runs as the config that it is saved as', async () => {
    const config = newConfigText({
      name: 'n',
      source: {
        cell: 'tanh',
        kind: 'files',
        weights: { file: 'w.json', name: null },
        sequences: { kind: 'file', place: { file: 't.csv', name: null }, options },
        initialState: null,
        above: { kind: 'ones', at: 'last' },
      },
    });
    const pair = await readExperiment({ kind: 'pair', weights: 'w.json', sequences: 't.csv', options }, files(config));
    const saved = await readExperiment({ kind: 'config', config: 'c.rnn.json' }, files(config));
    assert.deepEqual(
      pair.problems.filter(({ severity }) => severity === 'error'),
      [],
    );
    assert.deepEqual(pair.experiment?.chunks, saved.experiment?.chunks);
    assert.deepEqual([...(pair.experiment?.chunks[0]?.xs ?? [])].slice(0, 4), [-1.5, -1, -0.5, 0]);
  });

  it('is refused at the file of the sequences where it does not fit', async () => {
    const entry = { kind: 'pair', weights: 'w.json', sequences: 't.csv', options: { window: 11 } } as const;
    const { experiment, problems } = await readExperiment(entry, files('{}'));
    assert.equal(experiment, null);
    assert.deepEqual(
      problems.filter(({ severity }) => severity === 'error').map(({ file }) => file),
      ['t.csv'],
    );
  });

  it('a table is offered for weights that take some of its columns', () => {
    const survey = surveyFile(bytesOf(table), () => undefined, 't.csv');
    const [block] = survey.blocks;
    assert.ok(block !== undefined);
    assert.deepEqual([survey.kind, survey.isPlain, block.shape], ['sequences', true, [10, 2]]);
    const network = (I: number) => ({ name: null, cell: null, layers: 1, directions: 1, I, widths: [4] });
    const reasonFor = (I: number): string | null =>
      fitOf('sequences', block, { network: network(I), B: null, T: null, loss: null }).reason;
    assert.deepEqual([reasonFor(1), reasonFor(2)], [null, null]);
    assert.match(reasonFor(3) ?? '', /the weights take 3/);
  });
});
