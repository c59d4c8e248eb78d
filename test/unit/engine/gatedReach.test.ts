// How far back every matrix and gate of LSTM and GRU learns from: against the reference classes, a cell for each step.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asLayer, cellOf, finish, reachOf, runNetwork, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, Reach, Workspaces } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';
import { gatedSteps, matrixOf, stepOf } from './gatedReference.js';
import { randomNetwork } from './networks.js';
import { ways } from '../wasm/support.js';

const near = (actual: number | undefined, expected: number, what: string): void =>
  assert.ok(Math.abs((actual ?? NaN) - expected) <= 1e-11, `${what}: ${actual}, not ${expected}`);

const [B, T, I, H] = [2, 8, 3, 4];

/** Σ_t of what step t adds to each block because of the loss at t + k, by k. */
function parts(experiment: LayerExperiment, dhs: Float64Array): Record<string, Float64Array>[] {
  const steps = gatedSteps(experiment);
  const byDistance: Record<string, Float64Array>[] = Array.from({ length: T }, () => ({}));
  for (let s = 0; s < T; s++) {
    let [dh, dc] = [stepOf(dhs, B, T, H, s), matrixOf(B, H, new Float64Array(B * H))];
    for (let t = s; t >= 0; t--) {
      const { dhPrev, dcPrev, blocks } = steps[t]!.back(dh, dc);
      for (const [name, values] of Object.entries(blocks)) {
        const sum = (byDistance[s - t]![name] ??= new Float64Array(values.length));
        values.forEach((value, i) => (sum[i] = sum[i]! + value));
      }
      if (experiment.truncate !== null && t % experiment.truncate === 0) break;
      [dh, dc] = [dhPrev, dcPrev ?? dc];
    }
  }
  return byDistance;
}

const minus = (a: Float64Array, b: Float64Array = new Float64Array(a.length)): Float64Array =>
  a.map((value, i) => value - b[i]!);

for (const cell of ['lstm', 'gru'] as const)
  for (const truncate of [null, 3])
    describe(`the reach of ${cell}${truncate === null ? '' : ', truncated'}`, () => {
      const dhs = filled(B * T * H, randomNumbers(31));
      const experiment =
        asLayer({
          ...randomNetwork({ seed: 17, cell, B, T, I, widths: [H], directions: ['forward'], truncate }),
          upstream: { kind: 'given', dhs },
        }) ?? assert.fail();
      const { gates, parameters } = cellOf(cell);
      const byDistance = parts(experiment, dhs);
      const reachThrough = (workspaces: Workspaces | null): Reach => {
        const { reach, steps } = reachOf(experiment, finish(runResumably(experiment)), workspaces);
        finish(steps);
        return reach;
      };

      it('has every parameter, whole and by gates', () =>
        assert.deepEqual(
          reachThrough(null).blocks?.map(({ parameter, gate }) => `${parameter} ${gate ?? '*'}`),
          parameters.flatMap(({ name }) => ['*', ...gates].map((gate) => `${name} ${gate}`)),
        ));

      for (const [way, workspaces] of ways)
        it(`is the sum of what the reference classes add at each distance, ${way}`, () => {
          const reach = reachThrough(workspaces);
          for (const { parameter, gate, share, missing } of reach.blocks ?? assert.fail()) {
            const names = (gate === null ? gates : [gate]).map((name) => `${parameter} ${name}`);
            const at = (k: number): Float64Array =>
              Float64Array.from(
                names.flatMap((name) => [
                  ...(byDistance[k]![name] ?? minus(byDistance[0]![name]!, byDistance[0]![name])),
                ]),
              );
            let rest = Array.from({ length: T }, (_, k) => at(k)).reduce((sum, one) => sum.map((v, i) => v + one[i]!));
            const total = Math.hypot(...rest);
            assert.equal(share.length, truncate ?? T);
            for (const k of share.keys()) {
              rest = minus(rest, at(k));
              near(share[k], Math.hypot(...at(k)) / total, `${parameter} ${gate}, share of ${k}`);
              near(missing[k], Math.hypot(...rest) / total, `${parameter} ${gate}, missing beyond ${k}`);
            }
          }
        });

      it('of Wh as a whole is told as for every cell', () => {
        const reach = reachThrough(null);
        const whole = reach.blocks?.find(({ parameter, gate }) => parameter === 'Wh' && gate === null);
        assert.deepEqual([reach.share, reach.missing], [whole?.share, whole?.missing]);
      });
    });

for (const [way, workspaces] of ways)
  describe(`the reach in a ragged network of two directions, ${way}`, () => {
    it('leaves nothing missing at its largest distance in any layer, and ends with each sequence', () => {
      const lengths = [T, 3];
      const run = finish(
        runNetwork({
          ...randomNetwork({
            seed: 6,
            cell: 'lstm',
            B,
            T,
            I,
            widths: [H, 3],
            directions: ['forward', 'reverse'],
            lengths,
          }),
          upstream: { kind: 'every' },
        }),
      );
      for (const { experiment, result } of run.layers) {
        const { reach, steps } = reachOf(experiment, result, workspaces);
        finish(steps);
        for (const { parameter, gate, missing } of reach.blocks ?? assert.fail())
          near(missing[T - 1], 0, `${experiment.layers[0].direction} ${parameter} ${gate}`);
      }
      // What enters the shorter sequence alone goes no further than that sequence is long.
      const short = finish(
        runNetwork({
          ...randomNetwork({ seed: 6, cell: 'gru', B, T, I, widths: [H], directions: ['forward', 'reverse'], lengths }),
          upstream: {
            kind: 'given',
            dhs: Float64Array.from({ length: B * T * 2 * H }, (_, i) =>
              i >= T * 2 * H && i < (T + 3) * 2 * H ? 1 : 0,
            ),
          },
        }),
      );
      for (const { experiment, result } of short.layers) {
        const { reach, steps } = reachOf(experiment, result, workspaces);
        finish(steps);
        assert.deepEqual([...reach.share.subarray(3)], new Array(T - 3).fill(0), experiment.layers[0].direction);
        assert.ok(reach.share[2]! > 0);
      }
    });
  });
