// What was measured of every contestant, and what that means for a user.
import { digits, median } from './measure.js';

/** What is run: so many layers of a cell, with a gradient at every step or at the last alone. */
export type Case = {
  readonly cell: 'tanh' | 'lstm' | 'gru';
  readonly layers: number;
  readonly at: 'every' | 'last';
};

const words = { tanh: 'tanh', lstm: 'LSTM', gru: 'GRU' } as const;

/** `LSTM`, `LSTM, 3 layers`, `LSTM, vanishing` */
export const caseName = ({ cell, layers, at }: Case): string =>
  `${words[cell]}${layers === 1 ? '' : `, ${layers} layers`}${at === 'last' ? ', vanishing' : ''}`;

/** A contestant's milliseconds in a row; `rival` are torch's where both took turns. */
export type Measured = Case & {
  readonly section: string;
  readonly row: string;
  readonly contestant: string;
  readonly threads: number;
  readonly times: readonly number[];
  readonly rival: readonly number[] | null;
};

/** What `--json FILE` writes. */
export const entriesOf = (all: readonly Measured[]): readonly Readonly<Record<string, string | number>>[] =>
  all.map(({ section, row, cell, layers, at, contestant, threads, times }) => ({
    section,
    row,
    cell,
    layers,
    at,
    contestant,
    threads,
    medianMs: median(times),
    bestMs: Math.min(...times),
    runs: times.length,
  }));

type Sizes = { readonly name: string; readonly B: number; readonly T: number; readonly I: number; readonly H: number };

export const usersTitle = '## What this means for a user';

/** How long somebody waits for a run of each size and cell; empty where no whole run took turns with torch. */
export function tellUsers(all: readonly Measured[], rows: readonly Sizes[], about: string): string[] {
  const runs = all.filter(({ contestant, threads, rival }) => {
    return rival !== null && threads === 1 && contestant.startsWith('the whole run');
  });
  const names = [...new Set(runs.map(caseName))];
  if (names.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    usersTitle,
    '',
    'From the read files to the verdict and every curve, in milliseconds on one thread; in brackets the time of ' +
      'the forward and backward pass of PyTorch’s own layer, which tells no norm of any step, over ours: below 1 ' +
      'PyTorch’s pass alone is faster. Vanishing: the loss stands at the last step only, and the gradient shrinks ' +
      `into subnormal numbers. ${about}`,
    '',
    line(['B, T, I, H', ...names]),
    line(Array<string>(names.length + 1).fill('---')),
    ...rows.flatMap(({ name, B, T, I, H }) => {
      const own = runs.filter(({ row }) => row === name);
      if (own.length === 0) return [];
      const told = names.map((wanted) => {
        const found = own.find((one) => caseName(one) === wanted);
        if (found?.rival === undefined || found.rival === null) return '–';
        return `${digits(median(found.times))} (${(median(found.rival) / median(found.times)).toFixed(2)} ×)`;
      });
      return [line([`${B}, ${T}, ${I}, ${H}`, ...told])];
    }),
    '',
  ];
}
