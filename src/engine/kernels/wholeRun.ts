// AssemblyScript. A whole small run in one call: what ../wasm/layer.ts does call by call, because there the calls would
// cost more than the work.
import { backward, notesOf, sums } from './backward';
import { forward, forwardInput } from './forward';
import { Job } from './job';
import { fill, pack, packSequences, packTransposed, unpack, unpackSequences } from './panel';
import { largestOf, panels, ROW, width } from './simd';

/** What enters from above: ones at the last step, ones at every step, or values. */
const LAST = 0;
const EVERY = 1;

/**
 * From row-major numbers at `from` (Wh, Wx, b, the initial state [B,H], xs [B,T,I], and dhs [B,T,H] when they are
 * values) to row-major numbers at `to` (hs, dhTotal [B,T,H], dxs [B,T,I], dWx, dWh, db, dh0 [B,H]) and the job's norms.
 * All steps have to fit into d. `watch`: steps between two looks at how small the numbers have become. Gives 0 where
 * they come near the end of the range, so that arithmetic may take a hundred times as long: then nothing here counts,
 * and ../wasm/layer.ts has to do it in pieces.
 */
export function whole<T>(job: Job, from: usize, to: usize, entering: i32, watch: i32): i32 {
  const B = job.B;
  const steps = job.T;
  const I = job.I;
  const H = job.H;
  const hPanels = panels<T>(H);
  const iPanels = panels<T>(I);
  const stepBytes = <usize>B * ROW;
  const gPanel = <usize>steps * stepBytes;
  const hsPanel = gPanel + stepBytes;
  const weightsPanel = <usize>(H + I) * ROW;
  const hBytes = <usize>H * sizeof<T>();
  const iBytes = <usize>I * sizeof<T>();

  pack<T>(from, H, H, job.forwardWeights, weightsPanel, ROW);
  packTransposed<T>(from, H, H, job.backwardWeights);
  from += <usize>H * hBytes;
  pack<T>(from, I, H, job.forwardWeights + <usize>H * ROW, weightsPanel, ROW);
  packTransposed<T>(from, I, H, job.backwardWeights + <usize>(hPanels * H) * ROW);
  from += <usize>I * hBytes;
  pack<T>(from, 1, H, job.bias, ROW, ROW);
  from += hBytes;
  pack<T>(from, B, H, job.hs, hsPanel, ROW);
  from += <usize>B * hBytes;
  from = packSequences<T>(from, B, steps, I, job.xs);
  enter<T>(from, entering, B, steps, H, job.g);
  // dh0, dWx, dWh and db lie one behind the other.
  memory.fill(job.dh0, 0, job.scratch - job.dh0);
  memory.fill(job.small, 0, notesOf(job));

  forwardInput<T>(job, 0, steps);
  let largest: f64 = 0;
  for (let t = 0; t < steps; t += watch) {
    const end = min(steps, t + watch);
    forward<T>(job, t, end, 0, B);
    if (end == steps) break;
    const now = largestOf<T>(job.hs + <usize>end * stepBytes, hsPanel, hPanels, B);
    if (nearlyGone<T>(largest, now)) return 0;
    largest = now;
  }
  largest = largestOf<T>(job.g + gPanel - stepBytes, gPanel, hPanels, B);
  for (let t = steps; t > 0; t -= watch) {
    const start = max(0, t - watch);
    backward<T>(job, start, t, 0, B, start);
    if (start == 0) break;
    const now = largestOf<T>(job.g + <usize>(start - 1) * stepBytes, gPanel, hPanels, B);
    if (nearlyGone<T>(largest, now)) return 0;
    largest = now;
  }
  sums<T>(job, 0, steps, 0, 0, 1, 0, 7);

  to = unpackSequences<T>(job.hs + stepBytes, hsPanel, B, steps, H, to);
  to = unpackSequences<T>(job.g, gPanel, B, steps, H, to);
  to = unpackSequences<T>(job.dx, gPanel, B, steps, I, to);
  const panelBytes = <usize>width<T>() * ROW;
  unpack<T>(job.dWx, <usize>iPanels * panelBytes, ROW, I, H, to);
  to += <usize>I * hBytes;
  unpack<T>(job.dWh, <usize>hPanels * panelBytes, ROW, H, H, to);
  to += <usize>H * hBytes;
  unpack<T>(job.db, ROW, ROW, 1, H, to);
  to += hBytes;
  unpack<T>(job.dh0, stepBytes, ROW, B, H, to);
  return 1;
}

/** What enters the steps of a whole run into packed rows (t, b) at `to`: ones, or the values [B,T,H] at `from`. */
export function enter<T>(from: usize, entering: i32, B: i32, steps: i32, H: i32, to: usize): void {
  const stepBytes = <usize>B * ROW;
  const panelBytes = <usize>steps * stepBytes;
  if (entering == EVERY) fill<T>(1, H, to, panelBytes, steps * B);
  else if (entering == LAST) {
    memory.fill(to, 0, <usize>panels<T>(H) * panelBytes);
    fill<T>(1, H, to + panelBytes - stepBytes, panelBytes, B);
  } else packSequences<T>(from, B, steps, H, to);
}

/** Below this the next steps may reach the subnormal numbers. */
const NEARLY_GONE32: f64 = 1e-30;
const NEARLY_GONE64: f64 = 1e-290;

/** As `mayBeSubnormal` in ../wasm/workSplit.ts. */
@inline function nearlyGone<T>(before: f64, now: f64): bool {
  return now > 0 && Math.min(now, now * (now / before)) < (sizeof<T>() == 4 ? NEARLY_GONE32 : NEARLY_GONE64);
}
