// What stands in an output of a notebook, before anything is run: what is taken, what is refused, what it may read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBeside, OutputFiles, safeName } from '../../../src/notebook/index.js';
import { contentOf } from '../../../src/notebook/outputContent.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const config = { name: 'a net', weights: { file: 'a net.safetensors', name: 'rnn' }, sequences: [[[1, 2]]] };

describe('an output of a notebook', () => {
  it('holds a config with its tensors, or names a file; everything else is told from these', () => {
    assert.deepEqual(contentOf({ version: 1, file: 'gradients.rnn.json' }), {
      kind: 'beside',
      file: 'gradients.rnn.json',
    });
    const inside = contentOf({ version: 1, config, tensors: 'AAEC' });
    assert.ok(inside.kind === 'inside');
    assert.deepEqual(JSON.parse(inside.config), config);
    assert.match(inside.config, /"sequences": \[\s*\[\s*\[ 1, 2 \]/, 'a list of numbers is one line');
    for (const [data, version] of [
      [null, 'null'],
      [[], 'null'],
      [{ config, tensors: 'AAEC' }, 'null'],
      [{ version: 2, file: 'x.rnn.json' }, '2'],
      [{ version: '1', file: 'x.rnn.json' }, '"1"'],
    ] as const)
      assert.deepEqual(contentOf(data), { kind: 'unknown', version, known: 1 });
    for (const data of [
      { version: 1, config },
      { version: 1, config: { weights: 1 }, tensors: 'AAEC' },
      { version: 1, config: 'text', tensors: 'AAEC' },
    ])
      assert.deepEqual(contentOf(data), { kind: 'incomplete' });
  });

  it('reads its own tensors and no other file', () => {
    const files = new OutputFiles({ kind: 'inside', name: 'a net', config: '{}', tensors: 'AAEC' });
    const own = files.read({ reference: files.config, from: null });
    assert.ok(own.ok && own.bytes instanceof Uint8Array);
    assert.equal(text(own.bytes), '{}');
    const tensors = files.read({ reference: 'a net.safetensors', from: files.config });
    assert.ok(tensors.ok && tensors.bytes instanceof Uint8Array);
    assert.deepEqual([...tensors.bytes], [0, 1, 2]);
    // What is sent away is a copy: it is asked for again when another layer is looked at.
    structuredClone(tensors.bytes.buffer, { transfer: [tensors.bytes.buffer] });
    const again = files.read({ reference: 'a net.safetensors', from: files.config });
    assert.ok(again.ok && again.bytes instanceof Uint8Array && again.bytes.length === 3);
    for (const reference of ['/etc/passwd', '../a net.safetensors', 'file:///etc/passwd', 'other.json']) {
      const refused = files.read({ reference, from: files.config });
      assert.ok(!refused.ok && refused.reason === 'missing', reference);
    }
    assert.throws(() => new OutputFiles({ kind: 'inside', name: 'x', config: '{}', tensors: 'no base64!' }));
  });

  it('leads nowhere but beside the notebook', () => {
    assert.ok(isBeside('gradients.rnn.json'));
    for (const file of ['../x.rnn.json', 'a/x.rnn.json', 'a\\x.rnn.json', 'c:x.rnn.json', 'x.json', '.rnn.json'])
      assert.equal(isBeside(file), false, file);
    assert.equal(safeName('../../a:b\n'), '-..-a-b-');
    assert.equal(safeName('..'), 'gradients');
  });

  it('becomes two files that name each other, under any name', () => {
    const content = contentOf({ version: 1, config, tensors: 'AAEC' });
    assert.ok(content.kind === 'inside');
    const { config: written, tensors } = OutputFiles.named(content, 'net-2');
    assert.deepEqual(JSON.parse(text(written)), {
      ...config,
      weights: { file: 'net-2.safetensors', name: 'rnn' },
    });
    assert.deepEqual([...tensors], [0, 1, 2]);
  });
});
