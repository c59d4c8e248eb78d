// Tables and texts as sequences and targets: columns, windows, normalisation, tokens, and problems at their places.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { dsvFormat } from 'd3-dsv';
import fc from 'fast-check';
import { Rows, separatorOf } from '../../../src/config/formats/delimited.js';
import type { Separator } from '../../../src/config/formats/delimited.js';
import { readDocument } from '../../../src/config/formats/index.js';
import type { Bytes } from '../../../src/config/formats/index.js';
import { readExperiment } from '../../../src/config/index.js';
import type { Problem } from '../../../src/config/index.js';
import { contentsOf } from '../../../src/config/read/index.js';
import { Dice } from '../../fuzz/dice.js';
import { long } from '../../support/long.js';
import { configEntry, configName, memoryFiles, positionIn, readTexts } from './memory.js';
import type { Texts } from './memory.js';

const quiet = (): void => undefined;
function rowsOf(text: string, separator: Separator): string[][] {
  const rows = new Rows(text, separator, quiet);
  const all: string[][] = [];
  while (rows.next()) all.push(rows.fields());
  assert.equal(rows.fault, null);
  return all;
}

describe('fields of a row', () => {
  it('are those that d3-dsv finds, whatever stands in them', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '1', '"', ',', ';', '\t', '\n', '\r', ' ', '한', '🧠') });
    fc.assert(
      fc.property(
        fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { maxLength: 6 }),
        fc.constantFrom(',', ';', '\t' as const),
        fc.constantFrom('\n', '\r\n', '\r'),
        (rows, separator, end) => {
          const dsv = dsvFormat(separator);
          const text = rows.map((row) => dsv.formatRow(row) + end).join('');
          // A blank line is no row to us.
          const wanted = dsv.parseRows(text).filter((row) => row.length > 1 || row[0] !== '');
          const notQuoted = (row: string[]): boolean => row.length > 1 || row[0] !== '';
          assert.deepEqual(rowsOf(text, separator as Separator).filter(notQuoted), wanted);
        },
      ),
      { numRuns: long ? 5_000 : 500 },
    );
  });

  it('have places that hold their text', () => {
    const text = 'a,"b ""c""",\r\n\r\n "d",e,f';
    const rows = new Rows(text, ',', quiet);
    assert.ok(rows.next());
    assert.deepEqual(rows.fields(), ['a', 'b "c"', '']);
    assert.equal(text.slice(rows.start(1), rows.end(1)), '"b ""c"""');
    assert.ok(rows.next());
    assert.deepEqual(rows.fields(), [' "d"', 'e', 'f']);
    assert.equal(rows.next(), false);
  });

  it('between blanks', () => {
    assert.deepEqual(rowsOf('  1\t 2 \n\n3 4', 'space'), [
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('the separator is told by the name, or by the first row', () => {
    for (const [id, text, wanted] of [
      ['a.tsv', 'a,b', '\t'],
      ['a.csv', 'a;"b,c,d";e', ';'],
      ['a.csv', 'a', ','],
      ['a.csv', 'a\tb', '\t'],
      ['a.txt', '1 2', 'space'],
      ['a.txt', '1,2', ','],
      ['a.csv', '# a, b, c\n1;2', ';'],
      ['a.csv', '#a;b,c,d\n1;2', ','],
      ['a.csv', 'a b\n1.5 -2e3', 'space'],
      ['a.csv', 'warm air\n1.5', ','],
    ] as const)
      assert.equal(separatorOf(id, text), wanted);
  });

  it('each character is looked at once: pauses grow with the file alone', () => {
    for (const text of ['"'.repeat(300_000), '"a\n'.repeat(100_000), ','.repeat(300_000), '\n'.repeat(300_000)]) {
      let ticks = 0;
      const rows = new Rows(text, ',', () => ticks++);
      while (rows.next());
      assert.ok(ticks <= 8 + text.length / 200, `${ticks} pauses for ${text.slice(0, 4)}…`);
    }
  });
});

const csv = 'day,a,b\n1 May,1,10\n2 May,2,20\n3 May,4,30\n4 May,8,40\n5 May,16,50\n';
const weightsFor = (inputs: number, H = 1): object => ({
  Wx: Array.from({ length: inputs }, () => new Array<number>(H).fill(1)),
  Wh: Array.from({ length: H }, () => new Array<number>(H).fill(0)),
  b: new Array<number>(H).fill(0),
});
const configOf = (sequences: object | string, inputs: number, rest: object = {}): string =>
  JSON.stringify({ dtype: 'float64', weights: weightsFor(inputs), sequences, ...rest });
const read = (sequences: object | string, inputs: number, files: Texts = {}, rest: object = {}) =>
  readTexts({
    [configName]: configOf(sequences, inputs, rest),
    't.csv': csv,
    't.txt': 'abca',
    ...files,
  });
const good = async (...given: Parameters<typeof read>) => {
  const { experiment, problems, labels } = await read(...given);
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error').map(({ message, found }) => `${message} ${found}`),
    [],
  );
  assert.ok(experiment);
  return { experiment, problems, labels, xs: [...(experiment.chunks[0]?.xs ?? [])] };
};
const refusal = async (...given: Parameters<typeof read>): Promise<Problem> => {
  const { experiment, problems } = await read(...given);
  assert.equal(experiment, null);
  const [problem] = problems.filter(({ severity }) => severity === 'error');
  assert.ok(problem);
  return problem;
};

describe('a table as sequences', () => {
  it('all columns of numbers, as one sequence; what is left out is told', async () => {
    const { xs, experiment, problems } = await good('t.csv', 2);
    assert.deepEqual(xs, [1, 10, 2, 20, 4, 30, 8, 40, 16, 50]);
    assert.deepEqual([experiment.shapes.B, experiment.shapes.T], [1, 5]);
    const [told] = problems;
    assert.equal(told?.severity, 'info');
    assert.match(told.message, /left out: "day"/);
  });

  it('a column whose first number is missing is a column of numbers, and the place is told', async () => {
    const later = '2,0.1,3\n'.repeat(5);
    const beforeLater = `,0.5,1\n${'n/a,0.5,1\n'.repeat(150)}${later}`;
    for (const first of ['', ' ', 'NaN', 'nan', 'NA', '#N/A', 'null', '-', '?', '-inf', 'oops', '"1,5"']) {
      const { message, path, range } = await refusal('m.csv', 3, { 'm.csv': `x,y,z\n${first},0.5,1\n${later}` });
      assert.match(message, first.trim() === '' ? /A number is missing in the column "x"/ : /No number .* "x"/, first);
      assert.deepEqual([path, range.start], ['x[0]', { line: 1, character: 0 }]);
    }
    // Far more missing ones than numbers, which stand behind them.
    const { found } = await refusal('m.csv', 3, { 'm.csv': `x,y,z\n${beforeLater}` });
    assert.equal(found, '151 such places');
    // Without names, the first row is still one of numbers.
    const nameless = await refusal('m.csv', 3, { 'm.csv': `0.5,NaN,1\n${later}` });
    assert.deepEqual([nameless.path, nameless.range.start], ['["2"][0]', { line: 0, character: 4 }]);
    // The others can be run where they are asked for.
    const { xs, labels } = await good({ file: 'm.csv', columns: ['y'] }, 1, { 'm.csv': `x,y,z\n,0.5,1\n${later}` });
    assert.deepEqual([xs.slice(0, 2), labels], [[0.5, 0.1], null]);
  });

  it('a column of texts or of nothing is left out, though a number stands among them', async () => {
    for (const column of ['A1 A2 7', '1/5 2/5 3/5', 'NaN NA ?', '- A2 A3'])
      assert.match(
        (await good('m.csv', 1, { 'm.csv': `x,y\n${column.replace(/ /g, ',1\n')},1\n` })).problems[0]?.message ?? '',
        /left out: "x"/,
        column,
      );
    const trailing = await good('m.csv', 2, { 'm.csv': '1,2,\n3,4,\n' });
    assert.deepEqual(trailing.xs, [1, 2, 3, 4]);
    // As pandas writes an array: the names of the columns are numbers, beside a blank one of the index.
    const pandas = await good({ file: 'm.csv', columns: ['0', '1'] }, 2, { 'm.csv': ',0,1\n0,5,6\n1,7,8\n' });
    assert.deepEqual(pandas.xs, [5, 6, 7, 8]);
  });

  it('columns that are chosen, in their order', async () => {
    const { xs, problems } = await good({ file: 't.csv', columns: ['b', 'a'] }, 2);
    assert.deepEqual(xs.slice(0, 4), [10, 1, 20, 2]);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['not-normalised'],
    );
  });

  it('columns by their numbers where the table has no names', async () => {
    const { xs } = await good({ file: 'n.csv', columns: ['2'] }, 1, { 'n.csv': '1,2\n3,4\n' });
    assert.deepEqual(xs, [2, 4]);
  });

  it('with blanks between numbers, and between the names above them', async () => {
    const text = 'day warm cold\n1 2.5 -3\n2 4 1e1\n';
    assert.deepEqual((await good('s.csv', 3, { 's.csv': text })).xs, [1, 2.5, -3, 2, 4, 10]);
    const { xs } = await good({ file: 's.csv', columns: ['cold'] }, 1, { 's.csv': text });
    assert.deepEqual(xs, [-3, 10]);
  });

  it('below comments, whose last line names the columns as numpy.savetxt writes it', async () => {
    for (const [text, column] of [
      ['# made by a program; twice,\n#\n# a, b\n1,2\n3,4\n', 'b'],
      ['\r\n# a b\r\n1.000e+00 2.000e+00\r\n3.000e+00 4.000e+00\r\n', 'b'],
      ['# one, two, three\n1,2\n3,4\n', '2'],
      ['# it is "quoted\na,b\n1,2\n3,4\n', 'b'],
      ['# of this plot\n#a,b\n1,2\n3,4\n', 'b'],
    ] as const)
      assert.deepEqual((await good({ file: 'n.csv', columns: [column] }, 1, { 'n.csv': text })).xs, [2, 4], text);
  });

  it('a place below comments is told where it stands in the file', async () => {
    const text = '# a, b\n1,2\n3,x\n';
    const { range, file, message } = await refusal({ file: 'n.csv', columns: ['b'] }, 1, { 'n.csv': text });
    assert.deepEqual([file, range.start], ['n.csv', { line: 2, character: 2 }]);
    assert.match(message, /column "b"/);
  });

  it('comments alone are an empty table, and prose below them is prose', async () => {
    assert.match((await refusal('n.csv', 1, { 'n.csv': '# a, b\n#\n' })).message, /no row of numbers/);
    assert.deepEqual((await good('n.txt', 2, { 'n.txt': '# a b\n1 2\n3 4\n' })).xs, [1, 2, 3, 4]);
    assert.match((await refusal('n.txt', 2, { 'n.txt': '# A title\n\nOnce upon a time\n' })).message, /text|token/i);
  });

  it('windows beside each other, or a stride apart', async () => {
    const column = { file: 't.csv', columns: ['a'] };
    const beside = await good({ ...column, window: 2 }, 1);
    assert.deepEqual(beside.xs, [1, 2, 4, 8]);
    assert.deepEqual([beside.experiment.shapes.B, beside.experiment.shapes.T], [2, 2]);
    const apart = await good({ ...column, window: 3, stride: 1 }, 1);
    assert.deepEqual(apart.xs, [1, 2, 4, 2, 4, 8, 4, 8, 16]);
  });

  it('z-scores and ranges come from the first part of the rows, which is said', async () => {
    const column = { file: 't.csv', columns: ['a', 'b'], normaliseOver: 0.8 };
    const z = await good({ ...column, normalise: 'zScore' }, 2);
    const of = (numbers: readonly number[]) => {
      const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
      return { mean, deviation: Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length) };
    };
    const [a, b] = [of([1, 2, 4, 8]), of([10, 20, 30, 40])];
    for (const [row, [x, y]] of [
      [1, 10],
      [2, 20],
      [4, 30],
      [8, 40],
      [16, 50],
    ].entries()) {
      assert.ok(Math.abs((z.xs[2 * row] ?? 0) - ((x ?? 0) - a.mean) / a.deviation) < 1e-12);
      assert.ok(Math.abs((z.xs[2 * row + 1] ?? 0) - ((y ?? 0) - b.mean) / b.deviation) < 1e-12);
    }
    assert.match(
      z.problems[0]?.message ?? '',
      /first 4 of 5 rows.*"a" \(x − 3\.75\) \/ 2\.681, "b" \(x − 25\) \/ 11\.18/,
    );
    const range = await good({ ...column, normalise: 'minMax' }, 2);
    assert.deepEqual(range.xs.slice(0, 2), [0, 0]);
    assert.deepEqual(range.xs.slice(-2), [15 / 7, 40 / 30]);
    const constant = await good({ file: 'c.csv', normalise: 'zScore' }, 1, { 'c.csv': '3\n3\n3\n' });
    assert.deepEqual(constant.xs, [0, 0, 0]);
  });

  it('notes inputs that nobody has normalised, at the name of the table, with a way to do it', async () => {
    const humid = 'humidity,flag\n66,0\n50,0\n66,0\n50,1\n';
    const files = { 'h.csv': humid };
    const told = async (sequences: object | string, inputs: number) =>
      (await good(sequences, inputs, files)).problems.filter(({ code }) => code === 'not-normalised');
    // Mean 58 and deviation 8; the flag is a class.
    for (const sequences of ['h.csv', { file: 'h.csv', window: 2 }]) {
      const [note, ...others] = await told(sequences, 2);
      assert.deepEqual(others, []);
      assert.equal(note?.severity, 'info');
      assert.match(note.message, /"humidity" have mean 58 and deviation 8: networks/);
      // The fix replaces the name, where it stands, by what can be read and is not noted.
      const text = configOf(sequences, 2);
      const { start, end } = note.range;
      const [from, to] = [start, end].map(({ line, character }) => {
        assert.equal(line, 0);
        return character;
      });
      assert.ok(note.fix?.kind === 'replace');
      const mended = text.slice(0, from) + note.fix.text + text.slice(to);
      const { experiment, problems } = await readTexts({ [configName]: mended, ...files });
      assert.ok(experiment, mended);
      assert.deepEqual(
        problems.filter(({ code, severity }) => code === 'not-normalised' || severity === 'error'),
        [],
      );
      // (66 − 58) / 8 by the first two rows of four.
      assert.equal(experiment.chunks[0]?.xs[0], 1);
    }
    for (const silent of ['zScore', 'minMax', 'none'])
      assert.deepEqual(await told({ file: 'h.csv', normalise: silent }, 2), []);
    assert.deepEqual(await told({ file: 'h.csv', columns: ['flag'] }, 1), []);
  });

  it('what counts as not normalised: a mean beyond 3, a deviation below 0.1 or above 10', async () => {
    const isNoted = async (rows: readonly number[]): Promise<boolean> => {
      const { problems } = await good('c.csv', 1, { 'c.csv': `c\n${rows.join('\n')}\n` });
      return problems.some(({ code }) => code === 'not-normalised');
    };
    const around = (mean: number, deviation: number): number[] => [mean - deviation, mean + deviation];
    for (const [mean, deviation, wanted] of [
      [0, 2, false],
      [3, 2, false],
      [-3.25, 2, true],
      [3.25, 2, true],
      [0, 10, false],
      [0, 10.5, true],
      [0, 0.125, false],
      [0, 0.09, true],
      [2, 0, false],
      [58, 0, true],
    ] as const)
      assert.equal(await isNoted(around(mean, deviation)), wanted, `mean ${mean}, deviation ${deviation}`);
  });

  it('tokens are no inputs that somebody could normalise', async () => {
    const text = `${'a'.repeat(200)}b`;
    const { problems } = await good({ file: 'x.txt', tokens: 'characters' }, 2, { 'x.txt': text });
    assert.equal(
      problems.some(({ code }) => code === 'not-normalised'),
      false,
    );
  });

  it('a pair of weights and a table needs no config', async () => {
    const files = { 'w.json': JSON.stringify(weightsFor(2)), 't.csv': csv };
    const { experiment } = await readTexts(files, { kind: 'pair', weights: 'w.json', sequences: 't.csv' });
    assert.equal(experiment?.shapes.T, 5);
  });

  it('is read once as long as its document is the same', async () => {
    const files = memoryFiles({
      [configName]: JSON.stringify({ weights: weightsFor(2), sequences: 't.csv' }),
      't.csv': `a,b\n${'1,2\n'.repeat(50_000)}`,
    });
    const documents = new Map<string, ReturnType<typeof readDocument>>();
    const ticksOf = async (): Promise<number> => {
      let ticks = 0;
      const tick = (): number => ticks++;
      const read = (id: string, bytes: Bytes): ReturnType<typeof readDocument> => {
        const document = documents.get(id) ?? readDocument(id, bytes, () => ticks++);
        documents.set(id, document);
        return document;
      };
      assert.ok((await readExperiment(configEntry, files, { tick, readDocument: read })).experiment);
      return ticks;
    };
    const [first, second] = [await ticksOf(), await ticksOf()];
    assert.ok(first > 100 && second < first / 4, `${first} pauses, then ${second}`);
  });

  it('its columns are what the command line tells of it', async () => {
    const { contents } = await contentsOf('t.csv', memoryFiles({ 't.csv': csv }));
    assert.deepEqual(
      contents?.values.map(({ name, told }) => `${name}: ${told}`),
      ['day: no numbers', 'a: 5 numbers', 'b: 5 numbers'],
    );
  });
});

describe('targets out of a table', () => {
  const loss = (targets: object, rest: object = {}, O = 1): object => ({
    loss: {
      kind: 'mse',
      readout: { Why: [new Array<number>(O).fill(1)], by: new Array<number>(O).fill(0) },
      targets: { file: 't.csv', ...targets },
      ...rest,
    },
  });

  it('are those of the next row, behind each window', async () => {
    const { experiment } = await good(
      { file: 't.csv', columns: ['a'], window: 2, stride: 1 },
      1,
      {},
      loss({ columns: ['b'] }),
    );
    // The last window has no row behind it.
    assert.deepEqual([...(experiment.loss?.targets ?? [])], [30, 40, 50, 0]);
    assert.deepEqual([...(experiment.loss?.present ?? [])], [1, 1, 1, 0]);
  });

  it('or of every step, some rows ahead', async () => {
    const { experiment } = await good(
      { file: 't.csv', columns: ['a'] },
      1,
      {},
      loss({ columns: ['a', 'b'], ahead: 3 }, { at: 'every' }, 2),
    );
    assert.deepEqual([...(experiment.loss?.targets ?? [])], [8, 40, 16, 50, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual([...(experiment.loss?.present ?? [])], [1, 1, 0, 0, 0]);
  });

  it('or of the same row, at some steps', async () => {
    const { experiment } = await good(
      { file: 't.csv', columns: ['a'] },
      1,
      {},
      loss({ columns: ['b'], ahead: 0 }, { at: [0, 2] }),
    );
    assert.deepEqual([...(experiment.loss?.targets ?? [])], [10, 30]);
    assert.equal(experiment.loss?.present, undefined);
  });

  it('of sequences that are no table there has to be one', async () => {
    const { experiment } = await good([[[1], [1]]], 1, {}, loss({ columns: ['b'] }));
    assert.deepEqual([...(experiment.loss?.targets ?? [])], [30]);
    assert.match((await refusal([[[1]], [[1]]], 1, {}, loss({ columns: ['b'] }))).message, /sequences have none/);
  });

  it('that are no classes, or more than the readout has, are refused', async () => {
    const sequences = { file: 't.csv', columns: ['a'] };
    const classes = loss({ columns: ['b'], ahead: 0 }, { kind: 'crossEntropy' });
    const { message, path } = await refusal(sequences, 1, {}, classes);
    assert.match(message, /50 is no class/);
    assert.equal(path, 'b[4]');
  });

  it('are none where a class is -100, which the loss of PyTorch leaves out', async () => {
    const sequences = { file: 't.csv', columns: ['a'] };
    const targets = loss({ file: 'c.csv', columns: ['class'], ahead: 0 }, { kind: 'crossEntropy', at: 'every' }, 2);
    const { experiment } = await good(sequences, 1, { 'c.csv': 'class\n0\n-100\n1\n-100\n1\n' }, targets);
    assert.deepEqual([...(experiment.loss?.present ?? [])], [1, 0, 1, 0, 1]);
    assert.deepEqual([...(experiment.loss?.targets ?? [])], [0, 0, 1, 0, 1]);
    const none = await refusal(sequences, 1, { 'c.csv': 'class\n-100\n-100\n-100\n-100\n-100\n' }, targets);
    assert.deepEqual([none.message, none.found], ['No place has a target.', 'classes of -100 alone']);
  });

  it('a number that cannot be one is told once, where it stands in the table', async () => {
    const { problems } = await readTexts({
      [configName]: JSON.stringify({
        weights: { Wx: [[1]], Wh: [[1]], b: [0] },
        sequences: { file: 't.csv', columns: ['x'], window: 3, stride: 1, normalise: 'none' },
        loss: {
          kind: 'crossEntropy',
          readout: { Why: [[1, 1]], by: [0, 0] },
          targets: { file: 't.csv', columns: ['class'], ahead: 0 },
          at: 'every',
        },
      }),
      't.csv': '# a note\nday,x,class\nMo,0,0\nTu,0,1\n\nWe,0,  7\nTh,0,0\nFr,1,9\n',
    });
    assert.deepEqual(
      problems.map(({ range: { start, end }, path }) => [start.line, start.character, end.character, path]),
      [
        [5, 5, 8, 'class[2]'],
        [7, 5, 6, 'class[4]'],
      ],
    );
  });

  it('in as many columns as the readout has outputs', async () => {
    assert.match((await refusal('t.csv', 2, {}, loss({ columns: ['a', 'b'] }))).message, /readout has 1 output\./);
    assert.match(
      (await refusal('t.csv', 2, {}, loss({ columns: ['a'], ahead: 9 }))).message,
      /No row lies far enough ahead/,
    );
  });
});

describe('labels of the steps', () => {
  it('are what the first column without numbers holds, also where columns are chosen', async () => {
    const days = ['1 May', '2 May', '3 May', '4 May', '5 May'];
    assert.deepEqual((await good('t.csv', 2)).labels, { texts: days, stride: 5 });
    const windows = await good({ file: 't.csv', columns: ['a'], window: 3, stride: 1 }, 1);
    assert.deepEqual(windows.labels, { texts: days, stride: 1 });
    assert.equal((await good({ file: 'n.csv' }, 2, { 'n.csv': '1,2\n3,4\n' })).labels, null);
    assert.equal((await good('e.csv', 1, { 'e.csv': 'day,a\n"",1\n"",2\n' })).labels, null);
  });

  it('are the tokens of a text', async () => {
    const files = { 'w.txt': 'to be or not to be', 'v.json': '["be","to","<unk>"]' };
    const { labels } = await good({ file: 'w.txt', tokens: 'words', vocabulary: 'v.json', window: 2 }, 3, files);
    assert.deepEqual(labels, { texts: ['to', 'be', '<unk>', '<unk>', 'to', 'be'], stride: 2 });
  });

  it('are none where there are too many, or several files; long ones are cut', async () => {
    const rows = (count: number): string => `day,a\n${'x,1\n'.repeat(count)}`;
    assert.equal((await good('l.csv', 1, { 'l.csv': rows(65_536) })).labels?.texts.length, 65_536);
    assert.equal((await good('l.csv', 1, { 'l.csv': rows(65_537) })).labels, null);
    assert.equal((await good(['t.csv', 't.csv'], 2)).labels, null);
    const [label = ''] = (await good('c.csv', 1, { 'c.csv': `day,a\n${'y'.repeat(300)},1\n` })).labels?.texts ?? [];
    assert.equal(label.length, 40);
  });
});

describe('a text as sequences', () => {
  it('words by a vocabulary of their own order, unknown ones where it has a token for them', async () => {
    const files = { 'w.txt': 'to be or not to be', 'v.json': '["be","to","<unk>"]' };
    const { xs } = await good({ file: 'w.txt', tokens: 'words', vocabulary: 'v.json' }, 3, files);
    assert.deepEqual(
      Array.from({ length: 6 }, (_, step) => xs.slice(3 * step, 3 * step + 3).indexOf(1)),
      [1, 0, 2, 2, 1, 0],
    );
  });

  it('a vocabulary as an object of places, or as lines', async () => {
    for (const [name, text] of [
      ['v.json', '{"c":0,"b":1,"a":2}'],
      ['v.txt', 'c\nb\na\n'],
    ] as const) {
      const { xs } = await good({ file: 't.txt', tokens: 'characters', vocabulary: name }, 3, { [name]: text });
      assert.deepEqual(xs, [0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1]);
    }
  });

  it('the vocabulary that is made of the text is shown', async () => {
    const { problems } = await good({ file: 't.txt', tokens: 'characters' }, 3);
    assert.match(problems[0]?.message ?? '', /Characters of the vocabulary \(3\): a b c/);
  });

  it('rows of an embedding matrix of the checkpoint', async () => {
    const { embedding, files } = {
      embedding: { file: 'm.json', name: 'embedding.weight' },
      files: { 'm.json': '{"embedding.weight":[[1,2],[3,4],[5,6]]}' },
    };
    const { xs } = await good({ file: 't.txt', tokens: 'characters', embedding, window: 2 }, 2, files);
    assert.deepEqual(xs, [1, 2, 3, 4, 5, 6, 1, 2]);
    const small = { 'm.json': '{"embedding.weight":[[1,2],[3,4]]}' };
    const { message } = await refusal({ file: 't.txt', tokens: 'characters', embedding }, 2, small);
    assert.match(message, /embedding has 2 rows, and the vocabulary is larger: 3/);
  });

  it('the next token is the target', async () => {
    const { experiment } = await good(
      { file: 't.txt', tokens: 'characters' },
      3,
      {},
      {
        loss: {
          kind: 'crossEntropy',
          readout: { Why: [[1, 1, 1]], by: [0, 0, 0] },
          targets: { file: 't.txt', tokens: 'characters' },
          at: 'every',
        },
      },
    );
    assert.deepEqual([...(experiment.loss?.targets ?? [])], [1, 2, 0, 0]);
    assert.deepEqual([...(experiment.loss?.present ?? [])], [1, 1, 1, 0]);
  });
});

describe('what is wrong with a table or a text is told at its place', () => {
  const marked = (text: string): { readonly clean: string; readonly range: Problem['range'] } => {
    const clean = text.replace(/[«»]/g, '');
    const [start, end] = [text.indexOf('«'), text.indexOf('»') - 1];
    return { clean, range: { start: positionIn(clean, start), end: positionIn(clean, end) } };
  };
  for (const [title, text, message] of [
    ['a field that is no number', 'a,b\n1,2\n3,«x»\n', /No number stands in the column "b"/],
    ['a field behind one with a line break', 'a,b,c\n1,"x\ny",2\n3,"4",«""»\n', /missing in the column "c"/],
    ['a row with more fields', 'a,b\n1,2\n«3,4,5»\n', /Fields in this row: 3; in the first row: 2/],
    ['a quote without an end', 'a,b\n1,2\n3,«"»4\n', /has no end/],
    ['text behind a quote', 'a,b\n1,"2"«x»\n', /behind the quote/],
    ['a number that is too large', 'a\n1\n«1e999»\n', /too large/],
    ['a number with a comma where commas separate', 'a,b\n1,2\n3,«"4,5"»\n', /No number stands/],
  ] as const) {
    it(title, async () => {
      const { clean, range } = marked(text);
      const problem = await refusal('x.csv', 2, { 'x.csv': clean });
      assert.equal(problem.file, 'x.csv');
      assert.match(problem.message, message);
      assert.deepEqual(problem.range, range);
    });
  }

  it('a character that the vocabulary does not have', async () => {
    const problem = await refusal({ file: 't.txt', tokens: 'characters', vocabulary: 'v.json' }, 2, {
      't.txt': 'ab\nb🧠',
      'v.json': '["a","b","\\n"]',
    });
    assert.deepEqual([problem.file, problem.range.start], ['t.txt', { line: 1, character: 1 }]);
    assert.match(problem.message, /"🧠" is not in the vocabulary/);
  });

  it('a column that is not there, with the one that was meant', async () => {
    const problem = await refusal({ file: 't.csv', columns: ['bb', 'zzzzz'] }, 1, { 't.csv': 'day,bbb\n1,2\n' });
    assert.equal(problem.path, 'sequences.columns[0]');
    assert.match(problem.advice, /"bbb"/);
    assert.deepEqual(problem.fix, { kind: 'replace', text: '"bbb"' });
  });

  it('twenty places and a count of the others', async () => {
    const rows = Array.from({ length: 60 }, () => 'x,1').join('\n');
    const { problems } = await read('x.csv', 2, { 'x.csv': `a,b\n0,0\n${rows}\n` });
    assert.equal(problems.length, 21);
    assert.equal(problems.filter(({ message }) => message.startsWith('40 more places')).length, 1);
  });

  it('keys of tables beside a file that is none, and options that are none', async () => {
    const npy = { 'x.npy': new Uint8Array(readFileSync('test/fixtures/files/seq_one.npy')) };
    const problem = await refusal({ file: 'x.npy', window: 2 }, 3, npy);
    assert.equal(problem.path, 'sequences.window');
    assert.match(problem.message, /for tables and texts/);
    for (const [options, message] of [
      [{ window: 0 }, /0 is no value of "window"/],
      [{ stride: 1.5 }, /1.5 is no value of "stride"/],
      [{ normalise: 'zscore' }, /"zscore" is no value/],
      [{ normaliseOver: 2 }, /2 is no value/],
      [{ window: 9 }, /window of 9 timesteps does not fit into 5 rows/],
      [{ tokens: 'characters', columns: ['a'] }, /"columns" is for tables/],
      [{ columns: 'a' }, /wrong type/],
    ] as const)
      assert.match((await refusal({ file: 't.csv', ...options }, 2)).message, message);
    const { problems } = await read({ file: 't.csv', windows: 3 }, 2);
    assert.match(problems.find(({ code }) => code === 'unknown-key')?.advice ?? '', /"window"/);
  });

  it('windows that would fill the memory, an empty file, prose without tokens', async () => {
    const rows = Array.from({ length: 20_000 }, () => '1').join('\n');
    const many = await refusal({ file: 'x.csv', window: 10_000, stride: 1 }, 1, { 'x.csv': rows });
    assert.match(many.message, /10001 windows hold 100010000 numbers/);
    assert.match((await refusal('x.csv', 1, { 'x.csv': '' })).message, /no row/);
    assert.match((await refusal('x.csv', 1, { 'x.csv': 'a,b\n' })).message, /no row/);
    assert.match((await refusal('x.csv', 1, { 'x.csv': 'a,b\nx,y\n' })).message, /No column/);
    const prose = await refusal('t.txt', 1);
    assert.match(`${prose.message} ${prose.advice}`, /no table of numbers.*"tokens": "characters"/);
  });

  it('long fields that are nearly numbers are walked through once', async () => {
    // Patterns that go back and forth would never end here.
    const digits = '1'.repeat(400_000);
    assert.match((await refusal('x.csv', 2, { 'x.csv': `a,b\n1,2\n3,${digits}x\n` })).message, /No number stands/);
    assert.match((await refusal('x.txt', 1, { 'x.txt': `${digits}x\n` })).message, /no row of numbers/);
    const spaced = await refusal('x.txt', 1, { 'x.txt': `${'1 '.repeat(30_000)}x\n` });
    assert.match(spaced.message, /no table of numbers/);
  });

  it('a table in the place of weights', async () => {
    const { problems } = await readTexts({ [configName]: '{"weights":"t.csv","sequences":[[1]]}', 't.csv': csv });
    assert.match(problems[0]?.found ?? '', /a table or a text/);
  });
});

describe('mutated tables and texts', () => {
  it('are sequences or a problem', async () => {
    const seeds = ['table.csv', 'table.tsv', 'table_quoted.csv', 'table_semicolon.csv', 'numbers.txt', 'text.txt'].map(
      (name) => ({ name, bytes: readFileSync(`test/fixtures/files/${name}`) }),
    );
    const telling = [...Buffer.from('",;\t\r\n .-+e0x'), 0, 0x80, 0xff, 0xef];
    let [runs, refused] = [0, 0];
    for (let number = 0; number < (long ? 20_000 : 1_500); number++) {
      const dice = new Dice(16, number, 99);
      const { name, bytes } = dice.pick(seeds);
      const changed = Buffer.from(bytes);
      for (let n = dice.spread(0, 6); n > 0; n--) changed[dice.below(changed.length)] = dice.pick(telling);
      const content = new Uint8Array(dice.chance(0.2) ? changed.subarray(0, dice.below(changed.length)) : changed);
      const part = dice.pick([
        { file: name },
        { file: name, window: 3, stride: 1, normalise: 'zScore' },
        { file: name, tokens: 'words' },
        { file: name, tokens: 'characters', window: 5 },
      ]);
      const { experiment, problems } = await read(part, 3, { [name]: content });
      const errors = problems.filter(({ severity }) => severity === 'error');
      assert.ok(experiment !== null || errors.length > 0, `mutation ${number}`);
      const lines = new TextDecoder().decode(content).split(/\r\n|\n|\r/);
      for (const { range } of errors.filter((one) => one.file === name))
        assert.ok(range.start.character <= (lines[range.start.line]?.length ?? -1), `mutation ${number}`);
      if (experiment === null) refused++;
      else runs++;
    }
    assert.ok(runs > 20 && refused > 20, `${runs} runs, ${refused} refused`);
  });
});
