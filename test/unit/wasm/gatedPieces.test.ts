// Gated runs with checkpoints: the same bits as those that hold everything.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ready } from '../../../src/engine/core/recomputedTrace.js';
import { isHeld } from '../../../src/engine/core/tensor.js';
import {
  attribute,
  attributeNetwork,
  dtypes,
  finish,
  gatedMemoryOf,
  gatedPieceMemoryOf,
  jacobianSeries,
  openGates,
  runExperiment,
  runNetwork,
  runResumably,
  runWithin,
  spectrumResumably,
  stateGradients,
  Workspaces,
} from '../../../src/engine/index.js';
import type { AnyNetworkRun, AnyRun, Experiment, Kernels, Resumable, Spectrum } from '../../../src/engine/index.js';
import { heatmap, stepValues, unitLines } from '../../../src/worker/answers/slices.js';
import { spread } from '../../../src/worker/answers/unitSlices.js';
import { resultJson, withGateBlocks } from '../../../src/worker/record/resultJson.js';
import { tooLarge } from '../../../src/worker/thread/memoryLimit.js';
import { mostHeld } from '../../support/flatMemory.js';
import { long, some } from '../../support/long.js';
import { randomLoss, randomNetwork } from '../engine/networks.js';
import type { NetworkShape } from '../engine/networks.js';
import { answered } from '../engine/build.js';
import { Counted, most } from './counting.js';
import { gatedCells, plainGated, randomGated } from './gatedSupport.js';
import type { RandomGated } from './gatedSupport.js';
import { everything, heavyVariants, kernelsOf, same, variants } from './support.js';

const held = (run: AnyRun): unknown => ({
  ...answered(run),
  dxs: everything(run.dxs, run.shapes),
  layers: run.layers.map((layer) => ({
    ...layer,
    states: Object.fromEntries(
      Object.entries(layer.states).map(([name, values]) => [name, everything(values, run.shapes)]),
    ),
    dhTotal: everything(layer.dhTotal, run.shapes),
    dhScaled: everything(layer.dhScaled, run.shapes),
  })),
});

const heldNetwork = ({ layers, output, dxs, lossInFull, ...run }: AnyNetworkRun): unknown => ({
  ...run,
  loss: finish(lossInFull()),
  output: { ...output, data: everything(output.data, output) },
  dxs: everything(dxs, run.experiment.shapes),
  layers: layers.map(({ result }) => held(result)),
});

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

for (const variant of heavyVariants) {
  describe(`a gated run in pieces with ${variant} instructions`, () => {
    const [kernels, others] = [kernelsOf(variant), kernelsOf(variant)];

    it('is bit for bit the run that holds everything', () => {
      fc.assert(
        fc.property(shapes, (shape) => {
          const experiment = randomGated(shape);
          const run = finish(runWithin(0, experiment, undefined, kernels));
          const [layer] = run.layers;
          assert.ok(![layer.states.h, layer.dhTotal, layer.dhScaled, run.dxs].some(isHeld));
          same(held(run), answered(finish(runResumably(experiment, undefined, others))));
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
                T: 60,
                I: 4,
                widths: [9, 5],
                directions,
                truncate: ragged ? null : 25,
                ...(ragged ? { lengths: [60, 21, 44] } : {}),
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

const [variant] = variants;
const network = (shape: Partial<NetworkShape> = {}): Experiment => ({
  ...randomNetwork({
    seed: 4,
    cell: 'lstm',
    B: 3,
    T: long ? 1200 : 300,
    I: 5,
    widths: [12, 8],
    directions: ['forward', 'reverse'],
    ...shape,
  }),
  dtype: 'float32',
});

/** Kernels, and those that have been made beside them. */
const withBeside = (): { readonly kernels: Kernels; readonly bytes: () => number } => {
  const kernels = kernelsOf(variant);
  const all = [kernels];
  const apart = kernels.apart.bind(kernels);
  kernels.apart = () => {
    const another = apart() ?? assert.fail();
    all.push(another);
    return another;
  };
  return { kernels, bytes: () => all.reduce((sum, { memory }) => sum + memory.buffer.byteLength, 0) };
};

describe('the memory of a gated run in pieces', () => {
  for (const [name, experiment] of some(
    Object.entries({
      'an LSTM in two directions': network(),
      'a GRU in one': network({ cell: 'gru', directions: ['forward'], T: long ? 2000 : 500 }),
      'ragged sequences': network({ lengths: long ? [1200, 40, 700] : [300, 10, 175] }),
      'a loss at every step': { ...network(), loss: randomLoss(network(), 'mse', 'every', 3) },
    }),
  ))
    it(`of ${name} stays within what is said before, also when all of it is asked for`, async (t) => {
      const { kernels, bytes } = withBeside();
      const told = gatedPieceMemoryOf(experiment, kernels);
      function* asked(): Resumable<void> {
        const run = yield* runExperiment(0, experiment, undefined, kernels);
        for (const { experiment: layer, result } of run.layers) {
          const [{ states, dhTotal, dhScaled }] = result.layers;
          for (const trace of [...Object.values(states), dhTotal, dhScaled, result.dxs])
            for (let at = 0; at < trace.length; at += 1e4) {
              trace.subarray(at, Math.min(trace.length, at + 1e4));
              yield 1;
            }
          // With so many steps the largest analysis takes more than the run.
          if (long) yield* attribute(layer, result, new Workspaces(kernels)).steps;
        }
      }
      const held = (await mostHeld(asked(), 1_500)) + bytes();
      t.diagnostic(`told ${(told / 1e6).toFixed(1)} MB, held ${(held / 1e6).toFixed(1)} MB`);
      assert.ok(held <= told, `${held} bytes were held, and ${told} were told`);
      assert.ok(told <= (long ? 1.5 : 3) * held, `${told} bytes were told, and ${held} were held`);
    });

  it('grows with the square root of the time', () => {
    const kernels = kernelsOf(variant);
    const of = (T: number): Experiment => {
      const one = network({ T: 10, widths: [64, 64] });
      return { ...one, shapes: { ...one.shapes, T }, chunks: [{ steps: T, xs: new Float64Array(0) }] };
    };
    const [short, long] = [of(10_000), of(1_000_000)];
    assert.ok(gatedMemoryOf(long, kernels) > 90 * gatedMemoryOf(short, kernels));
    // What is left of the growth are the inputs and series over time.
    const rest = (e: Experiment): number => {
      const { B, T, I } = e.shapes;
      return gatedPieceMemoryOf(e, kernels) - T * (B * I * 4 + 4 * 8 * (24 + 6 * 4 + B));
    };
    assert.ok(rest(long) < 20 * rest(short), `${rest(short)} and ${rest(long)} bytes`);
    assert.ok(gatedPieceMemoryOf(long, kernels) < gatedMemoryOf(long, kernels) / 10);
  });

  it('is what a run is refused for', () => {
    const kernels = kernelsOf(variant);
    const experiment = network();
    const [held, pieces] = [gatedMemoryOf(experiment, kernels), gatedPieceMemoryOf(experiment, kernels)];
    assert.ok(pieces < held);
    const problem = (whole: number, most: number): string | undefined =>
      tooLarge(experiment, kernels, { whole, most }, 'a.rnn.json')?.code;
    assert.equal(problem(held - 1, pieces), undefined);
    assert.equal(problem(held - 1, pieces - 1), 'not-enough-memory');
    assert.equal(problem(held, held / 2), 'not-enough-memory');
  });
});

describe('a gated run in pieces', () => {
  it('pauses often', (t) => {
    for (const shape of [
      { B: 8, T: 24, I: 32, H: 256 },
      { B: 1, T: 100, I: 32, H: 256, upstream: 'every' },
      { B: 60, T: 20, I: 300, H: 64, ragged: true, direction: 'reverse' },
    ] as const) {
      for (const cell of gatedCells) {
        const e = randomGated({ ...plainGated, dtype: 'float32', cell, ...shape });
        const counted: Counted = new Counted(kernelsOf(variant), e);
        function* asked(): Resumable<void> {
          const run = yield* runWithin(0, e, undefined, counted.kernels);
          const [{ states, dhTotal, dhScaled }] = run.layers;
          for (const data of [...Object.values(states), dhTotal, dhScaled])
            for (let step = 0; step < e.shapes.T; step++)
              yield* ready(step, { B: e.shapes.B, T: e.shapes.T, N: e.shapes.H, data });
        }
        const { largest, total, stretches }: ReturnType<typeof counted.drive<void>> = counted.drive(asked());
        t.diagnostic(`${cell}: ${largest.toExponential(1)} of ${total.toExponential(1)} in ${stretches.length} pauses`);
        assert.ok(largest <= most, `${cell} ${JSON.stringify(shape)}: ${largest}`);
      }
    }
  });

  it('of a network pauses often', () => {
    const e = network({ B: 6, T: 40, I: 20, widths: [96, 96] });
    const { experiment } = finish(runNetwork(e, undefined, kernelsOf(variant))).layers[2]!;
    const counted: Counted = new Counted(kernelsOf(variant), experiment);
    const { largest }: ReturnType<typeof counted.drive<AnyNetworkRun>> = counted.drive(
      runExperiment(0, e, undefined, counted.kernels),
    );
    assert.ok(largest <= most, `${largest}`);
  });

  it('answers what the page asks as the run that holds everything', () => {
    const kernels = kernelsOf(variant);
    const e = network({ T: 60, lengths: [60, 20, 45] });
    const window = { t0: 5, t1: 58 };
    const spectra = new Map<AnyRun, Spectrum>();
    const asked = (run: AnyNetworkRun): unknown => [
      ...run.layers.map(({ experiment, result }) => {
        const kept = { runId: 1, experiment, result };
        const spectrum = finish(spectrumResumably(experiment, result));
        spectra.set(result, spectrum);
        const { attribution, steps } = attribute(experiment, result);
        finish(steps);
        const jacobians = jacobianSeries(experiment, result, 0);
        finish(jacobians.steps);
        const { gradients, steps: prepared } = stateGradients(experiment, result, 0);
        finish(prepared);
        return {
          pictures: (['hs', 'dh'] as const).map((tensor) =>
            heatmap(kept, { runId: 1, tensor, order: 'index', sequence: 0, window, maxColumns: 50, maxRows: 20 }),
          ),
          lines: unitLines(kept, { runId: 1, sequence: 0, units: [0, 7], window, maxPoints: 100 }),
          step: stepValues(kept, { runId: 1, sequence: 0, t: 33 }),
          spread: spread(kept, { runId: 1, sequence: null, window, maxColumns: 40, bins: 12 }),
          opened: [0, 19, 34, 59].map((t) => openGates(experiment, result, gradients, t, 0)),
          losses: result.lossSteps,
          series: jacobians.series,
          spectrum,
          attribution,
        };
      }),
      [...resultJson(run, ({ experiment, result }) => finish(withGateBlocks(experiment, spectra.get(result)!)))].join(
        '',
      ),
    ];
    same(asked(finish(runExperiment(0, e, undefined, kernels))), asked(finish(runNetwork(e, undefined, kernels))));
    for (const own of [
      { directions: ['forward'], widths: [6, 5] },
      { directions: ['forward', 'reverse'], widths: [6, 5], lengths: [60, 20, 45] },
    ] as const) {
      const one = network({ T: 60, ...own });
      const all: Experiment = { ...one, loss: randomLoss(one, 'mse', 'every', 3) };
      const attributed = (run: AnyNetworkRun): unknown => {
        const { attribution, steps } = attributeNetwork(run, own.directions.length - 1);
        finish(steps);
        return attribution;
      };
      same(
        attributed(finish(runExperiment(0, all, undefined, kernels))),
        attributed(finish(runNetwork(all, undefined, kernels))),
      );
    }
  });
});
