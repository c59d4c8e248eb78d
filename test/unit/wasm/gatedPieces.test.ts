// Gated runs with checkpoints: the same bits as those that hold everything.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { isHeld } from '../../../src/engine/core/tensor.js';
import { dtypes, finish, runExperiment, runNetwork, runResumably, runWithin } from '../../../src/engine/index.js';
import type { AnyNetworkRun, AnyRun, Experiment, FloatArray, Trace } from '../../../src/engine/index.js';
import { randomLoss, randomNetwork } from '../engine/networks.js';
import { gatedCells, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { kernelsOf, variants } from './support.js';

/** Every number of a trace, asked for row by row. */
function everything(trace: Trace, N: number): FloatArray {
  const out =
    trace.subarray(0, 1) instanceof Float32Array ? new Float32Array(trace.length) : new Float64Array(trace.length);
  for (let at = 0; at < trace.length; at += N) out.set(trace.subarray(at, at + N), at);
  return out;
}

const held = (run: AnyRun): unknown => ({
  ...run,
  dxs: everything(run.dxs, run.shapes.I),
  layers: run.layers.map((layer) => ({
    ...layer,
    states: Object.fromEntries(
      Object.entries(layer.states).map(([name, values]) => [name, everything(values, run.shapes.H)]),
    ),
    dhTotal: everything(layer.dhTotal, run.shapes.H),
    dhScaled: everything(layer.dhScaled, run.shapes.H),
  })),
});

const heldNetwork = ({ layers, output, dxs, lossInFull, ...run }: AnyNetworkRun): unknown => ({
  ...run,
  loss: finish(lossInFull()),
  output: { ...output, data: everything(output.data, output.N) },
  dxs: everything(dxs, run.experiment.shapes.I),
  layers: layers.map(({ result }) => held(result)),
});

/** As deepEqual; what differs is told by its name alone, because a picture of all numbers takes minutes. */
function same(found: unknown, known: unknown, name = 'run'): void {
  if (isDeepStrictEqual(found, known)) return;
  const isBranch = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  if (!isBranch(found) || !isBranch(known)) return assert.fail(`${name} differs`);
  for (const key of new Set([...Object.keys(found), ...Object.keys(known)]))
    same(Reflect.get(found, key), Reflect.get(known, key), `${name}.${key}`);
}

const shapes: fc.Arbitrary<RandomGated> = fc.record({
  seed: fc.integer({ min: 1, max: 1000 }),
  B: fc.integer({ min: 1, max: 9 }),
  T: fc.integer({ min: 60, max: 260 }),
  I: fc.integer({ min: 1, max: 12 }),
  H: fc.integer({ min: 1, max: 24 }),
  cell: fc.constantFrom(...gatedCells),
  dtype: fc.constantFrom(...dtypes),
  upstream: fc.constantFrom('last', 'every', 'given'),
  truncate: fc.constantFrom(null, null, 1, 7, 50),
  direction: fc.constantFrom('forward', 'reverse'),
  chunks: fc.constantFrom(1, 2),
  stateful: fc.boolean(),
  initial: fc.boolean(),
  ragged: fc.boolean(),
  scale: fc.constantFrom(0.3, 1, 3),
});

for (const variant of variants) {
  describe(`a gated run in pieces with ${variant} instructions`, () => {
    const [kernels, others] = [kernelsOf(variant), kernelsOf(variant)];

    it('is bit for bit the run that holds everything', () => {
      fc.assert(
        fc.property(shapes, (shape) => {
          const experiment = randomGated(shape);
          const run = finish(runWithin(0, experiment, undefined, kernels));
          const [layer] = run.layers;
          assert.ok(![layer.states.h, layer.dhTotal, layer.dhScaled, run.dxs].some(isHeld));
          same(held(run), finish(runResumably(experiment, undefined, others)));
        }),
        { numRuns: 25 },
      );
    });

    it('of a network is bit for bit the run that holds everything', () => {
      for (const cell of gatedCells) {
        for (const [i, directions] of ([['forward'], ['forward', 'reverse']] as const).entries()) {
          for (const dtype of dtypes) {
            for (const ragged of [false, true]) {
              const network = randomNetwork({
                seed: 11 + i,
                cell,
                B: 3,
                T: 90,
                I: 4,
                widths: [9, 5],
                directions,
                truncate: ragged ? null : 25,
                ...(ragged ? { lengths: [90, 31, 64] } : {}),
              });
              const all: Experiment[] = [
                { ...network, dtype },
                { ...network, dtype, upstream: { kind: 'final' }, clipNorm: 0.01 },
                { ...network, dtype, upstream: { kind: 'step', t: 30 } },
                { ...network, dtype, loss: randomLoss(network, 'crossEntropy', ragged ? 'last' : 'every', 5) },
              ];
              for (const experiment of all) {
                const run = finish(runExperiment(0, experiment, undefined, kernels));
                assert.ok(run.layers.every(({ result }) => !isHeld(result.layers[0].states.h) && !isHeld(result.dxs)));
                const known = finish(runNetwork(experiment, undefined, others));
                same(heldNetwork(run), heldNetwork(known), `${cell} ${directions.length} ${dtype} ${ragged}`);
              }
            }
          }
        }
      }
    });
  });
}
