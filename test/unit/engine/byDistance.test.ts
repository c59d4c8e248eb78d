// Norms of sequences of different lengths, put beside each other by how far each step is from its own sequence's end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { write } from '../../../src/engine/core/tensor.js';
import { ByDistance } from '../../../src/engine/network/scaledBackward.js';
import { presenceIn } from '../../../src/engine/network/runChunk.js';
import type { RunChunk } from '../../../src/engine/network/runChunk.js';

/** Sequences of four steps and of two. */
const chunk = {
  start: 0,
  steps: 4,
  spans: [
    { from: 0, to: 4 },
    { from: 0, to: 2 },
  ],
} as unknown as RunChunk;

describe('norms by the distance from the end', () => {
  it('are joint ones of the sequences that are there, zeros among them', () => {
    const norms = new ByDistance(4);
    norms.add(chunk, 3, Float64Array.of(Math.log10(3), NaN));
    norms.add(chunk, 2, Float64Array.of(-Infinity, NaN));
    norms.add(chunk, 1, Float64Array.of(-400, Math.log10(4)));
    norms.add(chunk, 0, Float64Array.of(-400, -Infinity));
    const [first, second, ...last] = norms.log10;
    // Their squares are added over the number of sequences: √((3² + 4²) / 2), and √((0² + 0²) / 2).
    assert.ok(Math.abs(last[1]! - Math.log10(Math.sqrt(25 / 2))) < 1e-15);
    assert.equal(last[0], -Infinity);
    assert.deepEqual([first, second], [-400, -400]);
  });

  it('are infinite where one is, and no number where one is none', () => {
    for (const value of [Infinity, NaN]) {
      const norms = new ByDistance(4);
      norms.add(chunk, 3, Float64Array.of(value, 0));
      norms.add(chunk, 1, Float64Array.of(0, 5));
      assert.equal(norms.log10[3], value);
      assert.ok(Number.isNaN(norms.log10[0]));
    }
  });
});

describe('whether a sequence is there', () => {
  it('is told of any step, whatever was asked before', () => {
    const two = { steps: 2, spans: [0, 1].map((b) => ({ from: 0, to: 2 - b })) };
    const there = presenceIn([chunk, two]);
    // The second sequence has two of the first four steps, and one of the other two.
    const asked = [0, 3, 5, 4, 1, 2, 5];
    assert.deepEqual(
      asked.map((t) => there(1, t)),
      [true, false, false, true, true, false, false],
    );
    assert.ok(asked.every((t) => there(0, t)));
  });
});

describe('numbers that are written into others', () => {
  it('are refused where they do not fit, also when they are rounded', () => {
    const target = new Float32Array(4);
    write(Float64Array.of(0.1, 0.2), target, 2);
    assert.deepEqual([...target], [0, 0, Math.fround(0.1), Math.fround(0.2)]);
    assert.throws(() => write(Float64Array.of(1, 2), target, 3), RangeError);
    assert.throws(() => write(Float32Array.of(1, 2), target, 3), RangeError);
  });
});
