// Each number of each parameter is found again at the text that it was read from, whatever the framework calls it and
// in whatever order and orientation it keeps it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findParts, locateParameter, openEntry, readExperiment } from '../../../src/config/index.js';
import type { Files } from '../../../src/config/index.js';
import { cellOf } from '../../../src/engine/index.js';
import type { CellName } from '../../../src/engine/index.js';
import { configEntry, configName, memoryFiles, positionIn, withoutAssumedCell } from './memory.js';

type Numbers = readonly (number | Numbers)[];

/** Blocks of numbers of which no two are the same. */
function fresh(): (...shape: readonly number[]) => Numbers {
  let next = 1;
  const block = ([size = 0, ...inner]: readonly number[]): Numbers =>
    Array.from({ length: size }, () => (inner.length === 0 ? next++ : block(inner)));
  return (...shape) => block(shape);
}
const zeros = (length: number): Numbers => new Array<number>(length).fill(0);

const [I, H] = [3, 2];
type Sizes = { readonly cell: CellName; readonly G: number; readonly apart: boolean };
type Layout = {
  readonly name: string;
  readonly layers: number;
  readonly directions: 1 | 2;
  readonly weights: (sizes: Sizes) => object;
};

const layoutsTried: readonly Layout[] = [
  {
    name: 'a tutorial',
    layers: 1,
    directions: 1,
    weights: ({ G }) => {
      const make = fresh();
      return { Wx: make(I, G * H), Wh: make(H, G * H), b: make(G * H) };
    },
  },
  {
    name: 'PyTorch',
    layers: 3,
    directions: 2,
    weights: ({ G, apart }) => {
      const make = fresh();
      const layers = [0, 1, 2].flatMap((layer) =>
        ['_reverse', ''].flatMap((suffix) => [
          // The second of two biases that are added up is 0, so that the sum is the number of the first.
          [`rnn.bias_hh_l${layer}${suffix}`, apart ? make(G * H) : zeros(G * H)],
          [`rnn.bias_ih_l${layer}${suffix}`, make(G * H)],
          [`rnn.weight_hh_l${layer}${suffix}`, make(G * H, H)],
          [`rnn.weight_ih_l${layer}${suffix}`, make(G * H, layer === 0 ? I : 2 * H)],
        ]),
      );
      return Object.fromEntries(layers.toReversed()) as object;
    },
  },
  {
    name: 'Keras',
    layers: 2,
    directions: 2,
    weights: ({ cell, G }) => {
      const make = fresh();
      const layers = ['', '_1'].flatMap((suffix, layer) =>
        ['backward', 'forward'].map((direction) => [
          `bidirectional${suffix}/${direction}_rnn${suffix}/cell`,
          {
            'kernel:0': make(layer === 0 ? I : 2 * H, G * H),
            'recurrent_kernel:0': make(H, G * H),
            'bias:0': cell === 'gru' ? make(2, G * H) : make(G * H),
          },
        ]),
      );
      return Object.fromEntries(layers) as object;
    },
  },
  {
    name: 'ONNX',
    layers: 2,
    directions: 2,
    weights: ({ G, apart }) => {
      const make = fresh();
      const row = (): Numbers => [...make(G * H), ...(apart ? make(G * H) : zeros(G * H))];
      return {
        first: { W: make(2, G * H, I), R: make(2, G * H, H), B: [row(), row()] },
        second: { W: make(2, G * H, 2 * H), R: make(2, G * H, H), B: [row(), row()] },
      };
    },
  },
];

for (const { name, layers, directions, weights } of layoutsTried) {
  for (const cell of ['tanh', 'lstm', 'gru'] as const) {
    it(`every number of a network of the cell ${cell} is found in the text as ${name} has it`, async () => {
      const { gates, parameters: specs } = cellOf(cell);
      const apart = specs.some((spec) => spec.name === 'bh');
      const file = JSON.stringify(weights({ cell, G: gates.length, apart }), null, 1);
      const config = { dtype: 'float64', weights: 'w.json', sequences: [[new Array(I).fill(0)]] };
      const files = memoryFiles({ [configName]: JSON.stringify(config), 'w.json': file });
      const { experiment, problems } = await readExperiment(configEntry, files);
      assert.deepEqual(withoutAssumedCell(problems), []);
      assert.equal(experiment?.cell, cell);
      assert.equal(experiment.layers.length, layers * directions);
      const open = await openEntry(configEntry, files);
      const starts = [0, ...[...file.matchAll(/\n/g)].map(({ index }) => index + 1)];
      const seen = new Set<number>();
      for (const [i, layer] of experiment.layers.entries()) {
        for (const { name: parameter, shape } of specs) {
          const below = layer.layer === 0 ? I : directions * H;
          const [rows, columns] = shape(below, H);
          const values = layer.parameters[parameter];
          assert.equal(values?.length, rows * columns);
          for (const [at, value] of values.entries()) {
            const place = { layer: i, parameter, row: Math.floor(at / columns), column: at % columns };
            const found = await locateParameter(open, place);
            // A tutorial's GRU has one bias, which is that of the input.
            if (parameter === 'bh' && name === 'a tutorial') {
              assert.deepEqual([found, value], [null, 0]);
              continue;
            }
            assert.equal(found?.file, 'w.json');
            const { start, end } = found.range;
            const offset = (starts[start.line] ?? Number.NaN) + start.character;
            assert.deepEqual(positionIn(file, offset + end.character - start.character), end);
            assert.equal(file.slice(offset, offset + end.character - start.character), String(value));
            assert.ok(!seen.has(offset), `${JSON.stringify(place)} stands where another number stands`);
            seen.add(offset);
          }
          for (const outside of [
            { row: rows, column: 0 },
            { row: 0, column: columns },
          ])
            assert.equal(await locateParameter(open, { layer: i, parameter, ...outside }), null);
        }
      }
      assert.equal(
        await locateParameter(open, { layer: layers * directions, parameter: 'Wh', row: 0, column: 0 }),
        null,
      );
    });
  }
}

describe('the place of a number', () => {
  const torch = (layer: number): string =>
    `"weight_ih_l${layer}":[[1]],"weight_hh_l${layer}":[[${layer + 5}]],"bias_ih_l${layer}":[0]`;
  const at = async (text: string, layer: number): Promise<string | null> => {
    const open = await openEntry(configEntry, memoryFiles({ [configName]: text }));
    const found = await locateParameter(open, { layer, parameter: 'Wh', row: 0, column: 0 });
    return found === null ? null : text.slice(found.range.start.character, found.range.end.character);
  };

  it('is known although other parts of the config are wrong', async () => {
    assert.equal(await at(`{"weights":{${torch(0)},${torch(1)}},"sequences":5,"loss":{}}`, 1), '6');
    assert.equal(await at(`{"weights":{"weight_ih_l0":[[1],[2]],"weight_hh_l0":[[5]]}}`, 0), '5');
  });

  it('is unknown where a layer is missing, and where the file holds several networks', async () => {
    assert.equal(await at(`{"weights":{${torch(0)},${torch(2)}}}`, 1), null);
    assert.equal(await at(`{"weights":{"a":{"Wx":[[1]],"Wh":[[5]]},"b":{"Wx":[[1]],"Wh":[[6]]}}}`, 0), null);
  });

  it('is that of the layers which the editor knows of a stack, from the input up', async () => {
    const layer = (suffix: string): string => `"weight_ih_${suffix}":[[1,1]],"weight_hh_${suffix}":[[1]]`;
    const text = `{"weights":{${['l1_reverse', 'l0_reverse', 'l1', 'l0'].map(layer).join(',')}}}`;
    const { layers } = await findParts(await openEntry(configEntry, memoryFiles({ [configName]: text })));
    assert.deepEqual(
      layers.map((group) => [group.layer, group.direction, group.recurrent?.path]),
      [
        [0, 'forward', 'weights.weight_hh_l0'],
        [0, 'reverse', 'weights.weight_hh_l0_reverse'],
        [1, 'forward', 'weights.weight_hh_l1'],
        [1, 'reverse', 'weights.weight_hh_l1_reverse'],
      ],
    );
  });

  it('is looked for in the config and the file of the weights alone', async () => {
    const asked: string[] = [];
    const texts = {
      [configName]: '{"weights":"w.json","sequences":["x.json","y.json"],"initialState":"h.json"}',
      'w.json': `{${torch(0)}}`,
    };
    const files: Files = {
      read: (reference, from) => {
        asked.push(reference);
        return memoryFiles(texts).read(reference, from);
      },
    };
    const open = await openEntry(configEntry, files);
    assert.ok((await locateParameter(open, { layer: 0, parameter: 'Wh', row: 0, column: 0 })) !== null);
    assert.deepEqual(asked, [configName, 'w.json']);
  });
});
