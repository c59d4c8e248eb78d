// What the worker answers of gated cells and of networks of several layers: right, or refused with a sentence.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultBounds } from '../../../src/engine/index.js';
import { replay } from '../../../src/worker/record/reportReplay.js';
import type { RunRecord } from '../../../src/worker/record/reportRecord.js';
import { unpack } from '../../../src/worker/record/typedArrayJson.js';
import { readFixture } from '../../support/experiments.js';
import { Desk } from '../../fuzz/desk.js';
import { onlyLong } from '../../support/long.js';
import { configEntry, configName } from '../config/memory.js';

/** Numbers of a shape that are never the same twice. */
function numbers(shape: readonly number[], scale = 0.5): unknown {
  let at = 0;
  const visit = ([length, ...inner]: readonly number[]): unknown =>
    length === undefined ? scale * Math.sin(1 + 0.7 * at++) : Array.from({ length }, () => visit(inner));
  return visit(shape);
}

const layers = (G: number, H: number, suffixes: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    suffixes.flatMap((suffix) => [
      [`weight_ih_${suffix}`, numbers([G * H, suffix.startsWith('l0') ? 1 : H * (suffixes.length > 2 ? 2 : 1)])],
      [`weight_hh_${suffix}`, numbers([G * H, H])],
      [`bias_ih_${suffix}`, numbers([G * H], 0.1)],
      [`bias_hh_${suffix}`, numbers([G * H], 0.1)],
    ]),
  );
const both = ['l0', 'l0_reverse', 'l1', 'l1_reverse'];
const sequences = numbers([2, 5, 1]);
const ragged = [numbers([3, 1]), numbers([5, 1])];

async function run(config: Record<string, unknown>, layer = 0): Promise<{ desk: Desk; runId: number }> {
  const desk = new Desk(null);
  desk.files = { [configName]: new TextEncoder().encode(JSON.stringify(config)) };
  const { runId, outcome } = await desk.run(configEntry, defaultBounds, layer);
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome.problems));
  return { desk, runId };
}

async function recordOf(config: Record<string, unknown>, layer = 0) {
  const { desk, runId } = await run(config, layer);
  const data = await desk.ask('reportData', { runId });
  assert.ok(data);
  return { desk, runId, record: unpack(new TextDecoder().decode(data.record)) as RunRecord };
}

describe('a cell of several gates', () => {
  it('has no single z and no unit to open: they are refused with a sentence', async () => {
    const { desk, runId } = await run({ weights: layers(3, 2, ['l0']), sequences });
    const refused = /A step of the cell "gru" has no single z: it opens by its gates, r, z, n\./;
    await assert.rejects(desk.ask('openedStep', { runId, t: 0, sequence: 0 }), refused);
    await assert.rejects(desk.ask('steps', { runId, sequence: 0, tensor: 'z', from: 0, to: 1 }), refused);
    const window = { t0: 0, t1: 5 };
    await assert.rejects(
      desk.ask('heatmap', { runId, sequence: 0, window, tensor: 'z', maxColumns: 4, maxRows: 4 }),
      refused,
    );
  });

  it('has every node of its step instead, also in its record', async () => {
    for (const [G, names] of [
      [3, ['r', 'z', 'n']],
      [4, ['i', 'f', 'g', 'o']],
    ] as const) {
      const config = { weights: layers(G, 2, both), sequences: ragged, upstreamGradient: 'every', dtype: 'float64' };
      for (const layer of [0, 3]) {
        const { desk, runId, record } = await recordOf(config, layer);
        const answers = replay(record);
        for (const [t, sequence] of [
          [0, 0],
          [2, 1],
          [4, 1],
        ] as const) {
          const opened = await desk.ask('gates', { runId, t, sequence });
          assert.ok(opened);
          for (const name of [...names, 'h_t', 'x_t'])
            assert.ok(
              opened.nodes.find((node) => node.name === name),
              name,
            );
          assert.deepEqual(await answers.gates({ runId, t, sequence }), opened, `layer ${layer}, t ${t}`);
        }
        const window = { t0: 1, t1: 5 };
        assert.deepEqual(
          await answers.jacobians({ runId, sequence: 1, window }),
          await desk.ask('jacobians', { runId, sequence: 1, window }),
        );
      }
    }
    const { desk, runId } = await run({ weights: layers(1, 2, ['l0']), sequences });
    await assert.rejects(desk.ask('gates', { runId, t: 0, sequence: 0 }), /"tanh" has no gates/);
  });

  onlyLong(it)('leaves a record in pictures where its tensors are too large', async () => {
    const T = 33_000;
    const { record, runId } = await recordOf({ weights: layers(4, 1, ['l0']), sequences: numbers([1, T, 1]) });
    assert.equal(record.extent.kind, 'pictures');
    assert.equal(record.first?.heatmaps.z, null);
    const answers = replay(record);
    const window = { t0: 0, t1: T };
    const asked = { runId, sequence: 0, window, maxColumns: 8, maxRows: 4 };
    assert.ok(await answers.heatmap({ ...asked, tensor: 'dh' }));
    assert.equal(await answers.heatmap({ ...asked, tensor: 'z' }), null);
    assert.equal(await answers.openedStep({ runId, t: 0, sequence: 0 }), null);
  });

  it('tells the clipping and the loss of the network', async () => {
    const { record } = await recordOf({
      weights: layers(4, 2, ['l0', 'l1']),
      sequences,
      loss: { kind: 'mse', readout: { Why: [[1], [2]], by: [0] }, targets: [[1], [9]], at: 'last' },
      clip: { norm: 1e-3 },
    });
    const { clipNorm, clipFactor, lossValue } = record.summary;
    assert.equal(clipNorm, 1e-3);
    assert.ok(clipFactor !== null && clipFactor > 0 && clipFactor < 1);
    assert.ok(lossValue !== null && lossValue > 1);
  });
});

describe('the record of a ragged network in two directions', () => {
  for (const layer of [0, 1, 3])
    it(`answers of layer and direction ${layer} as the run does`, async () => {
      const config = { weights: layers(1, 2, both), sequences: ragged, upstreamGradient: 'final', dtype: 'float64' };
      const { desk, runId, record } = await recordOf(config, layer);
      assert.equal(record.extent.kind, 'everything');
      const answers = replay(record);
      for (const sequence of [0, 1])
        for (const t of [0, 2, 4])
          assert.deepEqual(
            await answers.openedStep({ runId, t, sequence }),
            await desk.ask('openedStep', { runId, t, sequence }),
            `t ${t}, sequence ${sequence}`,
          );
      const window = { t0: 1, t1: 5 };
      assert.deepEqual(
        await answers.jacobians({ runId, sequence: 0, window }),
        await desk.ask('jacobians', { runId, sequence: 0, window }),
      );
    });
});

describe('the map of a network', () => {
  it('has what each layer sends down: to the layer below, and out of the network', async () => {
    const reference = readFixture('reference/networks/lstm_2layer_every.json') as Record<string, unknown> & {
      readonly expected: {
        readonly norms: { readonly dx: readonly number[] };
        readonly layers: readonly { readonly norms: { readonly dh: readonly number[] } }[];
      };
    };
    const { name, cell, weights, sequences: given, initialState, upstreamGradient } = reference;
    const { desk, runId } = await run({
      ...{ name, cell, weights, sequences: given, upstreamGradient, dtype: 'float64' },
      ...(initialState === null ? {} : { initialState }),
    });
    const { norms, layers: expected } = reference.expected;
    const T = norms.dx.length;
    const map = await desk.ask('networkMap', { runId, window: { t0: 0, t1: T }, maxColumns: T });
    assert.ok(map);
    const near = (log10: number | undefined, wanted: number): void =>
      assert.ok(Math.abs(10 ** (log10 ?? NaN) / wanted - 1) < 1e-9, `${log10} and ${wanted}`);
    norms.dx.forEach((wanted, t) => near(map.down[t], wanted));
    // Nothing comes from behind the last step: all that its h gets is what the layer above sends.
    near(map.down[T + T - 1], expected[0]!.norms.dh[T - 1]!);
  });
});

describe('attribution in a stack', () => {
  const config = { weights: layers(4, 2, ['l0', 'l1']), sequences, upstreamGradient: 'every', dtype: 'float64' };

  it('is that of the losses of the whole network, with what arrives at each layer, also in its record', async () => {
    for (const layer of [0, 1]) {
      const { desk, runId, record } = await recordOf(config, layer);
      const row = await desk.ask('attributionRow', { runId, t: 2 });
      assert.ok(row);
      assert.deepEqual([...row.from], [2, 3, 4]);
      assert.deepEqual(
        row.layers.map(({ layer: index, log10 }) => [index, log10.length]),
        [
          [0, 3],
          [1, 3],
        ],
      );
      // The layer that is looked at gets no less over all of its steps than at this one.
      row.log10.forEach((value, s) => assert.ok(value < (row.layers[layer]?.log10[s] ?? NaN), `source ${s}`));
      assert.deepEqual(await replay(record).attributionRow({ runId, t: 2 }), row);
      assert.deepEqual(
        await replay(record).attributionRows({ runId, from: 0, to: 5 }),
        await desk.ask('attributionRows', { runId, from: 0, to: 5 }),
      );
    }
  });

  it('of two directions comes from both sides below the last layer, as each direction computes', async () => {
    const weights = layers(4, 2, both);
    for (const [layer, expected] of [
      [0, { bothSides: true, from: [0, 1, 2, 3, 4] }],
      [1, { bothSides: true, from: [0, 1, 2, 3, 4] }],
      [2, { bothSides: false, from: [3, 4] }],
      [3, { bothSides: false, from: [3, 4] }],
    ] as const) {
      const { desk, runId, record } = await recordOf({ ...config, weights }, layer);
      const row = await desk.ask('attributionRow', { runId, t: 3 });
      assert.ok(row);
      assert.deepEqual([row.bothSides, [...row.from]], [expected.bothSides, expected.from], `layer ${layer}`);
      assert.deepEqual(
        row.layers.map(({ layer: index, direction }) => [index, direction]),
        [
          [0, 'forward'],
          [0, 'reverse'],
          [1, 'forward'],
          [1, 'reverse'],
        ],
      );
      row.log10.forEach((value, s) => {
        assert.ok(Number.isFinite(value), `source ${s}`);
        assert.ok(value < (row.layers[layer]?.log10[s] ?? NaN), `source ${s}`);
      });
      const asked = { runId, window: { t0: 2, t1: 5 }, maxColumns: 9, maxRows: 9 };
      const picture = await desk.ask('attribution', asked);
      assert.deepEqual([...(picture?.from ?? [])].reverse(), layer < 2 ? [0, 1, 2, 3, 4] : [2, 3, 4]);
      assert.deepEqual(await replay(record).attribution(asked), picture);
      assert.deepEqual(await replay(record).attributionRow({ runId, t: 3 }), row);
      const all = await desk.ask('attributionRows', { runId, from: 0, to: 5 });
      assert.ok(all);
      assert.deepEqual(await replay(record).attributionRows({ runId, from: 0, to: 5 }), all);
      // What each loss sends to all steps, from its column.
      for (let s = 0; s < 5; s++) {
        const column = Array.from({ length: 5 }, (_, t) => 10 ** (all.log10[t * 5 + s] ?? NaN));
        const arrived = row.layers[layer]?.log10[s - expected.from[0]];
        if (arrived !== undefined) assert.ok(Math.abs(Math.log10(Math.hypot(...column)) - arrived) < 1e-12);
      }
    }
  });

  it('of a single layer is that of what enters the layer', async () => {
    const { desk, runId } = await run({ ...config, weights: layers(4, 2, ['l0']) });
    const row = await desk.ask('attributionRow', { runId, t: 2 });
    assert.deepEqual(row?.layers, []);
  });
});

describe('the steps at which the loss enters', () => {
  const T = 5;
  const stack = { weights: layers(3, 2, both), sequences };
  const enters = async (config: Record<string, unknown>, layer: number) => {
    const { desk } = await run(config, layer);
    const { network, lossSteps } = desk.summary ?? {};
    return { network: network?.lossSteps, count: network?.lossCount, own: lossSteps };
  };

  it('are of the last layer those of the direction that is shown, in the order in which it computes', async () => {
    // Each direction ends with its last step, which is position 0 of the reverse one.
    for (const [upstreamGradient, steps] of [
      ['final', [T - 1, T - 1]],
      ['last', [T - 1, 0]],
      [1, [1, T - 2]],
    ] as const)
      for (const direction of [0, 1]) {
        const at = steps[direction] ?? NaN;
        const { network, count, own } = await enters({ ...stack, upstreamGradient }, 2 + direction);
        assert.deepEqual([network, count, own], [[[at, at]], 1, [[at, at]]], `${upstreamGradient} ${direction}`);
      }
  });

  it('are below the last layer those of both of its directions', async () => {
    for (const layer of [0, 1]) {
      const { network, count } = await enters({ ...stack, upstreamGradient: 'final' }, layer);
      assert.deepEqual(
        [network, count],
        [
          [
            [0, 0],
            [T - 1, T - 1],
          ],
          2,
        ],
      );
      const { network: one } = await enters({ ...stack, upstreamGradient: 1 }, layer);
      assert.deepEqual(one, layer === 0 ? [[1, 1]] : [[T - 2, T - 2]]);
    }
  });
});
