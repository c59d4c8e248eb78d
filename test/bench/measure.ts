// How everything here is measured: everybody in turn, again and again, medians told with their spread.
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type { Contestant, Row } from './contestants.js';

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
export const quantile = (values: readonly number[], q: number): number =>
  sorted(values)[Math.floor(q * (values.length - 1))] ?? NaN;
export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const digits = (ms: number): string => (ms < 1 ? ms.toFixed(4) : ms < 100 ? ms.toFixed(2) : ms.toFixed(0));

/** A measurement of a short run is the mean of so many runs that it takes this long, ms. */
const shortest = 5;

/** Rounds of a pair at least, of those that do not take seconds each. */
const fewestRounds = 3;

/** Who takes longer than this for the first run is not run again, ms. */
const longestWarmUp = 4000;

type Sample = { readonly contestant: Contestant; readonly count: number; readonly times: number[]; spent: number };

/**
 * Milliseconds a run of those that take part in a row, in turn until each has spent `budget` milliseconds; `pair`:
 * until one has, so that nobody runs without the other.
 */
export async function inTurn(
  row: Row,
  contestants: readonly Contestant[],
  budget: number,
  pair = false,
): Promise<Map<Contestant, number[]>> {
  const samples: Sample[] = [];
  for (const contestant of contestants) {
    if (!(await contestant.prepare(row))) continue;
    // The first run warms up; a peer that takes seconds is left at that one.
    const first = await contestant.run(1);
    const slow = first > Math.max(budget, longestWarmUp);
    const warm = slow ? first : await contestant.run(1);
    samples.push({
      contestant,
      count: Math.max(1, Math.ceil(shortest / warm)),
      times: [slow ? first : warm],
      spent: warm,
    });
  }
  const unspent = ({ spent }: Sample): boolean => spent < budget;
  // Nobody can run in this row.
  if (samples.length === 0) return new Map();
  const isQuick = samples.every(({ spent }) => spent < longestWarmUp);
  for (let round = 1; ; round++) {
    const goesOn = pair ? samples.every(unspent) || (isQuick && round < fewestRounds) : samples.some(unspent);
    if (!goesOn) break;
    for (const sample of samples) {
      if (!pair && !unspent(sample)) continue;
      const ms = await sample.contestant.run(sample.count);
      sample.times.push(ms);
      sample.spent += ms * sample.count;
    }
  }
  return new Map(samples.map(({ contestant, times }) => [contestant, times]));
}

/**
 * GFLOP/s of 128-bit multiply-adds that never leave the registers: the best of many, because anything else on the
 * machine only takes away.
 */
export function peak(width: 32 | 64): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync('out/bench/peak.wasm')), {
    env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 65535, shared: true }) },
  });
  const run = exports[`peak${width}`] as (rounds: number) => number;
  const rounds = 1e6;
  let best = Infinity;
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    run(rounds);
    best = Math.min(best, performance.now() - start);
  }
  return (rounds * 12 * 2 * (128 / width)) / best / 1e6;
}

/** Of all processors, over the last minute. */
export const loadNow = (): string => loadavg()[0]?.toFixed(1) ?? '–';

/** The last line of a section; `before`: the load when it began. */
export const measuredOn = (before: string): string =>
  `\nMeasured on ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}; load of the ` +
  `${cpus().length} processors before ${before}, behind ${loadNow()}.`;
