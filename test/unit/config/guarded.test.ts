// Of a file that may be read but not quoted, problems tell where they are and of what kind, and nothing that it holds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { describeProblem, problemCodes, readExperiment } from '../../../src/config/index.js';
import type { Files, Problem, ProblemCode } from '../../../src/config/index.js';
import { unquoted } from '../../../src/config/problems/unquoted.js';
import { configEntry, configName, memoryFiles, npyOf, npzOf } from './memory.js';
import type { Texts } from './memory.js';

/** All files but the config are guarded. */
const guarded = (texts: Texts): Files => ({
  async read(reference, from) {
    const content = await memoryFiles(texts).read(reference, from);
    return content.ok && from !== null ? { ...content, guarded: true } : content;
  },
});
const told = async (texts: Texts, files: (texts: Texts) => Files): Promise<readonly Problem[]> =>
  (await readExperiment(configEntry, files(texts))).problems;

const config = (rest = ''): string => `{"weights":"w.json","sequences":"x.json"${rest}}`;
const W = '{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const X = '[[[1],[2],[3]]]';
/** Stands wherever a file can be wrong, in words that nothing else here holds. */
const secret = 'hunter2';
const number = '88776655';

const cases: Readonly<Record<string, Texts>> = {
  'a private key': { [configName]: config(), 'w.json': `-----BEGIN-${secret}-----\n${secret}\n`, 'x.json': X },
  'a list of names': { [configName]: config(), 'w.json': `${secret}:x:0:0\nroot:${secret}\n`, 'x.json': `'${secret}'` },
  'a word': { [configName]: config(), 'w.json': secret, 'x.json': `"${secret}"` },
  'a number': { [configName]: config(), 'w.json': number, 'x.json': `{"${secret}":${number}}` },
  'keys of its own': {
    [configName]: config(),
    'w.json': `{"${secret}":{"${secret}":"${secret}"},"${secret}":${number}}`,
    'x.json': `{"${secret}":[[${number}]]}`,
  },
  'texts among numbers': {
    [configName]: config(),
    'w.json': `{"Wx":[["${secret}",2]],"Wh":[[${number}e999,0],[0,0.5]],"b":[0,0,"${secret}"]}`,
    'x.json': `[[["${secret}"],[2],[${number}e999]]]`,
  },
  'a name before the names': {
    [configName]: config(),
    'w.json': `{"${secret}.Wx":[[1,2],[3,4]],"${secret}.Wh":[[0.5,0],[0,0.5]],"${secret}.b":[0,0]}`,
    'x.json': X,
  },
  'a ragged list': { [configName]: config(), 'w.json': W, 'x.json': `[[[1],[2],[3,"${secret}"]]]` },
  'a loss': {
    [configName]: config(',"loss":{"kind":"crossEntropy","readout":"r.json","targets":"y.json"}'),
    'w.json': W,
    'x.json': X,
    'r.json': `{"${secret}":[[${number}]]}`,
    'y.json': `[["${secret}",${number}]]`,
  },
  'a table': {
    [configName]: '{"weights":"w.json","sequences":{"file":"x.csv","normalise":"zScore","columns":["huntr2","b"]}}',
    'w.json': W,
    'x.csv': `${secret},b\n1,${number}\n2,${secret}\n`,
  },
  'a table that can be run': {
    [configName]: '{"weights":"w.json","sequences":{"file":"x.csv","normalise":"minMax"}}',
    'w.json': W,
    'x.csv': `${secret},b\n${secret},${number}\n${secret},1\n`,
  },
  'several arrays': {
    [configName]: '{"weights":"w.json","sequences":"x.npz"}',
    'w.json': W,
    'x.npz': npzOf({ [secret]: npyOf([1, 3, 1], [1, 2, 3]), [`${secret}2`]: npyOf([1], [Number(number)]) }),
  },
  'a text': {
    [configName]: '{"weights":"w.json","sequences":{"file":"x.txt","tokens":"words"}}',
    'w.json': W,
    'x.txt': secret,
  },
};

const texts = (problem: Problem): string => JSON.stringify({ ...problem, range: null, file: null });

describe('a guarded file', () => {
  for (const [what, files] of Object.entries(cases)) {
    it(`that holds ${what} is told about without a word of it`, async () => {
      const [open, closed] = [await told(files, memoryFiles), await told(files, guarded)];
      assert.ok(open.length > 0);
      assert.ok(
        open.some((problem) => texts(problem).includes(secret) || texts(problem).includes(number)) ||
          what === 'a ragged list',
        'it would be quoted',
      );
      const places = (problems: readonly Problem[]): unknown =>
        problems.map(({ file, range, severity, code }) => ({ file, range, severity, code }));
      assert.deepEqual(places(closed), places(open));
      for (const problem of closed) {
        assert.ok(!texts(problem).includes(secret) && !texts(problem).includes(number), describeProblem(problem));
        assert.ok(problem.file === configName || problem.fix === undefined);
      }
    });
  }

  it('is not said to fit both orders, which its numbers alone tell', async () => {
    const files = {
      [configName]: config(
        ',"cell":"tanh","sequenceOrder":"TBI",' +
          '"loss":{"kind":"mse","at":"every","readout":{"Why":[[1],[2]],"by":[0]},"targets":"y.json"}',
      ),
      'w.json': W,
      'x.json': '[[[1],[2]],[[3],[4]]]',
      'y.json': '[[1,2],[3,4]]',
    };
    const both = (problems: readonly Problem[]): boolean =>
      problems.some(({ message }) => message.includes('both orders fit'));
    assert.deepEqual([both(await told(files, memoryFiles)), both(await told(files, guarded))], [true, false]);
  });

  it('is told about without its words whatever it holds', async () => {
    const pieces = fc.array(
      fc.constantFrom(
        secret,
        `"${secret}"`,
        number,
        '[',
        ']',
        '{',
        '}',
        ',',
        ':',
        '"Wx"',
        '"Wh"',
        '"b"',
        W,
        X,
        'NaN',
        '//',
        '\n',
        "'",
      ),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, pieces, async (weights, sequences) => {
        for (const problem of await told(
          { [configName]: config(), 'w.json': weights.join(''), 'x.json': sequences.join('') },
          guarded,
        )) {
          assert.ok(!texts(problem).includes(secret) && !texts(problem).includes(number), describeProblem(problem));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is not said to be unsupported where a run assumes its activation', async () => {
    const files = {
      'w.json': '{"weight_ih_l0":[[1],[2]],"weight_hh_l0":[[0.5,0],[0,0.5]],"bias_ih_l0":[0,0],"bias_hh_l0":[0,0]}',
      'x.json': X,
    };
    const pair = { kind: 'pair', weights: 'w.json', sequences: 'x.json' } as const;
    const open = await readExperiment(pair, memoryFiles(files));
    assert.deepEqual(
      open.problems.map(({ severity, code }) => [severity, code]),
      [['info', 'unsupported-cell']],
    );
    const closed = await readExperiment(pair, {
      async read(reference, from) {
        const content = await memoryFiles(files).read(reference, from);
        return content.ok ? { ...content, guarded: true } : content;
      },
    });
    assert.deepEqual(closed.problems, []);
    assert.deepEqual(closed.experiment, open.experiment);
  });

  it('does not silence the config that names it', async () => {
    const problems = await told({ [configName]: config(',"cell":"tahn"'), 'w.json': W, 'x.json': X }, guarded);
    assert.equal(problems.length, 1);
    assert.match(problems[0]?.message ?? '', /"tahn"/);
  });

  it('has a sentence for every kind of problem', () => {
    const range = { start: { line: 1, character: 2 }, end: { line: 1, character: 3 } };
    const sentence = (code: ProblemCode): string =>
      describeProblem(
        unquoted({
          file: 'f',
          range,
          path: secret,
          severity: 'error',
          code,
          message: secret,
          expected: secret,
          found: secret,
          advice: secret,
          fix: { kind: 'replace', text: secret },
        }),
      );
    const all = problemCodes.map(sentence);
    assert.equal(new Set(all).size, problemCodes.length);
    assert.ok(all.every((text) => !text.includes(secret) && text.includes('Restricted Mode')));
  });
});
