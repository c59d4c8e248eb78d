// The trained LSTM and GRU of the weather example, with the norms that NumPy gives for them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { readExperiment } from '../../../src/config/index.js';
import { finish, gateBlocks, pyTorchGradients, runExperiment } from '../../../src/engine/index.js';
import type { AnyNetworkRun, Experiment } from '../../../src/engine/index.js';
import { readJson, worstOfEach } from './fixtures.js';

type Expected = {
  readonly dhsLast: number[][];
  readonly meanTaskLoss: number;
  readonly norms: { readonly dh: number[]; readonly dx: number[]; readonly dc?: number[] };
  readonly spectralRadiusWhh: Readonly<Record<string, number>>;
  readonly gradNorms: Readonly<Record<string, number>>;
};

/** Of the numbers in a file of the example the float32 that each stands for. */
const asFloat32 = (bytes: Buffer): Buffer =>
  Buffer.from(
    JSON.stringify(JSON.parse(bytes.toString()), (_, value: unknown) =>
      typeof value === 'number' ? Math.fround(value) : value,
    ),
  );

/** The example in float64. */
async function example(cell: 'lstm' | 'gru'): Promise<Experiment> {
  const read = (name: string): Buffer => {
    const bytes = readFileSync(`examples/weather/${name}`);
    return name.endsWith('.rnn.json') ? bytes : asFloat32(bytes);
  };
  const { experiment, problems } = await readExperiment(
    { kind: 'config', config: `${cell}.rnn.json` },
    { read: (reference) => Promise.resolve({ ok: true as const, id: reference, bytes: read(reference) }) },
  );
  assert.deepEqual(problems, []);
  assert.ok(experiment !== null);
  return { ...experiment, dtype: 'float64' };
}

const run = (experiment: Experiment): AnyNetworkRun => finish(runExperiment(Infinity, experiment));

for (const cell of ['lstm', 'gru'] as const) {
  describe(`the ${cell} of the weather example`, () => {
    const expected = readJson('weather', `${cell}.json`) as Expected;

    it('has the norms, gradients and gates of an independent implementation', async () => {
      const experiment = await example(cell);
      const { B, T, H } = experiment.shapes;
      const dhs = new Float64Array(B * T * H);
      for (const [b, row] of expected.dhsLast.entries()) dhs.set(row, (b * T + T - 1) * H);
      const { layers, norms } = run({ ...experiment, loss: null, upstream: { kind: 'given', dhs } });
      const [{ experiment: layer, result }] = layers;
      const own = result.layers[0].norms;
      assert.ok(worstOfEach(own.dh, expected.norms.dh) < 1e-11);
      assert.ok(worstOfEach(norms.dx, expected.norms.dx) < 1e-11);
      if (expected.norms.dc !== undefined)
        assert.ok(worstOfEach(own.dc ?? new Float64Array(), expected.norms.dc) < 1e-11);
      for (const [name, gradient] of Object.entries(pyTorchGradients(layer, result)))
        assert.ok(worstOfEach(Float64Array.of(Math.hypot(...gradient)), [expected.gradNorms[`${name}_l0`]!]) < 1e-11);
      for (const [gate, { spectralRadius }] of Object.entries(finish(gateBlocks(layer))))
        assert.ok(worstOfEach(Float64Array.of(spectralRadius), [expected.spectralRadiusWhh[gate]!]) < 1e-11);
    });

    it('has the loss of its task', async () => {
      const { lossValue } = run(await example(cell));
      assert.ok(lossValue !== null && worstOfEach(Float64Array.of(lossValue), [expected.meanTaskLoss]) < 1e-11);
    });
  });
}
