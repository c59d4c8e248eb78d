// Tensors over time that are not held: numbers by their places, pieces that are made again, and turns that are taken.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish } from '../../../src/engine/index.js';
import type { Resumable } from '../../../src/engine/core/resumable.js';
import { dropSpare, giveBack } from '../../../src/engine/core/bufferPool.js';
import { scaleByPowerOfTwo } from '../../../src/engine/core/norm.js';
import { OneAtATime, PiecedTrace } from '../../../src/engine/core/recomputedTrace.js';
import { stepsOf } from '../../../src/engine/core/rowTrace.js';
import { sequenceFinite } from '../../../src/engine/core/scan.js';
import { entering } from '../../../src/engine/network/upstreamGradient.js';
import { experiment, scaledIdentity } from './build.js';

const shape = { B: 2, T: 5, N: 3 };
const whole = Float64Array.from({ length: 30 }, (_, i) => i * i);
/** Pieces of two steps, the last of one; `made` counts them. */
const made: number[] = [];
const pieced = new PiecedTrace(shape, [0, 2, 4], function* (piece) {
  made.push(piece);
  yield 0;
  const [t0, t1] = [2 * piece, Math.min(5, 2 * piece + 2)];
  const rows = [0, 1].map((b) => whole.subarray((b * 5 + t0) * 3, (b * 5 + t1) * 3));
  return Float64Array.from(rows.flatMap((row) => [...row]));
});

describe('numbers of a tensor that is not held', () => {
  it('are those of the whole, one by one and in stretches, and none beside it', () => {
    const turned = stepsOf({ ...shape, data: pieced }, 5, (t) => 4 - t).data;
    for (let i = 0; i < whole.length; i++) {
      assert.equal(pieced.at(i), whole[i]);
      const [b, t, n] = [Math.floor(i / 15), Math.floor(i / 3) % 5, i % 3];
      assert.equal(turned.at(i), whole[(b * 5 + 4 - t) * 3 + n]);
      for (let to = i; to <= whole.length; to++)
        assert.deepEqual(pieced.subarray(i, to), whole.subarray(i, to), `${i} … ${to}`);
    }
    for (const trace of [pieced, turned])
      for (const index of [-1, whole.length]) assert.equal(trace.at(index), undefined);
  });

  it('are made again only where they are not among the last that were asked for', () => {
    const before = made.length;
    pieced.at(0);
    pieced.at(7);
    pieced.at(1);
    assert.ok(made.length - before <= 2, `${made.length - before} pieces`);
  });

  it('are finite where all of them are, whether they are held or not', () => {
    const finite = (data: Float64Array | PiecedTrace): boolean => finish(sequenceFinite({ ...shape, data }));
    assert.equal(finite(whole), true);
    assert.equal(finite(pieced), true);
    const broken = new PiecedTrace(shape, [0], function* () {
      yield 0;
      return whole.map((x, i) => (i === 29 ? NaN : x));
    });
    assert.equal(finite(broken), false);
  });

  it('of ones stand at the last step, or at each', () => {
    for (const kind of ['last', 'every'] as const) {
      const two = experiment(2, 3, scaledIdentity(2, 1), { upstream: { kind }, shapes: { B: 2, T: 3, I: 1, H: 2 } });
      const { data } = entering(two, { start: 0, steps: 3 }, { ...shape, data: whole });
      const wanted = Array.from({ length: 12 }, (_, i) => (kind === 'every' || i % 6 >= 4 ? 1 : 0));
      assert.deepEqual(
        wanted.map((_, i) => data.at(i)),
        wanted,
      );
      assert.deepEqual([...data.subarray(0, 12)], wanted);
      assert.deepEqual([data.at(-1), data.at(12)], [undefined, undefined]);
    }
  });
});

describe('computations that need the same memory', () => {
  function* steps(log: string[], name: string, count: number, end: () => object): Resumable<object> {
    for (let i = 0; i < count; i++) {
      log.push(`${name}${i}`);
      yield 0;
    }
    return end();
  }

  it('run one after the other: who waits drives the one before to its end', () => {
    const [turns, log] = [new OneAtATime(), [] as string[]];
    const [a, b] = ['a', 'b'].map((name) => turns.run(() => steps(log, name, 2, () => ({ name }))));
    assert.ok(a && b);
    a.next();
    assert.deepEqual(finish(b), { name: 'b' });
    assert.deepEqual(log, ['a0', 'a1', 'b0', 'b1']);
    assert.deepEqual(finish(a), { name: 'a' });
  });

  it('fail where they were asked for, whoever drives them on', () => {
    const [turns, log] = [new OneAtATime(), [] as string[]];
    const broken = new RangeError('no memory');
    const a = turns.run(() =>
      steps(log, 'a', 1, () => {
        throw broken;
      }),
    );
    const b = turns.run(() => steps(log, 'b', 1, () => ({ name: 'b' })));
    a.next();
    assert.deepEqual(finish(b), { name: 'b' });
    assert.throws(() => finish(a), broken);
    assert.deepEqual(finish(turns.run(() => steps(log, 'c', 1, () => ({ name: 'c' })))), { name: 'c' });
  });
});

describe('memory of tensors that nobody needs any more', () => {
  const { transfer } = ArrayBuffer.prototype as { readonly transfer?: () => ArrayBuffer };

  it('is taken from them where a machine can do that, and left to them where it cannot', () => {
    const taken = new Float64Array(3);
    giveBack(taken, taken.subarray(1));
    assert.equal(taken.length, 0);
    Reflect.deleteProperty(ArrayBuffer.prototype, 'transfer');
    try {
      const left = new Float64Array(3);
      giveBack(left);
      assert.equal(left.length, 3);
    } finally {
      Object.defineProperty(ArrayBuffer.prototype, 'transfer', { value: transfer, configurable: true, writable: true });
    }
    dropSpare();
  });
});

describe('a power of two that is not known', () => {
  it('makes numbers that are not known', () => {
    const target = new Float64Array(3);
    scaleByPowerOfTwo(Float64Array.of(1, 2, 3), NaN, target, 1, 3);
    assert.deepEqual([...target], [0, NaN, NaN]);
  });
});
