// What the analyses behind a picture take, and how long they keep the thread at a time: through the kernels, and in plain arithmetic where that ends.
import { readFileSync } from 'node:fs';
import { plainRange } from '../../src/engine/analyse.js';
import { runChunks } from '../../src/engine/chunks.js';
import { eigenvaluesOf } from '../../src/engine/eigenvalues.js';
import { fastPlainRange } from '../../src/engine/fast/plain.js';
import { attribute, defaultBounds, finish, jacobianSeries, Kernels, reachOf, runSteps, spectrumOf, Workspaces } from '../../src/engine/index.js';
import type { Experiment, Steps } from '../../src/engine/index.js';
import { experiment, filled, randomNumbers } from '../unit/engine/build.js';
import type { Section } from './bench.js';
import type { Row } from './contestants.js';

const rows: readonly Row[] = [
  { name: 'M', B: 8, T: 100, I: 16, H: 64 }, { name: 'L', B: 16, T: 200, I: 64, H: 256 }, { name: 'H512', B: 1, T: 500, I: 64, H: 512 },
  { name: 'LONG', B: 1, T: 10_000, I: 32, H: 128 }, { name: 'T20000', B: 1, T: 20_000, I: 16, H: 64 },
];
/** What takes longer is left: it is told as more than this, ms. */
const patience = { plain: 20_000, kernels: 120_000 };
const [fewestRounds, roundsUnder] = [1, 1_000];

type Time = { readonly ms: number; readonly pause: number; readonly ended: boolean };

function once(steps: Steps<unknown>, limit: number): Time {
  const start = performance.now();
  let [before, pause] = [start, 0];
  for (;;) {
    const { done } = steps.next();
    const now = performance.now();
    pause = Math.max(pause, now - before);
    before = now;
    if (done === true || now - start > limit) return { ms: now - start, pause, ended: done === true };
  }
}

/** The best of a few: an analysis runs once for a run, so there is no warming up to speak of, and the rest is what others do to the machine. */
function best(make: () => Steps<unknown>, limit: number): Time {
  const times = [once(make(), limit)];
  for (let spent = times[0]?.ms ?? 0; times.length < fewestRounds || (spent < roundsUnder && times.length < 5); spent += times.at(-1)?.ms ?? 0) times.push(once(make(), limit));
  return { ms: Math.min(...times.map(({ ms }) => ms)), pause: Math.min(...times.map(({ pause }) => pause)), ended: times.every(({ ended }) => ended) };
}

const told = ({ ms, ended }: Time): string => `${ended ? '' : '> '}${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)}`;

/** In a quick run M and LONG only, without plain arithmetic. */
function run(quick: boolean, say: (line: string) => void): void {
  const kernels = Kernels.load({ relaxed: readFileSync('out/kernels/relaxed.wasm'), simd: readFileSync('out/kernels/simd.wasm') });
  say('## Analyses\n');
  say('What follows the norms, each once for a run, on one thread, best of a few. `pause` is the longest time between two moments at which messages are let in and a cancelled run stops.\n');
  say('| run | analysis | ms | pause, ms | plain arithmetic, ms | |\n|---|---|---|---|---|---|');
  for (const { name, B, T, I, H } of rows) {
    if (kernels === null || (quick && name !== 'M' && name !== 'LONG')) continue;
    const workspaces = new Workspaces(kernels);
    const next = randomNumbers(1);
    const scaled = (length: number, scale: number): Float64Array => filled(length, next).map((value) => value * scale);
    const weights = { Wx: scaled(I * H, Math.sqrt(3 / I)), Wh: scaled(H * H, Math.sqrt(3 / H)), b: scaled(H, 0.1) };
    const e: Experiment = experiment(H, T, weights.Wh, { dtype: 'float32', shapes: { B, T, I, H }, weights, chunks: [{ steps: T, xs: filled(B * T * I, next) }], upstream: { kind: 'every' } });
    const result = finish(runSteps(e, defaultBounds, kernels));
    const last = runChunks(e, result).at(-1);
    if (last === undefined) continue;
    const measured: { spectrum: ReturnType<typeof spectrumOf>['spectrum'] | null } = { spectrum: null };
    const spectrum = (spaces: Workspaces | null): Steps<unknown> => {
      const { spectrum: growing, steps } = spectrumOf(e, result, spaces);
      if (spaces !== null) measured.spectrum = growing;
      return steps;
    };
    const of = (spaces: Workspaces | null) => ({ series: jacobianSeries(e, result, 0, spaces), attribution: attribute(e, result, spaces), reach: reachOf(e, result, spaces) });
    const { series: { series }, attribution: { attribution: { sources, t } }, reach: { reach } } = of(workspaces);
    const all: readonly (readonly [string, (spaces: Workspaces | null) => Steps<unknown>, () => string])[] = [
      ['spectrum', spectrum, () => `QR every ${measured.spectrum?.lyapunovBlock ?? NaN} steps at most; error of an exponent ${(measured.spectrum?.lyapunovError ?? NaN).toExponential(0)}, of their sum ${(measured.spectrum?.lyapunovSumError ?? NaN).toExponential(0)}`],
      ['singular values', (spaces) => of(spaces).series.steps, () => `at ${series.t.length} steps`],
      ['attribution', (spaces) => of(spaces).attribution.steps, () => `${sources.length} sources at ${t.length} steps`],
      ['reach', (spaces) => of(spaces).reach.steps, () => `up to ${reach.share.length} distances`],
      ['where float32 ends', (spaces) => (spaces === null ? plainRange(e, last) : fastPlainRange(kernels, e, last)), () => ''],
      ['eigenvalues of Wh', () => eigenvaluesOf(weights.Wh, H), () => 'plain arithmetic too'],
    ];
    for (const [analysis, make, note] of all) {
      const time = best(() => make(workspaces), patience.kernels);
      const plain = quick || analysis.startsWith('eigen') ? null : once(make(null), patience.plain);
      say(`| ${name} | ${analysis} | ${told(time)} | ${time.pause.toFixed(1)} | ${plain === null ? '–' : told(plain)} | ${note()} |`);
    }
  }
}

export const analyses: Section = {
  name: 'analyses',
  run: ({ quick }, say) => {
    run(quick, say);
    return Promise.resolve();
  },
};
