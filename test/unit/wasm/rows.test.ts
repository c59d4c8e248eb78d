// Rows made orthonormal, and singular values of graded rows, by the kernels alone: sizes around the blocks in which
// they work, rows that depend on each other, and rows hundreds of decades apart.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish } from '../../../src/engine/index.js';
import type { Kernels } from '../../../src/engine/index.js';
import { graded, log2SingularValues } from '../../../src/engine/linalg/gradedSvd.js';
import { sharedNumbers } from '../../../src/engine/wasm/abi.js';
import { GradedValues } from '../../../src/engine/wasm/gradedValues.js';
import { JacobianChain } from '../../../src/engine/wasm/jacobianChain.js';
import { columnAt, layOut, numbersAt, packedBytes, panelsOf } from '../../../src/engine/wasm/packedMatrix.js';
import { randomNumbers } from '../engine/build.js';
import { kernelsOf, variants } from './support.js';

const together = sharedNumbers.TOGETHER;
const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, value, j) => sum + value * (y[j] ?? NaN), 0);

/** L [height,height] and Q [height,H] of V = L·Q. */
function factors(kernels: Kernels, V: readonly Float64Array[], H: number, rank: number) {
  const height = V.length;
  const { chainScratch: scratch } = JacobianChain.sizes(H);
  const packed = packedBytes(height, H);
  const at = layOut(kernels, { v: packed, l: packed, ratios: 8 * H, scratch }) ?? assert.fail();
  const [v, l] = [numbersAt(kernels, at.v, packed / 8), numbersAt(kernels, at.l, packed / 8)];
  const place = (i: number, j: number): number => 8 * i + columnAt(j, height * sharedNumbers.ROW);
  v.fill(0);
  // Nothing may be read before it is written.
  numbersAt(kernels, at.scratch, scratch / 8).fill(NaN);
  l.fill(NaN);
  for (const [i, row] of V.entries()) for (const [j, value] of row.entries()) v[place(i, j)] = value;
  const { exports } = kernels;
  for (let i = 0; i < height; i += together) {
    const count = Math.min(together, height - i);
    const project = (dots: number): void => {
      if (i === 0) return;
      exports.projectDots(at.v, H, height, i, count, 0, i, dots);
      exports.projectPanels(at.v, height, i, count, 0, panelsOf(H), dots);
    };
    exports.rowLengths(at.v, H, height, i, count, at.scratch);
    project(at.scratch);
    const again = exports.rowsAmong(at.v, H, height, i, count, rank, at.scratch);
    if (again === 1) project(exports.secondRound(H, at.scratch));
    exports.rowsEnd(at.v, at.l, H, height, i, count, again, at.ratios, at.scratch);
  }
  const read = (from: Float64Array, columns: number): Float64Array[] =>
    V.map((_, i) => Float64Array.from({ length: columns }, (__, j) => from[place(i, j)] ?? NaN));
  return { L: read(l, height), Q: read(v, H) };
}

const kinds: Readonly<Record<string, (V: Float64Array[]) => void>> = {
  'of any direction': () => undefined,
  'that all but coincide': ([first, ...others]) => {
    for (const row of others) for (const [j, value] of row.entries()) row[j] = (first?.[j] ?? NaN) + 1e-5 * value;
  },
  'of which some are the same': (V) => {
    for (const [i, row] of V.entries()) if (i % 3 === 1) row.set(V[i - 1] ?? []);
  },
  'of unlike sizes': (V) => {
    for (const [i, row] of V.entries()) for (const [j, value] of row.entries()) row[j] = value * 10 ** -(i % 9);
  },
};

for (const variant of variants) {
  const kernels = kernelsOf(variant);
  const next = randomNumbers(11);
  const some = (rows: number, H: number): Float64Array[] =>
    Array.from({ length: rows }, () => Float64Array.from({ length: H }, next));

  describe(`rows made orthonormal, ${variant}`, () => {
    for (const [kind, change] of Object.entries(kinds)) {
      it(kind, () => {
        for (const H of [1, 2, 7, 8, 9, 23, 24, 25, 47, 48, 49, 73, 97]) {
          for (const rows of new Set([H, Math.ceil(H / 2)])) {
            const V = some(rows, H);
            change(V);
            const { L, Q } = factors(kernels, V, H, kind.includes('same') ? 4 * H * Number.EPSILON : 0);
            for (const [i, own] of V.entries()) {
              const lost = L[i]?.[i] === 0;
              for (const [k, other] of Q.slice(0, i + 1).entries()) {
                const found = dot(Q[i] ?? assert.fail(), other);
                assert.ok(Math.abs(found - Number(i === k && !lost)) < 1e-13, `H ${H}, ${rows} rows: ${i}·${k}`);
              }
              assert.ok(L[i]?.every((value, k) => k <= i || value === 0));
              const size = Math.hypot(...own);
              for (const [j, value] of own.entries()) {
                const made = Q.reduce((sum, q, k) => sum + (L[i]?.[k] ?? NaN) * (q[j] ?? NaN), 0);
                assert.ok(Math.abs(made - value) <= 1e-13 * size, `H ${H}, ${rows} rows: V ${i},${j}`);
              }
            }
          }
        }
      });
    }
  });

  describe(`singular values of graded rows, ${variant}`, () => {
    for (const [kind, change] of Object.entries(kinds)) {
      it(`are those of plain arithmetic for rows ${kind}`, () => {
        for (const H of [2, 3, 8, 17, 33, 64, 66, 130]) {
          const rows = some(H, H);
          change(rows);
          // Rows that depend on each other have nothing of their own beside the others.
          const depend = kind.includes('coincide') || kind.includes('same');
          const log2 = Float64Array.from({ length: H }, () => (depend ? 0 : Math.round(600 * next())));
          const values = new GradedValues(kernels, H, layOut(kernels, GradedValues.sizes(H)) ?? assert.fail());
          const found = finish(values.log2(graded(rows, log2)));
          const expected = finish(log2SingularValues(graded(rows, log2)));
          for (const [i, value] of expected.entries()) {
            if (depend && value < (expected[0] ?? NaN) - 40) assert.ok((found[i] ?? NaN) < (expected[0] ?? NaN) - 38);
            else assert.ok(Math.abs((found[i] ?? NaN) - value) < (depend ? 1e-5 : 1e-9), `H ${H}: value ${i}`);
          }
        }
      });
    }
  });
}
