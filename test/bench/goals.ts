// What the engine aims at, and how far it is on this machine.
import type { Contestant } from './contestants.js';
import { caseName } from './entries.js';
import type { Case } from './entries.js';

/** How many times faster than a contestant the kernels were, and what part of the peak that contestant reached. */
export type Faster = {
  readonly row: string;
  readonly contestant: Contestant;
  readonly ratio: number;
  readonly ofPeak: number;
};

type Goal = {
  readonly numpy: number;
  readonly torch: number;
  readonly torchSteps: number;
  /** Two threads against the best of those on two threads. */
  readonly together: number | null;
  readonly tfjs: number | null;
  /** Part of the peak of 128-bit multiply-adds on one thread. */
  readonly peak: number | null;
};

/**
 * Set on a processor with AVX2 and no wider vectors, where one core's 256-bit multiply-adds are twice as fast as the
 * 128-bit ones of WebAssembly.
 */
const goals: Readonly<Record<string, Goal>> = {
  S: { numpy: 150, torch: 250, torchSteps: 500, together: null, tfjs: 1000, peak: null },
  M: { numpy: 7.5, torch: 9, torchSteps: 18, together: 10, tfjs: 60, peak: 0.6 },
  L: { numpy: 1.35, torch: 1.35, torchSteps: 1.8, together: 2.3, tfjs: 30, peak: 0.6 },
  XL: { numpy: 0.85, torch: 0.8, torchSteps: 0.9, together: 1.05, tfjs: null, peak: 0.6 },
  LONG: { numpy: 22, torch: 25, torchSteps: 50, together: 28, tfjs: null, peak: null },
};

/**
 * A table of what was reached of the goals, once for the peers as they are and, where they have wider vectors, once for
 * those kept to AVX2.
 */
export function tellGoals(faster: readonly Faster[], wide: boolean, say: (line: string) => void): void {
  for (const narrow of wide ? [true, false] : [false]) {
    say(`\n## Goals${wide ? (narrow ? ', peers kept to AVX2' : ', peers with wider vectors') : ''}\n`);
    say(
      'How many times faster; in brackets what was aimed at on a processor whose widest vectors are AVX2, and ' +
        "what part of the peak of its threads' 128-bit multiply-adds that would take here.\n",
    );
    say(
      '| | NumPy | torch nn.RNN | torch, step by step | 2 threads, best peer | TensorFlow.js | of peak ' +
        '|\n|---|---|---|---|---|---|---|',
    );
    for (const [row, goal] of Object.entries(goals)) {
      const here = faster.filter((each) => each.row === row);
      if (here.length === 0) continue;
      const among = (start: string, threads: number): Faster[] =>
        here.filter(
          ({ contestant: { name, threads: on } }) =>
            name.startsWith(start) && on === threads && name.endsWith('AVX2') === narrow,
        );
      // Whoever is to be so many times as fast as one that reaches this part of the peak has to reach so many times as
      // much.
      const times = (peers: readonly Faster[], aim: number | null, threads = 1): string => {
        const [best] = [...peers].sort((one, other) => one.ratio - other.ratio);
        if (best === undefined) return '–';
        return (
          `${best.ratio.toFixed(2)} ` +
          `×${aim === null ? '' : ` (${aim}, ${((100 * best.ofPeak * aim) / threads).toFixed(0)} %)`}`
        );
      };
      const ofPeak =
        here.find(({ contestant: { name } }) => name === 'kernels, relaxed SIMD, float32')?.ofPeak ?? Infinity;
      const peak = Number.isFinite(ofPeak)
        ? `${(100 * ofPeak).toFixed(0)} %${goal.peak === null ? '' : ` (${100 * goal.peak})`}`
        : '–';
      say(
        `| ${[
          row,
          times(among('NumPy', 1), goal.numpy),
          times(among('torch nn.RNN', 1), goal.torch),
          times(among('torch, step', 1), goal.torchSteps),
          times(
            ['NumPy', 'torch nn.RNN', 'torch, step'].flatMap((name) => among(name, 2)),
            goal.together,
            2,
          ),
          times(
            here.filter(({ contestant }) => contestant.name.startsWith('TensorFlow')),
            goal.tfjs,
          ),
          peak,
        ].join(' | ')} |`,
      );
    }
  }
}

/** How many times faster than torch the kernels of a case were on one thread, and the parts of the peak of both. */
export type FasterCell = {
  readonly row: string;
  readonly own: Case;
  readonly ratio: number;
  readonly ofPeak: number;
  readonly torchOfPeak: number;
};

/** How many times faster than torch on one thread; what is trained at each step, and what vanishes. */
const cellGoals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  S: { LSTM: 14, GRU: 250 },
  M: { LSTM: 0.7, GRU: 8, 'tanh, vanishing': 8, 'LSTM, vanishing': 1 },
  L: { LSTM: 0.55, GRU: 1.3, 'tanh, vanishing': 6, 'LSTM, vanishing': 5 },
  XL: { LSTM: 0.5, GRU: 0.8, 'tanh, vanishing': 3, 'LSTM, vanishing': 4 },
  LONG: { LSTM: 1.1, GRU: 20 },
};
/** Part of the peak of 128-bit multiply-adds that LSTM and GRU are to reach in rows whose products are large enough. */
const [cellPeak, cellPeakRows] = [0.65, ['M', 'L', 'XL']];

export function tellCellGoals(faster: readonly FasterCell[], say: (line: string) => void): void {
  if (faster.length === 0) return;
  say(
    '\nHow many times faster than torch the kernels were on one thread; in brackets what was aimed at, and what part ' +
      'of the peak of 128-bit multiply-adds that takes here. Of more than 100 % the peak itself is in the way: ' +
      'torch multiplies with wider vectors.\n',
  );
  const names = ['LSTM', 'GRU', 'tanh, vanishing', 'LSTM, vanishing'];
  say(`| | ${[...names, 'of peak: LSTM', 'of peak: GRU'].join(' | ')} |\n|${'---|'.repeat(names.length + 3)}`);
  for (const [row, goals] of Object.entries(cellGoals)) {
    const here = faster.filter((each) => each.row === row);
    if (here.length === 0) continue;
    const of = (name: string): FasterCell | undefined => here.find(({ own }) => caseName(own) === name);
    const times = names.map((name) => {
      const [found, goal] = [of(name), goals[name]];
      if (found === undefined) return '–';
      const aim = goal === undefined ? '' : ` (${goal}, ${(100 * goal * found.torchOfPeak).toFixed(0)} %)`;
      return `${found.ratio.toFixed(2)} ×${aim}`;
    });
    const peaks = ['LSTM', 'GRU'].map((name) => {
      const found = of(name);
      const aim = cellPeakRows.includes(row) ? ` (${100 * cellPeak})` : '';
      return found === undefined ? '–' : `${(100 * found.ofPeak).toFixed(0)} %${aim}`;
    });
    say(`| ${[row, ...times, ...peaks].join(' | ')} |`);
  }
}
