// Formulas that the page shows of a cell: what stands in them has to be what its numbers are.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { factsOf } from '../../../src/engine/index.js';
import { flowFormula, stateNormFormula, stepFormula } from '../../../webview/page/formulas.js';
import { attributionFormula, networkFormula, reachFormula } from '../../../webview/page/laterFormulas.js';
import { networkCase } from '../engine/networkFixtures.js';

type Norms = { readonly dh: readonly number[]; readonly dc: readonly number[]; readonly ds: readonly number[] };

describe('formulas of a cell that hands on h and c', () => {
  const lstm = factsOf('lstm');

  it('take the gradient of both through a Jacobian of both', () => {
    assert.equal(flowFormula(lstm), 'ds_t = (g_t, …) = (dhs_t, 0) + ds_{t+1}·J_{t+1}   s = (h, c)');
    for (const formula of [flowFormula, networkFormula, stepFormula, attributionFormula, reachFormula])
      assert.doesNotMatch(formula(lstm), /(^| )[gc]_(\w|\{[^}]*\})·\(?[JA]|∂h_t\/∂z_t/);
  });

  it('leave the path through h out of what c adds to the norm of both', () => {
    assert.equal(stateNormFormula(lstm), '‖ds_t‖ = √(‖∂L/∂h_t‖^2 + ‖∂L/∂c_t|_{h_t}‖^2)');
    // By PyTorch: at the last step c has no other path, and with all paths its norm is that of another vector.
    const [{ norms }] = (networkCase('lstm_last').expected as { readonly layers: readonly [{ readonly norms: Norms }] })
      .layers;
    const [dh, dc, ds] = [norms.dh.at(-1)!, norms.dc.at(-1)!, norms.ds.at(-1)!];
    assert.ok(dc > 0.1 && Math.abs(ds - dh) < 1e-12 && Math.hypot(dh, dc) > ds + 1e-3, `${dh} ${dc} ${ds}`);
  });

  it('are those of h alone where there is nothing else', () => {
    for (const cell of ['gru', 'tanh'] as const) {
      assert.equal(stateNormFormula(factsOf(cell)), '‖ds_t‖ = ‖∂L/∂h_t‖');
      assert.match(flowFormula(factsOf(cell)), /^g_t = dhs_t \+ /);
    }
  });
});
