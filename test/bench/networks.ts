// The rows of the table: one run of a network, everybody in turn.
import { spawnSync } from 'node:child_process';
import type { Section, Terms } from './bench.js';
import { kernels, reference, wholeRun } from './contestants.js';
import type { Contestant, Row } from './contestants.js';
import { tellGoals } from './goals.js';
import type { Faster } from './goals.js';
import { digits, inTurn, median, peak, quantile } from './measure.js';
import { pythonPeers, tfjsPeer } from './peers.js';
import type { Entrants } from './peers.js';

/** Forward, the way back and the weight gradients: three products of B·T rows with [H+I,H], two operations each. */
const operations = ({ B, T, I, H }: Row): number => 6 * B * T * H * (H + I);

/** A contestant that takes longer than this for a run is not asked for another one only to see its memory, ms. */
const longest = 5000;

const ownContestants = (threads: number): Contestant[] => [
  kernels('relaxed', 'float32'),
  ...(threads > 1 ? [kernels('relaxed', 'float32', threads)] : []),
  kernels('simd', 'float32'),
  kernels('relaxed', 'float64'),
  wholeRun(),
  ...(threads > 1 ? [wholeRun(threads)] : []),
  reference(),
];

/**
 * Measures one of our own contestants in a process that has done nothing else: `--memory-of NAME --rows ROW` in
 * bench.ts.
 */
export async function memoryOf(name: string, row: Row, threads: number): Promise<number | null> {
  const contestant = ownContestants(threads).find((candidate) => candidate.name === name);
  const mib = contestant === undefined ? null : await contestant.memory(row);
  contestant?.stop();
  return mib;
}

function memoryApart(name: string, row: Row): number | null {
  const { stdout } = spawnSync(process.execPath, [process.argv[1] ?? '', '--memory-of', name, '--rows', row.name], {
    encoding: 'utf8',
  });
  return /^[\d.]+$/.test(stdout.trim()) ? Number(stdout) : null;
}

async function peersOf({ quick, threads, wide }: Terms): Promise<readonly Entrants[]> {
  const alone = await pythonPeers({ threads: 1, avx2: false });
  if (quick) return [alone];
  const together = threads > 1 ? [await pythonPeers({ threads, avx2: false })] : [];
  const narrow = wide
    ? [
        await pythonPeers({ threads: 1, avx2: true }),
        ...(threads > 1 ? [await pythonPeers({ threads, avx2: true })] : []),
      ]
    : [];
  return [alone, ...together, ...narrow, await tfjsPeer()];
}

export const networks: Section = {
  name: 'networks',
  run: async (terms, say) => {
    const { rows, threads, budget } = terms;
    const peers = await peersOf(terms);
    const rivals = peers.flatMap(({ contestants }) => contestants);
    const own = ownContestants(threads);
    const [single = reference(), several = single] = own;
    for (const { about } of peers) say(`${about}\n`);
    say(
      'One run is forward, the whole way back and the norms of every step (torch nn.RNN: without the norms), ' +
        'from arrays to arrays; the whole run is all that the worker computes',
    );
    say(
      'before the picture appears: that, the way back in float64 with exponents for the gradient and for a ' +
        'single source, and the verdict. Everybody runs in turn, each peer in a process of',
    );
    say(
      'its own; ms are medians, `spread` is the distance between the first and the ninth decile over the ' +
        'median, `ours` how many times the kernels with relaxed SIMD in float32 on the same',
    );
    say(
      "number of threads were faster in the runs that took turns with this contestant's, MiB what one run " +
        'takes at most from its numbers on. Nobody keeps a result: ours is given back at once,',
    );
    say('as what-ifs do.');
    const faster: Faster[] = [];
    for (const row of rows) {
      const peaks = { float32: peak(32), float64: peak(64) };
      say(`\n## ${row.name}: B ${row.B}, T ${row.T}, I ${row.I}, H ${row.H}\n`);
      say(
        `Peak of 128-bit multiply-adds on one core, measured just before: ${peaks.float32.toFixed(1)} GFLOP/s ` +
          `in float32, ${peaks.float64.toFixed(1)} in float64.\n`,
      );
      say(
        '| | median ms | best ms | spread | GFLOP/s | of peak | ours | runs | MiB ' +
          '|\n|---|---|---|---|---|---|---|---|---|',
      );
      const tell = async (
        contestant: Contestant,
        times: readonly number[],
        yardstick: readonly number[],
      ): Promise<void> => {
        const speed = operations(row) / median(times) / 1e6;
        const ratio = median(times) / median(yardstick);
        const mib =
          median(times) > longest
            ? null
            : own.includes(contestant)
              ? memoryApart(contestant.name, row)
              : await contestant.memory(row);
        const { name, threads: on } = contestant;
        const network = { section: 'networks', row: row.name, cell: 'tanh', layers: 1, at: 'every' } as const;
        terms.keep({ ...network, contestant: name, threads: on, times, rival: null });
        faster.push({ row: row.name, contestant, ratio, ofPeak: speed / peaks[contestant.dtype] });
        say(
          `| ${[
            contestant.name,
            digits(median(times)),
            digits(Math.min(...times)),
            `${(((quantile(times, 0.9) - quantile(times, 0.1)) / median(times)) * 100).toFixed(0)} %`,
            speed.toFixed(2),
            `${((speed / peaks[contestant.dtype]) * 100).toFixed(0)} %`,
            `${ratio.toFixed(2)} ×`,
            String(times.length),
            mib === null ? '–' : mib.toFixed(1),
          ].join(' | ')} |`,
        );
      };
      const ours = await inTurn(row, own, budget);
      for (const [contestant, times] of ours)
        await tell(contestant, times, ours.get(contestant.threads === 1 ? single : several) ?? []);
      for (const rival of rivals) {
        const yardstick = rival.threads === 1 ? single : several;
        const pair = await inTurn(row, [yardstick, rival], budget, true);
        const times = pair.get(rival);
        if (times !== undefined) await tell(rival, times, pair.get(yardstick) ?? []);
      }
    }
    tellGoals(faster, terms.wide, say);
    for (const contestant of [...own, ...rivals]) contestant.stop();
  },
};
