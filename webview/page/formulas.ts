// Formulas of the run's cell. Of a cell that is h = f(z) they are those of the textbooks; of any other they are written
// with A = ∂h/∂z and with D, what the state before does beside Wh.
import type { CellFacts } from './model.js';

/** A formula, or what makes it for the cell of the run that is on screen (null: there is none yet). */
export type Formula = string | ((cell: CellFacts | null) => string);

export const formulaFor = (formula: Formula, cell: CellFacts | null): string =>
  typeof formula === 'string' ? formula : formula(cell);

export const zFormula = 'z_t = h_{t−1}·Wh + x_t·Wx + b';
const slopes = 'A_t = ∂h_t/∂z_t   D_t = ∂h_t/∂h_{t−1}|_{z}';

const either =
  (ofActivation: string, ofOther: (cell: CellFacts) => string) =>
  (cell: CellFacts | null): string =>
    cell === null || cell.isActivation ? ofActivation : ofOther(cell);

export const stateFormula = either('h_t = f(h_{t−1}·Wh + x_t·Wx + b)', ({ forward }) => `${forward}   ${zFormula}`);

export const networkFormula = either(
  'h_t = f(h_{t−1}·Wh + x_t·Wx + b)   g_{t−1} = dhs_{t−1} + (g_t ⊙ f′(z_t))·Wh^{T}',
  ({ forward }) => `${forward}   ${zFormula}   g_{t−1} = dhs_{t−1} + g_t·(A_t·Wh^{T} + D_t)   ${slopes}`,
);

export const stepFormula = either(
  'g_t = dhs_t + dh_t   dz_t = g_t ⊙ f′(z_t)   dx_t = dz_t·Wx^{T}   dh_{t−1} = dz_t·Wh^{T}   dWh_t = ' +
    'h_{t−1}^{T}·dz_t   dWx_t = x_t^{T}·dz_t',
  () =>
    'g_t = dhs_t + dh_t   dz_t = g_t·A_t   dx_t = dz_t·Wx^{T}   dh_{t−1} = dz_t·Wh^{T} + g_t·D_t   dWh_t = ' +
    `h_{t−1}^{T}·dz_t   dWx_t = x_t^{T}·dz_t   ${slopes}`,
);

export const openedFormula = either(
  'g = dhs + dh   dz = g ⊙ f′(z)   dh_{t−1} = dz·Wh^{T}',
  () => 'g = dhs + dh   dz = g·A   dh_{t−1} = dz·Wh^{T} + g·D',
);

const hasMoreStates = (cell: CellFacts | null): cell is CellFacts => cell !== null && cell.states.length > 1;

/** A formula of Jacobians, written with ∂h: of a cell with more states than h with ∂s, s being all of them. */
export const ofAllStates = (formula: string, cell: CellFacts | null): string =>
  hasMoreStates(cell) ? formula.replaceAll('∂h', '∂s') : formula;

/** What s is in them; null where they are written with h. */
export const allStates = (cell: CellFacts | null): string | null =>
  hasMoreStates(cell) ? `s = (${cell.states.join(', ')})` : null;

const elementwiseJacobian = either(
  'J_t = diag(f′(z_t))·Wh^{T}   ‖J_t‖_2 = σ_{max} ≤ γ·σ_{max}(Wh)',
  () => `J_t = A_t·Wh^{T} + D_t   ‖J_t‖_2 = σ_{max}   ${slopes}`,
);
export const jacobianFormula = (cell: CellFacts | null): string =>
  hasMoreStates(cell) ? `J_t = ∂s_t/∂s_{t−1}   ‖J_t‖_2 = σ_{max}   ${allStates(cell)}` : elementwiseJacobian(cell);

export const attributionFormula = either(
  'g_t = Σ_{s ≥ t} c_{t,s}   c_{s,s} = dhs_s   c_{t−1,s} = (c_{t,s} ⊙ f′(z_t))·Wh^{T}',
  () => `g_t = Σ_{s ≥ t} c_{t,s}   c_{s,s} = dhs_s   c_{t−1,s} = c_{t,s}·(A_t·Wh^{T} + D_t)   ${slopes}`,
);

export const reachFormula = either(
  'dWh = Σ_k D_k   D_k = Σ_t h_{t−1}^{T}·(c_{t,t+k} ⊙ f′(z_t))',
  () => 'dWh = Σ_k D_k   D_k = Σ_t h_{t−1}^{T}·(c_{t,t+k}·A_t)   A_t = ∂h_t/∂z_t',
);

export const lyapunovFormula = either(
  'λ_i = 1/T·Σ_t ln|R_{ii}|   Q·R = J_t·Q   Σλ_i = ln|det Wh| + 1/T·Σ_tΣ_j ln f′(z_{tj})',
  () => 'λ_i = 1/T·Σ_t ln|R_{ii}|   Q·R = J_t·Q   Σλ_i = 1/T·Σ_t ln|det J_t|',
);

const matrixGradients = 'dWx = Σ_t x_t^{T}·dz_t   dWh = Σ_t h_{t−1}^{T}·dz_t   db = Σ_t dz_t';
/** A parameter that is the cell's own acts on h_t directly. */
export const contributionFormula = (cell: CellFacts | null): string =>
  [
    matrixGradients,
    ...(cell?.parameters ?? []).flatMap(({ name, role }) =>
      role === 'other' ? [`d${name} = Σ_t g_t·∂h_t/∂${name}`] : [],
    ),
  ].join('   ');

/** What the cell makes of g, and what comes back to the step before. */
export const gatesFormula = ({ isActivation }: CellFacts): string => (isActivation ? 'dz = g ⊙ f′(z)' : 'dz = g·A');

export const carriedFormula = ({ hasD }: CellFacts): string =>
  hasD ? 'dh_{t−1} = dz·Wh^{T} + g·D' : 'dh_{t−1} = dz·Wh^{T}';
