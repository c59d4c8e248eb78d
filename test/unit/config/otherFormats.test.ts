// Files of other programs: what they are, and what helps.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readDocument } from '../../../src/config/formats/index.js';
import type { Problem } from '../../../src/config/index.js';
import { readTexts } from './memory.js';

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const zeros = '\0'.repeat(400);
function refused(bytes: Uint8Array, name = 'model.bin'): Problem {
  const { root, problems } = readDocument(name, bytes, () => undefined);
  const [problem, ...more] = problems;
  assert.ok(problem !== undefined && root === null && more.length === 0, `${problems.length} problems`);
  return problem;
}

describe('a file of another program', () => {
  const trained = 'Export the weights as safetensors from the program that has trained the network.';
  const unpack = 'Unpack it, and name the file inside.';
  for (const [what, bytes, advice] of [
    ['a GGUF model', latin1(`GGUF\x03\0\0\0${zeros}`), trained],
    ['a TensorFlow Lite model', latin1(`\x1c\0\0\0TFL3${zeros}`), trained],
    ['a packed file', new Uint8Array(gzipSync('{"Wx": [[1]]}')), unpack],
    ['a packed file', latin1(`7z\xbc\xaf\x27\x1c${zeros}`), unpack],
    ['a packed file', latin1(`${'w.npz'.padEnd(257, '\0')}ustar\0${zeros}`), unpack],
    [
      'a TensorFlow SavedModel',
      // As tf.saved_model.save begins: schema, the graph's length, its tags.
      latin1(`\x08\x01\x12\x9a\x05\x0a\x10\x0a\x0eserve${zeros}`),
      'Its numbers stand in other files: save the model as one, in Python with model.save("model.keras").',
    ],
    [
      'a MATLAB file',
      latin1(`MATLAB 5.0 MAT-file Platform: posix${zeros}`),
      'Save its arrays as .npz: import numpy; import scipy.io; m = scipy.io.loadmat("my.pt"); ' +
        'numpy.savez("model.npz", **{k: v for k, v in m.items() if k[0] != "_"})',
    ],
    [
      'a MATLAB file',
      latin1(`MATLAB 7.3 MAT-file, Platform${zeros}`),
      'Save its arrays as .npz: import h5py, numpy; m = h5py.File("my.pt"); ' +
        'numpy.savez("model.npz", **{k: v[()].T for k, v in m.items() if hasattr(v, "shape")})',
    ],
    [
      'a Parquet table',
      latin1(`PAR1${zeros}PAR1`),
      'Save it as .csv: import pandas; pandas.read_parquet("my.pt").to_csv("table.csv", index=False)',
    ],
  ] as const)
    it(`is called ${what}: ${advice.slice(0, 40)}`, () => {
      // Whatever its name is.
      const { message, found, advice: told } = refused(bytes, 'my.pt');
      assert.deepEqual([message, found, told], [`The file is ${what}, which is not read.`, what, advice]);
    });

  it('that is not known is not taken for a text', () => {
    for (const bytes of [
      latin1('\x89PNG\r\n\x1a\n\0\0'),
      latin1('abc\x01\x02def'),
      latin1('\x00\x00\x80\x3f\x9a\x99'),
    ]) {
      const { message, found } = refused(bytes);
      assert.equal(message, 'The file is in no form that is known here.');
      assert.equal(found, `${bytes.length} bytes of something else`);
    }
    // Texts are told what is wrong with them as texts.
    assert.equal(refused(latin1('{"a": \x01}')).code, 'not-json');
    assert.equal(refused(latin1('\xff\xfe{\0}\0')).message, 'The file is saved as UTF-16.');
    assert.equal(refused(latin1('[\0]\0')).message, 'The file is saved as UTF-16.');
    assert.equal(refused(latin1('"caf\xe9"')).message, 'The file is not UTF-8 text.');
    const table = readDocument('t.csv', latin1('PAR1,BZh,GGUF\n1,2,3\n'), () => undefined);
    assert.deepEqual(table.problems, []);
  });

  it('that is a page is no table, but names of columns may stand in angle brackets', () => {
    for (const page of [
      '<!DOCTYPE html>\n<html>,a,b\n1,2,3\n',
      '\ufeff\n<html lang="en">',
      '<?xml version="1.0"?>\n',
    ]) {
      const { message, advice } = refused(new TextEncoder().encode(page), 'prices.csv');
      assert.equal(message, 'The file is HTML or XML, not a table.');
      assert.match(advice, /download the file itself/);
    }
    const table = readDocument('prices.tsv', latin1('<OPEN>\t<HIGH>\n1\t2\n'), () => undefined);
    assert.deepEqual(table.problems, []);
  });

  it('that is a page is called so behind empty lines and a mark, too', () => {
    for (const text of ['<html>', '\n  <!DOCTYPE html>', '\xef\xbb\xbf<html>'])
      for (const name of ['model.pt', 'model.json'])
        assert.equal(refused(latin1(text), name).message, 'The file is HTML or XML, not JSON.');
  });
});

describe("a manifest of TensorFlow.js's weights", () => {
  const refusedAs = async (format: string): Promise<readonly string[]> => {
    const manifest = JSON.stringify({
      format,
      modelTopology: {},
      weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: [{ name: 'lstm/kernel', shape: [3, 16] }] }],
    });
    const { problems } = await readTexts(
      { 'model.json': manifest, 'x.json': '[[[1]]]' },
      { kind: 'pair', weights: 'model.json', sequences: 'x.json' },
    );
    return problems.flatMap(({ message, advice }) => [message, advice]);
  };

  it('is told that it holds no numbers, and what converts it', async () => {
    const message = 'The file describes a model of TensorFlow.js, and holds no numbers itself.';
    assert.deepEqual(await refusedAs('layers-model'), [
      message,
      'Convert it to Keras: tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras ' +
        'model.json model.h5.',
    ]);
    assert.deepEqual(await refusedAs('graph-model'), [
      message,
      'Export the weights as safetensors from the program that has trained the network.',
    ]);
  });
});
