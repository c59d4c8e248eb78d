// Whole runs of gated layers through the kernels: how much lies between two pauses, on how many threads, what memory
// they take, and what they say where a dtype has nothing left.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  dtypes,
  finish,
  gatedMemoryOf,
  plainMemoryOf,
  runChunks,
  runNetwork,
  runResumably,
} from '../../../src/engine/index.js';
import type { ByParameter, LayerExperiment, NetworkRun, RunResult } from '../../../src/engine/index.js';
import { mapParameters } from '../../../src/engine/cells/cell.js';
import { analyse, plainRange } from '../../../src/engine/network/scaledBackward.js';
import { knownRange } from '../../../src/engine/run/knownRange.js';
import { referencePass } from '../../../src/engine/network/referencePass.js';
import { trialPlace, trialSource } from '../../../src/engine/network/trial.js';
import { gatedAnalyse, gatedNetworkSource, gatedTrialSource } from '../../../src/engine/wasm/gatedScaledBackward.js';
import { gatedPass, gatedPlainRange } from '../../../src/engine/wasm/gatedPass.js';
import { relativeError } from '../engine/fixtures.js';
import { randomNetwork } from '../engine/networks.js';
import { answered } from '../engine/build.js';
import { Counted, most } from './counting.js';
import { gatedCells, plainGated, randomGated } from './gatedSupport.js';
import { some } from '../../support/long.js';
import { bytesIn, failingBeside, kernelsOf, variants } from './support.js';

/** The same with other parameters. */
const withParameters = (
  e: LayerExperiment,
  of: (values: Float64Array, name: string) => Float64Array,
): LayerExperiment => {
  const parameters: ByParameter<Float64Array> = mapParameters(e.layers[0].parameters, of);
  return { ...e, layers: [{ ...e.layers[0], parameters }] };
};

/** A layer whose recurrent weights let the gradient fade, by about so much at each step. */
const fading = (e: LayerExperiment, factor: number): LayerExperiment =>
  withParameters(e, (values, name) =>
    name === 'Wh'
      ? values.map((value) => factor * value)
      : name === 'b'
        ? // The gate that keeps the state is shut as far.
          values.map((value, i) => (Math.floor(i / e.shapes.H) === 1 ? Math.log(factor) : value))
        : values,
  );

const [variant] = variants;
describe('a gated run', () => {
  for (const [B, T, I, H] of [
    [16, 12, 64, 256],
    [8, 6, 32, 512],
    [100, 2, 64, 600],
    [1, 100, 32, 256],
    [300, 3, 200, 64],
  ] as const) {
    for (const dtype of some(dtypes)) {
      it(`of B ${B}, T ${T}, I ${I}, H ${H}, ${dtype} pauses often, on any number of threads`, (t) => {
        for (const cell of gatedCells) {
          const e = randomGated({ ...plainGated, B, T, I, H, dtype, cell, upstream: 'given' });
          let first: RunResult | null = null;
          for (const threads of [1, 2, 4]) {
            const counted: Counted = new Counted(kernelsOf(variant, threads > 1), e, threads);
            const { stretches, largest, total, result }: ReturnType<typeof counted.drive<RunResult>> = counted.drive(
              runResumably(e, undefined, counted.kernels),
            );
            t.diagnostic(
              `${cell}, ${threads}: ${largest.toExponential(1)} of ${total.toExponential(1)} in ` +
                `${stretches.length} pauses`,
            );
            assert.ok(total > (3 * B * T * 3 * H * (H + I)) / threads, `${total} products were counted`);
            assert.ok(largest <= most, `${cell} on ${threads} threads: ${largest}`);
            first ??= result;
            assert.deepEqual(answered(result!), answered(first!), `${cell} on ${threads} threads`);
          }
        }
      });
    }
  }

  it('says where plain arithmetic has nothing left, or too much, as the reference does', () => {
    const kernels = kernelsOf(variant);
    let [zeros, infinities, told] = [0, 0, 0];
    for (const cell of gatedCells) {
      for (const [dtype, factor, T] of [
        ['float32', 0.05, 60],
        ['float32', 1e-3, 30],
        ['float64', 1e-6, 60],
        ['float32', 1e12, 40],
      ] as const) {
        const random = randomGated({ ...plainGated, cell, dtype, T, H: 24, initial: false, scale: 0.5 });
        // From zeros, which stay zeros, large weights are no saturation.
        const e =
          factor > 1
            ? withParameters(random, (values, name) => values.map((value) => (name === 'Wh' ? factor * value : 0)))
            : fading(random, factor);
        const [chunk] = finish(referencePass(e)).chunks;
        const [found, known] = [finish(gatedPlainRange(kernels, e, chunk!)), finish(plainRange(e, chunk!))];
        if (known.zeroAt !== null) zeros++;
        if (known.infiniteAt !== null) infinities++;
        assert.deepEqual(found, known, `${cell} ${dtype} ${factor}`);
        const last: LayerExperiment = { ...e, upstream: { kind: 'last' }, truncate: null, loss: null };
        const seen = finish(knownRange(last, finish(gatedPass(kernels, last))!));
        if (seen !== null) told++;
        assert.deepEqual(seen ?? known, known, `${cell} ${dtype} ${factor}, as the pass has seen it`);
      }
    }
    assert.ok(told >= 6, `the pass has seen ${told} of the ends`);
    assert.ok(zeros >= 4 && infinities >= 2, `${zeros} runs came to zeros, ${infinities} to infinity`);
  });

  it('goes no further back than the source is there, unless rounding keeps it', () => {
    for (const cell of gatedCells) {
      const random = randomGated({
        ...plainGated,
        cell,
        dtype: 'float32',
        T: 200,
        H: 24,
        initial: false,
        scale: 0.5,
      });
      const e = fading(random, 0.05);
      const { chunks } = finish(referencePass(e));
      const { single } = finish(analyse(e, chunks));
      const known = finish(plainRange(e, chunks[0]!));
      assert.ok(known.zeroAt !== null && known.zeroAt > 100, `${known.zeroAt}`);
      const kernels = kernelsOf(variant);
      let forward = 0;
      const own = kernels.exports;
      Object.assign(kernels, {
        exports: {
          ...own,
          gatedForward32: (...args: Parameters<typeof own.gatedForward32>) => {
            forward += args[2] - args[1];
            own.gatedForward32(...args);
          },
        },
      });
      assert.deepEqual(finish(gatedPlainRange(kernels, e, chunks[0]!, single.log10)), known, cell);
      assert.ok(forward >= 200 - known.zeroAt && forward < 100, `${forward} steps forward`);
      forward = 0;
      // Told that it is gone after a few steps, where it is not.
      const early = single.log10.map((value, t) => (t < 190 ? -100 : value));
      assert.deepEqual(finish(gatedPlainRange(kernels, e, chunks[0]!, early)), known, cell);
      assert.ok(forward > 200, `${forward} steps forward`);
    }
  });

  it('has the norms of the reference where numbers are below the normal range', (t) => {
    const kernels = kernelsOf(variant);
    for (const cell of gatedCells) {
      for (const [dtype, factor, T] of [
        ['float32', 0.1, 80],
        ['float64', 1e-3, 140],
      ] as const) {
        const e = fading(randomGated({ ...plainGated, cell, dtype, T, H: 40, initial: false }), factor);
        const [actual, expected] = [finish(gatedPass(kernels, e))!, finish(referencePass(e))];
        const [smallest, last] = dtype === 'float32' ? [2 ** -126, 2 ** -149] : [2 ** -1022, 2 ** -1074];
        let below = 0;
        for (const [i, value] of expected.norms.dh.entries()) {
          if (value > 0 && value < smallest) below++;
          // A sum of so many products is a few of the smallest numbers off.
          assert.ok(
            Math.abs(actual.norms.dh[i]! - value) <= Math.max(1e-5 * value, 40 * last * Math.sqrt(4 * 40)),
            `${cell} ${dtype} step ${i}: ${actual.norms.dh[i]} instead of ${value}`,
          );
        }
        t.diagnostic(`${cell} ${dtype}: ${below} steps below the normal range`);
        assert.ok(below > 3);
        for (const [name, values] of Object.entries(expected.gradients))
          assert.ok(relativeError(actual.gradients[name]!, values) <= (dtype === 'float32' ? 1e-5 : 1e-12), name);
      }
    }
  });

  it('leaves what its kernels cannot say to plain arithmetic', () => {
    const kernels = kernelsOf(variant);
    const e = randomGated(plainGated);
    // Pre-activations whose slopes no float64 holds, and weights near the ends of its range.
    const far = withParameters(e, (values, name) => (name === 'b' ? values.map(() => 400) : values));
    const huge = withParameters(e, (values, name) => (name === 'Wh' ? values.map(() => 1e200) : values));
    for (const own of [far, huge]) {
      const { chunks } = finish(referencePass(own));
      assert.equal(finish(gatedAnalyse(kernels, own, chunks)), null);
    }
    const [found, known] = [finish(runResumably(far, undefined, kernels)), finish(runResumably(far))];
    assert.deepEqual(found.log10Norms, known.log10Norms);
    assert.equal(found.verdict.kind, known.verdict.kind);
    // Others, in which nothing has been laid out yet.
    const refusing = kernelsOf(variant);
    refusing.layOut = () => null;
    const [left, plain] = [finish(runResumably(e, undefined, refusing)), finish(runResumably(e))];
    assert.deepEqual(answered(left), answered(plain));
  });

  it('tries other parameters as the reference does', () => {
    const kernels = kernelsOf(variant);
    for (const cell of gatedCells) {
      const e = randomGated({ ...plainGated, cell, T: 40, ragged: true, dtype: 'float32' });
      const { chunks } = finish(referencePass(e));
      const place = finish(trialPlace(e, chunks.at(-1)!, 1e9, 16)) ?? assert.fail();
      const other = withParameters(e, (values, name) => (name === 'b' ? values.map((value) => value + 1) : values));
      const { parameters } = other.layers[0];
      const [found, known] = [
        finish(gatedTrialSource(kernels, place, parameters)) ?? assert.fail(),
        finish(trialSource(place, parameters)),
      ];
      assert.equal(found.length, known.length);
      // The states are those of a float32 run, to its rounding.
      for (const [t, value] of known.entries()) assert.ok(Math.abs(found[t]! - value) < 1e-4, `${cell} step ${t}`);
    }
  });

  it('of sequences that differ in length is that of plain arithmetic', () => {
    const kernels = kernelsOf(variant);
    for (const cell of gatedCells) {
      for (const direction of ['forward', 'reverse'] as const) {
        for (const factor of [1, 1e-3]) {
          const e = fading(
            randomGated({ ...plainGated, cell, direction, B: 5, T: 40, dtype: 'float32', ragged: true }),
            factor,
          );
          const [found, known] = [finish(runResumably(e, undefined, kernels)), finish(runResumably(e))];
          for (const [what, some, other] of [
            ['hNorm', found.layers[0].hNorm, known.layers[0].hNorm],
            ['dxs', found.dxs, known.dxs],
            ['single source', found.layers[0].log10SingleSource, known.layers[0].log10SingleSource],
          ] as const)
            assert.ok(relativeError(some, other) <= 1e-5, `${cell} ${direction} ${what}`);
          for (const verdict of ['verdict', 'positionVerdict'] as const)
            for (const field of ['kind', 'source', 'zeroAt', 'infiniteAt'] as const)
              assert.equal(found[verdict][field], known[verdict][field], `${cell} ${direction} ${field}`);
        }
      }
    }
  });

  it('takes no more memory than was told before', () => {
    for (const cell of gatedCells) {
      for (const [B, T, I, H] of [
        [5, 400, 6, 40],
        [1, 2000, 1, 1],
        [3, 100, 90, 20],
      ] as const) {
        for (const dtype of dtypes) {
          const e = randomGated({ ...plainGated, cell, dtype, B, T, I, H, upstream: 'given' });
          const kernels = kernelsOf(variant);
          const run = finish(runResumably(e, undefined, kernels));
          const taken = bytesIn([run, runChunks(e, run)], e) + kernels.memory.buffer.byteLength;
          const told = Math.max(plainMemoryOf(e), gatedMemoryOf(e, kernels));
          assert.ok(taken <= told, `${cell} ${dtype} ${B} ${T} ${I} ${H}: ${taken} of ${told}`);
        }
      }
    }
  });

  it('of a network has the single source of the reference, over layers of any width, chunks and lengths', () => {
    const kernels = kernelsOf(variant);
    for (const cell of gatedCells) {
      for (const [widths, truncate] of [
        [[24, 16], null],
        [[9, 17, 8], 5],
      ] as const) {
        const shape = { seed: 7, cell, B: 3, T: 40, I: 5, widths, directions: ['forward'] as const, truncate };
        const whole = randomNetwork(shape);
        const { xs } = whole.chunks[0]!;
        const part = (from: number, to: number): Float64Array =>
          Float64Array.from({ length: 3 * (to - from) * 5 }, (_, i) => {
            const [b, rest] = [Math.floor(i / ((to - from) * 5)), i % ((to - from) * 5)];
            return xs[(b * 40 + from) * 5 + rest]!;
          });
        const inChunks = {
          ...whole,
          stateful: true,
          chunks: [
            { steps: 15, xs: part(0, 15) },
            { steps: 25, xs: part(15, 40) },
          ],
        };
        const ragged = randomNetwork({ ...shape, lengths: [40, 13, 25] });
        for (const e of [whole, inChunks, ragged]) {
          const [found, known] = [finish(runNetwork(e, undefined, kernels)), finish(runNetwork(e))];
          for (const [t, value] of known.log10SingleSource!.entries())
            assert.ok(
              Object.is(value, found.log10SingleSource![t]) || Math.abs(value - found.log10SingleSource![t]!) < 1e-9,
              `${cell} step ${t}: ${found.log10SingleSource![t]} instead of ${value}`,
            );
          assert.equal(found.verdict.kind, known.verdict.kind);
          assert.ok(relativeError(found.dxs, known.dxs) < 1e-11);
          // It has gone down with the layers' own ways back, and by itself it is the same.
          const layers = found.layers.map(({ experiment, result }) => ({
            experiment,
            chunks: runChunks(experiment, result),
          }));
          assert.deepEqual(found.log10SingleSource, finish(gatedNetworkSource(kernels, layers, 40))?.log10);
          let calls = 0;
          const other: NetworkRun = finish(
            runNetwork(
              e,
              undefined,
              failingBeside(kernelsOf(variant), 'gatedFlowRows', 'GatedFlowJob', () => calls++),
            ),
          );
          assert.equal(calls, 1);
          assert.deepEqual(other.log10SingleSource, found.log10SingleSource);
          assert.deepEqual(other.dxs, found.dxs);
        }
      }
    }
  });

  it('of a network takes no more than was told, and leaves memory as it was after the first', () => {
    const kernels = kernelsOf(variant);
    for (const cell of gatedCells)
      for (const directions of [['forward', 'reverse'], ['forward']] as const) {
        const e = randomNetwork({ seed: 4, cell, B: 3, T: 60, I: 5, widths: [24, 16], directions });
        const run = finish(runNetwork(e, undefined, kernels));
        const bytes = kernels.memory.buffer.byteLength;
        assert.ok(bytesIn([run], e) + bytes <= gatedMemoryOf(e, kernels));
        for (let i = 0; i < 3; i++) finish(runNetwork(e, undefined, kernels));
        assert.equal(kernels.memory.buffer.byteLength, bytes);
      }
  });
});
