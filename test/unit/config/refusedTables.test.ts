// What is refused of tables and texts in the place of sequences and targets, and of vocabularies and embeddings.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpenFiles } from '../../../src/config/read/openFiles.js';
import { readExperiment } from '../../../src/config/index.js';
import type { Files, Problem } from '../../../src/config/index.js';
import { Labelling } from '../../../src/config/read/stepLabels.js';
import { tableHead } from '../../../src/config/read/tables.js';
import { configEntry, configName, memoryFiles, readTexts } from './memory.js';
import { itRefuses } from './refused.js';
import type { Refused } from './refused.js';

const table = 'a,b\n0,1\n1,0\n0,1\n1,0\n0,1\n';
const weights = '{"Wx":[[1,0],[0,1]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const windows = '{"file":"t.csv","window":2,"normalise":"none"}';
/** `rest`: of the loss, whose readout is the unit matrix. */
const withLoss = (rest: string, sequences = windows): Readonly<Record<string, string>> => ({
  [configName]: `{"weights":${weights},"sequences":${sequences},"loss":{"readout":{"Why":[[1,0],[0,1]],"by":[0,0]},${rest}}}`,
  't.csv': table,
  'notes.txt': 'a b a b a b',
});
/** A text whose tokens are `I` inputs. */
const withText = (
  options: string,
  files: Readonly<Record<string, string>> = {},
  I = 3,
): Readonly<Record<string, string>> => ({
  [configName]:
    `{"weights":{"Wx":[${new Array<string>(I).fill('[0]').join(',')}],"Wh":[[0]],"b":[0]},` +
    `"sequences":{"file":"notes.txt","tokens":"words",${options}}}`,
  'notes.txt': 'a b c a',
  ...files,
});

const noVocabulary = (title: string, text: string, found: RegExp, file = 'v.json'): Refused => ({
  title: `a vocabulary that is ${title}`,
  text: withText(`"vocabulary":"${file}"`, { [file]: text }),
  code: 'wrong-type',
  path: '',
  message: /The file is no vocabulary/,
  expected: /a list of tokens, an object with the place of each from 0, or one token a line/,
  found,
  advice: /leave "vocabulary" out/,
});

const cases: readonly Refused[] = [
  {
    title: 'targets of a column that the table has not',
    text: withLoss('"kind":"crossEntropy","targets":{"file":"t.csv","columns":[«"c"»]}'),
    code: 'wrong-value',
    path: 'loss.targets.columns[0]',
    message: /no column "c"/,
    expected: /"a", "b"/,
    found: /"c"/,
    advice: /Did you mean "a"/,
  },
  {
    title: 'a table of targets for lists of sequences',
    text: withLoss(
      '"kind":"crossEntropy",«"targets"»:{"file":"t.csv","columns":["a"]}',
      '[[[1,0],[0,1]],[[1,0],[0,1]]]',
    ),
    code: 'wrong-dimension',
    path: 'loss.targets',
    message: /belong to windows, and the sequences have none/,
    expected: /or one sequence/,
    found: /2 sequences/,
    advice: /or write the targets as a list/,
  },
  {
    title: 'classes in two columns',
    text: withLoss('"kind":"crossEntropy","targets":{"file":"t.csv",«"columns"»:["a","b"]}'),
    code: 'wrong-dimension',
    path: 'loss.targets.columns',
    message: /Classes stand in one column/,
    expected: /1 column/,
    found: /2 columns/,
    advice: /"columns"/,
  },
  {
    title: 'one column for a readout of two outputs',
    text: withLoss('"kind":"mse","targets":{"file":"t.csv",«"columns"»:["a"]}'),
    code: 'wrong-dimension',
    path: 'loss.targets.columns',
    message: /The readout has 2 outputs/,
    expected: /2 columns/,
    found: /1 column/,
    advice: /"columns"/,
  },
  {
    title: 'targets of a text by a vocabulary that is not there',
    text: withLoss(
      '"kind":"crossEntropy","targets":{"file":"notes.txt","tokens":"words","vocabulary":«"none.json"»}',
      '[[[1,0],[0,1],[1,0],[0,1],[1,0],[0,1]]]',
    ),
    code: 'missing-file',
    path: 'loss.targets.vocabulary',
    message: /none\.json/,
    expected: /./,
    found: /./,
    advice: /./,
  },
  ...['["a",1]', '[1,2]', '[]'].map((columns): Refused => ({
    title: `columns that are ${columns}`,
    text: withLoss('"kind":"mse","targets":[[0,0]]', `{"file":"t.csv",«"columns"»:${columns}}`),
    code: 'wrong-type',
    path: 'sequences.columns',
    message: /"columns" holds the wrong type of value/,
    expected: /names/,
    found: /list/,
    advice: /as it stands in the first row/,
  })),
  {
    title: 'a list in the place of a column',
    text: withLoss('"kind":"mse","targets":[[0,0]]', '{"file":"t.csv","columns":["a",«[1]»]}'),
    code: 'wrong-value',
    path: 'sequences.columns[1]',
    message: /no column ""/,
    expected: /"a", "b"/,
    found: /""/,
    advice: /Did you mean "a"/,
  },
  noVocabulary('a list with numbers', '«[»"a",1]', /list/),
  noVocabulary('a list with lists', '«[»"a",["b"]]', /list/),
  noVocabulary('an object of texts', '«{»"a":0,"b":"1"}', /object/),
  noVocabulary('an object of places with a gap', '«{»"a":0,"b":2}', /object/),
  noVocabulary('an object of places below 0', '«{»"a":0,"b":-1}', /object/),
  noVocabulary('an object of places between whole numbers', '«{»"a":0,"b":0.5}', /object/),
  noVocabulary('an empty object', '«{»}', /object/),
  noVocabulary('a number', '«1»', /number/),
  {
    title: 'an embedding that is not there',
    text: withText('"vocabulary":"v.json","embedding":«"none.npy"»', { 'v.json': '["a","b","c"]' }),
    code: 'missing-file',
    path: 'sequences.embedding',
    message: /none\.npy/,
    expected: /./,
    found: /./,
    advice: /./,
  },
  {
    title: 'an embedding whose rows are of different lengths',
    text: withText('"vocabulary":"v.json","embedding":"e.json"', {
      'v.json': '["a","b","c"]',
      'e.json': '[[1,2],[3,4],«[5]»]',
    }),
    code: 'ragged-array',
    path: '[2]',
    message: /embedding/,
    expected: /2 numbers/,
    found: /1 number/,
    advice: /./,
  },
];

const problemsOf = async (texts: Readonly<Record<string, string>>): Promise<readonly Problem[]> =>
  (await readTexts(texts)).problems;

describe('tables and texts that cannot be taken', () => {
  itRefuses(cases);

  it('tell nothing of targets where the readout cannot be read', async () => {
    const texts = withLoss('"kind":"mse","targets":"t.csv"');
    const broken = { ...texts, [configName]: (texts[configName] ?? '').replace('"Why":[[1,0],[0,1]]', '"Why":{}') };
    const problems = await problemsOf(broken);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['loss.readout'],
    );
  });

  it('tell an empty vocabulary', async () => {
    const [problem] = await problemsOf(withText('"vocabulary":"v.txt"', { 'v.txt': '' }));
    assert.match(problem?.message ?? '', /The file is no vocabulary/);
  });

  it('name no more than the first of very many columns', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const texts = {
      [configName]: `{"weights":${weights},"sequences":{"file":"t.csv","columns":${JSON.stringify(names.map((name) => `x-${name}`))}}}`,
      't.csv': `${names.join(',')}\n${names.map(() => '100').join(',')}\n${names.map(() => '900').join(',')}\n`,
    };
    const problems = await problemsOf(texts);
    assert.equal(problems.length, 20);
    assert.match(problems[0]?.expected ?? '', /^"c0", .*"c7", …$/);
    const raw = await problemsOf({ ...texts, [configName]: `{"weights":${weights},"sequences":"t.csv"}` });
    const [note] = raw.filter(({ code }) => code === 'not-normalised');
    assert.match(note?.message ?? '', /inputs of 30 columns .*"c3".*, …\./);
  });

  it('do not quote a table that is guarded', async () => {
    const texts = {
      [configName]: `{"weights":${weights},"sequences":"t.csv"}`,
      't.csv': 'a,b\n100,1000\n900,9000\n',
    };
    const guarded: Files = {
      async read(reference, from) {
        const content = await memoryFiles(texts).read(reference, from);
        return content.ok ? { ...content, guarded: true } : content;
      },
    };
    const { problems } = await readExperiment(configEntry, guarded);
    const [note] = problems.filter(({ code }) => code === 'not-normalised');
    assert.equal(note?.message, 'The inputs are not normalised.');
    // Neither does a part of a guarded file by another name say which there are.
    const named = { ...texts, [configName]: '{"weights":{"file":"x.json","name":"hers"},"sequences":[[[1]]]}' };
    const other: Files = {
      async read(reference, from) {
        const content = await memoryFiles({ ...named, 'x.json': `{"net":${weights}}` }).read(reference, from);
        return content.ok && from !== null ? { ...content, guarded: true } : content;
      },
    };
    const told = (await readExperiment(configEntry, other)).problems;
    assert.deepEqual([told[0]?.path, told[0]?.found], ['weights.file', 'other names']);
  });
});

describe('tables and texts that can', () => {
  it('may be longer than a vocabulary, which may end without a line break', async () => {
    const words = Array.from({ length: 3_000 }, (_, i) => 'abc'.charAt(i % 3)).join(' ');
    const files = { 'v.txt': 'c\nb\na', 'notes.txt': words };
    const { experiment } = await readTexts(withText('"vocabulary":"v.txt"', files));
    const [chunk] = experiment?.chunks ?? [];
    assert.equal(chunk?.steps, 3_000);
    assert.deepEqual([...(chunk.xs.subarray(0, 9) ?? [])], [0, 0, 1, 0, 1, 0, 1, 0, 0]);
  });

  it('have labels up to a bound, above which none of their steps has one', () => {
    const labelling = new Labelling();
    for (let i = 0; i < 2 ** 16; i++) labelling.add('x');
    assert.equal(labelling.texts?.length, 2 ** 16);
    labelling.add('x');
    labelling.add('x');
    assert.equal(labelling.texts, null);
  });

  it('have no first rows where they have no row at all', async () => {
    const files = memoryFiles({ 'a.csv': '', 'b.csv': 'a,b\n1,2\n3,4\n' });
    const head = async (id: string) => {
      const { root } = await new OpenFiles(files, {}).root(id, null);
      return root === null ? null : tableHead(root, 1);
    };
    assert.equal(await head('a.csv'), null);
    assert.deepEqual((await head('b.csv'))?.rows, [['1', '2']]);
  });
});
