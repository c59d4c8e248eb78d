// What the analyses behind a picture take, and how long they keep the thread at a time: through the kernels, and in
// plain arithmetic where that ends.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { plainRange } from '../../src/engine/network/scaledBackward.js';
import { runChunks } from '../../src/engine/network/chunks.js';
import { eigenvaluesOf } from '../../src/engine/linalg/eigenvalues.js';
import { fastPlainRange } from '../../src/engine/wasm/rangeScan.js';
import {
  attribute,
  attributeNetwork,
  defaultBounds,
  finish,
  growingSpectrum,
  jacobianSeries,
  Kernels,
  reachOf,
  runNetwork,
  runResumably,
  spectrumOf,
  Workspaces,
} from '../../src/engine/index.js';
import type { LayerExperiment, Resumable } from '../../src/engine/index.js';
import { WorkerTeam } from '../../src/worker/thread/threadTeam.js';
import { experiment, filled, randomNumbers } from '../unit/engine/build.js';
import type { Section } from './bench.js';
import { networkFor } from './cells.js';
import type { Row } from './contestants.js';
import { caseName } from './entries.js';

const rows: readonly Row[] = [
  { name: 'M', B: 8, T: 100, I: 16, H: 64 },
  { name: 'L', B: 16, T: 200, I: 64, H: 256 },
  { name: 'H512', B: 1, T: 500, I: 64, H: 512 },
  { name: 'LONG', B: 1, T: 10_000, I: 32, H: 128 },
  { name: 'T20000', B: 1, T: 20_000, I: 16, H: 64 },
];
/** What takes longer is left: it is told as more than this, ms. */
const patience = { plain: 20_000, kernels: 120_000 };
const [fewestRounds, roundsUnder] = [1, 1_000];

/** `note`: what there is to tell once it is done. */
type Analysis = { readonly steps: Resumable<unknown>; readonly note: () => string };
/** Without workspaces in plain arithmetic. */
type Named = readonly [name: string, make: (spaces: Workspaces | null) => Analysis];
type Time = { readonly ms: number; readonly pause: number; readonly ended: boolean };

/** Processor time of this thread, ms, which some machines count in steps of 4 ms. */
function busy(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function once(steps: Resumable<unknown>, limit: number): Time {
  const start = performance.now();
  let [last, lastBusy, pause] = [start, busy(), 0];
  for (;;) {
    const { done } = steps.next();
    const [now, nowBusy] = [performance.now(), busy()];
    // What others do to the machine counts in the first, a step of the clock in the second.
    pause = Math.max(pause, Math.min(now - last, nowBusy - lastBusy));
    [last, lastBusy] = [now, nowBusy];
    if (done === true || now - start > limit) return { ms: now - start, pause, ended: done === true };
  }
}

type Best = Time & { readonly together: number | null };

/**
 * The best of a few: an analysis runs once for a run, so there is no warming up to speak of, and the rest is what
 * others do to the machine. `together`: the same on several threads, in turns.
 */
function best(
  first: Resumable<unknown>,
  make: () => Resumable<unknown>,
  together: (() => Resumable<unknown>) | null,
  limit: number,
): Best {
  const times = [once(first, limit)];
  const others = together === null ? [] : [once(together(), limit)];
  for (
    let spent = times[0]?.ms ?? 0;
    times.length < fewestRounds || (spent < roundsUnder && times.length < 5);
    spent += times.at(-1)?.ms ?? 0
  ) {
    times.push(once(make(), limit));
    if (together !== null) others.push(once(together(), limit));
  }
  return {
    ms: Math.min(...times.map(({ ms }) => ms)),
    pause: Math.min(...times.map(({ pause }) => pause)),
    ended: times.every(({ ended }) => ended),
    together: others.length === 0 ? null : Math.min(...others.map(({ ms }) => ms)),
  };
}

const toldTogether = ({ ms, ended, together }: Best): string =>
  together === null || !ended
    ? '–'
    : `${together < 10 ? together.toFixed(1) : together.toFixed(0)} (${(ms / together).toFixed(2)} ×)`;

const told = ({ ms, ended }: Time): string => `${ended ? '' : '> '}${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)}`;

/** In a quick run M and LONG only, without plain arithmetic. */
async function run(quick: boolean, say: (line: string) => void): Promise<void> {
  const bytes = { relaxed: readFileSync('out/kernels/relaxed.wasm'), simd: readFileSync('out/kernels/simd.wasm') };
  const [kernels, sharing, shared] = [Kernels.load(bytes), Kernels.load(bytes), Kernels.load(bytes, undefined, true)];
  const team = shared === null ? null : new WorkerTeam(shared, path.resolve('out', 'bench', 'worker.cjs'), 1);
  if (sharing !== null) sharing.team = team;
  team?.beside();
  say('## Analyses\n');
  say(
    'What follows the norms, each once for a run, on one thread, best of a few; on two threads, in turns with it, ' +
      'where it is shared (`–`: it is not). `pause` is the most processor time between two moments at which ' +
      'messages are let in and a cancelled run stops.\n',
  );
  say('| run | analysis | ms | 2 threads, ms | pause, ms | plain arithmetic, ms | |\n|---|---|---|---|---|---|---|');
  const together = sharing === null ? null : new Workspaces(sharing);
  const tell = async (run: string, [analysis, make]: Named, workspaces: Workspaces): Promise<void> => {
    const first = make(workspaces);
    const isShared = together !== null && ['spectrum', 'singular values', 'attribution', 'reach'].includes(analysis);
    // Where the last analysis had a large memory, the threads start anew.
    if (isShared) await team?.up();
    const time = best(
      first.steps,
      () => make(workspaces).steps,
      isShared ? () => make(together).steps : null,
      patience.kernels,
    );
    const plain = quick || analysis.startsWith('eigen') ? null : make(null);
    const slow = plain === null ? null : once(plain.steps, patience.plain);
    const notes = [
      first.note(),
      ...(plain === null || plain.note() === first.note() ? [] : [`plain: ${plain.note()}`]),
    ];
    say(
      `| ${run} | ${analysis} | ${told(time)} | ${toldTogether(time)} | ${time.pause.toFixed(1)} | ` +
        `${slow === null ? '–' : told(slow)} | ${notes.join('; ')} |`,
    );
  };
  for (const { name, B, T, I, H } of rows) {
    if (kernels === null || (quick && name !== 'M' && name !== 'LONG')) continue;
    const workspaces = new Workspaces(kernels);
    const next = randomNumbers(1);
    const scaled = (length: number, scale: number): Float64Array => filled(length, next).map((value) => value * scale);
    const weights = { Wx: scaled(I * H, Math.sqrt(3 / I)), Wh: scaled(H * H, Math.sqrt(3 / H)), b: scaled(H, 0.1) };
    const e: LayerExperiment = experiment(H, T, weights.Wh, {
      dtype: 'float32',
      shapes: { B, T, I, H },
      weights,
      chunks: [{ steps: T, xs: filled(B * T * I, next) }],
      upstream: { kind: 'every' },
    });
    const result = finish(runResumably(e, defaultBounds, kernels));
    const last = runChunks(e, result).at(-1);
    if (last === undefined) continue;
    const simple = (steps: Resumable<unknown>, note = ''): Analysis => ({ steps, note: () => note });
    const all: readonly Named[] = [
      [
        'spectrum',
        (spaces) => {
          const { spectrum, steps } = spectrumOf(e, result, spaces);
          return {
            steps,
            note: () =>
              `QR every ${spectrum.lyapunovBlock ?? NaN} steps at most; error of an exponent ` +
              `${(spectrum.lyapunovError ?? NaN).toExponential(0)}, of their sum ` +
              (spectrum.lyapunovSumError ?? NaN).toExponential(0),
          };
        },
      ],
      [
        'singular values',
        (spaces) => {
          const { series, steps } = jacobianSeries(e, result, 0, spaces);
          return { steps, note: () => `at ${series.t.length} steps` };
        },
      ],
      [
        'attribution',
        (spaces) => {
          const { attribution, steps } = attribute(e, result, spaces);
          return { steps, note: () => `${attribution.sources.length} sources at ${attribution.t.length} steps` };
        },
      ],
      [
        'reach',
        (spaces) => {
          const { reach, steps } = reachOf(e, result, spaces);
          return { steps, note: () => `up to ${reach.share.length} distances` };
        },
      ],
      [
        'where float32 ends',
        (spaces) => simple(spaces === null ? plainRange(e, last) : fastPlainRange(kernels, e, last)),
      ],
      ['eigenvalues of Wh', () => simple(eigenvaluesOf(weights.Wh, H), 'plain arithmetic too')],
    ];
    for (const analysis of all) await tell(name, analysis, workspaces);
  }
  for (const { name, ...shape } of quick || kernels === null ? [] : rows.slice(0, 2))
    for (const [cell, layers] of [
      ['lstm', 1],
      ['gru', 1],
      ['lstm', 3],
    ] as const) {
      const own = { cell, layers, at: 'every' } as const;
      const network = finish(runNetwork(networkFor({ name, ...shape }, own, 'float32'), undefined, kernels));
      const [{ experiment: e, result }] = network.layers;
      const told = `${name}, ${caseName(own)}`;
      const workspaces = new Workspaces(kernels!);
      const attributed = (spaces: Workspaces | null): Analysis => {
        const { attribution, steps } =
          layers === 1 ? attribute(e, result, spaces) : attributeNetwork(network, 0, spaces);
        return { steps, note: () => `${attribution.sources.length} sources at ${attribution.t.length} steps` };
      };
      const leading = (spaces: Workspaces | null): Analysis => {
        const { steps } = growingSpectrum(e, result, spaces);
        return { steps, note: () => 'what comes behind the picture: σ_max of every step, and the leading exponents' };
      };
      if (layers === 1) await tell(told, ['spectrum', leading], workspaces);
      await tell(told, ['attribution', attributed], workspaces);
      const reached = (spaces: Workspaces | null): Analysis => {
        const { reach, steps } = reachOf(e, result, spaces);
        return { steps, note: () => `up to ${reach.share.length} distances` };
      };
      if (layers === 1) await tell(told, ['reach', reached], workspaces);
    }
  await team?.stop();
}

export const analyses: Section = {
  name: 'analyses',
  run: ({ quick }, say) => run(quick, say),
};
