// What the kernels cost besides time: bytes in the bundle, and what a run may do to others. What stays of many runs:
// flatMemory.test.ts.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { dropSpare, finish, Kernels, release, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, FloatArray, RunResult } from '../../../src/engine/index.js';
import { fastPass } from '../../../src/engine/wasm/pass.js';
import { giveBack, unfilled } from '../../../src/engine/core/bufferPool.js';
import { kernelsOf, plainLayer, randomExperiment, variants, wasmAt } from './support.js';

const small: LayerExperiment = randomExperiment({ ...plainLayer, seed: 1, B: 4, T: 50, I: 8, H: 24 });

describe('the compiled kernels', () => {
  it('are under 150 KB together', (context) => {
    const sizes = (['relaxed', 'simd', 'numbers'] as const).map((name) => ({
      name,
      bytes: statSync(wasmAt(name)).size,
    }));
    const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    const told = sizes.map(({ name, bytes }) => `${name} ${bytes}`).join(', ');
    context.diagnostic(`${total} bytes: ${told}`);
    assert.ok(
      total < 150 * 1024 && sizes.every(({ bytes }) => bytes > 1000),
      `${total} bytes (${told}), but all together may have ${150 * 1024}.`,
    );
  });

  it('are not loaded where WebAssembly has no SIMD', () => {
    const nothing = new Uint8Array();
    assert.equal(Kernels.load({ relaxed: nothing, simd: nothing }, null), null);
  });
});

for (const variant of variants) {
  describe(`a run with ${variant} instructions`, () => {
    it('gives the same bits again, whatever ran in between', () => {
      const kernels = kernelsOf(variant);
      const first = finish(runResumably(small, undefined, kernels));
      finish(
        runResumably(
          randomExperiment({
            seed: 2,
            B: 7,
            T: 33,
            I: 19,
            H: 45,
            cell: 'relu',
            dtype: 'float64',
            upstream: 'every',
            truncate: 5,
            chunks: 2,
            stateful: true,
            initial: true,
          }),
          undefined,
          kernels,
        ),
      );
      assert.deepEqual(finish(runResumably(small, undefined, kernels)), first);
    });

    it('gives the memory of its tensors back when it is told to, and the next run takes it', () => {
      const kernels = kernelsOf(variant);
      const like = { ...plainLayer, seed: 5, B: 4, T: 200, I: 8, H: 24 } as const;
      const chunked = randomExperiment({ ...like, chunks: 2, stateful: true, truncate: 7 });
      const withLoss: LayerExperiment = {
        ...randomExperiment(like),
        loss: {
          kind: 'mse',
          at: 'last',
          Why: new Float64Array(24).fill(0.1),
          by: new Float64Array(1),
          targets: new Float64Array(4).fill(1),
        },
      };
      for (const e of [
        randomExperiment(like),
        chunked,
        withLoss,
        randomExperiment({ ...like, B: 1, T: 4000 }),
        randomExperiment({ ...like, chunks: 2, dtype: 'float64' }),
      ]) {
        const expected = finish(runResumably(e, undefined, kernels));
        const run = finish(runResumably(e, undefined, kernels));
        const [layer] = run.layers;
        const tensors = [layer.states.h, layer.dhTotal, run.dxs, layer.dhScaled];
        for (const tensor of tensors) tensor.fill(NaN);
        const apart = (): unknown => ({
          ...run,
          dxs: null,
          norms: null,
          layers: [
            {
              ...layer,
              states: null,
              dhTotal: null,
              dhScaled: null,
              gradients: null,
              dInitial: null,
              norms: null,
            },
          ],
        });
        const kept = structuredClone(apart());
        release(run);
        assert.deepEqual(
          tensors.map(({ length }) => length),
          [0, 0, 0, 0],
        );
        assert.deepEqual(apart(), kept);
        assert.deepEqual(finish(runResumably(e, undefined, kernels)), expected);
      }
    });

    it('hands out what was given back once, and keeps nothing that does not fit', () => {
      const [one, other] = [new Float32Array(5000).fill(1), new Float32Array(5000).fill(2)];
      giveBack(one, other);
      assert.deepEqual([one.length, other.length], [0, 0]);
      assert.deepEqual(
        [unfilled('float32', 5000), unfilled('float32', 5000), unfilled('float32', 5000)].map(([first]) => first),
        [1, 2, 0],
      );
      giveBack(new Float32Array(5000).fill(3), new Float32Array(5000).fill(4));
      assert.equal(unfilled('float64', 100)[0], 0);
      assert.equal(unfilled('float32', 5000)[0], 0);
      giveBack(new Float32Array(5000).fill(5));
      dropSpare();
      assert.equal(unfilled('float32', 5000)[0], 0);
    });

    it('does not give back a buffer that holds the results of other runs too', () => {
      const kernels = kernelsOf(variant);
      const tiny = randomExperiment({ ...plainLayer, seed: 6, B: 1, T: 20, I: 3, H: 10 });
      // Of three, two that follow each other have one buffer.
      const made = (): RunResult => finish(runResumably(tiny, undefined, kernels));
      const [one, two, three] = [made(), made(), made()];
      const states = ({ layers: [layer] }: RunResult): FloatArray => layer.states.h;
      const [first, second] = states(one).buffer === states(two).buffer ? [one, two] : [two, three];
      assert.equal(states(first).buffer, states(second).buffer);
      release(first);
      assert.equal(states(second).length, 200);
      assert.deepEqual(states(finish(runResumably(tiny, undefined, kernels))), states(second));
    });

    it('uses a buffer of several runs again once all of them have given it back, and not before', () => {
      const kernels = kernelsOf(variant);
      const tiny = (seed: number): LayerExperiment =>
        randomExperiment({ ...plainLayer, seed, B: 1, T: 50, I: 8, H: 16, upstream: 'given', initial: true });
      const expected = finish(runResumably(tiny(1), undefined, kernels));
      const kept = finish(runResumably(tiny(1), undefined, kernels));
      const given: RunResult[] = [];
      for (let seed = 2; seed < 202; seed++) {
        const run = finish(runResumably(tiny(seed), undefined, kernels));
        given.push(run);
        release(run);
        release(run);
      }
      assert.deepEqual(kept, expected);
      assert.ok(
        given.some(({ layers: [layer] }) => layer.states.h.length === 0),
        'some buffer has been used again',
      );
      for (const { layers } of given) assert.ok([0, 800].includes(layers[0].states.h.length));
      assert.deepEqual(finish(runResumably(tiny(1), undefined, kernels)), expected);
    });

    it('leaves results that no later run touches, and more of them than one buffer holds', () => {
      const kernels = kernelsOf(variant);
      const tiny = (seed: number): LayerExperiment =>
        randomExperiment({
          ...plainLayer,
          seed,
          B: 2,
          T: 30,
          I: 3,
          H: 10,
          dtype: seed % 2 === 0 ? 'float32' : 'float64',
          upstream: 'given',
          initial: true,
        });
      const pass = (seed: number): unknown => {
        const { hs, dhTotal, dxs, gradients, dh0, norms, states } = finish(fastPass(kernels, tiny(seed)))!;
        return { hs, dhTotal, dxs, gradients, dh0, norms, states };
      };
      const runs = Array.from({ length: 100 }, (_, seed) => pass(seed));
      const again = Array.from({ length: 100 }, (_, seed) => pass(99 - seed)).reverse();
      assert.deepEqual(runs, again);
      assert.notDeepEqual(runs[0], runs[2]);
    });

    it('given up halfway does not spoil the next', () => {
      const kernels = kernelsOf(variant);
      const first = finish(runResumably(small, undefined, kernels));
      const [B, T, I, H] = [16, 40, 32, 300] as const;
      const large = randomExperiment({ ...plainLayer, seed: 3, B, T, I, H });
      for (const pauses of [1, 4, 8, 12, 16]) {
        const steps = fastPass(kernels, large);
        for (let i = 0; i < pauses; i++) assert.notEqual(steps.next().done, true);
        assert.deepEqual(finish(runResumably(small, undefined, kernels)), first);
      }
    });

    it('falls back on the reference classes when the memory does not suffice', () => {
      const kernels = kernelsOf(variant);
      const layOut = kernels.layOut.bind(kernels);
      kernels.layOut = () => null;
      const without = finish(runResumably(small, undefined, kernels));
      kernels.layOut = layOut;
      assert.deepEqual(without, finish(runResumably(small)));
      assert.equal(kernels.layOut([2 ** 32]), null);
    });
  });
}
