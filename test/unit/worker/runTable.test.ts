// The table of a run has what the cell has: of a made-up cell with a parameter of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runTable } from '../../../src/worker/record/index.js';
import { asNetworkRun, finish, runResumably } from '../../../src/engine/index.js';
import type { AnyRun, LayerExperiment } from '../../../src/engine/index.js';
import { experiment, scaledIdentity, withLayer } from '../engine/build.js';
import { leakyInTheTable } from '../engine/leaky.js';

const [H, T] = [2, 3];
const plain = experiment(H, T, scaledIdentity(H, 0.5));
const tableOf = (subject: LayerExperiment, result: AnyRun): string => runTable(asNetworkRun(subject, result), null);
const titles = (subject: LayerExperiment): string[] =>
  tableOf(subject, finish(runResumably(subject)))
    .split('\n')[3]!
    .trim()
    .split(/ +/);

describe('the table of a run', () => {
  it('has the norms of the matrices', () => {
    assert.deepEqual(titles(plain), ['t', '|h|', '|g|', '|dWh|', '|dWx|', '|dx|']);
  });

  it("has those of what is a cell's own, step by step", () => {
    const subject = {
      ...withLayer(plain, {
        weights: { ...plain.layers[0].parameters, alpha: Float64Array.of(0.5, 0.5) },
        h0: Float64Array.of(1, 0),
      }),
      cell: leakyInTheTable(),
    };
    assert.deepEqual(titles(subject), ['t', '|h|', '|g|', '|dWh|', '|dWx|', '|dalpha|', '|dx|']);
    const result = finish(runResumably(subject));
    const rows = tableOf(subject, result)
      .split('\n')
      .slice(4, 4 + T)
      .map((line) => line.trim().split(/ +/));
    // g_T is ones, so that dalpha_T = tanh(z) − h_{T−1} of both units; the second is always 0.
    const { h } = result.layers[0].states;
    const before = h[H] ?? NaN;
    const expected = Math.abs(Math.tanh(0.5 * before) - before);
    assert.equal(rows[0]?.[5], expected.toPrecision(4));
  });
});
