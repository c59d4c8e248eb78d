// The cells by their names, and what is told of one outside of the engine.
import type { Activation, Cell, ParameterSpec } from './cell.js';
import type { Closing } from './closing.js';
import * as table from './table.js';

export type CellName = keyof typeof table;

/** Every cell that runs, by its name. */
export const cells: Readonly<Record<CellName, Cell>> = { ...table };

const rank = (name: CellName): number => cells[name].kernel ?? Infinity;

/** In the order in which they are offered: that of the kernels, and then the others. */
export const cellNames: readonly CellName[] = (Object.keys(cells) as CellName[]).sort((a, b) =>
  rank(a) === rank(b) ? 0 : rank(a) - rank(b),
);

/** What runs where nobody says otherwise. */
export const defaultCell: CellName = 'tanh';

/** Its equations, and what is said of it. */
export const cellOf = (name: CellName): Cell => cells[name];

/** Its number in the kernels. @throws for a cell that they do not know, which must not get there */
export function kernelOf(name: CellName): number {
  const { kernel } = cellOf(name);
  if (kernel === null) throw new Error(`The kernels do not know the cell ${name}.`);
  return kernel;
}

/** f of a cell that the kernels run, which today are all h = f(z). @throws for any other */
export function activationOf(name: CellName): Activation {
  const { activation } = cellOf(name);
  if (activation === null) throw new Error(`The cell ${name} is not h = f(z), and the kernels run no other.`);
  return activation;
}

/** What views tell of a cell, as a message that crosses threads. */
export type CellFacts = {
  readonly name: CellName;
  readonly states: Cell['states'];
  readonly gates: Cell['gates'];
  readonly parameters: readonly Pick<ParameterSpec, 'name' | 'role'>[];
  readonly closing: Closing['kind'] | null;
  readonly gamma: number | null;
  /** Whether it is h = f(z) and nothing else, and whether a state reaches the next step beside the weights too. */
  readonly isActivation: boolean;
  readonly hasD: boolean;
  /** What each gate is, of a cell whose gates open and close. */
  readonly gateKinds: Cell['gateKinds'] | null;
  /** The gate that keeps a state, of a cell that has one. */
  readonly keeper: string | null;
  /** What stands in an opened step: h_t from z, and dz from g. */
  readonly forward: string;
  readonly backward: string;
  /** Cells that can take its place over the same weights, itself among them. */
  readonly alternatives: readonly CellName[];
};

/** Cells of one kind take the same weights: as many gates of the same parameters. */
const kindOfWeights = ({ gates, parameters }: Cell): string =>
  [gates.length, ...parameters.map(({ name }) => name)].join(' ');

export function factsOf(name: CellName): CellFacts {
  const cell = cellOf(name);
  const { states, gates, parameters, closing, gamma, words, keeper, gateKinds } = cell;
  return {
    name,
    states,
    gates,
    parameters: parameters.map((parameter) => ({ name: parameter.name, role: parameter.role })),
    closing: closing?.kind ?? null,
    gamma,
    isActivation: cell.activation !== null,
    hasD: cell.hasD,
    gateKinds: gateKinds ?? null,
    keeper: keeper?.gate ?? null,
    forward: words.forward,
    backward: words.backward(),
    alternatives: cellNames.filter((other) => kindOfWeights(cellOf(other)) === kindOfWeights(cell)),
  };
}
