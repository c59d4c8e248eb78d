// A network in several files, as Hugging Face's libraries split it, and the list of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contentsOf, surveyFile } from '../../../src/config/read/index.js';
import { memoryFiles, readTexts } from './memory.js';

/** Zeros under these names, as safetensors has them. */
function safetensors(tensors: Readonly<Record<string, readonly number[]>>): Uint8Array {
  let end = 0;
  const header = Object.entries(tensors).map(([name, shape]) => {
    const from = end;
    end += 4 * shape.reduce((product, length) => product * length, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [from, end] }] as const;
  });
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const layer = (at: number, I: number) => ({
  [`rnn.weight_ih_l${at}`]: [4, I],
  [`rnn.weight_hh_l${at}`]: [4, 1],
  [`rnn.bias_ih_l${at}`]: [4],
  [`rnn.bias_hh_l${at}`]: [4],
});
const sequences = '[[[1, 2], [3, 4]]]';
const readPair = (name: string, weights: Uint8Array | string): ReturnType<typeof readTexts> =>
  readTexts({ [name]: weights, 'x.json': sequences }, { kind: 'pair', weights: name, sequences: 'x.json' });

describe('one of several files of a network', () => {
  const name = 'model-00001-of-00002.safetensors';
  const whole = 'By its name the file is part 1 of 2. Save all of them in one file:';
  const lines =
    'import glob; from safetensors.torch import load_file, save_file\n' +
    'save_file({k: v for f in glob.glob("model-*-of-00002.safetensors") for k, v in load_file(f).items()}, ' +
    '"model.safetensors")\n';

  for (const [what, tensors, message] of [
    ['a layer', layer(1, 1), 'Layer 0 is missing.'],
    ['a matrix', { 'rnn.weight_ih_l0': [4, 2] }, 'weight_hh_l0 is missing in the weights.'],
    ['every layer', { 'fc.weight': [3, 1] }, 'No weights of an RNN are recognised here.'],
  ] as const)
    it(`without ${what} tells that the others have it, and how they become one file`, async () => {
      const { experiment, problems } = await readPair(name, safetensors(tensors));
      assert.equal(experiment, null);
      assert.deepEqual(
        problems.map((problem) => problem.message),
        [message],
      );
      assert.ok(problems[0]!.advice.startsWith(whole), problems[0]!.advice);
      assert.deepEqual(problems[0]!.fix, { kind: 'copyPython', lines, lead: whole });
      // Under another name nothing tells that there are others.
      const alone = await readPair('model.safetensors', safetensors(tensors));
      assert.ok(!alone.problems[0]!.advice.includes('part'), alone.problems[0]!.advice);
    });

  it('is loaded by torch where it is no safetensors file', async () => {
    const { problems } = await readPair(
      'pytorch_model-00002-of-00003.bin',
      safetensors({ 'rnn.weight_ih_l0': [4, 2] }),
    );
    assert.ok(
      problems[0]!.advice.endsWith(
        'import glob; import torch; torch.save({k: v for f in glob.glob("pytorch_model-*-of-00003.bin") for k, v ' +
          'in torch.load(f, map_location="cpu", weights_only=True).items()}, "pytorch_model.pt")',
      ),
      problems[0]!.advice,
    );
  });

  it('is told without lines where they would not read it, and one of several folds is no part', async () => {
    const advice = async (file: string): Promise<string> =>
      (await readPair(file, safetensors({ 'rnn.weight_ih_l0': [4, 2] }))).problems[0]?.advice ?? '';
    assert.equal(
      await advice('tf_model-00001-of-00002.h5'),
      'By its name the file is part 1 of 2: save all of them in one file.',
    );
    assert.ok(!(await advice('gru-fold-1-of-5.pt')).includes('part'));
  });

  it('with a whole network is run, with a note that other parts are not', async () => {
    const said = async (file: string): Promise<readonly string[]> => {
      const { experiment, problems } = await readPair(file, safetensors(layer(0, 2)));
      assert.equal(experiment?.layers.length, 1);
      return problems.map(({ severity, message }) => `${severity}: ${message}`);
    };
    const note = 'info: By its name the file is part 1 of 2: layers that stand in other parts are not run.';
    assert.deepEqual(await said(name), [note]);
    for (const other of ['model.safetensors', 'model-00001-of-00001.safetensors', 'out-of-2.safetensors'])
      assert.deepEqual(await said(other), []);
  });
});

describe('the list of the files of a network', () => {
  const name = 'model.safetensors.index.json';
  const list = (...files: readonly string[]): string =>
    JSON.stringify({
      metadata: { total_size: 1216 },
      weight_map: Object.fromEntries(Object.keys(layer(0, 2)).map((key, i) => [key, files[i % files.length]])),
    });
  const two = list('model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors');
  const message = 'The file lists in which files the weights of a network stand, and holds no numbers itself.';

  it('names nothing but files', async () => {
    const odd = JSON.stringify({ weight_map: { 'rnn.weight_ih_l0': 'model.safetensors', 'rnn.weight_hh_l0': 5 } });
    const { problems } = await readPair(name, odd);
    assert.ok(problems.length > 0 && problems.every((problem) => problem.message !== message));
  });

  it('is told from weights, once, with what makes one file of them', async () => {
    for (const read of [readPair(name, two), readTexts({ [name]: two }, { kind: 'config', config: name })]) {
      const { problems } = await read;
      assert.deepEqual(
        problems.map((problem) => problem.message),
        [message],
      );
      assert.deepEqual(problems[0]!.fix, {
        kind: 'copyPython',
        lead: 'Save all of them in one file:',
        lines:
          'import json; from safetensors.torch import load_file, save_file\n' +
          'save_file({k: v for f in set(json.load(open("model.safetensors.index.json"))["weight_map"].values()) ' +
          'for k, v in load_file(f).items()}, "model.safetensors")\n',
      });
    }
    const { contents } = await contentsOf(name, memoryFiles({ [name]: two }));
    assert.ok(contents);
    assert.deepEqual(contents.networks, []);
    assert.equal(contents.refused.length, 1);
    assert.equal(surveyFile(new TextEncoder().encode(two), () => undefined).kind, 'unknown');
  });

  it('that names files elsewhere, or of another kind, has no lines: they would read and write there', async () => {
    for (const files of [
      ['../../x-00001-of-00002.safetensors', '../../x-00002-of-00002.safetensors'],
      ['..\\\\x-00001-of-00002.safetensors', 'x-00002-of-00002.safetensors'],
      ['tf_model-00001-of-00002.h5', 'tf_model-00002-of-00002.h5'],
    ]) {
      const [problem] = (await readPair(name, list(...files))).problems;
      assert.deepEqual(
        [problem?.message, problem?.advice, problem?.fix],
        [message, 'Save all of them in one file, and name that one.', undefined],
      );
    }
  });

  it('of a single file leads to it', async () => {
    const { problems } = await readPair(name, list('model.safetensors'));
    assert.deepEqual([problems[0]?.message, problems[0]?.found], [message, '"model.safetensors"']);
    assert.equal(problems[0]?.advice, 'Name the file that it lists.');
  });
});
