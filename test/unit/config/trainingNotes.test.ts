// What a training script leaves beside the weights, from files of each sort that carries it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { configName, readTexts, withoutAssumedCell } from './memory.js';

const config = (weights: string, name?: string): string =>
  JSON.stringify({
    weights: name === undefined ? weights : { file: weights, name },
    sequences: [[[1, 2, 3]]],
  });
const matrices = { Wx: [[0.1], [0.2], [0.3]], Wh: [[0.5]], b: [0] };

/** The same as safetensors, by the format's own description: float64 numbers behind a header. */
function safetensors(metadata: unknown): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const numbers: number[] = [];
  for (const [name, values] of Object.entries({
    weight_ih_l0: [[0.1, 0.2, 0.3]],
    weight_hh_l0: [[0.5]],
    bias_ih_l0: [0],
    bias_hh_l0: [0],
  })) {
    const flat = values.flat();
    const from = 8 * numbers.length;
    numbers.push(...flat);
    const [first] = values;
    header[name] = {
      dtype: 'F64',
      shape: Array.isArray(first) ? [values.length, first.length] : [values.length],
      data_offsets: [from, 8 * numbers.length],
    };
  }
  const head = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + head.length + 8 * numbers.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  numbers.forEach((value, i) => view.setFloat64(8 + head.length + 8 * i, value, true));
  return bytes;
}

async function notesOf(weights: string | Uint8Array, name?: string): Promise<unknown> {
  const file = typeof weights === 'string' ? 'weights.json' : 'weights.bin';
  const { training, problems, experiment } = await readTexts({ [configName]: config(file, name), [file]: weights });
  assert.deepEqual(withoutAssumedCell(problems), [], 'nothing is wrong with notes');
  assert.ok(experiment !== null);
  return training;
}

describe('what a training script says beside the weights', () => {
  it('stands in JSON under its usual names', async () => {
    assert.deepEqual(await notesOf(JSON.stringify({ step: 1200, epoch: 3, loss: 0.25, ...matrices })), {
      step: 1200,
      epoch: 3,
      loss: 0.25,
    });
    assert.deepEqual(await notesOf(JSON.stringify({ ...matrices, global_step: 7, train_loss: [1.5] })), {
      step: 7,
      epoch: null,
      loss: 1.5,
    });
  });

  it('is nothing where the file holds weights alone, or something else under such a name', async () => {
    assert.equal(await notesOf(JSON.stringify(matrices)), null);
    assert.equal(await notesOf(JSON.stringify({ ...matrices, step: 'the first', loss: null, epoch: { at: 3 } })), null);
    assert.equal(await notesOf(JSON.stringify({ ...matrices, loss: [0.1, 0.2] })), null);
  });

  it('stands in the metadata of safetensors, as texts', async () => {
    assert.deepEqual(await notesOf(safetensors({ format: 'pt', step: '40', loss: '3.5e-2', epoch: 'last' })), {
      step: 40,
      epoch: null,
      loss: 0.035,
    });
    assert.equal(await notesOf(safetensors({ format: 'pt', step: ' ' })), null);
  });

  for (const file of ['lstm_checkpoint.pth', 'lstm_checkpoint_legacy.pth'])
    it(`stands beside the state dict of ${file}`, async () => {
      const bytes = new Uint8Array(readFileSync(`test/fixtures/files/${file}`));
      assert.deepEqual(await notesOf(bytes, 'encoder.rnn'), { step: null, epoch: 3, loss: 0.25 });
    });

  it('stands beside matrices in the config itself, and is told of a pair', async () => {
    const inline = await readTexts({
      [configName]: JSON.stringify({ weights: { ...matrices, step: 5 }, sequences: [[[1, 2, 3]]] }),
    });
    assert.equal(inline.training?.step, 5);
    const pair = await readTexts(
      { 'w.json': JSON.stringify({ ...matrices, step: 6 }), 's.json': '[[[1, 2, 3]]]' },
      { kind: 'pair', weights: 'w.json', sequences: 's.json' },
    );
    assert.equal(pair.training?.step, 6);
  });
});
