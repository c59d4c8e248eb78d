// What a cell is: everything that the engine, the config and the views know of one kind of recurrent step.
import type { FloatArray } from '../core/dtypes.js';
import type { Closing } from './closing.js';

/** f and f'. f' is taken from h = f(z), which backward has at hand anyway. */
export type Activation = {
  /** h = f(z) */
  readonly value: (z: number) => number;
  /** f'(z) from h, as every framework computes it. */
  readonly slope: (h: number) => number;
  /** f'(z) to full precision from h, or from z where h alone has lost the digits; `z` is called only then. */
  readonly exactSlope: (h: number, z: () => number) => number;
  /** ln f'(z) from the exact slope, or from z where no float64 holds the slope; −Infinity where it is 0 for any z. */
  readonly lnSlope: (slope: number, z: () => number) => number;
};

/** Tensors by the names of a cell's parameters. Every cell has these three; others are its own. */
export type ByParameter<A> = {
  readonly Wx: A;
  readonly Wh: A;
  readonly b: A;
  readonly [name: string]: A;
};

/** One value for each parameter of a cell. */
export const byParameter = <A>(
  { parameters }: Pick<Cell, 'parameters'>,
  of: (spec: ParameterSpec) => A,
): ByParameter<A> => Object.fromEntries(parameters.map((spec) => [spec.name, of(spec)])) as ByParameter<A>;

/** The same of every parameter. */
export const mapParameters = <A, R>(tensors: ByParameter<A>, of: (tensor: A, name: string) => R): ByParameter<R> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, of(tensor, name)])) as ByParameter<R>;

/** Values by the names of a cell's states: every cell has h. */
export type ByState<A> = { readonly h: A; readonly [name: string]: A };

/** The same of every state. */
export const mapStates = <A, R>(tensors: ByState<A>, of: (tensor: A, name: string) => R): ByState<R> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, of(tensor, name)])) as ByState<R>;

/** What a parameter multiplies: the input, the state before, nothing, or whatever the cell does with it itself. */
export type ParameterRole = 'input' | 'recurrent' | 'bias' | 'other';

export type ParameterSpec = {
  readonly name: string;
  readonly role: ParameterRole;
  /** [rows, columns], row-major, in the row-vector convention: x [1,I] times Wx [I,G·H]. */
  readonly shape: (I: number, H: number) => readonly [rows: number, columns: number];
  /** Of one that is no matrix: what all its numbers are in a new config. Absent: 0. */
  readonly start?: number;
};

/** One batch item at one step, as a cell sees it. S states of H units each stand behind each other, h first. */
export type CellStep = {
  readonly H: number;
  readonly parameters: ByParameter<FloatArray>;
  /** The states before the step, [S·H]. */
  readonly previous: FloatArray;
  /** z = h_{t−1}·Wh + x·Wx + b, [G·H] gate by gate. Computed when it is first asked for: backward seldom needs it. */
  readonly z: () => FloatArray;
  /** Its two parts, for cells that do more than add them: x·Wx + b, and h_{t−1}·Wh, [G·H] each. */
  readonly fromInput: () => FloatArray;
  readonly fromState: () => FloatArray;
};

/**
 * The slopes of a step, unit by unit: dz = ds·A and, beside the weights, ds_{t−1} = ds·D.
 * A[(s·G + g)·H + j] = ∂z-ward slope of state s through gate g at unit j; D[(s·S + r)·H + j] = ∂s_t/∂r_{t−1} at unit j.
 * `D` is empty for cells without one, so that nothing is added there. `Ax`, in the shape of A, takes its place on the
 * way to x and b where the cell does more than add x·Wx + b and h_{t−1}·Wh; else it is empty.
 */
export type CellSlopes = { readonly A: Float64Array; readonly D: Float64Array; readonly Ax: Float64Array };

/** Zeros for the slopes of one step. */
export const emptySlopes = (
  { states: { length: S }, gates: { length: G }, hasD, hasAx }: Cell,
  H: number,
): CellSlopes => ({
  A: new Float64Array(S * G * H),
  D: new Float64Array(hasD ? S * S * H : 0),
  Ax: new Float64Array(hasAx === true ? S * G * H : 0),
});

/** Where a node stands in a picture of the step: columns from what enters to what leaves, rows downwards. */
export type Place = readonly [column: number, row: number];

/**
 * One node of a step's equations [H]: what it is on the way forward, and the gradient that arrives at it on the way
 * back. Formulas are made of the names of other nodes; `dh` and `dc` are what arrives at h_t and c_t.
 */
export type OpenedNode = {
  readonly name: string;
  readonly forward: string;
  readonly value: Float64Array;
  readonly backward: string;
  readonly gradient: Float64Array;
  readonly place: Place;
  /** What it sends to each of the nodes that it is made of, by their names, but for what goes through the weights. */
  readonly sends: Readonly<Record<string, Float64Array>>;
  /** The gates whose blocks of Wx and of Wh it is made with, from x_t and h_{t−1}. */
  readonly ofInput?: string;
  readonly ofState?: string;
  /** It hands a state on beside the weights: by it leads the way on which the state is kept. */
  readonly keeps?: boolean;
};

/** A logistic gate lies in 0 … 1; a candidate, what a gate lets in, lies in −1 … 1. */
export type GateKind = 'logistic' | 'candidate';

/** Sentences and formulas, in the language of whoever asks: only called once the language is known. */
export type CellWords = {
  /** What `"cell"` means in a config, in Markdown. */
  readonly docs: () => string;
  /** The same in one line, where somebody chooses a cell for a new config. */
  readonly choice: () => string;
  /** h_t from z, and dz from g, as formulas. */
  readonly forward: string;
  readonly backward: () => string;
};

/**
 * How the kernels of gated cells (../kernels/gates.ts, ../kernels/gatedPack.ts) see a cell. They compute blocks of H
 * pre-activations in an order in which those that meet the state lie side by side, and those that meet the input too.
 */
export type GatedKernel = {
  /** Its number there. */
  readonly kernel: number;
  /** The gates of Wh in the order of the blocks that meet them. */
  readonly ofState: readonly number[];
  /** The first block that meets the input. */
  readonly firstOfInput: number;
  /** Slopes that are kept of a unit for the way back. */
  readonly slopes: number;
};

/** The gate that keeps a state where it is open, and what is said of a higher bias of it. */
export type Keeper = {
  readonly gate: string;
  /** @param mean of the gate @param after how far 1 % of the gradient reaches with it; null: it does not shrink */
  readonly raised: (mean: string, by: number, before: string, after: string | null) => string;
};

export interface Cell {
  readonly name: string;
  /** What is handed to the next step: h first. */
  readonly states: readonly ['h', ...string[]];
  /** Blocks of H columns in Wx, Wh and b, in the order of the columns. */
  readonly gates: readonly [string, ...string[]];
  /** What each of them is; for cells whose gates open and close. */
  readonly gateKinds?: readonly GateKind[];
  readonly parameters: readonly ParameterSpec[];
  /** Number of this cell in the WebAssembly kernels of cells that are h = f(z); null: they do not know it. */
  readonly kernel: number | null;
  /** What the kernels of gated cells know of this one: they run it. */
  readonly gated?: GatedKernel;
  /** Whether a state reaches the next step also beside the weights: D is there. */
  readonly hasD: boolean;
  /** Whether the way to x and b has slopes of its own: Ax is there. */
  readonly hasAx?: boolean;
  /**
   * f of a cell that is h = f(z) and nothing else; null for every other. For these alone J_t = diag(f'(z_t))·Whᵀ, so
   * that Wh itself says something: its Gram matrix, its determinant, σ_max(Wh)·γ.
   */
  readonly activation: Activation | null;
  /** Largest slope: no step back enlarges a gradient more than σ_max(Wh)·γ. Null where that is not so. */
  readonly gamma: number | null;
  /** Where h can lie. */
  readonly range: readonly [low: number, high: number];
  /** Up to this |h| the slopes taken from a rounded state are right to 1e-4. */
  readonly slopeKeepsDigitsTo: number;
  /** How a unit stops letting a gradient through; null where none ever does. */
  readonly closing: Closing | null;
  /** The gate that keeps a state from step to step; for cells that have one. */
  readonly keeper?: Keeper;
  readonly words: CellWords;
  /** The states after the step, [S·H]. */
  forward(step: CellStep, next: FloatArray): void;
  /**
   * The slopes of a step that led to `next`: as every framework computes them from the states in the run's dtype, or
   * `exact`, to full precision also where the states alone have lost the digits.
   */
  slopes(step: CellStep, next: FloatArray, exact: boolean, slopes: CellSlopes): void;
  /**
   * A step with every node of its equations, forward order, between what comes from the weights and h_t, from ds [S·H];
   * for cells of several gates.
   */
  readonly open?: (step: CellStep, next: FloatArray, ds: FloatArray) => readonly OpenedNode[];
  /** Where x_t and the states before stand in the picture of these nodes. */
  readonly entries?: { readonly x: Place; readonly states: readonly Place[] };
  /** Values of the gates at a step [G·H]; for cells whose gates open and close. */
  readonly gateValues?: (step: CellStep, values: Float64Array) => void;
  /**
   * ∂h_t/∂c_t within the step [H], for a cell whose second state acts on its first before both go on. A gate acts on h
   * either through c or beside it, never both.
   */
  readonly within?: (step: CellStep, next: FloatArray, slopes: Float64Array) => void;
  /** Of such a cell the one gate that acts on h beside what the second state sends it. */
  readonly direct?: string;
  /** Adds the gradients of the parameters with the role `other`, from ds [S·H]; for cells that have one. */
  readonly addGradients?: (
    step: CellStep,
    next: FloatArray,
    ds: FloatArray,
    gradients: Readonly<Record<string, FloatArray>>,
  ) => void;
}

/** The three parameters that every cell has, of G gates. */
export const affineParameters = (G: number): readonly ParameterSpec[] => [
  { name: 'Wx', role: 'input', shape: (I, H) => [I, G * H] },
  { name: 'Wh', role: 'recurrent', shape: (_, H) => [H, G * H] },
  { name: 'b', role: 'bias', shape: (_, H) => [1, G * H] },
];

/** Numbers of a parameter. */
export const sizeOf = ({ shape }: ParameterSpec, I: number, H: number): number => {
  const [rows, columns] = shape(I, H);
  return rows * columns;
};
