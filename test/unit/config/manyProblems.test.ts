import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readExperiment } from '../../../src/config/index.js';
import type { Problem } from '../../../src/config/index.js';
import { configEntry, configName, memoryFiles, readConfigText, readTexts } from './memory.js';

const W = '"weights":{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const told = (problems: readonly Problem[]): string[] =>
  problems.map(({ file, code, path }) => `${file} ${code} ${path}`);

describe('all problems at once', () => {
  it('of one file, in the order of the text', async () => {
    const { problems } = await readConfigText(
      '{"cel":"tanh","dtype":"float16",' +
        '"weights":{"Wx":[[1,2],[3]],"Wh":[[0.5,null],["a",1e400]],"b":[NaN,0]}\n' +
        '"sequences":"x.json","clip":{"norm":-1},"truncate":"3"}',
    );
    assert.deepEqual(told(problems), [
      `${configName} unknown-key cel`,
      `${configName} wrong-value dtype`,
      `${configName} ragged-array weights.Wx[1]`,
      `${configName} wrong-type weights.Wh[0][1]`,
      `${configName} wrong-type weights.Wh[1][0]`,
      `${configName} number-overflow weights.Wh[1][1]`,
      `${configName} not-a-number weights.b[0]`,
      `${configName} not-json sequences`,
      `${configName} missing-file sequences`,
      `${configName} wrong-value clip.norm`,
      `${configName} wrong-type truncate`,
    ]);
  });

  it('of all files, the config first; a file that cannot be read hides nothing in the others', async () => {
    const texts = {
      [configName]: '{"weights":"w.json","sequences":["x.json","none.json"],"initialState":"h.json","cell":"tan"}',
      'w.json': '{"Wx":[[1,2]],"Wh":[[1]],"b":[0]',
      'x.json': '[[1],[null]]',
      'h.json': '[["0"]]',
    };
    const { experiment, problems, files } = await readTexts(texts);
    assert.equal(experiment, null);
    assert.deepEqual(files, [configName, 'x.json', 'none.json', 'w.json', 'h.json']);
    assert.deepEqual(told(problems), [
      `${configName} missing-file sequences[1]`,
      `${configName} wrong-value cell`,
      'x.json wrong-type [1][0]',
      'w.json not-json b[0]',
      'h.json wrong-type [0][0]',
    ]);
  });

  it('a file named twice is read and told once', async () => {
    const { problems, files } = await readTexts({
      [configName]: `{${W},"sequences":["x.json","./x.json"]}`,
      'x.json': '[[1,2]',
    });
    assert.deepEqual(told(problems), ['x.json not-json [0][1]']);
    assert.deepEqual(files, [configName, 'x.json']);
  });

  it('a pair of files that are not there', async () => {
    const { problems, files } = await readTexts({}, { kind: 'pair', weights: 'w.json', sequences: 'x.json' });
    assert.deepEqual(told(problems), ['w.json missing-file ', 'x.json missing-file ']);
    assert.deepEqual(files, ['w.json', 'x.json']);
  });
});

describe('a hopeless file does not drown the rest', () => {
  it('twenty elements of a block are told, then the number of the others', async () => {
    const { problems } = await readConfigText(
      `{${W},"sequences":[${Array.from({ length: 500 }, () => '[null]').join(',')}]}`,
    );
    assert.equal(problems.length, 21);
    assert.match(problems[20]?.message ?? '', /^480 more/);
    assert.equal(problems[20]?.path, 'sequences[20][0]');
  });

  it('twenty ragged rows are told, then the number of the others', async () => {
    const rows = [...Array.from({ length: 60 }, () => '[1]'), ...Array.from({ length: 50 }, () => '[1,2]')];
    const { problems } = await readConfigText(`{${W},"sequences":[${rows.join(',')}]}`);
    assert.equal(problems.length, 21);
    assert.equal(problems[0]?.path, 'sequences[60]');
    assert.match(problems[20]?.message ?? '', /^30 more/);
  });

  it('twenty places that are not JSON are told, then the number of the others', async () => {
    const { problems } = await readConfigText(
      `{${W},"sequences":[${Array.from({ length: 100 }, () => '[NaN]').join(',')}]}`,
    );
    assert.equal(problems.length, 21);
    assert.match(problems[20]?.message ?? '', /^80 more/);
  });

  it('bad numbers of each kind are told up to a bound, in rows of every form', async () => {
    const rows = [...new Array<string>(300).fill('["x",1e999]'), '["x"]', '["x",[1]]', '["x",[2]]', '["x",1e999]'];
    const { problems } = await readConfigText(`{${W},"sequences":[${rows.join(',')}]}`);
    for (const kind of ['wrong-type', 'number-overflow']) {
      const told = problems.filter(({ code }) => code === kind);
      assert.equal(told.length, 200, kind);
      assert.match(told.at(-1)?.message ?? '', /^More problems of this kind follow/);
    }
  });

  it('bad numbers in many ragged rows stay within bounds', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => (i % 2 === 0 ? '[null]' : '[null,null]'));
    const { problems } = await readConfigText(`{${W},"sequences":[${rows.join(',')}]}`);
    assert.ok(problems.length > 20 && problems.length <= 221, String(problems.length));
  });
});

describe('bytes that are no JSON text', () => {
  const kinds: Record<string, [number[], RegExp]> = {
    'a ZIP archive': [[0x50, 0x4b, 3, 4, 0], /ZIP/],
    'a NumPy file': [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0], /NumPy/],
    HDF5: [[0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10], /HDF5/],
    safetensors: [[0x40, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22], /safetensors/],
    'an older PyTorch file': [[0x80, 2, 0x7d, 0x71, 0], /PyTorch/],
    'UTF-16': [[0xff, 0xfe, 0x7b, 0], /UTF-16/],
    'UTF-16 without a mark': [[0x7b, 0, 0x22, 0, 0x61, 0], /UTF-16/],
    'UTF-16 without a mark, the other way round': [[0, 0x7b, 0, 0x22, 0, 0x61], /UTF-16/],
    'other bytes': [[0x7b, 0x22, 0xff, 0xc0], /UTF-8/],
  };
  for (const [title, [bytes, found]] of Object.entries(kinds)) {
    it(title, async () => {
      const { experiment, problems } = await readTexts({
        [configName]: '{"weights":"w.bin","sequences":[[1]]}',
        'w.bin': Uint8Array.from(bytes),
      });
      assert.equal(experiment, null);
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.file, 'w.bin');
      assert.match(`${problems[0].expected} ${problems[0].found}`, found);
    });
  }
});

describe('tick', () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => `[${i}]`);
  const read = (text: string, tick: () => void): ReturnType<typeof readExperiment> =>
    readExperiment(configEntry, memoryFiles({ [configName]: text }), { tick });

  it('is called all along, also where an element is looked up again', async () => {
    let ticks = 0;
    const text = `{${W},"sequences":[${rows.join(',')}]}`;
    await read(text, () => ticks++);
    assert.ok(ticks >= text.length / 65536, String(ticks));
    let more = 0;
    await read(`{${W},"sequences":[${[...rows, '[null]'].join(',')}]}`, () => more++);
    assert.ok(more >= ticks + 50, `${more} after ${ticks}`);
  });

  it('may throw, which passes through', async () => {
    const stop = new Error('stop');
    let left = 10;
    await assert.rejects(
      read(`{${W},"sequences":[${rows.join(',')}]}`, () => {
        if (--left === 0) throw stop;
      }),
      (error) => error === stop,
    );
  });
});
