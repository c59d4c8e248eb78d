// What JavaScript and the kernels (../kernels, AssemblyScript) agree on, and nowhere else: functions with their
// arguments, structs with their fields, and numbers that both sides know. Types and calls here are made from these
// tables; test/unit/wasm/abi.test.ts holds the kernels' sources and the compiled modules to them.

/**
 * The structs in the kernels' memory: every field by name, in its order, with its AssemblyScript type. `usize`: bytes,
 * or an address. ../kernels says what lies there.
 */
export const structs = {
  /** A run in its dtype: ../kernels/job.ts. */
  Job: {
    B: 'i32',
    T: 'i32',
    I: 'i32',
    H: 'i32',
    cell: 'i32',
    truncate: 'i32',
    blockSteps: 'i32',
    places: 'i32',
    scratchBytes: 'usize',
    cutOffset: 'i32',
    forwardWeights: 'usize',
    backwardWeights: 'usize',
    bias: 'usize',
    xs: 'usize',
    hs: 'usize',
    g: 'usize',
    d: 'usize',
    dx: 'usize',
    dh0: 'usize',
    dWx: 'usize',
    dWh: 'usize',
    db: 'usize',
    scratch: 'usize',
    norms: 'usize',
    small: 'usize',
  },
  /** A run of LSTM or GRU in its dtype: ../kernels/gatedRun.ts. */
  GatedJob: {
    B: 'i32',
    T: 'i32',
    I: 'i32',
    H: 'i32',
    cell: 'i32',
    truncate: 'i32',
    cutOffset: 'i32',
    blockSteps: 'i32',
    places: 'i32',
    scratchBytes: 'usize',
    forwardWeights: 'usize',
    backwardWeights: 'usize',
    bias: 'usize',
    xs: 'usize',
    hs: 'usize',
    cs: 'usize',
    slopes: 'usize',
    z: 'usize',
    g: 'usize',
    gc: 'usize',
    d: 'usize',
    dx: 'usize',
    dh0: 'usize',
    dc0: 'usize',
    dWx: 'usize',
    dWh: 'usize',
    db: 'usize',
    scratch: 'usize',
    norms: 'usize',
    small: 'usize',
    spans: 'usize',
  },
  /** A block of the float64 pass with carried exponents: ../kernels/scaledFlow.ts. */
  FlowJob: {
    B: 'i32',
    I: 'i32',
    H: 'i32',
    cell: 'i32',
    blockSteps: 'i32',
    rows: 'i32',
    scratchBytes: 'usize',
    forwardWeights: 'usize',
    backwardWeights: 'usize',
    bias: 'usize',
    hs: 'usize',
    xs: 'usize',
    g: 'usize',
    entering: 'usize',
    slopes: 'usize',
    flowing: 'usize',
    d: 'usize',
    aligned: 'usize',
    dx: 'usize',
    scratch: 'usize',
    exponents: 'usize',
    rowStats: 'usize',
    stats: 'usize',
    failed: 'usize',
  },
  /** The same of LSTM and GRU: ../kernels/gatedFlow.ts. */
  GatedFlowJob: {
    B: 'i32',
    I: 'i32',
    H: 'i32',
    cell: 'i32',
    blockSteps: 'i32',
    rows: 'i32',
    scratchBytes: 'usize',
    forwardWeights: 'usize',
    backwardWeights: 'usize',
    bias: 'usize',
    hs: 'usize',
    cs: 'usize',
    xs: 'usize',
    z: 'usize',
    slopes: 'usize',
    values: 'usize',
    g: 'usize',
    entering: 'usize',
    flowing: 'usize',
    next: 'usize',
    part: 'usize',
    d: 'usize',
    aligned: 'usize',
    dx: 'usize',
    scratch: 'usize',
    exponents: 'usize',
    rowStats: 'usize',
    stats: 'usize',
    gateStats: 'usize',
    failed: 'usize',
    spans: 'usize',
  },
  /** The norms of one step, in pieces: ../kernels/norms.ts. */
  NormJob: {
    B: 'i32',
    I: 'i32',
    H: 'i32',
    x: 'usize',
    xPanel: 'usize',
    h: 'usize',
    hPanel: 'usize',
    d: 'usize',
    dPanel: 'usize',
    partials: 'usize',
    scratch: 'usize',
    scratchBytes: 'usize',
    kind: 'i32',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, 'i32' | 'usize'>>>>;

export type StructName = keyof typeof structs;

/** A function of the kernels: its arguments in order, and what it returns. A struct is taken by its address. */
export type Signature = {
  readonly takes: readonly `${string}: ${'i32' | 'usize' | 'f64' | StructName}`[];
  readonly returns: 'void' | 'i32' | 'usize' | 'f64';
};
type Signatures = Readonly<Record<string, Signature>>;

/** Kernels of both dtypes, exported as NAME32 and NAME64. Addresses and sizes are in bytes, shapes in ../kernels. */
export const dtypeKernels = {
  input: { takes: ['job: Job', 't0: i32', 't1: i32'], returns: 'void' },
  forward: { takes: ['job: Job', 't0: i32', 't1: i32', 'b0: i32', 'b1: i32'], returns: 'void' },
  backward: { takes: ['job: Job', 't0: i32', 't1: i32', 'b0: i32', 'b1: i32', 'place: i32'], returns: 'void' },
  inputGradient: { takes: ['job: Job', 't: i32', 'place: i32', 'r0: i32', 'r1: i32'], returns: 'void' },
  sums: {
    takes: ['job: Job', 't0: i32', 't1: i32', 'place: i32', 'part: i32', 'parts: i32', 'thread: i32', 'own: i32'],
    returns: 'void',
  },
  /** What the d of a step are; see ../kernels/subnormal.ts. */
  kindOf: { takes: ['job: Job', 't: i32'], returns: 'i32' },
  copyStand: { takes: ['kind: i32', 'from: usize', 'rows: i32', 'to: usize'], returns: 'void' },
  whole: { takes: ['job: Job', 'from: usize', 'to: usize', 'entering: i32', 'watch: i32'], returns: 'i32' },
  gatedForward: { takes: ['job: GatedJob', 't0: i32', 't1: i32', 'b0: i32', 'b1: i32'], returns: 'void' },
  gatedBackward: {
    takes: ['job: GatedJob', 't0: i32', 't1: i32', 'b0: i32', 'b1: i32', 'place: i32'],
    returns: 'void',
  },
  gatedInputs: { takes: ['job: GatedJob', 't: i32', 'place: i32', 'r0: i32', 'r1: i32'], returns: 'void' },
  gatedSums: {
    takes: ['job: GatedJob', 't0: i32', 't1: i32', 'place: i32', 'part: i32', 'parts: i32', 'thread: i32', 'own: i32'],
    returns: 'void',
  },
  gatedWholeForward: { takes: ['job: GatedJob', 'from: usize', 'to: usize'], returns: 'void' },
  gatedWholeBackward: { takes: ['job: GatedJob', 'from: usize', 'to: usize', 'entering: i32'], returns: 'void' },
  packGates: {
    takes: [
      'cell: i32',
      'isInput: i32',
      'from: usize',
      'row: i32',
      'rows: i32',
      'I: i32',
      'H: i32',
      'forward: usize',
      'backward: usize',
    ],
    returns: 'void',
  },
  unpackGates: {
    takes: ['cell: i32', 'isInput: i32', 'from: usize', 'row: i32', 'rows: i32', 'I: i32', 'H: i32', 'to: usize'],
    returns: 'void',
  },
  packBiases: { takes: ['cell: i32', 'from: usize', 'H: i32', 'to: usize'], returns: 'void' },
  unpackBiases: { takes: ['cell: i32', 'from: usize', 'H: i32', 'to: usize'], returns: 'void' },
  gramRows: { takes: ['job: NormJob', 'first: i32', 'end: i32', 'wide: i32', 'thread: i32'], returns: 'void' },
  gramEnd: { takes: ['job: NormJob', 'wide: i32'], returns: 'i32' },
  formPanels: {
    takes: ['job: NormJob', 'recurrent: i32', 'first: i32', 'end: i32', 'thread: i32'],
    returns: 'void',
  },
  formEnd: { takes: ['job: NormJob', 'recurrent: i32'], returns: 'void' },
  pack: {
    takes: ['from: usize', 'rows: i32', 'N: i32', 'to: usize', 'panelBytes: usize', 'rowBytes: usize'],
    returns: 'void',
  },
  packColumns: {
    takes: [
      'from: usize',
      'fromBytes: usize',
      'rows: i32',
      'N: i32',
      'to: usize',
      'panelBytes: usize',
      'rowBytes: usize',
    ],
    returns: 'void',
  },
  packTransposed: { takes: ['from: usize', 'N: i32', 'K: i32', 'to: usize'], returns: 'void' },
  unpack: {
    takes: ['from: usize', 'panelBytes: usize', 'rowBytes: usize', 'rows: i32', 'N: i32', 'to: usize'],
    returns: 'void',
  },
  fill: { takes: ['value: f64', 'N: i32', 'to: usize', 'panelBytes: usize', 'rows: i32'], returns: 'void' },
  largest: { takes: ['from: usize', 'panelBytes: usize', 'panelCount: i32', 'rows: i32'], returns: 'f64' },
  activate: { takes: ['cell: i32', 'at: usize', 'bytes: usize'], returns: 'void' },
  plainBack: {
    takes: [
      'cell: i32',
      'g: usize',
      'd: usize',
      'B: i32',
      'H: i32',
      'hs: usize',
      'hsPanel: usize',
      'weights: usize',
      'steps: i32',
      'r0: i32',
      'r1: i32',
    ],
    returns: 'i32',
  },
} as const satisfies Signatures;

/** Kernels in float64 alone, and what knows no dtype. */
export const otherKernels = {
  heapBase: { takes: [], returns: 'usize' },
  clear: { takes: ['at: usize', 'bytes: usize'], returns: 'void' },
  flowSlopes: { takes: ['job: FlowJob', 'r0: i32', 'r1: i32', 'thread: i32'], returns: 'void' },
  flowRows: {
    takes: ['job: FlowJob', 'steps: i32', 'enters: i32', 'cut: i32', 'r0: i32', 'r1: i32'],
    returns: 'void',
  },
  flowInputs: { takes: ['job: FlowJob', 'r0: i32', 'r1: i32'], returns: 'void' },
  flowNorms: { takes: ['job: FlowJob', 't0: i32', 't1: i32', 'thread: i32', 'own: i32'], returns: 'void' },
  gatedFlowSlopes: { takes: ['job: GatedFlowJob', 'r0: i32', 'r1: i32'], returns: 'void' },
  gatedFlowRows: {
    takes: ['job: GatedFlowJob', 'steps: i32', 'enters: i32', 'cut: i32', 'r0: i32', 'r1: i32'],
    returns: 'void',
  },
  gatedFlowInputs: { takes: ['job: GatedFlowJob', 'r0: i32', 'r1: i32'], returns: 'void' },
  gatedFlowNorms: {
    takes: ['job: GatedFlowJob', 't0: i32', 't1: i32', 'thread: i32', 'own: i32'],
    returns: 'void',
  },
  multiplyRows: {
    takes: [
      'a: usize',
      'aPanel: usize',
      'K: i32',
      'b: usize',
      'N: i32',
      'c: usize',
      'cPanel: usize',
      'rows: i32',
      'scale: usize',
    ],
    returns: 'void',
  },
  triangularProduct: {
    takes: ['a: usize', 'b: usize', 'H: i32', 'c: usize', 'r0: i32', 'r1: i32', 'upper: i32'],
    returns: 'void',
  },
  jacobiRound: {
    takes: [
      'rows: usize',
      'bytes: usize',
      'H: i32',
      'mantissas: usize',
      'exponents: usize',
      'blocks: i32',
      'round: i32',
      'p0: i32',
      'p1: i32',
      'turned: usize',
    ],
    returns: 'void',
  },
  lanczosStep: {
    takes: [
      'v: usize',
      'previous: usize',
      'slopes: usize',
      'rows: i32',
      'H: i32',
      'G: usize',
      'alphas: usize',
      'betas: usize',
      'work: usize',
      'r0: i32',
      'r1: i32',
    ],
    returns: 'void',
  },
  rowLengths: {
    takes: ['v: usize', 'H: i32', 'height: i32', 'i: i32', 'count: i32', 'scratch: usize'],
    returns: 'void',
  },
  projectDots: {
    takes: ['v: usize', 'H: i32', 'height: i32', 'i: i32', 'count: i32', 'j0: i32', 'j1: i32', 'to: usize'],
    returns: 'void',
  },
  projectPanels: {
    takes: ['v: usize', 'height: i32', 'i: i32', 'count: i32', 'n0: i32', 'n1: i32', 'dots: usize'],
    returns: 'void',
  },
  rowsAmong: {
    takes: ['v: usize', 'H: i32', 'height: i32', 'i: i32', 'count: i32', 'rank: f64', 'scratch: usize'],
    returns: 'i32',
  },
  secondRound: { takes: ['H: i32', 'scratch: usize'], returns: 'usize' },
  rowsEnd: {
    takes: [
      'v: usize',
      'l: usize',
      'H: i32',
      'height: i32',
      'i: i32',
      'count: i32',
      'again: i32',
      'ratios: usize',
      'scratch: usize',
    ],
    returns: 'void',
  },
  eliminateRows: {
    takes: [
      'v: usize',
      'u: usize',
      'H: i32',
      'height: i32',
      'from: i32',
      'to: i32',
      'slopes: usize',
      'pivots: usize',
      'ratios: usize',
    ],
    returns: 'void',
  },
  settleRows: {
    takes: ['g: usize', 'panelBytes: usize', 'H: i32', 'rows: i32', 'exponents: usize', 'squares: usize'],
    returns: 'void',
  },
  throughSlopes: {
    takes: [
      'g: usize',
      'panelBytes: usize',
      'H: i32',
      'rows: i32',
      'slopes: usize',
      'slopesPanel: usize',
      'first: i32',
      'period: i32',
      'd: usize',
      'dPanel: usize',
      'more: i32',
    ],
    returns: 'void',
  },
  addOuter: {
    takes: [
      'before: usize',
      'beforePanel: usize',
      'd: usize',
      'dPanel: usize',
      'H: i32',
      'panelCount: i32',
      'rows: i32',
      'exponents: usize',
      'E: i32',
      'sum: usize',
      'sumPanel: usize',
    ],
    returns: 'void',
  },
  clearRow: { takes: ['g: usize', 'panelBytes: usize', 'H: i32', 'exponent: usize'], returns: 'void' },
} as const satisfies Signatures;

/** Numbers that both sides know, by their names in ../kernels. */
export const sharedNumbers = {
  /** Bytes of a packed row: 16 float32 or 8 float64. */
  ROW: 64,
  /** What the d of a step are: nothing in particular; multiples of the smallest number; zeros; lifted on the way. */
  ORDINARY: 0,
  SMALL: 1,
  ZERO: 2,
  MIXED: 3,
  /** By which power of two the last are lifted. */
  LIFT32: 60,
  LIFT64: 900,
  /** What enters a whole run: ones at the last step, or at every step. */
  LAST: 0,
  EVERY: 1,
  /** Bytes of the two norms with which NormJob.partials begins, and of what a pair of rows adds to the sums. */
  NORMS: 16,
  PARTIAL: 48,
  /** Numbers of a step in FlowJob.stats, before two for each sequence; bytes of a row at a step in FlowJob.rowStats. */
  STATS: 10,
  ROWSTATS: 32,
  /** Blocks of pre-activations of LSTM and GRU: ../kernels/gates.ts. */
  BLOCKS: 4,
  /** Rows that are made orthogonal to all before them at once: ../kernels/orthogonalise.ts. */
  TOGETHER: 24,
  /** Steps of a single sequence of LSTM or GRU whose products with the input are made at once. */
  AHEAD: 6,
  /** Numbers of a row at a step in GatedFlowJob.rowStats, and of a step in GatedFlowJob.stats. */
  FLOWSTATS: 11,
  STEPSTATS: 6,
  /** Below this the next steps may reach the subnormal numbers. */
  NEARLY_GONE32: 1e-30,
  NEARLY_GONE64: 1e-290,
} as const;

/** Series of the run's steps at Job.norms: float64 [T] each, in this order. */
export const stepSeries = ['hNorm', 'closed', 'dh', 'dx', 'dWx', 'dWh', 'db'] as const;

/** The same at GatedJob.norms. */
export const gatedSeries = ['hNorm', 'dh', 'ds', 'dc', 'dx', 'dWx', 'dWh', 'db', 'dbh'] as const;

export type DTypeKernel = keyof typeof dtypeKernels;
export type Table = typeof dtypeKernels & typeof otherKernels;
export type KernelName = keyof Table;

/** A number for each of them. */
export type Numbers<Names extends readonly unknown[]> = { readonly [Place in keyof Names]: number };

type Kernel<Name extends KernelName> = Table[Name]['returns'] extends 'void'
  ? (...args: Numbers<Table[Name]['takes']>) => void
  : (...args: Numbers<Table[Name]['takes']>) => number;

/** What a module exports. */
export type Exports = {
  readonly [Name in DTypeKernel as `${Name}${32 | 64}`]: Kernel<Name>;
} & { readonly [Name in keyof typeof otherKernels]: Kernel<Name> };

/** The kernels of one dtype. */
export type DTypeExports = { readonly [Name in DTypeKernel]: Kernel<Name> };
