// Why a file that a config names was not read: each reason has its words, and says what to do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findParts, openEntry, readExperiment, references } from '../../../src/config/index.js';
import type { Entry, Files, Problem } from '../../../src/config/index.js';
import type { FileTrouble } from '../../../src/config/read/fileAccess.js';
import { keyOf } from '../../../src/config/read/keyNames.js';
import { isBound } from '../../../src/config/read/limits.js';
import { weightsOf } from '../../../src/config/read/openEntry.js';
import { describeProblem } from '../../../src/config/index.js';
import { editDistance } from '../../../src/config/problems/editDistance.js';
import { Report } from '../../../src/config/problems/problemReport.js';
import { configEntry, configName, memoryFiles, npyOf, npzOf, readTexts } from './memory.js';
import type { Texts } from './memory.js';

const weights = '{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const texts = { [configName]: `{"weights":${weights},"sequences":"x.json"}` };
/** All files but the config fail for this reason. */
const failing = (trouble: FileTrouble): Files => ({
  read: (reference, from) =>
    from === null
      ? memoryFiles(texts).read(reference, from)
      : Promise.resolve({ ok: false, id: reference, ...trouble }),
});
async function told(trouble: FileTrouble): Promise<Problem> {
  const { problems } = await readExperiment(configEntry, failing(trouble));
  const [problem] = problems;
  assert.equal(problems.length, 1);
  assert.ok(problem);
  return problem;
}
const opened = (files: Texts, entry: Entry = configEntry) => openEntry(entry, memoryFiles(files));

describe('a file that is not read', () => {
  for (const [title, trouble, message, found, advice] of [
    ['is not there', { reason: 'missing' }, /"x\.json" does not exist/, /nothing at x\.json/, /relative path/],
    ['is a folder', { reason: 'folder' }, /is a folder/, /a folder/, /inside it/],
    ['has no place', { reason: 'unplaced' }, /not saved, and no folder is open/, /none/, /Save the config/],
    ['stands outside', { reason: 'outside', target: '/x.json' }, /Restricted Mode/, /./, /./],
    ['is elsewhere', { reason: 'network', host: 'far' }, /another computer/, /./, /security\.allowedUNCHosts/],
    [
      'is beyond what an assistant may read',
      { reason: 'beyond', target: '/x.json', allowed: 'the folder', advice: 'Ask first.' },
      /outside of what an assistant may read/,
      /./,
      /^Ask first\.$/,
    ],
    [
      'leads back to itself',
      { reason: 'loop' },
      /links go round/,
      /lead back to themselves/,
      /^Lead the link to a file/,
    ],
    ['is a pipe', { reason: 'special', kind: 'pipe' }, /is a pipe, not a file/, /a pipe/, /nothing else is read/],
    ['is larger than the user wants', { reason: 'large', bytes: 3e6, bound: 2e6 }, /too large/, /^3 MB/, /--max-text/],
    ['is larger than any', { reason: 'large', bytes: 9e9, bound: 4e9 }, /too large/, /^9000 MB/, /fewer digits/],
    ['is locked', { reason: 'unreadable' }, /cannot be read/, /an unreadable file/, /permissions/],
    ['says why', { reason: 'unreadable', detail: 'EIO' }, /cannot be read/, /EIO/, /permissions/],
  ] as const)
    it(title, async () => {
      const problem = await told({ detail: '', ...trouble });
      assert.match(problem.message, message);
      assert.match(problem.found, found);
      assert.match(problem.advice, advice);
    });

  it('tells other reasons than its absence of a config, too', async () => {
    const folder = await readExperiment(configEntry, memoryFiles({ [`${configName}/`]: '' }));
    assert.match(folder.problems[0]?.message ?? '', /is a folder/);
    const missing = await readExperiment(configEntry, memoryFiles({}));
    assert.match(missing.problems[0]?.advice ?? '', /renamed or moved is used where it is now/);
  });

  it('is not quoted where it is guarded, even if it is the config', async () => {
    const guarded: Files = {
      async read(reference, from) {
        const content = await memoryFiles({ [configName]: '{"hunter2":1}' }).read(reference, from);
        return content.ok ? { ...content, guarded: true } : content;
      },
    };
    const { problems } = await readExperiment(configEntry, guarded);
    assert.ok(problems.length > 0);
    assert.ok(!problems.map(describeProblem).join().includes('hunter2'));
  });

  it('may be as large as a whole number of megabytes that text can have', () => {
    assert.deepEqual([0, 0.5, 1, 200, 1e9].map(isBound), [false, false, true, true, false]);
  });

  it('gives way to what is no fault of it', async () => {
    const stop = new Error('stop');
    const tick = (): never => {
      throw stop;
    };
    await assert.rejects(readExperiment(configEntry, memoryFiles(texts), { tick }), stop);
    const whole = { [configName]: `{"weights":${weights},"sequences":[[[1],[2]],[[3]]]}` };
    for (let calls = 1; ; calls++) {
      let left = calls;
      const later = (): void => {
        if (--left === 0) throw stop;
      };
      const reading = readExperiment(configEntry, memoryFiles(whole), { tick: later });
      if ((await reading.catch((error: unknown) => error)) !== stop) {
        assert.ok(calls > 3, `${calls} ticks`);
        assert.deepEqual((await reading).problems, []);
        break;
      }
    }
  });
});

describe('the parts of a config', () => {
  it('are none where it cannot be read, or is no object', async () => {
    assert.deepEqual((await findParts(await opened({}))).roots, []);
    const list = await findParts(await opened({ [configName]: '[1,2]' }));
    assert.deepEqual([list.config, list.parts, list.roots.length], [null, [], 1]);
  });

  it('are found by the names of networks and tensors inside of files', async () => {
    const files = {
      [configName]: '{"weights":{"file":"w.json","name":"mine"},"sequences":{"file":"x.npz","name":"a"}}',
      'w.json': `{"mine":${weights},"other":${weights}}`,
      'x.npz': npzOf({ a: npyOf([1, 2, 1], [1, 2]), b: npyOf([1], [1]) }),
    };
    const { parts } = await findParts(await opened(files));
    assert.deepEqual(
      parts.map(({ name }) => name),
      ['Wx', 'Wh', 'b', 'sequences'],
    );
    const open = await opened(files, { kind: 'pair', weights: 'w.json', network: 'mine', sequences: 'x.npz' });
    assert.equal((await weightsOf(open))?.path, 'mine');
    const blank = await opened({ [configName]: '{"weights":" ","sequences":[[[1]]]}' });
    assert.equal(await weightsOf(blank), null);
  });

  it('have no parameters of a cell that there is not, and states by their names', async () => {
    const files = {
      [configName]: `{"cell":"tan","weights":${weights},"sequences":[[[1],[2,3]]],"initialState":{"h":[[1,2]]}}`,
    };
    const { cell, parts } = await findParts(await opened(files));
    assert.equal(cell, null);
    assert.deepEqual(
      parts.map(({ name }) => name),
      ['Wx', 'Wh', 'b', 'sequences', 'initialState.h'],
    );
    const texts = await findParts(
      await opened({ [configName]: '{"weights":"","sequences":[[[1]]],"initialState":1}' }),
    );
    assert.deepEqual(
      texts.parts.map(({ name }) => name),
      ['sequences'],
    );
  });

  it('are the first of very many files', async () => {
    const names = Array.from({ length: 2_100 }, (_, i) => `${i}.json`);
    const { root } = await opened({ [configName]: `{"weights":"w.json","sequences":${JSON.stringify(names)}}` });
    assert.ok(root !== null);
    assert.equal(references(root).length, 2_001);
  });
});

describe('names of today and of yesterday', () => {
  it('mean the key of today', () => {
    assert.deepEqual(['h0', 'hidden_state', 'initialState', 'nobody'].map(keyOf), [
      'initialState',
      'initialState',
      'initialState',
      'nobody',
    ]);
  });

  it('of two older names of one key the first counts', async () => {
    const { problems } = await readTexts({
      [configName]: `{"weights":${weights},"sequences":[[[1]]],"h0":[[1,2]],"hidden_state":[[3,4]]}`,
    });
    assert.deepEqual(
      problems.map(({ code, found }) => [code, found]),
      [
        ['deprecated-key', '"h0"'],
        ['deprecated-key', 'both "h0" and "hidden_state"'],
      ],
    );
  });
});

describe('words that are longer than any name', () => {
  it('are near to none', () => {
    assert.equal(editDistance('a'.repeat(121), 'a'.repeat(120)), Infinity);
    assert.equal(editDistance('a'.repeat(120), 'a'.repeat(119)), 1);
  });
});

describe('problems', () => {
  it('of one kind are told up to a bound for each file, also those that a file brings with it', () => {
    const report = new Report();
    const problem = {
      file: 'a.json',
      path: '',
      severity: 'error',
      code: 'not-json',
      message: 'm',
      expected: 'e',
      found: 'f',
      advice: 'a',
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } },
    } as const;
    for (let i = 0; i < 250; i++) report.add(problem);
    const told = report.sorted(['a.json']);
    assert.equal(told.length, 200);
    assert.match(told.at(-1)?.message ?? '', /More problems of this kind follow/);
  });

  it('of very many numbers are counted once there is no more room', async () => {
    const bad = (word: string): string => `[${`${word},`.repeat(29)}${word}]`;
    const many = (word: string): string => `[${`${bad(word)},`.repeat(29)}${bad(word)}]`;
    const { problems } = await readTexts({
      [configName]:
        `{"weights":{"Wx":[[1,2]],"Wh":${many('1e999')},"b":[0,0]},` + `"sequences":[${many('"x"')},${many('1e999')}]}`,
    });
    const messages = problems.map(({ message }) => message).join('\n');
    assert.match(messages, /880 more elements of Wh are no usable numbers/);
    assert.match(messages, /more elements of sequences are no usable numbers/);
    const npy = npyOf([1, 50, 1], new Array<number>(50).fill(Number.NaN));
    const nans = await readTexts({ [configName]: `{"weights":${weights},"sequences":"x.npy"}`, 'x.npy': npy });
    assert.match(nans.problems.at(-1)?.message ?? '', /30 more elements of sequences are no usable numbers/);
  });
});
