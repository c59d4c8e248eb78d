// Formulas of the run's cell in views that come behind the first picture (see ./formulas.ts).
import { allStates, either, hasMoreStates, slopes, zFormula } from './formulas.js';
import type { CellFacts } from './model.js';

export const networkFormula = either(
  'h_t = f(h_{t−1}·Wh + x_t·Wx + b)   g_{t−1} = dhs_{t−1} + (g_t ⊙ f′(z_t))·Wh^{T}',
  (cell) =>
    [
      cell.forward,
      zFormula,
      hasMoreStates(cell)
        ? `ds_{t−1} = (g_{t−1}, …) = (dhs_{t−1}, 0) + ds_t·J_t   ${allStates(cell)}`
        : `g_{t−1} = dhs_{t−1} + g_t·(A_t·Wh^{T} + D_t)   ${slopes}`,
    ].join('   '),
);

export const openedFormula = either(
  'g = dhs + dh   dz = g ⊙ f′(z)   dh_{t−1} = dz·Wh^{T}',
  () => 'g = dhs + dh   dz = g·A   dh_{t−1} = dz·Wh^{T} + g·D',
);

const elementwiseJacobian = either(
  'J_t = diag(f′(z_t))·Wh^{T}   ‖J_t‖_2 = σ_{max} ≤ γ·σ_{max}(Wh)',
  () => `J_t = A_t·Wh^{T} + D_t   ‖J_t‖_2 = σ_{max}   ${slopes}`,
);
export const jacobianFormula = (cell: CellFacts | null): string =>
  hasMoreStates(cell) ? `J_t = ∂s_t/∂s_{t−1}   ‖J_t‖_2 = σ_{max}   ${allStates(cell)}` : elementwiseJacobian(cell);

export const attributionFormula = either(
  'g_t = Σ_{s ≥ t} c_{t,s}   c_{s,s} = dhs_s   c_{t−1,s} = (c_{t,s} ⊙ f′(z_t))·Wh^{T}',
  (cell) =>
    hasMoreStates(cell)
      ? 'g_t = Σ_{s ≥ t} c_{t,s}   (c_{s,s}, …) = (dhs_s, 0)   (c_{t−1,s}, …) = (c_{t,s}, …)·J_t'
      : `g_t = Σ_{s ≥ t} c_{t,s}   c_{s,s} = dhs_s   c_{t−1,s} = c_{t,s}·(A_t·Wh^{T} + D_t)   ${slopes}`,
);

export const reachFormula = either('dWh = Σ_k D_k   D_k = Σ_t h_{t−1}^{T}·(c_{t,t+k} ⊙ f′(z_t))', (cell) =>
  hasMoreStates(cell)
    ? `dWh = Σ_k D_k   D_k = Σ_t h_{t−1}^{T}·((c_{t,t+k}, …)·A_t)   A_t = ∂s_t/∂z_t   ${allStates(cell)}`
    : 'dWh = Σ_k D_k   D_k = Σ_t h_{t−1}^{T}·(c_{t,t+k}·A_t)   A_t = ∂h_t/∂z_t',
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
