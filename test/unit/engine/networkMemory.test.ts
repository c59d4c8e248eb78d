// What a network's run in plain arithmetic takes is known from its shapes, is not exceeded, and is given back.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, plainMemoryOf, runNetwork } from '../../../src/engine/index.js';
import type { Experiment } from '../../../src/engine/index.js';
import { tooLarge } from '../../../src/worker/thread/memoryLimit.js';
import { assertFlat, mostHeld } from '../../support/flatMemory.js';
import { long, some } from '../../support/long.js';
import { randomNetwork } from './networks.js';
import type { NetworkShape } from './networks.js';

const small: NetworkShape = {
  seed: 2,
  cell: 'lstm',
  B: 4,
  T: 60,
  I: 8,
  widths: [24, 24, 24],
  directions: ['forward', 'reverse'],
};

const gibibyte = 2 ** 30;

describe('the memory of a network', () => {
  const cases: Readonly<Record<string, Partial<NetworkShape> & Partial<Pick<Experiment, 'dtype'>>>> = {
    'an LSTM of three layers in two directions': {},
    'one in float64': { dtype: 'float64' },
    'a long one': { T: 180 },
    'a large batch': { B: 16 },
    'wide layers': { T: 20, widths: [96, 96, 96] },
    'many inputs': { I: 300, widths: [24] },
    'a GRU': { cell: 'gru', T: 120 },
    'a stack of tanh layers': { cell: 'tanh', T: 200, directions: ['forward'] },
    'ragged sequences': { T: 120, lengths: [120, 3, 50, 1] },
    ...(long ? { 'one of T 1,000 and B 8': { B: 8, T: 1000, widths: [64, 64, 64] } } : {}),
  };
  for (const [name, more] of some(Object.entries(cases)))
    it(`${name} stays within what is said before, and what is said is no more than twice it`, async (t) => {
      const { dtype = 'float32', ...shape } = more;
      const experiment: Experiment = { ...randomNetwork({ ...small, ...shape }), dtype };
      const told = plainMemoryOf(experiment);
      const held = await mostHeld(runNetwork(experiment), long ? 400 : 1_500);
      t.diagnostic(`told ${(told / 1e6).toFixed(1)} MB, held ${(held / 1e6).toFixed(1)} MB`);
      assert.ok(held <= told, `${held} bytes were held, and ${told} were told`);
      assert.ok(told <= 2 * held, `${told} bytes were told, and ${held} were held`);
    });

  it('of an LSTM of 3 layers in 2 directions, H 512, T 1,000, B 8 is told before it runs', () => {
    const H = 512;
    const [one] = randomNetwork({ ...small, widths: [1], directions: ['forward'] }).layers;
    const none = new Float64Array();
    const experiment: Experiment = {
      ...randomNetwork({ ...small, widths: [1] }),
      dtype: 'float32',
      shapes: { B: 8, T: 1000, I: H, H },
      layers: [0, 1, 2].flatMap((layer) =>
        (['forward', 'reverse'] as const).map((direction) => ({
          ...one,
          layer,
          direction,
          H,
          parameters: { Wx: none, Wh: none, b: none },
        })),
      ) as unknown as Experiment['layers'],
    };
    const told = plainMemoryOf(experiment);
    assert.ok(told > gibibyte && told < 4 * gibibyte, `${told} bytes`);
    assert.equal(tooLarge(experiment, null, { whole: told, most: told }, 'a.rnn.json'), null);
    const problem = tooLarge(experiment, null, { whole: told / 4, most: told / 2 }, 'a.rnn.json');
    assert.equal(problem?.code, 'not-enough-memory');
    assert.match(problem.found, /^\d\.\d GiB with B = 8, T = 1000, I = 512, H = 512$/);
  });

  it(`is given back: ${long ? 200 : 5} runs leave nothing`, async () => {
    const experiment = randomNetwork({ ...small, T: long ? 60 : 20 });
    await assertFlat(long ? 200 : 5, () => void finish(runNetwork(experiment)), []);
  });
});
