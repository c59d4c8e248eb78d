/**
 * Cells that the engine can run. `tanh` is the classical Elman cell; `relu` and `identity` change the activation only.
 */
export const cells = ['tanh', 'relu', 'identity'] as const;
export type Cell = (typeof cells)[number];
