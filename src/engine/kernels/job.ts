// AssemblyScript. Where everything of a run lies. ../fast/layer.ts writes it, in this order; every field is 4 bytes.

@unmanaged
export class Job {
  B: i32;
  T: i32;
  I: i32;
  H: i32;
  cell: i32;
  /** The gradient is cut at every multiple of this many steps; 0: never. */
  truncate: i32;
  /** Steps that fit into d and dx. */
  blockSteps: i32;
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
  /** Of one block: [H/w][blockSteps·B][w] and [I/w][blockSteps·B][w]. */
  d: usize;
  dx: usize;
  /** [H/w][B][w] */
  dh0: usize;
  /** [H/w][I, filled up to panels][w], the same with H. */
  dWx: usize;
  dWh: usize;
  /** One row of H/w·w, and behind it the sum of the block at work. */
  db: usize;
  /** As large as dWx and dWh, whichever is the larger. */
  scratch: usize;
  /** float64 [7][T]: norms of g, dx, and the step's dWx, dWh, db; ‖h‖; share of units that let (nearly) nothing through. */
  norms: usize;
}
