// Which errors say that there is no memory: as V8 throws them here, not as we write them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOutOfMemory } from '../../../src/engine/index.js';
import { write } from '../../../src/engine/core/tensor.js';

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

const deep = (n: number): number => 1 + deep(n + 1);

describe('an error that is told as a lack of memory', () => {
  it('is that of arrays and memories that are too large', () => {
    for (const work of [
      () => new Float64Array(2 ** 45),
      () => new ArrayBuffer(2 ** 45),
      () => new WebAssembly.Memory({ initial: 1, maximum: 2 }).grow(5),
    ])
      assert.ok(isOutOfMemory(thrown(work)), String(thrown(work)));
  });

  it('is none of those that a fault of ours throws', () => {
    for (const work of [
      () => new Float64Array(2).set([1, 2, 3]),
      () => write(Float64Array.of(1, 2), new Float32Array(1), 0),
      () => new Float64Array(new ArrayBuffer(8), 16),
      () => deep(0),
      () => new Float64Array(new ArrayBuffer(16), 3),
      () => new Float64Array(new ArrayBuffer(9)),
      () => new Float64Array(-1),
      () => (1).toFixed(200),
      () => (null as unknown as Float64Array).length,
    ])
      assert.ok(!isOutOfMemory(thrown(work)), String(thrown(work)));
  });
});
