// Parameters that are a cell's own, read by the names and shapes of its table: of a made-up cell with one more, alpha.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellOf } from '../../../src/engine/index.js';
import { readDocument } from '../../../src/config/formats/index.js';
import { Value } from '../../../src/config/json/jsonValue.js';
import { weightNames } from '../../../src/config/layouts/weightNames.js';
import { Report } from '../../../src/config/problems/problemReport.js';
import { readOwnParameters } from '../../../src/config/read/ownParameters.js';
import { leakyInTheTable } from '../engine/leaky.js';
import { readConfigText } from './memory.js';

leakyInTheTable();
const quiet = (): void => undefined;

const matrices = {
  Wx: [[1, 2]],
  Wh: [
    [0.5, 0],
    [0, 0.5],
  ],
  b: [0.1, 0.2],
};
const text = (weights: object): string =>
  JSON.stringify({ cell: 'leaky', dtype: 'float64', weights, sequences: [[1], [2], [3]] });

describe('a parameter that no layout names', () => {
  for (const [title, weights] of Object.entries<object>({
    'as a plain list': { ...matrices, alpha: [0.25, 0.75] },
    'as one row': { ...matrices, alpha: [[0.25, 0.75]] },
    'behind the prefix of its matrices': {
      rnn: { ...matrices, alpha: [0.25, 0.75] },
      other: { alpha: [1, 2, 3] },
    },
    'beside the names of Keras': {
      kernel: matrices.Wx,
      recurrent_kernel: matrices.Wh,
      bias: matrices.b,
      alpha: [0.25, 0.75],
    },
  })) {
    it(`is read ${title}`, async () => {
      const { experiment, problems } = await readConfigText(text(weights));
      assert.deepEqual(problems, []);
      const { parameters } = experiment?.layers[0] ?? assert.fail();
      assert.deepEqual(Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, [...values]])), {
        Wx: [1, 2],
        Wh: [0.5, 0, 0, 0.5],
        b: [0.1, 0.2],
        alpha: [0.25, 0.75],
      });
    });
  }

  it('of two rows has two lists', () => {
    const parameters = [
      ...cellOf('tanh').parameters,
      { name: 'P', role: 'other', shape: () => [2, 3] as const },
    ] as const;
    const read = (rows: unknown): { readonly numbers: readonly number[] | null; readonly told: string } => {
      const root = Value.root(
        readDocument('', new TextEncoder().encode(JSON.stringify({ ...matrices, P: rows })), quiet),
      );
      assert.ok(root !== null);
      const report = new Report();
      const { named } = weightNames(root);
      const cell = { ...cellOf('tanh'), parameters };
      const found = readOwnParameters(root, named, cell, { I: 1, H: 3 }, 'float64', report);
      const [problem] = report.sorted(['']);
      return { numbers: found === null ? null : [...(found.get('P')?.data ?? [])], told: problem?.advice ?? '' };
    };
    assert.deepEqual(
      read([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      { numbers: [1, 2, 3, 4, 5, 6], told: '' },
    );
    assert.deepEqual(read([1, 2, 3]), { numbers: null, told: 'Write P as 2 lists of 3 numbers.' });
  });

  it('is left alone where the cell has none', async () => {
    const config = text({ ...matrices, alpha: [1, 2, 3] }).replace('"leaky"', '"tanh"');
    const { experiment, problems } = await readConfigText(config);
    assert.deepEqual(problems, []);
    assert.deepEqual(Object.keys(experiment?.layers[0].parameters ?? {}), ['Wx', 'Wh', 'b']);
  });

  const fault = async (weights: object): Promise<(string | undefined)[]> => {
    const { experiment, problems } = await readConfigText(text(weights));
    assert.equal(experiment, null);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    return [problems[0]?.code, problems[0]?.path, problems[0]?.expected, problems[0]?.found];
  };

  it('is told where it is missing', async () => {
    assert.deepEqual(await fault(matrices), [
      'missing-key',
      'weights',
      '"alpha" [1, 2]',
      'an object with "Wx", "Wh", "b"',
    ]);
  });

  it('is told under the name that it nearly has', async () => {
    const { problems } = await readConfigText(text({ ...matrices, alhpa: [0.25, 0.75] }));
    assert.deepEqual(
      problems.map(({ path, advice }) => [path, advice]),
      [['weights.alhpa', 'Did you mean "alpha" by "alhpa"? Names are matched exactly.']],
    );
    assert.ok(problems[0]?.fix !== undefined);
  });

  it('is told where it has another shape', async () => {
    const [code, path, expected, found] = await fault({ ...matrices, alpha: [0.1, 0.2, 0.3] });
    assert.deepEqual([code, path, expected], ['wrong-dimension', 'weights.alpha', '[1, 2]']);
    assert.equal(found, 'a list of shape [3]');
  });

  it('is told where it is no list of numbers', async () => {
    assert.equal((await fault({ ...matrices, alpha: 0.5 }))[0], 'wrong-type');
    assert.equal((await fault({ ...matrices, alpha: [0.5, 'x'] }))[1], 'weights.alpha[1]');
  });
});
