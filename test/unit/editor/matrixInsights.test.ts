// What a hover says of a recurrent matrix: nothing that holds for h = f(z) alone where the cell is more than that.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { implications } from '../../../src/editor/language/matrixInsights.js';
import { factsOf } from '../../../src/engine/index.js';
import type { CellName } from '../../../src/engine/index.js';
import type { PartFacts } from '../../../src/protocol/messages.js';
import { leakyInTheTable } from '../engine/leaky.js';

const start = { line: 0, character: 0 };
const contracting: PartFacts = {
  part: {
    role: 'recurrent',
    name: 'Wh',
    file: 'w.json',
    path: 'Wh',
    key: { start, end: start },
    value: { start, end: start },
    shape: [2, 2],
    transposed: false,
    blocks: null,
    layer: null,
    numbers: null,
  },
  matrix: { sigmaMax: 0.5, spectralRadius: 0.5, orthogonalityError: 1 },
  gates: [],
  inputs: null,
  zeros: null,
  saturating: 0,
  element: null,
};
const orthogonal = { ...contracting, matrix: { sigmaMax: 1, spectralRadius: 1, orthogonalityError: 0 } };
const shapes = { B: 1, T: 3, I: 1, H: 2 };

const told = (facts: PartFacts, cell: CellName): string[] => implications(facts, { cell: factsOf(cell), shapes });

describe('a recurrent matrix', () => {
  it('bounds the gradient of a cell that is h = f(z)', () => {
    assert.match(told(contracting, 'tanh').join(), /every step back keeps at most 0\.5 .* After 2 steps at most 0\.25/);
    assert.match(told(orthogonal, 'relu').join(), /keeps the length of the gradient exactly/);
  });

  it('bounds nothing where the state goes on beside it', () => {
    const cell = leakyInTheTable();
    for (const facts of [contracting, orthogonal]) {
      const [sentence = '', ...others] = told(facts, cell);
      assert.match(sentence, /^This cell is more than f\(z\): the size of the matrix alone bounds no gradient\./);
      assert.deepEqual(others, []);
    }
  });
});
