// What lenses and the status bar say of a run.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Session } from '../../../src/editor/following/session.js';
import { tripLine, verdictLine, verdictWords } from '../../../src/editor/status/verdictLabels.js';
import { finish, runExperiment } from '../../../src/engine/index.js';
import type { Experiment } from '../../../src/engine/index.js';
import { summariseNetwork } from '../../../src/worker/answers/summary.js';
import { randomNetwork } from '../engine/networks.js';

/** Layers of one unit without an activation that multiply the gradient at each step, by a half. */
function halving(T: number, lengths: readonly number[] | null, layers = 1, factor = 0.5): Session {
  const shape = { seed: 1, cell: 'identity', B: 2, T, I: 1, directions: ['forward'] } as const;
  const e = randomNetwork({
    ...shape,
    widths: new Array<number>(layers).fill(1),
    ...(lengths === null ? {} : { lengths }),
  });
  const parameters = { Wx: Float64Array.of(1), Wh: Float64Array.of(factor), b: Float64Array.of(0) };
  const experiment = { ...e, layers: e.layers.map((layer) => ({ ...layer, parameters })) } as unknown as Experiment;
  const run = finish(runExperiment(Infinity, experiment));
  return { summary: summariseNetwork(1, run, 0, 0), stale: null } as unknown as Session;
}

const told = (session: Session): unknown => [verdictLine(verdictWords(session)!), tripLine(session)];

describe('the verdict in a line, and what is left of the gradient', () => {
  it('have the rate of one layer, also where its sequences have different lengths', () => {
    // 2^-11 of it.
    const wanted = ['$(arrow-down) vanishing, ×0.500 per step back', '$(history) ×4.9e-4 from t = 11 back to t = 0'];
    for (const lengths of [null, [12, 4], [7, 12]]) assert.deepEqual(told(halving(12, lengths)), wanted);
  });

  it('have a rate that is not 1 where the gradient changes', () => {
    for (const [factor, rate] of [
      [0.9998, '×0.9998'],
      [1.0002, '×1.0002'],
      [0.996, '×0.996'],
      [1, '×1.00'],
      [1.5, '×1.50'],
      [0.0123, '×0.0123'],
    ] as const)
      assert.equal(verdictWords(halving(12, null, 1, factor))?.factor, rate);
  });

  it('have no one rate of several layers', () => {
    const [line, trip] = told(halving(12, null, 2)) as [string, string | null];
    assert.doesNotMatch(line, /per step back/);
    assert.equal(trip, null);
  });
});
