// A hover's table of gates, and what gates and layers are called.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blockText, gateLabel, layerText } from '../../../src/editor/language/gateNames.js';
import { gateTable } from '../../../src/editor/language/gateTable.js';
import type { GateFacts, PartFacts } from '../../../src/protocol/messages.js';

const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
const facts = (role: 'recurrent' | 'input' | 'bias', gates: readonly GateFacts[]): PartFacts => ({
  part: {
    role,
    name: 'w',
    file: 'w.json',
    path: 'w',
    key: range,
    value: range,
    shape: [6, 2],
    transposed: true,
    blocks: { H: 2, gates: ['r', 'z', 'n'], stacked: false },
    layer: null,
    numbers: null,
  },
  matrix: null,
  gates,
  inputs: null,
  zeros: null,
  saturating: 0,
  element: null,
});
const gate: GateFacts = {
  gate: 'z',
  direction: null,
  bias: null,
  lies: 'rows',
  from: 2,
  to: 4,
  mean: null,
  biases: { input: 1.25, state: 0.5, addUp: true },
  matrix: { sigmaMax: 1.5, spectralRadius: 0.5, orthogonalityError: 0.125 },
};

/** With the spaces at which no line ends as plain ones. */
const table = (told: PartFacts): string => gateTable(told).replaceAll('\u00a0', ' ');

describe('a table of gates', () => {
  it('has a row for each, with its size, its biases together and its measures', () => {
    assert.deepEqual(table(facts('recurrent', [gate])).split('\n'), [
      '| gate | rows | mean bias | σ_max | spectral radius | ‖WᵀW − I‖_F |',
      '| :-- | --: | --: | --: | --: | --: |',
      '| **z** update gate | 2 … 3 | 1.75 | 1.5 | 0.5 | 0.125 |',
    ]);
  });

  it('does not add up the biases of a candidate whose second one is reset', () => {
    const candidate = { ...gate, gate: 'n', biases: { input: 1, state: -2, addUp: false } };
    assert.match(table(facts('recurrent', [candidate])), /\| \*\*n\*\* candidate \| 2 … 3 \| 1 \+ r ⊙ -2 \|/);
    const one = { ...candidate, biases: { input: 3, state: null, addUp: false } };
    assert.match(table(facts('recurrent', [one])), /\| 2 … 3 \| 3 \|/);
    const none = { ...candidate, biases: { input: null, state: null, addUp: false } };
    assert.match(table(facts('recurrent', [none])), /\| 2 … 3 \| 0 \|/);
  });

  it('says nothing of the radius where it was not measured, and a dash of what could not be', () => {
    const large = { ...gate, matrix: { sigmaMax: 2, spectralRadius: null, orthogonalityError: 3 } };
    assert.doesNotMatch(table(facts('recurrent', [large])), /spectral radius/);
    const broken = { ...gate, biases: { input: NaN, state: 1, addUp: true }, matrix: null };
    assert.match(table(facts('recurrent', [broken])), /\| — \| — \| — \|$/);
    assert.doesNotMatch(table(facts('input', [gate])), /WᵀW|radius/);
  });

  it('of a bias tells its own mean beside that of all', () => {
    const own = { ...gate, lies: 'numbers' as const, bias: 'state' as const, mean: 0.5, matrix: null };
    assert.deepEqual(
      table(facts('bias', [own]))
        .split('\n')
        .slice(0, 1),
      ['| gate | numbers | mean | mean of all biases |'],
    );
    assert.match(table(facts('bias', [own])), /\| \*\*z · state\*\* update gate \| 2 … 3 \| 0\.5 \| 1\.75 \|/);
    assert.equal(table(facts('bias', [])), '');
  });
});

describe('names', () => {
  it('of blocks say which direction and which rows', () => {
    assert.equal(gateLabel({ ...gate, direction: 'reverse', bias: 'input' }), 'z · reverse · input');
    assert.equal(blockText(gate), 'rows 2 … 3');
    assert.equal(blockText({ ...gate, lies: 'columns', from: 5, to: 6 }), 'columns 5');
  });

  it('of layers are those of the panel, and the only layer has none', () => {
    const place = { layer: 1, direction: 'forward', index: 2, layers: 2, directions: 2 } as const;
    assert.equal(layerText(place), 'layer 1, forward');
    assert.equal(layerText({ ...place, direction: 'reverse' }), 'layer 1, reverse');
    assert.equal(layerText({ ...place, direction: null }), 'layer 1, both directions');
    assert.equal(layerText({ ...place, directions: 1 }), 'layer 1');
    assert.equal(layerText({ ...place, layers: 1 }), 'layer 1, forward');
    assert.equal(layerText({ ...place, layers: 1, directions: 1 }), null);
  });
});
