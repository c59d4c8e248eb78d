// AssemblyScript. Where everything of a run lies. ../wasm/abi.ts has the same fields, and ../wasm writes them.

@unmanaged
export class Job {
  B: i32;
  T: i32;
  I: i32;
  H: i32;
  cell: i32;
  /** The gradient is cut at every multiple of this many steps; 0: never. */
  truncate: i32;
  /** Steps whose weight gradients are one product. */
  blockSteps: i32;
  /** Steps that fit into d. */
  places: i32;
  /** Bytes of one thread's share of `scratch`. */
  scratchBytes: usize;
  /** Steps before the first one here that count for `truncate`, modulo it: in a piece of a longer chunk. */
  cutOffset: i32;
  /** [H/w][H+I][w]: Wh above Wx. */
  forwardWeights: usize;
  /** [H/w][H][w], then [I/w][H][w]: Whᵀ beside Wxᵀ. */
  backwardWeights: usize;
  /** One row of H/w·w. */
  bias: usize;
  /** [I/w][T·B][w], rows in the order (t, b) as everywhere. */
  xs: usize;
  /** [H/w][(1+T)·B][w]: the initial state first. */
  hs: usize;
  /** [H/w][T·B][w]: dhs at the start, g once the step is done. */
  g: usize;
  /** [H/w][places·B][w], panels as far apart as `pitchOf` says. */
  d: usize;
  /** [I/w][T·B][w] */
  dx: usize;
  /** [H/w][B][w] */
  dh0: usize;
  /** [H/w][I, filled up to panels][w], the same with H. */
  dWx: usize;
  dWh: usize;
  /** One row of H/w·w. */
  db: usize;
  /** For every thread as large as a panel of columns of dWx or dWh, whichever is the larger, and some numbers more. */
  scratch: usize;
  /**
   * float64 [7][T]: ‖h‖; share of units that let (nearly) nothing through; norms of g, dx, and the step's dWx, dWh, db.
   */
  norms: usize;
  /**
   * What ./backward.ts knows of numbers below the normal range: float64, as of `reachOf`, 0 before anybody asked; then
   * a byte for each row that is watched, and for each row (t, b) what its d is.
   */
  small: usize;
}
