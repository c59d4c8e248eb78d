// AssemblyScript. Backward: d_t = g_t ⊙ f'(h_t), dh = d_t·Whᵀ row by row, and then, from the d of many steps, dx_t =
// d_t·Wxᵀ, the norms of the steps and the weight gradients. Every number has one order of summation, however the work
// is shared out.
import { IDENTITY, SATURATED, TANH, throughActivation } from './activation';
import { backwardChain } from './singlePanel';
import { Job } from './job';
import { formedNorm, normOf, normWh, normWx, outerNorms, stepNorms, weightNorms, wideNormOf } from './norms';
import { clearBeyond } from './panel';
import { narrowRows, productOne, productRows, transposedProduct } from './product';
import { constant, FUSED, panels, panelsOf, pitchOf, ROW, width, widthOf, ZEROS } from './simd';
import {
  addSettled,
  canBeLifted,
  copyStand,
  isNear,
  isSmall,
  isWorthWatching,
  magnitudes,
  MIXED,
  ORDINARY,
  reachOf,
  SMALL,
  smallNorm,
  smallRows,
  smallThroughSlope,
  ZERO,
} from './subnormal';

/** Rows b0 … b1 − 1 of the steps t1 − 1 … t0: g and d. The d of step t0 goes to step `place` of the buffer. */
export function backward<T>(job: Job, t0: i32, t1: i32, b0: i32, b1: i32, place: i32): void {
  const H = job.H;
  const hPanels = panels<T>(H);
  const stepBytes = <usize>job.B * ROW;
  const hsPanel = <usize>(1 + job.T) * stepBytes;
  const gPanel = <usize>job.T * stepBytes;
  const dPanel = pitchOf(job.places * job.B);
  const chained = job.B == 1 && hPanels == 1;
  let some = anyWatched(job, b0, b1);
  for (let t = t1 - 1; t >= t0; t--) {
    const g = job.g + <usize>t * stepBytes;
    const h = job.hs + <usize>(t + 1) * stepBytes;
    const d = job.d + <usize>(place + t - t0) * stepBytes;
    const flowsOn = t == 0 || job.truncate == 0 || (t + job.cutOffset) % job.truncate != 0;
    const target = t == 0 ? job.dh0 : flowsOn ? g - stepBytes : 0;
    const targetPanel = t == 0 ? stepBytes : gPanel;
    // Counted from the end of a block, so that it is the same however the steps are divided into calls.
    const sinceBlock = (job.T - 1 - t) % job.blockSteps;
    if (sinceBlock % LOOK == 0) some = watch<T>(job, g, gPanel, b0, b1);
    if (FUSED && sizeof<T>() == 4 && chained && !some) {
      let steps = min(min(LOOK - sinceBlock % LOOK, job.blockSteps - sinceBlock), min(t - t0 + 1, t));
      if (job.truncate != 0) steps = min(steps, (t + job.cutOffset) % job.truncate);
      if (steps > 0) {
        backwardChain(job.cell, g, h, d, steps, H, job.backwardWeights, g - <usize>steps * ROW);
        t -= steps - 1;
        continue;
      }
    }
    for (let b = b0; b < b1;) {
      const first = b;
      const from = <usize>b * ROW;
      if (some && isWatched(job, b)) {
        const kind = watchedRow<T>(job, g, gPanel, h, hsPanel, d, dPanel, b);
        do store<u8>(kindAt(job, t, b++), kind);
        while (b < b1 && isWatched(job, b) && watchedRow<T>(job, g, gPanel, h, hsPanel, d, dPanel, b) == kind);
        if (kind != ORDINARY) {
          if (kind != ZERO)
            smallRows<T>(
              kind, b - first, d + from, dPanel, hPanels, H, job.backwardWeights, target == 0 ? 0 : target + from,
              targetPanel, hPanels, job.dx + <usize>t * stepBytes + from, gPanel, panels<T>(job.I), 0,
            );
          continue;
        }
      } else if (some) while (++b < b1 && !isWatched(job, b));
      else b = b1;
      const rows = b - first;
      if (FUSED && sizeof<T>() == 4 && chained && target != 0) {
        backwardChain(job.cell, g, h, d, 1, H, job.backwardWeights, target);
        continue;
      }
      throughActivation<T>(job.cell, g + from, gPanel, h + from, hsPanel, d + from, dPanel, hPanels, rows);
      if (target != 0)
        carry<T>(job.B, d + from, dPanel, rows, H, job.backwardWeights, target + from, targetPanel, (t & 1) != 0);
    }
  }
}

/** Steps between two looks at which rows may soon be below the normal range. */
const LOOK = 16;

/** Where it is noted of row b that it is watched. */
@inline function watchedAt(job: Job, b: i32): usize {
  return job.small + 8 + <usize>b;
}

/** Where it is noted what the d of row b of step t is. */
@inline function kindAt(job: Job, t: i32, b: i32): usize {
  return job.small + 8 + <usize>((t + 1) * job.B + b);
}

/** Bytes of all that is noted. */
export function notesOf(job: Job): usize {
  return 8 + <usize>((job.T + 1) * job.B);
}

@inline function isWatched(job: Job, b: i32): bool {
  return load<u8>(watchedAt(job, b)) != 0;
}

function anyWatched(job: Job, b0: i32, b1: i32): bool {
  for (let b = b0; b < b1; b++) if (isWatched(job, b)) return true;
  return false;
}

/** No row has been small yet: nobody has asked how far products reach. */
@inline function allOrdinary(job: Job): bool {
  return load<f64>(job.small) == 0;
}

/**
 * Notes of the rows b0 … b1 − 1 whether they are to be watched, because they may soon be small, or are zeros, of which
 * nothing comes; gives whether any is.
 */
function watch<T>(job: Job, g: usize, gPanel: usize, b0: i32, b1: i32): bool {
  let some = false;
  for (let b = b0; b < b1; b++) {
    const watched = isWorthWatching<T>(g + <usize>b * ROW, gPanel, panels<T>(job.H));
    store<u8>(watchedAt(job, b), watched ? 1 : 0);
    some = some || watched;
  }
  return some;
}

/**
 * Row b through the activation, where some of it is below the normal range. Says what its d is, which is there unless
 * that is ORDINARY.
 */
function watchedRow<T>(
  job: Job, g: usize, gPanel: usize, h: usize, hPanel: usize, d: usize, dPanel: usize, b: i32,
): u8 {
  const from = <usize>b * ROW;
  g += from;
  h += from;
  d += from;
  const hPanels = panels<T>(job.H);
  let reach = load<f64>(job.small);
  if (reach == 0) {
    reach = reachOf<T>(job.backwardWeights, hPanels + panels<T>(job.I), job.H);
    store<f64>(job.small, reach);
  }
  const kind = smallThroughSlope<T>(job.cell, g, gPanel, h, hPanel, d, dPanel, job.H, reach);
  // Where h is not finite, d is not.
  return kind == MIXED && !isNear<T>(h, hPanel, hPanels, 1) ? ORDINARY : kind;
}

/**
 * What the rows of d of a step are together, and can be multiplied as with x and hPrev: SMALL, MIXED or ZERO, or else
 * ORDINARY.
 */
@inline export function kindOf<T>(job: Job, t: i32): u8 {
  return allOrdinary(job) ? ORDINARY : kindOfRows<T>(job, t);
}

function kindOfRows<T>(job: Job, t: i32): u8 {
  let small = false;
  let mixed = false;
  let zero = true;
  for (let b = 0; b < job.B; b++) {
    const kind = load<u8>(kindAt(job, t, b));
    small = small || kind == SMALL;
    mixed = mixed || kind == MIXED;
    zero = zero && kind == ZERO;
  }
  if (!small && !mixed && !zero) return ORDINARY;
  const stepBytes = <usize>job.B * ROW;
  const offset = <usize>t * stepBytes;
  const panelBytes = <usize>job.T * stepBytes;
  const hPanels = panels<T>(job.H);
  const before = job.hs + offset;
  if (
    !isNear<T>(job.xs + offset, panelBytes, panels<T>(job.I), job.B) ||
    !isNear<T>(before, panelBytes + stepBytes, hPanels, job.B) ||
    !isNear<T>(before + stepBytes, panelBytes + stepBytes, hPanels, job.B)
  ) return ORDINARY;
  if (zero) return ZERO;
  // Nobody watches rows that are large throughout, or have just become zeros.
  for (let b = 0; b < job.B; b++) {
    if (load<u8>(kindAt(job, t, b)) != ORDINARY) continue;
    const g = job.g + offset + <usize>b * ROW;
    if (!canBeLifted<T>(g, panelBytes, hPanels)) return ORDINARY;
    mixed = mixed || magnitudes<T>(g, panelBytes, hPanels) != 0;
  }
  return mixed ? MIXED : SMALL;
}

/**
 * Part `part` of `parts` of what comes of d for the steps t0 … t1 − 1: dx and all norms of a share of the steps, and
 * for all of them a share of the rows of dWx and dWh, block by block from the last. t1 is the end of a block. Done by
 * thread `thread`, in its share of the scratch. `own`: 1 for dx, where `inputGradient` has not been there before, 2 for
 * the norms of dWx and dWh, where ../wasm/stepNorms.ts does not find them, 4 for those of steps that are not ORDINARY
 * too.
 */
export function sums<T>(job: Job, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32): void {
  sumsOfSteps(job, t0, t1, place, part, parts, thread, own, sizeof<T>() == 8);
}

function sumsOfSteps(
  job: Job, t0: i32, t1: i32, place: i32, part: i32, parts: i32, thread: i32, own: i32, wide: bool,
): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const hPanels = panelsOf(H, wide);
  const iPanels = panelsOf(I, wide);
  const stepBytes = <usize>B * ROW;
  const hsPanel = <usize>(1 + job.T) * stepBytes;
  const xsPanel = <usize>job.T * stepBytes;
  const dPanel = pitchOf(job.places * job.B);
  const scratch = job.scratch + <usize>thread * job.scratchBytes;
  const series = <usize>job.T * 8;
  const from = t0 + (t1 - t0) * part / parts;
  const to = t0 + (t1 - t0) * (part + 1) / parts;
  if (own & 1) inputsOfRows(job, t0, place, (from - t0) * B, (to - t0) * B, wide);
  for (let t = from; t < to;) {
    const d = job.d + <usize>(place + t - t0) * stepBytes;
    const kind = kindOfStep(job, t, wide);
    const first = t;
    t = allOrdinary(job) && B == 1 ? to : t + 1;
    if (wide) measures<f64>(job, first, t, d, kind == ORDINARY, own, scratch);
    else measures<f32>(job, first, t, d, kind == ORDINARY, own, scratch);
    if (kind == ORDINARY) continue;
    const at = job.norms + 2 * series + <usize>first * 8;
    if (wide) smallNorms<f64>(job, kind, first, d, dPanel, at, series, own, scratch);
    else smallNorms<f32>(job, kind, first, d, dPanel, at, series, own, scratch);
  }
  const firstPanel = (iPanels + hPanels) * part / parts;
  const endPanel = (iPanels + hPanels) * (part + 1) / parts;
  for (let end = t1; end > t0; end -= job.blockSteps) {
    const start = max(t0, end - job.blockSteps);
    const d = job.d + <usize>(place + start - t0) * stepBytes;
    for (let t = start; t < end;) {
      const kind = kindOfStep(job, t, wide);
      const first = t;
      if (allOrdinary(job)) t = end;
      while (t < end && kindOfStep(job, t, wide) == kind) t++;
      const rows = (t - first) * B;
      const offset = <usize>first * stepBytes;
      const ofRun = d + <usize>(first - start) * stepBytes;
      for (let recurrent = 0; recurrent < 2; recurrent++) {
        const N = recurrent ? H : I;
        const a = offset + (recurrent ? job.hs : job.xs);
        const aPanel = recurrent ? hsPanel : xsPanel;
        const c = recurrent ? job.dWh : job.dWx;
        const from = recurrent ? max(0, firstPanel - iPanels) : firstPanel;
        const to = recurrent ? endPanel - iPanels : min(endPanel, iPanels);
        if (wide) share<f64>(a, aPanel, N, ofRun, dPanel, hPanels, rows, c, from, to, kind, scratch);
        else share<f32>(a, aPanel, N, ofRun, dPanel, hPanels, rows, c, from, to, kind, scratch);
      }
    }
    if (part != 0) continue;
    if (wide) addBias<f64>(d, dPanel, hPanels, B, end - start, job.db);
    else addBias<f32>(d, dPanel, hPanels, B, end - start, job.db);
  }
}

function kindOfStep(job: Job, t: i32, wide: bool): u8 {
  return wide ? kindOf<f64>(job, t) : kindOf<f32>(job, t);
}

/**
 * The measures of the states of the steps first … end − 1, and if their d, the first of which is at `d`, is ORDINARY
 * the norms.
 */
function measures<T>(job: Job, first: i32, end: i32, d: usize, ordinary: bool, own: i32, scratch: usize): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const steps = end - first;
  const stepBytes = <usize>B * ROW;
  const xsPanel = <usize>job.T * stepBytes;
  const hsPanel = xsPanel + stepBytes;
  const dPanel = pitchOf(job.places * job.B);
  const series = <usize>job.T * 8;
  const offset = <usize>first * stepBytes;
  const at = job.norms + <usize>first * 8;
  const h = job.hs + offset + stepBytes;
  stepNorms<T>(h, hsPanel, H, B, steps, true, at);
  closedShares<T>(job.cell, h, hsPanel, H, B, steps, at + series);
  if (!ordinary) return;
  stepNorms<T>(job.g + offset, xsPanel, H, B, steps, false, at + 2 * series);
  stepNorms<T>(job.dx + offset, xsPanel, I, B, steps, false, at + 3 * series);
  const ofD = at + 6 * series;
  stepNorms<T>(d, dPanel, H, B, steps, false, ofD);
  if (FUSED && sizeof<T>() == 4 && B == 1 && (own & 2) != 0)
    stepNorms<T>(job.xs + offset, xsPanel, I, 1, steps, true, at + 4 * series);
  for (let s = 0; s < steps && (own & 2) != 0; s++) {
    let step = at + <usize>s * 8;
    let row = offset + <usize>s * stepBytes;
    if (FUSED && sizeof<T>() == 4 && B == 1 && s + 1 < steps) {
      const before = s == 0 ? wideNormOf<T>(job.hs + offset, hsPanel, H, 1) : load<f64>(step - 8);
      const done = outerNorms(before, step, series, steps - s);
      s += done;
      if (s == steps) break;
      step += <usize>done * 8;
      row += <usize>done * ROW;
    }
    weightNorms<T>(
      job.xs + row, xsPanel, I, job.hs + row, hsPanel, H, d + <usize>s * stepBytes, dPanel, B,
      load<f64>(step + 6 * series), scratch,
    );
    store<f64>(step + 4 * series, normWx);
    store<f64>(step + 5 * series, normWh);
  }
  if (B == 1) return;
  for (let s = 0; s < steps; s++)
    store<f64>(ofD + <usize>s * 8, biasNorm<T>(d + <usize>s * stepBytes, dPanel, H, B, scratch));
}

/** The norms of a step of this kind, which is not ORDINARY: of g, dx, dWx, dWh and db, `series` bytes apart. */
function smallNorms<T>(
  job: Job, kind: u8, t: i32, d: usize, dPanel: usize, at: usize, series: usize, own: i32, scratch: usize,
): void {
  const B = job.B;
  const I = job.I;
  const H = job.H;
  const stepBytes = <usize>B * ROW;
  const xsPanel = <usize>job.T * stepBytes;
  const offset = <usize>t * stepBytes;
  if (kind == ZERO) {
    for (const end = at + 5 * series; at < end; at += series) store<f64>(at, 0);
    return;
  }
  const room = scratch + roomAfter<T>(I, H);
  store<f64>(at, normOfKind<T>(kind, job.g + offset, xsPanel, H, B, room));
  store<f64>(at + series, normOfKind<T>(kind, job.dx + offset, xsPanel, I, B, room));
  if (own & 4) {
    store<f64>(at + 2 * series, formedNorm<T>(kind, job.xs + offset, xsPanel, I, d, dPanel, H, B, scratch));
    store<f64>(at + 3 * series, formedNorm<T>(kind, job.hs + offset, xsPanel + stepBytes, H, d, dPanel, H, B, scratch));
  }
  store<f64>(
    at + 4 * series,
    isSmall(kind) ? smallNorm<T>(d, dPanel, H, B, true, room) : biasNorm<T>(d, dPanel, H, B, scratch),
  );
}

function normOfKind<T>(kind: u8, from: usize, panelBytes: usize, N: i32, B: i32, room: usize): f64 {
  return isSmall(kind) ? smallNorm<T>(from, panelBytes, N, B, false, room) : normOf<T>(from, panelBytes, N, B);
}

/** Where in a thread's scratch a panel of rows has room, behind what ./norms.ts takes. */
@inline function roomAfter<T>(I: i32, H: i32): usize {
  return <usize>(max(panels<T>(I), panels<T>(H)) * width<T>() + panels<T>(H)) * ROW;
}

/** The rows of C += Aᵀ·D that belong to panels first … end − 1 of A [rows,M]. `kind`: of all of D. */
function share<T>(
  a: usize, aPanel: usize, M: i32, d: usize, dPanel: usize, hPanels: i32, rows: i32, c: usize, first: i32, end: i32,
  kind: u8, scratch: usize,
): void {
  if (first >= end || kind == ZERO) return;
  const columns = min(M, end * width<T>()) - first * width<T>();
  const cPanel = <usize>(panels<T>(M) * width<T>()) * ROW;
  a += <usize>first * aPanel;
  c += <usize>(first * width<T>()) * ROW;
  if (kind == ORDINARY) {
    transposedProduct<T>(a, aPanel, columns, d, dPanel, hPanels, rows, c, cPanel);
    return;
  }
  // Rows of a panel of the product: as many as there are columns, made even.
  const productRows = (columns + 1) & ~1;
  const room = scratch + <usize>productRows * ROW;
  for (let n = 0; n < hPanels; n++) {
    memory.fill(scratch, 0, <usize>productRows * ROW);
    copyStand<T>(kind, d, rows, room);
    transposedProduct<T>(a, aPanel, columns, room, 0, 1, rows, scratch, 0);
    addSettled<T>(kind, scratch, columns, c);
    d += dPanel;
    c += cPanel;
  }
}

const SATURATED32 = memory.data<f32>([<f32>SATURATED, <f32>SATURATED, <f32>SATURATED, <f32>SATURATED], 16);
const SATURATED64 = memory.data<f64>([SATURATED, SATURATED], 16);

/**
 * Share of units that let (nearly) nothing through: |h| > SATURATED for tanh, h ≤ 0 for the others; of steps that lie
 * one behind the other, to `to`.
 */
function closedShares<T>(cell: i32, h: usize, hPanel: usize, H: i32, B: i32, steps: i32, to: usize): void {
  const bytes = <usize>B * ROW;
  const zero = v128.splat<T>(0);
  // The zeros beyond H are counted with the others.
  const beyond = cell == TANH ? 0 : B * (panels<T>(H) * width<T>() - H);
  for (const end = to + <usize>steps * 8; to < end; to += 8, h += bytes) {
    let count = -beyond;
    for (let n = 0; n < panels<T>(H); n++) {
      const from = h + <usize>n * hPanel;
      for (let at = from; at < from + bytes; at += 16) {
        const value = v128.load(at);
        let closed: v128;
        if (cell != TANH) closed = v128.le<T>(value, zero);
        // SATURATED in float32 is a little above SATURATED.
        else if (sizeof<T>() == 4) closed = f32x4.ge(f32x4.abs(value), constant(SATURATED32));
        else closed = f64x2.gt(f64x2.abs(value), constant(SATURATED64));
        count += popcnt<i32>(sizeof<T>() == 4 ? i32x4.bitmask(closed) : i64x2.bitmask(closed));
      }
    }
    store<f64>(to, <f64>count / <f64>(B * H));
  }
}

/**
 * target += d·Wᵀ for `rows` adjacent rows of d [B,H]. A row of a batch that a thread has alone is summed as it is
 * beside others.
 */
function carry<T>(
  B: i32, d: usize, dPanel: usize, rows: i32, H: i32, weights: usize, target: usize, targetPanel: usize, back: bool,
): void {
  const panelCount = panels<T>(H);
  const weightsPanel = <usize>H * ROW;
  const bytes = <usize>rows * ROW;
  if (B == 1) {
    productOne<T>(IDENTITY, d, dPanel, H, weights, weightsPanel, panelCount, target, targetPanel, back);
    target += <usize>panelCount * targetPanel;
  } else {
    for (let n = 0; n < panelCount; n++) {
      productRows<T>(d, dPanel, H, 0, 0, 0, weights, target, ROW, target, bytes);
      weights += weightsPanel;
      target += targetPanel;
    }
  }
  clearBeyond<T>(H, target - targetPanel, rows);
}

/** dx = d·Wxᵀ of the rows r0 … r1 − 1, counted from those of step t, whose d begin at step `place` of the buffer. */
export function inputGradient<T>(job: Job, t: i32, place: i32, r0: i32, r1: i32): void {
  inputsOfRows(job, t, place, r0, r1, sizeof<T>() == 8);
}

function inputsOfRows(job: Job, t: i32, place: i32, r0: i32, r1: i32, wide: bool): void {
  if (r0 >= r1) return;
  const H = job.H;
  const rows = r1 - r0;
  const dPanel = pitchOf(job.places * job.B);
  const weightsPanel = <usize>H * ROW;
  let weights = job.backwardWeights + <usize>panelsOf(H, wide) * weightsPanel;
  const d = job.d + <usize>(place * job.B + r0) * ROW;
  const panelBytes = <usize>(job.T * job.B) * ROW;
  let target = job.dx + <usize>(t * job.B + r0) * ROW;
  for (let n = 0; n < panelsOf(job.I, wide); n++) {
    // Half of the last panel may be zero.
    const narrow = job.I - n * widthOf(wide) <= widthOf(wide) / 2;
    for (let r = r0; r < r1;) {
      const kind = load<u8>(kindAt(job, t, r));
      const first = <usize>(r - r0) * ROW;
      if (allOrdinary(job)) r = r1;
      while (r < r1 && load<u8>(kindAt(job, t, r)) == kind) r++;
      const end = <usize>(r - r0) * ROW;
      if (kind == ZERO) memory.fill(target + first, 0, end - first);
      // The others have theirs already.
      if (kind != ORDINARY) continue;
      if (wide) inputsOfPanel<f64>(narrow, d + first, dPanel, H, weights, target + first, end - first);
      else inputsOfPanel<f32>(narrow, d + first, dPanel, H, weights, target + first, end - first);
    }
    weights += weightsPanel;
    target += panelBytes;
  }
  if (wide) clearBeyond<f64>(job.I, target - panelBytes, rows);
  else clearBeyond<f32>(job.I, target - panelBytes, rows);
}

/** dx of a panel of inputs, `narrow` where its right half is zero, from `bytes` / 64 rows of d. */
@inline export function inputsOfPanel<T>(
  narrow: bool, d: usize, dPanel: usize, H: i32, weights: usize, target: usize, bytes: usize,
): void {
  if (FUSED && narrow) narrowRows<T>(d, dPanel, H, weights, target, bytes);
  else productRows<T>(d, dPanel, H, 0, 0, 0, weights, ZEROS, 0, target, bytes);
}

/** ‖Σ_batch d‖ of one step. */
export function biasNorm<T>(d: usize, dPanel: usize, H: i32, B: i32, scratch: usize): f64 {
  const bytes = <usize>B * ROW;
  for (let n = 0; n < panels<T>(H); n++) {
    for (let column: usize = 0; column < ROW; column += 16) {
      let total = v128.load(d + column);
      for (let row = ROW; row < bytes; row += ROW) total = v128.add<T>(total, v128.load(d + column + row));
      v128.store(scratch + <usize>n * ROW + column, total);
    }
    d += dPanel;
  }
  return normOf<T>(scratch, ROW, H, 1);
}

/** db += the sum of a block's rows, which are summed step by step first: long sums keep their digits. */
export function addBias<T>(d: usize, dPanel: usize, panelCount: i32, B: i32, steps: i32, db: usize): void {
  const stepBytes = <usize>B * ROW;
  for (let n = 0; n < panelCount; n++) {
    let b0 = v128.splat<T>(0);
    let b1 = b0;
    let b2 = b0;
    let b3 = b0;
    for (let at = d; at < d + <usize>steps * stepBytes;) {
      let t0 = v128.load(at);
      let t1 = v128.load(at, 16);
      let t2 = v128.load(at, 32);
      let t3 = v128.load(at, 48);
      const next = at + stepBytes;
      for (at += ROW; at < next; at += ROW) {
        t0 = v128.add<T>(t0, v128.load(at));
        t1 = v128.add<T>(t1, v128.load(at, 16));
        t2 = v128.add<T>(t2, v128.load(at, 32));
        t3 = v128.add<T>(t3, v128.load(at, 48));
      }
      b0 = v128.add<T>(b0, t0);
      b1 = v128.add<T>(b1, t1);
      b2 = v128.add<T>(b2, t2);
      b3 = v128.add<T>(b3, t3);
    }
    v128.store(db, v128.add<T>(v128.load(db), b0));
    v128.store(db, v128.add<T>(v128.load(db, 16), b1), 16);
    v128.store(db, v128.add<T>(v128.load(db, 32), b2), 32);
    v128.store(db, v128.add<T>(v128.load(db, 48), b3), 48);
    d += dPanel;
    db += ROW;
  }
}
