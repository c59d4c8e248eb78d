// AssemblyScript. What the module exports: every kernel in both dtypes. ../wasm/abi.ts has the same functions.
import { activate } from './activation';
import { backward, inputGradient, kindOf, sums } from './backward';
import { forward, forwardInput } from './forward';
import { packBiases, packGates, unpackBiases, unpackGates } from './gatedPack';
import { gatedBackward, gatedForward, gatedInputs, GatedJob, gatedSums } from './gatedRun';
import { gatedWholeBackward, gatedWholeForward } from './gatedWhole';
import { Job } from './job';
import { formEnd, formPanels, gramEnd, gramRows, NormJob } from './norms';
import { fill, pack, packColumns, packTransposed, unpack } from './panel';
import { plainBack } from './rangeScan';
import { largestOf } from './simd';
import { copyStand } from './subnormal';
import { whole } from './wholeRun';

/** First address that is free. */
export function heapBase(): usize {
  return (__heap_base + 63) & ~63;
}

export function forward32(job: Job, t0: i32, t1: i32, b0: i32, b1: i32): void {
  forward<f32>(job, t0, t1, b0, b1);
}
export function forward64(job: Job, t0: i32, t1: i32, b0: i32, b1: i32): void {
  forward<f64>(job, t0, t1, b0, b1);
}

export function input32(job: Job, t0: i32, t1: i32): void {
  forwardInput<f32>(job, t0, t1);
}
export function input64(job: Job, t0: i32, t1: i32): void {
  forwardInput<f64>(job, t0, t1);
}

export function backward32(job: Job, t0: i32, t1: i32, b0: i32, b1: i32, place: i32): void {
  backward<f32>(job, t0, t1, b0, b1, place);
}
export function backward64(job: Job, t0: i32, t1: i32, b0: i32, b1: i32, place: i32): void {
  backward<f64>(job, t0, t1, b0, b1, place);
}

export function sums32(job: Job, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32): void {
  sums<f32>(job, t0, t1, place, part, parts, thread, own);
}
export function sums64(job: Job, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32): void {
  sums<f64>(job, t0, t1, place, part, parts, thread, own);
}

export function gramRows32(job: NormJob, first: i32, end: i32, wide: i32, thread: i32): void {
  gramRows<f32>(job, first, end, wide, thread);
}
export function gramRows64(job: NormJob, first: i32, end: i32, wide: i32, thread: i32): void {
  gramRows<f64>(job, first, end, wide, thread);
}

export function gramEnd32(job: NormJob, wide: i32): i32 {
  return gramEnd<f32>(job, wide);
}
export function gramEnd64(job: NormJob, wide: i32): i32 {
  return gramEnd<f64>(job, wide);
}

export function formPanels32(job: NormJob, recurrent: i32, first: i32, end: i32, thread: i32): void {
  formPanels<f32>(job, recurrent, first, end, thread);
}
export function formPanels64(job: NormJob, recurrent: i32, first: i32, end: i32, thread: i32): void {
  formPanels<f64>(job, recurrent, first, end, thread);
}

export function formEnd32(job: NormJob, recurrent: i32): void {
  formEnd<f32>(job, recurrent);
}
export function formEnd64(job: NormJob, recurrent: i32): void {
  formEnd<f64>(job, recurrent);
}

export function inputGradient32(job: Job, t: i32, place: i32, r0: i32, r1: i32): void {
  inputGradient<f32>(job, t, place, r0, r1);
}
export function inputGradient64(job: Job, t: i32, place: i32, r0: i32, r1: i32): void {
  inputGradient<f64>(job, t, place, r0, r1);
}

export function kindOf32(job: Job, t: i32): i32 {
  return kindOf<f32>(job, t);
}
export function kindOf64(job: Job, t: i32): i32 {
  return kindOf<f64>(job, t);
}

export function copyStand32(kind: i32, from: usize, rows: i32, to: usize): void {
  copyStand<f32>(<u8>kind, from, rows, to);
}
export function copyStand64(kind: i32, from: usize, rows: i32, to: usize): void {
  copyStand<f64>(<u8>kind, from, rows, to);
}

export function whole32(job: Job, from: usize, to: usize, entering: i32, watch: i32): i32 {
  return whole<f32>(job, from, to, entering, watch);
}
export function whole64(job: Job, from: usize, to: usize, entering: i32, watch: i32): i32 {
  return whole<f64>(job, from, to, entering, watch);
}

export function gatedForward32(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32): void {
  gatedForward<f32>(job, t0, t1, b0, b1);
}
export function gatedForward64(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32): void {
  gatedForward<f64>(job, t0, t1, b0, b1);
}

export function gatedBackward32(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32, place: i32): void {
  gatedBackward<f32>(job, t0, t1, b0, b1, place);
}
export function gatedBackward64(job: GatedJob, t0: i32, t1: i32, b0: i32, b1: i32, place: i32): void {
  gatedBackward<f64>(job, t0, t1, b0, b1, place);
}

export function gatedInputs32(job: GatedJob, t: i32, place: i32, r0: i32, r1: i32): void {
  gatedInputs<f32>(job, t, place, r0, r1);
}
export function gatedInputs64(job: GatedJob, t: i32, place: i32, r0: i32, r1: i32): void {
  gatedInputs<f64>(job, t, place, r0, r1);
}

export function gatedSums32(
  job: GatedJob, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32,
): void {
  gatedSums<f32>(job, t0, t1, place, part, parts, thread, own);
}
export function gatedSums64(
  job: GatedJob, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32,
): void {
  gatedSums<f64>(job, t0, t1, place, part, parts, thread, own);
}

export function gatedWholeForward32(job: GatedJob, from: usize, to: usize): void {
  gatedWholeForward<f32>(job, from, to);
}
export function gatedWholeForward64(job: GatedJob, from: usize, to: usize): void {
  gatedWholeForward<f64>(job, from, to);
}

export function gatedWholeBackward32(job: GatedJob, from: usize, to: usize, entering: i32): void {
  gatedWholeBackward<f32>(job, from, to, entering);
}
export function gatedWholeBackward64(job: GatedJob, from: usize, to: usize, entering: i32): void {
  gatedWholeBackward<f64>(job, from, to, entering);
}

export function packGates32(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, forward: usize, backward: usize,
): void {
  packGates<f32>(cell, isInput, from, row, rows, I, H, forward, backward);
}
export function packGates64(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, forward: usize, backward: usize,
): void {
  packGates<f64>(cell, isInput, from, row, rows, I, H, forward, backward);
}

export function unpackGates32(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, to: usize,
): void {
  unpackGates<f32>(cell, isInput, from, row, rows, I, H, to);
}
export function unpackGates64(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, to: usize,
): void {
  unpackGates<f64>(cell, isInput, from, row, rows, I, H, to);
}

export function packBiases32(cell: i32, from: usize, H: i32, to: usize): void {
  packBiases<f32>(cell, from, H, to);
}
export function packBiases64(cell: i32, from: usize, H: i32, to: usize): void {
  packBiases<f64>(cell, from, H, to);
}

export function unpackBiases32(cell: i32, from: usize, H: i32, to: usize): void {
  unpackBiases<f32>(cell, from, H, to);
}
export function unpackBiases64(cell: i32, from: usize, H: i32, to: usize): void {
  unpackBiases<f64>(cell, from, H, to);
}

export function pack32(from: usize, rows: i32, N: i32, to: usize, panelBytes: usize, rowBytes: usize): void {
  pack<f32>(from, rows, N, to, panelBytes, rowBytes);
}
export function pack64(from: usize, rows: i32, N: i32, to: usize, panelBytes: usize, rowBytes: usize): void {
  pack<f64>(from, rows, N, to, panelBytes, rowBytes);
}

export function packColumns32(
  from: usize, fromBytes: usize, rows: i32, N: i32, to: usize, panelBytes: usize, rowBytes: usize,
): void {
  packColumns<f32>(from, fromBytes, rows, N, to, panelBytes, rowBytes);
}
export function packColumns64(
  from: usize, fromBytes: usize, rows: i32, N: i32, to: usize, panelBytes: usize, rowBytes: usize,
): void {
  packColumns<f64>(from, fromBytes, rows, N, to, panelBytes, rowBytes);
}

export function packTransposed32(from: usize, N: i32, K: i32, to: usize): void {
  packTransposed<f32>(from, N, K, to);
}
export function packTransposed64(from: usize, N: i32, K: i32, to: usize): void {
  packTransposed<f64>(from, N, K, to);
}

export function unpack32(from: usize, panelBytes: usize, rowBytes: usize, rows: i32, N: i32, to: usize): void {
  unpack<f32>(from, panelBytes, rowBytes, rows, N, to);
}
export function unpack64(from: usize, panelBytes: usize, rowBytes: usize, rows: i32, N: i32, to: usize): void {
  unpack<f64>(from, panelBytes, rowBytes, rows, N, to);
}

export function fill32(value: f64, N: i32, to: usize, panelBytes: usize, rows: i32): void {
  fill<f32>(<f32>value, N, to, panelBytes, rows);
}
export function fill64(value: f64, N: i32, to: usize, panelBytes: usize, rows: i32): void {
  fill<f64>(value, N, to, panelBytes, rows);
}

export function largest32(from: usize, panelBytes: usize, panelCount: i32, rows: i32): f64 {
  return largestOf<f32>(from, panelBytes, panelCount, rows);
}
export function largest64(from: usize, panelBytes: usize, panelCount: i32, rows: i32): f64 {
  return largestOf<f64>(from, panelBytes, panelCount, rows);
}

export function activate32(cell: i32, at: usize, bytes: usize): void {
  activate<f32>(cell, at, bytes);
}
export function activate64(cell: i32, at: usize, bytes: usize): void {
  activate<f64>(cell, at, bytes);
}

export function plainBack32(
  cell: i32, g: usize, d: usize, B: i32, H: i32, hs: usize, hsPanel: usize, weights: usize, steps: i32, r0: i32,
  r1: i32,
): i32 {
  return plainBack<f32>(cell, g, d, B, H, hs, hsPanel, weights, steps, r0, r1);
}
export function plainBack64(
  cell: i32, g: usize, d: usize, B: i32, H: i32, hs: usize, hsPanel: usize, weights: usize, steps: i32, r0: i32,
  r1: i32,
): i32 {
  return plainBack<f64>(cell, g, d, B, H, hs, hsPanel, weights, steps, r0, r1);
}

export function clear(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

export { multiplyRows, triangularProduct } from './algebra';
export { gatedFlowInputs, gatedFlowNorms, gatedFlowRows, gatedFlowSlopes } from './gatedFlow';
export { flowInputs, flowNorms, flowRows, flowSlopes } from './scaledFlow';
export { eliminateRows } from './eliminate';
export { jacobiRound } from './jacobi';
export { lanczosStep } from './lanczos';
export { projectDots, projectPanels, rowLengths, rowsAmong, rowsEnd, secondRound } from './orthogonalise';
export { addOuter, clearRow, settleRows, throughSlopes } from './gradientRows';
