// What a campaign of mutations has found so far: kept in a file, so that it can go on after a pause, and told at its
// end.
import type { Fault, Outcome } from './examine.js';
import type { Timed } from './session.js';
import type { Progress } from './thread.js';

export type Trouble = {
  readonly number: number;
  readonly what: 'hangs' | 'ends the thread' | 'slow';
  readonly told: string;
};
export type Group = {
  readonly kind: string;
  readonly stage: string;
  count: number;
  /** The first of them. */ readonly examples: { readonly number: number; readonly told: string }[];
};

export type Totals = {
  readonly seed: number;
  readonly from: number;
  /** The first one that has not been examined. */
  next: number;
  readonly to: number;
  elapsedMs: number;
  readonly kinds: Record<Outcome['kind'], number>;
  readonly codes: Record<string, number>;
  readonly mutators: Record<string, number>;
  readonly stageMs: Record<string, number>;
  /** How many took less than 2^i/8 ms. */
  readonly histogram: number[];
  longest: Timed[];
  readonly groups: Group[];
  readonly troubles: Trouble[];
  /** Bytes after garbage collections, in turn; of threads that were ended the beginnings count again. */
  readonly memory: number[];
};

const keptExamples = 3;
const keptLongest = 10;
/** Caches fill and code is compiled before memory is steady. */
const warmUp = 3;
const mostGrowth = 0.1;
/** Growth of less than this is none. */
const leastGrowth = 4 * 2 ** 20;

export const newTotals = (seed: number, from: number, to: number): Totals => ({
  seed,
  from,
  next: from,
  to,
  elapsedMs: 0,
  kinds: { ran: 0, sound: 0, refused: 0 },
  codes: {},
  mutators: {},
  stageMs: {},
  histogram: [],
  longest: [],
  groups: [],
  troubles: [],
  memory: [],
});

const addAll = (to: Record<string, number>, from: Readonly<Record<string, number>>): void => {
  for (const [key, count] of Object.entries(from)) to[key] = (to[key] ?? 0) + count;
};

export function addProgress(
  totals: Totals,
  { next, kinds, codes, mutators, stageMs, times, longest, memory }: Progress,
): void {
  totals.next = next;
  addAll(totals.kinds, kinds);
  addAll(totals.codes, codes);
  addAll(totals.mutators, mutators);
  addAll(totals.stageMs, stageMs);
  for (const ms of times) {
    const bin = Math.max(0, Math.ceil(Math.log2(ms * 8)));
    while (totals.histogram.length <= bin) totals.histogram.push(0);
    totals.histogram[bin] = (totals.histogram[bin] ?? 0) + 1;
  }
  totals.longest = [...totals.longest, ...longest].sort((a, b) => b.ms - a.ms).slice(0, keptLongest);
  if (memory !== null) totals.memory.push(memory);
}

/** True when it is one of the first of its kind. */
export function addFault({ groups }: Totals, number: number, { kind, stage, told }: Fault): boolean {
  let group = groups.find((one) => one.kind === kind && one.stage === stage);
  if (group === undefined) {
    group = { kind, stage, count: 0, examples: [] };
    groups.push(group);
  }
  group.count++;
  if (group.examples.length >= keptExamples) return false;
  group.examples.push({ number, told });
  return true;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Medians of the first and the last fifth after the warm-up; null when there are too few. */
export function memoryGrowth({
  memory,
}: Totals): { readonly first: number; readonly last: number; readonly grown: boolean } | null {
  const kept = memory.slice(warmUp);
  const fifth = Math.floor(kept.length / 5);
  if (fifth === 0) return null;
  const [first, last] = [median(kept.slice(0, fifth)), median(kept.slice(-fifth))];
  return { first, last, grown: last > first * (1 + mostGrowth) && last > first + leastGrowth };
}

/** The time below which a share of all mutations stay, of the next larger bin. */
function quantile({ histogram }: Totals, share: number): string {
  const all = histogram.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  const bin = histogram.findIndex((count) => (seen += count) >= share * all);
  return `${2 ** bin / 8} ms`;
}

const sorted = (table: Readonly<Record<string, number>>): string =>
  Object.entries(table)
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${Math.round(count)}`)
    .join(', ');

export const failed = (totals: Totals): boolean =>
  totals.groups.length > 0 || totals.troubles.length > 0 || memoryGrowth(totals)?.grown === true;

const shares = [0.5, 0.99, 0.999];
const longer = ({ number, ms, stage, stageMs }: Timed): string =>
  `${number} ${ms.toFixed(0)} ms (${stage} ${stageMs.toFixed(0)})`;

export function summary(totals: Totals): string {
  const { seed, from, next, elapsedMs, kinds, codes, mutators, stageMs, longest, groups, troubles } = totals;
  const growth = memoryGrowth(totals);
  const lines = [
    `Seed ${seed}, mutations ${from} to ${next - 1}: ${next - from} in ${(elapsedMs / 60_000).toFixed(1)} minutes.`,
    `Outcomes: ${sorted(kinds)}.`,
    `Codes of problems, each once a mutation: ${sorted(codes)}.`,
    `Mutators: ${sorted(mutators)}.`,
    `Milliseconds of stages: ${sorted(stageMs)}.`,
    `Time of a mutation: ${shares.map((share) => `${100 * share} % below ${quantile(totals, share)}`).join(', ')}.`,
    `The longest: ${longest.map(longer).join(', ')}.`,
    growth === null
      ? 'Memory: too few samples.'
      : `Memory after garbage collections: ${megabytes(growth.first)} at first, ${megabytes(growth.last)} at last.`,
    ...troubles.map(({ number, what, told }) => `${number} ${what}: ${told}`),
    ...groups.flatMap(({ kind, stage, count, examples }) => [
      `${count}× ${stage}: ${kind}`,
      ...examples.map(({ number, told }) => `    ${number}: ${told.split('\n').join('\n      ')}`),
    ]),
    growth?.grown === true ? 'FAILED: the memory grows.' : '',
    groups.length + troubles.length > 0
      ? `FAILED: ${groups.length} kinds of faults, ${troubles.length} that hang, end the thread or are slow.`
      : '',
    failed(totals) ? '' : 'Nothing was found.',
  ];
  return lines.filter((line) => line !== '').join('\n');
}
