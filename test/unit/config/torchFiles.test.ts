// Both forms of torch.save, made by hand: where their parts lie, in which order of bytes, and what is refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDocument } from '../../../src/config/formats/index.js';
import { zipOf } from '../../support/zipWriter.js';

const quiet = (): void => undefined;
const latin = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))));

/** A pickle of one tensor of two numbers, in the storage `key`. */
const pickle = (key = '0', type = 'FloatStorage'): string =>
  `ctorch._utils\n_rebuild_tensor_v2\n((Vstorage\nctorch\n${type}\nV${key}\nVcpu\nI2\ntQI0\n(I2\nt(I1\ntI00\n)tR.`;
const floats = (little: boolean, ...values: readonly number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setFloat32(4 * i, value, little);
  });
  return new Uint8Array(view.buffer);
};

/** Its numbers, or what was expected and found instead. */
function told(bytes: Uint8Array): unknown {
  const { root, problems } = readDocument('f.pt', bytes, quiet);
  const [problem] = problems;
  if (problem !== undefined) return [problem.message, problem.expected.replace(/^[^:]*: /, ''), problem.found];
  if (root?.kind === 'tensor') return [...root.data];
  return root?.kind === 'object' ? root.properties.map(({ key }) => key) : root?.kind;
}

describe('a ZIP archive of PyTorch', () => {
  const archive = (folder: string, more: Readonly<Record<string, string | Uint8Array>> = {}, little = true) =>
    zipOf(
      Object.entries({ 'data.pkl': pickle(), 'data/0': floats(little, 1, 2), ...more }).map(([name, content]) => ({
        name: folder + name,
        content: typeof content === 'string' ? latin(content) : content,
      })),
    );

  it('has its pickle in one folder or in none, and its storages beside it', () => {
    for (const folder of ['', 'archive/', 'a.b/']) assert.deepEqual(told(archive(folder)), [1, 2], folder);
    for (const folder of ['a/b/', 'x'])
      assert.match(String((told(archive(folder)) as string[])[0]), /neither NumPy arrays/, folder);
    const [message] = told(zipOf([{ name: 'data.pkl.bak', content: latin('x') }])) as string[];
    assert.match(message!, /neither NumPy arrays/);
  });

  it('says in which order its bytes stand', () => {
    for (const order of ['big', 'big\n', ' big'])
      assert.deepEqual(told(archive('a/', { byteorder: order }, false)), [1, 2], order);
    for (const order of ['little', '', 'bigger']) assert.deepEqual(told(archive('a/', { byteorder: order })), [1, 2]);
  });

  it('that is a program is refused', () => {
    const program = [
      'The file is a TorchScript program.',
      'tensors in dicts, as torch.save(model.state_dict(), file) writes them',
      'constants.pkl',
    ];
    assert.deepEqual(told(archive('a/', { 'constants.pkl': 'x' })), program);
    const adviceOn = (layer: string): string => {
      const layers = `code/__torch__/torch/ao/nn/quantized/dynamic/modules/${layer}.py`;
      return readDocument('f.pt', archive('a/', { 'constants.pkl': 'x', [layers]: '' }), quiet).problems[0]!.advice;
    };
    assert.match(adviceOn('linear'), /torch\.jit\.load/);
    // A program's quantised layers hand out no weights.
    assert.equal(adviceOn('rnn'), 'Take the model as it was before it was quantised.');
    assert.deepEqual(told(archive('a/', { 'code/model.py': 'x' })), program);
    assert.deepEqual(told(archive('a/', { 'my/code/model.py': 'x', 'my/constants.pkl': 'x' })), [1, 2]);
  });

  it('has each storage that its tensors name', () => {
    const missing = (key: string): unknown =>
      told(archive('a/', { 'data.pkl': pickle(key), [`data/${key}`]: floats(true, 1, 2) }));
    assert.deepEqual(missing('key_1-x'), [1, 2]);
    assert.deepEqual(missing('k'.repeat(64)), [1, 2]);
    for (const key of ['k'.repeat(65), 'a.b', 'x/y', 'ä']) assert.equal((missing(key) as string[])[2], 'none', key);
    assert.deepEqual(told(archive('a/', { 'data.pkl': pickle('1') })), [
      'The file is damaged: a/data.pkl.',
      'the storage 1',
      'none',
    ]);
  });
});

describe('a PyTorch file of the older form', () => {
  const count = (value: number, little = true): Uint8Array => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value), little);
    return new Uint8Array(view.buffer);
  };
  const magic = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.';
  const machine = (little: boolean): string => `\x80\x02}Vlittle_endian\n${little ? '\x88' : '\x89'}s.`;
  const head = (facts: string = machine(true), version = '\x80\x02M\xe9\x03.'): string => magic + version + facts;
  const file = (keys: string, ...storages: readonly Uint8Array[]): Uint8Array =>
    latin(head(), pickle(), `](${keys}e.`, ...storages);
  const one = [count(2), floats(true, 1, 2)] as const;

  it('has its storages behind its pickles, in the order of bytes of its machine', () => {
    assert.deepEqual(told(file('V0\n', ...one)), [1, 2]);
    assert.deepEqual(
      told(latin(head(machine(false)), pickle(), '](V0\ne.', count(2, false), floats(false, 1, 2))),
      [1, 2],
    );
    // What says nothing of it is little.
    for (const facts of ['\x80\x02}.', '\x80\x02N.', '\x80\x02K\x01.', '\x80\x02].'])
      assert.deepEqual(told(latin(head(facts), pickle(), '](V0\ne.', ...one)), [1, 2]);
  });

  it('is known by its first pickles', () => {
    assert.deepEqual((told(latin('\x80\x02K\x01.')) as string[]).slice(0, 1), [
      'The file is a Python pickle that torch.save has not written.',
    ]);
    assert.deepEqual(told(latin(head(machine(true), '\x80\x02M\xea\x03.'), pickle(), '](V0\ne.', ...one)), [
      `The file is damaged at byte ${magic.length}.`,
      'version 1001',
      'another one',
    ]);
    // A pickle of a protocol that there is not is no pickle.
    assert.equal(
      readDocument('f.pt', latin('\x80\x05', magic.slice(2)), quiet).binary,
      'a PyTorch file of the older form',
    );
    assert.notEqual(
      readDocument('f.pt', latin('\x80\x06', magic.slice(2)), quiet).binary,
      'a PyTorch file of the older form',
    );
    assert.notEqual(readDocument('f.pt', latin('\x80'), quiet).binary, 'a PyTorch file of the older form');
  });

  it('has each storage that its tensors name, once and whole', () => {
    const at = head().length + pickle().length + '](V0\ne.'.length;
    const message = (more: number): string => `The file is damaged at byte ${at + more}.`;
    const other = 'storages that the tensors name, each once';
    assert.deepEqual((told(file('V1\n', ...one)) as string[]).slice(1), [other, 'another one']);
    assert.deepEqual((told(file('K\x01', ...one)) as string[]).slice(1), [other, 'another one']);
    assert.deepEqual((told(file('V0\nV0\n', ...one, ...one)) as string[]).slice(1), [other, 'another one']);
    assert.deepEqual(told(file('V0\n', count(2).subarray(0, 7))), [message(0), 'a storage', 'the end of the file']);
    assert.deepEqual(told(file('V0\n', count(2))), [message(8), 'a storage of 2 numbers', 'the end of the file']);
    assert.deepEqual(told(file('V0\n', one[0], one[1].subarray(0, 7))), [
      message(8),
      'a storage of 2 numbers',
      'the end of the file',
    ]);
    assert.deepEqual((told(file('')) as string[]).slice(1), ['the storage 0', 'none']);
  });
});
