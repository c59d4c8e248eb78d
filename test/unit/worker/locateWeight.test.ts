import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry } from '../../../src/config/index.js';
import { locateWeight } from '../../../src/worker/answers/locateWeight.js';
import type { WeightPlace } from '../../../src/protocol/messages.js';

const files: Record<string, string> = {
  'tutorial.json':
    '{\n  // a comment\n  "Wx": [[11, 12]],\n  "Wh": [[21, 22],\n         [23, 24]],\n  "b": [31, 32]\n}',
  'torch.json':
    '{ "weight_ih_l0": [[11, 12, 13], [14, 15, 16]], "weight_hh_l0": [[21, 22], [23, 24]], "bias_ih_l0": [31, ' +
    '32], "bias_hh_l0": [33, 34] }',
  'named.rnn.json': '{ "weights": "torch.json", "sequences": [[[1, 2, 3]]] }',
  'inline.rnn.json':
    '{ "weights": { "Wx": [[11, 12]], "Wh": [[21, 22], [23, 24]], "b": [[31, 32]] }, "sequences": [[[1]]] }',
  'broken.rnn.json': '{ "weights": { "Wh": ',
};

async function textAt(entry: Entry, place: WeightPlace, layer = 0): Promise<string | null> {
  const found = await locateWeight(entry, place, layer, ({ reference }) => {
    const text = files[reference];
    return Promise.resolve(
      text === undefined
        ? { ok: false, id: reference, reason: 'missing', detail: '' }
        : { ok: true, id: reference, bytes: new TextEncoder().encode(text) },
    );
  });
  if (found === null) return null;
  const { start, end } = found.range;
  assert.equal(start.line, end.line);
  return `${found.file} ${files[found.file]?.split('\n')[start.line]?.slice(start.character, end.character) ?? ''}`;
}

const config = (name: string): Entry => ({ kind: 'config', config: name });

describe('the text of a weight', () => {
  it('is found in a file of its own, beneath a comment', async () => {
    const pair: Entry = { kind: 'pair', weights: 'tutorial.json', sequences: 'none.json' };
    assert.equal(await textAt(pair, { tensor: 'Wh', row: 1, column: 0 }), 'tutorial.json 23');
    assert.equal(await textAt(pair, { tensor: 'Wx', row: 0, column: 1 }), 'tutorial.json 12');
    assert.equal(await textAt(pair, { tensor: 'b', row: 0, column: 1 }), 'tutorial.json 32');
  });

  it('is found where a matrix is stored the other way round', async () => {
    // Wx[2, 0] leads from input 2 to unit 0: row 0, third number of weight_ih_l0.
    assert.equal(await textAt(config('named.rnn.json'), { tensor: 'Wx', row: 2, column: 0 }), 'torch.json 13');
    assert.equal(await textAt(config('named.rnn.json'), { tensor: 'Wh', row: 0, column: 1 }), 'torch.json 23');
    assert.equal(await textAt(config('named.rnn.json'), { tensor: 'b', row: 0, column: 1 }), 'torch.json 32');
  });

  it('is found inside a config', async () => {
    assert.equal(await textAt(config('inline.rnn.json'), { tensor: 'Wh', row: 0, column: 1 }), 'inline.rnn.json 22');
    assert.equal(await textAt(config('inline.rnn.json'), { tensor: 'b', row: 0, column: 0 }), 'inline.rnn.json 31');
  });

  it('is nowhere when the text is broken, missing or too small', async () => {
    assert.equal(await textAt(config('broken.rnn.json'), { tensor: 'Wh', row: 0, column: 0 }), null);
    assert.equal(await textAt(config('missing.rnn.json'), { tensor: 'Wh', row: 0, column: 0 }), null);
    assert.equal(await textAt(config('inline.rnn.json'), { tensor: 'Wh', row: 7, column: 0 }), null);
  });

  describe('of gated cells and networks', () => {
    /** Numbers from `first` on, as long as a matrix is. */
    const matrix = (rows: number, columns: number, first: number): number[][] =>
      Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (__, c) => first + r * columns + c));
    const at = async (weights: unknown, place: WeightPlace, layer = 0): Promise<string | null> => {
      files['made.json'] = JSON.stringify(weights);
      return textAt({ kind: 'pair', weights: 'made.json', sequences: 'none.json' }, place, layer);
    };
    const torch = (suffix: string, I: number, first: number): Record<string, unknown> => ({
      [`weight_ih_${suffix}`]: matrix(8, I, first),
      [`weight_hh_${suffix}`]: matrix(8, 2, first + 100),
      [`bias_ih_${suffix}`]: matrix(1, 8, first + 200)[0],
      [`bias_hh_${suffix}`]: matrix(1, 8, first + 300)[0],
    });

    it("is found in PyTorch's layer and direction", async () => {
      const weights = {
        ...torch('l0', 3, 1000),
        ...torch('l0_reverse', 3, 2000),
        ...torch('l1', 4, 3000),
        ...torch('l1_reverse', 4, 4000),
      };
      // Wh[1, 5] leads from unit 1 to gate g (the third) of unit 1: row 5, second number of weight_hh.
      assert.equal(await at(weights, { tensor: 'Wh', row: 1, column: 5 }), 'made.json 1111');
      assert.equal(await at(weights, { tensor: 'Wh', row: 1, column: 5 }, 1), 'made.json 2111');
      assert.equal(await at(weights, { tensor: 'Wx', row: 3, column: 7 }, 2), 'made.json 3031');
      assert.equal(await at(weights, { tensor: 'b', row: 0, column: 7 }, 3), 'made.json 4207');
      assert.equal(await at(weights, { tensor: 'b', row: 0, column: 7 }, 4), null);
    });

    it("is found among Keras' and ONNX' gates, which stand in another order", async () => {
      const keras = { kernel: matrix(1, 6, 10), recurrent_kernel: matrix(2, 6, 100), bias: matrix(2, 6, 200) };
      // The gates here are r, z, n; in Keras z, r, n.
      assert.equal(await at(keras, { tensor: 'Wh', row: 1, column: 0 }), 'made.json 108');
      assert.equal(await at(keras, { tensor: 'Wh', row: 1, column: 3 }), 'made.json 107');
      assert.equal(await at(keras, { tensor: 'b', row: 0, column: 4 }), 'made.json 204');
      assert.equal(await at(keras, { tensor: 'bh', row: 0, column: 1 }), 'made.json 209');
      const onnx = {
        W: [matrix(8, 1, 100), matrix(8, 1, 200)],
        R: [matrix(8, 2, 300), matrix(8, 2, 400)],
        B: matrix(2, 16, 500),
      };
      // i, f, g, o here; i, o, f, g in ONNX.
      assert.equal(await at(onnx, { tensor: 'Wh', row: 1, column: 2 }), 'made.json 309');
      assert.equal(await at(onnx, { tensor: 'Wh', row: 1, column: 2 }, 1), 'made.json 409');
      assert.equal(await at(onnx, { tensor: 'b', row: 0, column: 7 }, 1), 'made.json 519');
    });

    it("is found in both biases of PyTorch's GRU", async () => {
      const gru = {
        weight_ih: matrix(6, 1, 10),
        weight_hh: matrix(6, 2, 20),
        bias_ih: matrix(1, 6, 40)[0],
        bias_hh: matrix(1, 6, 50)[0],
      };
      assert.equal(await at(gru, { tensor: 'b', row: 0, column: 3 }), 'made.json 43');
      assert.equal(await at(gru, { tensor: 'bh', row: 0, column: 3 }), 'made.json 53');
    });
  });
});
