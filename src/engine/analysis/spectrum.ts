import type { RunChunk } from '../network/runChunk.js';
import { eigenvaluesOf } from '../linalg/eigenvalues.js';
import { ready } from '../core/recomputedTrace.js';
import { stepsOfRow } from '../core/rowTrace.js';
import { spectralRadiusBounds } from '../linalg/spectralRadiusBounds.js';
import type { Square } from '../linalg/spectralRadiusBounds.js';
import { rowOf, sequence, takeStep } from '../core/tensor.js';
import { stateWidth } from '../network/cellRows.js';
import { runChunks } from '../network/chunks.js';
import type { ComputedRun } from '../network/result.js';
import { factorise, logDeterminant, provenBelow } from '../linalg/luCholesky.js';
import type { LayerChunk, LayerExperiment, Span } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';

/** Of batch item 0, with J_t = ∂h_t/∂h_{t-1} = diag(f'(h_t))·Whᵀ; J_0 is with respect to h0. */
export type Spectrum = {
  /**
   * Largest modulus of an eigenvalue; where those are not computed (H > 1,024) the upper one of `spectralRadiusBounds`.
   */
  readonly spectralRadiusWh: number;
  /** Proven bounds from powers of Wh, where its eigenvalues are not computed; otherwise null. */
  readonly spectralRadiusBounds: readonly [low: number, high: number] | null;
  readonly sigmaMaxWh: number;
  /** Proven: no singular value of Wh is larger, rounding included. */
  readonly sigmaMaxWhUpper: number;
  /** [H] pairs (re, im), modulus descending; empty where they are not computed (H > 1,024) or not found. */
  readonly eigenvaluesWh: readonly (readonly [number, number])[];
  /** [T]; NaN where not computed yet. */
  readonly jacobianSigmaMax: Float64Array;
  /**
   * Natural log per step from Q = I, descending [H]; -Infinity for directions that are lost, because some J_t is
   * singular: all of them when every J_t is zero. Null when the product of the J_t is zero although some are not.
   * While `lyapunovKnown` is below H, those of the first so many directions.
   */
  readonly lyapunov: Float64Array | null;
  /** How many of the H exponents are known: the leading ones come first. */
  readonly lyapunovKnown: number;
  /** |Σλ_i − (ln|det Wh| + mean_t Σ_j ln f'(z_tj))|: the exact check of the exponents; null where one is lost. */
  readonly lyapunovSumError: number | null;
  /**
   * Estimated error of the least certain exponent that is finite, from rounding between two orthogonalisations, per
   * step, and no less than `lyapunovSumError`; null where there is none. Infinity where rounding has lost directions
   * that no singular Jacobian takes.
   */
  readonly lyapunovError: number | null;
  /** Steps between two orthogonalisations at most. */
  readonly lyapunovBlock: number | null;
  /** ln of the largest singular value of J_{T-1}···J_0; -Infinity for the zero product. */
  readonly logProductSigmaMax: number;
  /** How many steps that product goes over: those of the last chunk where each chunk begins anew. */
  readonly productSteps: number;
};

/** Up to here all eigenvalues are computed, about five seconds at most; beyond, their largest modulus is bounded. */
export const mostDecomposed = 1024;

/**
 * T·H³ from which all exponents take longer than a glance, in plain arithmetic and through the kernels: then the
 * leading ones come first, and the rest where somebody asks for it.
 */
export const [plainGlance, glance] = [5e8, 4e9];
const fewestLeading = 32;

/** How many exponents are told one after the other before all of them: each round takes a quarter of the next. */
export function leadingCounts({ shapes: { T, H } }: LayerExperiment, within: number): number[] {
  const counts: number[] = [];
  if (T * H ** 3 <= within) return counts;
  for (let count = fewestLeading; 2 * count <= H; count *= 4) counts.push(count);
  return counts;
}

/** What is known so far of a spectrum that is being computed. */
export type GrowingSpectrum = { -readonly [Name in keyof Spectrum]: Spectrum[Name] };

/** One batch item of a run: the experiment as if it had no other, and its chunks without what enters from above. */
export type Item = { readonly experiment: LayerExperiment; readonly chunks: readonly RunChunk[] };

/** The steps at which an item is there. */
const spanOf = ({ steps, spans }: LayerChunk, item: number): Span => spans?.[item] ?? { from: 0, to: steps };

export function* itemOf(experiment: LayerExperiment, result: ComputedRun, item: number): Resumable<Item> {
  const {
    shapes: { H },
    stateful,
  } = experiment;
  const ofRun = runChunks(experiment, result);
  const width = stateWidth(experiment);
  let start = 0;
  const chunks: RunChunk[] = [];
  for (const [c, chunk] of experiment.chunks.entries()) {
    const { from, to } = spanOf(chunk, item);
    const run = ofRun[c]!;
    const before = chunks.at(-1);
    if (stateful && before !== undefined) yield* ready(before.steps - 1, before.hs);
    const initial =
      stateful && before !== undefined
        ? takeStep(before.hs, before.steps - 1)
        : { rows: 1, cols: width, data: rowOf(run.initial, item).data };
    const steps = to - from;
    chunks.push({
      start,
      steps,
      xs: stepsOfRow(run.xs, item, from, to),
      hs: stepsOfRow(run.hs, item, from, to),
      initial,
      dhs: sequence('float64', 1, 0, H),
    });
    start += steps;
  }
  return { experiment: { ...experiment, shapes: { ...experiment.shapes, B: 1, T: start } }, chunks };
}

/** Steps of an item in all chunks. */
export const stepsOfItem = ({ chunks }: Pick<LayerExperiment, 'chunks'>, item: number): number =>
  chunks.reduce((sum, chunk) => {
    const { from, to } = spanOf(chunk, item);
    return sum + to - from;
  }, 0);

/** Steps of an item that the product of all its Jacobians goes over. */
export const stepsOfProduct = ({ chunks, stateful }: LayerExperiment, item: number): number =>
  stepsOfItem({ chunks: stateful ? chunks : chunks.slice(-1) }, item);

/**
 * What the direction that survives best is multiplied by per step: the largest singular value of the product, evenly
 * over its steps. No exponent of these steps from Q = I is larger, and where they are few all may be far smaller. 0 for
 * the zero product, NaN where it is not known.
 */
export const bestFactorPerStep = ({
  logProductSigmaMax,
  productSteps,
}: Pick<Spectrum, 'logProductSigmaMax' | 'productSteps'>): number => Math.exp(logProductSigmaMax / productSteps);

/** On the run's steps what is known of those of an item, in order: NaN where it is not there. */
export function onStepsOfRun(
  { chunks, shapes: { T } }: LayerExperiment,
  item: number,
  values: Float64Array,
): Float64Array {
  if (values.length === 0 || chunks.every(({ spans }) => spans === undefined)) return values;
  const all = new Float64Array(T).fill(NaN);
  let [start, own] = [0, 0];
  for (const chunk of chunks) {
    const { from, to } = spanOf(chunk, item);
    all.set(values.subarray(own, own + to - from), start + from);
    start += chunk.steps;
    own += to - from;
  }
  return all;
}

/** Which of an item's own steps a step of the run is; null where it is not there. */
export function ownStep({ chunks }: Pick<LayerExperiment, 'chunks'>, item: number, t: number): number | null {
  let [start, own] = [0, 0];
  for (const chunk of chunks) {
    const { from, to } = spanOf(chunk, item);
    if (t < start + chunk.steps) return t >= start + from && t < start + to ? own + t - start - from : null;
    start += chunk.steps;
    own += to - from;
  }
  return null;
}

/** The experiment as if it had one batch item, all of whose steps are there. */
export const withOneItem = (experiment: LayerExperiment): LayerExperiment => ({
  ...experiment,
  shapes: { ...experiment.shapes, B: 1 },
});

export const unknownSpectrum = (T: number, productSteps = T): GrowingSpectrum => ({
  spectralRadiusWh: NaN,
  spectralRadiusBounds: null,
  sigmaMaxWh: NaN,
  sigmaMaxWhUpper: NaN,
  eigenvaluesWh: [],
  jacobianSigmaMax: new Float64Array(T).fill(NaN),
  lyapunov: null,
  lyapunovKnown: 0,
  lyapunovSumError: null,
  lyapunovError: null,
  lyapunovBlock: null,
  logProductSigmaMax: NaN,
  productSteps,
});

/**
 * The eigenvalues of Wh, or bounds of the largest modulus where they are not found, or would take too long: beyond H =
 * `decomposed`.
 */
export function* eigenvaluesInto(
  Wh: Float64Array,
  H: number,
  square: Square,
  spectrum: GrowingSpectrum,
  decomposed: number,
): Resumable<void> {
  const all = H > decomposed ? [] : yield* eigenvaluesOf(Wh, H);
  const [largest] = all;
  if (largest === undefined || Number.isNaN(largest[0])) {
    spectrum.spectralRadiusBounds = yield* spectralRadiusBounds(Wh, H, square);
    spectrum.spectralRadiusWh = spectrum.spectralRadiusBounds[1];
    return;
  }
  spectrum.eigenvaluesWh = all;
  spectrum.spectralRadiusWh = Math.hypot(...largest);
}

/** Above σ by this share the proof is tried first; the wider ones are for H so large that rounding alone is more. */
const margins = [1e-9, 1e-7, 1e-5, 1e-3, 0.1, 1];

/** A proven upper bound of σ_max, from the Gram matrix of W/scale; Infinity where none is found. */
export function* sigmaUpperBound(gram: Float64Array, H: number, scale: number, sigma: number): Resumable<number> {
  if (scale === 0) return 0;
  for (const margin of margins) {
    const bound = ((sigma / scale) * (1 + margin)) ** 2;
    if (yield* provenBelow(gram, H, bound, (H + 4) * Number.EPSILON))
      return scale * Math.sqrt(bound) * (1 + 4 * Number.EPSILON);
  }
  return Infinity;
}

const descending = (sums: Float64Array, T: number): Float64Array =>
  sums
    .map((sum) => sum / T)
    .sort()
    .reverse();

/** Sets the exponents of the first directions; those of all of them have a check. */
export function leadingInto(
  spectrum: GrowingSpectrum,
  T: number,
  { sums, error, block }: { readonly sums: Float64Array; readonly error: number; readonly block: number },
): void {
  const lyapunov = descending(sums, T);
  // Where there is none among them, only all of them can tell.
  if (!Number.isFinite(lyapunov[0]!)) return;
  Object.assign(spectrum, {
    lyapunov,
    lyapunovKnown: lyapunov.length,
    lyapunovError: error / T,
    lyapunovBlock: block,
  });
}

/** Sets exponents and their checks from the sums of ln L_ii, their estimated errors, ln|det Wh| and Σ ln f'. */
export function exponentsInto(
  spectrum: GrowingSpectrum,
  T: number,
  {
    sums,
    error,
    block,
    logDet,
    lnSlopes,
    zeroJacobians,
  }: {
    readonly sums: Float64Array;
    readonly error: number;
    readonly block: number;
    readonly logDet: number;
    readonly lnSlopes: number;
    /** How many J_t are zero. */
    readonly zeroJacobians: number;
  },
): void {
  const lyapunov = descending(sums, T);
  const largest = lyapunov[0]!;
  Object.assign(spectrum, { lyapunov: null, lyapunovKnown: sums.length, lyapunovError: null, lyapunovBlock: null });
  if (Number.isNaN(largest)) return;
  if (largest === -Infinity) {
    if (zeroJacobians === T) spectrum.lyapunov = lyapunov;
    return;
  }
  spectrum.lyapunov = lyapunov;
  spectrum.lyapunovError = error / T;
  spectrum.lyapunovBlock = block;
  const closedForm = logDet + lnSlopes / T;
  if (lyapunov.includes(-Infinity)) {
    if (Number.isFinite(closedForm)) spectrum.lyapunovError = Infinity;
    return;
  }
  const sumError = Math.abs(lyapunov.reduce((sum, value) => sum + value, 0) - closedForm);
  spectrum.lyapunovSumError = sumError;
  // What the sum is off by, its exponents are off by together.
  if (sumError > spectrum.lyapunovError) spectrum.lyapunovError = sumError;
}

/** Several passes over one run ask for that of one Wh, which nobody writes to. */
const logDeterminants = new WeakMap<Float64Array, number>();

/** ln|det Wh|; -Infinity when Wh is singular to working precision. */
export function* logDeterminantOf(Wh: Float64Array, H: number): Resumable<number> {
  const known = logDeterminants.get(Wh);
  if (known !== undefined) return known;
  const found = logDeterminant(yield* factorise(Wh, H));
  logDeterminants.set(Wh, found);
  return found;
}

/** How many Jacobians are zero. */
export const zerosIn = (jacobianSigmaMax: Float64Array): number =>
  jacobianSigmaMax.reduce((count, sigma) => count + Number(sigma === 0), 0);
