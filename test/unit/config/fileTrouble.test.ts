// Why a file that a config names was not read: each reason has its words, and says what to do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findParts, openEntry, readExperiment, references } from '../../../src/config/index.js';
import type { Entry, Files, Problem } from '../../../src/config/index.js';
import { contentsOf, convertFile } from '../../../src/config/read/contents.js';
import { asWritten } from '../../../src/config/json/fileName.js';
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

describe('a file of numbers that is run as a config', () => {
  const only = async (file: string, bytes: string | Uint8Array): Promise<Problem> => {
    const { experiment, problems } = await readExperiment(
      { kind: 'config', config: file },
      memoryFiles({ [file]: bytes }),
    );
    assert.equal(experiment, null);
    const [problem, ...others] = problems;
    assert.ok(problem);
    assert.deepEqual([problem.severity, others], ['error', []]);
    return problem;
  };
  const matrix = npyOf([2, 2], [1, 0, 0, 1]);
  const layer = (prefix = '') => ({ [`${prefix}weight_ih_l0`]: matrix, [`${prefix}weight_hh_l0`]: matrix });

  it('is told once as what it is, with the config that names it', async () => {
    for (const [file, bytes, config] of [
      ['w.json', weights, '{ "weights": "w.json", "sequences": … }'],
      ['w.npz', npzOf(layer()), '{ "weights": "w.npz", "sequences": … }'],
      [
        'two.npz',
        npzOf({ ...layer('a.'), ...layer('b.') }),
        '{ "weights": {"file":"two.npz","name":"a"}, "sequences": … }',
      ],
    ] as const) {
      const { message, advice } = await only(file, bytes);
      assert.equal(message, 'This is a file of weights, and no config.');
      assert.ok(advice.endsWith(`${config}.`), advice);
    }
    assert.match((await only('x.npz', npzOf({ a: matrix, b: matrix }))).advice, /looks like sequences/);
    assert.match((await only('x.npz', npzOf({ a: npyOf([2], [1, 2]), b: matrix }))).advice, /^Name a JSON file/);
  });

  it('is a config with faults where a key of one stands there', async () => {
    const { problems } = await readExperiment(
      { kind: 'config', config: 'c' },
      memoryFiles({ c: weights.replace('{', '{"cell":"tanh",') }),
    );
    assert.ok(problems.some(({ message }) => message.includes('The key "weights" is missing')));
  });
});

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
    ['is not for this user', { reason: 'denied', detail: 'EACCES' }, /may not be read/, /^EACCES$/, /^Allow it/],
    [
      'has a name of a thousand letters',
      { reason: 'long', detail: 'ENAMETOOLONG' },
      /too long for the system/,
      /^ENAMETOOLONG$/,
      /shorter path/,
    ],
    ['is locked', { reason: 'busy', detail: 'EBUSY' }, /at the moment/, /^EBUSY$/, /^Close the program that holds it/],
    ['has no room in memory', { reason: 'memory', detail: 'no' }, /not enough memory/, /^no$/, /binary file/],
    ['says nothing', { reason: 'unreadable' }, /cannot be read/, /an unreadable file/, /words are those of the system/],
    ['says why', { reason: 'unreadable', detail: 'EIO' }, /cannot be read/, /^EIO$/, /disk or share/],
  ] as const)
    it(title, async () => {
      const problem = await told({ detail: '', ...trouble });
      assert.match(problem.message, message);
      assert.match(problem.found, found);
      assert.match(problem.advice, advice);
    });

  for (const [id, place] of [
    ['/data/a b.json', '/data/a b.json'],
    ['C:\\work\\w.json', 'C:\\work\\w.json'],
    ['file:///data/%EA%B0%80%20b.json', '/data/가 b.json'],
    ['file:///c%3A/data/w.json', 'c:/data/w.json'],
    ['file://server/share/w.json', '//server/share/w.json'],
    ['vscode-vfs://github/a/w%20b.json', 'vscode-vfs://github/a/w b.json'],
  ] as const)
    it(`is looked for at ${place}, by the path that its user knows`, () => assert.equal(asWritten(id), place));

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

describe('bytes that are no text, or not what the name says', () => {
  const config = (sequences: unknown, rest: object = {}): string =>
    JSON.stringify({ weights: { Wx: [[1]], Wh: [[1]], b: [0] }, sequences, ...rest });
  const only = async (files: Texts): Promise<Problem> => {
    const { problems } = await readTexts(files);
    assert.equal(problems.length, 1, problems.map(({ message }) => message).join());
    return problems[0]!;
  };
  const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
  const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'));

  it('a config in another encoding is to be saved as UTF-8', async () => {
    assert.match((await only({ [configName]: utf16('{}') })).advice, /^Save it as UTF-8 \(in VS Code/);
    assert.match((await only({ [configName]: latin1('{"name":"caf\u00e9"}') })).advice, /^Save it as UTF-8/);
    assert.match((await only({ [configName]: '' })).advice, /^Write an object with "weights" and "sequences"/);
  });

  it('a table in another encoding is no JSON that went wrong', async () => {
    for (const bytes of [utf16('a\n1\n'), latin1('\u00e9\n1\n')]) {
      const { expected, advice } = await only({ [configName]: config('t.csv'), 't.csv': bytes });
      assert.equal(expected, 'text in UTF-8');
      assert.match(advice, /^Save it as UTF-8 \(in VS Code/);
    }
  });

  it('a file of tensors that holds something else, or nothing', async () => {
    for (const [name, kind] of [
      ['x.npy', 'a NumPy .npy file'],
      ['x.npz', 'a NumPy .npz file'],
      ['x.safetensors', 'a safetensors file'],
      ['x.pt', 'a PyTorch file'],
      ['x.h5', 'a Keras file'],
      ['x.onnx', 'an ONNX model'],
    ] as const)
      for (const [text, message, found] of [
        ['hello', 'The file does not hold what its name says.', '5 bytes of something else'],
        ['', 'The file is empty.', 'nothing'],
      ] as const) {
        const problem = await only({ [configName]: config(name), [name]: text });
        assert.deepEqual([problem.message, problem.expected, problem.found], [message, kind, found]);
        assert.match(problem.advice, /^Download or export it again/);
        assert.deepEqual((await contentsOf(name, memoryFiles({ [name]: text }))).problems[0]?.advice, problem.advice);
      }
    const { experiment } = await readTexts({ [configName]: config('x.npy'), 'x.npy': '[[1],[2]]' });
    assert.ok(experiment !== null, 'JSON is read whatever it is called');
  });

  it('a structured array is told with its whole type', async () => {
    const header = "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (1,), }\n";
    const npy = latin1(`\x93NUMPY\x01\x00${String.fromCharCode(header.length)}\x00${header}`);
    const { found } = await only({ [configName]: config('x.npy'), 'x.npy': npy });
    assert.equal(found, "the type [('a', '<f4'), ('b', '<f4')]");
  });

  it('a config that is cut off inside a number', async () => {
    for (const end of ['-0.', '-', '1e', '1e-', '1.5e', 'tru']) {
      const [problem] = (await readTexts({ [configName]: `{"sequences":[[[1],[${end}` })).problems;
      assert.match(problem?.message ?? '', /^The file ends in the middle of a value/, end);
      assert.match(problem?.advice ?? '', /it was cut off/);
    }
    // No digit that follows makes a number of these.
    for (const [end, number] of [
      ['007', '7'],
      ['.5', '0.5'],
      ['-.5', '-0.5'],
      ['-00', '-0'],
    ] as const) {
      const [problem] = (await readTexts({ [configName]: `{"sequences":[[[1],[${end}` })).problems;
      assert.match(problem?.message ?? '', /is not a number as JSON writes it/, end);
      assert.equal(problem?.advice, `Write ${number}.`);
    }
    const inside = await readTexts({ [configName]: '{"sequences":[[[1],[-0.]]]}' });
    assert.ok(inside.problems.some(({ advice }) => advice === 'Write -0.'));
  });

  it('a table in UTF-16 that does not say so', async () => {
    const problem = await only({ [configName]: config('t.csv'), 't.csv': latin1('a\0\r\0\n\x001\0') });
    assert.match(problem.message, /saved as UTF-16/);
  });

  it('a name without its file, and a name in a table', async () => {
    const { problems } = await readTexts({ [configName]: '{"weights":{"name":"a"},"sequences":{"name":"b"}}' });
    assert.deepEqual(problems.map(({ path, advice }) => [path, advice]).toSorted(), [
      ['sequences', '"file" is missing beside "name": write { "file": "…", "name": "b" }.'],
      ['weights', '"file" is missing beside "name": write { "file": "…", "name": "a" }.'],
    ]);
    const table = await only({ [configName]: config({ file: 't.csv', name: 'b' }), 't.csv': 'a\n1\n' });
    assert.deepEqual([table.path, table.found], ['sequences.file', '"b"']);
    assert.match(table.advice, /^Remove "name"/);
  });

  it('a checkpoint without a recurrent layer: nobody meant one by "weight"', async () => {
    const { advice } = await only({
      [configName]: JSON.stringify({ weights: 'w.npz', sequences: [[[1]]] }),
      'w.npz': npzOf({ 'lin.weight': npyOf([1, 1], [1]), 'lin.bias': npyOf([1], [1]) }),
    });
    assert.match(advice, /^Name a file that holds a recurrent layer/);
  });

  it('of two networks convert is told by its option which is meant', async () => {
    const two = Object.fromEntries(
      ['a', 'b'].flatMap((name) => [
        [`${name}.weight_ih_l0`, [[1]]],
        [`${name}.weight_hh_l0`, [[1]]],
      ]),
    );
    const { problems } = await convertFile('w.json', null, memoryFiles({ 'w.json': JSON.stringify(two) }));
    assert.equal(problems[0]?.advice, 'Name the one that is meant: --name a.');
  });
});

describe('names of today and of yesterday', () => {
  it('mean the key of today', () => {
    assert.deepEqual(['h0', 'h_0', 'hidden_state', 'initialState', 'nobody'].map(keyOf), [
      'initialState',
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

describe('a file of weights or sequences alone', () => {
  const network = (name: string) => [
    [`${name}weight_ih_l0`, [[1]]],
    [`${name}weight_hh_l0`, [[1]]],
  ];
  const config = 'write a config beside it that names it:';
  for (const [what, file, content, atCommandLine, inEditor] of [
    [
      'weights',
      'w.json',
      Object.fromEntries(network('')),
      `Run it on sequences: rnn-gradients run w.json SEQUENCES, or ${config} { "weights": "w.json", "sequences": … }.`,
      'Write a config beside it that names it: { "weights": "w.json", "sequences": … }.',
    ],
    [
      'one of several networks',
      'my weights.json',
      Object.fromEntries([...network('a.'), ...network('b.')]),
      `Run it on sequences: rnn-gradients run "my weights.json" SEQUENCES --name a, or ${config} ` +
        '{ "weights": {"file":"my weights.json","name":"a"}, "sequences": … }.',
      'Write a config beside it that names it: { "weights": {"file":"my weights.json","name":"a"}, "sequences": … }.',
    ],
    [
      'sequences',
      'x.json',
      [[[1]]],
      'This looks like sequences: run weights on them, rnn-gradients run WEIGHTS x.json, or name this file in a ' +
        'config under "sequences".',
      'This looks like sequences: name this file in a config under "sequences".',
    ],
  ] as const)
    it(`is told how ${what} are run: at the command line by a second file`, async () => {
      const files = memoryFiles({ [file]: JSON.stringify(content) });
      const entry: Entry = { kind: 'config', config: file };
      for (const [options, advice] of [
        [{ byOption: true }, atCommandLine],
        [{}, inEditor],
      ] as const)
        assert.equal((await readExperiment(entry, files, options)).problems[0]?.advice, advice);
    });
});

describe("an initial state by PyTorch's names", () => {
  const gates = (first: number): number[][] => [first, 0.2, 0.3, 0.4].map((x) => [x]);
  const lstm = JSON.stringify({ weight_ih_l0: gates(0.1), weight_hh_l0: gates(0.5), bias_ih_l0: [0, 0, 0, 0] });
  const read = (rest: string, more: Readonly<Record<string, string>> = {}): ReturnType<typeof readTexts> =>
    readTexts({ [configName]: `{"weights":${lstm},"sequences":[[[1],[2]]],${rest}}`, ...more });
  const told = (problems: readonly Problem[]): string[] =>
    problems.filter(({ code }) => code !== 'missing-key').map(({ code, found }) => `${code} ${found}`);

  it('is that by our own', async () => {
    const usual = await read('"initialState":{"h":[[0.5]],"c":[[0.7]]}');
    assert.deepEqual(told(usual.problems), []);
    for (const [h, c] of [
      ['h_0', 'c_0'],
      ['h0', 'c0'],
    ] as const) {
      const state = `{"${h}":[[0.5]],"${c}":[[0.7]]}`;
      const inside = await read(`"initialState":${state}`);
      assert.deepEqual(inside.experiment, usual.experiment);
      assert.deepEqual(told(inside.problems), [`deprecated-key "${h}"`, `deprecated-key "${c}"`]);
      assert.deepEqual(
        inside.problems.filter(({ fix }) => fix !== undefined).map(({ fix }) => fix),
        ['h', 'c'].map((name) => ({ kind: 'replace', text: `"${name}"` })),
      );
      const apart = await read('"initialState":"state.json"', { 'state.json': state });
      assert.deepEqual(apart.experiment, usual.experiment);
      const whole = await read(`"${h}":${state}`);
      assert.deepEqual(whole.experiment, usual.experiment);
      const { experiment } = await read('"initialState":{"h":[[0.5]]}');
      const beside = await read(`"${h}":[[0.5]],"${c}":[[0.7]]`);
      assert.deepEqual(beside.experiment, experiment);
      assert.deepEqual(told(beside.problems), [`deprecated-key "${h}"`, `unknown-key "${c}"`]);
      assert.match(beside.problems.find(({ code }) => code === 'unknown-key')!.advice, /under "initialState"/);
    }
  });

  it('beside our own is ignored, which is said once', async () => {
    const both = await read('"initialState":{"h":[[0.5]],"h_0":[[0.7]]}');
    assert.deepEqual(both.experiment, (await read('"initialState":{"h":[[0.5]]}')).experiment);
    assert.deepEqual(told(both.problems), ['deprecated-key both "h" and "h_0"']);
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
