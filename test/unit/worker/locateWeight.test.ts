import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leakyInTheTable } from '../engine/leaky.js';
import type { Entry } from '../../../src/config/index.js';
import { locateWeight } from '../../../src/worker/answers/locateWeight.js';
import type { WeightPlace } from '../../../src/protocol/messages.js';

leakyInTheTable();

const files: Readonly<Record<string, string>> = {
  'tutorial.json':
    '{\n  // a comment\n  "Wx": [[11, 12]],\n  "Wh": [[21, 22],\n         [23, 24]],\n  "b": [31, 32]\n}',
  'torch.json':
    '{ "weight_ih_l0": [[11, 12, 13], [14, 15, 16]], "weight_hh_l0": [[21, 22], [23, 24]], "bias_ih_l0": [31, ' +
    '32], "bias_hh_l0": [33, 34] }',
  'named.rnn.json': '{ "weights": "torch.json", "sequences": [[[1, 2, 3]]] }',
  'inline.rnn.json':
    '{ "weights": { "Wx": [[11, 12]], "Wh": [[21, 22], [23, 24]], "b": [[31, 32]] }, "sequences": [[[1]]] }',
  'own.rnn.json':
    '{ "cell": "leaky", "weights": { "weight_ih_l0": [[11], [12]], "weight_hh_l0": [[21, 22], [23, 24]], "alpha": ' +
    '[41, 42] }, "sequences": [[[1]]] }',
  'broken.rnn.json': '{ "weights": { "Wh": ',
};

async function textAt(entry: Entry, place: WeightPlace): Promise<string | null> {
  const found = await locateWeight(entry, place, ({ reference }) => {
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

  it("is found of a parameter that is the cell's own, under its own name", async () => {
    assert.equal(await textAt(config('own.rnn.json'), { tensor: 'alpha', row: 0, column: 1 }), 'own.rnn.json 42');
    assert.equal(await textAt(config('own.rnn.json'), { tensor: 'Wh', row: 0, column: 1 }), 'own.rnn.json 23');
    assert.equal(await textAt(config('inline.rnn.json'), { tensor: 'alpha', row: 0, column: 0 }), null);
  });

  it('is nowhere when the text is broken, missing or too small', async () => {
    assert.equal(await textAt(config('broken.rnn.json'), { tensor: 'Wh', row: 0, column: 0 }), null);
    assert.equal(await textAt(config('missing.rnn.json'), { tensor: 'Wh', row: 0, column: 0 }), null);
    assert.equal(await textAt(config('inline.rnn.json'), { tensor: 'Wh', row: 7, column: 0 }), null);
  });
});
