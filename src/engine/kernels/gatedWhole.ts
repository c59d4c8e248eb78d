// AssemblyScript. A whole small run of LSTM or GRU in two calls, because what enters may depend on its states: what
// ../wasm/gatedLayer.ts does in many calls, which would cost more than the work.
import { gatesOf, LSTM } from './gates';
import { packBiases, packGates, unpackBiases, unpackRows } from './gatedPack';
import { backwardSteps, gatedForward, GatedJob, sumsOfGates } from './gatedRun';
import { packColumns, packSequences, unpackSequences } from './panel';
import { panelsOf, ROW, width } from './simd';
import { enter } from './wholeRun';

/** Bytes of b, and of bh behind it where the cell is GRU. */
@inline function biasBytes(cell: i32, hBytes: usize): usize {
  return <usize>((cell == LSTM ? 1 : 2) * gatesOf(cell)) * hBytes;
}

/**
 * From row-major numbers at `from` (Wh [H,G·H], Wx [I,G·H], b [G·H], of GRU bh [3·H], the initial states [B,S·H],
 * xs [B,T,I]) to row-major numbers at `to` (h [B,T,H], of LSTM c too).
 */
export function gatedWholeForward<T>(job: GatedJob, from: usize, to: usize): void {
  const B = job.B;
  const steps = job.T;
  const I = job.I;
  const H = job.H;
  const lstm = job.cell == LSTM;
  const stepBytes = <usize>B * ROW;
  const hsPanel = <usize>(1 + steps) * stepBytes;
  const hBytes = <usize>H * sizeof<T>();
  const allBytes = lstm ? 2 * hBytes : hBytes;
  const rowBytes = <usize>gatesOf(job.cell) * hBytes;

  // Numbers of the transposed weights beyond H.
  if (H % width<T>() != 0) memory.fill(job.backwardWeights, 0, job.bias - job.backwardWeights);
  packGates<T>(job.cell, 0, from, 0, H, I, H, job.forwardWeights, job.backwardWeights);
  from += <usize>H * rowBytes;
  packGates<T>(job.cell, 1, from, 0, I, I, H, job.forwardWeights, job.backwardWeights);
  from += <usize>I * rowBytes;
  packBiases<T>(job.cell, from, H, job.bias);
  from += biasBytes(job.cell, hBytes);
  packColumns<T>(from, allBytes, B, H, job.hs, hsPanel, ROW);
  if (lstm) packColumns<T>(from + hBytes, allBytes, B, H, job.cs, hsPanel, ROW);
  from += <usize>B * allBytes;
  packSequences<T>(from, B, steps, I, job.xs);

  gatedForward<T>(job, 0, steps, 0, B);

  to = unpackSequences<T>(job.hs + stepBytes, hsPanel, B, steps, H, to);
  if (lstm) unpackSequences<T>(job.cs + stepBytes, hsPanel, B, steps, H, to);
}

/**
 * The way back of the last `gatedWholeForward`, from dhs [B,T,H] at `from` where `entering` says that they are values,
 * to row-major numbers at `to` (dhTotal [B,T,H], dxs [B,T,I], dWx, dWh, db, of GRU dbh, dh0 [B,H], of LSTM dc0) and the
 * job's norms. The d of a block of steps have to fit into d.
 */
export function gatedWholeBackward<T>(job: GatedJob, from: usize, to: usize, entering: i32): void {
  enter<T>(from, entering, job.B, job.T, job.H, job.g);
  wayBack(job, to, sizeof<T>() == 8);
}

/** The same of either dtype, `wide` of float64, once dhs are in their place. */
function wayBack(job: GatedJob, to: usize, wide: bool): void {
  const B = job.B;
  const steps = job.T;
  const I = job.I;
  const H = job.H;
  const lstm = job.cell == LSTM;
  const stepBytes = <usize>B * ROW;
  const gPanel = <usize>steps * stepBytes;
  const hBytes = <usize>(H * (wide ? 8 : 4));
  const rowBytes = <usize>gatesOf(job.cell) * hBytes;

  if (lstm) memory.fill(job.gc, 0, <usize>panelsOf(H, wide) * gPanel);
  // dh0, dc0, dWx, dWh and db lie one behind the other.
  memory.fill(job.dh0, 0, job.scratch - job.dh0);
  memory.fill(job.small, 0, 8);

  for (let t1 = steps; t1 > 0; t1 -= job.blockSteps) {
    const t0 = max(0, t1 - job.blockSteps);
    backwardSteps(job, t0, t1, 0, B, 0, wide);
    sumsOfGates(job, t0, t1, 0, 0, 1, 0, 7, wide);
  }

  to = sequencesOut(job.g, gPanel, B, steps, H, to, wide);
  to = sequencesOut(job.dx, gPanel, B, steps, I, to, wide);
  unpackRows(job.cell, 1, job.dWx, 0, I, I, H, to, wide);
  to += <usize>I * rowBytes;
  unpackRows(job.cell, 0, job.dWh, 0, H, I, H, to, wide);
  to += <usize>H * rowBytes;
  if (wide) unpackBiases<f64>(job.cell, job.db, H, to);
  else unpackBiases<f32>(job.cell, job.db, H, to);
  to += biasBytes(job.cell, hBytes);
  // Added to zeros, as chunk by chunk: −0 becomes 0. dc0 lies behind dh0.
  for (let at = job.dh0; at < job.dWx; at += 16) {
    const found = v128.load(at);
    v128.store(at, wide ? f64x2.add(found, f64x2.splat(0)) : f32x4.add(found, f32x4.splat(0)));
  }
  to = sequencesOut(job.dh0, stepBytes, B, 1, H, to, wide);
  if (lstm) sequencesOut(job.dc0, stepBytes, B, 1, H, to, wide);
}

function sequencesOut(from: usize, panelBytes: usize, B: i32, steps: i32, N: i32, to: usize, wide: bool): usize {
  return wide
    ? unpackSequences<f64>(from, panelBytes, B, steps, N, to)
    : unpackSequences<f32>(from, panelBytes, B, steps, N, to);
}
