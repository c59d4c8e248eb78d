// Attribution and reach of LSTM and GRU through the kernels against plain arithmetic, at random.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { attribute, finish, reachOf, runResumably } from '../../../src/engine/index.js';
import type { LayerExperiment, Workspaces } from '../../../src/engine/index.js';
import { gatedCells, plainGated, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { difference, drawnFrom, oncePer, ways } from './support.js';

const shapes = fc.record<RandomGated>({
  seed: fc.nat(),
  B: fc.integer({ min: 1, max: 5 }),
  T: fc.integer({ min: 1, max: 24 }),
  I: fc.integer({ min: 1, max: 11 }),
  H: fc.integer({ min: 1, max: 19 }),
  cell: fc.constantFrom(...gatedCells),
  dtype: fc.constantFrom('float32', 'float64'),
  upstream: fc.constantFrom('last', 'every', 'given'),
  truncate: fc.constantFrom(null, 3, 5),
  direction: fc.constantFrom('forward', 'reverse'),
  chunks: fc.constantFrom(1, 2),
  stateful: fc.boolean(),
  initial: fc.boolean(),
  ragged: fc.boolean(),
  scale: fc.constantFrom(0.3, 1, 3),
});

/** Runs in plain arithmetic with their attribution and their reach, which every way is held against. */
const withAttribution = (e: LayerExperiment) => {
  const result = finish(runResumably(e));
  const { attribution: plain, steps } = attribute(e, result);
  finish(steps);
  return { e, result, plain };
};
const attributedOf = oncePer((shape: RandomGated) => withAttribution(randomGated(shape)));
const reachedOf = oncePer((shape: RandomGated) => {
  const e = randomGated(shape);
  const result = finish(runResumably(e));
  const { reach: plain, steps } = reachOf(e, result);
  finish(steps);
  return { e, result, plain };
});

/** log10 of the attribution through kernels, and how far it is from that in plain arithmetic. */
function attributed(
  { e, result, plain }: ReturnType<typeof withAttribution>,
  workspaces: Workspaces | null,
): { readonly log10: Float64Array; readonly off: number } {
  const own = attribute(e, result, workspaces);
  finish(own.steps);
  assert.deepEqual(own.attribution.sources, plain.sources);
  const { log10 } = own.attribution;
  return { log10, off: difference(log10, plain.log10) };
}

for (const [way, workspaces] of ways.slice(1)) {
  describe(`LSTM and GRU through ${way} kernels`, () => {
    it('attribute like plain arithmetic', (t) => {
      let worst = 0;
      fc.assert(
        fc.property(shapes, (shape) => {
          worst = Math.max(worst, attributed(attributedOf(shape), workspaces).off);
        }),
        { numRuns: 100, seed: drawnFrom },
      );
      t.diagnostic(`largest difference of log10 ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-11);
    });

    it('split the gradient of every parameter and gate by distance like plain arithmetic', (t) => {
      let worst = 0;
      fc.assert(
        fc.property(shapes, (shape) => {
          const { e, result, plain } = reachedOf(shape);
          const own = reachOf(e, result, workspaces);
          finish(own.steps);
          const names = plain.blocks?.map(({ parameter, gate }) => [parameter, gate]);
          assert.deepEqual(
            own.reach.blocks?.map(({ parameter, gate }) => [parameter, gate]),
            names,
          );
          for (const [i, expected] of [plain, ...(plain.blocks ?? [])].entries()) {
            const found = i === 0 ? own.reach : own.reach.blocks?.[i - 1];
            // Where distances nearly cancel each other, each is many times their sum.
            const scale = Math.max(1, ...expected.share);
            for (const series of ['share', 'missing'] as const)
              worst = Math.max(worst, difference(found?.[series] ?? new Float64Array(), expected[series]) / scale);
          }
        }),
        { numRuns: 100, seed: drawnFrom },
      );
      t.diagnostic(`largest difference ${worst.toExponential(1)}`);
      assert.ok(worst < 1e-10);
    });

    it('take gradients back that enter below the normal range', () => {
      for (const cell of gatedCells) {
        const drawn = randomGated({ ...plainGated, cell, upstream: 'given' });
        const { T, H } = drawn.shapes;
        const enters = drawn.upstream.kind === 'given' ? drawn.upstream.dhs : assert.fail();
        // At each other step something of ordinary size.
        const dhs = enters.map((value, i) => (Math.floor(i / H) % 2 === 0 ? value * 1e-310 : value));
        const e = { ...drawn, upstream: { kind: 'given', dhs } } as const;
        const { log10, off } = attributed(withAttribution(e), workspaces);
        // A source of its own for each step.
        assert.equal(log10.length, T * T);
        assert.ok(log10.some((value) => value < -308 && value > -Infinity));
        assert.ok(off < 1e-11, `${cell}: ${off}`);
      }
    });

    it('take hundreds of steps over many blocks, past the range of a double', () => {
      for (const cell of gatedCells) {
        const long = { ...plainGated, cell, B: 2, T: 1_120, I: 3, H: 9, scale: 0.05, upstream: 'every' } as const;
        const { log10, off } = attributed(attributedOf(long), workspaces);
        assert.ok(
          log10.some((value) => value < -310 && value > -Infinity),
          'one is below the range of a double',
        );
        assert.ok(off < 1e-9, `${cell}: ${off}`);
      }
    });
  });
}
