// Memory that the machine refuses to the kernels at any place of a run: the run takes another way to the same numbers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, preActivations, runExperiment, Workspaces } from '../../../src/engine/index.js';
import type { AnyNetworkRun, Experiment } from '../../../src/engine/index.js';
import { growingSpectrum } from '../../../src/engine/run/spectrum.js';
import type { Kernels } from '../../../src/engine/wasm/instance.js';
import { randomNetwork } from '../engine/networks.js';
import { kernelsOf, variants } from './support.js';
import { oneLayer } from '../../support/oneLayer.js';

/** Kernels that get no memory at the `at`-th place where they ask for it, or from there on; how often they ask. */
function refusing(at: number, further: boolean): { readonly kernels: Kernels; readonly asked: () => number } {
  const kernels = kernelsOf(variants[0]);
  const layOut = kernels.layOut.bind(kernels);
  let count = 0;
  kernels.layOut = (sizes) => {
    const here = count++;
    return here === at || (further && here > at) ? null : layOut(sizes);
  };
  return { kernels, asked: () => count };
}

/** What a run says, without what it is held in. */
const said = ({ verdict, log10SingleSource, layers, lossValue }: AnyNetworkRun) => ({
  kind: verdict.kind,
  lossValue,
  log10: log10SingleSource,
  layers: layers.map(({ result }) => ({
    gradients: result.layers[0].gradients,
    log10: result.layers[0].log10SingleSource,
    dxs: result.dxs.subarray(0, result.dxs.length),
  })),
});

/** The largest difference of two that have the same form, over their size. */
function difference(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number')
    return Object.is(a, b) ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(a), Math.abs(b));
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b ? 0 : Infinity;
  const [own, other] = [Object.entries(a), Object.entries(b)];
  if (own.length !== other.length) return Infinity;
  return own.reduce((most, [key, value]) => Math.max(most, difference(value, (b as Record<string, unknown>)[key])), 0);
}

const one = { seed: 4, B: 2, T: 12, I: 2, widths: [3], directions: ['forward'] } as const;
const cases: Readonly<Record<string, Experiment>> = {
  'a plain layer': randomNetwork({ ...one, cell: 'tanh' }),
  'a layer with gates': randomNetwork({ ...one, cell: 'lstm' }),
  'layers with gates': randomNetwork({ ...one, cell: 'lstm', widths: [3, 2] }),
  'a network': randomNetwork({ ...one, cell: 'gru', widths: [3, 2], directions: ['forward', 'reverse'] }),
};

describe('an analysis that is refused memory', () => {
  /** Of an analysis each takes kernels of its own. */
  const workspaces = (): Workspaces => {
    const { kernels } = refusing(0, true);
    kernels.apart = () => kernels;
    return new Workspaces(kernels);
  };

  it('is the plain one', () => {
    for (const cell of ['tanh', 'gru'] as const) {
      const network = randomNetwork({ ...one, cell, widths: [64] });
      const layer = oneLayer(network);
      const { result } = finish(runExperiment(Infinity, network)).layers[0];
      const [plain, refused] = [null, workspaces()].map((given) => {
        const { spectrum, steps, rest } = growingSpectrum(layer, result, given, undefined, 0);
        finish(steps);
        const first = spectrum.lyapunovKnown;
        finish(rest());
        // Of gates there are others.
        const values = cell === 'tanh' ? preActivations(layer, result, 0, given) : null;
        if (values !== null) finish(values.steps);
        return { first, lyapunov: spectrum.lyapunov, sigma: spectrum.jacobianSigmaMax, z: values?.z.values ?? null };
      });
      assert.ok((plain?.first ?? 0) > 0);
      assert.ok(difference(refused, plain) < 1e-9, cell);
    }
  });
});

describe('a run that is refused memory', () => {
  for (const [title, experiment] of Object.entries(cases))
    for (const limit of [Infinity, 0])
      it(`${title}, ${limit === 0 ? 'in pieces' : 'held as a whole'}`, () => {
        const wanted = said(finish(runExperiment(limit, experiment)));
        const { kernels, asked } = refusing(-1, false);
        assert.ok(difference(said(finish(runExperiment(limit, experiment, undefined, kernels))), wanted) < 1e-9);
        assert.ok(asked() > 1, `${asked()} places`);
        for (const further of [false, true])
          for (let at = 0; at < asked(); at++) {
            const run = finish(runExperiment(limit, experiment, undefined, refusing(at, further).kernels));
            const apart = difference(said(run), wanted);
            assert.ok(
              apart < 1e-9,
              `${apart} apart where place ${at}${further ? ' and all behind it' : ''} is refused`,
            );
          }
      });
});
