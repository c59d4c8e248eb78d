// Formulas of the run's cell in the first picture; ./laterFormulas.ts has those of the views behind it. Of a cell that
// is h = f(z) they are those of the textbooks; of any other they are written with A = ∂h/∂z and with D, what the state
// before does beside Wh. Of a cell with more states than h the gradient of all of them, ds, goes back: g, that of h, is
// its first part.
import type { CellFacts } from './model.js';

/** A formula, or what makes it for the cell of the run that is on screen (null: there is none yet). */
export type Formula = string | ((cell: CellFacts | null) => string);

export const formulaFor = (formula: Formula, cell: CellFacts | null): string =>
  typeof formula === 'string' ? formula : formula(cell);

export const zFormula = 'z_t = h_{t−1}·Wh + x_t·Wx + b';
export const slopes = 'A_t = ∂h_t/∂z_t   D_t = ∂h_t/∂h_{t−1}|_{z}';

export const hasMoreStates = (cell: CellFacts | null): cell is CellFacts => cell !== null && cell.states.length > 1;

export const either =
  (ofActivation: string, ofOther: (cell: CellFacts) => string) =>
  (cell: CellFacts | null): string =>
    cell === null || cell.isActivation ? ofActivation : ofOther(cell);

export const stateFormula = either('h_t = f(h_{t−1}·Wh + x_t·Wx + b)', ({ forward }) => `${forward}   ${zFormula}`);

export const stepFormula = either(
  'g_t = dhs_t + dh_t   dz_t = g_t ⊙ f′(z_t)   dx_t = dz_t·Wx^{T}   dh_{t−1} = dz_t·Wh^{T}   dWh_t = ' +
    'h_{t−1}^{T}·dz_t   dWx_t = x_t^{T}·dz_t',
  (cell) =>
    [
      'g_t = dhs_t + dh_t',
      hasMoreStates(cell) ? 'dz_t = ds_t·A_t' : 'dz_t = g_t·A_t',
      'dx_t = dz_t·Wx^{T}',
      hasMoreStates(cell) ? 'dh_{t−1} = dz_t·Wh^{T}' : 'dh_{t−1} = dz_t·Wh^{T} + g_t·D_t',
      'dWh_t = h_{t−1}^{T}·dz_t   dWx_t = x_t^{T}·dz_t',
      hasMoreStates(cell) ? `ds_t = (g_t, …)   A_t = ∂s_t/∂z_t   ${allStates(cell)}` : slopes,
    ].join('   '),
);

/** The way back from step to step. */
export const flowFormula = either('g_t = dhs_t + (g_{t+1} ⊙ f′(z_{t+1}))·Wh^{T}', (cell) =>
  hasMoreStates(cell)
    ? `ds_t = (g_t, …) = (dhs_t, 0) + ds_{t+1}·J_{t+1}   ${allStates(cell)}`
    : 'g_t = dhs_t + g_{t+1}·J_{t+1}',
);

/** The state's gradient as the next step receives it: without what goes through h_t to the other states of the step. */
export const stateNormFormula = (cell: CellFacts | null): string =>
  hasMoreStates(cell)
    ? `‖ds_t‖ = √(${cell.states.map((state) => `‖∂L/∂${state}_t${state === 'h' ? '' : '|_{h_t}'}‖^2`).join(' + ')})`
    : '‖ds_t‖ = ‖∂L/∂h_t‖';

/** A formula of Jacobians, written with ∂h: of a cell with more states than h with ∂s, s being all of them. */
export const ofAllStates = (formula: string, cell: CellFacts | null): string =>
  hasMoreStates(cell) ? formula.replaceAll('∂h', '∂s') : formula;

/** What s is in them; null where they are written with h. */
export const allStates = (cell: CellFacts | null): string | null =>
  hasMoreStates(cell) ? `s = (${cell.states.join(', ')})` : null;
