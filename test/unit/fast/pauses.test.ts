// How much the analyses compute between two pauses: the thread answers messages, and a cancelled run stops, within that.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attribute, jacobianSeries, reachOf, runSteps, finish, spectrumSteps, Workspaces } from '../../../src/engine/index.js';
import type { Experiment, Kernels, Steps } from '../../../src/engine/index.js';
import { experiment, filled, randomNumbers } from '../engine/build.js';
import { kernelsOf, variants } from './support.js';

/** Multiplications: about eight milliseconds on one slow core, less than half of what a cancelled run may take. */
const most = 6e7;

/** Kernels that count what they are asked to multiply, those made from them too. */
function counting(kernels: Kernels, add: (multiplications: number) => void): Kernels {
  const own = kernels.exports;
  const exports: typeof own = {
    ...own,
    multiplyRows: (...args) => { add(args[2] * args[4] * args[7]); own.multiplyRows(...args); },
    triangularProduct: (...args) => { add(((args[5] - args[4]) * args[2] ** 2) / 2); own.triangularProduct(...args); },
    orthogonaliseRows: (...args) => { add(4 * (args[4] - args[3]) * args[4] * args[2]); own.orthogonaliseRows(...args); },
    lanczosStep: (...args) => { add(args[3] * args[4] ** 2); own.lanczosStep(...args); },
    jacobiSweep: (...args) => { add(5 * (args[6] - args[5]) * (args[2] - args[5]) * (args[1] / 8)); return own.jacobiSweep(...args); },
    throughWeights: (...args) => { add(args[3] * args[2] ** 2); own.throughWeights(...args); },
    addOuter: (...args) => { add(args[5] * args[4] ** 2); own.addOuter(...args); },
  };
  const apart = kernels.apart.bind(kernels);
  return Object.assign(kernels, { exports, apart: () => counting(apart() ?? assert.fail(), add) });
}

describe('between two pauses', () => {
  for (const [B, T, I, H] of [[8, 100, 16, 64], [16, 12, 64, 256], [1, 5, 64, 512], [64, 6, 8, 128], [1, 400, 8, 128], [1, 3, 8, 640]] as const) {
    it(`B ${B}, T ${T}, H ${H}: no analysis computes more than ${most.toExponential()} products`, (t) => {
      const next = randomNumbers(4);
      const scaled = (length: number, scale: number): Float64Array => filled(length, next).map((value) => value * scale);
      const weights = { Wx: scaled(I * H, Math.sqrt(3 / I)), Wh: scaled(H * H, Math.sqrt(3 / H)), b: scaled(H, 0.1) };
      const e: Experiment = experiment(H, T, weights.Wh, { shapes: { B, T, I, H }, weights, chunks: [{ steps: T, xs: filled(B * T * I, next) }], upstream: { kind: 'every' } });
      const result = finish(runSteps(e, undefined, kernelsOf(variants[0]!)));
      let work = 0;
      const workspaces = new Workspaces(counting(kernelsOf(variants[0]!), (multiplications) => { work += multiplications; }));
      const analyses: readonly (readonly [string, Steps<unknown>])[] = [
        ['spectrum', spectrumSteps(e, result, workspaces)], ['singular values', jacobianSeries(e, result, 0, workspaces).steps],
        ['attribution', attribute(e, result, workspaces).steps], ['reach', reachOf(e, result, workspaces).steps],
      ];
      for (const [name, steps] of analyses) {
        let [largest, total, done] = [0, 0, false];
        while (!done) {
          work = 0;
          // Half a spectrum is enough to have seen all of its parts at a size that takes seconds.
          done = steps.next().done === true || (H > 256 && total > 4e9);
          largest = Math.max(largest, work);
          total += work;
        }
        t.diagnostic(`${name}: ${largest.toExponential(1)} of ${total.toExponential(1)}`);
        assert.ok(total > 0 && largest <= most, `${name}: ${largest}`);
      }
    });
  }
});
