// Stacks and directions of cells that are h = f(z) through the kernels: the numbers of plain arithmetic.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dtypes, elementwiseMemoryOf, finish, plainMemoryOf, runNetwork } from '../../../src/engine/index.js';
import type { CellName, Direction, DType, Experiment, NetworkRun } from '../../../src/engine/index.js';
import { relativeError } from '../engine/fixtures.js';
import { randomLoss, randomNetwork } from '../engine/networks.js';
import { Counted, most } from './counting.js';
import { failingBeside, kernelCells, kernelsOf, oncePer, variants } from './support.js';

const named = (run: NetworkRun): Record<string, Float32Array | Float64Array> =>
  Object.fromEntries([
    ['dxs', run.dxs],
    ['output', run.output.data],
    ['norms.dx', run.norms.dx],
    ['source of the network', run.log10SingleSource ?? new Float64Array()],
    ...run.layers.flatMap(({ result }, i) => {
      const [{ gradients, dInitial, norms, log10Norms, dhTotal, log10SingleSource }] = result.layers;
      return Object.entries({
        ...gradients,
        dh0: dInitial.h,
        dh: norms.dh,
        dhTotal,
        log10dh: log10Norms.dh,
        log10dx: result.log10Norms.dx,
        source: log10SingleSource,
      }).map(([name, values]) => [`${name} of layer ${i}`, values] as const);
    }),
  ]);

type Stack = {
  readonly cell: CellName;
  readonly directions: readonly Direction[];
  readonly dtype: DType;
  readonly truncate: number | null;
  readonly withLoss: boolean;
};
/** A network and its numbers in plain arithmetic, which every variant is held against. */
const stackOf = oncePer(({ dtype, withLoss, ...shape }: Stack) => {
  const network = randomNetwork({ seed: 3, B: 3, T: 40, I: 5, widths: [20, 9], ...shape });
  const smaller = network.layers.map((layer) => ({
    ...layer,
    parameters: { ...layer.parameters, Wh: layer.parameters.Wh.map((value) => value / 2) },
  })) as unknown as Experiment['layers'];
  const plain: Experiment = { ...network, dtype, layers: smaller };
  const e = withLoss ? { ...plain, loss: randomLoss(plain, 'mse', 'every', 5) } : plain;
  return { e, known: named(finish(runNetwork(e))) };
});

for (const variant of variants)
  describe(`a network of cells without gates with ${variant} instructions`, () => {
    for (const cell of kernelCells)
      it(`of ${cell} has the numbers of plain arithmetic`, () => {
        for (const directions of [['forward'], ['forward', 'reverse']] as const)
          for (const dtype of dtypes)
            for (const truncate of [null, 7])
              for (const withLoss of [false, true]) {
                const { e, known } = stackOf({ cell, directions, dtype, truncate, withLoss });
                const kernels = kernelsOf(variant);
                let calls = 0;
                const jobs = new Set<number>();
                const { flowRows } = kernels.exports;
                Object.assign(kernels, {
                  exports: {
                    ...kernels.exports,
                    flowRows: (...args: Parameters<typeof flowRows>) => {
                      calls++;
                      jobs.add(args[0]);
                      flowRows(...args);
                    },
                  },
                });
                const found = named(finish(runNetwork(e, undefined, kernels)));
                assert.ok(calls >= e.layers.length, `${calls} calls`);
                // The network's single source goes down with the layers' own rows; two directions have none.
                assert.equal(jobs.size, directions.length === 1 ? 2 : 1);
                for (const [name, values] of Object.entries(known)) {
                  const off = relativeError(found[name]!.map(finite), values.map(finite));
                  assert.ok(
                    off <= (dtype === 'float32' ? 1e-4 : 1e-11),
                    `${directions.length} ${dtype} ${name}: ${off}`,
                  );
                }
              }
      });
  });

/** What is not there says so alike. */
const finite = (value: number): number => (Number.isFinite(value) ? value : Number.isNaN(value) ? -1e3 : -2e3);

const [variant] = variants;
describe('a network of cells without gates', () => {
  it('is that of plain arithmetic where sequences differ in length', () => {
    const shape = { seed: 3, cell: 'tanh', B: 3, T: 30, I: 5, widths: [12, 9], lengths: [30, 4, 17] } as const;
    const e = randomNetwork({ ...shape, directions: ['forward', 'reverse'] });
    assert.deepEqual(named(finish(runNetwork(e, undefined, kernelsOf(variant)))), named(finish(runNetwork(e))));
  });

  it('has its single source from plain arithmetic where the kernels cannot say', () => {
    const shape = { seed: 3, cell: 'tanh', B: 3, T: 30, I: 5, widths: [12, 9, 7] } as const;
    const e = randomNetwork({ ...shape, directions: ['forward'] });
    const kernels = kernelsOf(variant);
    let calls = 0;
    const found = finish(
      runNetwork(
        e,
        undefined,
        failingBeside(kernels, 'flowRows', 'FlowJob', () => calls++),
      ),
    );
    assert.equal(calls, 1);
    const whole = finish(runNetwork(e, undefined, kernelsOf(variant)));
    assert.deepEqual(named({ ...found, log10SingleSource: null }), named({ ...whole, log10SingleSource: null }));
    const off = relativeError(found.log10SingleSource!, whole.log10SingleSource!);
    assert.ok(off <= 1e-11, `${off}`);
  });

  it('pauses often, and takes no more than is told', () => {
    const shape = { seed: 3, cell: 'tanh', B: 6, T: 60, I: 20, widths: [200, 200] } as const;
    const e = randomNetwork({ ...shape, directions: ['forward', 'reverse'] });
    const { experiment } = finish(runNetwork(e, undefined, kernelsOf(variant))).layers[2]!;
    const counted: Counted = new Counted(kernelsOf(variant), experiment);
    const { largest }: ReturnType<typeof counted.drive<NetworkRun>> = counted.drive(
      runNetwork(e, undefined, counted.kernels),
    );
    assert.ok(largest <= most, `${largest}`);
    assert.ok(counted.kernels.memory.buffer.byteLength <= elementwiseMemoryOf(e, counted.kernels));
    assert.ok(elementwiseMemoryOf(e, counted.kernels) <= 2 * plainMemoryOf(e));
  });
});
